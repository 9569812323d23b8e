/**
 * How long to wait for an answer, from those that came: RFC 6298 (smoothed round trip and its
 * variation), with the bounds of a timing band. An answer that comes after it was given up shows
 * that the wait was too short, and lengthens it.
 */
import type { Timing } from './timing.ts';

export class RoundTrip {
  /** Microseconds; NaN before the first sample. */
  smoothedUs = Number.NaN;
  /** The wait, microseconds. */
  timeoutUs: number;
  private variationUs = 0;
  /** Raised by late answers, so that a short wait is not learned again from quick ones. */
  private leastUs: number;
  private readonly mostUs: number;

  constructor(timing: Timing) {
    this.timeoutUs = 1000 * timing.firstTimeoutMs;
    this.leastUs = 1000 * timing.leastTimeoutMs;
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
    this.aim();
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
