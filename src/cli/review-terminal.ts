/**
 * The review on a terminal: one question, one key. Everything shown is escaped. However it ends
 * (the last question, q, Ctrl-C, the terminal closed), what was answered is handed back.
 */
import { createInterface } from 'node:readline/promises';
import { entriesOnPorts } from '../catalog/entries.ts';
import { type Conversation, type Decision, standingDecisions } from '../policy/conversation.ts';
import { offeredSets } from '../policy/offered.ts';
import { type Question, ReviewSession } from '../policy/review-session.ts';
import { count, counted } from '../report/numbers.ts';
import { type Palette, palette, terminalAbility } from '../report/terminal.ts';
import { wrapText } from '../report/width.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

const KEYS = 'y yes  n no  l later  a all like this  x none like this';
const MORE_KEYS = 'e edit  s split  w why  u undo  q done';
/** Clients named in one question. */
const NAMED = 6;
/** Lines of an answer to why. */
const MOST_WHYS = 12;

export interface Reviewed {
  readonly decisions: Decision[];
  /** How it ended: no question left, q, or an interrupt. */
  readonly ended: 'done' | 'quit' | 'interrupted';
}

/** Questions go to standard error, so that standard output may be a pipe. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks about the conversations one after the other, then about what known sets suggest. */
export async function reviewOnTerminal(
  conversations: readonly Conversation[],
  /** Decisions of before: what they allow is not offered again. */
  journal: readonly Decision[],
  names: ReadonlyMap<string, string>,
  by: string,
  { reason, expires }: { readonly reason?: string; readonly expires?: number } = {},
): Promise<Reviewed> {
  if (!canAsk()) {
    throw new Failure(USAGE, {
      what: 'a review asks a person, and there is no terminal here',
      ways: ["--approve 'web -> sql tcp/1433', which may be repeated", '--from-file decisions.txt'],
    });
  }
  const ability = terminalAbility(process.stderr, process.env, 'auto', process.platform);
  const dialogue = new Dialogue(
    new ReviewSession(conversations),
    allowedBy(standingDecisions(journal)),
    names,
    palette(ability),
  );
  const ended = await dialogue.run();
  const atMs = Date.now();
  const decisions = dialogue.session.decisions.map(
    ({ decision, conversation }): Decision => ({
      ...{ kind: 'decision', decision, by, atMs },
      ...(reason === undefined ? {} : { reason }),
      ...(expires === undefined || decision !== 'allow' ? {} : { expiresMs: expires }),
      conversation,
    }),
  );
  return { decisions, ended };
}

class Dialogue {
  readonly session: ReviewSession;
  private readonly before: readonly Conversation[];
  private readonly names: ReadonlyMap<string, string>;
  private readonly style: Palette;
  /** Known sets that were offered, by set and server, and what their questions are called. */
  private readonly offered = new Set<string>();
  private readonly titles = new Map<Conversation, string>();
  private readonly keys = new Keys();

  constructor(
    session: ReviewSession,
    before: readonly Conversation[],
    names: ReadonlyMap<string, string>,
    style: Palette,
  ) {
    this.session = session;
    this.before = before;
    this.names = names;
    this.style = style;
  }

  async run(): Promise<Reviewed['ended']> {
    const { session } = this;
    this.keys.open();
    try {
      for (let shown: Question | undefined; ; ) {
        if (session.question === undefined) this.offer();
        if (session.question === undefined) return 'done';
        if (shown !== session.question) {
          this.ask(session.question);
          // What was typed or pasted before it was shown is no answer to it.
          this.keys.forget();
        }
        shown = session.question;
        const key = await this.keys.next();
        if (key === INTERRUPT) return 'interrupted';
        if (key === 'q' || key === END_OF_INPUT) return 'quit';
        await this.act(key);
      }
    } finally {
      this.keys.close();
    }
  }

  /** Asks about the next known set that what was allowed suggests. */
  private offer(): void {
    const { session, offered, before } = this;
    const allowed = allowedBy(session.decisions);
    for (const { set, server, unobserved } of offeredSets(allowed, before, offered)) {
      offered.add(`${set.id} ${server}`);
      if (unobserved.length === 0) continue;
      const services = [...new Set(unobserved.map(({ service }) => service))];
      this.titles.set(unobserved[0]!, `${set.name}: ${services.join(' ')}; ${set.note}`);
      session.offer(unobserved);
      return;
    }
  }

  private async act(key: string): Promise<void> {
    const { session } = this;
    switch (key) {
      case 'y':
        return session.answer('allow');
      case 'n':
        return session.answer('deny');
      case 'l':
        return session.answer('later');
      case 'a':
        return this.say(`${counted(session.answerAllLike('allow'), 'question')} answered with yes`);
      case 'x':
        return this.say(`${counted(session.answerAllLike('deny'), 'question')} answered with no`);
      case 's':
        if (!session.split()) this.say('there is only one here');
        return;
      case 'e':
        return this.edit();
      case 'w':
        return this.why();
      case 'u':
        if (!session.undo()) this.say('nothing to take back');
        this.offered.clear();
        return;
      default:
        this.say(KEYS);
        this.say(MORE_KEYS);
    }
  }

  private say(text: string): void {
    // The window may have changed its size since the last line.
    const width = Math.max(20, (process.stderr.columns || 80) - 2);
    const lines = wrapText(this.style.safe(text), width);
    process.stderr.write(lines.map((line) => `  ${line}\n`).join(''));
  }

  /** By name, and by what it is for where that shows. */
  private named(address: string, [role]: readonly string[] = []): string {
    const name = this.names.get(address);
    const about = role === undefined ? '' : `, ${role}`;
    if (name !== undefined) return `${name} (${address}${about})`;
    return role === undefined ? address : `${role} (${address})`;
  }

  private ask(question: Question): void {
    const [first] = question;
    if (first === undefined) return;
    const { from, to, server, service, standing, spoken } = first;
    const roles = new Map(question.map(({ client, clientRoles }) => [client, clientRoles]));
    const all = [...roles.keys()];
    const clients = all.slice(0, NAMED).map((client) => this.named(client, roles.get(client)));
    const more = all.length > NAMED ? ` and ${count(all.length - NAMED)} more` : '';
    const { style } = this;
    const services = new Set(question.map((each) => each.service)).size;
    const asked = services === 1 ? service : `${count(services)} services`;
    const title = `${from} -> ${to}   ${asked}   to ${this.named(server, first.serverRoles)}`;
    process.stderr.write(
      `\n${style.strong(style.safe(title))}   (${count(this.session.left)} left)\n`,
    );
    this.say(`from ${clients.join(', ')}${more}`);
    const offer = this.titles.get(first);
    if (first.unobserved === true) {
      this.say(offer ?? 'part of a known set');
      this.say('nobody saw this; yes allows it, marked as such');
    } else {
      const meaning = meaningOf(service);
      const speech = spoken === undefined ? '' : `, payloads are ${spoken}`;
      if (meaning !== undefined || speech !== '') this.say(`${meaning ?? service}${speech}`);
      const connections = question.reduce((sum, each) => sum + each.connections, 0);
      const hours = Math.max(...question.map((each) => each.hours));
      const tries = question.some(({ denied }) => denied > 0) ? 'denied attempt' : 'connection';
      const span = hours === 1 ? 'within an hour' : `in up to ${count(hours)} hours`;
      this.say(`${counted(connections, tries)} ${span}, ${standing}`);
    }
    this.say(KEYS);
    this.say(MORE_KEYS);
  }

  private why(): void {
    const question = this.session.question ?? [];
    for (const each of question.slice(0, MOST_WHYS)) {
      const { client, direction, answered, denied, firstMs, lastMs, seen } = each;
      if (each.unobserved === true) {
        this.say(
          `${this.named(client, each.clientRoles)} ${each.service}: not seen; suggested by ${seen}`,
        );
        continue;
      }
      const span = `${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
      const sources = each.sources === undefined ? '' : ` in ${each.sources.join(', ')}`;
      this.say(
        `${this.named(client, each.clientRoles)}: client known by ${direction.reason} (${direction.confidence}), ` +
          `${count(answered)} answered, ${count(denied)} denied, ${span}, first at ${seen}${sources}`,
      );
    }
    const more = question.length - MOST_WHYS;
    if (more > 0) this.say(`and ${count(more)} more; split shows them one by one`);
  }

  /** Keeps some of the clients in the question; the others are asked about next. */
  private async edit(): Promise<void> {
    const text = await this.keys.line('  only these clients (addresses or names, blank = all): ');
    const wanted = new Set(text.split(/[\s,]+/).filter((word) => word !== ''));
    if (wanted.size === 0) return;
    const clients = (this.session.question ?? [])
      .map(({ client }) => client)
      .filter((client) => wanted.has(client) || wanted.has(this.names.get(client) ?? ''));
    if (!this.session.narrow(new Set(clients))) this.say('that names none of them, or all');
  }
}

function allowedBy(
  decisions: readonly Pick<Decision, 'decision' | 'conversation'>[],
): Conversation[] {
  return decisions.flatMap(({ decision, conversation }) =>
    decision === 'allow' ? [conversation] : [],
  );
}

/** What a service is for, by its port. */
function meaningOf(service: string): string | undefined {
  const [, transport, port] = /^([a-z]+)\/(\d+)$/.exec(service) ?? [];
  if (transport === undefined) return undefined;
  const [entry] = entriesOnPorts({ first: Number(port), last: Number(port), transport });
  return entry?.name;
}

const INTERRUPT = '\x03';
const END_OF_INPUT = '\x04';

/** Keys of the terminal; a closed terminal or a signal is an interrupt. */
class Keys {
  private readonly typed: string[] = [];
  private wake: (() => void) | undefined;
  private readonly onData = (chunk: Uint8Array | string): void => {
    const text = String(chunk);
    // What begins with ESC is one key (an arrow) that means nothing here.
    if (text.startsWith('\x1b')) this.typed.push('\x1b');
    else this.typed.push(...text);
    this.wake?.();
  };
  private readonly onInterrupt = (): void => {
    this.typed.unshift(INTERRUPT);
    this.wake?.();
  };

  open(): void {
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.onData);
    process.stdin.on('end', this.onInterrupt);
    // Reading from a terminal that was closed fails; what was answered must not be lost by that.
    process.stdin.on('error', this.onInterrupt);
    process.stderr.on('error', this.onInterrupt);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, this.onInterrupt);
    }
    process.stdin.resume();
  }

  close(): void {
    process.stdin.off('data', this.onData);
    process.stdin.off('end', this.onInterrupt);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.off(signal, this.onInterrupt);
    }
    try {
      process.stdin.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
    process.stdin.pause();
  }

  /** Forgets keys that nobody waited for, except an interrupt. */
  forget(): void {
    const interrupted = this.typed.includes(INTERRUPT);
    this.typed.length = 0;
    if (interrupted) this.typed.push(INTERRUPT);
  }

  /** One key, in lower case, without waiting for the line to end. */
  async next(): Promise<string> {
    while (this.typed.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.typed.shift()!.toLowerCase();
  }

  /** A whole line; an interrupt gives an empty one and is kept as a key. */
  async line(question: string): Promise<string> {
    process.stdin.off('data', this.onData);
    process.stdin.setRawMode(false);
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const interrupted = new Promise<string>((resolve) => {
      lines.once('SIGINT', () => {
        this.onInterrupt();
        resolve('');
      });
      lines.once('close', () => resolve(''));
    });
    const text = await Promise.race([lines.question(question), interrupted]).catch(() => '');
    lines.close();
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.onData);
    process.stdin.resume();
    return text;
  }
}
