/**
 * What an input is, by its first octets and never by its name; and for what is no capture, the
 * best guess at what it is instead, so that people are told more than "unknown".
 */
import { variantOf } from './pcap-variant.ts';

export type CaptureForm = 'pcap' | 'pcapng' | 'gzip' | 'zstd';

/** How much of a head is looked at as text. */
const TEXT_OCTETS = 16;

/** The form these first octets announce; undefined when none that is read here. */
export function recognise(head: Uint8Array): CaptureForm | undefined {
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (head.length < 4) return undefined;
  const magic = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0, false);
  if (magic === 0x0a0d0d0a) return 'pcapng';
  if (variantOf(magic) !== undefined) return 'pcap';
  if (magic === 0x28b52ffd || isSkippableZstd(magic)) return 'zstd';
  return undefined;
}

/** Frames 0x184d2a50 to 0x184d2a5f, stored little-endian, hold no data of the stream. */
function isSkippableZstd(magic: number): boolean {
  return (magic & 0xf0ffffff) >>> 0 === 0x502a4d18;
}

interface Stranger {
  /** What the input is, as a noun: "an xz archive". */
  readonly what: string;
  /** False when this is only a description of what was seen. */
  readonly known: boolean;
  readonly do: string;
}

const CONVERT = 'convert it to pcapng with editcap, then read the result';

/** Formats told by their first octets, latin-1 in the left column. */
const STRANGERS: readonly (readonly [magic: string, what: string, remedy: string])[] = [
  ['\xfd7zXZ\x00', 'an xz archive', 'unpack it first: xz -dc FILE | portreeve … -'],
  ['BZh', 'a bzip2 archive', 'unpack it first: bzip2 -dc FILE | portreeve … -'],
  ['\x04\x22\x4d\x18', 'an lz4 archive', 'unpack it first: lz4 -dc FILE | portreeve … -'],
  ['PK\x03\x04', 'a zip archive', 'unpack it first, and give the folder'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive', 'unpack it first, and give the folder'],
  ['\x1f\x9d', 'a compress (.Z) archive', 'unpack it first: uncompress -c FILE | portreeve … -'],
  ['snoop\x00\x00\x00', 'a Solaris snoop capture (RFC 1761)', CONVERT],
  ['RTSS', 'a Network Monitor 1 capture', CONVERT],
  ['GMBU', 'a Network Monitor 2 capture', CONVERT],
  ['btsnoop\x00', 'a Bluetooth HCI log (btsnoop)', 'it holds no network ports'],
  ['TRSNIFF data', 'a Sniffer capture', CONVERT],
  ['XCP\x00', 'a NetXRay or Sniffer capture', CONVERT],
  [
    'PAR1',
    'a Parquet table',
    'write it as text: CSV or JSON from the query tool, or let the service deliver text',
  ],
  ['\x7fELF', 'a program', 'give a capture file instead'],
];

/** What an input is that `recognise` does not know. */
export function describeStranger(head: Uint8Array): Stranger {
  const text = String.fromCharCode(...head.subarray(0, TEXT_OCTETS));
  for (const [magic, what, remedy] of STRANGERS) {
    if (text.startsWith(magic)) return { what, known: true, do: remedy };
  }
  if (isTraceLog(head)) {
    return {
      what: 'a Windows event trace (ETL)',
      known: true,
      do: 'convert it to pcapng with etl2pcapng',
    };
  }
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) {
    return {
      what: 'text',
      known: false,
      do: 'give a capture file; text output of tcpdump or tshark cannot be read, use their -w',
    };
  }
  return { what: 'of no format known here', known: false, do: `if it is a capture, ${CONVERT}` };
}

/**
 * A trace log has no magic number. Its first buffer states its size, a power of two, and how much
 * of it is filled, which cannot be more; a file header of some hundred octets comes first.
 */
function isTraceLog(head: Uint8Array): boolean {
  if (head.length < 8) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const size = view.getUint32(0, true);
  const filled = view.getUint32(4, true);
  const power = size >= 1024 && size <= 16 * 1024 * 1024 && (size & (size - 1)) === 0;
  return power && filled <= size && filled >= 256;
}
