/** The review on a terminal: one question, one key. Everything shown is escaped. */
import { createInterface } from 'node:readline/promises';
import type { Conversation, Decision } from '../policy/conversation.ts';
import { type Question, ReviewSession } from '../policy/review-session.ts';
import { count } from '../report/numbers.ts';
import { type Palette, palette, terminalAbility } from '../report/terminal.ts';
import { INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

const KEYS = 'y yes  n no  l later  a all like this  e edit  s split  w why  u undo  q done';
/** Clients named in one question. */
const NAMED = 6;

/** Asks about the conversations one after the other; what was answered when the person ends. */
export async function reviewOnTerminal(
  conversations: readonly Conversation[],
  names: ReadonlyMap<string, string>,
  by: string,
): Promise<Decision[]> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new Failure(USAGE, {
      what: 'a review asks a person, and there is no terminal here',
      ways: ["--approve 'web -> sql tcp/1433', which may be repeated", '--from-file decisions.txt'],
    });
  }
  const ability = terminalAbility(process.stderr, process.env, 'auto', process.platform);
  const dialogue = new Dialogue(new ReviewSession(conversations), names, palette(ability));
  const decided = await dialogue.run();
  const atMs = Date.now();
  return decided.map(({ decision, conversation }) => ({
    ...{ kind: 'decision', decision, by, atMs, conversation },
  }));
}

class Dialogue {
  private readonly session: ReviewSession;
  private readonly names: ReadonlyMap<string, string>;
  private readonly style: Palette;

  constructor(session: ReviewSession, names: ReadonlyMap<string, string>, style: Palette) {
    this.session = session;
    this.names = names;
    this.style = style;
  }

  async run(): Promise<ReviewSession['decisions']> {
    const { session } = this;
    for (let shown: Question | undefined; session.question !== undefined; ) {
      if (shown !== session.question) this.ask(session.question);
      shown = session.question;
      const key = await readKey();
      if (key === 'q') break;
      await this.act(key);
    }
    return session.decisions;
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
        this.say(`${count(session.answerAllLike('allow'))} questions answered with yes`);
        return;
      case 's':
        return session.split();
      case 'e':
        return this.edit();
      case 'w':
        return this.why();
      case 'u':
        if (!session.undo()) this.say('nothing to take back');
        return;
      default:
        this.say(KEYS);
    }
  }

  private say(text: string): void {
    process.stderr.write(`  ${this.style.safe(text)}\n`);
  }

  private named(address: string): string {
    const name = this.names.get(address);
    return name === undefined ? address : `${name} (${address})`;
  }

  private ask(question: Question): void {
    const [first] = question;
    if (first === undefined) return;
    const { from, to, server, service, standing } = first;
    const clients = question.slice(0, NAMED).map(({ client }) => this.named(client));
    const more = question.length > NAMED ? ` and ${count(question.length - NAMED)} more` : '';
    const { style } = this;
    const title = `${from} -> ${to}   ${service}   to ${this.named(server)}`;
    process.stderr.write(
      `\n${style.strong(style.safe(title))}   (${count(this.session.left)} left)\n`,
    );
    this.say(`from ${clients.join(', ')}${more}`);
    const connections = question.reduce((sum, each) => sum + each.connections, 0);
    const hours = Math.max(...question.map((each) => each.hours));
    this.say(`${count(connections)} connections in up to ${count(hours)} hours, ${standing}`);
    this.say(KEYS);
  }

  private why(): void {
    for (const each of this.session.question ?? []) {
      const { client, direction, answered, denied, firstMs, lastMs, seen } = each;
      const span = `${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
      this.say(
        `${this.named(client)}: client known by ${direction.reason} (${direction.confidence}), ` +
          `${count(answered)} answered, ${count(denied)} denied, ${span}, first at ${seen}`,
      );
    }
  }

  /** Keeps some of the clients in the question; the others are asked about next. */
  private async edit(): Promise<void> {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const text = await lines.question('  only these clients (addresses or names, blank = all): ');
    lines.close();
    const wanted = new Set(text.split(/[\s,]+/).filter((word) => word !== ''));
    if (wanted.size === 0) return;
    const clients = (this.session.question ?? [])
      .map(({ client }) => client)
      .filter((client) => wanted.has(client) || wanted.has(this.names.get(client) ?? ''));
    if (!this.session.narrow(new Set(clients))) this.say('that names none of them, or all');
  }
}

/** One key, without waiting for the line to end. */
function readKey(): Promise<string> {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.resume();
  return new Promise((resolve) => {
    stdin.once('data', (chunk: Uint8Array | string) => {
      stdin.setRawMode(false);
      stdin.pause();
      const key = String(chunk).slice(0, 1).toLowerCase();
      // In raw mode an interrupt is a key like others.
      if (key === '\x03') process.exit(INTERRUPTED);
      resolve(key === '\x04' ? 'q' : key);
    });
  });
}
