/**
 * `key=value` pairs that one octet separates, such as a tab or `|`, so that values may hold blanks and
 * equals signs: LEEF, and Check Point's export for Splunk.
 */
import type { KeyTable } from './key-table.ts';
import type { Pairs } from './keyed-values.ts';
import { octetsOf, type Scan } from './scan.ts';

const TAB = 0x09;
const SPACE = 0x20;
const EQUALS = 0x3d;
const ESCAPED_TAB = octetsOf('#011');

/** Pairs between which one and the same octet stands, or what a relay made of a tab. */
export class DelimitedPairs implements Pairs {
  key = -1;
  valueStart = 0;
  valueEnd = 0;
  cut = false;
  delimiter = TAB;
  private readonly table: KeyTable;

  constructor(table: KeyTable) {
    this.table = table;
  }

  begin(): void {}

  next(scan: Scan): boolean {
    const { bytes, end } = scan;
    while (scan.at < end) {
      let from = scan.at;
      while (from < end && bytes[from] === SPACE) from++;
      const stop = this.stop(scan, from);
      let equals = from;
      while (equals < stop && bytes[equals] !== EQUALS) equals++;
      scan.at = stop < end && bytes[stop] !== this.delimiter ? stop + ESCAPED_TAB.length : stop + 1;
      if (equals >= stop) continue;
      this.key = this.table.of(bytes, from, equals);
      this.valueStart = equals + 1;
      this.valueEnd = stop;
      this.cut = stop >= end;
      return true;
    }
    return false;
  }

  /** Where the pair ends that begins here. */
  private stop(scan: Scan, from: number): number {
    const { bytes, end } = scan;
    const { delimiter } = this;
    let at = from;
    while (at < end && bytes[at] !== delimiter) {
      if (delimiter === TAB && bytes[at] === ESCAPED_TAB[0] && scan.isAt(ESCAPED_TAB, at)) break;
      at++;
    }
    return at;
  }
}
