/**
 * How long to wait for an answer, from those that came: RFC 6298 (smoothed round trip and its
 * variation), with the bounds of a timing band. An answer that comes after it was given up shows
 * that the wait was too short, and lengthens it.
 */
import type { Timing } from './timing.ts';

/** Part of what a late answer added to the wait that each further try takes away again. */
const FORGOTTEN = 0.0005;
/** By so much the wait is raised where nobody knows how long an answer took. */
const LONGER = 1.5;

/** Of one host. A sample counts only where it is certain which try it answers. */
export class RoundTrip {
  /** Microseconds; NaN before the first sample. */
  smoothedUs = Number.NaN;
  /** The wait, microseconds. */
  timeoutUs: number;
  private variationUs = 0;
  /** Raised by late answers, so that a short wait is not learned again from a few quick ones. */
  private leastUs: number;
  private readonly floorUs: number;
  /** When the wait was last found to be too short, and by how much is not known. */
  private raisedUs = Number.NEGATIVE_INFINITY;
  private readonly mostUs: number;

  constructor(timing: Timing) {
    this.timeoutUs = 1000 * timing.firstTimeoutMs;
    this.floorUs = 1000 * timing.leastTimeoutMs;
    this.leastUs = this.floorUs;
    this.mostUs = 1000 * timing.mostTimeoutMs;
  }

  sample(us: number): void {
    if (Number.isNaN(this.smoothedUs)) {
      this.smoothedUs = us;
      this.variationUs = us / 2;
    } else {
      this.variationUs += (Math.abs(us - this.smoothedUs) - this.variationUs) / 4;
      this.smoothedUs += (us - this.smoothedUs) / 8;
    }
    this.forget();
  }

  /** A try was answered in time or given up: a moment of trouble is forgotten by and by. */
  forget(): void {
    if (this.leastUs > this.floorUs) this.leastUs -= FORGOTTEN * (this.leastUs - this.floorUs);
    this.aim();
  }

  /**
   * An answer came to a try before the last one of its port, which was sent `elapsedUs` ago: the
   * wait was too short. Those that were sent before this was last found out say nothing new: one
   * stall on the way makes many late answers.
   */
  early(nowUs: number, elapsedUs: number): void {
    if (nowUs - elapsedUs < this.raisedUs) return;
    this.raisedUs = nowUs;
    this.late(LONGER * this.timeoutUs);
  }

  /** An answer came to a try that was given up, `us` after it was sent. */
  late(us: number): void {
    this.leastUs = Math.min(this.mostUs, Math.max(this.leastUs, 1.25 * us));
    this.aim();
    this.timeoutUs = Math.max(this.timeoutUs, this.leastUs);
  }

  private aim(): void {
    if (Number.isNaN(this.smoothedUs)) return;
    const wait = this.smoothedUs + 4 * this.variationUs;
    this.timeoutUs = Math.min(this.mostUs, Math.max(this.leastUs, wait));
  }
}
