/**
 * How fast one host is asked. The window opens with answers and closes when first tries are answered
 * more rarely than at best; where that is too coarse, probes are spread by a pause between them; and
 * where much gets lost, ports that are known to answer tell how much comes back.
 */
import { Gauge } from './gauge.ts';
import type { HostTally } from './host-tally.ts';
import { Pace } from './pace.ts';
import type { Pulse } from './pulse.ts';
import type { RoundTrip } from './round-trip.ts';
import { SendWindow } from './send-window.ts';
import type { SlowAsking } from './slow-asking.ts';
import type { Timing } from './timing.ts';

/** How long a window that closed is watched, microseconds. */
const CROWDED_US = 2_000_000;
/** Between changes of pace, microseconds. */
const LEAST_STEP_US = 100_000;
/** A smaller share of ports that answer does not tell when to send. */
const MOSTLY_SILENT = 0.1;
/** Less than this part of what is sent comes back: what stays silent tells nothing. */
const MOSTLY = 0.75;

/** What is known of the host; the host owns it. */
interface Asked {
  readonly tally: HostTally;
  readonly pulse: Pulse;
  readonly roundTrip: RoundTrip;
  readonly slow: SlowAsking;
  readonly inFlight: number;
}

/** More was sent than came through; `in-vain`: so much that silence so far tells nothing. */
export type TooFast = 'too-fast' | 'in-vain';

/** Of one host. Times are microseconds on the scan's clock. */
export class HostSpeed {
  readonly window: SendWindow;
  /** The pause between probes, where the window alone is too coarse. */
  readonly pace = new Pace();
  /** How much comes back, where too much seems to get lost. */
  readonly gauge = new Gauge();
  private readonly host: Asked;
  private readonly silentWindow: number;

  constructor(timing: Timing, host: Asked) {
    this.window = new SendWindow(timing.startWindow, timing.mostWindow);
    this.silentWindow = timing.silentWindow;
    this.host = host;
  }

  /** A port answered. @param isJudged first tries will tell what a larger window costs */
  answer(isJudged: boolean): void {
    // Where the pause holds it back, answers tell nothing of a larger window.
    const isFull = 2 * this.host.inFlight >= this.window.size;
    if (this.pace.gapUs === 0 || isFull) this.window.answer(isJudged);
  }

  /** A try was given up in a moment in which the way worked. */
  silence(nowUs: number): void {
    this.window.silence(this.silentWindow);
    if (!this.gauge.on) this.pace.fits(nowUs, this.stepUs, false);
  }

  /** Spreads what a host gets that hardly answers. @param waitUs until a try is given up */
  spread(waitUs: number): void {
    const { answered, asked } = this.host.tally;
    const isMostlySilent = !this.limitsErrors && answered < MOSTLY_SILENT * asked;
    this.pace.spread(isMostlySilent ? waitUs / this.window.size : 0);
  }

  /** Whether it gets as much as it takes just now: only measuring tells how fast that is. */
  isCrowded(nowUs: number): boolean {
    if (!this.host.tally.overloaded || this.host.slow.on) return false;
    return this.pace.gapUs > 0 || nowUs - this.window.closedAtUs < CROWDED_US;
  }

  /** Judges what was sent of late; undefined: nothing speaks of too much, or it is not known yet. */
  judge(nowUs: number): TooFast | undefined {
    if (this.gauge.on) return this.judgeByGauge(nowUs);
    const { tally, roundTrip, slow } = this.host;
    const answering = tally.answered / Math.max(1, tally.asked);
    const verdict = this.window.judge(nowUs, roundTrip.timeoutUs, answering);
    if (verdict === 'fits' && !slow.on) this.pace.fits(nowUs, this.stepUs, true);
    if (tally.losesMuch) this.measure(nowUs);
    if (verdict !== 'closed') return undefined;
    tally.overloaded = this.pace.closed(this.window, nowUs);
    if (!tally.overloaded) this.window.acquit();
    if (this.pace.gapUs > 0) this.measure(nowUs);
    return tally.overloaded ? 'too-fast' : undefined;
  }

  /** Begins to measure how much comes back, where anything does. */
  private measure(nowUs: number): void {
    if (!this.limitsErrors && this.host.pulse.isHeard) this.gauge.begin(nowUs);
  }

  private judgeByGauge(nowUs: number): TooFast | undefined {
    const { gauge, pace, host } = this;
    const { timeoutUs, smoothedUs } = host.roundTrip;
    const { inFlight } = host;
    const verdict = gauge.judge(nowUs, { timeoutUs, tripUs: smoothedUs || timeoutUs, inFlight });
    if (verdict === undefined) return undefined;
    host.tally.measured(gauge.back, gauge.lost);
    if (verdict === 'full') {
      host.tally.overloaded = true;
      if (!pace.slower(gauge.rate, gauge.share, nowUs)) gauge.blameWay();
      gauge.again(nowUs);
      return gauge.isFirst && gauge.share < MOSTLY ? 'in-vain' : 'too-fast';
    }
    if (verdict === 'lossy') pace.forget(nowUs);
    if (verdict === 'fits') pace.fits(nowUs, this.stepUs, true);
    if (verdict === 'enough') pace.keeps(nowUs);
    if (verdict !== 'gone' && pace.gapUs > 0) {
      gauge.again(nowUs);
      return undefined;
    }
    gauge.end();
    this.window.pass(nowUs);
    host.tally.beginLately();
    return undefined;
  }

  /** How long it takes until a change of pace shows in what comes back. */
  private get stepUs(): number {
    const { smoothedUs, timeoutUs } = this.host.roundTrip;
    return Math.min(timeoutUs, Math.max(LEAST_STEP_US, 2 * (smoothedUs || 0)));
  }

  /** Whether what answers by ICMP may be limited: that is asked slowly at the end. */
  private get limitsErrors(): boolean {
    return this.host.slow.patienceUs > 0;
  }
}
