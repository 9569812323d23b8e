/**
 * Teredo (RFC 4380 section 5.1.1): IPv6 directly in UDP, after an optional authentication header
 * (00 01, client id length, authentication length, both, nonce 8, confirmation 1) and an optional
 * origin indication (00 00, port 2, address 4).
 */
import { TUNNEL_TEREDO } from './context.ts';
import type { Decoder } from './decoder.ts';
import { decodeIpv6 } from './ipv6.ts';

const ORIGIN = 8;
const IPV6 = 40;

export function decodeTeredo(d: Decoder, at: number, row: number): void {
  let next = at;
  if (d.end - next >= 13 && d.view.getUint16(next) === 1) {
    next += 13 + d.bytes[next + 2]! + d.bytes[next + 3]!;
  }
  if (d.end - next >= ORIGIN && d.view.getUint16(next) === 0) next += ORIGIN;
  if (d.end - next < IPV6 || d.bytes[next]! >>> 4 !== 6) return;
  // Without this any datagram on the port that starts with 6 would pass for IPv6.
  if (d.view.getUint16(next + 4) + IPV6 > d.wireEnd - next) return;
  const before = d.rowCount;
  if (!d.enter(TUNNEL_TEREDO, 0)) return;
  decodeIpv6(d, next);
  d.leave(row, before);
}
