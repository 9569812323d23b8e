/**
 * `apply-groups` of a Junos configuration (Junos OS CLI User Guide, Use Configuration Groups): the
 * statements that a group holds for where it is applied, `<*>` and the like standing for what is there.
 * What is set itself goes before what is inherited, and the nearer group before the farther one.
 */
import { isBelow, type Statement } from './junos-statements.ts';
import type { ParseFault } from './platform.ts';

/** Statements with wildcards times those they are compared with. */
const MOST_COMPARED = 20_000_000;
const MOST_INHERITED = 200_000;
/** The device's own defaults are not printed. */
const SHIPPED = 'junos-defaults';
const NODES = ['node0', 'node1'];
const BY_NODE = ['$', '{node}'].join('');

interface Applied {
  /** Where it is applied. */
  readonly path: readonly string[];
  readonly name: string;
  readonly line: number;
}

interface Inherited extends Statement {
  readonly depth: number;
}

/** The statements with those they inherit. What is wrong is put to `faults`. */
export function withGroups(all: readonly Statement[], faults: ParseFault[]): Statement[] {
  const reader = new GroupReader(faults);
  for (const statement of all) reader.take(statement);
  return reader.statements();
}

class GroupReader {
  private readonly faults: ParseFault[];
  private readonly own: Statement[] = [];
  private readonly groups = new Map<string, Statement[]>();
  private readonly applied: Applied[] = [];
  private readonly excepted: Applied[] = [];
  private readonly inherited: Inherited[] = [];
  private compared = 0;

  constructor(faults: ParseFault[]) {
    this.faults = faults;
  }

  take(statement: Statement): void {
    const [top, name, ...words] = statement.words;
    if (top !== 'groups' || name === undefined) {
      if (!this.isApplied(statement)) this.own.push(statement);
      return;
    }
    const group = this.groups.get(name) ?? [];
    this.groups.set(name, group);
    if (words.length > 0) group.push({ words, line: statement.line });
  }

  statements(): Statement[] {
    const done = new Set<string>();
    // Groups may apply groups: these are met while the list is walked.
    for (let index = 0; index < this.applied.length; index++) {
      const applied = this.applied[index]!;
      const key = [applied.name, ...applied.path].join('\n');
      if (!done.has(key)) this.apply(applied);
      done.add(key);
      if (this.compared > MOST_COMPARED || this.inherited.length > MOST_INHERITED) {
        const what = 'The groups hold too much for this configuration.';
        this.faults.push({ line: applied.line, what });
        break;
      }
    }
    return [...this.own, ...this.inherited.sort((left, right) => right.depth - left.depth)];
  }

  /** Whether the statement applies a group, or excepts one. */
  private isApplied({ words, line }: Statement): boolean {
    const name = words.at(-1)!;
    const one = { path: words.slice(0, -2), name, line };
    if (words.at(-2) === 'apply-groups') this.applied.push(one);
    else if (words.at(-2) === 'apply-groups-except') this.excepted.push(one);
    else return false;
    return true;
  }

  private apply(applied: Applied): void {
    const { name, line } = applied;
    if (name === SHIPPED) return;
    // Each node of a cluster applies the group of its own name.
    const byNode = name === BY_NODE;
    const groups = (byNode ? NODES : [name]).map((one) => this.groups.get(one));
    if (groups.every((group) => group === undefined)) {
      this.faults.push({ line, what: `There is no group “${name}”.` });
    }
    let isBelowPath = false;
    for (const statement of groups.flatMap((group) => group ?? [])) {
      if (!this.isApplied(statement) && isFor(statement, applied.path)) {
        isBelowPath = true;
        this.inherit(statement, applied, byNode);
      }
      if (this.compared > MOST_COMPARED || this.inherited.length > MOST_INHERITED) return;
    }
    if (!isBelowPath) this.checkPlace(applied);
  }

  /** A way that leads nowhere may be misspelt, and then keeps from the group what it would do. */
  private checkPlace({ path, line }: Applied): void {
    this.compared += this.own.length;
    const isThere = path.length === 0 || this.own.some(({ words }) => isBelow(path, words));
    const what = `Nothing stands under “${path.join(' ')}”, where the group is applied.`;
    if (!isThere) this.faults.push({ line, what });
  }

  private inherit(statement: Statement, { path, name }: Applied, byNode: boolean): void {
    const wanted = [...path, ...statement.words.slice(path.length)];
    for (const words of this.matching(wanted)) {
      if (this.excepted.some((one) => one.name === name && isBelow(one.path, words))) continue;
      this.inherited.push({
        ...{ words, line: statement.line, inherited: true, depth: path.length },
        ...(byNode ? { byNode } : {}),
      });
    }
  }

  /** The words with what is there in place of wildcards; what stands behind the last is new. */
  private matching(wanted: readonly string[]): (readonly string[])[] {
    const last = wanted.findLastIndex((word) => isWild(word));
    if (last < 0) return [wanted];
    this.compared += this.own.length;
    const found = new Map<string, readonly string[]>();
    const rest = wanted.slice(last + 1);
    for (const { words } of this.own) {
      if (words.length <= last) continue;
      let index = 0;
      while (index <= last && isLike(wanted[index], words[index]!)) index++;
      if (index <= last) continue;
      const prefix = words.slice(0, last + 1);
      found.set(prefix.join('\n'), [...prefix, ...rest]);
    }
    return [...found.values()];
  }
}

/** Whether the statement of a group lies where the group is applied. */
const isFor = ({ words }: Statement, path: readonly string[]): boolean =>
  path.every((word, index) => isLike(words[index], word));

const isWild = (word: string): boolean => word.length > 2 && word[0] === '<' && word.endsWith('>');

/** Whether a word is as a group asks; `<ge-*>` stands for any that begins so. */
export function isLike(wanted: string | undefined, word: string): boolean {
  if (wanted === undefined) return false;
  return isWild(wanted) ? globMatches(wanted.slice(1, -1), word) : wanted === word;
}

/** `*` any characters, `?` one, `[a-c]` one of these. Takes time of both lengths' product at most. */
function globMatches(pattern: string, word: string): boolean {
  const parts = pattern.match(/\[[^\]]+\]|[\s\S]/g) ?? [];
  let [part, at, star, back] = [0, 0, -1, 0];
  while (at < word.length) {
    if (parts[part] === '*') {
      star = part++;
      back = at;
    } else if (part < parts.length && isOne(parts[part]!, word[at]!)) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++back;
    } else return false;
  }
  while (parts[part] === '*') part++;
  return part === parts.length;
}

function isOne(part: string, char: string): boolean {
  if (part.length === 1) return part === '?' || part === char;
  const ranges = part.slice(1, -1).match(/.-.|./gs) ?? [];
  return ranges.some((range) => char >= range[0]! && char <= (range[2] ?? range[0]!));
}
