/**
 * ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861) and listener discovery (RFC 2710): the
 * same header as ICMP; types below 128 are errors and quote the packet they are about.
 */
import type { Decoder } from './decoder.ts';
import { emitIcmp, emitQuote } from './icmp.ts';
import { pairs } from './icmp-pairs.ts';
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

export function decodeIcmpv6(d: Decoder, at: number): number {
  const captured = d.end - at;
  if (captured < 2) return emitCut(d, 58, at);
  const type = d.bytes[at]!;
  const row = emitIcmp(d, 58, at, PAIRS[type]!);
  if (type >= 1 && type <= 4 && row >= 0 && captured >= HEADER + IPV6 + 4)
    quote6(d, at + HEADER, d.view.getUint16(at));
  return row;
}

/** The quoted IPv6 header; a quoted packet with extension headers is left alone. */
function quote6(d: Decoder, at: number, typeAndCode: number): void {
  if (d.bytes[at]! >>> 4 !== 6) return;
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
  emitQuote(d, d.bytes[at + 6]!, at + IPV6, typeAndCode);
}
