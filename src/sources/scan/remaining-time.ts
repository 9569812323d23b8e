/**
 * How long a scan will still take: as long as the host that takes longest, by its own window and
 * waits, and not less than sending all that is left takes at the speed this machine has shown.
 */
import type { TimeLeft } from './slow-asking.ts';

/** What a scan has still to do. */
export interface WorkLeft {
  /** Probes to be sent, and of the whole scan with those sent. */
  readonly probes: number;
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
}

const MOST_SAMPLES = 128;
/** No speed is known before. */
const LEAST_MS = 400;
/** From then on a speed counts even if the moment's differs from it by more than this. */
const SETTLED_MS = 2000;
/** How long it takes to find out what a host takes that was sent too much. */
const CROWDED_SETTLED_MS = 6000;
const UNSETTLED = 0.15;

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
  left({ probes, crowded, tailMs, longest }: WorkLeft): TimeLeft | undefined {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const ms = last.elapsedMs - first.elapsedMs;
    if (ms < LEAST_MS) return undefined;
    const perMs = this.since(0.5, !crowded);
    const sendingMs = probes < 1 ? tailMs : probes / perMs + tailMs;
    if (sendingMs <= longest.ms) return longest;
    // It has just begun, and still changes.
    if (ms < SETTLED_MS && Math.abs(this.since(0.75, !crowded) / perMs - 1) > UNSETTLED) {
      return undefined;
    }
    // Where too much was sent, loss and silence are told apart only in time.
    return crowded && ms < CROWDED_SETTLED_MS
      ? { ms: sendingMs, bound: 'most' }
      : { ms: sendingMs };
  }

  /** Speed since a part of the time, 0 to 1: what was long ago says little, a moment less. */
  private since(part: number, busy: boolean): number {
    const first = this.samples[0]!;
    const last = this.samples.at(-1)!;
    const fromMs = first.elapsedMs + part * (last.elapsedMs - first.elapsedMs);
    const from = this.samples.find(({ elapsedMs }) => elapsedMs >= fromMs) ?? first;
    const idleMs = busy ? last.idleMs - from.idleMs : 0;
    const ms = last.elapsedMs - from.elapsedMs - idleMs;
    const sent = last.probes - from.probes;
    return sent > 0 && ms > 0 ? sent / ms : Number.POSITIVE_INFINITY;
  }
}
