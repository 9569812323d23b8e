/**
 * What detectors need of single flows, gathered while they pass: attempts that failed, hosts that
 * were pinged in vain, ports that a pair of hosts used once, answers nobody asked for, uses across
 * zones. An ordinary answered flow costs two or three loads; what is gathered is bounded: 8 lists
 * of at most 14 MB, mostly far below.
 */
import type { AddressPool } from '../../net/address-pool.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixTable } from '../../net/prefix-table.ts';
import { FAMILY_6 } from '../../wire/packet-batch.ts';
import {
  BACKSCATTER,
  BY_PORT,
  BY_TYPE,
  DENIED,
  type FlowFacts,
  GROUP_SENT,
  LIKELY,
  REFUSED,
  REPLY,
  UNANSWERED,
  UNKNOWN,
} from '../flow-facts.ts';
import { type SampleLimits, SampleLists } from '../sample-lists.ts';
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from '../tally-table.ts';
import { OUTSIDE } from '../zones.ts';
import type { Thresholds } from './thresholds.ts';
import {
  ARRANGER,
  CATALOGUED,
  CLEAR_TEXT,
  LEGACY_NAMES,
  SENSITIVE,
  SILENT,
  TRACEROUTE,
  watchedPorts,
} from './watched-ports.ts';

/** Marks of an attempt. */
export const ATTEMPT_DARK = 1;
export const ATTEMPT_REFUSED = 2;
/** Marks of a use of a port: the server answered. */
export const USE_ANSWERED = 1;

/** Packets each way that a TCP connection needs beside its data. */
const TCP_OVERHEAD = 4;
const ENDPOINTS = 32_768;
const SMALL: Partial<SampleLimits> = { keys: 32_768, blocks: 16_384 };
const TIME_EXCEEDED_4 = 11;
const TIME_EXCEEDED_6 = 3;

/** Fed by `Traffic`, flow by flow; complete once all were. Key words are those of flow rows. */
export class Clues {
  /** Key: source, family. Things: host, port with protocol. Marks: `ATTEMPT_…`. */
  readonly attempts: SampleLists;
  /** Key: source, family. Things: host. */
  readonly pings: SampleLists;
  /** Key: source, destination, protocol with family. Things: destination port. Marks: `USE_…`. */
  readonly hops: SampleLists;
  /** Key: endpoint that answered, protocol with family. Things: host that got it. */
  readonly strays: SampleLists;
  /** Key: service, port with protocol and family, client zone. Things: client. */
  readonly crossings: SampleLists;
  /** Key: service, port with protocol and family. Things: client. */
  readonly clearText: SampleLists;
  /** Key: port with protocol. Things: sender. */
  readonly legacyNames: SampleLists;
  /** Key: service, port with protocol and family. Things: client. Marks: the quieter end is 1 the
   * client, 0 the server. */
  readonly lopsided: SampleLists;
  /** Key: port with protocol. Floats: packets, octets to group addresses. */
  readonly noise: TallyTable;
  /** Key: endpoint, port with protocol and family. Floats: flows that were not answered. */
  readonly unanswered: TallyTable;
  /** Packets to group addresses. */
  groupPackets = 0;
  /** UDP flows between two hosts: answered, and not. */
  udpAnswered = 0;
  udpUnanswered = 0;
  /** Datagrams that say themselves that they are answers, to nothing. */
  udpStrays = 0;
  private readonly addresses: AddressPool;
  private readonly thresholds: Thresholds;
  private readonly dark = new PrefixTable();
  private readonly watched = watchedPorts();

  constructor(
    addresses: AddressPool,
    thresholds: Thresholds,
    dark: readonly Prefix[],
    seed: number,
    limits: Partial<SampleLimits> = {},
  ) {
    this.addresses = addresses;
    this.thresholds = thresholds;
    for (const prefix of dark) this.dark.set(prefix, 1);
    const small = { ...SMALL, ...limits };
    this.attempts = new SampleLists(seed, limits);
    this.hops = new SampleLists(seed, limits);
    this.pings = new SampleLists(seed, small);
    this.strays = new SampleLists(seed, small);
    this.crossings = new SampleLists(seed, small);
    this.clearText = new SampleLists(seed, small);
    this.legacyNames = new SampleLists(seed, small);
    this.lopsided = new SampleLists(seed, small);
    this.noise = new TallyTable(ENDPOINTS, seed);
    this.unanswered = new TallyTable(ENDPOINTS, seed);
  }

  /** Takes a flow whose zones were looked up. */
  take(flow: FlowFacts): void {
    const { protocol, outcome, listing } = flow;
    if (listing >= BY_TYPE) {
      this.takePortless(flow);
      return;
    }
    const watched = this.watchedOf(protocol, flow.port);
    if (outcome <= LIKELY) this.takeAnswered(flow, watched);
    else if (outcome === GROUP_SENT) this.takeGroup(flow);
    else if (outcome === BACKSCATTER) this.takeStray(flow);
    else if (isAttempt(flow)) this.takeAttempt(flow, watched);
    if ((watched & LEGACY_NAMES) !== 0 && isLegacyUse(flow)) {
      this.legacyNames.add(flow.port, protocol, 0, flow.client, flow.family, flow);
    }
    if (protocol === 17 || protocol === 6) this.takeHop(flow, watched);
  }

  /** Whether the address is in one of the prefixes said to be unused. */
  isDark(address: number, family: number): boolean {
    if (this.dark.size === 0) return false;
    return family === 0
      ? this.dark.find4(address) >= 0
      : this.dark.find6(this.addresses.words, 4 * address) >= 0;
  }

  watchedOf(protocol: number, port: number): number {
    if (protocol === 6) return this.watched.tcp[port]!;
    return protocol === 17 ? this.watched.udp[port]! : 0;
  }

  private takePortless(flow: FlowFacts): void {
    const { protocol, port } = flow;
    const echo = (protocol === 1 && port === 8) || (protocol === 58 && port === 128);
    if (flow.toGroup) this.groupPackets += flow.packetsToServer + flow.packetsToClient;
    else if (echo && flow.listing === BY_TYPE && flow.packetsToClient === 0) {
      this.pings.add(flow.client, flow.family, 0, flow.server, 0, flow);
    }
  }

  private takeAnswered(flow: FlowFacts, watched: number): void {
    if (flow.protocol === 17) this.udpAnswered++;
    if (flow.conversation) this.takeBalance(flow);
    if (flow.outcome > REPLY) return;
    if ((watched & SENSITIVE) !== 0 && flow.clientZone !== flow.serverZone) {
      const zone = flow.clientZone;
      this.crossings.add(flow.server, endpointWord(flow), zone, flow.client, flow.family, flow);
    }
    if ((watched & CLEAR_TEXT) !== 0 && flow.payloadToServer > 0) {
      this.clearText.add(flow.server, endpointWord(flow), 0, flow.client, flow.family, flow);
    }
  }

  /** Of datagrams only a message can tell that they answer: who serves is else a guess. */
  private takeStray(flow: FlowFacts): void {
    if (flow.protocol === 17) {
      if (!flow.byMessage) return;
      this.udpStrays++;
    }
    this.strays.add(flow.server, endpointWord(flow), 0, flow.client, 0, flow);
  }

  private takeGroup(flow: FlowFacts): void {
    this.groupPackets += flow.packetsToServer;
    const { noise } = this;
    const at = noise.intern(flow.port, flow.protocol, 0) * (TALLY_WORDS / 2) + TALLY_FLOATS;
    noise.floats[at]! += flow.packetsToServer;
    noise.floats[at + 1]! += flow.bytesToServer;
  }

  private takeAttempt(flow: FlowFacts, watched: number): void {
    const refused = flow.outcome === REFUSED || flow.onlyReset;
    if (flow.protocol === 17) {
      if (!refused) this.udpUnanswered++;
      if ((watched & TRACEROUTE) !== 0 || (!refused && (watched & SILENT) !== 0)) return;
    }
    const dark = this.isDark(flow.server, flow.family) ? ATTEMPT_DARK : 0;
    const mark = dark | (refused ? ATTEMPT_REFUSED : 0);
    const port = flow.port | (flow.protocol << 16);
    this.attempts.add(flow.client, flow.family, 0, flow.server, port, flow, mark);
    const { unanswered } = this;
    const entry = unanswered.intern(flow.server, endpointWord(flow), 0);
    unanswered.floats[entry * (TALLY_WORDS / 2) + TALLY_FLOATS]!++;
  }

  /** Notes few packets with content to a port that nothing is known of. */
  private takeHop(flow: FlowFacts, watched: number): void {
    // What came back as an error was refused: a probe, not a use.
    if (flow.icmpError >= 0) return;
    const tcp = flow.protocol === 6;
    const most = this.thresholds['hop-packets'] + (tcp ? TCP_OVERHEAD : 0);
    if (flow.packetsToServer > most || flow.packetsToClient > most) return;
    if (flow.payloadOfFirst === 0) return;
    // Of unknown direction, who spoke first is the one that hops.
    const forth = flow.clientBegan;
    if (!forth && flow.listing === BY_PORT) return;
    const port = forth ? flow.port : flow.clientPort;
    const known = forth ? watched : this.watchedOf(flow.protocol, port);
    if ((known & (CATALOGUED | SILENT | ARRANGER | TRACEROUTE)) !== 0) return;
    const from = forth ? flow.client : flow.server;
    const to = forth ? flow.server : flow.client;
    const back = forth ? flow.packetsToClient : flow.packetsToServer;
    const kind = flow.protocol | flow.family;
    this.hops.add(from, to, kind, port, 0, flow, back > 0 ? USE_ANSWERED : 0);
  }

  /** Notes TCP conversations of which one end sent next to nothing. */
  private takeBalance(flow: FlowFacts): void {
    const all = flow.packetsToServer + flow.packetsToClient;
    if (flow.oneSided || all < this.thresholds['asymmetry-packets']) return;
    const quiet = Math.min(flow.packetsToServer, flow.packetsToClient);
    if (quiet > all * this.thresholds['asymmetry-share']) return;
    const mark = flow.packetsToServer === quiet ? 1 : 0;
    this.lopsided.add(flow.server, endpointWord(flow), 0, flow.client, flow.family, flow, mark);
  }
}

/** A probe of the port, which nothing answered, is no use of the protocol. */
function isLegacyUse(flow: FlowFacts): boolean {
  if (flow.packetsToServer === 0) return false;
  if (flow.protocol === 6 || flow.clientZone === OUTSIDE) return flow.outcome <= REPLY;
  return flow.outcome !== REFUSED;
}

/** Port, protocol (bits 16–23) and family (bit 24) of a flow's server. */
function endpointWord(flow: FlowFacts): number {
  return flow.port | ((flow.protocol | flow.family) << 16);
}

/** Of a key word `port with protocol and family`: the port in the lower half, above it the rest. */
export function portOfWord(word: number): number {
  return word & 0xffff;
}

/** Number of the IP protocol. */
export function protocolOfWord(word: number): number {
  return (word >>> 16) & 0xff;
}

/** 0 for IPv4, else `FAMILY_6`. */
export function familyOfWord(word: number): number {
  return (word >>> 16) & FAMILY_6;
}

/**
 * Whether a host was asked and did not answer. Where nobody can say who serves, what went to the
 * lower port counts: a datagram without answer, a segment (ACK, FIN, none at all) that was reset. A
 * router's “time exceeded” is about the way, not the host.
 */
function isAttempt(flow: FlowFacts): boolean {
  const { outcome, icmpError, family } = flow;
  if (flow.toGroup) return false;
  if (icmpError >= 0 && icmpError >>> 8 === (family === 0 ? TIME_EXCEEDED_4 : TIME_EXCEEDED_6)) {
    return false;
  }
  if (outcome === REFUSED || outcome === DENIED || outcome === UNANSWERED) return true;
  if (outcome !== UNKNOWN || !flow.clientBegan) return false;
  if (flow.protocol === 6) return flow.onlyReset;
  return flow.protocol === 17 && flow.packetsToClient === 0 && flow.packetsToServer > 0;
}
