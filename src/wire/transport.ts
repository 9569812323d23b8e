/**
 * What an IP packet carries, by protocol number (IANA protocol-numbers registry). Protocols
 * without ports become rows with port 0.
 */

import { TUNNEL_IP } from './context.ts';
import { decodeDccp } from './dccp.ts';
import type { Decoder } from './decoder.ts';
import { decodeEthernet } from './ethernet.ts';
import { TRANSPORT_CUT, TUNNEL_CUT, TUNNEL_INVALID } from './faults.ts';
import { decodeGre } from './gre.ts';
import { decodeIcmp } from './icmp.ts';
import { decodeIcmpv6 } from './icmpv6.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { decodeMpls } from './mpls.ts';
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
      return decodeIpInIp(d, protocol, at, identification);
    case 33:
      return decodeDccp(d, at);
    case 47:
      return decodeGre(d, at, identification);
    case 51:
      return decodeAuthentication(d, at, identification);
    case 58:
      return decodeIcmpv6(d, at);
    case 97:
      return decodeEtherIp(d, at, identification);
    case 132:
      return decodeSctp(d, at);
    // PGM (RFC 3208) and UDP-Lite (RFC 3828) start with ports as UDP does.
    case 113:
    case 136:
      return emitPorted(d, protocol, at, identification);
    case 137:
      return decodeMplsInIp(d, at, identification);
    case 143:
      return decodeEthernetInIp(d, at, identification);
    default:
      return emitPlain(d, protocol, at, identification);
  }
}

/**
 * Emits a row without ports: a protocol that has none. Its payload starts at `at`, of which the
 * first octets (of ESP, say, a sequence number) tell copies apart if the identification can.
 */
export function emitPlain(
  d: Decoder,
  protocol: number,
  at: number,
  identification: number,
): number {
  const payload = Math.max(d.wireEnd - at, 0);
  let signature = 0;
  if (identification !== 0) {
    signature = Math.imul((identification << 16) | payload, 0x85ebca6b);
    if (d.end - at >= 8) signature ^= Math.imul(d.view.getInt32(at + 4), 0xc2b2ae35);
  }
  return d.emit(protocol, 0, payload, 0, 0, 0, signature);
}

/** Emits the row of a protocol of which only the ports are read; its header has 8 octets or more. */
function emitPorted(d: Decoder, protocol: number, at: number, identification: number): number {
  const captured = d.end - at;
  if (captured < 4) return emitCut(d, protocol, at);
  // The checksum, which is never 0.
  const sum = captured >= 8 ? d.view.getUint16(at + 6) : 0;
  const signature = identification === 0 ? 0 : (identification << 16) | sum;
  const payload = Math.max(d.wireEnd - at - 8, 0);
  return d.emit(protocol, d.view.getInt32(at), payload, 0, 0, 0, signature);
}

/** Emits a row without ports since the header that holds them was not captured. */
export function emitCut(d: Decoder, protocol: number, at: number): number {
  d.fault(TRANSPORT_CUT);
  d.marks |= M_NO_TRANSPORT;
  return emitPlain(d, protocol, at, 0);
}

/**
 * Emits the row of a fragment that is not the first; the fragment table adds the ports.
 *
 * @param which identification and offset together
 */
export function emitLaterFragment(
  d: Decoder,
  protocol: number,
  length: number,
  which: number,
): number {
  const signature = Math.imul(which, 0x85ebca6b) ^ Math.imul(length, 0xc2b2ae35);
  return d.emit(protocol, 0, length, 0, 0, 0, signature);
}

/** IP in IP (RFC 2003), 6in4 (RFC 4213), and IPv6 carrying either (RFC 2473). */
function decodeIpInIp(d: Decoder, protocol: number, at: number, identification: number): number {
  const row = emitPlain(d, protocol, at, identification);
  const before = d.rowCount;
  if (row < 0 || !d.enter(TUNNEL_IP, 0)) return row;
  if (protocol === 4) decodeIpv4(d, at);
  else decodeIpv6(d, at);
  d.leave(row, before);
  return row;
}

/** EtherIP (RFC 3378): version 3 in the first nibble, 12 reserved bits, an Ethernet frame. */
function decodeEtherIp(d: Decoder, at: number, identification: number): number {
  const row = emitPlain(d, 97, at, identification);
  const before = d.rowCount;
  if (row < 0) return row;
  if (d.end - at < 2 || d.bytes[at]! >>> 4 !== 3) {
    d.fault(d.end - at < 2 ? TUNNEL_CUT : TUNNEL_INVALID);
    return row;
  }
  if (!d.enter(TUNNEL_IP, 0)) return row;
  decodeEthernet(d, at + 2);
  d.leave(row, before);
  return row;
}

/** MPLS in IP (RFC 4023): a label stack directly behind the IP header. */
function decodeMplsInIp(d: Decoder, at: number, identification: number): number {
  const row = emitPlain(d, 137, at, identification);
  const before = d.rowCount;
  if (row < 0 || !d.enter(TUNNEL_IP, 0)) return row;
  decodeMpls(d, at);
  d.leave(row, before);
  return row;
}

/** Ethernet in IP, as segment routing carries it (RFC 8986 section 10.1). */
function decodeEthernetInIp(d: Decoder, at: number, identification: number): number {
  const row = emitPlain(d, 143, at, identification);
  const before = d.rowCount;
  if (row < 0 || !d.enter(TUNNEL_IP, 0)) return row;
  decodeEthernet(d, at);
  d.leave(row, before);
  return row;
}

/** Authentication header (RFC 4302): the packet goes on behind it, readable. */
function decodeAuthentication(d: Decoder, at: number, identification: number): number {
  const length = d.end - at < 12 ? 0 : (d.bytes[at + 1]! + 2) << 2;
  if (length < 12 || at + length > d.wireEnd) {
    d.fault(length === 0 ? TUNNEL_CUT : TUNNEL_INVALID);
    return emitPlain(d, 51, at, identification);
  }
  const next = d.bytes[at]!;
  // A second authentication header would only nest deeper: leave it as a plain row.
  if (next === 51) return emitPlain(d, 51, at, identification);
  return decodeTransport(d, next, at + length, identification);
}
