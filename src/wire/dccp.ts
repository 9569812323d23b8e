/**
 * DCCP (RFC 4340 section 5.1): source port 0, destination port 2, data offset 4 (in words),
 * checksum 6, then a reserved nibble's three bits, type (4 bits) and X. Types 0 (request) and
 * 1 (response) tell who opened the connection; the type plus one goes into the row's flags.
 */
import type { Decoder } from './decoder.ts';
import { TRANSPORT_CUT } from './faults.ts';
import { emitCut } from './transport.ts';

/**
 * Returns the row's first word index, -1 for a dropped duplicate. A request's row has the flags 1,
 * a response's 2, of what was cut before the type 0.
 */
export function decodeDccp(d: Decoder, at: number): number {
  const captured = d.end - at;
  if (captured < 4) return emitCut(d, 33, at);
  if (captured <= 8) d.fault(TRANSPORT_CUT);
  const header = captured > 4 ? d.bytes[at + 4]! << 2 : 0;
  const type = captured > 8 ? ((d.bytes[at + 8]! >>> 1) & 15) + 1 : 0;
  const payload = d.wireEnd - at - header;
  return d.emit(33, d.view.getInt32(at), Math.max(payload, 0), type, 0, 0, 0);
}
