/** The second thread's side of shared text (`scouted-text.ts`): finds out what its lines say. */

import { NameTable } from '../../model/name-table.ts';
import { VerdictBatch } from '../../model/verdict-batch.ts';
import { AddressPool } from '../../net/address-pool.ts';
import { ending, usual } from './netfilter-usual.ts';
import { Scan } from './scan.ts';
import {
  C_FROM,
  C_STATE,
  C_TO,
  CONTROL_WORDS,
  DONE,
  FILLING,
  KNOWN,
  LENGTH_BITS,
  LINE_WORDS,
  MOST_LINES,
  newlineIn,
  PLACES,
  type Place,
  PROTOCOL_BITS,
  placesOf,
  SCOUTED,
  type SharedText,
  W_AFTER,
  W_AT,
  W_DESTINATION,
  W_FLAGS,
  W_LENGTH,
  W_NEWLINE,
  W_PORTS,
  W_SOURCE,
} from './scouted-text.ts';

const RETURN = 0x0d;
/** ` SRC` and `=`. */
const SOURCE_WORD = 0x43525320;
const EQUALS = 0x3d;
/** Lines after which the reader is told, and asked whether it needs more. */
const TOLD = 32;
/** Distances from a line's begin at which ` SRC=` stood that are remembered. */
const DISTANCES = 8;

export class Scout {
  private readonly control: Int32Array;
  private readonly places: readonly Place[];
  /** The place looked at last. */
  private place = PLACES - 1;
  private readonly scan = new Scan(new AddressPool(0, 1));
  /** The line is read into its first row, which is never committed. */
  private readonly batch = new VerdictBatch(new AddressPool(0, 1), new NameTable(0));
  private readonly distances = new Int32Array(DISTANCES);
  private nextDistance = 0;

  constructor(shared: SharedText) {
    this.control = shared.control;
    this.places = placesOf(shared);
  }

  /** Looks at one chunk of text; false when none is offered. */
  work(): boolean {
    for (let ahead = 1; ahead <= PLACES; ahead++) {
      const place = (this.place + ahead) % PLACES;
      const at = CONTROL_WORDS * place + C_STATE;
      const offered = Atomics.load(this.control, at);
      if (offered === DONE || (offered & (FILLING - 1)) !== 0) continue;
      const taken = offered | SCOUTED;
      if (Atomics.compareExchange(this.control, at, offered, taken) !== offered) continue;
      this.place = place;
      this.readPlace(place, taken);
      return true;
    }
    return false;
  }

  private readPlace(place: number, taken: number): void {
    const { control } = this;
    const state = CONTROL_WORDS * place + C_STATE;
    const from = control[CONTROL_WORDS * place + C_FROM]!;
    const to = control[CONTROL_WORDS * place + C_TO]!;
    const text = this.places[place]!;
    const { bytes, words } = text;
    let told = taken;
    let at = from;
    for (let line = 0; line < MOST_LINES && at < to; line++) {
      const newline = newlineIn(text, at, to);
      // The reader took the place back, and writes to it already.
      if (newline < 0) return;
      this.readLine(bytes, at, newline, words, LINE_WORDS * line);
      at = newline + 1;
      if ((line + 1) % TOLD !== 0 && at < to && line + 1 < MOST_LINES) continue;
      const known = (told & ~KNOWN) | (line + 1);
      if (Atomics.compareExchange(control, state, told, known) !== told) return;
      told = known;
    }
  }

  private readLine(
    bytes: Uint8Array,
    start: number,
    newline: number,
    words: Int32Array,
    into: number,
  ): void {
    const { scan, batch } = this;
    const returned = newline > start && bytes[newline - 1] === RETURN ? 1 : 0;
    words[into + W_NEWLINE] = newline;
    scan.aim(bytes, start, newline - returned);
    const at = this.sourceAt(start);
    scan.at = at;
    if (at < 0 || !usual(scan, batch, 0)) {
      words[into + W_AT] = -1;
      return;
    }
    words[into + W_AT] = at;
    words[into + W_AFTER] = scan.at;
    words[into + W_SOURCE] = batch.source[0]!;
    words[into + W_DESTINATION] = batch.destination[0]!;
    words[into + W_PORTS] = batch.sourcePort[0]! | (batch.destinationPort[0]! << 16);
    words[into + W_LENGTH] =
      batch.bytes[0]! |
      (batch.protocol[0]! << LENGTH_BITS) |
      (returned << (LENGTH_BITS + PROTOCOL_BITS));
    words[into + W_FLAGS] = ending.flags;
  }

  /** Where ` SRC=` stands, by where it stood in the lines before; -1 without. */
  private sourceAt(start: number): number {
    const { distances, scan } = this;
    for (let which = 0; which < DISTANCES; which++) {
      const distance = distances[which]!;
      if (distance > 0 && isSourceAt(scan, start + distance)) return start + distance;
    }
    for (let at = start; at < scan.end; at++) {
      if (!isSourceAt(scan, at)) continue;
      distances[this.nextDistance] = at - start;
      this.nextDistance = (this.nextDistance + 1) % DISTANCES;
      return at;
    }
    return -1;
  }
}

function isSourceAt({ view, bytes, end }: Scan, at: number): boolean {
  return at + 5 <= end && view.getInt32(at, true) === SOURCE_WORD && bytes[at + 4] === EQUALS;
}
