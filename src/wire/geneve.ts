/**
 * Geneve (RFC 8926 section 3.4): version (2 bits), options length in words (6), flags (1),
 * protocol as EtherType (2), VNI (3), reserved (1), options.
 */
import { TUNNEL_GENEVE } from './context.ts';
import type { Decoder } from './decoder.ts';
import { decodeEthernet, decodeEtherType } from './ethernet.ts';
import { TUNNEL_INVALID } from './faults.ts';

const HEADER = 8;
const TRANSPARENT_BRIDGING = 0x6558;

/**
 * From Geneve's header on. Other versions, and options beyond what was captured, are a fault.
 * @param row of the UDP packet that carries it, charged with what the packet inside leaves
 */
export function decodeGeneve(d: Decoder, at: number, row: number): void {
  if (d.end - at < HEADER) return;
  const first = d.bytes[at]!;
  const next = at + HEADER + ((first & 0x3f) << 2);
  if (first >>> 6 !== 0 || next > d.end) {
    d.fault(TUNNEL_INVALID);
    return;
  }
  const protocol = d.view.getUint16(at + 2);
  const before = d.rowCount;
  if (!d.enter(TUNNEL_GENEVE, d.view.getUint32(at + 4) >>> 8)) return;
  if (protocol === TRANSPARENT_BRIDGING) decodeEthernet(d, next);
  else if (protocol >= 0x600) decodeEtherType(d, protocol, next);
  d.leave(row, before);
}
