/**
 * What an IP packet carries, by protocol number (IANA protocol-numbers registry). Protocols
 * without ports become rows with port 0.
 */

import { TUNNEL_IP } from './context.ts';
import { decodeDccp } from './dccp.ts';
import type { Decoder } from './decoder.ts';
import { decodeEthernet } from './ethernet.ts';
import { TRANSPORT_CUT, TUNNEL_CUT } from './faults.ts';
import { decodeGre } from './gre.ts';
import { decodeIcmp } from './icmp.ts';
import { decodeIcmpv6 } from './icmpv6.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { M_NO_TRANSPORT } from './packet-batch.ts';
import { decodeSctp } from './sctp.ts';
import { decodeTcp } from './tcp.ts';
import { decodeUdp } from './udp.ts';

/**
 * Decodes the transport header at `at`, and emits the packet's row.
 *
 * @param identification the IPv4 identification field, 0 where there is none
 * @returns the row's first word, or -1 if none was made
 */
export function decodeTransport(
  d: Decoder,
  protocol: number,
  at: number,
  identification: number,
): number {
  if (protocol === 6) return decodeTcp(d, at, identification);
  if (protocol === 17) return decodeUdp(d, at, identification);
  switch (protocol) {
    case 1:
      return decodeIcmp(d, at);
    case 4:
    case 41:
      return decodeIpInIp(d, protocol, at);
    case 33:
      return decodeDccp(d, at);
    case 47:
      return decodeGre(d, at);
    case 51:
      return decodeAuthentication(d, at);
    case 58:
      return decodeIcmpv6(d, at);
    case 97:
      return decodeEtherIp(d, at);
    case 132:
      return decodeSctp(d, at);
    default:
      return emitPlain(d, protocol, d.wireEnd - at);
  }
}

/** Emits a row without ports: a protocol that has none. `payload` in octets. */
export function emitPlain(d: Decoder, protocol: number, payload: number): number {
  return d.emit(protocol, 0, Math.max(payload, 0), 0, 0, 0, 0);
}

/** Emits a row without ports since the header that holds them was not captured. */
export function emitCut(d: Decoder, protocol: number, at: number): number {
  d.fault(TRANSPORT_CUT);
  d.marks |= M_NO_TRANSPORT;
  return emitPlain(d, protocol, d.wireEnd - at);
}

/** Emits the row of a fragment that is not the first; the fragment table adds the ports. */
export function emitLaterFragment(d: Decoder, protocol: number, length: number): number {
  return emitPlain(d, protocol, length);
}

/** IP in IP (RFC 2003), 6in4 (RFC 4213), and IPv6 carrying either (RFC 2473). */
function decodeIpInIp(d: Decoder, protocol: number, at: number): number {
  const row = emitPlain(d, protocol, d.wireEnd - at);
  const before = d.rowCount;
  if (row < 0 || !d.enter(TUNNEL_IP, 0)) return row;
  if (protocol === 4) decodeIpv4(d, at);
  else decodeIpv6(d, at);
  d.leave(row, before);
  return row;
}

/** EtherIP (RFC 3378): version 3 in the first nibble, 12 reserved bits, an Ethernet frame. */
function decodeEtherIp(d: Decoder, at: number): number {
  const row = emitPlain(d, 97, d.wireEnd - at);
  const before = d.rowCount;
  if (row < 0 || d.end - at < 2 || d.bytes[at]! >>> 4 !== 3 || !d.enter(TUNNEL_IP, 0)) return row;
  decodeEthernet(d, at + 2);
  d.leave(row, before);
  return row;
}

/** Authentication header (RFC 4302): the packet goes on behind it, readable. */
function decodeAuthentication(d: Decoder, at: number): number {
  if (d.end - at < 12) {
    d.fault(TUNNEL_CUT);
    return emitPlain(d, 51, d.wireEnd - at);
  }
  const length = (d.bytes[at + 1]! + 2) << 2;
  if (at + length > d.wireEnd) return emitPlain(d, 51, d.wireEnd - at);
  const next = d.bytes[at]!;
  // A second authentication header would only nest deeper: leave it as a plain row.
  if (next === 51) return emitPlain(d, 51, d.wireEnd - at);
  return decodeTransport(d, next, at + length, 0);
}
