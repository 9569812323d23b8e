/**
 * Ethernet II and IEEE 802.3 frames, and the EtherType table that other link layers share.
 *
 * Layout: destination (6), source (6), EtherType or length (2). A value below 0x600 is a length,
 * and an 802.2 header follows (IEEE 802.3 clause 3.2.6).
 */
import { decodeArp } from './arp.ts';
import type { Decoder } from './decoder.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { MPLS, NO_FILTER_ENTERS, PPPOE } from './link-paths.ts';
import { decodeLlc } from './llc.ts';
import { decodeMpls } from './mpls.ts';
import { decodePppoe } from './pppoe.ts';
import { decodeVlan } from './vlan.ts';

const HEADER = 14;
/** Cisco FabricPath: an outer Ethernet-like header of 16 octets around a whole frame. */
const FABRIC_PATH = 0x8903;
/** IEEE 802.1ah: a service tag of 4 octets, then the customer's whole frame. */
const BACKBONE_BRIDGE = 0x88e7;
/** IEEE 802.1BR's forerunner: 4 octets of tag, then an EtherType. */
const VN_TAG = 0x8926;

/** Also of frames within tunnels: only the outermost header is remembered (`macAt`). */
export function decodeEthernet(d: Decoder, at: number): void {
  if (!d.has(at, HEADER)) return;
  d.linkGroup = (d.bytes[at]! & 1) !== 0;
  if (d.depth === 0) d.macAt = at;
  decodeEtherType(d, d.view.getUint16(at + 12), at + HEADER);
}

/** An Ethernet frame behind a further link header: MPLS, FabricPath. */
export function decodeNestedEthernet(d: Decoder, at: number): void {
  if (!d.enterLink()) return;
  d.pass(NO_FILTER_ENTERS);
  decodeEthernet(d, at);
  d.leaveLink();
}

/** Decodes what an EtherType (or 802.3 length) announces, from `at`. */
export function decodeEtherType(d: Decoder, type: number, at: number): void {
  if (type === 0x0800) {
    decodeIpv4(d, at);
    return;
  }
  switch (type) {
    case 0x86dd:
      return decodeIpv6(d, at);
    case 0x0806:
      return decodeArp(d, at);
    // 802.1Q, 802.1ad, and the two values used for stacked tags before 802.1ad.
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
      return decodeVlan(d, type, at);
    case 0x8847:
      return decodeMpls(d, at, MPLS);
    case 0x8848:
      return decodeMpls(d, at, NO_FILTER_ENTERS);
    case 0x8864:
      d.pass(PPPOE);
      return decodePppoe(d, at);
    case FABRIC_PATH:
      return decodeNestedEthernet(d, at + 2);
    case BACKBONE_BRIDGE:
      return decodeNestedEthernet(d, at + 4);
    case VN_TAG:
      return decodeVnTag(d, at);
    default:
      if (type < 0x600) decodeLlc(d, at, type);
      else d.notIp(type);
  }
}

function decodeVnTag(d: Decoder, at: number): void {
  if (!d.has(at, 6)) return;
  d.pass(NO_FILTER_ENTERS);
  decodeEtherType(d, d.view.getUint16(at + 4), at + 6);
}
