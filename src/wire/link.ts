/**
 * Chooses the decoder for a frame by its link type (the LINKTYPE_ registry kept with the pcap
 * drafts). A link type that is not in this table is counted by its number and left unread.
 */
import type { Decoder } from './decoder.ts';
import { decodeEthernet } from './ethernet.ts';
import { decodeIeee80211 } from './ieee80211.ts';
import { decodeIp } from './ip.ts';
import { decodeLinuxCooked, decodeLinuxCooked2 } from './linux-cooked.ts';
import { decodeNflog } from './nflog.ts';
import { decodeNull } from './null-loop.ts';
import { decodeCiscoHdlc, decodePpp, decodePppHdlc } from './ppp.ts';
import { decodePppoe } from './pppoe.ts';
import { decodeAvs, decodePpi, decodePrism, decodeRadiotap } from './radio-headers.ts';
import { decodeFddi, decodeTokenRing } from './ring-networks.ts';

/** Link types that are read, with the name a person knows them by. */
export const LINK_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'BSD null'],
  [1, 'Ethernet'],
  [6, 'token ring'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [12, 'raw IP'],
  [14, 'raw IP'],
  [50, 'PPP in HDLC'],
  [51, 'PPPoE'],
  [101, 'raw IP'],
  [104, 'Cisco HDLC'],
  [105, 'IEEE 802.11'],
  [108, 'OpenBSD loop'],
  [113, 'Linux cooked v1'],
  [119, 'IEEE 802.11 with Prism header'],
  [127, 'IEEE 802.11 with radiotap'],
  [163, 'IEEE 802.11 with AVS header'],
  [166, 'PPP with direction'],
  [192, 'per-packet information'],
  [228, 'raw IPv4'],
  [229, 'raw IPv6'],
  [239, 'NFLOG'],
  [276, 'Linux cooked v2'],
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
    case 6:
      return decodeTokenRing(d, at);
    case 10:
      return decodeFddi(d, at);
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
      d.unknownLink(linkType);
  }
}
