/**
 * SCTP (RFC 9260 section 3): source port 0, destination port 2, verification tag 4, checksum 8,
 * then chunks: type (1), flags (1), length (2). The first chunk's type goes into the row's flags:
 * INIT (1) and INIT ACK (2) tell who opened the association.
 */
import type { Decoder } from './decoder.ts';
import { TRANSPORT_CUT } from './faults.ts';
import { emitCut } from './transport.ts';

const HEADER = 12;

/**
 * Returns the row's first word index, -1 for a dropped duplicate. Its flags are the first chunk's
 * type, 255 where that is cut off.
 */
export function decodeSctp(d: Decoder, at: number): number {
  const captured = d.end - at;
  if (captured < 4) return emitCut(d, 132, at);
  const payload = d.wireEnd - at - HEADER;
  if (captured <= HEADER) d.fault(TRANSPORT_CUT);
  const chunk = captured > HEADER ? d.bytes[at + HEADER]! : 0xff;
  const tag = captured >= 8 ? d.view.getInt32(at + 4) : 0;
  // The checksum is a CRC over everything, sequence numbers included.
  const signature = captured >= HEADER ? d.view.getInt32(at + 8) : 0;
  return d.emit(132, d.view.getInt32(at), Math.max(payload, 0), chunk, tag, 0, signature);
}
