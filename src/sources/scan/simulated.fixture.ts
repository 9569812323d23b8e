/**
 * A network that exists only in time: hosts that answer, stay silent, lose packets, limit their
 * answers, repeat them or send what nobody asked for. An engine for tests of the scheduler.
 */
import { CLOSED_RESET, FILTERED_SILENT, OPEN_SYN_ACK } from '../../model/port-state.ts';
import type { AnswerSink, ProbeBatch, ProbeEngine } from './engine.ts';
import type { HostScan } from './host-scan.ts';

export interface SimulatedHost {
  readonly open: ReadonlySet<number>;
  readonly closed: 'reset' | 'silent';
  /** Chance that a question or its answer is lost, 0 to 1. */
  readonly loss?: number;
  /** Both ways together. */
  readonly delayUs?: number;
  /** Answers a second at most; what goes beyond is lost. */
  readonly perSecond?: number;
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

  constructor(hosts: readonly SimulatedHost[]) {
    this.hosts = hosts;
    this.budgets = hosts.map(() => ({ tokens: 50, atUs: 0, questions: 0 }));
    this.random = hosts.map(({ seed = 1 }) => generator(seed));
  }

  send(batch: ProbeBatch): number {
    // Sending takes time: about 600,000 a second.
    this.nowUs += 1.6 * batch.length + 1;
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
    const { open, closed, loss = 0, delayUs = 100, perSecond, ...rest } = traits;
    const random = this.random[host.number]!;
    if (!open.has(cell) && closed === 'silent') return;
    if (this.budgets[host.number]!.questions++ >= blocksAfter) return;
    if (random() < loss) return;
    const budget = this.budgets[host.number]!;
    if (perSecond !== undefined) {
      budget.tokens = Math.min(50, budget.tokens + ((this.nowUs - budget.atUs) * perSecond) / 1e6);
      budget.atUs = this.nowUs;
      if (budget.tokens < 1) return;
      budget.tokens--;
    }
    for (let copy = 0; copy <= (rest.duplicates ?? 0); copy++) {
      const atUs = this.nowUs + delayUs * (1 + 0.2 * random()) + 10 * copy;
      this.queue.push({ atUs, host, cell, attempt });
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

  receive(waitMs: number, sink: AnswerSink): void {
    const { soonestUs } = this.queue;
    if (soonestUs > this.nowUs) this.nowUs = Math.min(soonestUs, this.nowUs + 1000 * waitMs + 1);
    while (this.queue.soonestUs <= this.nowUs) {
      const { host, cell, attempt, atUs } = this.queue.pop();
      // Only a try that was made can be answered: real engines check that by what is echoed.
      if (attempt >= host.tries[cell]!) {
        sink.answer(host, cell, -1, FILTERED_SILENT, atUs, 0);
        continue;
      }
      const { open } = this.hosts[host.number]!;
      this.firstAnswerUs = Math.min(this.firstAnswerUs, this.nowUs);
      sink.answer(host, cell, attempt, open.has(cell) ? OPEN_SYN_ACK : CLOSED_RESET, atUs, 64);
    }
  }

  close(): void {}
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
