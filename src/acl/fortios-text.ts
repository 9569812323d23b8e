/**
 * The text of a FortiOS configuration as commands and entries (FortiOS 7.4 Administration Guide, CLI
 * basics: command syntax, text strings): a command is a line, except that a quote may go on over
 * lines; `config` opens a table or an object, `edit` an entry of a table, `next` and `end` close them.
 */
import { LineFault } from './line-fault.ts';

/** One command. */
export interface Command {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly words: readonly string[];
  /** Where a quote within it ends. */
  readonly lastLine: number;
  /** A quote within it never ends. */
  readonly isOpen: boolean;
}

/** `HOST #`, `HOST (root) $ show`: what a terminal shows around what was asked for. */
const PROMPT =
  /^(?!(?:append|config|edit|end|next|set|unset)\b)[\w.-]+(?: \([\w./ -]+\))? ?[#$](?: show(?: full-configuration)?)?\s*$/;

/** The commands of the text in one pass, without remarks and prompts. */
export function* commandsOf(text: string): Generator<Command> {
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at);
    const plain = text.slice(at, end).trim();
    if (plain === '' || plain.startsWith('#') || PROMPT.test(plain)) {
      at = end + 1;
      line++;
      continue;
    }
    const { words, next, lines, isOpen } = commandAt(text, at);
    if (words.length > 0) yield { line, words, lastLine: line + lines - 1, isOpen };
    at = next;
    line += lines;
  }
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** The command that begins there, and where the line after it begins. */
function commandAt(text: string, from: number) {
  const words: string[] = [];
  let [word, hasWord, quote, lines, at] = ['', false, '', 1, from];
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\n') {
      lines++;
      if (quote === '') break;
    }
    if (quote === '' && (char === ' ' || char === '\t' || char === '\r')) {
      if (hasWord) words.push(word);
      [word, hasWord] = ['', false];
    } else if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) [quote, hasWord] = [char, true];
    else {
      if (char === '\\' && quote !== "'" && at + 1 < text.length && text[at + 1] !== '\n') at++;
      word += text[at]!;
      hasWord = true;
    }
  }
  if (hasWord) words.push(word);
  const atEnd = at >= text.length;
  return { words, next: at + 1, lines: atEnd ? lines : lines - 1, isOpen: quote !== '' };
}

/** A setting of an entry that is not understood, with its own line. */
export class SettingFault extends LineFault {
  readonly line: number;

  constructor(line: number, what: string) {
    super(what);
    this.line = line;
  }
}

interface Setting {
  readonly line: number;
  words: readonly string[];
  isTaken: boolean;
}

/** An entry of a table, or an object: its settings, taken one by one, and the tables within it. */
export class Entry {
  readonly name: string;
  readonly line: number;
  readonly inner = new Map<string, Entry>();
  readonly entries: Entry[] = [];
  private readonly settings = new Map<string, Setting>();

  constructor(name: string, line: number) {
    this.name = name;
    this.line = line;
  }

  set(key: string, words: readonly string[], line: number): void {
    if (this.settings.has(key)) throw new LineFault(`“${key}” is set twice.`);
    // An empty text is how “show full-configuration” prints what is not set.
    const told = words.every((word) => word === '') ? [] : words;
    this.settings.set(key, { line, words: told, isTaken: false });
  }

  append(key: string, words: readonly string[], line: number): void {
    const before = this.settings.get(key);
    if (before === undefined) this.set(key, words, line);
    else before.words = [...before.words, ...words];
  }

  /** Undefined where it is not set, or set to nothing. */
  take(key: string): readonly string[] | undefined {
    const setting = this.settings.get(key);
    if (setting === undefined) return undefined;
    setting.isTaken = true;
    return setting.words.length === 0 ? undefined : setting.words;
  }

  /** The one value of the setting. */
  one(key: string): string | undefined {
    const words = this.take(key);
    if (words !== undefined && words.length !== 1) throw this.fault(key, `“${key}” has one value.`);
    return words?.[0];
  }

  /** One of some values; the first where it is not set. */
  oneOf<T extends string>(key: string, ...values: readonly T[]): T {
    const word = this.one(key);
    const found = word === undefined ? values[0] : values.find((value) => value === word);
    if (found === undefined) throw this.fault(key, `“${word}” is not read.`);
    return found;
  }

  isEnabled(key: string): boolean {
    return this.oneOf(key, 'disable', 'enable') === 'enable';
  }

  keys(): Iterable<string> {
    return this.settings.keys();
  }

  lineOf(key: string): number {
    return this.settings.get(key)?.line ?? this.line;
  }

  fault(key: string, what: string): SettingFault {
    return new SettingFault(this.lineOf(key), what);
  }

  /**
   * Throws for what nobody took and is not harmless; `harmless` also names the tables within.
   * @param elsewhere settings that may stand here only as not set
   */
  end(harmless: ReadonlySet<string>, elsewhere: ReadonlySet<string> = new Set()): void {
    for (const [key, { isTaken, line, words }] of this.settings) {
      if (isTaken || (words.length === 0 && elsewhere.has(key))) continue;
      if (!harmless.has(key)) throw new SettingFault(line, `“${key}” is not read.`);
      if (words.length > 1) throw new SettingFault(line, `“${key}” has one value.`);
    }
    for (const [name, { line }] of this.inner) {
      if (!harmless.has(name)) throw new SettingFault(line, `“config ${name}” is not read here.`);
    }
  }
}

/** Builds the entries of one section from its commands. */
export class EntryReader {
  readonly root: Entry;
  private readonly onEntry: (entry: Entry) => void;
  /** Objects at even places, entries that are edited at odd ones. */
  private readonly open: Entry[];

  /** @param onEntry gets each entry of the section itself when it ends */
  constructor(path: string, line: number, onEntry: (entry: Entry) => void) {
    this.root = new Entry(path, line);
    this.open = [this.root];
    this.onEntry = onEntry;
  }

  /** Whether the command ended the section. Throws `LineFault`. */
  take({ line, lastLine, isOpen, words: [verb = '', ...rest] }: Command): boolean {
    const at = this.open.at(-1)!;
    const isEdited = this.open.length % 2 === 0;
    const [key = '', ...values] = rest;
    if (isOpen || (lastLine > line && !/^(?:comments?|description)$/.test(key))) {
      throw new LineFault('A quote is not closed.');
    }
    if (verb === 'set' || verb === 'append' || verb === 'unset') {
      if (key === '') throw new LineFault(`“${verb}” names no setting.`);
      if (verb === 'unset' && values.length > 0) throw new LineFault(`“${key}” has no value here.`);
      if (verb !== 'unset' && values.length === 0) throw new LineFault(`“${key}” has no value.`);
      if (verb === 'append') at.append(key, values, line);
      else at.set(key, values, line);
    } else if (verb === 'edit') this.edit(rest, line);
    else if (verb === 'config') {
      const inner = at.inner.get(rest.join(' ')) ?? new Entry(rest.join(' '), line);
      at.inner.set(inner.name, inner);
      this.open.push(...(isEdited ? [inner] : [at, inner]));
    } else if (verb !== 'next' && verb !== 'end') {
      throw new LineFault(`“${verb}” is not known here.`);
    } else {
      if (rest.length > 0) throw new LineFault(`“${rest[0]}” is not known here.`);
      return verb === 'next' ? this.next() : this.end(isEdited);
    }
    return false;
  }

  private edit(words: readonly string[], line: number): void {
    if (this.open.length % 2 === 0) {
      throw new LineFault(`“${this.open.at(-1)!.name}” is not ended by “next”.`);
    }
    if (words.length !== 1) throw new LineFault('An entry has one name.');
    this.open.push(new Entry(words[0]!, line));
  }

  private next(): boolean {
    if (this.open.length % 2 === 1) throw new LineFault('“next” stands outside of an entry.');
    const entry = this.open.pop()!;
    this.open.at(-1)!.entries.push(entry);
    if (this.open.length === 1) this.onEntry(entry);
    return false;
  }

  private end(isEdited: boolean): boolean {
    if (isEdited) this.next();
    this.open.pop();
    // An object within an object has no entry between them.
    if (this.open.length > 0 && this.open.at(-1) === this.open.at(-2)) this.open.pop();
    return this.open.length === 0;
  }
}
