/**
 * Kernel filters that let through what may be an answer to a probe: segments to the probes' own
 * source ports, and ICMP errors. Classic BPF over packets that begin at their IP header; opcodes
 * as in the kernel's `filter.txt`.
 */
import type { FilterStep } from '../../native/socket-filter.ts';

const LOAD_OCTET = 0x30;
const LOAD_HALF = 0x28;
const LOAD_HALF_INDEXED = 0x48;
const LOAD_OCTET_INDEXED = 0x50;
/** X = 4 × (low half of the octet): the length of an IPv4 header. */
const LOAD_HEADER_LENGTH = 0xb1;
const SUBTRACT = 0x14;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;
/** Enough for a segment, and for an ICMP error with the probe it quotes. */
const KEPT = 160;

/** For IPv4: `protocol` to ports from `base` on, unfragmented, or ICMP types 3 and 11. */
export function answerFilter4(protocol: number, base: number, ports: number): FilterStep[] {
  return [
    [LOAD_OCTET, 0, 0, 9],
    [IF_EQUAL, 0, 6, protocol],
    [LOAD_HALF, 0, 0, 6],
    [IF_ANY_BIT, 9, 0, 0x1fff],
    [LOAD_HEADER_LENGTH, 0, 0, 0],
    [LOAD_HALF_INDEXED, 0, 0, 2],
    [SUBTRACT, 0, 0, base],
    [IF_AT_LEAST, 5, 6, ports],
    [IF_EQUAL, 0, 4, 1],
    [LOAD_HEADER_LENGTH, 0, 0, 0],
    [LOAD_OCTET_INDEXED, 0, 0, 0],
    [IF_EQUAL, 2, 0, 3],
    [IF_EQUAL, 1, 0, 11],
    [RETURN, 0, 0, 0],
    [RETURN, 0, 0, KEPT],
  ];
}

/** Headers that may stand before the answer: for every hop, routing, fragment, destination. */
const EXTENSIONS = [0, 43, 44, 60];

/**
 * For IPv6: the same behind a plain header, or ICMPv6 types 1, 3 and 4 (RFC 4443). What has
 * extension headers (RFC 8200 section 4) passes: few packets have, and `behindExtensions` looks.
 */
export function answerFilter6(protocol: number, base: number, ports: number): FilterStep[] {
  return [
    [LOAD_OCTET, 0, 0, 6],
    [IF_EQUAL, 0, 3, protocol],
    [LOAD_HALF, 0, 0, 42],
    [SUBTRACT, 0, 0, base],
    [IF_AT_LEAST, 9, 10, ports],
    [IF_EQUAL, 0, 4, 58],
    [LOAD_OCTET, 0, 0, 40],
    [IF_EQUAL, 7, 0, 1],
    [IF_EQUAL, 6, 0, 3],
    [IF_EQUAL, 5, 4, 4],
    ...EXTENSIONS.map((header, index): FilterStep => [IF_EQUAL, 4 - index, 0, header]),
    [RETURN, 0, 0, 0],
    [RETURN, 0, 0, KEPT],
  ];
}

/** Neighbour advertisements behind a plain IPv6 header (RFC 4861 section 4.4). */
export const ADVERTISEMENT_FILTER: readonly FilterStep[] = [
  [LOAD_OCTET, 0, 0, 6],
  [IF_EQUAL, 0, 3, 58],
  [LOAD_OCTET, 0, 0, 40],
  [IF_EQUAL, 0, 1, 136],
  [RETURN, 0, 0, KEPT],
  [RETURN, 0, 0, 0],
];

/** Replies of ARP (RFC 826). */
export const ARP_REPLY_FILTER: readonly FilterStep[] = [
  [LOAD_HALF, 0, 0, 6],
  [IF_EQUAL, 0, 1, 2],
  [RETURN, 0, 0, KEPT],
  [RETURN, 0, 0, 0],
];
