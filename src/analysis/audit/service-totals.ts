/** What happened on each port in each direction, and how much of it was noise. */
import { ACTIONS } from '../../model/verdict.ts';
import type { NoiseUse, ServiceVerdicts } from './answer.ts';
import { MEANS, NOISE_CLASSES, NOISE_FORMULAS } from './noise.ts';
import { WAYS } from './places.ts';
import { hasPort, serviceText, transportShown } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex } from './row-index.ts';
import { finite, mostOf, newSpan, type Span, widen } from './sums.ts';
import { F_BYTES, NO_HOST, type VerdictTable } from './verdict-table.ts';

interface ServiceSum extends Span {
  readonly group: number;
  readonly way: number;
  readonly action: number;
  /** What `serviceKey` gives. */
  readonly key: number;
  /** The first row of it. */
  entry: number;
  events: number;
  noise: number;
  bytes: number;
}

export class ServiceTotals {
  private readonly table: VerdictTable;
  private readonly index: RowIndex;
  private readonly sums: ServiceSum[] = [];
  /** Group + 1 by service, way and action. */
  private readonly groups: Int32Array;
  /** Group + 1 by row, 0 for those that do not count or have no hosts. */
  private readonly groupOf: Int32Array;

  constructor(table: VerdictTable, index: RowIndex) {
    this.table = table;
    this.index = index;
    this.groups = new Int32Array(16 * index.serviceKeys.length);
    this.groupOf = new Int32Array(index.clients.length);
  }

  /** Counts the rows that are wanted. */
  add(block: RowBlock, wanted: Uint8Array): void {
    const { groupOf } = this;
    const { count, client, entry } = block;
    for (let index = 0; index < count; index++) {
      if (wanted[index] === 0) continue;
      const sum = this.count(block, index);
      if (client[index] !== NO_HOST) groupOf[entry[index]!] = sum.group + 1;
    }
  }

  private count(block: RowBlock, index: number): ServiceSum {
    const entry = block.entry[index]!;
    const sum = this.sumOf(block, index);
    const events = block.events[index]!;
    sum.events += events;
    if (block.noise[index] !== MEANS) sum.noise += events;
    sum.bytes += this.table.float(entry, F_BYTES);
    if (entry < sum.entry) sum.entry = entry;
    widen(sum, this.table, entry);
    return sum;
  }

  private sumOf(block: RowBlock, index: number): ServiceSum {
    const [way, action, service] = [block.way[index]!, block.action[index]!, block.service[index]!];
    const place = 16 * service + 4 * way + action;
    const known = this.groups[place]!;
    if (known !== 0) return this.sums[known - 1]!;
    const sum = {
      ...{ group: this.sums.length, way, action, key: this.index.serviceKeys[service]! },
      ...{ entry: block.entry[index]!, events: 0, noise: 0, bytes: 0, ...newSpan() },
    };
    this.groups[place] = this.sums.push(sum);
    return sum;
  }

  /** How many different hosts each group has in one of the roles, by rows in their order. */
  private hosts(role: Int32Array, order: Int32Array): Int32Array {
    const { groupOf } = this;
    const counts = new Int32Array(this.sums.length + 1);
    const last = new Int32Array(this.sums.length + 1).fill(NO_HOST);
    for (const row of order) {
      const group = groupOf[row]!;
      const host = role[row]!;
      if (last[group] === host) continue;
      last[group] = host;
      counts[group]!++;
    }
    return counts;
  }

  rows(locator: (entry: number) => string): ServiceVerdicts[] {
    const { index } = this;
    const clients = this.hosts(index.clients, index.byClient);
    const servers = this.hosts(index.servers, index.byServer);
    const sums = [...this.sums].sort((a, b) => b.events - a.events || a.entry - b.entry);
    return sums.map((sum) => ({
      way: WAYS[sum.way]!,
      action: ACTIONS[sum.action]!,
      transport: transportShown(sum.key >>> 16),
      port: hasPort(sum.key >>> 16) ? sum.key & 0xffff : null,
      events: sum.events,
      noise: sum.noise,
      clients: clients[sum.group + 1]!,
      servers: servers[sum.group + 1]!,
      bytes: sum.bytes,
      firstMs: finite(sum.firstMs),
      lastMs: finite(sum.lastMs),
      locator: locator(sum.entry),
    }));
  }
}

export class NoiseTotals {
  private readonly index: RowIndex;
  private readonly events = NOISE_CLASSES.map(() => 0);
  /** Events by service, by class. */
  private readonly services: readonly Float64Array[];
  /** By host: a bit for each class of which it is a source. */
  private readonly classes: Uint8Array;

  constructor(index: RowIndex) {
    this.index = index;
    this.services = NOISE_CLASSES.map(() => new Float64Array(index.serviceKeys.length));
    this.classes = new Uint8Array(index.hostCount);
  }

  /** Counts a row that was judged noise. */
  add(block: RowBlock, index: number): void {
    const noise = block.noise[index]!;
    const events = block.events[index]!;
    const source = block.client[index]!;
    this.events[noise]! += events;
    this.services[noise]![block.service[index]!]! += events;
    if (source !== NO_HOST) this.classes[source]! |= 1 << noise;
  }

  rows(): NoiseUse[] {
    return NOISE_CLASSES.map((noise, index) => ({
      noise,
      events: this.events[index]!,
      sources: this.classes.reduce((sum, bits) => sum + ((bits >> index) & 1), 0),
      topService: serviceText(mostOf(this.index.serviceKeys, this.services[index]!)),
      formula: NOISE_FORMULAS[noise],
    })).filter(({ events }) => events > 0);
  }
}
