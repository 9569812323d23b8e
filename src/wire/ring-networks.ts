/**
 * FDDI and IEEE 802.5 token ring: still met in archives, and for the frames of bridges.
 *
 * FDDI: frame control (1), destination (6), source (6), 802.2. Token ring: access control (1),
 * frame control (1), destination (6), source (6), 802.2; the top bit of the source says that
 * routing information follows, whose length is in the low five bits of its first octet.
 */
import type { Decoder } from './decoder.ts';
import { decodeLlc } from './llc.ts';

const FDDI = 13;
const TOKEN_RING = 14;
/** No length field ends the packet. */
const UNLIMITED = 0xffff;

export function decodeFddi(d: Decoder, at: number): void {
  if (!d.has(at, FDDI)) return;
  // Frame control x1xx 0xxx or x101 xxxx: a frame with 802.2 (ANSI X3.139 section 7.3.3).
  if ((d.bytes[at]! & 0x30) !== 0x10) {
    d.notIp(d.bytes[at]!);
    return;
  }
  d.linkGroup = (d.bytes[at + 1]! & 1) !== 0;
  decodeLlc(d, at + FDDI, UNLIMITED);
}

export function decodeTokenRing(d: Decoder, at: number): void {
  if (!d.has(at, TOKEN_RING)) return;
  // Frame type 01: with 802.2.
  if (d.bytes[at + 1]! >>> 6 !== 1) {
    d.notIp(d.bytes[at + 1]!);
    return;
  }
  d.linkGroup = (d.bytes[at + 2]! & 0x80) !== 0;
  let next = at + TOKEN_RING;
  if ((d.bytes[at + 8]! & 0x80) !== 0) {
    if (!d.has(next, 2)) return;
    next += d.bytes[next]! & 0x1f;
  }
  decodeLlc(d, next, UNLIMITED);
}
