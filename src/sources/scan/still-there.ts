/**
 * Asks hosts once more that answered some ports and were silent on many, on ports that had answered:
 * a host that went away under way, or a filter that blocks whoever asks too much, makes all that
 * comes later look filtered. Silence of ports is worth something only where the host still answers.
 */

import { CLOSED_REFUSED, CLOSED_RESET, FILTERED_SILENT, isOpen } from '../../model/port-state.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { type CellOrder, HostScan, NOT_MINE } from './host-scan.ts';
import { Scheduler } from './scheduler.ts';
import type { Timing } from './timing.ts';

/** Fewer silent ports are the usual work of a filter that means them. */
const MANY_SILENT = 8;
/** Ports of a host that are asked again. */
const AGAIN = 3;

export interface StillThereCheck {
  /** Opens an engine for these ports; undefined: there is none. */
  readonly engine: (ports: Uint16Array) => ProbeEngine | undefined;
  readonly hosts: readonly HostScan[];
  /** The port of each cell of the hosts. */
  readonly ports: Uint16Array;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A host that answers no more. */
  readonly gone: (host: HostScan) => void;
}

/** Cells that had answered and are to be asked again; none: there is no doubt about the host. */
export function doubted({ outcomes, tries }: HostScan): number[] {
  let silent = 0;
  const refused: number[] = [];
  const open: number[] = [];
  for (let cell = 0; cell < outcomes.length; cell++) {
    const outcome = outcomes[cell]!;
    if (tries[cell] === 0) continue;
    if (outcome === FILTERED_SILENT) silent++;
    else if (outcome === CLOSED_RESET || outcome === CLOSED_REFUSED) refused.push(cell);
    else if (isOpen(outcome)) open.push(cell);
  }
  return silent < MANY_SILENT ? [] : [...refused.slice(0, AGAIN - 1), ...open].slice(0, AGAIN);
}

/** Asks the hosts in doubt again. Returns the number of probes sent. */
export async function checkStillThere(check: StillThereCheck): Promise<number> {
  const { hosts, ports, timing, clock, signal, gone } = check;
  const suspects = hosts.flatMap((host) => {
    const cells = doubted(host);
    return cells.length === 0 ? [] : [{ host, ports: cells.map((cell) => ports[cell]!) }];
  });
  const asked = Uint16Array.from(new Set(suspects.flatMap((each) => each.ports))).sort();
  const engine = asked.length === 0 ? undefined : check.engine(asked);
  if (engine === undefined) return 0;
  const cells = asked.length;
  const order: CellOrder = { cells, randomFrom: cells, at: (position) => position };
  const byNumber = new Map(suspects.map(({ host }) => [host.number, host]));
  const scheduler = new Scheduler({
    ...{ engine, timing, clock, signal },
    yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
    hosts: () => {
      const suspect = suspects.pop();
      if (suspect === undefined) return undefined;
      const again = new HostScan(suspect.host.number, suspect.host.address, order, timing);
      again.link = suspect.host.link;
      asked.forEach((port, cell) => {
        if (!suspect.ports.includes(port)) again.restore(cell, NOT_MINE);
      });
      return again;
    },
    hooks: {
      answered: () => {},
      finished: ({ number, outcomes }) => {
        const silent = outcomes.every((code) => code === FILTERED_SILENT || code === NOT_MINE);
        if (silent && !signal.aborted) gone(byNumber.get(number)!);
      },
    },
  });
  try {
    await scheduler.run();
  } finally {
    engine.close();
  }
  return scheduler.counts.sent;
}
