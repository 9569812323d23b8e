/**
 * ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861) and listener discovery (RFC 2710): the
 * same header as ICMP; types below 128 are errors and quote the packet they are about.
 */
import type { Decoder } from './decoder.ts';
import { emitIcmp, emitQuote } from './icmp.ts';
import { pairs } from './icmp-pairs.ts';
import { extensionLength, FRAGMENT, isExtension } from './ipv6-extensions.ts';
import { FAMILY_6 } from './packet-batch.ts';
import { emitCut } from './transport.ts';

const HEADER = 8;
const IPV6 = 40;

/** Echo; listener query and report; router and neighbour solicitation; node information; home agent. */
const PAIRS = pairs(
  new Map([
    [128, 129],
    [130, 131],
    [133, 134],
    [135, 136],
    [139, 140],
    [144, 145],
  ]),
  // Listener report, router and neighbour advertisement.
  new Set([131, 134, 136]),
);

/**
 * Returns the row of the message itself, -1 for a dropped duplicate; a quoted packet's row follows.
 */
export function decodeIcmpv6(d: Decoder, at: number): number {
  const captured = d.end - at;
  if (captured < 2) return emitCut(d, 58, at);
  const type = d.bytes[at]!;
  const row = emitIcmp(d, 58, at, PAIRS[type]!);
  if (type >= 1 && type <= 4 && row >= 0 && captured >= HEADER + IPV6)
    quote6(d, at + HEADER, d.view.getUint16(at));
  return row;
}

/** The quoted IPv6 header, its extension headers and the first octets of its transport header. */
function quote6(d: Decoder, at: number, typeAndCode: number): void {
  if (d.bytes[at]! >>> 4 !== 6) return;
  const transport = skipExtensions(d, d.bytes[at + 6]!, at + IPV6);
  if (transport < 0 || d.end - transport < 4) return;
  const view = d.view;
  d.source = d.addresses.intern(
    view.getInt32(at + 8),
    view.getInt32(at + 12),
    view.getInt32(at + 16),
    view.getInt32(at + 20),
  );
  d.destination = d.addresses.intern(
    view.getInt32(at + 24),
    view.getInt32(at + 28),
    view.getInt32(at + 32),
    view.getInt32(at + 36),
  );
  d.family = FAMILY_6;
  emitQuote(d, nextHeader, transport, typeAndCode);
}

/** The protocol that `skipExtensions` arrived at. */
let nextHeader = 0;

/**
 * Where the transport header of a quoted packet begins; -1 where it was not quoted, or where the
 * packet was a later fragment and had none. Each header is at least 8 octets, so this ends.
 */
function skipExtensions(d: Decoder, first: number, start: number): number {
  let at = start;
  nextHeader = first;
  while (isExtension(nextHeader)) {
    if (d.end - at < 8) return -1;
    const header = nextHeader;
    if (header === FRAGMENT && (d.view.getUint16(at + 2) & 0xfff8) !== 0) return -1;
    nextHeader = d.bytes[at]!;
    at += extensionLength(header, d.bytes[at + 1]!);
  }
  return at;
}
