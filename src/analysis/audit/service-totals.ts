/** What happened on each port in each direction, and how much of it was noise. */
import { ACTIONS } from '../../model/verdict.ts';
import type { NoiseUse, ServiceVerdicts } from './answer.ts';
import { MEANS, NOISE_CLASSES, NOISE_FORMULAS } from './noise.ts';
import { WAYS } from './places.ts';
import { hasPort, serviceText, transportShown } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex, RowsByHost } from './row-index.ts';
import { GroupSums, mostOf } from './sums.ts';
import { NO_HOST, type VerdictRows } from './verdict-rows.ts';

interface Service {
  readonly way: number;
  readonly action: number;
  /** What `serviceKey` gives. */
  readonly key: number;
}

export class ServiceTotals {
  private readonly index: RowIndex;
  private readonly sums: GroupSums;
  /** What each group of the sums is about. */
  private readonly services: Service[] = [];
  /** Group + 1 by service, way and action. */
  private readonly groups: Int32Array;
  /** Group + 1 by row, 0 for those that do not count or have no hosts. */
  private readonly groupOf: Int32Array;

  constructor(table: VerdictRows, index: RowIndex) {
    this.index = index;
    this.sums = new GroupSums(table);
    this.groups = new Int32Array(16 * index.serviceKeys.length);
    this.groupOf = new Int32Array(index.clients.length);
  }

  /** Counts the rows that are wanted. */
  add(block: RowBlock, wanted: Uint8Array): void {
    const { groupOf, sums } = this;
    const { count, client, entry, events, noise } = block;
    for (let index = 0; index < count; index++) {
      if (wanted[index] === 0) continue;
      const group = this.groupAt(block, index);
      sums.add(group, entry[index]!, events[index]!, noise[index] !== MEANS);
      if (client[index] !== NO_HOST) groupOf[entry[index]!] = group + 1;
    }
  }

  private groupAt(block: RowBlock, index: number): number {
    const service = block.service[index]!;
    const place = 16 * service + 4 * block.way[index]! + block.action[index]!;
    const known = this.groups[place]!;
    if (known !== 0) return known - 1;
    const [way, action] = [block.way[index]!, block.action[index]!];
    this.groups[place] = this.services.push({ way, action, key: this.index.serviceKeys[service]! });
    return this.sums.open();
  }

  /** How many different hosts each group has in one of the roles. */
  private hosts({ rows, starts }: RowsByHost): Int32Array {
    const { groupOf } = this;
    const counts = new Int32Array(this.sums.count + 1);
    const last = new Int32Array(this.sums.count + 1).fill(NO_HOST);
    for (let host = 0; host + 1 < starts.length; host++) {
      for (let at = starts[host]!; at < starts[host + 1]!; at++) {
        const group = groupOf[rows[at]!]!;
        if (last[group] === host) continue;
        last[group] = host;
        counts[group]!++;
      }
    }
    return counts;
  }

  rows(locator: (entry: number) => string): ServiceVerdicts[] {
    const { index, sums } = this;
    const clients = this.hosts(index.byClient);
    const servers = this.hosts(index.byServer);
    return sums.inOrder().map((group) => {
      const { way, action, key } = this.services[group]!;
      return {
        way: WAYS[way]!,
        action: ACTIONS[action]!,
        transport: transportShown(key >>> 16),
        port: hasPort(key >>> 16) ? key & 0xffff : null,
        events: sums.events(group),
        noise: sums.noise(group),
        clients: clients[group + 1]!,
        servers: servers[group + 1]!,
        bytes: sums.bytes(group),
        firstMs: sums.firstMs(group),
        lastMs: sums.lastMs(group),
        locator: locator(sums.row(group)),
      };
    });
  }
}

export class NoiseTotals {
  private readonly index: RowIndex;
  private readonly events = new Float64Array(NOISE_CLASSES.length);
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
