/**
 * ARP (RFC 826): hardware type (2), protocol type (2), address lengths (1, 1), operation (2),
 * then the addresses. It is counted, not made a packet row: it has neither IP nor ports.
 */
import type { Decoder } from './decoder.ts';
import { ARP_INVALID } from './faults.ts';

const HEADER = 8;

/** Ethernet (1), IPv4, lengths 6 and 4. */
const IPV4_OVER_ETHERNET = 0x00010800;
const LENGTHS = 0x0604;

/**
 * Counts the frame; where it is whole and of Ethernet and IPv4, the listener hears of its
 * addresses.
 */
export function decodeArp(d: Decoder, at: number): void {
  if (d.end - at < HEADER) d.fault(ARP_INVALID);
  else if (d.end - at < HEADER + 2 * (d.bytes[at + 4]! + d.bytes[at + 5]!)) d.fault(ARP_INVALID);
  else if (d.listener !== null && isForIpv4(d, at)) d.listener.arp(d, at);
  d.notIp(0x0806);
}

function isForIpv4({ view }: Decoder, at: number): boolean {
  return view.getInt32(at) === IPV4_OVER_ETHERNET && view.getUint16(at + 4) === LENGTHS;
}
