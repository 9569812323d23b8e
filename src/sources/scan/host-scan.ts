/**
 * One host being scanned: which ports were asked how often, what came back, what is still out,
 * and how fast this host is asked. Ports are numbered (`cell`) by their place in the scan's list.
 *
 * All times are microseconds on the scan's clock, kept as 32 bits that wrap after 71 minutes;
 * only differences far below that are ever taken.
 */

import { CLOSED_PORT_UNREACH, OUTCOMES, PENDING } from '../../model/port-state.ts';
import type { LinkTarget } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import type { CellQueue } from './cell-queue.ts';
import { type CellOrder, CellsToAsk } from './cells-to-ask.ts';
import { Flights, MOST_DOUBLINGS } from './flights.ts';
import { HostSpeed } from './host-speed.ts';
import { HostTally } from './host-tally.ts';
import { Pulse } from './pulse.ts';
import { RoundTrip } from './round-trip.ts';
import { SlowAsking } from './slow-asking.ts';
import type { Timing } from './timing.ts';

/** Tries of a cell that are counted one by one to say how long it will take. */
const MOST_COUNTED = 30;
/** So many tries more at the end, where no larger share of ports is silent. */
const LAST_LOOK_TRIES = 3;
const LAST_LOOK_SHARE = 0.01;
/** Cell that another shard asks: no outcome, in no count. */
export const NOT_MINE = 255;
/** Epoch of cells that are not asked in random order: how they answer tells nothing of speed. */
const NO_EPOCH = 0xffff;
/** States of a cell's last try, beside 0. */
const AIRBORNE = 1;
const IN_VAIN = 2;
/** In `roundTripUs` of a cell that answered: not known. */
export const UNKNOWN_TRIP = 0xffffffff;

/**
 * Some twenty octets for each cell. Engines hear of it by `admit` before it is asked, and let go of
 * it at `dismiss`.
 */
export class HostScan {
  /** Number of the host in the target set. */
  readonly number: number;
  readonly address: Address;
  /** Codes of `OUTCOMES`, `NOT_MINE`. */
  readonly outcomes: Uint8Array;
  readonly tries: Uint8Array;
  /** TTL or hop limit of the answer; 0: not known. */
  readonly ttls: Uint8Array;
  /** When the last try went out; once answered the round trip. */
  readonly times: Uint32Array;
  /** How fast it is asked. */
  readonly speed: HostSpeed;
  readonly roundTrip: RoundTrip;
  inFlight = 0;
  /** Cells with an outcome. */
  known = 0;
  /** What its answers say of the way there. */
  readonly tally: HostTally;
  /** The patience with a host that limits its answers. */
  readonly slow = new SlowAsking();
  /** Whether anything came back at the time of a try. */
  readonly pulse: Pulse;
  /** Tries of an earlier run by cell; only where there was one. */
  private earlierTries: Uint8Array | undefined;
  /** Cells asked again, for notes; only kept where somebody empties it. */
  askedAgain: CellQueue | undefined;
  /**
   * Round trips above this are not learned from, microseconds: the kernel may have asked again by
   * itself (RFC 6298: after a second), and nobody can tell which question was answered.
   */
  trustedUs = Number.POSITIVE_INFINITY;
  /** Where it is on our link, when it is known to be there. */
  link: LinkTarget | undefined;
  /** For engines: its own record of this host (socket address, interface). */
  route: unknown;
  /** Whether a try is in flight: `AIRBORNE`; or was given up in vain last. */
  private readonly flying: Uint8Array;
  /** Tries of each cell that tell nothing of it: nothing else came back either. */
  private readonly vain: Uint8Array;
  /** How often a silent cell was asked at least when that was last looked at. */
  private looked = 0;
  private readonly epochs: Uint16Array;
  private readonly order: CellOrder;
  private readonly ask: CellsToAsk;
  private readonly flights = new Flights((cell) => this.isAirborne(cell));

  constructor(number: number, address: Address, order: CellOrder, timing: Timing) {
    this.number = number;
    this.address = address;
    this.order = order;
    this.outcomes = new Uint8Array(order.cells);
    this.tries = new Uint8Array(order.cells);
    this.ttls = new Uint8Array(order.cells);
    this.times = new Uint32Array(order.cells);
    this.flying = new Uint8Array(order.cells);
    this.vain = new Uint8Array(order.cells);
    this.epochs = new Uint16Array(order.cells);
    this.ask = new CellsToAsk(order, number, this);
    this.tally = new HostTally(order.cells, timing.mostTries);
    this.roundTrip = new RoundTrip(timing);
    this.pulse = new Pulse(timing);
    this.speed = new HostSpeed(timing, this);
  }

  /** Takes what an earlier run learned of a cell. */
  restore(cell: number, outcome: number): void {
    if (this.outcomes[cell] !== PENDING) return;
    this.outcomes[cell] = outcome;
    this.tries[cell] = 1;
    this.times[cell] = UNKNOWN_TRIP;
    this.tally.restored++;
    if (outcome === NOT_MINE) return;
    this.known++;
    if (outcome === CLOSED_PORT_UNREACH) this.slow.refuses = true;
    if (isAnswer(outcome)) this.tally.earlier.answered++;
  }

  /**
   * Takes how far an earlier run came with cells that have no outcome: the first `position` of the
   * order were asked, those in `tries` so often. What was in flight when it ended counts as asked.
   */
  restoreTries(position: number, lost: number, tries: Iterable<readonly [number, number]>): void {
    const earlierTries = new Uint8Array(this.order.cells);
    this.earlierTries = earlierTries;
    this.tally.earlier.lost = lost;
    this.ask.position = Math.min(position, this.order.cells);
    for (let at = 0; at < this.ask.position; at++) earlierTries[this.ask.at(at)] = 1;
    for (const [cell, count] of tries) earlierTries[cell] = count;
    for (let cell = 0; cell < this.order.cells; cell++) {
      if (this.outcomes[cell] !== PENDING) continue;
      this.tries[cell] = earlierTries[cell]!;
      this.tally.earlier.tries += earlierTries[cell]!;
    }
  }

  /** How many cells were taken from the order to be asked. */
  get come(): number {
    return this.ask.position;
  }

  /** The next cell to ask, or -1 when nothing is left to ask now. The caller asks it. */
  next(): number {
    return this.ask.next(this.isEarly);
  }

  private readonly isEarly = (cell: number): void => {
    this.epochs[cell] = NO_EPOCH;
  };

  /** Whether a cell's latest try is in flight. */
  isAirborne(cell: number): boolean {
    return this.flying[cell] === AIRBORNE;
  }

  /** The probe is out. */
  wentOut(cell: number, nowUs: number): void {
    if (this.tries[cell] === 0) {
      if (this.epochs[cell] !== NO_EPOCH) {
        this.epochs[cell] = this.speed.window.firstTry(nowUs);
        this.pulse.askedFirst(nowUs, this.speed.window.best);
      }
      this.tally.asked++;
      this.tally.firstsOut++;
    } else {
      this.askedAgain?.push(cell);
      if (!this.slow.on) this.pulse.askedAgain();
    }
    if (this.tries[cell]! < 255) this.tries[cell]!++;
    this.times[cell] = nowUs >>> 0;
    this.flying[cell] = AIRBORNE;
    this.inFlight++;
    this.tally.sent++;
    this.flights.push(cell, this.doublings(this.tries[cell]!));
    this.speed.window.wentOut();
    this.speed.pace.wentOut(nowUs);
  }

  /**
   * The probe could not be sent for a reason of this machine: as if nothing had happened. False:
   * it was not in flight (a pulse, or answered meanwhile).
   */
  unsend(cell: number): boolean {
    if (!this.isAirborne(cell)) return false;
    this.flying[cell] = 0;
    this.tries[cell]!--;
    if (this.tries[cell] === 0) {
      if (this.epochs[cell] !== NO_EPOCH) this.speed.window.takeBack(this.epochs[cell]!);
      this.tally.asked--;
      this.tally.firstsOut--;
    }
    this.inFlight--;
    this.tally.sent--;
    this.ask.askAgain(cell);
    return true;
  }

  /**
   * An answer to try number `attempt` (from 0; -1: not known which). Returns whether it told
   * something new.
   */
  settle(cell: number, attempt: number, outcome: number, nowUs: number, ttl: number): boolean {
    const tries = this.tries[cell]!;
    if (tries === 0 || this.outcomes[cell] !== PENDING) return false;
    const elapsed = (nowUs - this.times[cell]!) >>> 0;
    const last = attempt === tries - 1 || (attempt < 0 && tries === 1);
    const wasFlying = this.isAirborne(cell);
    this.pulse.heard(last && tries === 1 ? this.times[cell] : undefined, nowUs);
    this.pulse.learn(cell, outcome);
    this.speed.gauge.learn(cell, outcome);
    if (this.slow.on) this.speed.pace.gapUs = this.slow.answered(cell, this.speed.pace.gapUs);
    this.outcomes[cell] = outcome;
    this.ttls[cell] = ttl;
    this.known++;
    this.tally.answered++;
    if (outcome === CLOSED_PORT_UNREACH) this.slow.refuses = true;
    if (last && elapsed < 0x7fffffff) {
      this.times[cell] = elapsed;
      if (elapsed > this.trustedUs) this.times[cell] = UNKNOWN_TRIP;
      else if (wasFlying) this.roundTrip.sample(elapsed);
      else this.roundTrip.late(elapsed);
    } else {
      this.times[cell] = UNKNOWN_TRIP;
      // An earlier try was answered after all: the wait was shorter than the way.
      if (attempt >= 0) this.roundTrip.early(nowUs, elapsed);
    }
    const missing = (attempt < 0 ? tries - 1 : attempt) - (this.earlierTries?.[cell] ?? 0);
    const inVain = this.flying[cell] === IN_VAIN;
    const telling = tries - this.vain[cell]! + (inVain ? 1 : 0);
    this.tally.lose(Math.max(0, missing - this.vain[cell]! + (inVain && last ? 1 : 0)));
    if (missing === 0 && this.epochs[cell] !== NO_EPOCH) {
      this.speed.window.answerFirst(this.epochs[cell]!);
    }
    this.speed.answer(this.ask.hasFresh);
    if (wasFlying) {
      this.flying[cell] = 0;
      this.inFlight--;
    }
    if (!this.slow.on) this.tally.answer(telling, wasFlying || inVain, tries === 1 && wasFlying);
    return true;
  }

  /** Round trip of an answered cell, ms; undefined when it is not known. */
  roundTripMs(cell: number): number | undefined {
    const us = this.times[cell]!;
    return us === UNKNOWN_TRIP ? undefined : us / 1000;
  }

  /**
   * Gives up tries that waited long enough; `expired` hears of each, `silent` of cells that will
   * not be asked again as things are. True: too much was sent.
   */
  expire(
    nowUs: number,
    expired: ((host: HostScan, cell: number) => void) | undefined,
    silent?: (host: HostScan, cell: number) => void,
  ): boolean {
    if (!this.flights.any) return false;
    for (let level = 0; level <= MOST_DOUBLINGS; level++) {
      const waitUs = this.waitUs(level);
      for (;;) {
        const cell = this.flights.oldest(level);
        if (cell < 0 || (nowUs - this.times[cell]!) >>> 0 < waitUs) break;
        this.flights.shift(level);
        this.giveUp(cell, nowUs, expired, silent);
      }
    }
    if (!this.ask.hasFresh && !this.slow.on) this.lookAgain();
    const verdict = this.speed.judge(nowUs);
    if (verdict === 'in-vain') this.startOver();
    return verdict !== undefined;
  }

  private giveUp(
    cell: number,
    nowUs: number,
    expired: ((host: HostScan, cell: number) => void) | undefined,
    silent: ((host: HostScan, cell: number) => void) | undefined,
  ): void {
    this.flying[cell] = 0;
    this.inFlight--;
    expired?.(this, cell);
    if (this.slow.on) {
      this.speed.pace.gapUs = this.slow.silent(cell, this.speed.pace.gapUs);
      return;
    }
    this.roundTrip.forget();
    const tries = this.tries[cell]!;
    if (this.pulse.worked(this.times[cell]!, this.tally.lossSoFar)) {
      this.tally.silence(tries - this.vain[cell]!, tries === 1);
      this.speed.silence(nowUs);
    } else {
      this.flying[cell] = IN_VAIN;
      this.vain[cell]!++;
      this.tally.inVain(tries === 1);
    }
    this.speed.spread(this.waitUs(0));
    if (this.isToAsk(cell, this.tally.allowedTries())) this.ask.askAgain(cell);
    else silent?.(this, cell);
  }

  /** Whether a silent cell was asked too rarely yet, of tries that tell something of it. */
  private isToAsk(cell: number, allowed: number): boolean {
    const tries = this.tries[cell]!;
    return tries - this.vain[cell]! < allowed && tries < this.tally.mostInVain;
  }

  /** Whether anything but the host's pulse would be asked in vain now. */
  isAway(nowUs: number): boolean {
    if (this.slow.on) return false;
    return this.pulse.isAway(nowUs, this.roundTrip.timeoutUs, this.tally.lossSoFar);
  }

  /** A cell that has its outcome answered again. True: that was the pulse. */
  echo(cell: number, nowUs: number): boolean {
    const askedUs = this.speed.gauge.heard(cell);
    if (askedUs !== undefined) {
      this.pulse.heard(askedUs >>> 0, nowUs);
      return true;
    }
    if (cell !== this.pulse.cell) return false;
    const { smoothedUs, timeoutUs } = this.roundTrip;
    this.pulse.beat(nowUs, Number.isNaN(smoothedUs) ? timeoutUs / 2 : smoothedUs);
    return true;
  }

  /**
   * How many times the wait is doubled for a cell's try. Where a try that was given up cannot be
   * answered any more (`trustedUs`), each further one waits twice as long until something is known
   * of the way.
   */
  private doublings(tries: number): number {
    if (this.tally.answered > 0 || this.trustedUs === Number.POSITIVE_INFINITY) return 0;
    return Math.min(MOST_DOUBLINGS, tries - 1);
  }

  private waitUs(doublings: number): number {
    const { timeoutUs } = this.roundTrip;
    return this.tally.answered > 0 ? timeoutUs : timeoutUs * 2 ** doublings;
  }

  /** How many tries of a cell tell something of it; at least one of those made. */
  triesThatTell(cell: number): number {
    return Math.max(Math.min(1, this.tries[cell]!), this.tries[cell]! - this.vain[cell]!);
  }

  /** Most of what was sent so far was lost to speed: it tells nothing of ports that are silent. */
  private startOver(): void {
    for (let cell = 0; cell < this.outcomes.length; cell++) {
      if (this.outcomes[cell] !== PENDING) continue;
      const flying = this.flying[cell] === AIRBORNE ? 1 : 0;
      this.vain[cell] = this.tries[cell]! - flying;
      if (this.tries[cell]! > 0) this.askedAgain?.push(cell);
    }
    this.tally.startOver();
  }

  /** When the oldest try in flight will be given up; Infinity: nothing is in flight. */
  deadlineUs(nowUs: number): number {
    let deadlineUs = Number.POSITIVE_INFINITY;
    if (this.inFlight === 0) return deadlineUs;
    for (let level = 0; level <= MOST_DOUBLINGS; level++) {
      const cell = this.flights.oldest(level);
      if (cell < 0) continue;
      const leftUs = this.waitUs(level) - ((nowUs - this.times[cell]!) >>> 0);
      deadlineUs = Math.min(deadlineUs, nowUs + leftUs);
    }
    return deadlineUs;
  }

  /** Cells waiting to be asked again. */
  get waiting(): number {
    return this.ask.waiting;
  }

  /** Cells that were not asked yet, as far as is known without looking at each. */
  get fresh(): number {
    return Math.max(
      0,
      this.order.cells - Math.max(this.ask.position, this.tally.restored + this.tally.asked),
    );
  }

  /** Tells the tally what it needs to say how far the host is. */
  takeStock(): void {
    const { smoothedUs, timeoutUs } = this.roundTrip;
    this.tally.tripShare = Math.min(
      1,
      (Number.isNaN(smoothedUs) ? timeoutUs : smoothedUs) / timeoutUs,
    );
    const { waiting, flying } = this.pending();
    this.tally.weighSilence(waiting.map((count, tries) => count + flying[tries]!));
  }

  /**
   * Cells without an outcome that were asked, by how many of their tries tell something of them:
   * those that wait, and those with a try in flight, which counts. Both are the caller's.
   */
  pending(): { readonly waiting: Float64Array; readonly flying: Float64Array } {
    const waiting = new Float64Array(MOST_COUNTED + 1);
    const flying = new Float64Array(MOST_COUNTED + 1);
    for (let cell = 0; cell < this.outcomes.length; cell++) {
      const tries = this.tries[cell]!;
      if (tries === 0 || this.outcomes[cell] !== PENDING) continue;
      const counts = this.flying[cell] === AIRBORNE ? flying : waiting;
      counts[Math.min(MOST_COUNTED, tries - this.vain[cell]!)]!++;
    }
    return { waiting, flying };
  }

  /** How long the `tries`th try of a cell waits for its answer as things are, microseconds. */
  waitOfUs(tries: number): number {
    return this.waitUs(this.doublings(tries));
  }

  /**
   * Queues silent cells to be asked slowly. Nothing of them is known while the host refuses some
   * ports and is silent on others, until it stays silent at a pace at which it answers.
   */
  private askSlowly(nowUs: number): void {
    const { slow } = this;
    if (slow.patienceUs === 0) return;
    let silent = 0;
    for (let position = 0; position < this.order.cells; position++) {
      const cell = this.ask.at(position);
      if (this.outcomes[cell] !== PENDING || this.tries[cell] === 0) continue;
      silent++;
      if (!slow.on || slow.wants(cell)) this.ask.askAgain(cell);
    }
    if (!slow.on && silent > 0)
      this.speed.pace.gapUs = slow.begin(this.outcomes.length, silent, nowUs);
  }

  /** Silent cells of which the host's limit may be the cause. */
  get undecided(): number {
    let count = 0;
    for (let cell = 0; cell < this.outcomes.length; cell++) {
      const silent = this.tries[cell]! > 0 && this.times[cell] === UNKNOWN_TRIP;
      if (silent && !isAnswer(this.outcomes[cell]!) && this.slow.leavesOpen(cell)) count++;
    }
    return count;
  }

  /**
   * Tries added at the very end where answers got lost and few ports are silent: what was lost in
   * one moment of trouble on the way is answered now.
   */
  private lastLook(): number {
    if (this.tally.lost === 0) return 0;
    let silent = 0;
    for (const outcome of this.outcomes) if (outcome === PENDING) silent++;
    return silent <= LAST_LOOK_SHARE * this.outcomes.length ? LAST_LOOK_TRIES : 0;
  }

  /** More got lost than was known when some cells were given up: they are asked again beside others. */
  private lookAgain(): void {
    const allowed = this.tally.allowedTries();
    if (allowed <= this.looked) return;
    this.looked = allowed;
    for (let cell = 0; cell < this.outcomes.length; cell++) {
      if (this.outcomes[cell] !== PENDING || this.tries[cell] === 0) continue;
      if (!this.isAirborne(cell) && this.isToAsk(cell, allowed)) this.ask.askAgain(cell);
    }
  }

  /** Whether nothing is left to do; what fell silent is asked again where loss rose meanwhile. */
  finished(nowUs: number): boolean {
    if (this.inFlight > 0) return false;
    if (this.slow.isOver(nowUs)) return true;
    if (this.ask.waiting > 0 || this.ask.hasFresh) return false;
    if (this.slow.on) {
      this.askSlowly(nowUs);
      return this.ask.waiting === 0;
    }
    const allowed = Math.min(this.tally.most, this.tally.allowedTries() + this.lastLook());
    for (let cell = 0; cell < this.outcomes.length; cell++) {
      if (this.outcomes[cell] === PENDING && this.isToAsk(cell, allowed)) this.ask.askAgain(cell);
    }
    if (this.ask.waiting === 0) this.askSlowly(nowUs);
    return this.ask.waiting === 0;
  }

  /** Gives every port that stayed silent its outcome. */
  conclude(silent: number): void {
    for (let cell = 0; cell < this.outcomes.length; cell++) {
      if (this.outcomes[cell] !== PENDING || this.tries[cell] === 0) continue;
      this.outcomes[cell] = silent;
      this.times[cell] = UNKNOWN_TRIP;
      this.known++;
    }
  }
}

function isAnswer(code: number): boolean {
  const outcome = OUTCOMES[code];
  return outcome !== undefined && outcome.reason !== 'no-response';
}
