/** Lines of values between separators, by position: comma-separated with quotes, or blanks. */
import type { Scan } from './scan.ts';

const QUOTE = 0x22;
/** Values of a line that are kept; further ones are passed over. */
const MOST = 160;

/** Places in the line that was split last; it makes no strings. */
export class Columns {
  count = 0;
  /** First octet and end of each value, without quotes. */
  readonly starts = new Int32Array(MOST);
  readonly ends = new Int32Array(MOST);
  /** A quote never closes: the line is cut short. */
  open = false;

  /** Splits the rest of the line at `separator`. Runs of blanks count as one. */
  split(scan: Scan, separator: number): void {
    const { bytes, end } = scan;
    const blanks = separator === 0x20;
    let at = scan.at;
    this.count = 0;
    this.open = false;
    while (at <= end && this.count < MOST) {
      while (blanks && at < end && bytes[at] === separator) at++;
      if (blanks && at >= end) break;
      at = this.value(bytes, at, end, separator) + 1;
    }
  }

  /** Keeps one value; returns where its separator stands. */
  private value(bytes: Uint8Array, start: number, end: number, separator: number): number {
    let at = start;
    const quoted = at < end && bytes[at] === QUOTE;
    if (quoted) {
      at++;
      // Two quotes stand for one.
      while (at < end && (bytes[at] !== QUOTE || bytes[at + 1] === QUOTE)) {
        at += bytes[at] === QUOTE ? 2 : 1;
      }
      this.open = at >= end;
      this.keep(start + 1, Math.min(at, end));
      while (at < end && bytes[at] !== separator) at++;
      return at;
    }
    while (at < end && bytes[at] !== separator) at++;
    this.keep(start, at);
    return at;
  }

  private keep(start: number, end: number): void {
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }

  /** Whether the value is there and has the octets of `text`. */
  is({ bytes }: Scan, index: number, text: Uint8Array): boolean {
    if (index >= this.count) return false;
    const start = this.starts[index]!;
    if (this.ends[index]! - start !== text.length) return false;
    for (let offset = 0; offset < text.length; offset++) {
      if (bytes[start + offset] !== text[offset]) return false;
    }
    return true;
  }

  isEmpty(index: number): boolean {
    return index >= this.count || this.ends[index] === this.starts[index];
  }

  /** Whether the value holds quotes, which are written twice. */
  isDoubled({ bytes }: Scan, index: number): boolean {
    const end = this.ends[index]!;
    for (let at = this.starts[index]!; at < end; at++) if (bytes[at] === QUOTE) return true;
    return false;
  }

  /** The value as text, with double quotes made single. Not for every line. */
  text({ bytes }: Scan, index: number): string {
    const value = new TextDecoder().decode(bytes.subarray(this.starts[index], this.ends[index]));
    return value.replaceAll('""', '"');
  }
}
