/**
 * Who is client and who is server, with the reason: the first rung of the ladder that applies.
 *
 *   syn, syn-ack, init    who opened the connection was seen
 *   known-service         one end is a listening socket, or a service confirmed elsewhere
 *   group-destination     one end is a multicast or broadcast address: it cannot be the client
 *   message               a message that only clients, or only servers, send
 *   learned-service       other flows of this input confirmed one end as a service
 *   fan-in                many peers, from many ports, on one port
 *   port-class            a system or user port against an ephemeral one; never makes a service
 *   first-packet          nothing of that: direction unknown, the first sender is named as client
 */
import type { Confidence, DirectionReason } from '../model/flow.ts';
import { Crowds } from './crowds.ts';
import { Column, EndpointTable } from './endpoint-table.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  MARK_ACCEPT_FROM_A,
  MARK_ACCEPT_FROM_B,
  MARK_GROUP,
  MARK_HINT_FROM_B,
  MARK_OPEN_FROM_A,
  MARK_OPEN_FROM_B,
  MARK_OPENER_B,
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
import type { Chunk } from './flow-table.ts';

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

/** A decision in one octet: reason (bits 0–3), client is B (bit 4), confidence (bits 5–6). */
export const CLIENT_IS_B = 16;
const CERTAIN = 64;
const LIKELY = 32;

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

/** Endpoints known to be services before the input was read (listening sockets, earlier runs). */
export type KnownServices = (address: number, port: number, kind: number) => boolean;

/** The rows of one table. */
interface Rows {
  readonly chunks: readonly Chunk[];
  readonly count: number;
}

/**
 * First dynamic port (RFC 6335). Linux's clients start at 32768, but so many services and other
 * systems' clients lie between that a guess there is wrong too often.
 */
const EPHEMERAL = 49152;
const SYSTEM = 1024;

/** Decides flows; first learns from all of them, then decides each. */
export class DirectionLadder {
  /** Endpoints confirmed as services: a handshake answered, or a reply to a request. */
  readonly services: EndpointTable;
  private readonly known: KnownServices | undefined;
  private readonly fanned: EndpointTable;
  private readonly seed: number;

  constructor(known?: KnownServices, seed = 0) {
    this.known = known;
    this.services = new EndpointTable(seed);
    this.seed = seed;
    this.fanned = new EndpointTable(seed);
  }

  /** Learns confirmed services from rows `0` to `count - 1`. */
  learn(chunks: readonly Chunk[], count: number): void {
    for (let row = 0; row < count; row++) {
      const words = chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      if (words[base + R_PACKETS_A] === 0 || words[base + R_PACKETS_B] === 0) continue;
      const decision = this.ownEvidence(words, base);
      if ((decision & CERTAIN) === 0 || (decision & 15) === BY_GROUP) continue;
      const port = serverPort(words, base, decision);
      const clientPort = serverPort(words, base, decision ^ CLIENT_IS_B);
      // Two ends on the same port (NTP peers, old DNS): a client looks like a service there.
      if (port === clientPort) continue;
      const protocol = words[base + R_KIND]! & 0xff;
      if (protocol === 6 && !accepted(words, base, decision)) continue;
      if (protocol === 1 || protocol === 58) continue;
      const server = words[base + ((decision & CLIENT_IS_B) === 0 ? R_B : R_A)]!;
      this.services.intern(server, port, words[base + R_KIND]!);
    }
  }

  /**
   * Finds endpoints with fan-in among flows that their own packets and the learned services leave
   * undecided; see crowds.ts.
   */
  learnFanIn(parts: readonly Rows[]): void {
    // Needed here only, and large: to be forgotten afterwards.
    const candidates = new EndpointTable(this.seed);
    const candidateFlows = new Column();
    this.eachUndecided(parts, (words, base) => {
      for (let side = 0; side < 2; side++) {
        const port = side === 0 ? words[base + R_PORTS]! >>> 16 : words[base + R_PORTS]! & 0xffff;
        const entry = candidates.intern(words[base + R_A + side]!, port, words[base + R_KIND]!);
        candidateFlows.add(entry, 1);
      }
    });
    const crowds = new Crowds(candidateFlows);
    this.eachUndecided(parts, (words, base) => {
      for (let side = 0; side < 2; side++) {
        const ports = words[base + R_PORTS]!;
        const entry = candidates.find(
          words[base + R_A + side]!,
          side === 0 ? ports >>> 16 : ports & 0xffff,
          words[base + R_KIND]!,
        );
        if (entry < 0) continue;
        const peer = words[base + (side === 0 ? R_B : R_A)]!;
        crowds.note(entry, peer, side === 0 ? ports & 0xffff : ports >>> 16);
      }
    });
    for (let entry = 0; entry < candidates.count; entry++) {
      if (!crowds.isFanIn(entry)) continue;
      this.fanned.intern(candidates.address(entry), candidates.port(entry), candidates.kind(entry));
    }
  }

  /** The decision for one row, as an octet; see `reasonOf`, `confidenceOf`, `CLIENT_IS_B`. */
  decide(words: Int32Array, base: number): number {
    const own = this.ownEvidence(words, base);
    if (own !== FIRST_PACKET) return own;
    if (!hasPorts(words, base)) return FIRST_PACKET;
    const learned = this.oneSide(words, base, this.services);
    if (learned !== 0) return BY_LEARNED | learned | LIKELY;
    const fanned = this.oneSide(words, base, this.fanned);
    if (fanned !== 0) return BY_FAN_IN | fanned | LIKELY;
    return byPortClass(words[base + R_PORTS]!);
  }

  /** What the flow's own packets, and what was known before, say; `FIRST_PACKET` if nothing. */
  private ownEvidence(words: Int32Array, base: number): number {
    const state = words[base + R_STATE]!;
    const seen = words[base + R_SEEN]!;
    const protocol = words[base + R_KIND]! & 0xff;
    if (protocol === 6) {
      const decision = byHandshake(seen, state);
      if (decision !== FIRST_PACKET) return decision;
    } else if (protocol === 132 || protocol === 33) {
      const decision = byOpening(state);
      if (decision !== FIRST_PACKET) return decision;
    }
    if (this.known !== undefined && hasPorts(words, base)) {
      const decision = this.byKnownService(words, base);
      if (decision !== FIRST_PACKET) return decision;
    }
    if ((state & MARK_GROUP) !== 0) return BY_GROUP | CERTAIN;
    return byMessage(seen, state, protocol);
  }

  private byKnownService(words: Int32Array, base: number): number {
    const ports = words[base + R_PORTS]!;
    const kind = words[base + R_KIND]!;
    const a = this.known!(words[base + R_A]!, ports >>> 16, kind);
    const b = this.known!(words[base + R_B]!, ports & 0xffff, kind);
    if (a === b) return FIRST_PACKET;
    return BY_KNOWN | (a ? CLIENT_IS_B : 0) | CERTAIN;
  }

  /** `CLIENT_IS_B` if A alone is in the table, 128 if B alone is, 0 otherwise. */
  private oneSide(words: Int32Array, base: number, table: EndpointTable): number {
    const ports = words[base + R_PORTS]!;
    const kind = words[base + R_KIND]!;
    const a = table.find(words[base + R_A]!, ports >>> 16, kind) >= 0;
    const b = table.find(words[base + R_B]!, ports & 0xffff, kind) >= 0;
    if (a === b) return 0;
    return a ? CLIENT_IS_B : 128;
  }

  private eachUndecided(
    parts: readonly Rows[],
    visit: (words: Int32Array, base: number) => void,
  ): void {
    for (const { chunks, count } of parts) {
      for (let row = 0; row < count; row++) {
        const words = chunks[row >>> CHUNK_SHIFT]!.words;
        const base = (row & CHUNK_MASK) * ROW_WORDS;
        // Only answered flows: unanswered ones are a scanner's, whose source port would qualify.
        if (words[base + R_PACKETS_A] === 0 || words[base + R_PACKETS_B] === 0) continue;
        if (!hasPorts(words, base) || this.ownEvidence(words, base) !== FIRST_PACKET) continue;
        if (this.oneSide(words, base, this.services) === 0) visit(words, base);
      }
    }
  }
}

function hasPorts(words: Int32Array, base: number): boolean {
  const protocol = words[base + R_KIND]! & 0xff;
  return protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33;
}

/** The port of the server under a decision. */
function serverPort(words: Int32Array, base: number, decision: number): number {
  const ports = words[base + R_PORTS]!;
  return (decision & CLIENT_IS_B) === 0 ? ports & 0xffff : ports >>> 16;
}

/** Whether the server of a TCP flow sent a SYN-ACK. */
function accepted(words: Int32Array, base: number, decision: number): boolean {
  const shift = (decision & CLIENT_IS_B) === 0 ? 8 : 0;
  return ((words[base + R_SEEN]! >>> shift) & SAW_SYN_ACK) !== 0;
}

function byHandshake(seen: number, state: number): number {
  const a = seen & 0xff;
  const b = (seen >>> 8) & 0xff;
  const synA = (a & SAW_SYN) !== 0;
  const synB = (b & SAW_SYN) !== 0;
  if (synA !== synB) return BY_SYN | (synB ? CLIENT_IS_B : 0) | CERTAIN;
  // Both sent a SYN: a simultaneous open; the earlier one counts.
  if (synA) return BY_SYN | ((state & MARK_OPENER_B) !== 0 ? CLIENT_IS_B : 0) | LIKELY;
  const acceptA = (a & SAW_SYN_ACK) !== 0;
  const acceptB = (b & SAW_SYN_ACK) !== 0;
  if (acceptA === acceptB) return FIRST_PACKET;
  // A SYN-ACK that nothing followed may be a stealth scan, or a one-way mirror: not certain.
  const other = acceptA ? b : a;
  const followed = (other & SAW_ACK_OR_DATA) !== 0;
  return BY_SYN_ACK | (acceptA ? CLIENT_IS_B : 0) | (followed ? CERTAIN : LIKELY);
}

function byOpening(state: number): number {
  const openA = (state & (MARK_OPEN_FROM_A | MARK_ACCEPT_FROM_B)) !== 0;
  const openB = (state & (MARK_OPEN_FROM_B | MARK_ACCEPT_FROM_A)) !== 0;
  if (openA === openB) return FIRST_PACKET;
  return BY_INIT | (openB ? CLIENT_IS_B : 0) | CERTAIN;
}

/** Hints of formal message fields are certain, those of text and of TLS in mid-stream likely. */
function byMessage(seen: number, state: number, protocol: number): number {
  const hint = (seen >>> 16) & 0xff;
  const direction = hint & 3;
  if (direction === 0) {
    // An ICMP message that is no answer is its sender's own.
    return protocol === 1 || protocol === 58 ? BY_MESSAGE | CERTAIN : FIRST_PACKET;
  }
  const fromB = (state & MARK_HINT_FROM_B) !== 0;
  const clientIsB = fromB === (direction === 1);
  const confidence = protocol === 6 ? LIKELY : CERTAIN;
  return BY_MESSAGE | (clientIsB ? CLIENT_IS_B : 0) | confidence;
}

/** System below user below ephemeral: the lower class is the server. */
function byPortClass(ports: number): number {
  const a = portClass(ports >>> 16);
  const b = portClass(ports & 0xffff);
  if (a === b) return FIRST_PACKET;
  return BY_PORT_CLASS | (a < b ? CLIENT_IS_B : 0) | LIKELY;
}

function portClass(port: number): number {
  if (port < SYSTEM) return 0;
  return port < EPHEMERAL ? 1 : 2;
}
