/** How far a scan is and how long it will still take, over hosts found and hosts still to be found. */

import { RemainingTime } from './remaining-time.ts';
import type { Scheduler } from './scheduler.ts';
import type { TimeLeft } from './slow-asking.ts';
import { workLeft } from './work-left.ts';

export interface Outlook {
  /** Probes sent, of those that will be, as far as is known now: 0 to 1. */
  readonly share: number;
  /** How long it will still take; absent while it is not known. */
  readonly left?: TimeLeft;
}

/** Where a scan stands. */
export interface Standing {
  readonly elapsedMs: number;
  /** Probes of earlier transports and of this one. */
  readonly probes: number;
  /** Hosts there will be, and those handed to the scheduler. */
  readonly hosts: number;
  readonly given: number;
}

/** Of one transport's part of a scan. */
export class TransportOutlook {
  private readonly time = new RemainingTime();
  private readonly ports: number;
  private readonly later: number;
  private readonly laterMs: number;

  /**
   * @param ports of each host, in this part
   * @param later ports of each host that other transports ask afterwards
   * @param laterMs what those take beside sending, once there is any host
   */
  constructor(ports: number, later: number, laterMs: number) {
    this.ports = ports;
    this.later = later;
    this.laterMs = laterMs;
  }

  at(scheduler: Scheduler, { elapsedMs, probes, hosts, given }: Standing): Outlook {
    const { counts } = scheduler;
    const [idleMs, lateMs] = [counts.idleUs / 1000, counts.lateUs / 1000];
    this.time.note({ elapsedMs, probes: counts.sent, idleMs, lateMs });
    const more = this.later * hosts;
    const own = workLeft(scheduler.standing(), {
      ...{ waiting: hosts - given, cells: this.ports, perMs: this.time.busySpeed },
    });
    const left = this.time.left({
      ...own,
      probes: own.probes + more,
      leastProbes: own.leastProbes + more,
      mostProbes: own.mostProbes + more,
    });
    const done = probes - counts.sent;
    const share = probes / Math.max(1, probes, done + own.total + more);
    if (left === undefined) return { share };
    return { share, left: hosts > 0 ? { ...left, ms: left.ms + this.laterMs } : left };
  }
}
