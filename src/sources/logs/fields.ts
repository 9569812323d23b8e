/**
 * `key=value` pairs in a line, one after the other, as positions: values in quotes (a backslash
 * keeps the next octet) or up to the separator. The same object is aimed at pair after pair.
 */
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { Scan } from './scan.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class Fields {
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** The last value touches the end of the line, or its quote never closes: it may be cut short. */
  cut = false;
  private readonly equals: number;
  private readonly separator: number;

  /** @param equals what stands between key and value; @param separator between pairs */
  constructor(equals = EQUALS, separator = SPACE) {
    this.equals = equals;
    this.separator = separator;
  }

  /** Aims at the next pair; false when there is none. Words without a value are passed. */
  next(scan: Scan): boolean {
    const { bytes, end } = scan;
    const { equals, separator } = this;
    let at = scan.at;
    for (;;) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === separator)) at++;
      if (at >= end) {
        scan.at = end;
        return false;
      }
      const start = at;
      while (at < end && bytes[at] !== equals && bytes[at] !== SPACE && bytes[at] !== separator)
        at++;
      if (at >= end || bytes[at] !== equals) continue;
      this.keyStart = start;
      this.keyEnd = at;
      scan.at = at + 1;
      this.value(scan);
      return true;
    }
  }

  private value(scan: Scan): void {
    const { bytes, end } = scan;
    let at = scan.at;
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
    while (at < end && bytes[at] !== SPACE && bytes[at] !== this.separator) at++;
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
  const found = scan.address() && scan.at === end;
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
