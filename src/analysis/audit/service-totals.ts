/** What happened on each port in each direction, and how much of it was noise. */
import { ACTIONS } from '../../model/verdict.ts';
import { DistinctCounts } from '../distinct-counts.ts';
import type { NoiseUse, ServiceVerdicts } from './answer.ts';
import { MEANS, NOISE_CLASSES, NOISE_FORMULAS } from './noise.ts';
import { WAYS } from './places.ts';
import { hasPort, portShown, serviceKey, serviceText, transportShown } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import { addTo, finite, mostOf, newSpan, type Span, widen } from './sums.ts';
import { F_BYTES, type VerdictTable } from './verdict-table.ts';

const DISTINCT_LIMIT = 500_000;

interface ServiceSum extends Span {
  readonly group: number;
  readonly way: number;
  readonly action: number;
  readonly protocol: number;
  readonly port: number;
  readonly entry: number;
  events: number;
  noise: number;
  bytes: number;
}

export class ServiceTotals {
  private readonly table: VerdictTable;
  private readonly sums: ServiceSum[] = [];
  /** By way, action, protocol and port, as one number. */
  private readonly byKey = new Map<number, ServiceSum>();
  private readonly clients: DistinctCounts;
  private readonly servers: DistinctCounts;
  /** Groups of the block's rows under way, -1 for those that do not count. */
  private groups = new Int32Array(0);
  private touched = 0;

  constructor(table: VerdictTable, seed: number) {
    this.table = table;
    this.clients = new DistinctCounts(DISTINCT_LIMIT, seed);
    this.servers = new DistinctCounts(DISTINCT_LIMIT, seed);
  }

  /** Counts the rows that are wanted. */
  add(block: RowBlock, wanted: Uint8Array): void {
    const { clients, servers } = this;
    const { count, client, server, family } = block;
    if (this.groups.length < wanted.length) this.groups = new Int32Array(wanted.length);
    const { groups } = this;
    for (let index = 0; index < count; index++) {
      groups[index] = -1;
      if (wanted[index] === 0) continue;
      const sum = this.count(block, index);
      if (family[index] === 0) continue;
      groups[index] = sum.group;
      this.touched ^= clients.touch(sum.group, client[index]!, family[index]!);
      this.touched ^= servers.touch(sum.group, server[index]!, family[index]!);
    }
    for (let index = 0; index < count; index++) {
      if (groups[index]! < 0) continue;
      clients.add(groups[index]!, client[index]!, family[index]!);
      servers.add(groups[index]!, server[index]!, family[index]!);
    }
  }

  private count(block: RowBlock, index: number): ServiceSum {
    const way = block.way[index]!;
    const action = block.action[index]!;
    const protocol = block.protocol[index]!;
    const port = portShown(protocol, block.port[index]!);
    const key = (way << 26) | (action << 24) | (protocol << 16) | port;
    const entry = block.first + index;
    let sum = this.byKey.get(key);
    if (sum === undefined) {
      sum = {
        ...{ group: this.sums.length, way, action, protocol, port, entry },
        ...{ events: 0, noise: 0, bytes: 0, ...newSpan() },
      };
      this.sums.push(sum);
      this.byKey.set(key, sum);
    }
    const events = block.events[index]!;
    sum.events += events;
    if (block.noise[index] !== MEANS) sum.noise += events;
    sum.bytes += this.table.float(entry, F_BYTES);
    widen(sum, this.table, entry);
    return sum;
  }

  rows(locator: (entry: number) => string): ServiceVerdicts[] {
    const { clients, servers } = this;
    const sums = [...this.sums].sort((a, b) => b.events - a.events || a.group - b.group);
    return sums.map((sum) => ({
      way: WAYS[sum.way]!,
      action: ACTIONS[sum.action]!,
      transport: transportShown(sum.protocol),
      port: hasPort(sum.protocol) ? sum.port : null,
      events: sum.events,
      noise: sum.noise,
      clients: clients.count(sum.group),
      clientsEstimated: clients.isEstimate(sum.group),
      servers: servers.count(sum.group),
      serversEstimated: servers.isEstimate(sum.group),
      bytes: sum.bytes,
      firstMs: finite(sum.firstMs),
      lastMs: finite(sum.lastMs),
      locator: locator(sum.entry),
    }));
  }
}

export class NoiseTotals {
  private readonly sources: DistinctCounts;
  private readonly services = NOISE_CLASSES.map(() => new Map<number, number>());
  private readonly events = NOISE_CLASSES.map(() => 0);

  constructor(seed: number) {
    this.sources = new DistinctCounts(DISTINCT_LIMIT, seed);
  }

  /** Counts a row that was judged noise. */
  add(block: RowBlock, index: number): void {
    const noise = block.noise[index]!;
    const events = block.events[index]!;
    this.events[noise]! += events;
    addTo(this.services[noise]!, serviceKey(block.protocol[index]!, block.port[index]!), events);
    const family = block.family[index]!;
    if (family !== 0) this.sources.add(noise, block.client[index]!, family);
  }

  rows(): NoiseUse[] {
    return NOISE_CLASSES.map((noise, index) => ({
      noise,
      events: this.events[index]!,
      sources: this.sources.count(index),
      sourcesEstimated: this.sources.isEstimate(index),
      topService: serviceText(mostOf(this.services[index]!)),
      formula: NOISE_FORMULAS[noise],
    })).filter(({ events }) => events > 0);
  }
}
