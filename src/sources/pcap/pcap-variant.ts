/**
 * The kinds of pcap that a magic number tells apart.
 *
 * 0xa1b2c3d4 microseconds and 0xa1b23c4d nanoseconds are those of draft-ietf-opsawg-pcap.
 * 0xa1b2cd34 is the format of A. Kuznetzov's patches for Linux (1999), whose records carry the
 * interface's index, protocol and packet type in 8 more octets. 0x1c0001ac (nanoseconds) and
 * 0x1c0001ab (microseconds) are Ixia's "lcap": 4 more octets, the size of all records, end the
 * file header. A reader sees any of them in either byte order.
 *
 * Some writers kept a magic number but lengthened the record header: under 0xa1b2c3d4 the patch
 * of 1999-04-17 (8 octets more) and Nokia's devices (4 more), under 0xa1b2cd34 the patch of
 * 1999-09-15 (12 more instead of 8). Only the records tell; `guessExtra` looks at the first few.
 */

export interface PcapVariant {
  readonly littleEndian: boolean;
  /** Nanoseconds per unit of the fraction field: 1000 or 1. */
  readonly nanosecondsPerUnit: number;
  /** Octets beyond the 24 of the file header, and beyond the 16 of each record header. */
  readonly extraFileHeader: number;
  readonly extraRecordHeader: number;
}

const KINDS: readonly (readonly [magic: number, unit: number, file: number, record: number])[] = [
  [0xa1b2c3d4, 1000, 0, 0],
  [0xa1b23c4d, 1, 0, 0],
  [0xa1b2cd34, 1000, 0, 8],
  [0x1c0001ac, 1, 4, 0],
  [0x1c0001ab, 1000, 4, 0],
];

/** The variant whose file begins with these four octets (read big-endian); undefined = no pcap. */
export function variantOf(magic: number): PcapVariant | undefined {
  const swapped =
    ((magic & 0xff) << 24) |
    ((magic & 0xff00) << 8) |
    ((magic >>> 8) & 0xff00) |
    ((magic >>> 24) & 0xff);
  for (const [kind, nanosecondsPerUnit, extraFileHeader, extraRecordHeader] of KINDS) {
    if (kind !== magic >>> 0 && kind !== swapped >>> 0) continue;
    const littleEndian = kind !== magic >>> 0;
    return { littleEndian, nanosecondsPerUnit, extraFileHeader, extraRecordHeader };
  }
  return undefined;
}

/** What else the record header may have beyond 16 octets, by what the magic number says. */
const OTHER_EXTRAS: Readonly<Record<number, readonly number[]>> = { 0: [8, 4], 8: [12] };
const RECORDS_LOOKED_AT = 3;

/**
 * How many octets the record headers of a version 2.4 file have beyond 16: what its magic number
 * says, unless the first records in `view` from `start` to `end` contradict that and agree with
 * another length. `largest` = largest captured length accepted.
 */
export function guessExtra(
  view: DataView,
  start: number,
  end: number,
  variant: PcapVariant,
  largest: number,
): number {
  const stated = variant.extraRecordHeader;
  if (variant.nanosecondsPerUnit !== 1000 || variant.extraFileHeader > 0) return stated;
  const little = variant.littleEndian;
  if (plausibleRecords(view, little, start, end, 16 + stated, largest) >= 0) return stated;
  for (const extra of OTHER_EXTRAS[stated] ?? []) {
    if (plausibleRecords(view, little, start, end, 16 + extra, largest) >= 2) return extra;
  }
  return stated;
}

/** How many record headers in a row make sense; -1 when one of the first three does not. */
function plausibleRecords(
  view: DataView,
  little: boolean,
  start: number,
  end: number,
  header: number,
  largest: number,
): number {
  let at = start;
  let records = 0;
  while (records < RECORDS_LOOKED_AT && end - at >= header) {
    const captured = view.getUint32(at + 8, little);
    const original = view.getUint32(at + 12, little);
    const microseconds = view.getUint32(at + 4, little);
    if (microseconds >= 1_000_000 || captured > largest || captured > original) return -1;
    records++;
    at += header + captured;
  }
  return records;
}

/** AIX writes interface types of the SNMP MIB (RFC 1573) where others write link types. */
const AIX_LINK_TYPES: Readonly<Record<number, number>> = { 6: 1, 9: 6, 15: 10, 24: 0 };

/** The link type of a file by AIX, known by version 2.2 and such a type; undefined if it is none. */
export function aixLinkType(major: number, minor: number, stated: number): number | undefined {
  return major === 2 && minor === 2 ? AIX_LINK_TYPES[stated] : undefined;
}
