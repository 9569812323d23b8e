/**
 * ARP (RFC 826): hardware type (2), protocol type (2), address lengths (1, 1), operation (2),
 * then the addresses. It is counted, not made a packet row: it has neither IP nor ports.
 */
import type { Decoder } from './decoder.ts';
import { ARP_INVALID } from './faults.ts';

const HEADER = 8;

export function decodeArp(d: Decoder, at: number): void {
  if (d.end - at < HEADER) d.fault(ARP_INVALID);
  else if (d.end - at < HEADER + 2 * (d.bytes[at + 4]! + d.bytes[at + 5]!)) d.fault(ARP_INVALID);
  d.notIp(0x0806);
}
