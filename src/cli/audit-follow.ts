/**
 * `portreeve audit --follow`: the answer so far, again and again while a log grows: in a terminal in
 * place, elsewhere one answer each interval.
 */
import type { LogAudit } from '../pipeline/audit.ts';
import { renderReport } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { terminalAbility } from '../report/terminal.ts';
import { type OutputOptions, writeReport } from './output.ts';
import { Screen } from './watch-screen.ts';

const DEFAULT_INTERVAL_MS = 5000;
const REFRESH_MS = 1000;
/** Making answers takes at most this share of the time. */
const ANSWER_SHARE = 0.2;

export interface FollowWishes {
  /** Between answers, ms. */
  readonly intervalMs?: number;
  /** Answers until the end. */
  readonly count?: number;
  /** The terminal shows the answer in place. */
  readonly onScreen: boolean;
  readonly output: OutputOptions;
  readonly reportOf: (answer: LogAudit) => Report;
  /** Ends the following. */
  readonly stop: () => void;
}

export class AuditFollower {
  private readonly wishes: FollowWishes;
  private readonly screen: Screen | undefined;
  private readonly everyMs: number;
  private nextMs: number;
  private left: number;
  /** The answer under way; the next one waits for it. */
  private writing: Promise<void> | undefined;
  /** Lines when the last answer was written. */
  private written = -1;

  constructor(wishes: FollowWishes) {
    this.wishes = wishes;
    this.everyMs = wishes.intervalMs ?? (wishes.onScreen ? REFRESH_MS : DEFAULT_INTERVAL_MS);
    this.left = wishes.count ?? Number.POSITIVE_INFINITY;
    // In a terminal people want to see at once what there is.
    this.nextMs = wishes.onScreen ? 0 : Date.now() + this.everyMs;
    if (!wishes.onScreen) return;
    this.screen = new Screen(process.stdout, terminalAbility(process.stdout, process.env).colour);
    this.screen.enter();
    this.screen.resize(process.stdout.columns ?? 80, process.stdout.rows ?? 24);
    process.stdout.on('resize', this.resize);
  }

  /** All that was written so far was read. */
  readonly onWait = (answer: () => LogAudit): void => {
    const nowMs = Date.now();
    if (nowMs < this.nextMs || this.writing !== undefined || this.left <= 0) return;
    const result = answer();
    const costMs = Date.now() - nowMs;
    this.nextMs = Math.max(nowMs + this.everyMs, nowMs + costMs / ANSWER_SHARE);
    this.left--;
    this.written = result.lines;
    this.writing = this.show(this.wishes.reportOf(result)).finally(() => {
      this.writing = undefined;
      if (this.left <= 0) this.wishes.stop();
    });
  };

  /** Puts the terminal back; returns whether the last answer is still to be written. */
  async end(answer: LogAudit): Promise<boolean> {
    await this.writing;
    this.screen?.leave();
    process.stdout.off('resize', this.resize);
    return this.screen !== undefined || (this.left > 0 && answer.lines !== this.written);
  }

  private readonly resize = (): void => {
    this.screen?.resize(process.stdout.columns ?? 80, process.stdout.rows ?? 24);
    this.nextMs = 0;
  };

  private async show(report: Report): Promise<void> {
    const { screen } = this;
    if (screen === undefined) return writeReport(report, this.wishes.output);
    const ability = terminalAbility(process.stdout, process.env, 'never', process.platform);
    const text = [...renderReport(report, 'text', { ability, showAll: '--wide' })].join('');
    const lines = text.split('\n').slice(0, screen.height - 1);
    while (lines.length < screen.height - 1) lines.push('');
    screen.draw([
      ...lines.map((each) => ({ text: each })),
      { text: ` ${new Date().toISOString().slice(0, 19)}Z  Ctrl-C ends`, look: 'inverse' as const },
    ]);
  }
}
