/**
 * What a scan has still to do, over all its hosts: those being asked, each by itself, and those to
 * come, which are taken to resemble them.
 */
import { hostLeft, lossTailMs, probesLeft } from './host-outlook.ts';
import type { WorkLeft } from './remaining-time.ts';
import type { ScheduleStanding } from './scheduler.ts';
import type { TimeLeft } from './slow-asking.ts';

/** What is not known of the hosts that are being asked. */
export interface Expected {
  /** Hosts to come. */
  readonly waiting: number;
  /** Ports of a host, until it is known how often they are asked. */
  readonly cells: number;
  /** Probes that this machine can send each ms. */
  readonly perMs: number;
}

/** Takes stock of each host, so it costs as much as the hosts have ports waiting. */
export function workLeft(
  { hosts, ended, sent, timing, nowUs }: ScheduleStanding,
  { waiting, cells, perMs }: Expected,
): WorkLeft {
  for (const host of hosts) host.takeStock();
  const works = hosts.map(probesLeft);
  const left = works.map(({ probes }) => probes);
  const mean = sum(left) / Math.max(1, left.length);
  const most = Math.min(perMs, timing.ratePerSecond / 1000);
  const sharedMs = sum(left.map((each) => Math.min(each, mean))) / most;
  const limits = { perMs: most, hosts: hosts.length, sharedMs };
  const crowded = hosts.filter((host) => host.speed.isCrowded(nowUs));
  const longest = hosts
    .filter((host) => !host.speed.isCrowded(nowUs))
    .reduce<TimeLeft>((all, host) => longer(all, hostLeft(host, timing, nowUs, limits)), { ms: 0 });
  const asked = ended.hosts + hosts.length;
  const known = ended.probes + sum(left) + sum(hosts.map(({ tally }) => tally.sent));
  const total = known + waiting * (asked === 0 ? cells : known / asked);
  const probes = Math.max(0, total - sent);
  return {
    probes,
    leastProbes: probes - sum(works.map((work) => work.probes - work.leastProbes)),
    mostProbes: probes + sum(works.map((work) => work.mostProbes - work.probes)),
    total,
    crowded: crowded.length > 0,
    tailMs: Math.max(0, ...crowded.map(lossTailMs)),
    longest,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The later end of two; what bounds the one that decides bounds both. */
function longer(left: TimeLeft, right: TimeLeft): TimeLeft {
  return right.ms > left.ms ? right : left;
}
