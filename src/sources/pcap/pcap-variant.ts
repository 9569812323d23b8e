/**
 * The kinds of pcap that a magic number tells apart.
 *
 * 0xa1b2c3d4 microseconds and 0xa1b23c4d nanoseconds are those of draft-ietf-opsawg-pcap.
 * 0xa1b2cd34 is the format of A. Kuznetzov's patches for Linux (1999), whose records carry the
 * interface's index, protocol and packet type in 8 more octets. 0x1c0001ac (nanoseconds) and
 * 0x1c0001ab (microseconds) are Ixia's "lcap": 4 more octets, the size of all records, end the
 * file header. A reader sees any of them in either byte order.
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
