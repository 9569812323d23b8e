/**
 * Whether the way to a host worked at a given moment. A try that stays silent tells something of
 * its port only where something else that was sent at about that time came back: in a moment in
 * which the link, the host or this program was not there, every port is silent.
 *
 * Most answers come by themselves. Where only silent ports are asked again, a port that is known to
 * answer is asked beside them: the pulse. When it stops, nothing else is asked until it beats again
 * or patience ends.
 *
 * Times are microseconds on the scan's clock, kept as 32 bits (see `host-scan.ts`).
 */
import { CLOSED_ABORT, CLOSED_REFUSED, CLOSED_RESET, isOpen } from '../../model/port-state.ts';
import type { Timing } from './timing.ts';

/** A power of two; together longer than any wait. */
const MOMENTS = 256;
/** A moment tells something when so many answers were to be expected in it. */
const TELLING = 0.8;
/** And nothing of other ports when fewer than this part of them came. */
const WORKING = 0.5;
/** Where packets get lost at all times, so many moments are looked at together. */
const TOGETHER = 4;
const LOSSLESS = 0.02;
/** Pulses in a row that must be lost at least before the host counts as gone. */
const LEAST_LOST = 4;
/** They are lost by chance that rarely. */
const BY_CHANCE = 1e-3;
/** Between pulses while there are none, at most; between questions to an open port, at least. */
const SLOWEST_US = 1_000_000;
const OPEN_PORT_US = 500_000;
/** A host that is gone is waited for so many of the band's longest waits. */
const PATIENCE = 3;
/** Of all probes to a host, pulses are at most about this part. */
const SHARE = 0.1;

/** Of one host; fixed memory. */
export class Pulse {
  /** A cell that is known to answer; -1: none is. */
  cell = -1;
  /** The host answered and then did not for longer than is waited. */
  gone = false;
  /** Whether it refuses on that cell, which costs it least. */
  refuses = false;
  private readonly momentUs: number;
  private readonly patienceUs: number;
  /** By moment: which one it is, answers expected and received. */
  private readonly numbers = new Uint32Array(MOMENTS);
  private readonly expected = new Float32Array(MOMENTS);
  private readonly received = new Uint16Array(MOMENTS);
  /** Something was asked again since the last pulse. */
  private wanted = false;
  private lastUs = Number.NEGATIVE_INFINITY;
  /** Pulses sent since anything was heard, and when the first of them was. */
  private unheard = 0;
  private unheardUs = 0;
  /** Time spent waiting for a host that was gone, and since when it is; NaN: it is there. */
  private waitedUs = 0;
  private awaySinceUs = Number.NaN;

  constructor(timing: Timing) {
    this.momentUs = Math.max(1000 * timing.leastTimeoutMs, 1e6 / SHARE / timing.ratePerSecond);
    this.patienceUs = PATIENCE * 1000 * timing.mostTimeoutMs;
  }

  /** A cell answered so: it may be asked for the pulse. */
  learn(cell: number, outcome: number): void {
    if (this.refuses || this.gone) return;
    const refuses =
      outcome === CLOSED_RESET || outcome === CLOSED_REFUSED || outcome === CLOSED_ABORT;
    // ICMP errors are no pulse: hosts limit them.
    if (!refuses && (this.cell >= 0 || !isOpen(outcome))) return;
    this.cell = cell;
    this.refuses = refuses;
  }

  /** A port is asked for the first time; by experience it answers with the chance `share`. */
  askedFirst(nowUs: number, share: number): void {
    this.expected[this.moment(nowUs)]! += share;
  }

  /** A port that is known to answer is asked beside others. */
  askedKnown(nowUs: number): void {
    this.expected[this.moment(nowUs)]! += 1;
  }

  /** A port is asked again. */
  askedAgain(): void {
    this.wanted = true;
  }

  /** Something came back. @param sentUs when it was asked, if that was for the first time */
  heard(sentUs: number | undefined, nowUs: number): void {
    const slot = sentUs === undefined ? -1 : this.find(sentUs);
    if (slot >= 0 && this.received[slot]! < 0xffff) this.received[slot]!++;
    this.unheard = 0;
    if (Number.isNaN(this.awaySinceUs)) return;
    this.waitedUs += nowUs - this.awaySinceUs;
    this.awaySinceUs = Number.NaN;
  }

  /** Whether anything came back since the pulse was felt last. */
  get isHeard(): boolean {
    return this.unheard === 0 && !this.gone;
  }

  /** The pulse is answered, after the usual time. */
  beat(nowUs: number, roundTripUs: number): void {
    // Where several are out it may be an earlier one that is answered.
    const sentUs = this.unheard > 1 ? Math.min(this.lastUs, nowUs - roundTripUs) : this.lastUs;
    this.heard(sentUs >>> 0, nowUs);
  }

  /** Whether the pulse is to be felt now. @param timeoutUs how long an answer is waited for */
  isDue(nowUs: number, timeoutUs: number): boolean {
    if (this.cell < 0 || !(this.wanted || this.unheard > 0)) return false;
    // First tries tell as much.
    if (this.unheard === 0 && this.expected[this.moment(nowUs)]! >= TELLING) return false;
    let gapUs = Math.max(this.momentUs, timeoutUs, this.refuses ? 0 : OPEN_PORT_US);
    if (this.unheard > 0) gapUs = Math.max(gapUs, Math.min(SLOWEST_US, this.silenceUs(nowUs) / 8));
    return nowUs - this.lastUs >= gapUs;
  }

  sent(nowUs: number): void {
    this.wanted = false;
    this.lastUs = nowUs;
    this.expected[this.moment(nowUs)]! += 1;
    if (this.unheard++ === 0) this.unheardUs = nowUs;
  }

  private silenceUs(nowUs: number): number {
    return nowUs - this.unheardUs;
  }

  /**
   * Whether the host is gone for the moment: to ask it anything but for its pulse is in vain.
   * @param loss share of probes lost on the way at other times, 0 to 1
   */
  isAway(nowUs: number, timeoutUs: number, loss: number): boolean {
    if (this.cell < 0 || this.unheard < LEAST_LOST) return false;
    const enough = Math.log(BY_CHANCE) / Math.log(Math.min(0.7, Math.max(0.01, loss)));
    if (this.unheard <= enough || this.silenceUs(nowUs) < LEAST_LOST * timeoutUs) return false;
    if (Number.isNaN(this.awaySinceUs)) this.awaySinceUs = nowUs;
    if (this.waitedUs + nowUs - this.awaySinceUs < this.patienceUs) return true;
    this.gone = true;
    this.cell = -1;
    return false;
  }

  /**
   * Whether silence tells something of a port that was asked at `sentUs`.
   * @param loss share of probes lost on the way at all times, 0 to 1
   */
  worked(sentUs: number, loss: number): boolean {
    const most = loss < LOSSLESS ? 1 : TOGETHER;
    let [expected, received] = [0, 0];
    for (let back = 0, used = 0; back < TOGETHER && used < most; back++) {
      const slot = this.find((sentUs - back * this.momentUs) >>> 0);
      if (slot < 0 || this.expected[slot]! < TELLING) continue;
      used++;
      expected += this.expected[slot]!;
      received += this.received[slot]!;
    }
    return received >= WORKING * expected;
  }

  /** Nothing that was sent between these times tells anything: answers were lost in here. */
  spoil(fromUs: number, toUs: number): void {
    for (let us = fromUs; us <= toUs; us += this.momentUs) {
      this.expected[this.moment(us)]! += 0xffff;
    }
    this.expected[this.moment(toUs)]! += 0xffff;
  }

  /** Slot of that moment, emptied if it held an older one. */
  private moment(us: number): number {
    const number = Math.floor((us >>> 0) / this.momentUs);
    const slot = number & (MOMENTS - 1);
    if (this.numbers[slot] !== number) {
      this.numbers[slot] = number;
      this.expected[slot] = 0;
      this.received[slot] = 0;
    }
    return slot;
  }

  /** Slot of that moment, -1 when nothing is known of it. */
  private find(us: number): number {
    const number = Math.floor((us >>> 0) / this.momentUs);
    const slot = number & (MOMENTS - 1);
    return this.numbers[slot] === number ? slot : -1;
  }
}
