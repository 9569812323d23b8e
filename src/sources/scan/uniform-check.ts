/** Looks again at hosts on which everything seems open, at ports that nobody would use. */

import { LikelyFirst } from './cell-order.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { HostScan } from './host-scan.ts';
import { Scheduler } from './scheduler.ts';
import type { StopSign } from './stop-sign.ts';
import type { Timing } from './timing.ts';

export interface UniformCheck {
  readonly engine: ProbeEngine;
  readonly suspects: readonly HostScan[];
  /** Ports the engine asks, none of them asked before. */
  readonly controls: Uint16Array;
  readonly timing: Timing;
  readonly seed: number;
  readonly clock: Clock;
  readonly signal: StopSign;
  /** A suspect with what its control ports said. */
  readonly checked: (suspect: HostScan, control: HostScan) => void;
}

/** Asks the control ports of every suspect. Returns the number of probes sent. */
export async function checkUniform(check: UniformCheck): Promise<number> {
  const { suspects, controls, timing, seed, engine, clock, signal, checked } = check;
  const byNumber = new Map(suspects.map((host) => [host.number, host]));
  const waiting = [...suspects];
  const order = new LikelyFirst(controls.length, new Set(), seed);
  const scheduler = new Scheduler({
    engine,
    timing,
    clock,
    signal,
    yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
    hosts: () => {
      const host = waiting.pop();
      if (host === undefined) return undefined;
      const control = new HostScan(host.number, host.address, order, timing);
      control.link = host.link;
      return control;
    },
    hooks: {
      answered: () => {},
      finished: (control) => checked(byNumber.get(control.number)!, control),
    },
  });
  await scheduler.run();
  return scheduler.counts.sent;
}
