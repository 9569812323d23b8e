/**
 * Asks hosts once more that answered some ports and were silent on many, on ports that had answered:
 * a host that went away under way, or a filter that blocks whoever asks too much, makes all that
 * comes later look filtered. Silence of ports is worth something only where the host still answers.
 */

import {
  CLOSED_REFUSED,
  CLOSED_RESET,
  FILTERED_SILENT,
  isOpen,
  OUTCOMES,
} from '../../model/port-state.ts';
import type { LinkTarget } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import type { CellOrder } from './cells-to-ask.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { HostScan, NOT_MINE } from './host-scan.ts';
import { Scheduler } from './scheduler.ts';
import type { StopSign } from './stop-sign.ts';
import type { Timing } from './timing.ts';

/** Fewer silent ports are the usual work of a filter that means them. */
const MANY_SILENT = 8;
/** Ports of a host that are asked again. */
const AGAIN = 3;

/** A host whose silence may be that of one that went away. */
export interface DoubtfulHost {
  readonly number: number;
  readonly address: Address;
  readonly link: LinkTarget | undefined;
  /** Ports that had answered, to be asked again. */
  readonly ports: readonly number[];
}

export interface StillThereCheck {
  /** Opens an engine for these ports; undefined: there is none. */
  readonly engine: (ports: Uint16Array) => ProbeEngine | undefined;
  readonly hosts: readonly DoubtfulHost[];
  readonly timing: Timing;
  readonly clock: Clock;
  readonly signal: StopSign;
  /** Number of a host that answers no more. */
  readonly gone: (number: number) => void;
}

/** The host with what to ask it again; undefined: there is no doubt about it. */
export function doubtful(host: HostScan, ports: Uint16Array): DoubtfulHost | undefined {
  const { number, address, link, outcomes, tries } = host;
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
  const again = [...refused.slice(0, AGAIN - 1), ...open].slice(0, AGAIN);
  if (silent < MANY_SILENT || again.length === 0) return undefined;
  return { number, address, link, ports: again.map((cell) => ports[cell]!) };
}

/** Whether that is the host's own answer: not so what routers say, or this machine where it lost its way. */
function isOfHost(code: number): boolean {
  const state = OUTCOMES[code]?.state;
  return state === 'open' || state === 'closed';
}

/** Asks the hosts in doubt again. Returns the number of probes sent. */
export async function checkStillThere(check: StillThereCheck): Promise<number> {
  const { hosts, timing, clock, signal, gone } = check;
  const waiting = [...hosts];
  const asked = Uint16Array.from(new Set(hosts.flatMap(({ ports }) => ports))).sort();
  const engine = asked.length === 0 ? undefined : check.engine(asked);
  if (engine === undefined) return 0;
  const cells = asked.length;
  const order: CellOrder = { cells, randomFrom: cells, at: (position) => position };
  const scheduler = new Scheduler({
    ...{ engine, timing, clock, signal },
    yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
    hosts: () => {
      const host = waiting.pop();
      if (host === undefined) return undefined;
      const again = new HostScan(host.number, host.address, order, timing);
      again.link = host.link;
      asked.forEach((port, cell) => {
        if (!host.ports.includes(port)) again.restore(cell, NOT_MINE);
      });
      return again;
    },
    hooks: {
      answered: () => {},
      finished: ({ number, outcomes }) => {
        if (!outcomes.some(isOfHost) && !signal.aborted) gone(number);
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
