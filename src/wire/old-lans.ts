/**
 * Local networks of other days, still met in archives and industry: FDDI, Token Ring (IEEE
 * 802.5), ARCnet (RFC 1201), IP over IEEE 1394 (RFC 2734) and over Fibre Channel (RFC 4338).
 */
import { decodeArp } from './arp.ts';
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { KIND_OWN } from './faults.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { decodeLlc } from './llc.ts';

const NO_LENGTH = 0xffff;

/** Frame control (1), destination (6), source (6). Control 0x5x announces 802.2. */
export function decodeFddi(d: Decoder, at: number): void {
  if (!d.has(at, 13)) return;
  d.linkGroup = (d.bytes[at + 1]! & 1) !== 0;
  const control = d.bytes[at]!;
  if ((control & 0xf0) === 0x50) decodeLlc(d, at + 13, NO_LENGTH);
  else d.notIp(KIND_OWN + control);
}

/**
 * Access control (1), frame control (1), destination (6), source (6); the source's first bit
 * announces a route, whose length is in the low five bits of its first octet.
 */
export function decodeTokenRing(d: Decoder, at: number): void {
  if (!d.has(at, 14)) return;
  const control = d.bytes[at + 1]!;
  d.linkGroup = (d.bytes[at + 2]! & 0x80) !== 0;
  let next = at + 14;
  if ((d.bytes[at + 8]! & 0x80) !== 0) {
    if (!d.has(next, 2)) return;
    next += d.bytes[next]! & 31;
  }
  if ((control & 0xc0) === 0x40) decodeLlc(d, next, NO_LENGTH);
  else d.notIp(KIND_OWN + control);
}

/**
 * Source (1), destination (1; 0 = everybody), in captures made on Linux an offset (2), type (1);
 * then, except before the oldest types, split flag (1) and sequence (2). An even split flag above
 * 0 marks a later part of a packet, and 0xFF four octets of padding (BSD only: Linux joins parts).
 */
export function decodeArcnet(d: Decoder, at: number, linux: boolean): void {
  const typeAt = linux ? at + 4 : at + 2;
  if (!d.has(at, typeAt - at + 1)) return;
  d.linkGroup = d.bytes[at + 1] === 0;
  const type = d.bytes[typeAt]!;
  let next = typeAt + 1;
  if (type !== 240 && type !== 241) {
    if (!d.has(next, 3)) return;
    const split = linux ? 0 : d.bytes[next]!;
    next += split === 0xff ? 7 : 3;
    if (split !== 0xff && split !== 0 && (split & 1) === 0) {
      d.notIp(KIND_OWN + type);
      return;
    }
  }
  if (type === 212 || type === 240) decodeIpv4(d, next);
  else if (type === 196) decodeIpv6(d, next);
  else if (type === 213 || type === 241) decodeArp(d, next);
  else d.notIp(KIND_OWN + type);
}

/** Destination (8), source (8), EtherType (2). All ones = everybody. */
export function decodeIeee1394(d: Decoder, at: number): void {
  if (!d.has(at, 18)) return;
  d.linkGroup = d.view.getInt32(at) === -1 && d.view.getInt32(at + 4) === -1;
  decodeEtherType(d, d.view.getUint16(at + 16), at + 18);
}

/** Network destination (8), network source (8), 802.2. */
export function decodeFibreChannel(d: Decoder, at: number): void {
  if (d.has(at, 16)) decodeLlc(d, at + 16, NO_LENGTH);
}
