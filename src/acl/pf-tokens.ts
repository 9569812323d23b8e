/**
 * Statements of a pf.conf as words: comments and joined lines taken out, commas dropped, macros put
 * in. Text in quotes is one word; within a macro it is read again as words.
 */
import type { ParseFault } from './platform.ts';

export interface Statement {
  readonly words: readonly string[];
  /** Line where it begins, counted from 1. */
  readonly line: number;
}

/** A macro, also inside of a word: `($ext_if)`, `$int_if:network`. */
const MACRO = /\$([A-Za-z]\w*)/;

/** Macros that hold macros may not make a text grow without end. */
const MOST_WORDS = 20_000;

/** Statements with the line on which each begins; what cannot be taken apart goes to `faults`. */
export function tokensOf(text: string, faults: ParseFault[]): Statement[] {
  const macros = new Map<string, readonly string[]>();
  const statements: Statement[] = [];
  let joined = '';
  let begins = 1;
  text.split('\n').forEach((raw, index) => {
    if (joined === '') begins = index + 1;
    const line = withoutComment(raw).trimEnd();
    if (line.endsWith('\\')) {
      joined += `${line.slice(0, -1)} `;
      return;
    }
    const whole = joined + line;
    joined = '';
    if (whole.trim() === '') return;
    const words = wordsOf(whole);
    if (words === undefined) faults.push({ line: begins, what: 'A quote is not closed.' });
    else if (words[1] === '=' && /^[A-Za-z]\w*$/.test(words[0] ?? '')) {
      macros.set(
        words[0]!,
        words.slice(2).flatMap((word) => wordsOf(word) ?? []),
      );
    } else {
      const expanded = expand(words, macros);
      if (typeof expanded === 'string') faults.push({ line: begins, what: expanded });
      else statements.push({ words: expanded, line: begins });
    }
  });
  if (joined.trim() !== '') faults.push({ line: begins, what: 'The last line is not ended.' });
  return statements;
}

function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === '#' && !quoted) return line.slice(0, at);
  }
  return line;
}

/** Words, braces and `=` apart; undefined when a quote is not closed. */
function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s+|,|"([^"]*)"|([{}=])|([^\s,"{}=]+)|(")/g;
  for (const [, quoted, mark, word, open] of line.matchAll(pattern)) {
    if (open !== undefined) return undefined;
    const found = quoted ?? mark ?? word;
    if (found !== undefined) words.push(found);
  }
  return words;
}

function isWithin(word: string, name: string): boolean {
  return word !== `$${name}` && MACRO.exec(word)?.[1] === name;
}

/** The words with macros put in, or a sentence that says what is wrong. */
function expand(
  words: readonly string[],
  macros: ReadonlyMap<string, readonly string[]>,
): string[] | string {
  let result = [...words];
  for (let depth = 0; result.some((word) => MACRO.test(word)); depth++) {
    if (depth > 8 || result.length > MOST_WORDS) return 'Macros are too deep.';
    const wanted = result.flatMap((word) => MACRO.exec(word)?.[1] ?? []);
    const unknown = wanted.find((name) => !macros.has(name));
    if (unknown !== undefined) return `There is no macro “$${unknown}” above.`;
    const inside = wanted.find((name) => macros.get(name)!.length !== 1);
    if (inside !== undefined && result.some((word) => isWithin(word, inside))) {
      return `The macro “$${inside}” has several words and stands inside of one.`;
    }
    result = result.flatMap((word) => {
      const name = MACRO.exec(word)?.[1];
      if (name === undefined) return [word];
      const value = macros.get(name)!;
      return word === `$${name}` ? value : [word.replace(`$${name}`, () => value[0]!)];
    });
  }
  // A list in a list is one list.
  return result;
}
