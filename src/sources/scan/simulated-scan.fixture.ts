/**
 * A whole scan of a network that exists only in time, for tests of what comes of it.
 */
import { isOpen } from '../../model/port-state.ts';
import { LikelyFirst } from './cell-order.ts';
import { HostScan } from './host-scan.ts';
import { Scheduler } from './scheduler.ts';
import { type SimulatedHost, SimulatedNetwork } from './simulated.fixture.ts';
import { TIMINGS, type Timing } from './timing.ts';

/** What a scan came to. */
export interface SimulatedRun {
  readonly done: readonly HostScan[];
  readonly network: SimulatedNetwork;
  readonly complete: boolean;
  readonly scheduler: Scheduler;
}

/**
 * Scans hosts that exist only in time, in the order of `LikelyFirst`.
 * @param cells ports of each @param hamper makes the network worse than the hosts say
 */
export async function simulatedScan(
  hosts: readonly SimulatedHost[],
  cells: number,
  timing: Timing = TIMINGS[3]!,
  prepare: (host: HostScan) => void = () => {},
  hamper: (network: SimulatedNetwork) => void = () => {},
): Promise<SimulatedRun> {
  const network = new SimulatedNetwork(hosts);
  hamper(network);
  const order = new LikelyFirst(cells, new Set([1, 2, 3]), 99);
  const done: HostScan[] = [];
  const answeredOnce = new Set<number>();
  let next = 0;
  const scheduler = new Scheduler({
    engine: network,
    timing,
    clock: () => network.nowUs,
    hosts: () => {
      if (next === hosts.length) return undefined;
      const host = new HostScan(next++, { family: 4, words: [next] }, order, timing);
      prepare(host);
      return host;
    },
    hooks: {
      answered: (host, cell) => {
        const key = host.number * 65_536 + cell;
        if (answeredOnce.has(key)) throw new Error(`cell ${cell} answered twice`);
        answeredOnce.add(key);
      },
      finished: (host) => {
        done.push(host);
      },
    },
  });
  const complete = await scheduler.run();
  return { done, network, complete, scheduler };
}

export function openCells(host: HostScan): number[] {
  return [...host.outcomes.keys()].filter((cell) => isOpen(host.outcomes[cell]!));
}
