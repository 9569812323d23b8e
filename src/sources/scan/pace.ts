/**
 * The pause between probes to one host, for hosts that take so few that a window of two is too
 * much: they answer only so many a second. It grows while most is lost and shrinks as answers come.
 */
import type { SendWindow } from './send-window.ts';

/** Paces shorter than this are left to the window, microseconds. */
const LEAST_US = 125;
/** So slowly asked and still without answers: slowness does not help. */
const HOPELESS_US = 160_000;
/** What is left of the pause after an answer, and after a share of answers as good as ever. */
const AFTER_ANSWER = 0.985;
const AFTER_FIT = 0.8;

export class Pace {
  /** At least so long between two probes, microseconds; 0: the window alone rules. */
  gapUs = 0;
  /** Not before this time; only meaningful where there is a gap. */
  nextUs = 0;

  /** A probe went out. */
  wentOut(nowUs: number): void {
    if (this.gapUs > 0) this.nextUs = nowUs + this.gapUs;
  }

  answered(): void {
    this.shorten(AFTER_ANSWER);
  }

  fits(): void {
    this.shorten(AFTER_FIT);
  }

  /** The window closed. False: going slowly brings nothing back, so speed was not to blame. */
  closed({ size, lastLoss }: SendWindow): boolean {
    if (size > 4 || lastLoss <= 0.5) {
      this.gapUs *= 1.25;
      return true;
    }
    // A window of two that still loses most: the host answers only so many a second, or no more.
    if (this.gapUs < HOPELESS_US) {
      this.gapUs = Math.max(2 * LEAST_US, (lastLoss > 0.9 ? 4 : 2) * this.gapUs);
      return true;
    }
    this.gapUs = 0;
    return false;
  }

  private shorten(factor: number): void {
    this.gapUs = this.gapUs < LEAST_US ? 0 : factor * this.gapUs;
  }
}
