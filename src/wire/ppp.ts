/**
 * PPP (RFC 1661), PPP in HDLC-like framing (RFC 1662) and Cisco HDLC.
 *
 * A PPP frame may start with address and control (FF 03) and may compress its protocol field to
 * one octet, which is then odd.
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { NO_FILTER_ENTERS } from './link-paths.ts';
import { decodeMpls } from './mpls.ts';

/** With or without address and control octets, whatever the link type promises. */
export function decodePpp(d: Decoder, at: number): void {
  if (!d.has(at, 2)) return;
  let next = at;
  // LINKTYPE_PPP_PPPD puts a direction octet (0 or 1) where FF would stand.
  if (d.bytes[next + 1] === 0x03 && (d.bytes[next] === 0xff || d.bytes[next]! <= 1)) next += 2;
  decodePppProtocol(d, next);
}

/** From the protocol field on, as PPPoE carries it. */
export function decodePppProtocol(d: Decoder, at: number): void {
  if (!d.has(at, 2)) return;
  let protocol = d.bytes[at]!;
  let next = at + 1;
  if ((protocol & 1) === 0) {
    protocol = d.view.getUint16(at);
    next = at + 2;
  }
  switch (protocol) {
    case 0x0021:
      return decodeIpv4(d, next);
    case 0x0057:
      return decodeIpv6(d, next);
    case 0x0281:
      return decodeMpls(d, next);
    case 0x0283:
      return decodeMpls(d, next, NO_FILTER_ENTERS);
    default:
      // The EtherType of PPP (0x880B) stands for its control protocols.
      d.notIp(0x880b);
  }
}

/**
 * Routers of Cisco's capture their own framing under the same link type: it is told by its address.
 */
export function decodePppHdlc(d: Decoder, at: number): void {
  if (!d.has(at, 4)) return;
  const address = d.bytes[at]!;
  // 0x0F and 0x8F are Cisco HDLC's unicast and broadcast addresses.
  if (address === 0x0f || address === 0x8f) decodeCiscoHdlc(d, at);
  else decodePpp(d, at);
}

/** Its protocol field is an EtherType; keepalives (0x8035) are counted by it. */
export function decodeCiscoHdlc(d: Decoder, at: number): void {
  if (!d.has(at, 4)) return;
  d.linkGroup = d.bytes[at] === 0x8f;
  decodeEtherType(d, d.view.getUint16(at + 2), at + 4);
}
