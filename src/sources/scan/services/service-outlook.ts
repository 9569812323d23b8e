/**
 * How long it will still take to ask open ports what they are. A port that greets is done within
 * a moment, one that says nothing takes all questions: half a minute. So the ports still to come are
 * taken to be like those so far, quick ones and slow ones mixed as they were, and dealt out again
 * as the scan will do it: a few at once of each host.
 */
import type { TimeLeft } from '../slow-asking.ts';

/** A port of which nobody knows yet whether it is quick. */
const UNDECIDED_MS = 1000;

/** A port that took this part of all questions is one of the slow. */
const SLOW = 0.5;
/** So many quick ports, and no slow one: they are all quick. */
const MANY = 20;

export interface ServicePace {
  /** Ports asked at the same time, of all hosts and of one. */
  readonly atOnce: number;
  readonly atOncePerHost: number;
  /** What a port takes that never says anything, ms. */
  readonly silenceMs: number;
}

/** What waits and what is being asked. */
export interface ServiceQueue {
  /** Ports that wait, by host. */
  readonly waiting: Iterable<readonly [host: unknown, ports: number]>;
  /** When each port that is being asked was begun, ms. */
  readonly running: Iterable<readonly [host: unknown, sinceMs: number]>;
}

export class ServiceOutlook {
  private readonly pace: ServicePace;
  /** How long ports took that are done. */
  private readonly took: number[] = [];

  constructor(pace: ServicePace) {
    this.pace = pace;
  }

  done(ms: number): void {
    this.took.push(ms);
  }

  /** Undefined while no port says anything of the others. */
  left(nowMs: number, { waiting, running }: ServiceQueue): TimeLeft | undefined {
    const lanes = new Map<unknown, number[]>();
    const durations = [...this.took];
    const ages = [...running].map(([host, sinceMs]) => [host, nowMs - sinceMs] as const);
    for (const [host, age] of ages) {
      const whole = Math.max(age, this.wholeMs(age));
      if (age >= UNDECIDED_MS) durations.push(whole);
      lanes.set(host, [...(lanes.get(host) ?? []), whole - age]);
    }
    if (durations.length === 0) return undefined;
    durations.sort((left, right) => left - right);
    let longest = 0;
    let total = sum([...lanes.values()].flat());
    for (const [host, count] of waiting) {
      const dealt = mixed(durations, count);
      total += sum(dealt);
      lanes.set(host, deal(lanes.get(host) ?? [], dealt, this.pace.atOncePerHost));
    }
    for (const ends of lanes.values()) longest = Math.max(longest, ...ends);
    const ms = Math.max(longest, total / this.pace.atOnce);
    return this.knowsSlow(ages.map(([, age]) => age)) ? { ms } : { ms, bound: 'least' };
  }

  /** How long a port will have taken that is asked for so long; where none took longer, so long. */
  private wholeMs(age: number): number {
    const longer = this.took.filter((ms) => ms > age);
    return longer.length === 0 ? age : sum(longer) / longer.length;
  }

  /** Whether one was seen that takes all questions, or it seems that there are none. */
  private knowsSlow(ages: readonly number[]): boolean {
    const longest = Math.max(0, ...this.took);
    if (longest >= SLOW * this.pace.silenceMs) return true;
    return this.took.length >= MANY && ages.every((age) => age <= longest);
  }
}

/** So many durations, spread as those known are, quick and slow in turn. */
function mixed(known: readonly number[], count: number): number[] {
  const stride = strideOf(count);
  return Array.from({ length: count }, (_, index) => {
    const at = ((index * stride) % count) + 0.5;
    return known[Math.floor((at / count) * known.length)]!;
  });
}

/** A step that comes by every place, near the golden section: neighbours lie far apart. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.round(0.618 * count));
  while (divisor(stride, count) > 1) stride++;
  return stride;
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}

/** When each of so many lanes is free, after the next duration always went to the first free one. */
function deal(busy: readonly number[], durations: readonly number[], lanes: number): number[] {
  const ends = [...busy];
  while (ends.length < lanes) ends.push(0);
  for (const ms of durations) {
    let first = 0;
    for (let lane = 1; lane < ends.length; lane++) if (ends[lane]! < ends[first]!) first = lane;
    ends[first]! += ms;
  }
  return ends;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
