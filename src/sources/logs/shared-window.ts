/**
 * A window over a file, as `Window` is, but in memory that is shared with a scout: the chunks that
 * come next are read before they are needed, so that the scout has something to look at.
 */
import type { ByteSource } from '../pcap/byte-source.ts';
import { PrefixedBytes } from '../pcap/byte-source.ts';
import { Window } from '../pcap/window.ts';
import {
  C_FROM,
  C_STATE,
  C_TO,
  CARRY,
  CHUNK,
  CONTROL_WORDS,
  DONE,
  FILLING,
  PLACES,
  type Place,
  placesOf,
  type Scouted,
  type SharedText,
} from './scouted-text.ts';

const NEWLINE = 0x0a;
/** Chunks that are read before they are needed; one place is that of the present chunk. */
const AHEAD = 2;

/** The text under way; see `Window`. */
export type TextWindow = Pick<
  Window,
  'bytes' | 'start' | 'end' | 'ended' | 'error' | 'require' | 'settle'
>;

interface Filled {
  readonly place: number;
  readonly start: number;
  readonly end: number;
}

export class SharedWindow implements TextWindow {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  ended = false;
  error: Error | undefined;
  private readonly source: ByteSource;
  private readonly scouted: Scouted;
  private readonly control: Int32Array;
  private readonly places: readonly Place[];
  private readonly onOffer: () => void;
  private readonly waiting: Filled[] = [];
  private filling = 0;
  /** The line that the chunk read last cuts: where it lies. */
  private rest: Uint8Array = new Uint8Array(0);
  private sourceEnded = false;
  /** Reads what follows a line that is longer than the room for it. */
  private plain: Window | undefined;

  /** @param onOffer called when the scout may have something to look at */
  constructor(source: ByteSource, shared: SharedText, scouted: Scouted, onOffer: () => void) {
    this.source = source;
    this.scouted = scouted;
    this.control = shared.control;
    this.places = placesOf(shared);
    this.onOffer = onOffer;
  }

  /** Slides to the next chunk. What `needed` asks for is always one octet more than there is. */
  async require(needed: number): Promise<void> {
    if (this.plain !== undefined) return this.requirePlain(needed);
    while (this.waiting.length <= AHEAD && !this.sourceEnded && this.rest.length <= CARRY) {
      await this.fill();
    }
    const next = this.waiting.shift();
    if (next === undefined) {
      this.scouted.forget();
      if (this.sourceEnded) this.ended = true;
      else await this.requirePlain(needed);
      return;
    }
    const place = this.places[next.place]!;
    this.bytes = place.bytes;
    this.start = next.start;
    this.end = next.end;
    this.scouted.aim(place, this.control, CONTROL_WORDS * next.place + C_STATE);
  }

  async settle(): Promise<void> {
    await this.plain?.settle();
  }

  private async fill(): Promise<void> {
    const { rest, control } = this;
    const place = this.filling % PLACES;
    const state = CONTROL_WORDS * place + C_STATE;
    Atomics.store(control, state, DONE);
    const { bytes } = this.places[place]!;
    const start = CARRY - rest.length;
    bytes.set(rest, start);
    let count = 0;
    try {
      count = await this.source.read(bytes, CARRY, CHUNK);
    } catch (error) {
      this.error = error as Error;
    }
    if (count === 0) {
      this.sourceEnded = true;
      return;
    }
    const end = CARRY + count;
    const to = Buffer.from(bytes.buffer, bytes.byteOffset, end).lastIndexOf(NEWLINE) + 1;
    this.rest = bytes.subarray(Math.max(to, start), end);
    this.waiting.push({ place, start, end });
    this.filling++;
    if (to <= start || this.scouted.wanted === 0) return;
    this.scouted.wanted = 0;
    control[CONTROL_WORDS * place + C_FROM] = start;
    control[CONTROL_WORDS * place + C_TO] = to;
    Atomics.store(control, state, (this.filling % FILLINGS) * FILLING);
    this.onOffer();
  }

  /** Goes on without the scout, from the octets that were not walked yet. */
  private async requirePlain(needed: number): Promise<void> {
    this.plain ??= new Window(
      new PrefixedBytes(this.bytes.slice(this.start, this.end), this.source),
      CHUNK,
    );
    const { plain } = this;
    plain.start = plain.bytes === this.bytes ? this.start : plain.start;
    await plain.require(needed);
    this.bytes = plain.bytes;
    this.start = plain.start;
    this.end = plain.end;
    this.ended = plain.ended;
    this.error = plain.error;
  }
}

/** So many fillings until their numbers begin again; none of them is that of `DONE`. */
const FILLINGS = (1 << 18) - 1;
