/**
 * `key=value` pairs in a line, one after the other, as positions: values in quotes (a backslash
 * keeps the next octet) or up to the separator. The same object is aimed at pair after pair.
 *
 * A device writes its keys in the same order line after line: each key is first compared with the
 * one that stood in its place in the line before.
 */
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { KeyTable } from './key-table.ts';
import { OctetMask } from './octet-mask.ts';
import type { Scan } from './scan.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
/** Places of a line whose keys are remembered, and octets of a key that is. */
const MOST_PLACES = 128;
const LONGEST_KEY = 40;

/** The key that stood in a place last, with what follows it. */
interface Guess {
  readonly octets: OctetMask;
  key: number;
}

/** Places in the line under way; `next` aims it at the next pair. */
export class Fields {
  /** Number of the key in the table, or -1. */
  key = -1;
  valueStart = 0;
  valueEnd = 0;
  /** The last value touches the end of the line, or its quote never closes: it may be cut short. */
  cut = false;
  private readonly table: KeyTable;
  private readonly equals: number;
  private readonly separator: number;
  private readonly guesses: Guess[] = [];
  private place = 0;

  /**
   * @param table the keys that are wanted
   * @param equals what stands between key and value; @param separator between pairs
   */
  constructor(table: KeyTable, equals = EQUALS, separator = SPACE) {
    this.table = table;
    this.equals = equals;
    this.separator = separator;
  }

  /** Begins a line. */
  begin(): void {
    this.place = 0;
  }

  /** Aims at the next pair; false when there is none. Words without a value are passed. */
  next(scan: Scan): boolean {
    const { bytes, end } = scan;
    const { separator } = this;
    let at = scan.at;
    while (at < end && (bytes[at] === SPACE || bytes[at] === separator)) at++;
    const guess = this.guesses[this.place];
    if (guess !== undefined) {
      const { length } = guess.octets;
      if (at + length <= end && guess.octets.isAt(scan, at)) {
        this.place++;
        this.key = guess.key;
        this.value(scan, at + length);
        return true;
      }
    }
    return this.search(scan, at);
  }

  /** Looks for the next pair from `start` on. */
  private search(scan: Scan, start: number): boolean {
    const { bytes, end } = scan;
    const { equals, separator } = this;
    let at = start;
    for (;;) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === separator)) at++;
      if (at >= end) {
        scan.at = end;
        return false;
      }
      const keyStart = at;
      while (at < end && bytes[at] !== equals && bytes[at] !== SPACE && bytes[at] !== separator)
        at++;
      if (at >= end || bytes[at] !== equals) continue;
      this.key = this.table.of(bytes, keyStart, at);
      this.remember(bytes, keyStart, at + 1);
      this.value(scan, at + 1);
      return true;
    }
  }

  private remember(bytes: Uint8Array, start: number, end: number): void {
    const { place, guesses } = this;
    this.place++;
    if (place >= MOST_PLACES || place > guesses.length) return;
    guesses[place] ??= { octets: new OctetMask(LONGEST_KEY), key: -1 };
    const { octets } = guesses[place];
    // A key that is too long is one that nothing is equal to.
    if (end - start > LONGEST_KEY) octets.setNever();
    else octets.set(bytes, start, end);
    guesses[place].key = this.key;
  }

  private value(scan: Scan, start: number): void {
    const { bytes, end } = scan;
    const { separator } = this;
    let at = start;
    if (bytes[at] === QUOTE && at < end) {
      at++;
      this.valueStart = at;
      while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
      this.cut = at >= end;
      this.valueEnd = Math.min(at, end);
      scan.at = Math.min(at + 1, end);
      return;
    }
    this.valueStart = at;
    while (at < end && bytes[at] !== SPACE && bytes[at] !== separator) at++;
    this.valueEnd = at;
    this.cut = at >= end;
    scan.at = at;
  }
}

/** The number in `bytes[start, end)`, decimal digits alone, at most `most`; -1 for anything else. */
export function numberIn(bytes: Uint8Array, start: number, end: number, most: number): number {
  if (end <= start || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > most ? -1 : value;
}

/**
 * The address in `bytes[start, end)`, nothing before or behind it, into the cursor's `value` and
 * `family`. The cursor itself stays where it was.
 */
export function addressIn(scan: Scan, start: number, end: number): boolean {
  const { at, end: lineEnd } = scan;
  scan.at = start;
  scan.end = end;
  let found = scan.address();
  // `fe80::1%12` names the interface too (RFC 4007 section 11).
  if (found && scan.at < end) found = scan.family === 6 && scan.bytes[scan.at] === PERCENT;
  scan.at = at;
  scan.end = lineEnd;
  return found;
}

/** Puts an address into the row; false when it is none, or of another family than the other one. */
export function putAddress(
  scan: Scan,
  batch: VerdictBatch,
  row: number,
  isSource: boolean,
  start: number,
  end: number,
): boolean {
  if (!addressIn(scan, start, end)) return false;
  if (batch.family[row] !== 0 && batch.family[row] !== scan.family) return false;
  batch.family[row] = scan.family;
  if (isSource) batch.source[row] = scan.value;
  else batch.destination[row] = scan.value;
  return true;
}
