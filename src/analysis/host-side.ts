/**
 * The part of folding flows that goes by host: what each sent and received, how many different hosts
 * tried and used each port, and the clues that findings need. It shares nothing with the rest of
 * `Traffic`, so that another thread can do it meanwhile; see docs/adr/0009.
 */
import type { Clues, CluesPart } from './clues.ts';
import { DistinctCounts } from './distinct-counts.ts';
import { type FlowFacts, REPLY } from './flow-facts.ts';
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from './tally-table.ts';
import { GROUP, NOBODY } from './zones.ts';

/** What is kept at most. */
export interface HostLimits {
  /** Hosts with figures of their own; beyond, those with the least traffic go. */
  readonly hosts: number;
  /** Addresses remembered to count clients and servers exactly, for each of three counts. */
  readonly members: number;
}

/** What was folded, as it goes from one thread to another. */
export interface HostPart {
  readonly hosts: TallyTable;
  readonly tried: DistinctCounts;
  readonly clients: DistinctCounts;
  readonly all: DistinctCounts;
  readonly clues: CluesPart | undefined;
}

export class HostSide {
  /** Key: address, family. Floats: bytes sent, received, packets sent, received, flows as
   * client, as server. */
  readonly hosts: TallyTable;
  /** Addresses tried on each port, and clients of each port; by row of the port table. */
  readonly tried: DistinctCounts;
  readonly clients: DistinctCounts;
  private readonly clues: Clues | undefined;
  /** All hosts as one group, for when not all have figures. */
  private readonly all: DistinctCounts;
  /** Means nothing; see `TallyTable.touch`. */
  touchedSum = 0;

  constructor({ hosts, members }: HostLimits, seed: number, clues: Clues | undefined) {
    this.clues = clues;
    this.hosts = new TallyTable(hosts, seed);
    this.tried = new DistinctCounts(members, seed);
    this.clients = new DistinctCounts(members, seed);
    this.all = new DistinctCounts(members, seed);
  }

  /** Hosts seen: exact while all have figures, an estimate beyond. */
  get count(): number {
    return this.hosts.pruned === 0 ? this.hosts.count : this.all.count(0);
  }

  /** Takes the first `count` flows of a run, with their port rows and zones. */
  takeRun(run: readonly FlowFacts[], count: number): void {
    const { hosts, tried, clients, clues } = this;
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const flow = run[index]!;
      sum += hosts.touch(flow.client, flow.family, 0);
      sum += hosts.touch(flow.server, flow.family, 0);
      sum += clients.touch(flow.row, flow.client, flow.family);
      sum += tried.touch(flow.row, flow.server, flow.family);
    }
    for (let index = 0; index < count; index++) this.take(run[index]!);
    if (clues !== undefined) {
      for (let index = 0; index < count; index++) clues.take(run[index]!);
    }
    // Kept, so that the loads are not optimised away.
    this.touchedSum = sum | 0;
  }

  /** Borrows what was folded. */
  part(): HostPart {
    const { hosts, tried, clients, all, clues } = this;
    return { hosts, tried, clients, all, clues: clues?.part() };
  }

  /** Takes over what was folded elsewhere; before any flow was taken here. */
  adopt(part: HostPart): void {
    this.hosts.adopt(part.hosts);
    this.tried.adopt(part.tried);
    this.clients.adopt(part.clients);
    this.all.adopt(part.all);
    if (part.clues !== undefined) this.clues?.adopt(part.clues);
  }

  private take(flow: FlowFacts): void {
    const { clientZone, serverZone } = flow;
    this.clients.add(flow.row, flow.client, flow.family);
    // Who answered was tried, whatever its address looks like.
    if (!flow.toGroup || flow.outcome <= REPLY) {
      this.tried.add(flow.row, flow.server, flow.family);
    }
    if (clientZone < GROUP || clientZone > NOBODY) this.note(flow, flow.client, true);
    if (!flow.toGroup && (serverZone < GROUP || serverZone > NOBODY)) {
      this.note(flow, flow.server, false);
    }
  }

  private note(flow: FlowFacts, address: number, client: boolean): void {
    const hosts = this.hosts;
    const entry = hosts.intern(address, flow.family, 0);
    if (hosts.fresh) this.all.add(0, address, flow.family);
    const at = entry * (TALLY_WORDS / 2) + TALLY_FLOATS;
    const floats = hosts.floats;
    floats[at]! += client ? flow.bytesToServer : flow.bytesToClient;
    floats[at + 1]! += client ? flow.bytesToClient : flow.bytesToServer;
    floats[at + 2]! += client ? flow.packetsToServer : flow.packetsToClient;
    floats[at + 3]! += client ? flow.packetsToClient : flow.packetsToServer;
    floats[at + (client ? 4 : 5)]!++;
  }
}
