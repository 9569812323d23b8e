/**
 * Decides which port of which host is asked next, until every port of every host has an outcome.
 *
 * Hosts are active some at a time and asked in turn, each within its own window and wait, so a
 * host that is dead, slow or far away holds up no other. What this machine cannot send just now
 * is put back and asked later: a lack of descriptors or buffers here is never an outcome there.
 * Time comes from the clock given, so tests run whole scans in no time.
 */
import {
  type AnswerSink,
  BATCH_SIZE,
  type Clock,
  type ProbeBatch,
  type ProbeEngine,
} from './engine.ts';
import type { HostScan } from './host-scan.ts';
import type { StopSign } from './stop-sign.ts';
import type { Timing } from './timing.ts';

/** Ports of all active hosts together: bounds memory, about 20 octets each. */
const ACTIVE_CELLS = 6_000_000;
const ACTIVE_HOSTS = 4096;
/** Probes to one host before the next one has its turn. */
const TURN = 32;
/** Where the window of all hosts together starts. */
const FIRST_TOTAL = 1000;
/** The event loop (signals, output) gets a turn so often. */
const YIELD_US = 15_000;
const LEAST_WAIT_MS = 1;
/** Up to so many hosts that hardly answer get each probe at its time. */
const EXACT_HOSTS = 16;
/** Longer than it waits by so much: other programs were run instead of this one, microseconds. */
const LATE_US = 5000;
const LONGEST_WAIT_MS = 10;

export interface SchedulerHooks {
  /** A port answered: called once for each. Must be quick. */
  answered(host: HostScan, cell: number): void;
  /** A port stayed silent so often that it is not asked again, unless more turns out to be lost. */
  silent?(host: HostScan, cell: number): void;
  /** Every port of the host has an outcome. */
  finished(host: HostScan): void;
  /** Called a few dozen times a second. */
  tick?(): void;
}

export interface ScheduleOptions {
  readonly engine: ProbeEngine;
  readonly timing: Timing;
  /**
   * The next host to scan; undefined: no more; `later`: none yet. Cells known already or not ours
   * are set in it.
   */
  readonly hosts: () => HostScan | 'later' | undefined;
  readonly hooks: SchedulerHooks;
  readonly clock: Clock;
  readonly signal?: StopSign;
  /** Lets other work run; `setImmediate` outside of tests. */
  readonly yieldTurn?: () => Promise<void>;
  /** Probes sent in one go at most, so that few are under way at a kill. */
  readonly mostAtOnce?: number;
  /** Waits by a timer, not in the engine, so that another scan may run meanwhile. */
  readonly idle?: (ms: number) => Promise<void>;
}

/** Figures of a run, for progress and reports. */
export interface ScheduleCounts {
  sent: number;
  /** Probes beside those, of ports that had their outcome. */
  pulses: number;
  answers: number;
  /** Answers that told nothing new: duplicates, and those to other questions. */
  duplicates: number;
  /** Times this machine had no room to send. */
  localWaits: number;
  /** Time in which nothing could be sent, microseconds. */
  idleUs: number;
  /** Time in which this program was not run although it could have been, microseconds. */
  lateUs: number;
}

/** Where a run stands, for those who reckon what is left of it. */
export interface ScheduleStanding {
  /** Being asked. */
  readonly hosts: readonly HostScan[];
  /** Those that are finished: how many, and probes sent to them. */
  readonly ended: { readonly hosts: number; readonly probes: number };
  readonly sent: number;
  readonly timing: Timing;
  readonly nowUs: number;
}

/** For one run. The engine stays the caller's to close. */
export class Scheduler implements AnswerSink {
  readonly counts: ScheduleCounts = {
    sent: 0,
    pulses: 0,
    answers: 0,
    duplicates: 0,
    localWaits: 0,
    idleUs: 0,
    lateUs: 0,
  };
  /** Hosts being scanned. */
  readonly active: HostScan[] = [];
  private readonly options: ScheduleOptions;
  /** Most probes in flight to hosts that answer, all together. */
  private totalWindow: number;
  private readonly batch: ProbeBatch = {
    hosts: new Array<HostScan | undefined>(BATCH_SIZE).fill(undefined),
    cells: new Int32Array(BATCH_SIZE),
    attempts: new Uint8Array(BATCH_SIZE),
    length: 0,
  };
  private activeCells = 0;
  private exhausted = false;
  private turn = 0;
  /** Probes that may be sent now by the rate, and when that was worked out. */
  private tokens = 1;
  private tokensUs = 0;
  /** After a lack of room nothing is sent before this time. */
  private pausedUs = 0;
  private pauseUs = 0;
  /** Pulses in the batch. */
  private pulsesPut = 0;
  private readonly expired: ((host: HostScan, cell: number) => void) | undefined;

  constructor(options: ScheduleOptions) {
    this.options = options;
    const { timing, engine } = options;
    this.totalWindow = Math.min(timing.totalWindow, FIRST_TOTAL);
    this.expired =
      engine.giveUp === undefined ? undefined : (host, cell) => engine.giveUp!(host, cell);
  }

  /** Runs to the end, or until the signal. Returns whether everything was asked. */
  async run(): Promise<boolean> {
    const { engine, clock, hooks, signal, yieldTurn, idle } = this.options;
    let yieldedUs = clock();
    this.tokensUs = yieldedUs;
    for (;;) {
      if (signal?.aborted) return false;
      this.admit();
      if (this.active.length === 0 && this.exhausted) return true;
      const sent = this.fill() && this.send();
      const beginUs = clock();
      const waiting = engine.receive(sent || idle !== undefined ? 0 : this.waitMs(), this);
      if (waiting !== undefined) await waiting;
      if (!sent && idle !== undefined) await idle(this.waitMs());
      if (!sent) this.counts.idleUs += clock() - beginUs;
      const now = clock();
      // Not run for a while: what came meanwhile is heard before anything is given up.
      const lateUs = now - beginUs - 1000 * LONGEST_WAIT_MS;
      if (lateUs > LATE_US) this.counts.lateUs += lateUs;
      this.sweep(lateUs > LATE_US ? beginUs : now);
      if (now - yieldedUs > YIELD_US) {
        if ((engine.takeDrops?.() ?? 0) > 0) this.spoil(yieldedUs, now);
        hooks.tick?.();
        await yieldTurn?.();
        yieldedUs = clock();
      }
    }
  }

  answer(
    host: HostScan,
    cell: number,
    attempt: number,
    outcome: number,
    atUs: number,
    ttl: number,
  ): void {
    const first = host.tally.answered === 0;
    const before = host.inFlight;
    if (!host.settle(cell, attempt, outcome, atUs, ttl)) {
      if (!host.echo(cell, atUs)) this.counts.duplicates++;
      return;
    }
    this.counts.answers++;
    // Only hosts known to answer count in the window of all: the dead must not fill it.
    if (first) this.inFlight += host.inFlight;
    else this.inFlight += host.inFlight - before;
    if (this.totalWindow < this.options.timing.totalWindow) this.totalWindow++;
    this.options.hooks.answered(host, cell);
  }

  /** Probes in flight to hosts that answer. */
  private inFlight = 0;
  private readonly ended = { hosts: 0, probes: 0 };

  /** Where the run stands now. Its hosts are borrowed: they go on being asked. */
  standing(): ScheduleStanding {
    const { timing, clock } = this.options;
    return {
      ...{ hosts: this.active, ended: this.ended, sent: this.counts.sent },
      ...{ timing, nowUs: clock() },
    };
  }

  private admit(): void {
    while (
      !this.exhausted &&
      this.active.length < ACTIVE_HOSTS &&
      (this.active.length === 0 || this.activeCells < ACTIVE_CELLS)
    ) {
      const host = this.options.hosts();
      if (host === 'later') return;
      if (host === undefined) {
        this.exhausted = true;
        return;
      }
      this.options.engine.admit?.(host);
      this.active.push(host);
      this.activeCells += host.outcomes.length;
    }
  }

  /** Gathers probes in turn over the hosts. Returns whether there are any. */
  private fill(): boolean {
    const { batch, active } = this;
    const now = this.options.clock();
    batch.length = 0;
    if (now < this.pausedUs) return false;
    const { engine, mostAtOnce } = this.options;
    const most = mostAtOnce ?? BATCH_SIZE;
    const room = Math.min(most, this.allowance(now), engine.room?.() ?? BATCH_SIZE);
    for (let asked = 0; asked < active.length && batch.length < room; asked++) {
      this.turn = (this.turn + 1) % active.length;
      this.take(active[this.turn]!, room, now);
    }
    return batch.length > 0;
  }

  private take(host: HostScan, room: number, now: number): void {
    const { batch } = this;
    if (host.pulse.isDue(now, host.roundTrip.timeoutUs)) this.feelPulse(host, now);
    if (host.isAway(now)) return;
    const lives = host.tally.answered > 0;
    let most = Math.floor(host.speed.window.size) - host.inFlight;
    if (lives) most = Math.min(most, this.totalWindow - this.inFlight);
    most = host.speed.pace.allows(most, now);
    // The only host may have the whole batch.
    if (this.active.length > 1) most = Math.min(most, TURN);
    while (most-- > 0 && batch.length < room) {
      const known = host.speed.gauge.next(now);
      if (known >= 0) {
        this.askKnown(host, known, now);
        continue;
      }
      const cell = host.next();
      if (cell < 0) return;
      this.put(host, cell, host.tries[cell]!);
      // Marked in flight before it is sent: an answer may come within the call.
      host.wentOut(cell, now);
      if (lives) this.inFlight++;
    }
  }

  private put(host: HostScan, cell: number, attempt: number): void {
    const { batch } = this;
    const index = batch.length++;
    batch.hosts[index] = host;
    batch.cells[index] = cell;
    batch.attempts[index] = attempt;
  }

  private feelPulse(host: HostScan, now: number): void {
    const { pace } = host.speed;
    // A limit takes it for one of the others. What is asked slowly waits for ICMP, which it is not.
    const isPaced = pace.gapUs > 0 && !host.slow.on;
    if (isPaced && pace.dueUs > now) return;
    this.putKnown(host, host.pulse.cell);
    host.pulse.sent(now);
    if (isPaced) pace.wentOut(now);
  }

  private askKnown(host: HostScan, cell: number, now: number): void {
    this.putKnown(host, cell);
    host.pulse.askedKnown(now);
    host.speed.pace.wentOut(now);
  }

  /** Asks a port that has its outcome once more, in the words of its last try. */
  private putKnown(host: HostScan, cell: number): void {
    this.expired?.(host, cell);
    this.put(host, cell, host.tries[cell]! - 1);
    this.counts.pulses++;
    this.pulsesPut++;
  }

  /** Answers were lost here: what could have been answered since then tells nothing. */
  private spoil(sinceUs: number, now: number): void {
    for (const { pulse, roundTrip } of this.active) {
      pulse.spoil(sinceUs - roundTrip.timeoutUs, now);
    }
  }

  private send(): boolean {
    const { batch } = this;
    const { engine, clock } = this.options;
    const wanted = batch.length;
    const sent = engine.send(batch, this);
    this.counts.sent += sent - this.pulsesPut;
    this.pulsesPut = 0;
    this.tokens -= sent;
    if (sent === wanted) {
      this.pauseUs = 0;
      return true;
    }
    this.counts.localWaits++;
    for (let index = sent; index < wanted; index++) {
      const host = batch.hosts[index]!;
      if (host.unsend(batch.cells[index]!) && host.tally.answered > 0) this.inFlight--;
    }
    this.pauseUs = sent > 0 ? 500 : Math.min(100_000, Math.max(1000, 2 * this.pauseUs));
    this.pausedUs = clock() + this.pauseUs;
    return sent > 0;
  }

  /** How many probes the rate allows now. */
  private allowance(now: number): number {
    const { ratePerSecond } = this.options.timing;
    const most = Math.max(1, Math.min(4 * BATCH_SIZE, ratePerSecond / 50));
    this.tokens = Math.min(most, this.tokens + ((now - this.tokensUs) * ratePerSecond) / 1e6);
    this.tokensUs = now;
    return Math.floor(this.tokens);
  }

  /** How long nothing will happen but for answers, ms. */
  private waitMs(): number {
    const now = this.options.clock();
    let next = now + 1000 * LONGEST_WAIT_MS;
    if (this.pausedUs > now) next = Math.min(next, this.pausedUs);
    if (this.tokens < 1) {
      next = Math.min(next, now + ((1 - this.tokens) * 1e6) / this.options.timing.ratePerSecond);
    }
    // Many silent hosts are not worth a wake-up for each probe.
    const isExact = this.active.length <= EXACT_HOSTS;
    for (const host of this.active) {
      next = Math.min(next, host.deadlineUs(now));
      const { dueUs, gapUs } = host.speed.pace;
      if (dueUs > now && (gapUs > 0 || isExact)) next = Math.min(next, dueUs);
    }
    // Many deadlines lie close together: one round for all within a millisecond.
    return Math.max(LEAST_WAIT_MS, (next - now) / 1000);
  }

  /**
   * Tries to a host that does answer stayed silent. Where nothing speaks of too much speed that is
   * a filter's work, and the window of all opens as the host's own does.
   */
  private endure(host: HostScan, silent: number): void {
    this.inFlight -= silent;
    if (!host.speed.window.isFine) return;
    this.totalWindow = Math.min(this.options.timing.totalWindow, this.totalWindow + silent / 2);
  }

  /** Gives up tries that were old at a time up to which all answers are heard; lets hosts go. */
  private sweep(now: number): void {
    const { active, expired } = this;
    const { engine, hooks } = this.options;
    for (let index = active.length - 1; index >= 0; index--) {
      const host = active[index]!;
      const before = host.inFlight;
      if (host.expire(now, expired, hooks.silent))
        this.totalWindow = Math.max(50, this.totalWindow * 0.75);
      if (host.tally.answered > 0) this.endure(host, before - host.inFlight);
      if (host.inFlight > 0 || !host.finished(now)) continue;
      host.conclude(engine.silent);
      active[index] = active[active.length - 1]!;
      active.pop();
      this.activeCells -= host.outcomes.length;
      this.ended.hosts++;
      this.ended.probes += host.tally.sent;
      engine.dismiss?.(host);
      hooks.finished(host);
    }
  }
}
