/**
 * IPv6 (RFC 8200) and its extension headers.
 *
 * Offsets: version, class, flow label 0; payload length 4; next header 6; hop limit 7; source 8;
 * destination 24; 40 octets in all.
 */
import type { Decoder } from './decoder.ts';
import {
  EXTENSION_CUT,
  EXTENSIONS_MANY,
  FRAGMENT_INVALID,
  IPV6_CUT,
  IPV6_INVALID,
  IPV6_LENGTH,
} from './faults.ts';
import { fragmentMarks } from './fragments.ts';
import { extensionLength, FRAGMENT, isExtension, mayFollowFragment } from './ipv6-extensions.ts';
import {
  FAMILY_6,
  M_FIRST_FRAGMENT,
  M_GROUP_DESTINATION,
  M_NO_TRANSPORT,
  M_OFFLOADED_LENGTH,
  PACKET_WORDS,
} from './packet-batch.ts';
import { decodeTransport, emitLaterFragment, emitPlain } from './transport.ts';

const HEADER = 40;
/** A short packet may be padded to this length on Ethernet. */
const ETHERNET_PADDING = 46;
/** A real packet has a handful; a hostile one could carry thousands of 8-octet headers. */
const MOST_EXTENSIONS = 16;

const NO_NEXT_HEADER = 59;

/**
 * Narrows the decoder to the packet by its payload length, interns both addresses, and goes on with
 * what it carries. A header that is cut or none is a fault, and no row.
 */
export function decodeIpv6(d: Decoder, at: number): void {
  if (d.end - at < HEADER) {
    d.fault(IPV6_CUT);
    return;
  }
  const view = d.view;
  if (d.bytes[at]! >>> 4 !== 6) {
    d.fault(IPV6_INVALID);
    return;
  }
  let marks = 0;
  let total = view.getUint16(at + 4) + HEADER;
  const onWire = d.wireEnd - at;
  if (total === HEADER && d.bytes[at + 6] !== NO_NEXT_HEADER && onWire > ETHERNET_PADDING) {
    // A jumbogram (RFC 2675) or segmentation offload.
    total = onWire;
    marks = M_OFFLOADED_LENGTH;
  } else if (total > onWire) {
    if (d.depth === 0 || !d.partial) d.fault(IPV6_LENGTH);
    total = onWire;
  }
  const group = view.getInt32(at + 24);
  if (d.linkGroup || group >>> 24 === 0xff) marks |= M_GROUP_DESTINATION;
  d.wireEnd = at + total;
  if (d.end > d.wireEnd) d.end = d.wireEnd;
  d.source = d.addresses.intern(
    view.getInt32(at + 8),
    view.getInt32(at + 12),
    view.getInt32(at + 16),
    view.getInt32(at + 20),
  );
  d.destination = d.addresses.intern(
    group,
    view.getInt32(at + 28),
    view.getInt32(at + 32),
    view.getInt32(at + 36),
  );
  d.family = FAMILY_6;
  d.ipLength = total;
  d.marks = marks;
  const next = d.bytes[at + 6]!;
  if (next === 6 || next === 17) decodeTransport(d, next, at + HEADER, 0);
  else decodeExtensions(d, next, at + HEADER);
}

/** Follows the chain of extension headers to the transport header. */
function decodeExtensions(d: Decoder, first: number, start: number): void {
  let next = first;
  let at = start;
  for (let count = 0; ; count++) {
    if (!isExtension(next)) {
      decodeTransport(d, next, at, 0);
      return;
    }
    if (count === MOST_EXTENSIONS || d.end - at < 8) {
      d.fault(count === MOST_EXTENSIONS ? EXTENSIONS_MANY : EXTENSION_CUT);
      d.marks |= M_NO_TRANSPORT;
      emitPlain(d, next, at, 0);
      return;
    }
    const following = d.bytes[at]!;
    // A fragment header inside a first fragment is odd; one at offset 0 hides nothing.
    const again = next === FRAGMENT && (d.marks & M_FIRST_FRAGMENT) !== 0;
    if (again) d.fault(FRAGMENT_INVALID);
    if (again && (d.view.getUint16(at + 2) & 0xfff8) !== 0) {
      emitPlain(d, next, at, 0);
      return;
    }
    if (next === FRAGMENT && !again && decodeFragmentHeader(d, following, at)) return;
    at += extensionLength(next, d.bytes[at + 1]!);
    if (at > d.wireEnd) {
      d.fault(EXTENSION_CUT);
      d.marks |= M_NO_TRANSPORT;
      emitPlain(d, following, at, 0);
      return;
    }
    next = following;
  }
}

/**
 * Next header (1), reserved (1), offset in 8 octets (13 bits), reserved (2), more (1),
 * identification (4). Returns whether the packet is dealt with; a packet that is its own only
 * fragment (RFC 6946) goes on.
 */
function decodeFragmentHeader(d: Decoder, next: number, at: number): boolean {
  const word = d.view.getUint16(at + 2);
  const offset = word & 0xfff8;
  const more = (word & 1) !== 0;
  if (offset === 0 && !more) return false;
  const length = d.wireEnd - at - 8;
  const id = d.view.getInt32(at + 4);
  d.marks |= fragmentMarks(offset);
  const row =
    offset === 0 ? decodeFirst(d, next, at + 8, id) : emitLaterFragment(d, next, length, id ^ word);
  d.fragments.note(d, row, id, offset, length, more);
  return true;
}

/** The first fragment may hold further extension headers before its transport header. */
function decodeFirst(d: Decoder, next: number, at: number, id: number): number {
  const row = d.rowCount;
  if (mayFollowFragment(next)) {
    decodeExtensions(d, next, at);
    return d.rowCount > row ? row * PACKET_WORDS : -1;
  }
  return decodeTransport(d, next, at, (id ^ (id >>> 16)) & 0xffff || 1);
}
