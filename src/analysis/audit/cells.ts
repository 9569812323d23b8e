/**
 * Sums of rows that count alike: of one context, service, way, outcome and class of noise. There
 * are a few hundred of them where there are a million rows, so that tables of services, rules and
 * paths are made from these and every row is counted once.
 */
import { EndpointTable } from '../../flow/endpoint-table.ts';
import { ACTIONS } from '../../model/verdict.ts';
import { MEANS, NOISE_CLASSES } from './noise.ts';
import { WAYS } from './places.ts';
import type { RowBlock } from './row-block.ts';
import { GroupSums } from './sums.ts';
import type { VerdictRows } from './verdict-rows.ts';

/** At most as many cells as combinations occur; a cell keeps the number it was given first. */
export class Cells {
  /** Sums of each cell; cells are numbered from 0, in the order of their first rows. */
  readonly sums: GroupSums;
  /** Context, service and the rest of each. */
  private readonly keys: EndpointTable;

  constructor(table: VerdictRows, seed: number) {
    this.sums = new GroupSums(table);
    this.keys = new EndpointTable(seed);
  }

  get count(): number {
    return this.keys.count;
  }

  /** Counts a row; returns its cell. */
  add(block: RowBlock, index: number): number {
    const noise = block.noise[index]!;
    const rest =
      ((noise - MEANS) * WAYS.length + block.way[index]!) * ACTIONS.length + block.action[index]!;
    const cell = this.keys.intern(block.context[index]!, block.service[index]!, rest);
    if (cell === this.sums.count) this.sums.open();
    this.sums.add(cell, block.entry[index]!, block.events[index]!, noise !== MEANS);
    return cell;
  }

  context(cell: number): number {
    return this.keys.address(cell);
  }

  /** Number of the service. */
  service(cell: number): number {
    return this.keys.port(cell);
  }

  /** Index into `ACTIONS`. */
  action(cell: number): number {
    return this.keys.kind(cell) % ACTIONS.length;
  }

  /** Index into `WAYS`. */
  way(cell: number): number {
    return Math.floor(this.keys.kind(cell) / ACTIONS.length) % WAYS.length;
  }

  /** Index into `NOISE_CLASSES`, or `MEANS`. */
  noise(cell: number): number {
    return MEANS + Math.floor(this.keys.kind(cell) / (ACTIONS.length * WAYS.length));
  }

  /** Sums of all cells by something that each has; `groupOf` numbers it without gaps. */
  by(groupOf: (cell: number) => number): GroupSums {
    const { sums, count } = this;
    const groups = new GroupSums(sums.table);
    for (let cell = 0; cell < count; cell++) {
      const group = groupOf(cell);
      while (groups.count <= group) groups.open();
      groups.addGroup(group, sums, cell);
    }
    return groups;
  }

  /** Events by class of noise, and of each class by service. */
  noiseEvents(services: number): { events: Float64Array; services: Float64Array[] } {
    const { sums } = this;
    const events = new Float64Array(NOISE_CLASSES.length);
    const byService = NOISE_CLASSES.map(() => new Float64Array(services));
    for (let cell = 0; cell < this.count; cell++) {
      const noise = this.noise(cell);
      if (noise === MEANS) continue;
      events[noise]! += sums.events(cell);
      byService[noise]![this.service(cell)]! += sums.events(cell);
    }
    return { events, services: byService };
  }
}
