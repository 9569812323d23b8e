/**
 * PAN-OS's configuration as `show` prints it unless it is told otherwise, and as `show config
 * running` does: blocks in braces, settings ended by a semicolon. Each setting becomes the command
 * that would set it.
 */
import type { PanLine } from './pan-os-words.ts';

interface Token {
  readonly text: string;
  readonly line: number;
  /** Where it ends. */
  readonly last: number;
  /** Braces, brackets and semicolons that stand outside of quotes. */
  readonly isMark: boolean;
}

const MARKS = /[{}[\];]/;
/** Blocks within blocks, beyond which it is no configuration. */
const DEEPEST = 64;

/** Whether the text begins with a block. */
export function hasBraces(text: string): boolean {
  const first = text.split('\n').find((line) => !/^\s*(?:$|[#!])/.test(line)) ?? '';
  return /\{\s*$/.test(first);
}

/** The commands of the blocks; one without words is where the text is not understood. */
export function braceLines(text: string): PanLine[] {
  const found: PanLine[] = [];
  const path: (readonly string[])[] = [];
  let words: string[] = [];
  let begun = 0;
  let before = 0;
  for (const { text: word, line, last, isMark } of tokensOf(text)) {
    if (words.length === 0) begun = line;
    // A setting whose end is missing would take the next for a part of itself.
    else if (line !== before) return [...found, { words: undefined, line: begun }];
    before = last;
    if (isMark && word === '{') {
      if (words.length === 0 || path.length >= DEEPEST)
        return [...found, { words: undefined, line }];
      path.push(words);
      words = [];
    } else if (isMark && word === ';') {
      if (words.length > 0) found.push({ words: ['set', ...path.flat(), ...words], line: begun });
      words = [];
    } else if (isMark && word === '}') {
      if (words.length > 0 || path.length === 0) return [...found, { words: undefined, line }];
      path.pop();
    } else if (isMark && word === '') return [...found, { words: undefined, line }];
    else words.push(word);
  }
  const isOpen = path.length > 0 || words.length > 0;
  return isOpen ? [...found, { words: undefined, line: begun }] : found;
}

/** A mark without text is a quote that does not end, or ends after what looks like settings. */
function* tokensOf(text: string): Generator<Token> {
  let line = 1;
  let isStart = true;
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === '\n') {
      line++;
      isStart = true;
      at++;
    } else if (/\s/.test(char)) {
      at++;
    } else if (isStart && /[#!]/.test(char)) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (char === '"' || char === "'") {
      const end = endOfQuote(text, at);
      const quoted = text.slice(at + 1, end ?? text.length);
      // Settings within a quote are those between two quotes of which each lacks its other half.
      const isText = end !== undefined && !/[;{}][ \t\r]*\n/.test(quoted);
      const last = line + quoted.split('\n').length - 1;
      const word = isText ? quoted.replace(/\\(.)/gs, '$1') : '';
      yield { text: word, line, last, isMark: !isText };
      line = last;
      isStart = false;
      at = (end ?? text.length) + 1;
    } else {
      let end = at + 1;
      const isMark = MARKS.test(char);
      while (!isMark && end < text.length && !/[\s{}[\];]/.test(text[end]!)) end++;
      yield { text: text.slice(at, end), line, last: line, isMark };
      isStart = false;
      at = end;
    }
  }
}

function endOfQuote(text: string, begin: number): number | undefined {
  for (let at = begin + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[begin]) return at;
  }
  return undefined;
}
