/**
 * Names that come again in line after line: interfaces, each with the octet that ends it, and what
 * lines end with. Comparing a few octets with those met last costs less than looking for their end
 * and their name.
 */
import type { NameTable } from '../../model/name-table.ts';
import { OctetMask } from './octet-mask.ts';
import type { Scan } from './scan.ts';

/** Names that are kept, and octets of each. */
const KEPT = 8;
const LONGEST = 32;
const LONGEST_REST = 64;

/** Numbers are those of the `NameTable` that names were kept with: one memo for each. */
export class NameMemo {
  private readonly octets = Array.from({ length: KEPT }, () => new OctetMask(LONGEST));
  private readonly names = new Int32Array(KEPT);
  private next = 0;

  /** Passes the name at the cursor and the octet behind it; its number, or -1 when none is kept. */
  take(scan: Scan): number {
    const { octets } = this;
    for (let which = 0; which < KEPT; which++) {
      const each = octets[which]!;
      if (each.length > 0 && each.take(scan)) return this.names[which]!;
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

/** The rests of lines met last, each with the number of the name that was found in it. */
export class RestMemo {
  private readonly octets = Array.from({ length: KEPT }, () => new OctetMask(LONGEST_REST));
  private readonly names = new Int32Array(KEPT);
  private next = 0;

  /** The name found in what stands between the cursor and the line's end; -1 when it is not kept. */
  find(scan: Scan): number {
    const { octets } = this;
    const { at, end } = scan;
    const length = end - at;
    if (length <= 0) return -1;
    for (let which = 0; which < KEPT; which++) {
      const each = octets[which]!;
      if (each.length === length && each.isAt(scan, at)) return this.names[which]!;
    }
    return -1;
  }

  /** Keeps the rest that begins at `start`; its octets alone must tell the name. */
  keep({ bytes, end }: Scan, start: number, name: number): void {
    if (start >= end || end - start > LONGEST_REST) return;
    this.octets[this.next]!.set(bytes, start, end);
    this.names[this.next] = name;
    this.next = (this.next + 1) % KEPT;
  }
}
