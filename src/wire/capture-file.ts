/**
 * Capture files as they are written: pcap (draft-ietf-opsawg-pcap) with nanoseconds, and pcapng
 * (draft-ietf-opsawg-pcapng) with the names of interfaces and what was dropped. Little-endian.
 */
import type { CaptureInterface } from './frame-batch.ts';

export type CaptureFormat = 'pcap' | 'pcapng';

/** What an interface lost, for pcapng's statistics. */
export interface InterfaceCounts {
  readonly received: number;
  readonly dropped: number;
}

const PCAP_NANOSECONDS = 0xa1b23c4d;
const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const encoder = new TextEncoder();

/** The head of a pcap file. `snapLength` in octets. */
export function pcapHeader(linkType: number, snapLength: number): Uint8Array {
  const head = new Uint8Array(24);
  const view = new DataView(head.buffer);
  view.setUint32(0, PCAP_NANOSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snapLength, true);
  view.setUint32(20, linkType, true);
  return head;
}

/** Octets of a pcap record's head. */
export const PCAP_RECORD = 16;

/**
 * Writes a record's header, 16 octets, at `at`; the `captured` octets of the frame belong behind
 * it.
 */
export function writePcapRecord(
  view: DataView,
  at: number,
  seconds: number,
  nanoseconds: number,
  captured: number,
  original: number,
): void {
  view.setUint32(at, seconds, true);
  view.setUint32(at + 4, nanoseconds, true);
  view.setUint32(at + 8, captured, true);
  view.setUint32(at + 12, original, true);
}

/** The section header, naming the program. */
export function sectionHeader(application: string): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER, true);
  view.setUint16(4, 1, true);
  // The section's length is not known while it is written.
  view.setInt32(8, -1, true);
  view.setInt32(12, -1, true);
  return block(SECTION, body, [option(4, encoder.encode(application))]);
}

/** The description of an interface; its times are nanoseconds. */
export function interfaceBlock(entry: CaptureInterface, snapLength: number): Uint8Array {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, entry.linkType, true);
  view.setUint32(4, snapLength, true);
  const options = [option(9, Uint8Array.of(9))];
  if (entry.name !== undefined) options.unshift(option(2, encoder.encode(entry.name)));
  if (entry.filter !== undefined) {
    options.push(option(11, Uint8Array.of(0, ...encoder.encode(entry.filter))));
  }
  return block(1, body, options);
}

/** Octets of an enhanced packet block beside the packet and its padding. */
export const PACKET_BLOCK = 32;

/** Writes the head of an enhanced packet block; returns the length of the whole block. */
export function writePacketBlock(
  view: DataView,
  at: number,
  which: number,
  seconds: number,
  nanoseconds: number,
  captured: number,
  original: number,
): number {
  const length = PACKET_BLOCK + ((captured + 3) & ~3);
  view.setUint32(at, 6, true);
  view.setUint32(at + 4, length, true);
  view.setUint32(at + 8, which, true);
  // seconds × 10⁹ + nanoseconds in two words, without a 64-bit integer: the low word is exact by
  // itself, and what the sum is wrong by as a double is far less than half of the high word's unit.
  const low = (Math.imul(seconds, 1e9) + nanoseconds) >>> 0;
  const high = Math.round((seconds * 1e9 + nanoseconds - low) / 2 ** 32);
  view.setUint32(at + 12, high, true);
  view.setUint32(at + 16, low, true);
  view.setUint32(at + 20, captured, true);
  view.setUint32(at + 24, original, true);
  view.setUint32(at + length - 4, length, true);
  return length;
}

/** Statistics of an interface at a time. */
export function statisticsBlock(
  which: number,
  timeMs: number,
  { received, dropped }: InterfaceCounts,
): Uint8Array {
  const body = new Uint8Array(12);
  const view = new DataView(body.buffer);
  const time = BigInt(Math.floor(timeMs)) * 1_000_000n;
  view.setUint32(0, which, true);
  view.setUint32(4, Number(time >> 32n), true);
  view.setUint32(8, Number(time & 0xffffffffn), true);
  return block(5, body, [option(4, wide(received)), option(7, wide(dropped))]);
}

function wide(value: number): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(value), true);
  return octets;
}

function option(code: number, value: Uint8Array): Uint8Array {
  const octets = new Uint8Array(4 + ((value.length + 3) & ~3));
  const view = new DataView(octets.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  octets.set(value, 4);
  return octets;
}

function block(type: number, body: Uint8Array, options: readonly Uint8Array[]): Uint8Array {
  const optionOctets = options.reduce((sum, each) => sum + each.length, 4);
  const length = 12 + body.length + optionOctets;
  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  octets.set(body, 8);
  let at = 8 + body.length;
  for (const each of options) {
    octets.set(each, at);
    at += each.length;
  }
  view.setUint32(length - 4, length, true);
  return octets;
}
