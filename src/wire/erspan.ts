/**
 * ERSPAN type II and III headers inside GRE (draft-foschiano-erspan-03): version (4 bits), VLAN
 * (12), class of service, encapsulation and truncation bits, session id (10); type II is 8 octets
 * long, type III 12 with an optional 8-octet platform part. An Ethernet frame follows, or, where
 * type III says so, IP.
 */
import { TUNNEL_ERSPAN } from './context.ts';
import type { Decoder } from './decoder.ts';
import { decodeEthernet } from './ethernet.ts';
import { TUNNEL_CUT, TUNNEL_INVALID } from './faults.ts';
import { decodeIp } from './ip.ts';

const TYPE_2 = 8;
const TYPE_3 = 12;
const PLATFORM = 8;
/** Type III: the mirrored packet has no link header. */
const FRAME_IP = 2;

/** Type II, from its header on: always an Ethernet frame. */
export function decodeErspan2(d: Decoder, at: number): void {
  decodeMirrored(d, at, TYPE_2, 1, false);
}

/** Type III, from its header on; cut headers are a fault. */
export function decodeErspan3(d: Decoder, at: number): void {
  if (d.end - at < TYPE_3) {
    d.fault(TUNNEL_CUT);
    return;
  }
  const last = d.view.getUint16(at + 10);
  const length = (last & 1) !== 0 ? TYPE_3 + PLATFORM : TYPE_3;
  decodeMirrored(d, at, length, 2, ((last >>> 10) & 31) === FRAME_IP);
}

function decodeMirrored(
  d: Decoder,
  at: number,
  length: number,
  version: number,
  bare: boolean,
): void {
  if (d.end - at < length) {
    d.fault(TUNNEL_CUT);
    return;
  }
  if (d.bytes[at]! >>> 4 !== version) {
    d.fault(TUNNEL_INVALID);
    return;
  }
  d.tunnel = TUNNEL_ERSPAN;
  d.tunnelId = d.view.getUint16(at + 2) & 0x3ff;
  if (bare) decodeIp(d, at + length);
  else decodeEthernet(d, at + length);
}
