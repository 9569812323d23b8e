/**
 * ICMP (RFC 792): type 0, code 1, checksum 2, rest 4, data 8.
 *
 * The row's port fields hold the type and, for messages that come in pairs, the type of the
 * answer; for the others the code plus `ONE_WAY`. An error message quotes the packet it is about:
 * that makes a second row, marked `M_ICMP_ERROR`, with the key of the quoted packet.
 */
import type { Decoder } from './decoder.ts';
import { pairs } from './icmp-pairs.ts';
import { M_ICMP_ERROR } from './packet-batch.ts';
import { emitCut } from './transport.ts';

const HEADER = 8;
/** Added to the code in the port field of messages that have no answer. */
export const ONE_WAY = 0x100;
/** Types that come in pairs: echo, timestamp, information, address mask, router discovery. */
const COUNTERPART = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
  [10, 9],
]);

/** Router advertisement. */
const PAIRS = pairs(COUNTERPART, new Set([9]));

/**
 * Returns the row of the message itself, -1 for a dropped duplicate; a quoted packet's row follows.
 */
export function decodeIcmp(d: Decoder, at: number): number {
  const captured = d.end - at;
  if (captured < 2) return emitCut(d, 1, at);
  const type = d.bytes[at]!;
  const row = emitIcmp(d, 1, at, PAIRS[type]!);
  // Unreachable, source quench, redirect, time exceeded, parameter problem.
  const isError = type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  if (isError && row >= 0 && captured >= HEADER + 24) quote4(d, at + HEADER, d.view.getUint16(at));
  return row;
}

/** Emits the row of an ICMP message, given its entry of a pair table. */
export function emitIcmp(d: Decoder, protocol: number, at: number, pair: number): number {
  const type = d.bytes[at]!;
  const code = d.bytes[at + 1]!;
  const other = pair === 0 ? code | ONE_WAY : pair & 0xff;
  // The hint's two direction bits, where hints.ts has them.
  const hint = ((pair >>> 12) & 3) << 24;
  const payload = d.wireEnd - at - HEADER;
  // Checksum and identifier, which differ between any two messages but copies.
  const checksum = d.end - at >= HEADER ? d.view.getInt32(at + 2) : 0;
  return d.emit(
    protocol,
    (type << 16) | other,
    Math.max(payload, 0),
    hint | (type << 8) | code,
    0,
    0,
    checksum === 0 ? 0 : Math.imul(checksum, 0x85ebca6b) ^ d.ipLength,
  );
}

/** The quoted IPv4 header and the first octets of its transport header. */
function quote4(d: Decoder, at: number, typeAndCode: number): void {
  const headerLength = (d.bytes[at]! & 15) << 2;
  if (d.bytes[at]! >>> 4 !== 4 || headerLength < 20 || d.end - at < headerLength + 4) return;
  // A later fragment has no ports to quote.
  if ((d.view.getUint16(at + 6) & 0x1fff) !== 0) return;
  d.source = d.view.getInt32(at + 12);
  d.destination = d.view.getInt32(at + 16);
  d.family = 0;
  emitQuote(d, d.bytes[at + 9]!, at + headerLength, typeAndCode);
}

/** Emits the row that ties an error to the flow it is about; addresses are set already. */
export function emitQuote(d: Decoder, protocol: number, at: number, typeAndCode: number): void {
  if (protocol !== 6 && protocol !== 17 && protocol !== 132 && protocol !== 33) return;
  d.ipLength = 0;
  d.marks = M_ICMP_ERROR;
  d.emit(protocol, d.view.getInt32(at), 0, typeAndCode, 0, 0, 0);
}
