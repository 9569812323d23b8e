/**
 * PPPoE session packets (RFC 2516 section 4): version and type 0x11, code, session id (2),
 * length (2) of the PPP packet that follows. Only code 0 carries a session.
 */
import type { Decoder } from './decoder.ts';
import { LINK_INVALID } from './faults.ts';
import { decodePppProtocol } from './ppp.ts';

const HEADER = 6;

/** Sessions only: discovery and other codes are counted as frames without IP. */
export function decodePppoe(d: Decoder, at: number): void {
  if (!d.has(at, HEADER)) return;
  if (d.bytes[at] !== 0x11) {
    d.fault(LINK_INVALID);
    return;
  }
  if (d.bytes[at + 1] !== 0) {
    d.notIp(0x8863);
    return;
  }
  const stop = at + HEADER + d.view.getUint16(at + 4);
  if (stop < d.wireEnd) {
    d.wireEnd = stop;
    if (d.end > stop) d.end = stop;
  }
  decodePppProtocol(d, at + HEADER);
}
