/**
 * Lines and words of PAN-OS's `set` commands, as `show` prints them with
 * `set cli config-output-format set`: quotes around what has blanks, lists in brackets, values of
 * several lines (banners, certificates) within quotes.
 */
import { LineFault } from './line-fault.ts';

export interface PanLine {
  /** Undefined where a quote is not closed. */
  readonly words: readonly string[] | undefined;
  /** Counted from 1. */
  readonly line: number;
}

/** The prompt of a terminal, and what is typed that defines nothing. */
const PROMPT = /^\s*[\w.-]+@[\w.-]+(?:\([\w-]+\))?[>#]\s*/;
const TYPED =
  /^\s*(?:(?:(?:show|configure|exit|quit|commit)\b|set cli ).*|\[edit.*\]|(?:Entering|Exiting) configuration mode)?$/;

/** The text without what a terminal shows around it; its lines keep their numbers. */
export function withoutPrompts(text: string): string {
  return text
    .split('\n')
    .map((raw) => {
      const line = raw.replace(/\r$/, '');
      const typed = line.replace(PROMPT, '');
      return TYPED.test(typed) ? '' : typed;
    })
    .join('\n');
}

/** The commands of the text; comments and empty lines left out. */
export function panLines(text: string): PanLine[] {
  const lines = text.split('\n');
  const found: PanLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    const raw = lines[at]!.trim();
    const line = at + 1;
    if (raw === '' || /^[#!]/.test(raw)) continue;
    let words = wordsIn(raw);
    if (words === undefined) {
      const last = endOfValue(lines, at);
      words = last === undefined ? undefined : wordsIn(lines.slice(at, last + 1).join('\n'));
      if (last !== undefined && words !== undefined) at = last;
    }
    found.push({ words, line });
  }
  return found;
}

/** The line in which the quote ends that is not closed in this one; no command is part of a value. */
function endOfValue(lines: readonly string[], at: number): number | undefined {
  let quote = '"';
  read(lines[at]!, (open) => {
    quote = lines[at]![open]!;
  });
  for (let next = at + 1; next < lines.length; next++) {
    if (/^\s*(?:set|delete|move|rename)\s/.test(lines[next]!)) return undefined;
    if (lines[next]!.includes(quote)) return next;
  }
  return undefined;
}

/** Undefined where a quote is not closed. A quote begins a word; within one it is a letter. */
function wordsIn(text: string): string[] | undefined {
  let isOpen = false;
  const words = read(text, () => {
    isOpen = true;
  });
  return isOpen ? undefined : words;
}

function read(text: string, unclosed: (at: number) => void): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (/\s/.test(char)) {
      at++;
    } else if (char === '"' || char === "'") {
      const start = at++;
      let word = '';
      for (; at < text.length && text[at] !== char; at++) {
        if (text[at] === '\\' && at + 1 < text.length) at++;
        word += text[at];
      }
      if (at >= text.length) {
        unclosed(start);
        return words;
      }
      at++;
      words.push(word);
    } else if (char === '[' || char === ']') {
      words.push(char);
      at++;
    } else {
      const [word = ''] = /^[^\s[\]]+/.exec(text.slice(at)) ?? [];
      words.push(word);
      at += word.length;
    }
  }
  return words;
}

/** Words as keys with their values; `[ a b ]` is one value of several words. Throws `LineFault`. */
export function pairsOf(words: readonly string[]): [string, readonly string[]][] {
  const pairs: [string, readonly string[]][] = [];
  const values = new Values(words);
  while (!values.ended) {
    const key = values.key();
    // Shown without a value where there is none.
    if (values.ended && (key === 'description' || key === 'tag')) break;
    pairs.push([key, values.value(key)]);
  }
  return pairs;
}

/** Keys and values of one command, one by one. */
export class Values {
  private readonly words: readonly string[];
  private at = 0;

  constructor(words: readonly string[]) {
    this.words = words;
  }

  get ended(): boolean {
    return this.at >= this.words.length;
  }

  peek(): string | undefined {
    return this.words[this.at];
  }

  key(): string {
    return this.words[this.at++]!;
  }

  /** A word, or those of a list. Throws `LineFault`. */
  value(key: string): readonly string[] {
    const value = this.words[this.at];
    if (value === undefined) throw new LineFault(`“${key}” has no value.`);
    if (value !== '[') {
      this.at++;
      return [value];
    }
    const end = this.words.indexOf(']', this.at);
    if (end < this.at + 2) throw new LineFault(`The list of “${key}” has no end or no members.`);
    const members = this.words.slice(this.at + 1, end);
    this.at = end + 1;
    return members;
  }
}
