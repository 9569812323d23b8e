/**
 * `portreeve policy refine --follow`: stays with a log. Whenever something new was denied and it is
 * quiet for a moment, it asks (or applies the decisions given), writes policy and rules, and goes
 * on. What is seen meanwhile waits for the next round.
 */
import type { Denials, Refinement } from '../pipeline/policy-refine.ts';
import { type Conversation, conversationKey, type Decision } from '../policy/conversation.ts';
import { count, counted, duration } from '../report/numbers.ts';
import { palette, terminalAbility } from '../report/terminal.ts';
import { INPUT, INTERRUPTED } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { inputName } from './input-name.ts';
import { onInterrupt } from './interruptible.ts';
import { writeReport } from './output.ts';
import type { PolicyDesk } from './policy-desk.ts';
import { withFiles } from './policy-files.ts';
import { type RefineOptions, refuseUnread } from './refine-options.ts';
import { refineReport, roundsOf } from './refine-report.ts';
import {
  carryOut,
  isScripted,
  type Order,
  ordersOf,
  stillOpen,
  whoDecides,
} from './review-orders.ts';
import { canAsk, reviewOnTerminal } from './review-terminal.ts';

/** So long nothing may come before a round begins, that it takes in what comes together… */
const SETTLED_MS = 1000;
/** …but a round waits no longer than this. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 250;

/** Ends by Ctrl-C or after `options.follow` ms, with a report of all rounds. */
export async function follow(
  desk: PolicyDesk,
  denials: Denials,
  names: ReadonlyMap<string, string>,
  options: RefineOptions,
): Promise<void> {
  const orders = isScripted(options)
    ? withFiles(() => ordersOf(options, { names, policy: desk.read() }))
    : undefined;
  const follower = new Follower(desk, denials, names, options, orders);
  const controller = new AbortController();
  const release = onInterrupt(() => {
    follower.interrupted = !controller.signal.aborted;
    controller.abort();
  });
  const limit = typeof options.follow === 'number' ? options.follow : undefined;
  const timer = limit === undefined ? undefined : setTimeout(() => controller.abort(), limit);
  try {
    const reading = denials.followLogs(options.denyLog!, controller.signal, () => {
      follower.isReady = true;
    });
    // A log that cannot be followed (a pipe that ended) ends the whole.
    reading.then(
      () => follower.end(),
      () => follower.end(),
    );
    await follower.run(controller);
    controller.abort();
    await reading;
  } finally {
    release();
    clearTimeout(timer);
  }
  await follower.report();
}

class Follower {
  interrupted = false;
  /** All that was written so far has been read once. */
  isReady = false;
  private ended = false;
  private decided = 0;
  private readonly desk: PolicyDesk;
  private readonly denials: Denials;
  private readonly names: ReadonlyMap<string, string>;
  private readonly options: RefineOptions;
  private readonly orders: readonly Order[] | undefined;
  /** Answered with later, or left open, in this session: not asked again. */
  private readonly passed = new Set<string>();
  private readonly status = new Status();
  private saidMayStop = false;
  private lookedMs = 0;

  constructor(
    desk: PolicyDesk,
    denials: Denials,
    names: ReadonlyMap<string, string>,
    options: RefineOptions,
    orders: readonly Order[] | undefined,
  ) {
    this.desk = desk;
    this.denials = denials;
    this.names = names;
    this.options = options;
    this.orders = orders;
  }

  end(): void {
    this.ended = true;
  }

  /** Until the signal, the end of the input, or the person's word. */
  async run(controller: AbortController): Promise<void> {
    const { signal } = controller;
    const logs = this.options.denyLog!.map(inputName);
    this.status.tell(`following ${logs.join(', ')}; Ctrl-C ends`);
    let attempts = -1;
    let changedMs = Date.now();
    let waitsMs: number | undefined;
    while (!signal.aborted) {
      if (this.options.follow === 'done' && (await this.mayStop())) return;
      const ended = this.ended;
      const nowMs = Date.now();
      if (this.denials.attempts !== attempts) {
        attempts = this.denials.attempts;
        changedMs = nowMs;
        waitsMs ??= nowMs;
      }
      const settled = nowMs - changedMs >= SETTLED_MS || nowMs - (waitsMs ?? nowMs) >= PATIENCE_MS;
      if (ended || (this.isReady && waitsMs !== undefined && settled)) {
        waitsMs = undefined;
        if (!(await this.round())) return;
      }
      if (ended) return;
      await this.showStatus();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** One round, if there is something to decide; false when the person ends it. */
  private async round(): Promise<boolean> {
    const journal = this.desk.journal();
    const { conversations } = await this.denials.refinement(journal, true);
    const open = stillOpen(conversations, journal).filter(
      (conversation) => !this.passed.has(conversationKey(conversation)),
    );
    if (open.length === 0) return true;
    const { decisions, goOn } = await this.decisionsOn(open, journal);
    for (const conversation of open) this.passed.add(conversationKey(conversation));
    if (decisions.length > 0) this.settle(decisions, journal);
    return goOn;
  }

  private async decisionsOn(
    open: readonly Conversation[],
    journal: readonly Decision[],
  ): Promise<{ decisions: readonly Decision[]; goOn: boolean }> {
    if (this.orders !== undefined || !canAsk()) {
      const decisions = carryOut(open, this.orders ?? [], this.options, true);
      const decided = new Set(decisions.map(({ conversation }) => conversationKey(conversation)));
      for (const conversation of open) {
        if (decided.has(conversationKey(conversation))) continue;
        const { client, server, service } = conversation;
        this.status.tell(`denied, not decided: ${client} -> ${server} ${service}`);
      }
      return { decisions, goOn: true };
    }
    this.status.clear();
    const by = whoDecides(this.options);
    const { decisions, ended } = await reviewOnTerminal(
      open,
      journal,
      this.names,
      by,
      this.options,
    );
    if (ended === 'interrupted') this.interrupted = true;
    return { decisions, goOn: ended === 'done' };
  }

  /** Writes what was decided; what a platform cannot express is said, and following goes on. */
  private settle(decisions: readonly Decision[], journal: readonly Decision[]): void {
    this.decided += decisions.length;
    const allowed = decisions.filter(({ decision }) => decision === 'allow').length;
    const denied = decisions.filter(({ decision }) => decision === 'deny').length;
    const round = roundsOf([...journal, ...decisions]);
    const said = `round ${count(round)}: ${count(allowed)} allowed, ${count(denied)} denied`;
    const { rules } = this.options;
    try {
      const { policy } = this.desk.decide(decisions);
      const written = rules === undefined ? '' : `; ${rules} written and proved, install it`;
      this.status.tell(`${said}; ${counted(policy.rules.length, 'rule')}${written}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.status.tell(`${said}; ${error.message}`);
    }
  }

  /** Looks once a second, since it takes all that was denied together. */
  private async mayStop(): Promise<boolean> {
    const nowMs = Date.now();
    if (!this.isReady || nowMs - this.lookedMs < STATUS_EVERY_MS) return false;
    this.lookedMs = nowMs;
    const { closure } = await this.denials.refinement(this.desk.journal(), true);
    if (closure.mayStop) this.status.tell('done: all conditions of stopping hold');
    return closure.mayStop;
  }

  private async showStatus(): Promise<void> {
    if (!this.status.isDue()) return;
    const refinement = await this.denials.refinement(this.desk.journal(), true);
    const { conversations, closure } = refinement;
    const missing = closure.conditions.filter(({ holds }) => !holds);
    const quiet = `nothing new for ${duration(Math.floor(closure.quietMs / 1000) * 1000)}`;
    const wait = missing.length === 0 ? 'may stop' : `waiting until ${missing[0]!.condition}`;
    this.status.show(`${count(conversations.length)} denied, ${quiet}, ${wait}`);
    if (closure.mayStop && !this.saidMayStop) {
      this.status.tell('may stop: all conditions hold');
    }
    this.saidMayStop = closure.mayStop;
  }

  async report(): Promise<void> {
    this.status.clear();
    const journal = this.desk.journal();
    const refinement: Refinement = await this.denials.refinement(journal, true);
    refuseUnread(refinement);
    if (refinement.faults.length > 0) process.exitCode = INPUT;
    if (this.interrupted) process.exitCode = INTERRUPTED;
    const { policy, rules, name } = this.options;
    const report = refineReport(refinement, journal, {
      ...{ decided: this.decided, policyFile: policy, names: name ?? {} },
      ...(rules === undefined ? {} : { rulesFile: rules }),
    });
    await writeReport(report, this.options);
  }
}

const STATUS_EVERY_MS = 1000;

/** One line on a terminal, written over and over, with lasting lines above it. */
class Status {
  private readonly terminal = process.stderr.isTTY === true;
  private readonly style = palette(
    terminalAbility(process.stderr, process.env, 'auto', process.platform),
  );
  private shown = false;
  private nextMs = 0;

  isDue(): boolean {
    return this.terminal && Date.now() >= this.nextMs;
  }

  show(text: string): void {
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\x1b[K${this.style.safe(text).slice(0, width)}`);
    this.shown = true;
    this.nextMs = Date.now() + STATUS_EVERY_MS;
  }

  tell(text: string): void {
    this.clear();
    process.stderr.write(`${this.style.safe(text)}\n`);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}
