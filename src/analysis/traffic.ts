/**
 * Folds flows into what an administrator asks of a capture: which ports are used, which services
 * answered, who talked most. Fed flow by flow as a `FlowVisitor`, in memory that does not follow
 * the number of flows: every table has a limit, and what went over is counted.
 *
 * A host is an address, whatever VLAN or tunnel it was seen in.
 */
import { Column, EndpointTable } from '../flow/endpoint-table.ts';
import type { ExtensionWords } from '../flow/extensions.ts';
import type { Chunk } from '../flow/flow-table.ts';
import type { AddressPool } from '../net/address-pool.ts';
import { DistinctCounts, DistinctEstimate } from './distinct-counts.ts';
import { BY_LOWER_PORT, BY_PORT, FlowFacts, HANDSHAKE, REPLY } from './flow-facts.ts';
import { PortTable } from './port-table.ts';
import { TALLY_COLUMNS, TallyTable } from './tally-table.ts';
import { GROUP, NOBODY, type ZoneTable } from './zones.ts';

/** What is kept at most; see `TRAFFIC_LIMITS` for the defaults. */
export interface TrafficLimits {
  /** Hosts with figures of their own; beyond, those with the least traffic go. */
  readonly hosts: number;
  /** Conversations (client, server, port) likewise. */
  readonly conversations: number;
  /** Services that answered; beyond, new ones are only counted. */
  readonly services: number;
  /** Addresses remembered to count clients and servers exactly. */
  readonly members: number;
}

export const TRAFFIC_LIMITS: TrafficLimits = {
  hosts: 131_072,
  conversations: 131_072,
  services: 131_072,
  members: 262_144,
};

/** Zone pairs over all ports. */
const MOST_ZONE_PAIRS = 131_072;

/** Columns of a service. */
export const SERVICE_COLUMNS = 10;
export const SV_PACKETS_TO_SERVER = 0;
export const SV_PACKETS_TO_CLIENT = 1;
export const SV_BYTES_TO_SERVER = 2;
export const SV_BYTES_TO_CLIENT = 3;
export const SV_FLOWS = 4;
export const SV_FIRST = 5;
export const SV_LAST = 6;
/** 1 = handshake seen, 0 = replies only. */
export const SV_HANDSHAKE = 7;
/** Interface and frame that the first evidence begins with. */
export const SV_INTERFACE = 8;
export const SV_FRAME = 9;

export class Traffic {
  readonly ports = new PortTable();
  /** Addresses tried on each port, clients of each port, clients of each service. */
  readonly tried: DistinctCounts;
  readonly clients: DistinctCounts;
  readonly serviceClients: DistinctCounts;
  /** Services that answered: address, port, protocol with family. */
  readonly services: EndpointTable;
  serviceValues = new Float64Array(SERVICE_COLUMNS * 1024);
  /** Services that answered beyond the limit: flows with them. */
  serviceFlowsBeyond = 0;
  /** Services that answered on each port. */
  readonly serving = new Column();
  /** Key: address, family. Columns: bytes sent, received, packets sent, received, flows as
   * client, as server, services. */
  readonly hosts: TallyTable;
  /** Key: client, server, port with protocol, listing and family (see `conversationKey`). Columns:
   * bytes to server, to client, packets to server, to client, flows, first, last, best outcome. */
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
  private readonly limits: TrafficLimits;
  private readonly addresses: AddressPool;
  private readonly hostEstimate: DistinctEstimate;
  private readonly flow = new FlowFacts();

  constructor(
    addresses: AddressPool,
    zones: ZoneTable,
    limits: Partial<TrafficLimits> = {},
    seed = 0,
  ) {
    this.limits = { ...TRAFFIC_LIMITS, ...limits };
    this.addresses = addresses;
    this.zones = zones;
    this.tried = new DistinctCounts(this.limits.members, seed);
    this.clients = new DistinctCounts(this.limits.members, seed);
    this.serviceClients = new DistinctCounts(this.limits.members, seed);
    this.services = new EndpointTable(seed);
    this.hosts = new TallyTable(this.limits.hosts, seed);
    this.conversations = new TallyTable(this.limits.conversations, seed);
    this.zonePairs = new EndpointTable(seed);
    this.hostEstimate = new DistinctEstimate(seed);
  }

  /** Hosts seen: exact while all have figures, an estimate (2.3 %) beyond. */
  get hostCount(): number {
    return this.hosts.pruned === 0 ? this.hosts.count : this.hostEstimate.count;
  }

  /** Takes one flow; a `FlowVisitor`. */
  add(chunk: Chunk, base: number, decision: number, extensions: ExtensionWords): void {
    const flow = this.flow;
    flow.read(chunk, base, decision, extensions);
    this.flows++;
    if (flow.conversation) {
      this.tcpConversations++;
      if (flow.oneSided) this.tcpOneSided++;
    }
    const row = this.ports.note(flow);
    const clientZone = this.zoneOf(flow.client, flow.family);
    const serverZone = this.zoneOf(flow.server, flow.family);
    this.noteZones(row, (clientZone << 8) | serverZone, flow);
    this.noteEnds(row, flow);
    this.noteConversation(flow);
    if (clientZone < GROUP || clientZone > NOBODY) this.noteHost(flow, flow.client, true);
    if (!flow.toGroup && (serverZone < GROUP || serverZone > NOBODY)) {
      this.noteHost(flow, flow.server, false);
    }
  }

  zoneOf(address: number, family: number): number {
    return family === 0
      ? this.zones.of4(address)
      : this.zones.of6(this.addresses.words, 4 * address);
  }

  private noteZones(row: number, pair: number, flow: FlowFacts): void {
    let entry = -1;
    if (this.zonePairs.count < MOST_ZONE_PAIRS) entry = this.zonePairs.intern(row, pair, 0);
    else entry = this.zonePairs.find(row, pair, 0);
    if (entry < 0) return;
    this.zoneFlows.add(entry, 1);
    this.zoneBytes.add(entry, flow.bytesToServer + flow.bytesToClient);
  }

  /** Counts the distinct servers and clients of the flow's port. */
  private noteEnds(row: number, flow: FlowFacts): void {
    if (flow.listing !== BY_PORT) {
      this.tried.add(row, flow.server, flow.family);
      this.clients.add(row, flow.client, flow.family);
      return;
    }
    if (flow.outcome > REPLY) {
      if (!flow.toGroup) this.tried.add(row, flow.server, flow.family);
      this.clients.add(row, flow.client, flow.family);
      return;
    }
    const kind = flow.protocol | flow.family;
    const before = this.services.count;
    const service =
      before < this.limits.services
        ? this.services.intern(flow.server, flow.port, kind)
        : this.services.find(flow.server, flow.port, kind);
    if (service < 0) {
      this.serviceFlowsBeyond++;
      this.tried.add(row, flow.server, flow.family);
      this.clients.add(row, flow.client, flow.family);
      return;
    }
    if (this.services.count > before) {
      this.serving.add(row, 1);
      this.tried.add(row, flow.server, flow.family);
      this.openService(service, flow);
    }
    this.noteService(service, flow);
    // A client new to the port is new to the service.
    if (this.serviceClients.add(service, flow.client, flow.family)) {
      this.clients.add(row, flow.client, flow.family);
    }
  }

  private openService(service: number, flow: FlowFacts): void {
    const at = service * SERVICE_COLUMNS;
    if (at + SERVICE_COLUMNS > this.serviceValues.length) {
      const larger = new Float64Array(2 * this.serviceValues.length);
      larger.set(this.serviceValues);
      this.serviceValues = larger;
    }
    this.serviceValues[at + SV_FIRST] = flow.firstMs;
    this.serviceValues[at + SV_LAST] = flow.lastMs;
    this.serviceValues[at + SV_INTERFACE] = flow.interface;
    this.serviceValues[at + SV_FRAME] = flow.frame;
  }

  private noteService(service: number, flow: FlowFacts): void {
    const values = this.serviceValues;
    const at = service * SERVICE_COLUMNS;
    values[at + SV_PACKETS_TO_SERVER]! += flow.packetsToServer;
    values[at + SV_PACKETS_TO_CLIENT]! += flow.packetsToClient;
    values[at + SV_BYTES_TO_SERVER]! += flow.bytesToServer;
    values[at + SV_BYTES_TO_CLIENT]! += flow.bytesToClient;
    values[at + SV_FLOWS]!++;
    if (flow.lastMs > values[at + SV_LAST]!) values[at + SV_LAST] = flow.lastMs;
    const handshake = flow.outcome === HANDSHAKE;
    // The best evidence is kept: a handshake before a reply, and of each the earliest.
    if (
      (handshake && values[at + SV_HANDSHAKE] === 0) ||
      (flow.firstMs < values[at + SV_FIRST]! && handshake === (values[at + SV_HANDSHAKE] === 1))
    ) {
      values[at + SV_INTERFACE] = flow.interface;
      values[at + SV_FRAME] = flow.frame;
    }
    if (handshake) values[at + SV_HANDSHAKE] = 1;
    if (flow.firstMs < values[at + SV_FIRST]!) values[at + SV_FIRST] = flow.firstMs;
  }

  private noteHost(flow: FlowFacts, address: number, client: boolean): void {
    const hosts = this.hosts;
    const before = hosts.count;
    const entry = hosts.intern(address, flow.family, 0);
    if (hosts.count !== before) this.hostEstimate.add(address, flow.family);
    const at = entry * TALLY_COLUMNS;
    const values = hosts.values;
    values[at]! += client ? flow.bytesToServer : flow.bytesToClient;
    values[at + 1]! += client ? flow.bytesToClient : flow.bytesToServer;
    values[at + 2]! += client ? flow.packetsToServer : flow.packetsToClient;
    values[at + 3]! += client ? flow.packetsToClient : flow.packetsToServer;
    values[at + (client ? 4 : 5)]!++;
  }

  private noteConversation(flow: FlowFacts): void {
    const table = this.conversations;
    const entry = table.intern(flow.client, flow.server, conversationKey(flow));
    const at = entry * TALLY_COLUMNS;
    const values = table.values;
    values[at]! += flow.bytesToServer;
    values[at + 1]! += flow.bytesToClient;
    values[at + 2]! += flow.packetsToServer;
    values[at + 3]! += flow.packetsToClient;
    if (values[at + 4]! === 0) {
      values[at + 5] = flow.firstMs;
      values[at + 6] = flow.lastMs;
      values[at + 7] = flow.outcome;
    } else {
      if (flow.firstMs < values[at + 5]!) values[at + 5] = flow.firstMs;
      if (flow.lastMs > values[at + 6]!) values[at + 6] = flow.lastMs;
      if (flow.outcome < values[at + 7]!) values[at + 7] = flow.outcome;
    }
    values[at + 4]!++;
  }
}

/** Port (bits 0–15), protocol (16–23), `FAMILY_6` (24), listing (25–26). */
export function conversationKey(flow: FlowFacts): number {
  return flow.port | (flow.protocol << 16) | (flow.family << 16) | (flow.listing << 25);
}

/** Whether a conversation's key says that its direction is not known. */
export function isUndirected(key: number): boolean {
  return ((key >>> 25) & 3) === BY_LOWER_PORT;
}
