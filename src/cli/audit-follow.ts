/**
 * `portreeve audit --follow`: the answer so far, again and again while a log grows: in a terminal in
 * place, elsewhere one answer each interval.
 */
import { writeFileSync } from 'node:fs';
import type { LogAudit } from '../pipeline/audit.ts';
import type { Progress } from '../pipeline/reading.ts';
import { counted } from '../report/numbers.ts';
import { renderReport } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { terminalAbility } from '../report/terminal.ts';
import { AUDIT_PAGE, type AuditFacts, conversationKey } from './audit-page.ts';
import { INTERRUPTED } from './exit-codes.ts';
import type { LiveState, Wish } from './live-state.ts';
import { LiveTerminal } from './live-terminal.ts';
import { type OutputOptions, writeReport } from './output.ts';

const DEFAULT_INTERVAL_MS = 5000;
const REFRESH_MS = 1000;
/** Making answers takes at most this share of the time. */
const ANSWER_SHARE = 0.2;
const NEWS_FOR_MS = 15_000;

export interface FollowWishes {
  /** Between answers, ms. */
  readonly intervalMs?: number;
  /** Answers until the end. */
  readonly count?: number;
  /** The terminal shows the answer in place. */
  readonly onScreen: boolean;
  readonly output: OutputOptions;
  /** What is followed, as people call it. */
  readonly name: string;
  readonly reportOf: (answer: LogAudit) => Report;
  /** Ends the following. */
  readonly stop: () => void;
}

/** One answer is written at a time. `end` waits for it, and gives the terminal back. */
export class AuditFollower {
  private readonly wishes: FollowWishes;
  private readonly view: LiveTerminal<AuditFacts> | undefined;
  private readonly startMs = Date.now();
  private readonly everyMs: number;
  private nextMs: number;
  private left: number;
  /** The answer under way; the next one waits for it. */
  private writing: Promise<void> | undefined;
  /** Lines when the last answer was written. */
  private written = -1;
  private lines = 0;
  private stopping = false;
  private answer: LogAudit | undefined;
  private linesPerSecond = 0;
  private answeredMs = 0;
  /** Refused conversations that were seen, and the new ones of late. */
  private readonly known = new Set<string>();
  private news: { readonly text: string; readonly atMs: number }[] = [];
  private readonly clock: ReturnType<typeof setInterval> | undefined;

  constructor(wishes: FollowWishes) {
    this.wishes = wishes;
    this.everyMs = wishes.intervalMs ?? (wishes.onScreen ? REFRESH_MS : DEFAULT_INTERVAL_MS);
    this.left = wishes.count ?? Number.POSITIVE_INFINITY;
    // In a terminal people want to see at once what there is.
    this.nextMs = wishes.onScreen ? 0 : Date.now() + this.everyMs;
    if (!wishes.onScreen) return;
    const view = new LiveTerminal(
      AUDIT_PAGE,
      () => this.facts(),
      (wish) => this.act(wish, view.state),
    );
    this.view = view;
    view.enter();
    // The time goes on where the log does not.
    this.clock = setInterval(() => view.draw(), REFRESH_MS);
  }

  /** Lines were read; there may be many before the first answer. */
  readonly onProgress = ({ frames }: Progress): void => {
    this.lines = frames;
  };

  /** All that was written so far was read. */
  readonly onWait = (answer: () => LogAudit): void => {
    const nowMs = Date.now();
    if (nowMs < this.nextMs || this.writing !== undefined || this.left <= 0) return;
    const result = answer();
    const costMs = Date.now() - nowMs;
    this.nextMs = Math.max(nowMs + this.everyMs, nowMs + costMs / ANSWER_SHARE);
    this.left--;
    this.written = result.lines;
    this.writing = this.show(result).finally(() => {
      this.writing = undefined;
      if (this.left <= 0) this.wishes.stop();
    });
  };

  /** Puts the terminal back; returns whether the last answer is still to be written. */
  async end(answer: LogAudit | undefined): Promise<boolean> {
    await this.writing;
    clearInterval(this.clock);
    this.view?.leave();
    return this.view !== undefined || (this.left > 0 && answer?.lines !== this.written);
  }

  private async show(answer: LogAudit): Promise<void> {
    const { view, wishes } = this;
    if (view === undefined) return writeReport(wishes.reportOf(answer), wishes.output);
    if (!view.state.paused) this.take(answer);
    view.draw();
  }

  /** Takes a new answer, and notes what was refused for the first time. */
  private take(answer: LogAudit): void {
    const nowMs = Date.now();
    const seconds = (nowMs - this.answeredMs) / 1000;
    const first = this.answer === undefined;
    this.linesPerSecond = first ? 0 : (answer.lines - this.answer!.lines) / seconds;
    this.answeredMs = nowMs;
    this.answer = answer;
    this.news = this.news.filter(({ atMs }) => nowMs - atMs < NEWS_FOR_MS);
    for (const row of answer.refused) {
      const text = conversationKey(row);
      if (this.known.has(text)) continue;
      this.known.add(text);
      if (!first) this.news.unshift({ text, atMs: nowMs });
    }
  }

  private facts(): AuditFacts {
    const { name } = this.wishes;
    return {
      ...{ answer: this.answer, name, elapsedMs: Date.now() - this.startMs },
      lines: this.answer?.lines ?? this.lines,
      linesPerSecond: this.linesPerSecond,
      news: this.news.map(({ text }) => text),
      unicode: terminalAbility(process.stdout, process.env).unicode,
    };
  }

  private act(wish: Wish, state: LiveState): void {
    if (wish === 'quit') {
      // The second one means it.
      if (this.stopping) process.exit(INTERRUPTED);
      this.stopping = true;
      this.wishes.stop();
    }
    if (wish !== 'save') return;
    if (this.answer === undefined) state.message = 'there is nothing to save so far';
    else state.message = this.save(this.answer);
  }

  private save(answer: LogAudit): string {
    const path = `portreeve-audit-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.json`;
    try {
      const ability = terminalAbility(process.stdout, process.env);
      const report = this.wishes.reportOf(answer);
      const text = [...renderReport(report, 'json', { ability, showAll: '' })].join('');
      writeFileSync(path, text, { flag: 'wx' });
      return `${path}: ${counted(answer.lines, 'line')}, ${counted(answer.refusedCount, 'refused conversation')}`;
    } catch (error) {
      return `cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`;
    }
  }
}
