/**
 * The statements of a Junos configuration, from either way to print it: `show configuration | display
 * set`, or the blocks in braces of `show configuration` (Junos OS CLI User Guide). Both become the words
 * of one `set` command each, a list in brackets one for each member. What is inactive is left out; what
 * `insert` moves stands where it was moved to; groups are handed on to whoever applies them.
 */
import { guarded, LineFault } from './line-fault.ts';
import type { ParseFault } from './platform.ts';

/** One setting with the whole way to it. */
export interface Statement {
  readonly words: readonly string[];
  /** Counted from 1. */
  readonly line: number;
  /** Comes from a group: what is set itself goes before. */
  readonly inherited?: boolean;
  /** Comes from a group that is another on each node of a cluster. */
  readonly byNode?: boolean;
}

export interface Statements {
  readonly all: readonly Statement[];
  /** Paths that were deactivated and under which nothing stands. */
  readonly nothingBelow: readonly Statement[];
}

/** Blocks within blocks, beyond which it is no person's work. */
const DEEPEST = 64;
/** Inserts times the statements that each of them walks through. */
const MOST_MOVED = 5_000_000;
/** Words that one statement with brackets may become. */
const MOST_WORDS = 4_000_000;
/** What stands around a configuration that was copied from the command line. */
const BANNER =
  /^(?:\{(?:primary|secondary|master|backup|linecard)(?::(?:node)?\d+)?\}(?:\[edit[^\]]*\])?|\[edit[^\]]*\]|!.*|(?:\S+@\S+[>#]\s*)?show configuration\b.*|\S+@\S+[>#])$/;
const VERBS = /^\s*(?:set|deactivate|activate|insert|protect|delete)\s/;

/** The active statements; what is no statement is put to `faults`. */
export function statementsOf(text: string, faults: ParseFault[]): Statements {
  const reader = new StatementReader(faults);
  if (isInBlocks(text)) reader.blocks(withoutHead(text));
  else {
    let remark: number | undefined;
    text.split('\n').forEach((raw, index) => {
      let line = raw.trim();
      // A remark may stand over several lines.
      if (remark !== undefined || line.startsWith('/*')) {
        const end = line.indexOf('*/', remark === undefined ? 2 : 0);
        remark = end < 0 ? (remark ?? index + 1) : undefined;
        line = end < 0 ? '' : line.slice(end + 2).trim();
      }
      reader.command(line, index + 1);
    });
    if (remark !== undefined) faults.push({ line: remark, what: 'A remark is not closed.' });
  }
  return reader.statements();
}

/** Whether the first statement is a block, or ends as one within blocks does. */
function isInBlocks(text: string): boolean {
  const head = withoutHead(text).replace(/^(?:\s+|#[^\n]*|\/\*[\s\S]*?\*\/)*/, '');
  const [first = ''] = head.split('\n', 1);
  return !VERBS.test(first) && /[{;]\s*(?:#.*|\/\*.*)?$/.test(first);
}

/** Without what shows whose configuration it is; its lines stay, empty. */
function withoutHead(text: string): string {
  const lines = text.split('\n');
  const isHead = (line: string) => line === '' || line.startsWith('#') || BANNER.test(line);
  for (let at = 0; at < lines.length && isHead(lines[at]!.trim()); at++) lines[at] = '';
  for (let at = lines.length - 1; at >= 0 && isHead(lines[at]!.trim()); at--) lines[at] = '';
  return lines.join('\n');
}

interface Move {
  readonly moved: readonly string[];
  readonly beside: readonly string[];
  readonly isAfter: boolean;
  readonly line: number;
}

/** Whether the words begin with those of the path. */
export function isBelow(path: readonly string[], words: readonly string[]): boolean {
  if (path.length > words.length) return false;
  // Ways differ in their last words more often than in the first.
  for (let index = path.length - 1; index >= 0; index--) {
    if (words[index] !== path[index]) return false;
  }
  return true;
}

/** What a group brings to several places is at fault once. */
export function uniqueFaults(faults: readonly ParseFault[]): ParseFault[] {
  const known = new Map(faults.map((fault) => [`${fault.line} ${fault.what}`, fault]));
  return [...known.values()].sort((left, right) => left.line - right.line);
}

class StatementReader {
  private readonly faults: ParseFault[];
  private all: Statement[] = [];
  private readonly inactive = new Map<string, Statement>();
  private readonly moves: Move[] = [];

  constructor(faults: ParseFault[]) {
    this.faults = faults;
  }

  statements(): Statements {
    const most = Math.ceil(MOST_MOVED / (this.all.length + 1));
    for (const move of this.moves.slice(0, most)) {
      guarded(this.faults, move.line, () => this.move(move));
    }
    const beyond = this.moves[most];
    if (beyond !== undefined) this.faults.push({ line: beyond.line, what: 'Too many inserts.' });
    const used = new Set<string>();
    const all = this.all.filter(({ words }) => {
      let path = '';
      for (const word of this.inactive.size > 0 ? words : []) {
        path += `${word}\n`;
        if (!this.inactive.has(path)) continue;
        used.add(path);
        return false;
      }
      return true;
    });
    const nothingBelow = [...this.inactive].flatMap(([path, one]) => (used.has(path) ? [] : [one]));
    return { all, nothingBelow };
  }

  /** A line of the form with `set`. */
  command(line: string, number: number): void {
    if (line === '' || line.startsWith('#') || BANNER.test(line)) return;
    guarded(this.faults, number, () => {
      const [verb = '', ...words] = quotedWords(line);
      if (verb === 'set') this.put(words, number);
      else if (verb === 'deactivate') this.deactivate(words, number);
      else if (verb === 'activate') this.inactive.delete(pathKey(words));
      else if (verb === 'insert') this.insert(words, number);
      else if (verb !== 'protect' || words.length === 0) {
        throw new LineFault(`“${verb}” is not read; only set commands are.`);
      }
    });
  }

  /** The form with braces. */
  blocks(text: string): void {
    const open: { readonly words: readonly string[]; count: number }[] = [];
    let words: string[] = [];
    let begin = 0;
    let isClosed = false;
    const path = () => [...open.flatMap((block) => block.words), ...words];
    const take = (line: number): void => {
      if (words[0] === 'inactive:') {
        words.shift();
        this.deactivate(path(), line);
      }
      if (words[0] === 'protect:' || words[0] === 'replace:') words.shift();
    };
    const fault = (line: number, what: string): void => void this.faults.push({ line, what });
    let last = 1;
    for (const { text: token, line, isQuoted } of tokensOf(text, fault)) {
      last = line;
      if (words.length === 0) begin = line;
      if (isQuoted || !/^[{};]$/.test(token)) {
        words.push(token);
        continue;
      }
      guarded(this.faults, begin, () => take(begin));
      if (token === '}') {
        const block = open.at(-1);
        if (words.length > 0) fault(begin, `“${words.slice(0, 12).join(' ')}” does not end.`);
        words = [];
        if (block === undefined) fault(line, '“}” closes nothing.');
        else if (block.count === 0) guarded(this.faults, line, () => this.put(path(), line));
        open.pop();
        isClosed = true;
        continue;
      }
      const parent = open.at(-1);
      if (parent !== undefined) parent.count++;
      // A semicolon may follow a block.
      if (words.length === 0 && token === ';' && isClosed) continue;
      isClosed = false;
      if (words.length === 0) fault(line, `“${token}” stands without words before it.`);
      else if (token === '{') open.push({ words, count: 0 });
      else guarded(this.faults, begin, () => this.put(path(), begin));
      words = [];
      if (open.length > DEEPEST) {
        fault(line, `Blocks stand in each other more than ${DEEPEST} deep.`);
        return;
      }
    }
    if (words.length > 0) fault(begin, `“${words.slice(0, 12).join(' ')}” does not end.`);
    if (open.length > 0) fault(last, 'A block is not closed.');
  }

  private put(words: readonly string[], line: number): void {
    if (words.length === 0) throw new LineFault('The command sets nothing.');
    for (const one of withoutBrackets(words)) this.all.push({ words: one, line });
  }

  private deactivate(words: readonly string[], line: number): void {
    if (words.length === 0) throw new LineFault('The command deactivates nothing.');
    this.inactive.set(pathKey(words), { words, line });
  }

  /** `insert … policy A before policy B`. */
  private insert(words: readonly string[], line: number): void {
    const [kind, other] = words.slice(-2);
    const place = words.at(-3);
    const moved = words.slice(0, -3);
    if ((place !== 'before' && place !== 'after') || moved.at(-2) !== kind) {
      throw new LineFault('insert wants a place: before or after one of the same kind.');
    }
    const beside = [...moved.slice(0, -1), other!];
    this.moves.push({ moved, beside, isAfter: place === 'after', line });
  }

  /** Order is that in which things are met first, so that they stand right beside that place. */
  private move({ moved, beside, isAfter }: Move): void {
    const ours = this.all.filter(({ words }) => isBelow(moved, words));
    const others = this.all.filter(({ words }) => !isBelow(moved, words));
    const at = others.findIndex(({ words }) => isBelow(beside, words));
    const missing = ours.length === 0 ? moved : at < 0 ? beside : undefined;
    if (missing !== undefined) {
      throw new LineFault(`There is no “${missing.slice(-2).join(' ')}” above.`);
    }
    this.all = others.toSpliced(isAfter ? at + 1 : at, 0, ...ours);
  }
}

const pathKey = (words: readonly string[]): string => words.map((word) => `${word}\n`).join('');

/** The words of a command; double quotes hold blanks. */
function quotedWords(line: string): string[] {
  const words: string[] = [];
  const pattern = /\s*((?:"(?:\\.|[^"\\])*"|[^\s"])+)/y;
  while (pattern.lastIndex < line.length) {
    const [, word] = pattern.exec(line) ?? [];
    if (word === undefined) throw new LineFault('A quote is not closed.');
    // What is secret is marked at the end of its line.
    if (word.startsWith('##')) break;
    words.push(word.replace(/"((?:\\.|[^"\\])*)"/g, (_, inner: string) => unescaped(inner)));
  }
  return words;
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1');

interface Token {
  readonly text: string;
  readonly line: number;
  readonly isQuoted: boolean;
}

/** Words, braces, semicolons and brackets, without remarks. */
function* tokensOf(text: string, fault: (line: number, what: string) => void): Generator<Token> {
  const pattern =
    /(\s+)|(#[^\n]*|\/\*[\s\S]*?\*\/)|"((?:\\.|[^"\\\n])*)"|([{};]|[[\]](?=[\s;]))|([^\s{};"]+)/y;
  let line = 1;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) {
      const isQuote = text[at] === '"';
      fault(line, isQuote ? 'A quote is not closed.' : `“${text[at]}” is not known here.`);
      return;
    }
    const [all, blank, remark, quoted, sign, word] = found;
    if (all.startsWith('/*') && remark === undefined) {
      fault(line, 'A remark is not closed.');
      return;
    }
    const begin = line;
    for (let next = all.indexOf('\n'); next >= 0; next = all.indexOf('\n', next + 1)) line++;
    if (blank !== undefined || remark !== undefined) continue;
    if (quoted !== undefined) yield { text: unescaped(quoted), line: begin, isQuoted: true };
    else yield { text: sign ?? word!, line: begin, isQuoted: false };
  }
}

/** `[ a b ]` means a statement with `a` and one with `b`. */
function withoutBrackets(words: readonly string[]): (readonly string[])[] {
  const from = words.indexOf('[');
  const end = words.indexOf(']');
  if (from < 0 && end < 0) return [words];
  const members = words.slice(from + 1, end);
  if (from < 0 || end < from || members.includes('[')) throw new LineFault('Brackets do not pair.');
  if (members.length === 0) throw new LineFault('The brackets hold nothing.');
  const isLong = members.length * words.length > MOST_WORDS;
  if (isLong || words.indexOf('[', end) >= 0) {
    throw new LineFault('The brackets hold too much.');
  }
  return members.map((member) => [...words.slice(0, from), member, ...words.slice(end + 1)]);
}
