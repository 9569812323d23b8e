/**
 * The pause between probes to one host. Where answers come back at once, lost probes alone fill the
 * window: it is sent in bursts then, and hosts that answer so many a second lose most of each. So
 * when the window closes, probes are spread at the rate that came through. The pause shrinks while
 * all goes well, and goes when the window alone is slower.
 */
import type { SendWindow } from './send-window.ts';

/** So slowly asked and still without answers: slowness does not help. */
const HOPELESS_US = 160_000;
/** What is left of the rate when too much is lost, at least. */
const LEAST_LEFT = 0.25;
/** A bit less than came through. */
const BELOW = 0.95;
/** How much faster while all goes well: far from the rate that was too much, and near it. */
const FASTER = 1.5;
const A_LITTLE = 0.05;
/** So often at once, where it took longer until that was known. */
const MOST_STEPS = 3;
/** Where so few are sent that it takes longer until something is known of them, microseconds. */
const LONG_US = 1_500_000;
/** Near is what differs by less than this part. */
const FAR = 0.85;
/** So long nothing faster is tried after too much was lost, microseconds; at most so many times that. */
const HOLD_US = 200_000;
const MOST_CAUTION = 32;
/** So much may be caught up on when this program was not run in time, microseconds. */
const CATCH_UP_US = 4000;
/** And where nothing is known of a limit. */
const CATCH_UP_SILENT_US = 12_000;

/** Of one host. Times are microseconds on the scan's clock, rates probes a microsecond. */
export class Pace {
  /** At least so long between two probes, microseconds; 0: the window alone rules. */
  gapUs = 0;
  /** Not before this time; only meaningful where there is a gap. */
  nextUs = 0;
  /** The gap by which a window is sent evenly in which nothing tells when to send. */
  private evenUs = 0;
  /** The gap at which too much was lost. */
  private tooShortUs = 0;
  /** The gap at which all came through last; 0: none, or not any more. */
  private fineUs = 0;
  /** The gap before it was made longer since all went well last. */
  private firstUs = 0;
  /** Until then nothing faster is tried: the longer, the more often about that was too much. */
  private holdUs = 0;
  private caution = 1;
  /** How often it was made shorter since too much was lost. */
  private successes = 0;
  /** When it was changed last, and whether it held anything back since. */
  private changedUs = 0;
  private heldBack = false;

  /** A probe went out. */
  wentOut(nowUs: number): void {
    const gapUs = this.gapUs || this.evenUs;
    if (gapUs > 0) this.nextUs = Math.max(this.nextUs, nowUs - this.catchUpUs) + gapUs;
  }

  /**
   * While nothing answers, tries are given up as they were sent: in heaps, of which a filter that
   * takes so many a second lets only the first through. So they are sent evenly.
   * @param gapUs between two probes; 0: answers tell when to send
   */
  spread(gapUs: number): void {
    this.evenUs = gapUs;
  }

  /** When the next probe may go out; 0: now. */
  get dueUs(): number {
    return this.gapUs > 0 || this.evenUs > 0 ? this.nextUs : 0;
  }

  /** How many probes may go out now of as many as `most`. */
  allows(most: number, nowUs: number): number {
    const gapUs = this.gapUs || this.evenUs;
    if (gapUs === 0 || most <= 0) return most;
    const sinceUs = nowUs - Math.max(this.nextUs, nowUs - this.catchUpUs);
    const allowed = sinceUs < 0 ? 0 : Math.floor(sinceUs / gapUs) + 1;
    if (allowed < most) this.heldBack = true;
    return Math.min(most, allowed);
  }

  private get catchUpUs(): number {
    return this.gapUs > 0 ? CATCH_UP_US : CATCH_UP_SILENT_US;
  }

  /**
   * All that was sent of late came through as well as ever.
   * @param stepUs how long it takes until a change shows
   * @param isWeighed it is known from the share of answers, not only from some
   */
  fits(nowUs: number, stepUs: number, isWeighed: boolean): void {
    if (this.gapUs === 0) return;
    if (isWeighed) this.firstUs = 0;
    if (isWeighed && this.heldBack) this.fineUs = this.gapUs;
    const steps = Math.min(MOST_STEPS, Math.floor((nowUs - this.changedUs) / stepUs));
    if (steps === 0 || !(isWeighed || this.gapUs > this.tooShortUs / FAR)) return;
    if (!this.heldBack) {
      this.gapUs = 0;
      return;
    }
    const nearUs = this.tooShortUs / FAR;
    if (this.gapUs > nearUs) {
      // What was too fast is far away: there at once, but not beyond.
      this.gapUs = Math.max(nearUs, this.gapUs / FASTER ** steps);
    } else {
      if (isWeighed && nowUs < this.holdUs) return;
      // The longer all goes well, the less is known of what was too much.
      const more = Math.min(MOST_STEPS, Math.ceil((nowUs - this.changedUs) / LONG_US));
      for (let step = 0; step < more; step++) {
        this.gapUs /= Math.min(FASTER, 1 + A_LITTLE * 2 ** this.successes++);
      }
    }
    this.changed(nowUs);
  }

  /** Nearly all of it came through: that is no reason for another speed. */
  keeps(nowUs: number): void {
    this.changedUs = nowUs;
  }

  /** The pause that it will come to soon if all goes well, microseconds. */
  get soonUs(): number {
    return Math.min(this.gapUs, this.tooShortUs / FAR);
  }

  /** The window closed. False: going slowly brings nothing back, so speed was not to blame. */
  closed({ lastLoss, lastRate, size, isCut }: SendWindow, nowUs: number): boolean {
    // Where nothing comes through there is no rate to keep to.
    if (this.gapUs === 0 && size > 4 && isCut) return true;
    return this.slower(lastRate, 1 - lastLoss, nowUs);
  }

  /**
   * More was sent than came through. False: so slow a pace would not help, and the last one that was
   * not known to be too fast is kept to again.
   * @param rate probes a microsecond @param share part of them that came through, 0 to 1
   */
  slower(rate: number, share: number, nowUs: number): boolean {
    if (this.gapUs >= HOPELESS_US) {
      this.forget(nowUs);
      return false;
    }
    // What came through is what the way takes, however much more was sent.
    let tooShortUs = Math.max(this.gapUs, 1 / rate) / Math.max(LEAST_LEFT, share);
    // Of what is hardly too much, a limit that takes one at a time lets only half through.
    if (this.fineUs > this.gapUs) tooShortUs = Math.min(tooShortUs, BELOW * this.fineUs);
    this.fineUs = 0;
    const isSame =
      Math.min(tooShortUs, this.tooShortUs) > FAR * Math.max(tooShortUs, this.tooShortUs);
    this.caution = isSame ? Math.min(MOST_CAUTION, 2 * this.caution) : 1;
    this.holdUs = nowUs + this.caution * HOLD_US;
    this.successes = 0;
    if (this.firstUs === 0) this.firstUs = Math.max(this.gapUs, 1 / rate);
    this.tooShortUs = Math.min(HOPELESS_US, tooShortUs);
    this.gapUs = Math.min(HOPELESS_US, this.tooShortUs / BELOW);
    this.changed(nowUs);
    return true;
  }

  /** Going slower brought nothing: back to where it began. */
  forget(nowUs: number): void {
    this.gapUs = this.firstUs;
    this.tooShortUs = 0;
    this.firstUs = 0;
    this.fineUs = 0;
    this.holdUs = 0;
    this.changed(nowUs);
  }

  private changed(nowUs: number): void {
    this.changedUs = nowUs;
    this.heldBack = false;
  }
}
