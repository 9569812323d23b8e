/**
 * Folds flows into what an administrator asks of a capture: which ports are used, which services
 * answered, who talked most. Fed flow by flow as a `FlowVisitor`, in memory that does not follow
 * the number of flows: every table has a limit, and what went over is counted.
 *
 * A host is an address, whatever VLAN or tunnel it was seen in. Flows are taken in runs, see
 * `TallyTable.touch`; `finish` takes the last one.
 */

import type { Chunk } from '../flow/chunk.ts';
import { Column, EndpointTable } from '../flow/endpoint-table.ts';
import type { ExtensionWords } from '../flow/extensions.ts';
import type { AddressPool } from '../net/address-pool.ts';
import { DistinctCounts } from './distinct-counts.ts';
import { BY_LOWER_PORT, FlowFacts, REPLY } from './flow-facts.ts';
import { PortTable } from './port-table.ts';
import { ServiceTable } from './service-table.ts';
import { TALLY_FLOATS, TALLY_NOTE, TALLY_WORDS, TallyTable } from './tally-table.ts';
import { GROUP, NOBODY, type ZoneTable } from './zones.ts';

/** What is kept at most; see `TRAFFIC_LIMITS` for the defaults. */
export interface TrafficLimits {
  /** Hosts with figures of their own; beyond, those with the least traffic go. */
  readonly hosts: number;
  /** Conversations (client, server, port) likewise. */
  readonly conversations: number;
  /** Services that answered; beyond, new ones are only counted. */
  readonly services: number;
  /** Addresses remembered to count clients and servers exactly, for each of three counts. */
  readonly members: number;
}

const TRAFFIC_LIMITS: TrafficLimits = {
  hosts: 131_072,
  conversations: 65_536,
  services: 131_072,
  members: 131_072,
};

/** Zone pairs over all ports. */
const MOST_ZONE_PAIRS = 131_072;
/** Flows taken together. */
const RUN = 64;

/** Looks at every flow beside the tables here; see findings/clues.ts. */
export interface FlowObserver {
  /** Takes a flow that the tables have taken, its zones included. */
  take(flow: FlowFacts): void;
}

/** What each kind of source saw of each port, where there are several. */
export class SeenBy {
  /** Key: port row, kind. */
  readonly pairs: EndpointTable;
  readonly flows = new Column();
  readonly bytes = new Column();
  /** Flows that another source saw better. */
  readonly repeated = new Column();
  readonly kinds: readonly string[];
  private readonly kindOf: (interfaceIndex: number) => number;

  /** @param kindOf index into `kinds` of what an interface belongs to */
  constructor(kinds: readonly string[], kindOf: (interfaceIndex: number) => number, seed: number) {
    this.kinds = kinds;
    this.kindOf = kindOf;
    this.pairs = new EndpointTable(seed);
  }

  note({ row, interface: at, bytesToServer, bytesToClient }: FlowFacts): void {
    const entry = this.entry(row, at);
    this.flows.add(entry, 1);
    this.bytes.add(entry, bytesToServer + bytesToClient);
  }

  noteRepeated(row: number, interfaceIndex: number): void {
    this.repeated.add(this.entry(row, interfaceIndex), 1);
  }

  private entry(row: number, interfaceIndex: number): number {
    return this.pairs.intern(row, this.kindOf(interfaceIndex), 0);
  }
}

/** Complete only after `finish`. Rows are borrowed for the call. */
export class Traffic {
  /** Set where there are several kinds of sources, before the first flow. */
  seenBy: SeenBy | undefined;
  readonly ports = new PortTable();
  /** Addresses tried on each port, and clients of each port. */
  readonly tried: DistinctCounts;
  readonly clients: DistinctCounts;
  readonly services: ServiceTable;
  /** Services that answered on each port. */
  readonly serving = new Column();
  /** Key: address, family. Floats: bytes sent, received, packets sent, received, flows as
   * client, as server (neither where nobody can say who serves). */
  readonly hosts: TallyTable;
  /** Key: client, server, `conversationKey`. Floats: bytes to server, to client, packets to
   * server, to client, first and last time. Note: best outcome (bits 0–3), flows (above). */
  readonly conversations: TallyTable;
  /** Key: port row, client zone (bits 8–15) with server zone (bits 0–7). */
  readonly zonePairs: EndpointTable;
  readonly zoneFlows = new Column();
  readonly zoneBytes = new Column();
  readonly zones: ZoneTable;
  flows = 0;
  /** TCP connections beyond their opening, and those captured in one direction only. */
  tcpConversations = 0;
  tcpOneSided = 0;
  /** Those that acknowledge octets which were not captured, and how many octets. */
  tcpGapped = 0;
  missedOctets = 0;
  private readonly addresses: AddressPool;
  /** All hosts as one group, for when not all have figures. */
  private readonly allHosts: DistinctCounts;
  private readonly run = Array.from({ length: RUN }, () => new FlowFacts());
  private readonly repeated = new FlowFacts();
  private waiting = 0;
  private readonly observer: FlowObserver | undefined;
  /** Means nothing; see `TallyTable.touch`. */
  touchedSum = 0;

  constructor(
    addresses: AddressPool,
    zones: ZoneTable,
    limits: Partial<TrafficLimits> = {},
    seed = 0,
    observer?: FlowObserver,
  ) {
    this.observer = observer;
    const { hosts, conversations, services, members } = { ...TRAFFIC_LIMITS, ...limits };
    this.addresses = addresses;
    this.zones = zones;
    this.tried = new DistinctCounts(members, seed);
    this.clients = new DistinctCounts(members, seed);
    this.services = new ServiceTable(services, members, seed);
    this.hosts = new TallyTable(hosts, seed);
    this.conversations = new TallyTable(conversations, seed);
    this.zonePairs = new EndpointTable(seed);
    this.allHosts = new DistinctCounts(members, seed);
  }

  /** Hosts seen: exact while all have figures, an estimate beyond. */
  get hostCount(): number {
    return this.hosts.pruned === 0 ? this.hosts.count : this.allHosts.count(0);
  }

  /** Takes one flow; a `FlowVisitor`. */
  add(chunk: Chunk, base: number, decision: number, extensions: ExtensionWords): void {
    const flow = this.run[this.waiting++]!;
    flow.read(chunk, base, decision, extensions);
    if (this.waiting === RUN) this.takeRun();
  }

  /** Notes that a further source saw a flow that was taken; it counts in nothing else. */
  addRepeated(chunk: Chunk, base: number, decision: number, extensions: ExtensionWords): void {
    // Its port may be among those waiting.
    this.takeRun();
    this.repeated.read(chunk, base, decision, extensions);
    const row = this.ports.find(this.repeated);
    if (row >= 0) this.seenBy?.noteRepeated(row, this.repeated.interface);
  }

  /** Takes the flows still waiting; to be called before anything is read. */
  finish(): void {
    this.takeRun();
  }

  zoneOf(address: number, family: number): number {
    return family === 0
      ? this.zones.of4(address)
      : this.zones.of6(this.addresses.words, 4 * address);
  }

  private takeRun(): void {
    const count = this.waiting;
    this.waiting = 0;
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const flow = this.run[index]!;
      sum ^= this.hosts.touch(flow.client, flow.family, 0);
      sum ^= this.hosts.touch(flow.server, flow.family, 0);
      sum ^= this.conversations.touch(flow.client, flow.server, conversationKey(flow));
      if (flow.outcome <= REPLY) sum ^= this.services.touch(flow);
    }
    for (let index = 0; index < count; index++) this.take(this.run[index]!);
    for (let index = 0; index < count; index++) {
      const flow = this.run[index]!;
      if (!flow.newConversation) continue;
      sum ^= this.clients.touch(flow.row, flow.client, flow.family);
      sum ^= this.services.clients.touch(flow.service, flow.client, flow.family);
    }
    for (let index = 0; index < count; index++) this.noteMembers(this.run[index]!);
    const { observer } = this;
    if (observer !== undefined) {
      for (let index = 0; index < count; index++) observer.take(this.run[index]!);
    }
    // Kept, so that the loads are not optimised away.
    this.touchedSum = sum;
  }

  private take(flow: FlowFacts): void {
    this.flows++;
    if (flow.conversation) {
      this.tcpConversations++;
      if (flow.oneSided) this.tcpOneSided++;
      if (flow.missed > 0) {
        this.tcpGapped++;
        this.missedOctets += flow.missed;
      }
    }
    const row = this.ports.note(flow);
    flow.row = row;
    const clientZone = this.zoneOf(flow.client, flow.family);
    const serverZone = this.zoneOf(flow.server, flow.family);
    flow.clientZone = clientZone;
    flow.serverZone = serverZone;
    this.seenBy?.note(flow);
    this.noteZones(row, (clientZone << 8) | serverZone, flow);
    this.noteConversation(flow);
    flow.service = -1;
    if (flow.outcome <= REPLY && this.services.note(flow)) {
      this.serving.add(row, 1);
      // Nothing else may tell that it was tried: the conversation can be an older one.
      this.tried.add(row, flow.server, flow.family);
    }
    if (clientZone < GROUP || clientZone > NOBODY) this.noteHost(flow, flow.client, true);
    if (!flow.toGroup && (serverZone < GROUP || serverZone > NOBODY)) {
      this.noteHost(flow, flow.server, false);
    }
  }

  private noteZones(row: number, pair: number, flow: FlowFacts): void {
    let entry = -1;
    if (this.zonePairs.count < MOST_ZONE_PAIRS) entry = this.zonePairs.intern(row, pair, 0);
    else entry = this.zonePairs.find(row, pair, 0);
    if (entry < 0) return;
    this.zoneFlows.add(entry, 1);
    this.zoneBytes.add(entry, flow.bytesToServer + flow.bytesToClient);
  }

  /** Counts the distinct servers and clients of a port, and the clients of a service. */
  private noteMembers(flow: FlowFacts): void {
    if (!flow.newConversation) return;
    this.clients.add(flow.row, flow.client, flow.family);
    if (flow.service >= 0) {
      this.services.clients.add(flow.service, flow.client, flow.family);
    } else if (!flow.toGroup) this.tried.add(flow.row, flow.server, flow.family);
  }

  private noteHost(flow: FlowFacts, address: number, client: boolean): void {
    const hosts = this.hosts;
    const entry = hosts.intern(address, flow.family, 0);
    if (hosts.fresh) this.allHosts.add(0, address, flow.family);
    const at = entry * (TALLY_WORDS / 2) + TALLY_FLOATS;
    const floats = hosts.floats;
    floats[at]! += client ? flow.bytesToServer : flow.bytesToClient;
    floats[at + 1]! += client ? flow.bytesToClient : flow.bytesToServer;
    floats[at + 2]! += client ? flow.packetsToServer : flow.packetsToClient;
    floats[at + 3]! += client ? flow.packetsToClient : flow.packetsToServer;
    if (flow.listing !== BY_LOWER_PORT) floats[at + (client ? 4 : 5)]!++;
  }

  private noteConversation(flow: FlowFacts): void {
    const table = this.conversations;
    const entry = table.intern(flow.client, flow.server, conversationKey(flow));
    const at = entry * (TALLY_WORDS / 2) + TALLY_FLOATS;
    const note = entry * TALLY_WORDS + TALLY_NOTE;
    const { floats, words, fresh } = table;
    floats[at]! += flow.bytesToServer;
    floats[at + 1]! += flow.bytesToClient;
    floats[at + 2]! += flow.packetsToServer;
    floats[at + 3]! += flow.packetsToClient;
    if (fresh || flow.firstMs < floats[at + 4]!) floats[at + 4] = flow.firstMs;
    if (fresh || flow.lastMs > floats[at + 5]!) floats[at + 5] = flow.lastMs;
    const best = words[note]! & 15;
    if (fresh || flow.outcome < best) words[note] = (words[note]! & ~15) | flow.outcome;
    words[note]! += 16;
    // One that was only an attempt so far is new to the service that answers it now.
    flow.newConversation = fresh || (flow.outcome <= REPLY && best > REPLY);
  }
}

/** Port (bits 0–15), protocol (16–23), `FAMILY_6` (24), listing (25–26). */
export function conversationKey(flow: FlowFacts): number {
  return flow.port | (flow.protocol << 16) | (flow.family << 16) | (flow.listing << 25);
}
