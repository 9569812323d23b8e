/**
 * VXLAN (RFC 7348): flags (1, bit 3 = VNI valid), reserved (3), VNI (3), reserved (1), an
 * Ethernet frame. VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe) names what follows in octet 3.
 */
import { TUNNEL_VXLAN } from './context.ts';
import type { Decoder } from './decoder.ts';
import { decodeEthernet } from './ethernet.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { decodeMpls } from './mpls.ts';

const HEADER = 8;
const VNI_VALID = 0x08;

/**
 * From VXLAN's header on; without a valid VNI it is taken for other UDP.
 * @param row of the UDP packet that carries it, charged with what the packet inside leaves
 */
export function decodeVxlan(d: Decoder, at: number, row: number): void {
  if (d.end - at < HEADER + 14 || (d.bytes[at]! & VNI_VALID) === 0) return;
  const before = d.rowCount;
  if (!d.enter(TUNNEL_VXLAN, d.view.getUint32(at + 4) >>> 8)) return;
  decodeEthernet(d, at + HEADER);
  d.leave(row, before);
}

/** The same with a next protocol: 1 IPv4, 2 IPv6, 3 Ethernet, 5 MPLS. */
export function decodeVxlanGpe(d: Decoder, at: number, row: number): void {
  if (d.end - at < HEADER + 4 || (d.bytes[at]! & VNI_VALID) === 0) return;
  const before = d.rowCount;
  const next = (d.bytes[at]! & 4) !== 0 ? d.bytes[at + 3]! : 3;
  if (!d.enter(TUNNEL_VXLAN, d.view.getUint32(at + 4) >>> 8)) return;
  if (next === 1) decodeIpv4(d, at + HEADER);
  else if (next === 2) decodeIpv6(d, at + HEADER);
  else if (next === 3) decodeEthernet(d, at + HEADER);
  else if (next === 5) decodeMpls(d, at + HEADER);
  d.leave(row, before);
}
