/**
 * How long a scan will still take: as long as the host that takes longest, by its own window and
 * waits, and not less than sending all that is left takes at the speed this machine has shown.
 */
import type { TimeLeft } from './slow-asking.ts';

/** What a scan has still to do. */
export interface WorkLeft {
  /** Probes to be sent as far as is known, at least and at most. */
  readonly probes: number;
  readonly leastProbes: number;
  readonly mostProbes: number;
  /** Of the whole scan, with those sent. */
  readonly total: number;
  /** Some host gets as much as it takes: only measuring tells how fast that is. */
  readonly crowded: boolean;
  /** What those hosts wait at the end for what gets lost, ms. */
  readonly tailMs: number;
  /** Of the host that takes longest by itself. */
  readonly longest: TimeLeft;
}

/** Where sending stands, on the scan's clock. */
export interface Sent {
  readonly elapsedMs: number;
  readonly probes: number;
  /** Time in which nothing could be sent. */
  readonly idleMs: number;
  /** Time in which other programs were run in place of this one. */
  readonly lateMs: number;
}

const MOST_SAMPLES = 128;
/** No speed is known before. */
const LEAST_MS = 400;
/** From then on a speed counts even if the moment's differs from it by more than this. */
const SETTLED_MS = 2000;
/** By so much more or less may have to be sent than is known without a word about it. */
const UNSURE = 1.15;
/** It may take longer by this factor than the speed so far says. */
const CROWDED_UNSURE = 1.75;
const UNSETTLED = 0.15;

/** For one part of a scan; remembers at most 128 moments of it. */
export class RemainingTime {
  private samples: Sent[] = [];

  /** Takes where sending stands; to be called often. */
  note(sent: Sent): void {
    this.samples.push(sent);
    if (this.samples.length > MOST_SAMPLES) {
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
    }
  }

  /** Probes a ms while there was anything to send, of late; Infinity: not known. */
  get busySpeed(): number {
    const now = this.samples.at(-1);
    return now === undefined ? Number.POSITIVE_INFINITY : this.since(0.5, true);
  }

  /** Undefined while nothing is known of the speed. */
  left(work: WorkLeft): TimeLeft | undefined {
    const { probes, leastProbes, mostProbes, crowded, longest } = work;
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const ms = last.elapsedMs - first.elapsedMs;
    if (ms < LEAST_MS) return undefined;
    const perMs = this.since(0.5, !crowded);
    const sendingMs = (count: number): number => (count < 1 ? 0 : count / perMs) + work.tailMs;
    const likelyMs = sendingMs(probes);
    const longestMs = longest.ms / (1 - this.lateShare);
    if (likelyMs <= longestMs) return { ...longest, ms: longestMs };
    // It has just begun, and still changes.
    if (ms < SETTLED_MS && Math.abs(this.since(0.75, !crowded) / perMs - 1) > UNSETTLED) {
      return undefined;
    }
    // What a host takes, and what gets lost of it, is told apart from the rest only in time.
    if (crowded) return { ms: CROWDED_UNSURE * sendingMs(mostProbes) + LEAST_MS, bound: 'most' };
    const isSure = mostProbes < UNSURE * probes && probes < UNSURE * leastProbes;
    return isSure ? { ms: likelyMs } : { ms: sendingMs(leastProbes), bound: 'least' };
  }

  /** Share of the time in which this program was not run, of late: it will go on like that. */
  private get lateShare(): number {
    const [from, to] = [this.at(0.5), this.samples.at(-1)!];
    return Math.min(0.8, (to.lateMs - from.lateMs) / Math.max(1, to.elapsedMs - from.elapsedMs));
  }

  private at(part: number): Sent {
    const first = this.samples[0]!;
    const last = this.samples.at(-1)!;
    const fromMs = first.elapsedMs + part * (last.elapsedMs - first.elapsedMs);
    return this.samples.find(({ elapsedMs }) => elapsedMs >= fromMs) ?? first;
  }

  /** Speed since a part of the time, 0 to 1: what was long ago says little, a moment less. */
  private since(part: number, busy: boolean): number {
    const last = this.samples.at(-1)!;
    const from = this.at(part);
    const idleMs = busy ? last.idleMs - from.idleMs : 0;
    const ms = last.elapsedMs - from.elapsedMs - idleMs;
    const sent = last.probes - from.probes;
    return sent > 0 && ms > 0 ? sent / ms : Number.POSITIVE_INFINITY;
  }
}
