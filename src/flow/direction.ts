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
import {
  ALONE,
  AskedElsewhere,
  PERHAPS_ANSWER,
  QUESTION,
  TRANSFER_TO_A,
  TRANSFER_TO_B,
} from './asked-elsewhere.ts';
import type { Chunk } from './chunk.ts';
import {
  BY_DECLARED,
  BY_FAN_IN,
  BY_GROUP,
  BY_KNOWN,
  BY_LEARNED,
  BY_MESSAGE,
  BY_PORT_CLASS,
  CERTAIN,
  CLIENT_IS_B,
  FIRST_PACKET,
  LIKELY,
  OTHER_HALF_ELSEWHERE,
} from './decision.ts';
import { EndpointTable } from './endpoint-table.ts';
import { FanIn } from './fan-in.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  MARK_DECLARED,
  R_A,
  R_B,
  R_KIND,
  R_PACKETS_A,
  R_PACKETS_B,
  R_PORTS,
  R_STATE,
  ROW_WORDS,
} from './flow-row.ts';
import {
  accepted,
  bothTookPart,
  byGroup,
  byHandshake,
  byMessage,
  byOpening,
  hasPorts,
  serverPort,
} from './own-evidence.ts';
import { likelyServer, NOBODY, PORT_A } from './port-class.ts';

/** In place of who is the client: the table knows both ends, or none. */
const NEITHER = -1;

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
   * `confidenceOf`, `CLIENT_IS_B` in decision.ts.
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

/** Never certain. */
function byPortClass(ports: number): number {
  const server = likelyServer(ports >>> 16, ports & 0xffff);
  if (server === NOBODY) return FIRST_PACKET;
  return BY_PORT_CLASS | (server === PORT_A ? CLIENT_IS_B : 0) | LIKELY;
}
