/** What happened on each port in each direction, and how much of it was noise. */
import { ACTIONS } from '../../model/verdict.ts';
import type { NoiseUse, ServiceVerdicts } from './answer.ts';
import type { Cells } from './cells.ts';
import { NOISE_CLASSES, NOISE_FORMULAS } from './noise.ts';
import { WAYS } from './places.ts';
import { hasPort, serviceText, transportShown } from './port-shown.ts';
import type { RowIndex } from './row-index.ts';
import type { RowsByHost } from './row-order.ts';
import { mostOf } from './sums.ts';
import { NO_HOST } from './verdict-rows.ts';

/** @param cellOf cell + 1 by row, 0 for those that do not count or have no hosts */
export function serviceRows(
  cells: Cells,
  cellOf: Int32Array,
  index: RowIndex,
  locator: (entry: number) => string,
): ServiceVerdicts[] {
  // Group by service, way and action; by cell + 1.
  const groups = new Map<number, number>();
  const groupOf = new Int32Array(cells.count + 1);
  const firstCells: number[] = [];
  const sums = cells.by((cell) => {
    const place =
      (cells.service(cell) * WAYS.length + cells.way(cell)) * ACTIONS.length + cells.action(cell);
    let group = groups.get(place);
    if (group === undefined) {
      group = groups.size;
      groups.set(place, group);
      firstCells.push(cell);
    }
    groupOf[cell + 1] = group + 1;
    return group;
  });
  const clients = hostsByGroup(index.byClient, cellOf, groupOf, sums.count);
  const servers = hostsByGroup(index.byServer, cellOf, groupOf, sums.count);
  return sums.inOrder().map((group) => {
    const cell = firstCells[group]!;
    const key = index.serviceKeys[cells.service(cell)]!;
    return {
      way: WAYS[cells.way(cell)]!,
      action: ACTIONS[cells.action(cell)]!,
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

/** How many different hosts each group + 1 has in one of the roles. */
function hostsByGroup(
  { rows, starts }: RowsByHost,
  cellOf: Int32Array,
  groupOf: Int32Array,
  groups: number,
): Int32Array {
  // Without a branch, so that the processor waits for the memory of many rows at the same time.
  const groupAt = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) groupAt[at] = groupOf[cellOf[rows[at]!]!]!;
  const counts = new Int32Array(groups + 1);
  const last = new Int32Array(groups + 1).fill(NO_HOST);
  for (let host = 0; host + 1 < starts.length; host++) {
    const end = starts[host + 1]!;
    for (let at = starts[host]!; at < end; at++) {
      const group = groupAt[at]!;
      if (last[group] === host) continue;
      last[group] = host;
      counts[group]!++;
    }
  }
  return counts;
}

/** @param classes by host: a bit for each class of noise of which it is a source */
export function noiseRows(cells: Cells, index: RowIndex, classes: Uint8Array): NoiseUse[] {
  const { events, services } = cells.noiseEvents(index.serviceKeys.length);
  return NOISE_CLASSES.map((noise, number) => ({
    noise,
    events: events[number]!,
    sources: classes.reduce((sum, bits) => sum + ((bits >> number) & 1), 0),
    topService: serviceText(mostOf(index.serviceKeys, services[number]!)),
    formula: NOISE_FORMULAS[noise],
  })).filter((use) => use.events > 0);
}
