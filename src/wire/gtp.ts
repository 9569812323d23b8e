/**
 * GTP-U (3GPP TS 29.281 section 5): version, type and flags (1), message type (1), length (2),
 * TEID (4); with any of the E, S, PN flags four more octets, the last of them the type of the
 * first extension header. Message 255 carries a user packet, IPv4 or IPv6.
 */
import { TUNNEL_GTP } from './context.ts';
import type { Decoder } from './decoder.ts';
import { TUNNEL_INVALID } from './faults.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';

const HEADER = 8;
const USER_PACKET = 255;
const MOST_EXTENSIONS = 8;

/**
 * From GTP's header on; only version 1 carries user packets, of others nothing is said.
 * @param row of the UDP packet that carries it, charged with what the packet inside leaves
 */
export function decodeGtp(d: Decoder, at: number, row: number): void {
  if (d.end - at < HEADER || d.bytes[at + 1] !== USER_PACKET) return;
  const flags = d.bytes[at]!;
  // Version 1, protocol type GTP.
  if ((flags & 0xf0) !== 0x30) return;
  let next = at + HEADER;
  if ((flags & 7) !== 0) {
    next = skipExtensions(d, at + HEADER, (flags & 4) !== 0);
    if (next < 0) {
      d.fault(TUNNEL_INVALID);
      return;
    }
  }
  if (next >= d.end) return;
  const version = d.bytes[next]! >>> 4;
  const before = d.rowCount;
  if ((version !== 4 && version !== 6) || !d.enter(TUNNEL_GTP, 0)) return;
  if (version === 4) decodeIpv4(d, next);
  else decodeIpv6(d, next);
  d.leave(row, before);
}

/** Sequence (2), N-PDU (1), next type (1); each extension: length in words, content, next type. */
function skipExtensions(d: Decoder, at: number, extended: boolean): number {
  let next = at + 4;
  if (next > d.end) return -1;
  if (!extended) return next;
  for (let count = 0; d.bytes[next - 1] !== 0; count++) {
    if (next >= d.end || count === MOST_EXTENSIONS) return -1;
    const length = d.bytes[next]! << 2;
    next += length;
    if (length === 0 || next > d.end) return -1;
  }
  return next;
}
