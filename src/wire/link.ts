/**
 * Chooses the decoder for a frame by its link type (the LINKTYPE_ registry kept with the pcap
 * drafts). A link type that is not in this table is counted by its number and left unread.
 */
import type { Decoder } from './decoder.ts';
import { decodeEthernet } from './ethernet.ts';
import { decodeFrameRelay } from './frame-relay.ts';
import {
  decodeFilterLog,
  decodeInfiniband,
  decodeIpsecDevice,
  decodePktap,
  decodeSlip,
} from './host-headers.ts';
import { decodeIeee80211 } from './ieee80211.ts';
import { decodeIp } from './ip.ts';
import { decodeLinuxCooked, decodeLinuxCooked2 } from './linux-cooked.ts';
import { decodeLlc } from './llc.ts';
import { decodeMpls } from './mpls.ts';
import { decodeNflog } from './nflog.ts';
import { decodeNull } from './null-loop.ts';
import {
  decodeArcnet,
  decodeFddi,
  decodeFibreChannel,
  decodeIeee1394,
  decodeTokenRing,
} from './old-lans.ts';
import { decodeCiscoHdlc, decodePpp, decodePppHdlc } from './ppp.ts';
import { decodePppoe } from './pppoe.ts';
import { decodeAvs, decodePpi, decodePrism, decodeRadiotap } from './radio-headers.ts';
import {
  decodeBroadcom,
  decodeBroadcomBefore,
  decodeMarvell,
  decodeMarvellTyped,
} from './switch-tags.ts';

/** Link types that are read, with the name a person knows them by. */
export const LINK_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'BSD null'],
  [1, 'Ethernet'],
  [6, 'Token Ring'],
  [7, 'ARCnet'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [12, 'raw IP'],
  [14, 'raw IP'],
  [50, 'PPP in HDLC'],
  [51, 'PPPoE'],
  [100, 'ATM with 802.2'],
  [101, 'raw IP'],
  [104, 'Cisco HDLC'],
  [105, 'IEEE 802.11'],
  [107, 'Frame Relay'],
  [108, 'OpenBSD loop'],
  [109, 'BSD IPsec device'],
  [113, 'Linux cooked v1'],
  [117, 'BSD packet filter log'],
  [119, 'IEEE 802.11 with Prism header'],
  [122, 'IP over Fibre Channel'],
  [127, 'IEEE 802.11 with radiotap'],
  [129, 'ARCnet on Linux'],
  [138, 'IP over IEEE 1394'],
  [163, 'IEEE 802.11 with AVS header'],
  [166, 'PPP with direction'],
  [192, 'per-packet information'],
  [219, 'MPLS'],
  [228, 'raw IPv4'],
  [229, 'raw IPv6'],
  [239, 'NFLOG'],
  [242, 'IP over InfiniBand'],
  [258, 'macOS PKTAP'],
  [276, 'Linux cooked v2'],
  [281, 'Ethernet with Broadcom tag'],
  [282, 'Ethernet behind Broadcom tag'],
  [284, 'Ethernet with Marvell tag'],
  [285, 'Ethernet with typed Marvell tag'],
]);

/** Decodes one frame that starts at `at`. */
export function decodeLink(d: Decoder, linkType: number, at: number): void {
  if (linkType === 1) {
    decodeEthernet(d, at);
    return;
  }
  switch (linkType) {
    case 0:
    case 108:
      return decodeNull(d, at);
    case 9:
    case 166:
      return decodePpp(d, at);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return decodeIp(d, at);
    case 50:
      return decodePppHdlc(d, at);
    case 51:
      return decodePppoe(d, at);
    case 104:
      return decodeCiscoHdlc(d, at);
    case 105:
      return decodeIeee80211(d, at, false);
    case 113:
      return decodeLinuxCooked(d, at);
    case 119:
      return decodePrism(d, at);
    case 127:
      return decodeRadiotap(d, at);
    case 163:
      return decodeAvs(d, at);
    case 192:
      return decodePpi(d, at);
    case 239:
      return decodeNflog(d, at);
    case 276:
      return decodeLinuxCooked2(d, at);
    default:
      decodeRareLink(d, linkType, at);
  }
}

/** Link types that captures of today seldom have. */
function decodeRareLink(d: Decoder, linkType: number, at: number): void {
  switch (linkType) {
    case 6:
      return decodeTokenRing(d, at);
    case 7:
      return decodeArcnet(d, at, false);
    case 8:
      return decodeSlip(d, at);
    case 10:
      return decodeFddi(d, at);
    case 100:
      return decodeLlc(d, at, 0xffff);
    case 107:
      return decodeFrameRelay(d, at);
    case 109:
      return decodeIpsecDevice(d, at);
    case 117:
      return decodeFilterLog(d, at);
    case 122:
      return decodeFibreChannel(d, at);
    case 129:
      return decodeArcnet(d, at, true);
    case 138:
      return decodeIeee1394(d, at);
    case 219:
      return decodeMpls(d, at);
    case 242:
      return decodeInfiniband(d, at);
    case 258:
      return decodePktap(d, at);
    case 281:
      return decodeBroadcom(d, at);
    case 282:
      return decodeBroadcomBefore(d, at);
    case 284:
      return decodeMarvell(d, at);
    case 285:
      return decodeMarvellTyped(d, at);
    default:
      d.unknownLink(linkType);
  }
}
