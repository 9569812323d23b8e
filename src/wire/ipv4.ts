/**
 * IPv4 (RFC 791 section 3.1).
 *
 * Offsets: version and header length 0, total length 2, identification 4, flags and fragment
 * offset 6, TTL 8, protocol 9, checksum 10, source 12, destination 16, options 20.
 */
import type { Decoder } from './decoder.ts';
import { IPV4_CUT, IPV4_INVALID, IPV4_LENGTH } from './faults.ts';
import { fragmentMarks } from './fragments.ts';
import { M_GROUP_DESTINATION, M_OFFLOADED_LENGTH } from './packet-batch.ts';
import { decodeTransport, emitLaterFragment } from './transport.ts';

const HEADER = 20;
const MORE_FRAGMENTS = 0x2000;
const OFFSET = 0x1fff;

/**
 * Narrows the decoder to the packet by its total length, where that is plausible, and goes on with
 * what it carries. A header that is cut or none is a fault, and no row.
 */
export function decodeIpv4(d: Decoder, at: number): void {
  if (d.end - at < HEADER) {
    d.fault(IPV4_CUT);
    return;
  }
  const view = d.view;
  const first = view.getInt32(at);
  const headerLength = (first >>> 22) & 0x3c;
  if (first >>> 28 !== 4 || headerLength < HEADER) {
    d.fault(IPV4_INVALID);
    return;
  }
  let marks = 0;
  let total = first & 0xffff;
  const onWire = d.wireEnd - at;
  if (total > onWire) {
    // Inside a first fragment it is no fault: the rest is in the others, charged to the tunnel.
    if (d.depth === 0 || !d.partial) d.fault(IPV4_LENGTH);
    total = onWire;
  } else if (total === 0) {
    // Segmentation offload: the network card would have filled the length in.
    total = onWire;
    marks = M_OFFLOADED_LENGTH;
  }
  if (total < headerLength) {
    d.fault(IPV4_LENGTH);
    return;
  }
  const identification = view.getInt32(at + 4);
  const destination = view.getInt32(at + 16);
  if (d.linkGroup || destination >>> 28 === 14 || destination === -1) marks |= M_GROUP_DESTINATION;
  d.wireEnd = at + total;
  if (d.end > d.wireEnd) d.end = d.wireEnd;
  d.source = view.getInt32(at + 12);
  d.destination = destination;
  d.family = 0;
  d.ipLength = total;
  d.marks = marks;
  const protocol = d.bytes[at + 9]!;
  if ((identification & (MORE_FRAGMENTS | OFFSET)) === 0) {
    decodeTransport(d, protocol, at + headerLength, identification >>> 16);
    return;
  }
  decodeFragment(d, protocol, at + headerLength, identification);
}

function decodeFragment(d: Decoder, protocol: number, at: number, word: number): void {
  const offset = (word & OFFSET) << 3;
  const length = d.wireEnd - at;
  d.marks |= fragmentMarks(offset);
  const row =
    offset === 0
      ? decodeTransport(d, protocol, at, word >>> 16)
      : emitLaterFragment(d, protocol, length, word);
  d.fragments.note(d, row, word >>> 16, offset, length, (word & MORE_FRAGMENTS) !== 0);
}
