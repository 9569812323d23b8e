/** Asks hosts by one engine until each of them showed that it is there, or all was asked in vain. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FILTERED_SILENT, OUTCOMES } from '../../model/port-state.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { type HostScan, NOT_MINE } from './host-scan.ts';
import { Scheduler } from './scheduler.ts';
import type { StopSign } from './stop-sign.ts';
import type { Timing } from './timing.ts';

export interface Roll {
  /** Undefined: there is no such way to ask here, and everybody is silent. */
  readonly engine: ProbeEngine | undefined;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly signal: StopSign;
  /** The next host; `later`: none yet; undefined: no more. */
  readonly hosts: () => HostScan | 'later' | undefined;
  /** Whether an outcome says that nobody is there, so that no more need be asked. */
  readonly isGone: (host: HostScan, outcome: number) => boolean;
  /** Called once for a host that shows itself, with the cell of the answer that does. */
  readonly found: (host: HostScan, cell: number) => void;
  /** Called for every other one. */
  readonly silent: (host: HostScan) => void;
}

/** Runs until `hosts` has no more and each was found or silent, or until the signal. */
export async function askWhoIsThere(roll: Roll): Promise<void> {
  const { timing, clock, signal, hosts } = roll;
  const engine = roll.engine ?? NOBODY;
  const found = new Set<HostScan>();
  const scheduler = new Scheduler({
    engine,
    timing,
    clock,
    signal,
    hosts,
    idle: (ms) => sleep(Math.min(ms, LONGEST_IDLE_MS)),
    yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
    hooks: {
      answered: (host, cell) => {
        if (found.has(host)) return;
        const code = host.outcomes[cell]!;
        // A router's word that there is no way is no sign of the host; its own refusal is.
        const { state } = OUTCOMES[code]!;
        const sign = state === 'open' || state === 'closed' || engine.byHost === true;
        if (sign) {
          found.add(host);
          roll.found(host, cell);
        }
        if (sign || roll.isGone(host, code)) leaveRest(host);
      },
      finished: (host) => {
        if (!found.delete(host)) roll.silent(host);
      },
    },
  });
  await scheduler.run();
}

/** Others ask at the same time, in the same thread. */
const LONGEST_IDLE_MS = 5;

/** All is known that was to be found out; further cells need not be asked. */
function leaveRest(host: HostScan): void {
  for (let cell = 0; cell < host.outcomes.length; cell++) host.restore(cell, NOT_MINE);
}

/** Stands where a way to ask is missing. */
const NOBODY: ProbeEngine = {
  name: 'none',
  silent: FILTERED_SILENT,
  send: (batch) => batch.length,
  receive: () => {},
  close: () => {},
};
