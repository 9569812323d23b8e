/**
 * NFLOG frames (LINKTYPE_NFLOG): family (1), version (1), resource id (2), then TLVs whose length
 * and type are in the capturing host's byte order, padded to four octets. The packet is the TLV
 * of type NFULA_PAYLOAD (9).
 */
import type { Decoder } from './decoder.ts';
import { LINK_CUT, LINK_INVALID } from './faults.ts';
import { decodeIp } from './ip.ts';

const HEADER = 4;
const TLV = 4;
const PAYLOAD = 9;

/** A frame without a packet in it is a fault: it was cut before its payload. */
export function decodeNflog(d: Decoder, at: number): void {
  if (!d.has(at, HEADER + TLV)) return;
  let next = at + HEADER;
  // Lengths are small and types below 256: the wrong order gives a length far too large.
  const little = d.bytes[next + 2]! !== 0 || d.bytes[next + 3] === 0;
  while (d.end - next >= TLV) {
    const length = d.view.getUint16(next, little);
    const type = d.view.getUint16(next + 2, little);
    if (length < TLV) {
      d.fault(LINK_INVALID);
      return;
    }
    if (type === PAYLOAD) {
      const stop = next + length;
      if (stop < d.wireEnd) d.wireEnd = stop;
      if (d.end > d.wireEnd) d.end = d.wireEnd;
      decodeIp(d, next + TLV);
      return;
    }
    next += (length + 3) & ~3;
  }
  d.fault(LINK_CUT);
}
