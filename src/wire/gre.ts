/**
 * GRE (RFC 2784, RFC 2890) and its PPTP variant (RFC 2637, version 1): flags and version (2),
 * protocol (2), then optional checksum (4), key (4), sequence (4), acknowledgment (4).
 */
import { TUNNEL_GRE } from './context.ts';
import type { Decoder } from './decoder.ts';
import { decodeErspan2, decodeErspan3 } from './erspan.ts';
import { decodeEthernet, decodeEtherType } from './ethernet.ts';
import { TUNNEL_CUT, TUNNEL_INVALID } from './faults.ts';
import { decodePpp } from './ppp.ts';
import { emitPlain } from './transport.ts';

const HEADER = 4;
const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGMENT = 0x0080;

const TRANSPARENT_BRIDGING = 0x6558;
const ERSPAN_1_OR_2 = 0x88be;
const ERSPAN_3 = 0x22eb;
const PPP = 0x880b;

/**
 * Makes GRE's own row and those of what it carries. Returns GRE's row, -1 for a dropped duplicate.
 * @param identification of the IPv4 header around it, 0 for none
 */
export function decodeGre(d: Decoder, at: number, identification: number): number {
  const row = emitPlain(d, 47, at, identification);
  if (row < 0) return row;
  if (d.end - at < HEADER) {
    d.fault(TUNNEL_CUT);
    return row;
  }
  const flags = d.view.getUint16(at);
  const version = flags & 7;
  // Source routing (RFC 1701) was withdrawn; its length cannot be known from here.
  if (version > 1 || (flags & ROUTING) !== 0) {
    d.fault(TUNNEL_INVALID);
    return row;
  }
  let next = at + HEADER;
  if ((flags & CHECKSUM) !== 0) next += 4;
  if ((flags & KEY) !== 0) next += 4;
  if ((flags & SEQUENCE) !== 0) next += 4;
  if (version === 1 && (flags & ACKNOWLEDGMENT) !== 0) next += 4;
  if (next >= d.end) {
    // A PPTP acknowledgment alone carries nothing.
    if (next > d.wireEnd || d.end < d.wireEnd) d.fault(TUNNEL_CUT);
    return row;
  }
  const before = d.rowCount;
  if (d.enter(TUNNEL_GRE, 0)) {
    decodeCarried(d, d.view.getUint16(at + 2), next, (flags & SEQUENCE) !== 0);
    d.leave(row, before);
  }
  return row;
}

function decodeCarried(d: Decoder, protocol: number, at: number, sequenced: boolean): void {
  switch (protocol) {
    case TRANSPARENT_BRIDGING:
      return decodeEthernet(d, at);
    // Type I has no header of its own and no sequence number; type II always has one.
    case ERSPAN_1_OR_2:
      return sequenced ? decodeErspan2(d, at) : decodeEthernet(d, at);
    case ERSPAN_3:
      return decodeErspan3(d, at);
    case PPP:
      return decodePpp(d, at);
    default:
      // Values below 0x600 are not 802.3 lengths here; a keepalive, for one, has protocol 0.
      if (protocol >= 0x600) decodeEtherType(d, protocol, at);
  }
}
