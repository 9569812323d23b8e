/**
 * Names that come again in line after line, each with the octet that ends it: interfaces, mostly.
 * Comparing a few octets with those met last costs less than looking for their end and their name.
 */
import type { NameTable } from '../../model/name-table.ts';
import { OctetMask } from './octet-mask.ts';
import type { Scan } from './scan.ts';

/** Names that are kept, and octets of each. */
const KEPT = 8;
const LONGEST = 32;

export class NameMemo {
  private readonly octets = Array.from({ length: KEPT }, () => new OctetMask(LONGEST));
  private readonly names = new Int32Array(KEPT);
  private next = 0;

  /** Passes the name at the cursor and the octet behind it; its number, or -1 when none is kept. */
  take(scan: Scan): number {
    const { octets } = this;
    for (let which = 0; which < KEPT; which++) {
      const each = octets[which]!;
      const { length } = each;
      if (length === 0 || scan.at + length > scan.end || !each.isAt(scan, scan.at)) continue;
      scan.at += length;
      return this.names[which]!;
    }
    return -1;
  }

  /** Number of the name in `bytes[start, end)`, which is kept with the octet behind it. */
  keep(names: NameTable, bytes: Uint8Array, start: number, end: number): number {
    const name = names.intern(bytes, start, end);
    if (end + 1 - start > LONGEST) return name;
    this.octets[this.next]!.set(bytes, start, end + 1);
    this.names[this.next] = name;
    this.next = (this.next + 1) % KEPT;
    return name;
  }
}
