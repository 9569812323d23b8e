/**
 * How much of what is sent to a host comes back, told by ports that are known to answer: some of
 * them are asked again among the others, one in so many probes.
 *
 * A filter or a host that takes so many probes a second and drops the rest is not told from ports
 * that stay silent by those ports themselves. Ports that answered before tell it, whatever part of
 * the others is filtered, and as well when only silent ones are left to ask. Where less comes back at
 * a lower speed than that speed explains, it is the way that loses packets; that share is then the
 * usual one.
 */
import { CLOSED_ABORT, CLOSED_REFUSED, CLOSED_RESET, isOpen } from '../../model/port-state.ts';

/** So many ports that answer are remembered. */
const KNOWN = 128;
/** One probe in so many is of such a port: usually, if not fewer; and if so few are sent, at least. */
const EACH = 8;
const LEAST_EACH = 3;
/** One such probe in so long is enough, microseconds. */
const USUAL_GAP_US = 40_000;
/** Open ports are asked again that rarely, microseconds. */
const OPEN_PORT_US = 500_000;
/** A longer time between two probes is a pause of another kind, microseconds. */
const IDLE_US = 200_000;
/** A share is judged from so many of them on, and with so many at the latest. */
const LEAST = 12;
const MOST = 60;
/** The share that comes back may be lower than usual by this part. */
const TOLERANCE = 0.15;
/** When it is lower by this part already, more would be too much. */
const NEARLY = 0.03;
/** By so many standard deviations a share must be off to tell something before `MOST`. */
const DEVIATIONS = 2;
/** The same where the way loses many at random. */
const MORE_DEVIATIONS = 3;
/** Where others answered, none that came back is hardly any. */
const LEAST_BACK = 0.5;
/** So many speeds that were too high are remembered. */
const MOST_TRIALS = 12;
/** By so much (natural logarithm) one explanation must be likelier than the other. */
const LIKELIER = 3;
/** In which a limit is fitted to the trials that it explains. */
const ROUNDS = 4;
/** No share is surer than that. */
const SURELY = 0.97;
/** States of a known port: not asked, asked, answered. */
const IDLE = 0;
const OUT = 1;
const BACK = 2;

/**
 * `full`: more is sent than comes through; `fits`: all of it does; `enough`: nearly all; `lossy`:
 * so much gets lost at any speed; `gone`: nothing comes back at all.
 */
export type Verdict = 'full' | 'fits' | 'enough' | 'lossy' | 'gone';

/** Probes at one speed: how many were sent and came back, and all probes a microsecond. */
interface Trial {
  readonly back: number;
  readonly sent: number;
  readonly rate: number;
}

/** Of one host; off until `on`. Times are microseconds on the scan's clock. */
export class Gauge {
  /** Whether ports are asked for it now. */
  on = false;
  /** Share of probes that came back, and probes a microsecond, when it was judged last. */
  share = 1;
  rate = 0;
  /** Share that comes back at best. */
  private usual = 1;
  private isLossy = false;
  /** What came back at speeds found to be too high, since all came back last. */
  private readonly trials: Trial[] = [];
  /** Whether the latest verdict is the first since it began to measure. */
  isFirst = false;
  private verdicts = 0;
  /** Ports known to answer: cell, when it was asked last, and what became of that. */
  private readonly cells = new Int32Array(KNOWN);
  private readonly sentUs = new Float64Array(KNOWN).fill(Number.NEGATIVE_INFINITY);
  private readonly states = new Uint8Array(KNOWN);
  private known = 0;
  private refuses = false;
  private turn = 0;
  private sinceLast = 0;
  /** The next one comes after so many probes. */
  private due = EACH;
  private dice = 1;
  /** One probe in so many is of a known port. */
  private each = EACH;
  /** Since the speed changed: when that was, all probes, and those to known ports. */
  private beganUs = 0;
  private probeUs = 0;
  private probes = 0;
  back = 0;
  lost = 0;
  /** Other ports that answered, and all answers. */
  private others = 0;
  private came = 0;

  /** A port answered so. */
  learn(cell: number, outcome: number): void {
    this.others++;
    this.came++;
    const refuses =
      outcome === CLOSED_RESET || outcome === CLOSED_REFUSED || outcome === CLOSED_ABORT;
    if (!refuses && (this.refuses || !isOpen(outcome))) return;
    if (refuses && !this.refuses) {
      // A refusal costs the host least.
      this.known = 0;
      this.refuses = true;
    }
    if (this.known === KNOWN) return;
    this.states[this.known] = IDLE;
    this.cells[this.known++] = cell;
  }

  /** Begins to measure, unless no port is known to answer. */
  begin(nowUs: number): void {
    if (this.on || this.known === 0) return;
    this.on = true;
    this.trials.length = 0;
    this.verdicts = 0;
    this.again(nowUs);
  }

  end(): void {
    this.on = false;
    this.states.fill(IDLE);
  }

  /** The speed changed: what was sent before tells nothing. */
  again(nowUs: number): void {
    this.beganUs = nowUs;
    this.probeUs = nowUs;
    this.probes = 0;
    this.back = 0;
    this.lost = 0;
    this.others = 0;
    this.came = 0;
  }

  /** A probe of any kind is about to go out. Returns the known port to ask in its place, or -1. */
  next(nowUs: number): number {
    if (!this.on) return -1;
    this.probes++;
    // While nobody asked at all, nothing was fast or slow.
    this.beganUs += Math.max(0, nowUs - this.probeUs - IDLE_US);
    this.probeUs = nowUs;
    if (++this.sinceLast < this.due) return -1;
    this.sinceLast = 0;
    this.due = this.nextDue();
    for (let tried = 0; tried < this.known; tried++) {
      this.turn = (this.turn + 1) % this.known;
      const at = this.turn;
      if (this.states[at] !== IDLE) continue;
      if (!this.refuses && nowUs - this.sentUs[at]! < OPEN_PORT_US) continue;
      this.sentUs[at] = nowUs;
      this.states[at] = OUT;
      return this.cells[at]!;
    }
    return -1;
  }

  /**
   * Now sooner, now later: a limit that lets through each fourth probe would take the same part of
   * every eighth as long as nothing else comes between.
   */
  private nextDue(): number {
    this.dice = (Math.imul(this.dice, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.max(1, Math.round(this.each * (0.5 + this.dice / 2 ** 32)));
  }

  /** A port with an outcome answered again. Returns when it was asked; undefined: it was not. */
  heard(cell: number): number | undefined {
    for (let at = 0; at < this.known; at++) {
      if (this.cells[at] !== cell || this.states[at] !== OUT) continue;
      this.states[at] = BACK;
      this.came++;
      return this.sentUs[at];
    }
    return undefined;
  }

  /**
   * Judges what was sent since the speed changed; undefined: that tells too little yet.
   * @param timeoutUs until an answer is given up @param tripUs until it usually comes
   * @param inFlight probes that may still be answered
   */
  judge(
    nowUs: number,
    { timeoutUs, tripUs, inFlight }: { timeoutUs: number; tripUs: number; inFlight: number },
  ): Verdict | undefined {
    if (!this.on) return undefined;
    for (let at = 0; at < this.known; at++) {
      // Those that came back wait as long as the others: else they would be counted first.
      if (this.states[at] === IDLE || nowUs - this.sentUs[at]! <= timeoutUs) continue;
      if (this.sentUs[at]! >= this.beganUs) {
        if (this.states[at] === BACK) this.back++;
        else this.lost++;
      }
      this.states[at] = IDLE;
    }
    this.rate = this.probes / Math.max(1, nowUs - this.beganUs);
    // The same part of them at all times: those sent first in a heap are taken sooner than others.
    const usually = Math.min(EACH, Math.max(LEAST_EACH, this.rate * USUAL_GAP_US));
    this.each = Math.max(usually, Math.ceil((2 * this.rate * timeoutUs) / KNOWN));
    if (this.allAnswer(inFlight, tripUs)) {
      this.share = 1;
      this.verdicts++;
      this.isFirst = false;
      this.trials.length = 0;
      return 'fits';
    }
    const count = this.back + this.lost;
    if (count < (this.isLossy ? MOST : LEAST)) return undefined;
    const share = (this.back + 1) / (count + 2);
    const unsure =
      (this.isLossy ? MORE_DEVIATIONS : DEVIATIONS) * Math.sqrt((share * (1 - share)) / count);
    const least = this.usual * (1 - TOLERANCE);
    const isClear = Math.abs(share - least) > unsure;
    if (!isClear && count < MOST) return undefined;
    this.isFirst = this.verdicts++ === 0;
    this.share = Math.max(this.back, LEAST_BACK) / count;
    // Where the way itself loses packets at random, shares differ much by chance.
    if (!isClear && this.isLossy) return 'fits';
    return this.weigh(least, unsure);
  }

  /** Whether ports answer whichever is asked: then no known one is needed to tell so. */
  private allAnswer(inFlight: number, tripUs: number): boolean {
    const due = this.probes - inFlight;
    if (due < LEAST || inFlight > 2 * (1 + this.rate * tripUs)) return false;
    return this.came >= (1 - NEARLY) * due;
  }

  /** @param least a smaller share is too small @param unsure by so much it may differ by chance */
  private weigh(least: number, unsure: number): Verdict {
    if (this.share >= least) {
      if (this.share < this.usual * (1 - NEARLY)) return 'enough';
      this.usual = Math.max(this.usual, this.share - unsure);
      this.trials.length = 0;
      return 'fits';
    }
    if (this.back + this.others === 0) return 'gone';
    this.trials.push({ back: this.back, sent: this.back + this.lost, rate: this.rate });
    if (this.trials.length > MOST_TRIALS) this.trials.shift();
    if (!isLossAtAnySpeed(this.trials, this.usual)) return 'full';
    this.blameWay();
    return 'lossy';
  }

  /** So much gets lost at any speed. */
  blameWay(): void {
    this.isLossy = true;
    this.usual = sum(this.trials, 'back') / sum(this.trials, 'sent');
    this.trials.length = 0;
  }
}

/**
 * Whether a share that gets lost at any speed explains the trials better than a limit, of which more
 * comes back the slower it is asked: by the likelihood of both.
 * @param usual share that comes back at best
 */
function isLossAtAnySpeed(trials: readonly Trial[], usual: number): boolean {
  const [back, sent] = [sum(trials, 'back'), sum(trials, 'sent')];
  const share = back / sent;
  // What comes through in a microsecond, fitted: those trials that it would not fill tell nothing.
  let limit = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const full = trials.filter(({ rate }) => limit < usual * rate);
    if (full.length === 0) break;
    const asked = full.reduce((total, trial) => total + trial.sent / trial.rate, 0);
    limit = sum(full, 'back') / asked;
  }
  const byLoss = trials.reduce((total, trial) => total + likelihood(trial, share), 0);
  const byLimit = trials.reduce(
    (total, trial) => total + likelihood(trial, Math.min(usual, limit / trial.rate)),
    0,
  );
  return byLoss - byLimit > LIKELIER;
}

/** Natural logarithm of how likely it is that so many of a trial come back. */
function likelihood({ back, sent }: Trial, share: number): number {
  const chance = Math.min(SURELY, Math.max(1 - SURELY, share));
  return back * Math.log(chance) + (sent - back) * Math.log(1 - chance);
}

function sum(trials: readonly Trial[], what: 'back' | 'sent'): number {
  return trials.reduce((total, trial) => total + trial[what], 0);
}
