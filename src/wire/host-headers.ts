/**
 * Headers that operating systems put before a packet: the packet filter log and IPsec devices of
 * the BSDs, the process-aware captures of macOS (PKTAP), IP over InfiniBand, and SLIP.
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { LINK_INVALID } from './faults.ts';
import { decodeIp } from './ip.ts';
import { decodeLink } from './link.ts';

const SLIP = 16;
const IPSEC_DEVICE = 12;
const INFINIBAND = 44;
const PKTAP_MINIMUM = 12;
const PKTAP = 258;
/** The shortest filter log header: up to the interface name, the rule and its set. */
const FILTER_LOG_MINIMUM = 48;

/** Direction (1) and the header as it was compressed (15). */
export function decodeSlip(d: Decoder, at: number): void {
  if (d.has(at, SLIP)) decodeIp(d, at + SLIP);
}

/** Address family (4), security parameter index (4), flags (4). */
export function decodeIpsecDevice(d: Decoder, at: number): void {
  if (d.has(at, IPSEC_DEVICE)) decodeIp(d, at + IPSEC_DEVICE);
}

/** Header length without padding (1), address family (1), action (1) …, padded to four octets. */
export function decodeFilterLog(d: Decoder, at: number): void {
  if (!d.has(at, 4)) return;
  const length = (d.bytes[at]! + 3) & ~3;
  if (length < FILTER_LOG_MINIMUM) d.fault(LINK_INVALID);
  else if (d.has(at, length)) decodeIp(d, at + length);
}

/** Global routing header (40), EtherType (2), reserved (2). */
export function decodeInfiniband(d: Decoder, at: number): void {
  if (!d.has(at, INFINIBAND)) return;
  d.linkGroup = d.bytes[at + 24] === 0xff;
  decodeEtherType(d, d.view.getUint16(at + 40), at + INFINIBAND);
}

/** Header length (4), record type (4; 1 = packet), link type (4), all little endian, …. */
export function decodePktap(d: Decoder, at: number): void {
  if (!d.has(at, PKTAP_MINIMUM)) return;
  const length = d.view.getUint32(at, true);
  const linkType = d.view.getUint32(at + 8, true);
  if (length < PKTAP_MINIMUM || length > d.end - at || linkType === PKTAP || linkType > 0xffff) {
    d.fault(LINK_INVALID);
  } else if (d.enterLink()) {
    decodeLink(d, linkType, at + length);
    d.leaveLink();
  }
}
