/**
 * What a firewall denied, as conversations to decide on: from captures of denied packets, from logs,
 * and from logs that are still written to. Says when a refinement may stop, and when silence is no
 * sign of it.
 */
import type { BlindSpot } from '../model/blind-spot.ts';
import type { Flow } from '../model/flow.ts';
import { AttemptCounts, type Closure, type Cycle, closureOf } from '../policy/closure.ts';
import {
  type Conversation,
  conversationKey,
  type Decision,
  standingDecisions,
} from '../policy/conversation.ts';
import { AttemptLines, deniedFlow } from '../policy/denied.ts';
import { flowService } from '../policy/flow-service.ts';
import type { Policy } from '../policy/intent.ts';
import { setsSuggestedBy } from '../policy/known-sets.ts';
import { type Learned, type LearnedFlow, Learner } from '../policy/learn.ts';
import type { LogReader } from '../sources/logs/log-reader.ts';
import type { PrefixRule } from '../sources/logs/prefix-verdicts.ts';
import { listFlows } from './flows.ts';
import type { CaptureChoices } from './reading.ts';

export type { Closure, Cycle };

/** A known set of services that what was seen towards a server suggests. */
export interface Offer {
  readonly server: string;
  /** For `--with-set`. */
  readonly set: string;
  /** Those nobody saw. */
  readonly services: readonly string[];
  readonly note: string;
}

export interface Refinement extends Learned {
  /** What the same applications may ask for next, by server. */
  readonly offers: readonly Offer[];
  /** Lines were read, and none of a firewall's log: there is nothing to conclude from. */
  readonly strange: boolean;
  /** Denials that lack what a rule needs. */
  readonly unusable: number;
  /** What of the inputs could not be read, one clause each. */
  readonly faults: readonly string[];
  readonly notes: readonly BlindSpot[];
  readonly closure: Closure;
  /** Allowed, and denied all the same since: the rules are not installed, or not everywhere. */
  readonly stillDenied: readonly Conversation[];
}

export interface DenialChoices {
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC. */
  readonly offsetMs?: number;
  /** At least one. */
  readonly cycles: readonly Cycle[];
}

/** Rules take this long to be rendered and installed; denials until then are of before. */
const INSTALLED_AFTER_MS = 120_000;

/** Gathers denials from all sources; may be asked at any time what they come to. */
export class Denials {
  private readonly policy: Policy;
  private readonly choices: DenialChoices;
  private readonly learner: Learner;
  private readonly counts: AttemptCounts;
  private readonly lines = new AttemptLines(() => Date.now());
  private readonly readers: LogReader[] = [];
  private readonly captureFaults: string[] = [];
  private readonly captureNotes: BlindSpot[] = [];
  private fromMs: number | undefined;
  private untilMs: number | undefined;
  /** Lines read of all logs, and when the last of them came. */
  private linesRead = 0;
  private grewMs = Date.now();
  private readonly begunMs = Date.now();

  constructor(policy: Policy, choices: DenialChoices) {
    this.policy = policy;
    this.choices = choices;
    this.learner = new Learner(policy.zones);
    this.counts = new AttemptCounts(choices.cycles);
  }

  /** Attempts seen so far: grows when there is something new to look at. */
  get attempts(): number {
    return this.lines.denials;
  }

  /** Captures in which every packet was denied. */
  async readCaptures(
    captures: readonly string[],
    choices: Pick<CaptureChoices, 'signal' | 'onProgress'>,
  ): Promise<void> {
    const add = (flow: Flow): void => {
      const denied = deniedFlow(flow);
      if (denied !== undefined) this.add(denied, true);
    };
    const listing = await listFlows(captures, choices, ({ flow }) => add(flow));
    for (const { flow } of listing.listed) add(flow);
    this.saw(listing.firstMs ?? undefined, listing.lastMs ?? undefined);
    this.captureFaults.push(...listing.faults.map(({ source, what }) => `${source}: ${what}`));
    this.captureNotes.push(...listing.notes);
  }

  /** Reads logs to their ends. */
  async readLogs(
    logs: readonly string[],
    { signal }: Pick<CaptureChoices, 'signal'>,
  ): Promise<void> {
    const reader = await this.openReader(signal);
    await reader.read(logs);
  }

  /**
   * Reads logs and goes on as they grow, across rotation, until the signal. `onWait` is called,
   * often, when all that was written so far was read.
   */
  async followLogs(
    logs: readonly string[],
    signal: AbortSignal,
    onWait: () => void,
  ): Promise<void> {
    const waiting = (): void => {
      const lines = this.readers.reduce((sum, { tally }) => sum + tally.lines, 0);
      if (lines > this.linesRead) this.grewMs = Date.now();
      this.linesRead = lines;
      onWait();
    };
    const readers = await Promise.all(logs.map(() => this.openReader(signal, waiting)));
    await Promise.all(readers.map((reader, at) => reader.read([logs[at]!])));
  }

  private async openReader(
    signal: AbortSignal | undefined,
    onWait?: () => void,
  ): Promise<LogReader> {
    const { LogReader } = await import('../sources/logs/log-reader.ts');
    const { prefixes, offsetMs } = this.choices;
    const reader = new LogReader(
      {
        // Hash tables must not be foreseeable to whoever writes the log.
        ...{ seed: Math.floor(Math.random() * 2 ** 32) | 0, nowMs: Date.now() },
        ...(prefixes === undefined ? {} : { prefixes }),
        ...(offsetMs === undefined ? {} : { offsetMs }),
        ...(signal === undefined ? {} : { signal }),
        ...(onWait === undefined ? {} : { onWait }),
      },
      (batch) => {
        for (let row = 0; row < batch.count; row++) {
          const attempt = this.lines.attemptOf(batch.verdictAt(row, reader.inputs));
          if (attempt !== undefined) this.add(attempt.flow, attempt.denied);
        }
      },
    );
    this.readers.push(reader);
    return reader;
  }

  private add(flow: LearnedFlow, denied: boolean): void {
    if (!this.learner.crosses(flow.client, flow.server)) {
      if (denied) this.learner.add(flow, false, 'denied');
      return;
    }
    const { service } = flowService(flow);
    this.counts.add(conversationKey({ ...flow, service }), flow.firstMs);
    if (denied) this.learner.add(flow, false, 'denied');
  }

  private saw(fromMs: number | undefined, untilMs: number | undefined): void {
    if (fromMs !== undefined) this.fromMs = Math.min(this.fromMs ?? fromMs, fromMs);
    if (untilMs !== undefined) this.untilMs = Math.max(this.untilMs ?? untilMs, untilMs);
  }

  /** What all sources came to by now. `following`: time passes although no line says so. */
  async refinement(journal: readonly Decision[], following = false): Promise<Refinement> {
    const { logNotes } = await import('../sources/logs/log-notes.ts');
    const learned = this.learner.finish();
    const { conversations } = learned;
    this.saw(this.lines.firstMs, this.lines.lastMs);
    const nowMs = Date.now();
    // The log's clock may be another than ours: what passed since its last line is what counts.
    const untilMs = following ? (this.untilMs ?? nowMs) + (nowMs - this.grewMs) : this.untilMs;
    if (following) this.fromMs ??= (untilMs ?? nowMs) - (nowMs - this.begunMs);
    const decided = standingDecisions(journal);
    const still = stillDenied(conversations, decided);
    const notes = [
      ...this.captureNotes,
      ...this.readers.flatMap((reader) => logNotes(reader)),
      ...this.doubts(following ? nowMs - this.grewMs : 0),
    ];
    const faults = [
      ...this.captureFaults,
      ...this.readers.flatMap((reader) =>
        reader.faults.map(({ source, what }) => `${source}: ${what}`),
      ),
    ];
    const settled = new Set(
      decided
        .filter(({ decision }) => decision !== 'later')
        .map(({ conversation }) => conversationKey(conversation)),
    );
    const sound = conversations.filter(({ standing }) => standing !== 'quarantined');
    const noise = conversations.filter(({ standing }) => standing === 'quarantined');
    const closure = closureOf(this.counts, {
      ...{ untilMs, fromMs: this.fromMs, stillDenied: still.length },
      open: sound.filter((conversation) => !settled.has(conversationKey(conversation))).length,
      noise: new Set(noise.map(conversationKey)),
      doubts: [
        ...faults,
        ...notes.flatMap(({ what, missing, id }) => (missing && !HARMLESS.has(id) ? [what] : [])),
      ],
    });
    const { unusable } = this.lines;
    const allowed = decided.flatMap(({ decision, conversation }) =>
      decision === 'allow' ? [conversation] : [],
    );
    const offers = offersFor([...conversations, ...allowed]);
    const strange = this.areStrange();
    return { ...learned, faults, notes, strange, unusable, offers, closure, stillDenied: still };
  }

  /** Whether all lines of all logs are of other programs. */
  private areStrange(): boolean {
    let lines = 0;
    let others = 0;
    for (const { tally } of this.readers) {
      lines += tally.lines - tally.blank;
      for (const kind of tally.others.values()) others += kind.lines;
    }
    return lines > 0 && others === lines;
  }

  /** Why the silence of the log proves nothing. */
  private doubts(silentMs: number): BlindSpot[] {
    const { logDeniedPerSecond: limit } = this.policy;
    const { mostPerSecond } = this.lines;
    const notes: BlindSpot[] = [];
    if (limit === 0) {
      notes.push({
        id: 'denials-not-logged',
        what: 'what is denied, by the rules of this policy',
        because: '“log-denied: 0” says that nothing of it is logged',
        remedy: 'set log-denied to 50 or more, render and install again',
        missing: true,
      });
    } else if (mostPerSecond >= limit) {
      notes.push({
        id: 'log-limit-reached',
        what: `denials beyond ${limit} a second`,
        because: `up to ${mostPerSecond} stand in one second, and the rules log ${limit} at most`,
        remedy: 'raise log-denied in the policy, render and install again',
        missing: true,
      });
    }
    const shortest = Math.min(...this.choices.cycles.map(({ ms }) => ms));
    if (this.readers.length > 0 && (this.linesRead === 0 ? silentMs > 60_000 : silentMs > shortest))
      notes.push({
        id: 'log-silent',
        what: 'whether anything is logged at all',
        because: 'no line of any kind came for so long',
        remedy: 'try a port that is closed, and look whether a line comes',
        missing: true,
      });
    return notes;
  }
}

/** Blind spots that hide no denial. */
const HARMLESS: ReadonlySet<string> = new Set(['zone-inferred', 'year-inferred']);

function stillDenied(
  conversations: readonly Conversation[],
  decided: readonly Decision[],
): Conversation[] {
  const allowed = new Map(
    decided
      .filter(({ decision }) => decision === 'allow')
      .map(({ conversation, atMs }) => [conversationKey(conversation), atMs]),
  );
  return conversations.filter((conversation) => {
    const atMs = allowed.get(conversationKey(conversation));
    return atMs !== undefined && conversation.lastMs > atMs + INSTALLED_AFTER_MS;
  });
}

/** What the same applications may ask for next, by server. */
export function offersFor(conversations: readonly Conversation[]): Offer[] {
  const seen = new Map<string, Set<string>>();
  for (const { server, service, standing } of conversations) {
    if (standing === 'quarantined') continue;
    const services = seen.get(server) ?? new Set();
    seen.set(server, services.add(service));
  }
  return [...seen].flatMap(([server, services]) =>
    setsSuggestedBy(services).map(({ id, services: all, note }) => ({
      ...{ server, set: id, note },
      services: all.filter((service) => !services.has(service)),
    })),
  );
}
