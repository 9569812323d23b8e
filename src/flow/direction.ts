/**
 * Who is client and who is server, with the reason: the first rung of the ladder that applies.
 *
 *   declared              a log says who began: its device saw it
 *   syn, syn-ack, init    who opened the connection was seen
 *   known-service         one end is a listening socket, or a service confirmed elsewhere
 *   group-destination     one end is a multicast or broadcast address: it cannot have opened it
 *   message               a message that only clients, or only servers, send, in this flow or to
 *                         the same endpoint
 *   learned-service       other flows of this input confirmed one end as a service
 *   fan-in                many peers, from many ports, on one port
 *   port-class            a system or user port against an ephemeral one; never makes a service
 *   first-packet          nothing of that: direction unknown, the first sender is named as client
 */
import type { Confidence, DirectionReason } from '../model/flow.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import {
  ALONE,
  AskedElsewhere,
  PERHAPS_ANSWER,
  QUESTION,
  TRANSFER_TO_A,
  TRANSFER_TO_B,
} from './asked-elsewhere.ts';
import type { Chunk } from './chunk.ts';
import { EndpointTable } from './endpoint-table.ts';
import { FanIn } from './fan-in.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  HINT_CLIENT_A,
  HINT_CLIENT_B,
  MARK_ACCEPT_FROM_A,
  MARK_ACCEPT_FROM_B,
  MARK_CUT,
  MARK_DECLARED,
  MARK_GROUP,
  MARK_OPEN_FROM_A,
  MARK_OPEN_FROM_B,
  MARK_OPENER_B,
  MARK_STRAY_ACCEPT,
  R_A,
  R_B,
  R_KIND,
  R_PACKETS_A,
  R_PACKETS_B,
  R_PORTS,
  R_SEEN,
  R_STATE,
  ROW_WORDS,
} from './flow-row.ts';
import { isNewsOfServer } from './message-ports.ts';
import { likelyServer, NOBODY, PORT_A } from './port-class.ts';

const DIRECTION_REASONS: readonly DirectionReason[] = [
  'first-packet',
  'syn',
  'syn-ack',
  'init',
  'known-service',
  'group-destination',
  'message',
  'learned-service',
  'fan-in',
  'port-class',
  'declared',
];

const FIRST_PACKET = 0;
const BY_SYN = 1;
const BY_SYN_ACK = 2;
const BY_INIT = 3;
const BY_KNOWN = 4;
const BY_GROUP = 5;
const BY_MESSAGE = 6;
const BY_LEARNED = 7;
const BY_FAN_IN = 8;
const BY_PORT_CLASS = 9;
const BY_DECLARED = 10;

/** A decision in one octet: reason (bits 0–3), client is B (bit 4), confidence (bits 5–6), and: */
export const CLIENT_IS_B = 16;
/** Its question, or its answer, is another flow: see asked-elsewhere.ts. */
export const OTHER_HALF_ELSEWHERE = 128;
const CERTAIN = 64;
const LIKELY = 32;
/** In place of who is the client: the table knows both ends, or none. */
const NEITHER = -1;

export function reasonOf(decision: number): DirectionReason {
  return DIRECTION_REASONS[decision & 15]!;
}

export function confidenceOf(decision: number): Confidence {
  return (decision & CERTAIN) !== 0 ? 'certain' : (decision & LIKELY) !== 0 ? 'likely' : 'unknown';
}

/** History bits of a side, as history.ts numbers its letters. */
const SAW_SYN = 1;
const SAW_SYN_ACK = 2;
const SAW_ACK_OR_DATA = 4 | 8;
const SAW_RST = 32;

/** Endpoints known to be services before the input was read (listening sockets, earlier runs). */
export type KnownServices = (address: number, port: number, kind: number) => boolean;

/** Endpoints that payloads showed to serve (flow/heard.ts). */
export type HeardServices = KnownServices;

/** The rows of one table, and what `learn` returned for them, which `decide` completes. */
export interface LearnedRows {
  readonly chunks: readonly Chunk[];
  readonly count: number;
  readonly decisions: Uint8Array;
}

/** Services learned at most; flows of further ones are decided by the other rungs. */
const MOST_SERVICES = 1 << 20;
/** Rows looked up together, so that the processor waits for their memory at the same time. */
const RUN = 64;

/** Decides flows; first learns from all of them, then decides each. */
export class DirectionLadder {
  /** Endpoints confirmed as services: a handshake answered, or a reply to a request. */
  readonly services: EndpointTable;
  private readonly known: KnownServices | undefined;
  private readonly seed: number;
  private readonly elsewhere: AskedElsewhere;
  /** Means nothing; see `byServices`. */
  touchedSum = 0;

  constructor(known?: KnownServices, seed = 0) {
    this.known = known;
    this.seed = seed;
    this.services = new EndpointTable(seed);
    this.elsewhere = new AskedElsewhere(seed);
  }

  /**
   * Learns confirmed services from rows `0` to `count - 1`. Returns what each row's own packets
   * say, for `decide` to complete.
   */
  learn(chunks: readonly Chunk[], count: number): Uint8Array {
    const decisions = new Uint8Array(count);
    for (let row = 0; row < count; row++) {
      const words = chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      const decision = this.ownEvidence(words, base);
      decisions[row] = decision;
      this.elsewhere.learn(words, base);
      if (words[base + R_PACKETS_A] === 0 || words[base + R_PACKETS_B] === 0) continue;
      if ((decision & CERTAIN) === 0 || (decision & 15) === BY_GROUP) continue;
      const port = serverPort(words, base, decision);
      const clientPort = serverPort(words, base, decision ^ CLIENT_IS_B);
      // Two ends on the same port (NTP peers, old DNS): a client looks like a service there.
      if (port === clientPort) continue;
      if (!hasPorts(words, base) || !accepted(words, base, decision)) continue;
      const server = words[base + ((decision & CLIENT_IS_B) === 0 ? R_B : R_A)]!;
      if (this.services.count < MOST_SERVICES) {
        this.services.intern(server, port, words[base + R_KIND]!);
      }
    }
    return decisions;
  }

  /**
   * Decides the rows that their own packets leave open. Each becomes an octet: see `reasonOf`,
   * `confidenceOf`, `CLIENT_IS_B`.
   *
   * @param fanIn look for endpoints with fan-in among what learned services leave open, too; see
   *   fan-in.ts
   * @param heard the endpoints that payloads of the whole input showed to serve
   */
  decide(parts: readonly LearnedRows[], fanIn: boolean, heard?: HeardServices): void {
    const open = parts.map((part) => this.byServices(part, heard));
    const fanned = fanIn ? servicesByFanIn(this.seed, parts, open) : undefined;
    parts.forEach((part, index) => {
      decideRest(part, open[index]!, fanned);
    });
    if (this.elsewhere.any) this.joinHalves(parts);
  }

  /** Marks flows whose question or answer is another flow. */
  private joinHalves(parts: readonly LearnedRows[]): void {
    const { elsewhere } = this;
    for (const { chunks, count } of parts) {
      for (let row = 0; row < count; row++) {
        elsewhere.survey(chunks[row >>> CHUNK_SHIFT]!.words, (row & CHUNK_MASK) * ROW_WORDS);
      }
    }
    for (const { chunks, count, decisions } of parts) {
      for (let row = 0; row < count; row++) {
        const words = chunks[row >>> CHUNK_SHIFT]!.words;
        const half = elsewhere.judge(words, (row & CHUNK_MASK) * ROW_WORDS);
        if (half !== ALONE) decisions[row] = joined(decisions[row]!, half);
      }
    }
  }

  /** What the flow's own packets, and what was known before, say; `FIRST_PACKET` if nothing. */
  private ownEvidence(words: Int32Array, base: number): number {
    if ((words[base + R_STATE]! & MARK_DECLARED) !== 0) return BY_DECLARED | CERTAIN;
    const protocol = words[base + R_KIND]! & 0xff;
    let opened = FIRST_PACKET;
    if (protocol === 6) opened = byHandshake(words, base);
    else if (protocol === 132 || protocol === 33) opened = byOpening(words, base);
    if (opened !== FIRST_PACKET) return opened;
    const message = byMessage(words, base, protocol);
    if (this.known !== undefined && hasPorts(words, base)) {
      const decision = this.byKnownService(words, base, protocol, message);
      if (decision !== FIRST_PACKET) return decision;
    }
    const group = byGroup(words, base, protocol, message);
    return group === FIRST_PACKET ? message : group;
  }

  /**
   * A listening TCP socket is a server's; a bound UDP socket may be a client's too (a resolver, a
   * DHCP client), so a formal message outweighs it.
   */
  private byKnownService(
    words: Int32Array,
    base: number,
    protocol: number,
    message: number,
  ): number {
    const ports = words[base + R_PORTS]!;
    const kind = words[base + R_KIND]!;
    const a = this.known!(words[base + R_A]!, ports >>> 16, kind);
    const b = this.known!(words[base + R_B]!, ports & 0xffff, kind);
    if (a === b) return FIRST_PACKET;
    const client = a ? CLIENT_IS_B : 0;
    if (protocol !== 17) return BY_KNOWN | client | CERTAIN;
    if ((message & CERTAIN) === 0) return BY_KNOWN | client | LIKELY;
    return (message & CLIENT_IS_B) === client ? BY_KNOWN | client | CERTAIN : message;
  }

  /** Decides rows by the learned services; returns the numbers of those with ports that stay open. */
  private byServices(
    { chunks, count, decisions }: LearnedRows,
    heard: HeardServices | undefined,
  ): Int32Array {
    const { services } = this;
    // Zeros that are never written take no memory.
    const left = new Int32Array(count);
    let found = 0;
    let touched = 0;
    for (let from = 0, row = 0; row < count; from = found) {
      for (; row < count && found < from + RUN; row++) {
        if (decisions[row] !== FIRST_PACKET) continue;
        const words = chunks[row >>> CHUNK_SHIFT]!.words;
        const base = (row & CHUNK_MASK) * ROW_WORDS;
        if (!hasPorts(words, base)) continue;
        const ports = words[base + R_PORTS]!;
        const kind = words[base + R_KIND]!;
        touched ^= services.touch(words[base + R_A]!, ports >>> 16, kind);
        touched ^= services.touch(words[base + R_B]!, ports & 0xffff, kind);
        left[found++] = row;
      }
      const to = found;
      found = from;
      for (let next = from; next < to; next++) {
        const at = left[next]!;
        const words = chunks[at >>> CHUNK_SHIFT]!.words;
        const base = (at & CHUNK_MASK) * ROW_WORDS;
        const side = oneSide(words, base, services);
        if (side !== NEITHER) {
          decisions[at] = BY_LEARNED | side | LIKELY;
          continue;
        }
        const told = heard === undefined ? NEITHER : byHeard(words, base, heard);
        if (told === NEITHER) left[found++] = at;
        else decisions[at] = BY_MESSAGE | told | LIKELY;
      }
    }
    // Kept, so that the loads are not optimised away.
    this.touchedSum = touched;
    return left.subarray(0, found);
  }
}

/** The decision of a flow, see asked-elsewhere.ts for `half`. */
function joined(decision: number, half: number): number {
  if (half === QUESTION) return decision | OTHER_HALF_ELSEWHERE;
  const certain = (decision & CERTAIN) !== 0;
  const transfer = BY_MESSAGE | LIKELY | OTHER_HALF_ELSEWHERE;
  // A log may have said otherwise.
  if (half === TRANSFER_TO_A) return certain ? decision : transfer;
  if (half === TRANSFER_TO_B) return certain ? decision : transfer | CLIENT_IS_B;
  const reason = decision & 15;
  const answers = (decision & CLIENT_IS_B) !== 0;
  if (reason === BY_MESSAGE) return answers ? decision | OTHER_HALF_ELSEWHERE : decision;
  if (half === PERHAPS_ANSWER || certain) return decision;
  return BY_MESSAGE | LIKELY | CLIENT_IS_B | OTHER_HALF_ELSEWHERE;
}

/** Decides the rows that learned services leave open: by fan-in, else by their ports. */
function decideRest(
  { chunks, decisions }: LearnedRows,
  open: Int32Array,
  fanned: EndpointTable | undefined,
): void {
  const any = fanned !== undefined && fanned.count > 0;
  for (let next = 0; next < open.length; next++) {
    const row = open[next]!;
    const words = chunks[row >>> CHUNK_SHIFT]!.words;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    const side = any ? oneSide(words, base, fanned) : NEITHER;
    decisions[row] =
      side === NEITHER ? byPortClass(words[base + R_PORTS]!) : BY_FAN_IN | side | LIKELY;
  }
}

/** Endpoints with fan-in among the open rows; undefined when there are none. */
function servicesByFanIn(
  seed: number,
  parts: readonly LearnedRows[],
  open: readonly Int32Array[],
): EndpointTable | undefined {
  const answered = parts.map(({ chunks }, index) => ({
    chunks,
    rows: answeredOf(chunks, open[index]!),
  }));
  if (answered.every(({ rows }) => rows.length === 0)) return undefined;
  const fanIn = new FanIn(seed);
  for (const { chunks, rows } of answered) fanIn.survey(chunks, rows);
  const entries = answered.map(({ chunks, rows }) => fanIn.count(chunks, rows));
  fanIn.allot();
  answered.forEach(({ chunks, rows }, index) => {
    fanIn.collect(chunks, rows, entries[index]!);
  });
  return fanIn.services();
}

/** Only answered flows: unanswered ones are a scanner's, whose source port would qualify. */
function answeredOf(chunks: readonly Chunk[], rows: Int32Array): Int32Array {
  const answered = new Int32Array(rows.length);
  let found = 0;
  for (let next = 0; next < rows.length; next++) {
    const row = rows[next]!;
    const words = chunks[row >>> CHUNK_SHIFT]!.words;
    if (bothTookPart(words, (row & CHUNK_MASK) * ROW_WORDS)) answered[found++] = row;
  }
  return answered.subarray(0, found);
}

/** `CLIENT_IS_B` if A alone is in the table, 0 if B alone is, `NEITHER` otherwise. */
function oneSide(words: Int32Array, base: number, table: EndpointTable): number {
  const ports = words[base + R_PORTS]!;
  const kind = words[base + R_KIND]!;
  const a = table.find(words[base + R_A]!, ports >>> 16, kind) >= 0;
  const b = table.find(words[base + R_B]!, ports & 0xffff, kind) >= 0;
  if (a === b) return NEITHER;
  return a ? CLIENT_IS_B : 0;
}

/** The same by what payloads showed. */
function byHeard(words: Int32Array, base: number, heard: HeardServices): number {
  const ports = words[base + R_PORTS]!;
  const kind = words[base + R_KIND]!;
  const a = heard(words[base + R_A]!, ports >>> 16, kind);
  const b = heard(words[base + R_B]!, ports & 0xffff, kind);
  if (a === b) return NEITHER;
  return a ? CLIENT_IS_B : 0;
}

/** Whether the row's ports are ports, and known. */
function hasPorts(words: Int32Array, base: number): boolean {
  if (words[base + R_PORTS] === 0) return false;
  const protocol = words[base + R_KIND]! & 0xff;
  return protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33;
}

/** Whether both ends sent; an RST is no conversation, but the answer to many a scan. */
function bothTookPart(words: Int32Array, base: number): boolean {
  if (words[base + R_PACKETS_A] === 0 || words[base + R_PACKETS_B] === 0) return false;
  if ((words[base + R_KIND]! & 0xff) !== 6 || (words[base + R_STATE]! & MARK_CUT) !== 0)
    return true;
  const seen = words[base + R_SEEN]!;
  return (seen & SAW_ACK_OR_DATA) !== 0 && ((seen >>> 8) & SAW_ACK_OR_DATA) !== 0;
}

/** The port of the server under a decision. */
function serverPort(words: Int32Array, base: number, decision: number): number {
  const ports = words[base + R_PORTS]!;
  return (decision & CLIENT_IS_B) === 0 ? ports & 0xffff : ports >>> 16;
}

/** Whether the server took the connection: an RST or ABORT answers too, and is no service. */
function accepted(words: Int32Array, base: number, decision: number): boolean {
  const protocol = words[base + R_KIND]! & 0xff;
  const serverIsB = (decision & CLIENT_IS_B) === 0;
  if (protocol === 6) {
    return ((words[base + R_SEEN]! >>> (serverIsB ? 8 : 0)) & SAW_SYN_ACK) !== 0;
  }
  if (protocol === 17) return true;
  return (words[base + R_STATE]! & (serverIsB ? MARK_ACCEPT_FROM_B : MARK_ACCEPT_FROM_A)) !== 0;
}

function byHandshake(words: Int32Array, base: number): number {
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

function byOpening(words: Int32Array, base: number): number {
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
function byGroup(words: Int32Array, base: number, protocol: number, message: number): number {
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
function byMessage(words: Int32Array, base: number, protocol: number): number {
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

/** Never certain. */
function byPortClass(ports: number): number {
  const server = likelyServer(ports >>> 16, ports & 0xffff);
  if (server === NOBODY) return FIRST_PACKET;
  return BY_PORT_CLASS | (server === PORT_A ? CLIENT_IS_B : 0) | LIKELY;
}
