/**
 * A network that exists only in time: hosts that answer, stay silent, lose packets, limit their
 * answers, repeat them or send what nobody asked for. An engine for tests of the scheduler.
 */
import {
  CLOSED_PORT_UNREACH,
  CLOSED_RESET,
  FILTERED_SILENT,
  OPEN_SYN_ACK,
  PENDING,
} from '../../model/port-state.ts';
import type { AnswerSink, ProbeBatch, ProbeEngine } from './engine.ts';
import type { HostScan } from './host-scan.ts';

export interface SimulatedHost {
  readonly open: ReadonlySet<number>;
  /** What a closed port says; `unreachable`: by ICMP, as for UDP. */
  readonly closed: 'reset' | 'silent' | 'unreachable';
  /** Part of the closed ports that a filter keeps silent, 0 to 1. */
  readonly filtered?: number;
  /** Chance that a question or its answer is lost, 0 to 1. */
  readonly loss?: number;
  /** Both ways together. */
  readonly delayUs?: number;
  /** Times in which more gets lost: from, to, chance. */
  readonly trouble?: readonly (readonly [fromUs: number, toUs: number, loss: number])[];
  /** Times in which all stands still: what was under way arrives at the end, so many at most. */
  readonly held?: readonly (readonly [fromUs: number, toUs: number, most: number])[];
  /** Answers a second at most; what goes beyond is lost. */
  readonly perSecond?: number;
  /** The limit is one of questions, before anything else: a filter's. */
  readonly limitsQuestions?: boolean;
  /** So many at once before the limit shows; 50 unless told. */
  readonly burst?: number;
  /** Others used up what it answers at once. */
  readonly startsEmpty?: boolean;
  /** Falls silent for good after so many questions, as behind a filter that blocks scanners. */
  readonly blocksAfter?: number;
  readonly seed?: number;
  /** Further copies of each answer. */
  readonly duplicates?: number;
  /** Answers to ports that were never asked. */
  readonly strays?: boolean;
  /** The sender has room for so many questions at once. */
  readonly room?: number;
}

/** Answers at once before a limit shows. */
const BURST = 50;

interface Answer {
  readonly atUs: number;
  readonly host: HostScan;
  readonly cell: number;
  readonly attempt: number;
}

export class SimulatedNetwork implements ProbeEngine {
  readonly name = 'simulated';
  readonly silent = FILTERED_SILENT;
  nowUs = 1000;
  sent = 0;
  firstAnswerUs = Number.POSITIVE_INFINITY;
  private readonly hosts: readonly SimulatedHost[];
  private readonly queue = new Heap();
  private readonly budgets: { tokens: number; atUs: number; questions: number }[];
  private readonly random: (() => number)[];
  private readonly pulses: (() => number)[];
  /** How many wait in each stretch in which all stands still. */
  private readonly waiting = new Map<string, number>();

  /** What sending one question takes: about 600,000 a second unless told. */
  private readonly costUs: number;
  /** After every so many looks at what arrived the program is not run for so long. */
  pause = { looks: Number.POSITIVE_INFINITY, us: 0 };
  /** So many answers are kept while nobody looks; more are dropped and counted. */
  ring = Number.POSITIVE_INFINITY;
  private looks = 0;
  private drops = 0;

  constructor(hosts: readonly SimulatedHost[], costUs = 1.6) {
    this.hosts = hosts;
    this.costUs = costUs;
    this.budgets = hosts.map(({ burst = BURST, startsEmpty }) => ({
      tokens: startsEmpty ? 0 : burst,
      atUs: 0,
      questions: 0,
    }));
    this.random = hosts.map(({ seed = 1 }) => generator(seed));
    this.pulses = hosts.map(({ seed = 1 }) => generator(seed + 1000));
  }

  send(batch: ProbeBatch): number {
    this.nowUs += this.costUs * batch.length + 1;
    for (let index = 0; index < batch.length; index++) {
      const host = batch.hosts[index]!;
      const room = this.hosts[host.number]!.room;
      if (room !== undefined && host.inFlight - (batch.length - index) >= room) return index;
      this.sent++;
      this.question(host, batch.cells[index]!, batch.attempts[index]!);
    }
    return batch.length;
  }

  private question(host: HostScan, cell: number, attempt: number): void {
    const { blocksAfter = Number.POSITIVE_INFINITY, ...traits } = this.hosts[host.number]!;
    const { open, closed, loss = 0, delayUs = 100, ...rest } = traits;
    // What others meet does not hang on how often a port is asked that has its outcome.
    const pulse = host.outcomes[cell] !== PENDING;
    const random = (pulse ? this.pulses : this.random)[host.number]!;
    if (rest.limitsQuestions && !this.withinLimit(host.number)) return;
    if (!open.has(cell) && (closed === 'silent' || isFiltered(cell, rest.filtered))) return;
    if (this.budgets[host.number]!.questions++ >= blocksAfter) return;
    if (random() < loss) return;
    for (const [fromUs, toUs, chance] of rest.trouble ?? []) {
      if (this.nowUs >= fromUs && this.nowUs < toUs && random() < chance) return;
    }
    if (!rest.limitsQuestions && !this.withinLimit(host.number)) return;
    for (let copy = 0; copy <= (rest.duplicates ?? 0); copy++) {
      const atUs = this.nowUs + delayUs * (1 + 0.2 * random()) + 10 * copy;
      const heldUs = this.heldUntil(host.number, atUs);
      if (heldUs >= 0) this.queue.push({ atUs: heldUs, host, cell, attempt });
    }
    if (rest.strays) {
      this.queue.push({
        atUs: this.nowUs + 5,
        host,
        cell: (cell + 77) % host.outcomes.length,
        attempt: 9,
      });
    }
  }

  /** Whether one more passes the limit now. */
  private withinLimit(number: number): boolean {
    const { perSecond, burst = BURST } = this.hosts[number]!;
    if (perSecond === undefined) return true;
    const budget = this.budgets[number]!;
    const since = this.nowUs - budget.atUs;
    budget.tokens = Math.min(burst, budget.tokens + (since * perSecond) / 1e6);
    budget.atUs = this.nowUs;
    if (budget.tokens < 1) return false;
    budget.tokens--;
    return true;
  }

  /** When something arrives that would at `atUs`; -1: it finds no room. */
  private heldUntil(number: number, atUs: number): number {
    const holds = this.hosts[number]!.held ?? [];
    const index = holds.findIndex(([fromUs, toUs]) => atUs >= fromUs && atUs < toUs);
    const hold = holds[index];
    if (hold === undefined) return atUs;
    const key = `${number} ${index}`;
    const waiting = (this.waiting.get(key) ?? 0) + 1;
    this.waiting.set(key, waiting);
    return waiting > hold[2] ? -1 : hold[1] + 10 * waiting;
  }

  receive(waitMs: number, sink: AnswerSink): void {
    const { soonestUs } = this.queue;
    if (soonestUs > this.nowUs) this.nowUs = Math.min(soonestUs, this.nowUs + 1000 * waitMs + 1);
    let room = this.ring;
    while (this.queue.soonestUs <= this.nowUs) {
      if (room-- <= 0) {
        this.queue.pop();
        this.drops++;
        continue;
      }
      const { host, cell, attempt, atUs } = this.queue.pop();
      // Only a try that was made can be answered: real engines check that by what is echoed.
      if (attempt >= host.tries[cell]!) {
        sink.answer(host, cell, -1, FILTERED_SILENT, atUs, 0);
        continue;
      }
      const { open, closed } = this.hosts[host.number]!;
      this.firstAnswerUs = Math.min(this.firstAnswerUs, this.nowUs);
      const refusal = closed === 'unreachable' ? CLOSED_PORT_UNREACH : CLOSED_RESET;
      sink.answer(host, cell, attempt, open.has(cell) ? OPEN_SYN_ACK : refusal, atUs, 64);
    }
    if (++this.looks % this.pause.looks === 0) this.nowUs += this.pause.us;
  }

  takeDrops(): number {
    const { drops } = this;
    this.drops = 0;
    return drops;
  }

  close(): void {}
}

/** The same cells whatever the seed: spread over all of them. */
function isFiltered(cell: number, share = 0): boolean {
  return (Math.imul(cell + 1, 0x9e3779b1) >>> 0) / 4294967296 < share;
}

/** Answers under way, soonest first. */
class Heap {
  private readonly answers: Answer[] = [];

  get soonestUs(): number {
    return this.answers[0]?.atUs ?? Number.POSITIVE_INFINITY;
  }

  push(answer: Answer): void {
    const { answers } = this;
    let at = answers.push(answer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (answers[parent]!.atUs <= answer.atUs) break;
      answers[at] = answers[parent]!;
      at = parent;
    }
    answers[at] = answer;
  }

  pop(): Answer {
    const { answers } = this;
    const first = answers[0]!;
    const last = answers.pop()!;
    if (answers.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= answers.length) break;
      if (child + 1 < answers.length && answers[child + 1]!.atUs < answers[child]!.atUs) child++;
      if (answers[child]!.atUs >= last.atUs) break;
      answers[at] = answers[child]!;
      at = child;
    }
    answers[at] = last;
    return first;
  }
}

/** Numbers from 0 to 1, the same for a seed (mulberry32, public domain). */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
