/**
 * Takes a RouterOS script or export apart into commands, each with the menu it is given in
 * (RouterOS documentation, "Command Line Interface", "Scripting"): `/ip firewall filter` on a line of
 * its own, before a command, or with slashes as version 7 takes it; long lines are broken with a
 * backslash.
 */
import { LineFault } from './line-fault.ts';

/** A command of a menu. */
export interface Command {
  /** Words of the path with one blank between, as `ip firewall filter`. */
  readonly menu: string;
  /** `add`, `set` and so on. */
  readonly verb: string;
  /** What follows the verb. */
  readonly text: string;
  readonly line: number;
}

const VERBS: ReadonlySet<string> = new Set(
  'add comment disable edit enable export move print remove reset set unset'.split(' '),
);

/** `[admin@router] > /export`, as a terminal's record begins and ends. */
const PROMPT = /^\[[^\]\s]+@[^\]]*\] (?:\/[a-z0-9 /-]*)?> ?/;

/** What an export says of itself where it could not write all. */
const INCOMPLETE = /^# *(?:error exporting\b|interrupted\b)/;

/**
 * Calls `work` for each logical line that is no comment, and for comments that say that something is
 * missing; lines are counted from 1.
 */
export function eachLogicalLine(
  text: string,
  work: (line: string, number: number, isEnded: boolean) => void,
): void {
  let joined: string[] = [];
  let begins = 1;
  const lines = text.split('\n');
  lines.forEach((raw, index) => {
    const line = raw.trim();
    if (joined.length === 0) {
      begins = index + 1;
      if (line === '' || (line.startsWith('#') && !INCOMPLETE.test(line))) return;
    }
    if (line.endsWith('\\')) {
      joined.push(line.slice(0, -1));
      return;
    }
    work([...joined, line].join('').trim(), begins, true);
    joined = [];
  });
  if (joined.length > 0) work(joined.join(''), begins, false);
}

/** The menu that an export says it could not write; undefined where it broke off. */
export function missingMenu(line: string): string | undefined {
  const [, path] = /^# *error exporting "?([/ a-z0-9-]+)/.exec(line) ?? [];
  return path === undefined ? undefined : pathOf(path).path;
}

/** Finds the menu of each command. */
export class MenuReader {
  private readonly isMenu: (path: string) => boolean;
  /** Undefined before any menu; null in one that is not known, whose commands are left out. */
  private current: string | undefined | null;

  constructor(isMenu: (path: string) => boolean) {
    this.isMenu = isMenu;
  }

  /** Undefined where the line only goes to a menu. Throws `LineFault` where it is not understood. */
  read(raw: string, line: number): Command | undefined {
    const prompt = PROMPT.exec(raw);
    const text = prompt === null ? raw : raw.slice(prompt[0].length);
    if (prompt !== null && /^(?:\/?export\b.*)?$/.test(text)) return undefined;
    if (text.startsWith('/')) return this.fromRoot(text.slice(1), line);
    const { current } = this;
    if (current === null) return undefined;
    const { path, verb, rest } = pathOf(text);
    const menu = [current ?? '', path].filter((part) => part !== '').join(' ');
    if (menu === '') throw new LineFault('The line stands before any menu.');
    if (verb === undefined || (path !== '' && !this.isMenu(menu))) {
      throw new LineFault(`“${text.split(/\s/, 1)[0]}” is not known here.`);
    }
    return { menu, verb, text: rest, line };
  }

  private fromRoot(text: string, line: number): Command | undefined {
    const { path, verb, rest } = pathOf(text);
    const isKnown = this.isMenu(path) && (verb !== undefined || rest === '');
    // One command in a menu does not leave the menu of the lines around it.
    if (verb === undefined) this.current = isKnown ? path : null;
    if (!isKnown) {
      const named = `/${[path, verb === undefined ? rest : ''].join(' ').trim()}`;
      throw new LineFault(`The menu “${named.slice(0, 60)}” is not read.`);
    }
    return verb === undefined ? undefined : { menu: path, verb, text: rest, line };
  }
}

/** The words of a path up to a verb. */
function pathOf(text: string): { path: string; verb?: string; rest: string } {
  const words: string[] = [];
  const word = /[ /]*([a-z0-9-]+)(?=[ /]|$)/y;
  for (;;) {
    const from = word.lastIndex;
    const [, found] = word.exec(text) ?? [];
    if (found === undefined) return { path: words.join(' '), rest: text.slice(from).trim() };
    if (VERBS.has(found)) {
      return { path: words.join(' '), verb: found, rest: text.slice(word.lastIndex).trim() };
    }
    words.push(found);
  }
}

/** What is given to a command of a menu that is read: every part is asked for, or a fault. */
export class Values {
  private readonly given: ReadonlyMap<string, string>;
  /** `!limit`: what an export of everything writes for a condition that is not set. */
  readonly unset: readonly string[];

  constructor(text: string) {
    const given = new Map<string, string>();
    const unset: string[] = [];
    let at = 0;
    while (at < text.length) {
      if (text[at] === ' ') {
        at++;
        continue;
      }
      const [key, name = '', sign] =
        /^!?([a-z0-9-]+)(=|(?= |$))/.exec(text.slice(at, at + 64)) ?? [];
      if (key === undefined || (sign === '=') === key.startsWith('!')) {
        throw new LineFault(`“${text.slice(at).split(' ', 1)[0]}” is not known here.`);
      }
      at += key.length;
      if (sign !== '=') {
        unset.push(name);
        continue;
      }
      const [value, end] = valueAt(text, at);
      at = end;
      if (given.has(name)) throw new LineFault(`“${name}” is given twice.`);
      given.set(name, value);
    }
    this.given = given;
    this.unset = unset;
  }

  get(key: string): string | undefined {
    return this.given.get(key);
  }

  /** A value with `!` before it asks for the opposite. */
  negatable(key: string): { value: string; negated: boolean } | undefined {
    const value = this.given.get(key);
    if (value === undefined) return undefined;
    return value.startsWith('!')
      ? { value: value.slice(1), negated: true }
      : { value, negated: false };
  }

  /** `yes` or `no`; throws `LineFault` for anything else. */
  flag(key: string): boolean {
    const value = this.given.get(key) ?? 'no';
    if (value !== 'yes' && value !== 'no') throw new LineFault(`“${key}=${value}” is not known.`);
    return value === 'yes';
  }

  /** Throws `LineFault` for a key that is none of these. */
  allow(keys: ReadonlySet<string>): void {
    for (const key of [...this.given.keys(), ...this.unset]) {
      if (!keys.has(key)) throw new LineFault(`“${key}” is not read.`);
    }
  }

  /** The first of these keys that has a value. */
  firstOf(keys: ReadonlySet<string>): string | undefined {
    return [...this.given.keys()].find((key) => keys.has(key));
  }
}

/** A value and where it ends; in quotes a backslash takes the next character. */
function valueAt(text: string, from: number): [value: string, end: number] {
  let at = from;
  if (text[at] !== '"') {
    const end = text.indexOf(' ', at);
    return end < 0 ? [text.slice(at), text.length] : [text.slice(at, end), end];
  }
  let value = '';
  for (at++; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === '\\') at++;
    value += text[at] ?? '';
  }
  if (text[at] !== '"') throw new LineFault('A quote is not closed.');
  return [value, at + 1];
}

/**
 * What a command of any other menu sets, as far as it can be told: only for looking up what is known
 * to matter. What stands in quotes or brackets is no setting; a word alone has an empty value.
 */
export function looseSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  const key = /([a-z0-9-]+)(=|(?=\s|$))/y;
  let at = 0;
  while (at < text.length) {
    key.lastIndex = at;
    const [whole, name = '', sign] = (isBlank(text[at - 1]) ? key.exec(text) : null) ?? [];
    if (whole !== undefined) {
      at += whole.length;
      const end = sign === '=' ? endOfValue(text, at) : at;
      const value = text.slice(at, end);
      settings.set(name, value.startsWith('"') ? value.slice(1, -1) : value);
      at = end;
    } else if (text[at] === '"') at = endOfValue(text, at);
    else if (text[at] === '[') {
      const end = text.indexOf(']', at);
      at = end < 0 ? text.length : end + 1;
    } else at++;
  }
  return settings;
}

function isBlank(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\t';
}

/** Where a value ends that begins there: after its quotes, or at a blank. */
function endOfValue(text: string, from: number): number {
  let at = from;
  if (text[at] !== '"') {
    while (at < text.length && !isBlank(text[at])) at++;
    return at;
  }
  for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
  return Math.min(at + 1, text.length);
}
