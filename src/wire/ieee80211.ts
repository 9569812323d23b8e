/**
 * IEEE 802.11 data frames: frame control (2, little endian), duration (2), three addresses,
 * sequence (2), a fourth address between two distribution systems, QoS control (2), HT control
 * (4), then 802.2. An aggregate (A-MSDU) holds several Ethernet-like subframes.
 */
import type { Decoder } from './decoder.ts';
import { ENCRYPTED, KIND_IEEE80211, LINK_CUT } from './faults.ts';
import { decodeLlc } from './llc.ts';

const HEADER = 24;
/** Fragment number (4 bits) and sequence number (12), little endian. */
const SEQUENCE = 22;
const SUBFRAME = 14;
/** Most subframes of one aggregate that are read: keeps the rows of one frame bounded. */
const SUBFRAMES = 64;
const TYPE_DATA = 2;
const PROTECTED = 0x4000;
const ORDER = 0x8000;

/** @param padded the header is padded to a multiple of four octets (radiotap says so) */
export function decodeIeee80211(d: Decoder, at: number, padded: boolean): void {
  if (!d.has(at, 2)) return;
  const control = d.view.getUint16(at, true);
  const subtype = (control >>> 4) & 15;
  // Subtypes with bit 2 set carry no data (null functions).
  if (((control >>> 2) & 3) !== TYPE_DATA || (subtype & 4) !== 0) {
    d.notIp(KIND_IEEE80211 + (control & 0xfc));
    return;
  }
  const quality = (subtype & 8) !== 0;
  const distribution = (control >>> 8) & 3;
  let length = HEADER;
  if (distribution === 3) length += 6;
  const qualityAt = at + length;
  if (quality) length += 2;
  if (quality && (control & ORDER) !== 0) length += 4;
  if (padded) length = (length + 3) & ~3;
  if (!d.has(at, length)) return;
  if ((control & PROTECTED) !== 0) {
    d.fault(ENCRYPTED);
    d.notIp(KIND_IEEE80211 + (control & 0xfc));
    return;
  }
  // A later fragment of a frame has no header of its own.
  if ((d.bytes[at + SEQUENCE]! & 15) !== 0) {
    d.notIp(KIND_IEEE80211 + (control & 0xfc));
    return;
  }
  // The receiver is address 1, except on the way to a distribution system: there address 3.
  d.linkGroup = (d.bytes[at + ((distribution & 1) === 1 ? 16 : 4)]! & 1) !== 0;
  const aggregate = quality && (d.bytes[qualityAt]! & 0x80) !== 0;
  if (aggregate) decodeAggregate(d, at + length);
  else decodeLlc(d, at + length, 0xffff);
}

/** Subframes: destination (6), source (6), length (2), data, padding to four octets. */
function decodeAggregate(d: Decoder, at: number): void {
  const end = d.end;
  const wireEnd = d.wireEnd;
  let next = at;
  // The frame check sequence may remain at the end: too short for a subframe.
  for (let count = 0; count < SUBFRAMES && wireEnd - next >= SUBFRAME; count++) {
    if (end - next < SUBFRAME) {
      d.fault(LINK_CUT);
      return;
    }
    const length = d.view.getUint16(next + 12);
    if (length === 0) break;
    const stop = next + SUBFRAME + length;
    if (stop > wireEnd) d.fault(LINK_CUT);
    d.end = Math.min(end, stop);
    d.wireEnd = Math.min(wireEnd, stop);
    d.restart();
    d.linkGroup = (d.bytes[next]! & 1) !== 0;
    decodeLlc(d, next + SUBFRAME, length);
    // Subframes but the last are padded, header included, to a multiple of four octets.
    next += (SUBFRAME + length + 3) & ~3;
  }
}
