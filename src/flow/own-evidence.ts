/**
 * What the packets of a flow say by themselves of who is its client: handshakes, group addresses,
 * messages that only clients or only servers send. Each function returns a decision (decision.ts) of
 * the flow row at `base` of `words`, `FIRST_PACKET` where it knows nothing.
 */

import { FAMILY_6 } from '../wire/packet-batch.ts';
import {
  BY_GROUP,
  BY_INIT,
  BY_MESSAGE,
  BY_SYN,
  BY_SYN_ACK,
  CERTAIN,
  CLIENT_IS_B,
  FIRST_PACKET,
  LIKELY,
} from './decision.ts';
import {
  HINT_CLIENT_A,
  HINT_CLIENT_B,
  MARK_ACCEPT_FROM_A,
  MARK_ACCEPT_FROM_B,
  MARK_CUT,
  MARK_GROUP,
  MARK_OPEN_FROM_A,
  MARK_OPEN_FROM_B,
  MARK_OPENER_B,
  MARK_STRAY_ACCEPT,
  R_B,
  R_KIND,
  R_PACKETS_A,
  R_PACKETS_B,
  R_PORTS,
  R_SEEN,
  R_STATE,
} from './flow-row.ts';
import { isNewsOfServer } from './message-ports.ts';

/** History bits of a side, as history.ts numbers its letters. */
const SAW_SYN = 1;
const SAW_SYN_ACK = 2;
const SAW_ACK_OR_DATA = 4 | 8;
const SAW_RST = 32;

/** Whether the row's ports are ports, and known. */
export function hasPorts(words: Int32Array, base: number): boolean {
  if (words[base + R_PORTS] === 0) return false;
  const protocol = words[base + R_KIND]! & 0xff;
  return protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33;
}

/** Whether both ends sent; an RST is no conversation, but the answer to many a scan. */
export function bothTookPart(words: Int32Array, base: number): boolean {
  if (words[base + R_PACKETS_A] === 0 || words[base + R_PACKETS_B] === 0) return false;
  if ((words[base + R_KIND]! & 0xff) !== 6 || (words[base + R_STATE]! & MARK_CUT) !== 0)
    return true;
  const seen = words[base + R_SEEN]!;
  return (seen & SAW_ACK_OR_DATA) !== 0 && ((seen >>> 8) & SAW_ACK_OR_DATA) !== 0;
}

/** The port of the server under a decision. */
export function serverPort(words: Int32Array, base: number, decision: number): number {
  const ports = words[base + R_PORTS]!;
  return (decision & CLIENT_IS_B) === 0 ? ports & 0xffff : ports >>> 16;
}

/** Whether the server took the connection: an RST or ABORT answers too, and is no service. */
export function accepted(words: Int32Array, base: number, decision: number): boolean {
  const protocol = words[base + R_KIND]! & 0xff;
  const serverIsB = (decision & CLIENT_IS_B) === 0;
  if (protocol === 6) {
    return ((words[base + R_SEEN]! >>> (serverIsB ? 8 : 0)) & SAW_SYN_ACK) !== 0;
  }
  if (protocol === 17) return true;
  return (words[base + R_STATE]! & (serverIsB ? MARK_ACCEPT_FROM_B : MARK_ACCEPT_FROM_A)) !== 0;
}

/** `FIRST_PACKET` where no SYN or SYN-ACK tells. */
export function byHandshake(words: Int32Array, base: number): number {
  const seen = words[base + R_SEEN]!;
  const state = words[base + R_STATE]!;
  const a = seen & 0xff;
  const b = (seen >>> 8) & 0xff;
  const synA = (a & SAW_SYN) !== 0;
  const synB = (b & SAW_SYN) !== 0;
  if (synA !== synB) {
    // Who goes on talking without a SYN-ACK does not answer this SYN: it may be a stray one.
    const other = synA ? b : a;
    const fits = (other & SAW_SYN_ACK) !== 0 || (other & ~SAW_RST) === 0;
    return BY_SYN | (synB ? CLIENT_IS_B : 0) | (fits ? CERTAIN : LIKELY);
  }
  // Both sent a SYN: a simultaneous open; the earlier one counts.
  if (synA) return BY_SYN | ((state & MARK_OPENER_B) !== 0 ? CLIENT_IS_B : 0) | LIKELY;
  const acceptA = (a & SAW_SYN_ACK) !== 0;
  const acceptB = (b & SAW_SYN_ACK) !== 0;
  if (acceptA === acceptB) return FIRST_PACKET;
  // A SYN-ACK that nothing followed may be a stealth scan, or a one-way mirror: not certain.
  const other = acceptA ? b : a;
  const followed = (other & SAW_ACK_OR_DATA) !== 0 && (state & MARK_STRAY_ACCEPT) === 0;
  return BY_SYN_ACK | (acceptA ? CLIENT_IS_B : 0) | (followed ? CERTAIN : LIKELY);
}

/** The same of SCTP and DCCP, by INIT and REQUEST. */
export function byOpening(words: Int32Array, base: number): number {
  const state = words[base + R_STATE]!;
  const openA = (state & (MARK_OPEN_FROM_A | MARK_ACCEPT_FROM_B)) !== 0;
  const openB = (state & (MARK_OPEN_FROM_B | MARK_ACCEPT_FROM_A)) !== 0;
  if (openA === openB) return FIRST_PACKET;
  // An answer to nothing, which nothing followed, is like a lone SYN-ACK.
  const asked = (state & (openA ? MARK_OPEN_FROM_A : MARK_OPEN_FROM_B)) !== 0;
  const certain = asked || words[base + (openA ? R_PACKETS_A : R_PACKETS_B)] !== 0;
  return BY_INIT | (openB ? CLIENT_IS_B : 0) | (certain ? CERTAIN : LIKELY);
}

/**
 * A group address never sends, so whoever sent to it began. Sent to a group address of the link
 * alone it may be an answer that was flooded, or a cluster that shares an address.
 */
export function byGroup(
  words: Int32Array,
  base: number,
  protocol: number,
  message: number,
): number {
  if ((words[base + R_STATE]! & MARK_GROUP) === 0 || words[base + R_PACKETS_B] !== 0) {
    return FIRST_PACKET;
  }
  if (protocol === 6) return FIRST_PACKET;
  if ((message & CLIENT_IS_B) !== 0) {
    // An answer to all: of a server (DHCP) when ports tell the two ends apart.
    const ports = words[base + R_PORTS]!;
    return ports >>> 16 === (ports & 0xffff) ? BY_GROUP | LIKELY : FIRST_PACKET;
  }
  return BY_GROUP | (isGroup(words, base) ? CERTAIN : LIKELY);
}

/** Whether B is a group address by itself: IPv4 multicast, broadcast, or what looks like one. */
function isGroup(words: Int32Array, base: number): boolean {
  if ((words[base + R_KIND]! & FAMILY_6) !== 0) return true;
  const address = words[base + R_B]!;
  return address >>> 28 === 14 || (address & 0xff) === 0xff;
}

/** Hints of formal message fields can be certain, those of text and of TLS in mid-stream likely. */
export function byMessage(words: Int32Array, base: number, protocol: number): number {
  if (protocol === 1 || protocol === 58) return byIcmp(words, base);
  const seen = words[base + R_SEEN]!;
  const hint = (seen >>> 16) & 0xff;
  const clients = seen & (HINT_CLIENT_A | HINT_CLIENT_B);
  // Both ends ask, or both answer: they are equals, or it is another protocol.
  if (hint === 0 || clients === (HINT_CLIENT_A | HINT_CLIENT_B)) return FIRST_PACKET;
  const clientIsB = clients === HINT_CLIENT_B;
  const client = clientIsB ? CLIENT_IS_B : 0;
  if (!isNewsOfServer(hint, serverPort(words, base, client))) return FIRST_PACKET;
  const asked = (hint & 3) === 1;
  const clientSent = words[base + (clientIsB ? R_PACKETS_B : R_PACKETS_A)] !== 0;
  // An answer that nobody asked for may be forged, or seen from one side only.
  const certain = protocol !== 6 && (asked || clientSent);
  return BY_MESSAGE | client | (certain ? CERTAIN : LIKELY);
}

/** A sent the first message. One that neither asks nor answers is its sender's own. */
function byIcmp(words: Int32Array, base: number): number {
  const ports = words[base + R_PORTS]!;
  // Cut before the type could be read.
  if (ports === 0) return FIRST_PACKET;
  const clients = words[base + R_SEEN]! & (HINT_CLIENT_A | HINT_CLIENT_B);
  if (clients === HINT_CLIENT_B) {
    return BY_MESSAGE | CLIENT_IS_B | (words[base + R_PACKETS_B] !== 0 ? CERTAIN : LIKELY);
  }
  const answer = clients === 0 && mayBeAnswer(words[base + R_KIND]! & 0xff, ports >>> 16);
  return BY_MESSAGE | (answer ? LIKELY : CERTAIN);
}

/** Advertisements and reports answer, but are sent unasked as well (RFC 1256, 2710, 4861). */
function mayBeAnswer(protocol: number, type: number): boolean {
  return protocol === 1 ? type === 9 : type === 131 || type === 134 || type === 136;
}
