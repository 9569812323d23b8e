/**
 * Reads an nftables ruleset: the output of `nft list ruleset` (also with `-n`) and files written by
 * hand in the same block form. Filter chains of the hooks forward, input and output are read, with all
 * that they call; what depends on time there is a fault, since it cannot be proved from the text. Chains
 * of other hooks and types (address translation above all) decide beside them, and are only named.
 */
import type { FilterChain, FilterRule, Hook, Verdict } from '../policy/filter.ts';
import { jumpFaults } from './jump-faults.ts';
import { NftRule, type NftSet } from './nftables-rule.ts';
import { type Token, tokensOf } from './nftables-tokens.ts';
import { type Reader, Unknown } from './nftables-values.ts';
import { expandVerdictMap } from './nftables-vmap.ts';
import { BesideRules } from './other-settings.ts';
import type { Parsed, ParseFault } from './platform.ts';

const HOOKS: ReadonlyMap<string, Hook> = new Map([
  ['forward', 'forward'],
  ['input', 'input'],
  ['output', 'output'],
]);

/** nft(8), “standard priority names”. */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
]);

/** Each use of a definition moves the words after it. */
const MOST_EXPANSIONS = 1000;

/** A chain as it grows: what stands in a later block of the same name is added to it. */
type Chain = Writable<Omit<FilterChain, 'rules'>> & {
  rules: FilterRule[];
  /** As written behind `type`; undefined: nothing hooks it. */
  base?: string;
  /** The hook it has where that is not evaluated. */
  foreignHook?: string;
  /** What was not understood in it. */
  faults: ParseFault[];
  /** Statements in it, understood or not. */
  statements: number;
};

interface Table {
  readonly family: string;
  readonly name: string;
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, NftSet>;
}

/** Types of sets whose elements rules can ask for (nft(8), DATA TYPES). */
const SET_TYPES = new Set([
  ...['ipv4_addr', 'ipv6_addr', 'inet_proto', 'inet_service', 'icmp_type', 'icmpv6_type'],
  ...['ct_state', 'ifname'],
]);

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function parseNftables(text: string): Parsed {
  const { tokens, unclosedAt } = tokensOf(text);
  const parser = new Parser(tokens);
  parser.file();
  if (unclosedAt !== undefined) {
    parser.faults.push({ line: unclosedAt, what: 'The quote that opens here is not closed.' });
  }
  const chains = parser.chains();
  parser.faults.push(...jumpFaults(chains));
  const beside = parser.besides.list();
  return {
    ...{ filter: { chains }, faults: parser.faults.sort((one, two) => one.line - two.line) },
    ...(beside.length > 0 ? { beside } : {}),
  };
}

/** Chains by type and hook that stand beside those of the filter (nft(8), ADDRESS FAMILIES). */
const FOREIGN =
  /^(?:nat (?:prerouting|input|output|postrouting)|route output|filter (?:prerouting|postrouting|ingress|egress))$/;
/** Things in a table of which each rule that uses them would be a fault. */
const OBJECTS = /^(?:map|limit|quota|ct|synproxy|secmark|flowtable)$/;

class Parser implements Reader {
  faults: ParseFault[] = [];
  readonly besides = new BesideRules();
  readonly tables = new Map<string, Table>();
  private tokens: Token[];
  private at = 0;
  private expansions = 0;
  private readonly defined = new Map<string, readonly Token[]>();

  constructor(tokens: Token[]) {
    this.tokens = tokens;
  }

  get line(): number {
    return (this.tokens[this.at] ?? this.tokens.at(-1))?.line ?? 1;
  }

  peek(): string {
    this.expand();
    const token = this.tokens[this.at];
    return token === undefined || token.quoted ? '' : token.text;
  }

  next(): string {
    this.expand();
    const token = this.tokens[this.at];
    if (token === undefined) throw new Unknown('The text ends too early.');
    this.at++;
    return token.text;
  }

  /** Takes the word if it is the next one. */
  take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at++;
    return true;
  }

  expect(word: string): void {
    if (!this.take(word)) throw new Unknown(`“${this.peek()}” stands where “${word}” should.`);
  }

  /** A word in quotes, or a plain one. */
  string(): string {
    const token = this.tokens[this.at];
    const text = this.next();
    if (token?.quoted !== true && text === ';') throw new Unknown('A name is missing.');
    return text;
  }

  /** Puts the value of `$name` in its place. */
  private expand(): void {
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.text !== '$' || token.quoted) return;
      if (++this.expansions > MOST_EXPANSIONS) throw new Unknown('Definitions are used too often.');
      const name = this.tokens[this.at + 1]?.text ?? '';
      const value = this.defined.get(name);
      if (value === undefined) throw new Unknown(`“$${name}” is not defined before.`);
      const words = value.map((word) => ({ ...word, line: token.line }));
      this.tokens.splice(this.at, 2, ...words);
    }
  }

  beside(what: string): void {
    this.besides.add(what, this.line);
  }

  /**
   * The chains of the filter and all that they call. Where others are hooked, what only those call is
   * theirs: a fault in it is no matter of the filter.
   */
  chains(): FilterChain[] {
    const all = [...this.tables.values()].flatMap(({ chains }) => [...chains.values()]);
    const foreign = all.filter(({ foreignHook }) => foreignHook !== undefined);
    for (const { foreignHook = '', otherwise, statements, line } of foreign) {
      if (statements > 0 || otherwise !== 'accept') {
        this.besides.add(`hook ${foreignHook}`, line, Math.max(1, statements));
      }
    }
    const called = calledFrom(
      all,
      all.filter(({ hook }) => hook !== undefined),
    );
    const own = foreign.length === 0 ? all : all.filter((chain) => called.has(chain));
    return own.map(({ base: _, foreignHook: __, faults, statements: ___, ...chain }) => {
      this.faults.push(...faults);
      return chain;
    });
  }

  file(): void {
    while (this.at < this.tokens.length) {
      this.guarded(() => this.command());
    }
  }

  /** Runs a step; what it does not know is a fault, and reading goes on at the next statement. */
  private guarded(step: () => void): void {
    const before = this.at;
    const { line } = this;
    try {
      step();
    } catch (thrown) {
      if (!(thrown instanceof Unknown)) throw thrown;
      this.faults.push({ line, what: thrown.message });
      this.skipStatement();
      if (this.at === before) this.at++;
    }
  }

  /** To the end of the statement, over whole blocks, never out of the block one is in. */
  private skipStatement(): void {
    for (let depth = 0; this.at < this.tokens.length; this.at++) {
      const { text, quoted } = this.tokens[this.at]!;
      if (quoted) continue;
      if (text === '{') depth++;
      else if (text === '}' && depth === 0) return;
      else if (text === '}') depth--;
      else if (text === ';' && depth === 0) return;
    }
  }

  private skipEnds(): void {
    while (this.take(';'));
  }

  private command(): void {
    this.skipEnds();
    if (this.at >= this.tokens.length) return;
    const word = this.next();
    switch (word) {
      case 'table':
        return this.table();
      case 'add':
      case 'create':
        this.expect('table');
        return this.table();
      case 'flush':
      case 'delete':
      case 'destroy':
        return this.removal(word);
      case 'define':
        return this.definition();
      default:
        throw new Unknown(`“${word}” is not read here; give the output of “nft list ruleset”.`);
    }
  }

  private removal(word: string): void {
    if (word === 'flush' && this.take('ruleset')) {
      this.tables.clear();
      return;
    }
    this.expect('table');
    const { family, name } = this.tableName();
    const key = `${family} ${name}`;
    if (word !== 'flush') this.tables.delete(key);
    // Chains stay, and with them their hooks and policies.
    else for (const chain of this.tables.get(key)?.chains.values() ?? []) chain.rules = [];
  }

  private tableName(): { family: string; name: string } {
    const word = this.string();
    const named = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'].includes(word);
    return named ? { family: word, name: this.string() } : { family: 'ip', name: word };
  }

  /** `define web = { 10.0.1.10, 10.0.1.11 }` */
  private definition(): void {
    const name = this.string();
    this.expect('=');
    const value: Token[] = [];
    let depth = 0;
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at]!;
      if (!token.quoted && token.text === '{') depth++;
      if (!token.quoted && token.text === '}') depth--;
      if (!token.quoted && token.text === ';') {
        if (depth <= 0) break;
        continue;
      }
      value.push(token);
      if (value.length > 10_000) throw new Unknown('The definition is too long.');
    }
    if (value.some(({ text, quoted }) => text === '$' && !quoted)) {
      throw new Unknown('A definition made of definitions is not read.');
    }
    this.defined.set(name, value);
  }

  private table(): void {
    const { family, name } = this.tableName();
    if (!['ip', 'ip6', 'inet'].includes(family)) {
      throw new Unknown(`Tables of family “${family}” are not read.`);
    }
    const key = `${family} ${name}`;
    const table = this.tables.get(key) ?? { family, name, chains: new Map(), sets: new Map() };
    this.tables.set(key, table);
    if (!this.take('{')) return;
    for (;;) {
      this.skipEnds();
      if (this.take('}')) return;
      if (this.at >= this.tokens.length) throw new Unknown('The table is not closed.');
      this.guarded(() => this.tableItem(table));
    }
  }

  private tableItem(table: Table): void {
    const word = this.next();
    if (word === 'chain') this.chain(table);
    else if (word === 'set') this.set(table.sets);
    else if (word === 'comment') this.string();
    else if (word === 'counter') this.counterObject();
    else if (OBJECTS.test(word)) {
      if (word === 'flowtable') this.beside(word);
      this.skipStatement();
    } else throw new Unknown(`“${word}” in a table is not read.`);
  }

  /** A named counter changes no packet's way. */
  private counterObject(): void {
    this.string();
    this.expect('{');
    this.skipStatement();
    this.skipEnds();
    this.expect('}');
  }

  private set(sets: Map<string, NftSet>): void {
    const name = this.string();
    this.expect('{');
    let type = '';
    let elements: NftSet['elements'] = [];
    const { line } = this;
    for (;;) {
      this.skipEnds();
      if (this.take('}')) break;
      const word = this.next();
      if (word === 'type') type = this.setType();
      else if (word === 'flags') this.setFlags();
      else if (word === 'comment') this.string();
      else if (word === 'elements') {
        this.expect('=');
        elements = NftRule.list(this);
      } else if (word !== 'auto-merge' && word !== 'counter') {
        throw new Unknown(`“${word}” in a set is not read: its elements may change.`);
      }
    }
    const before = sets.get(name);
    if (before !== undefined && before.type !== type) {
      throw new Unknown(`The set “${name}” has another type in line ${before.line}.`);
    }
    sets.set(name, { type, elements: [...(before?.elements ?? []), ...elements], line });
  }

  private setType(): string {
    const word = this.next();
    if (!SET_TYPES.has(word)) throw new Unknown(`A set of the type “${word}” is not read.`);
    return word;
  }

  private setFlags(): void {
    do {
      const word = this.next();
      if (word !== 'interval' && word !== 'constant') {
        throw new Unknown(`A set with the flag “${word}” changes by itself; it proves nothing.`);
      }
    } while (this.take(','));
  }

  private chain(table: Table): void {
    const name = this.string();
    const chain = table.chains.get(name) ?? this.newChain(table, name);
    table.chains.set(name, chain);
    const isNew = chain.rules.length === 0 && chain.base === undefined;
    this.expect('{');
    const outside = this.faults;
    this.faults = chain.faults;
    for (;;) {
      this.skipEnds();
      if (this.take('}')) break;
      if (this.at >= this.tokens.length) {
        this.faults = outside;
        throw new Unknown('The chain is not closed.');
      }
      chain.statements++;
      this.guarded(() => {
        const isRule = this.chainItem(table, chain, isNew);
        if (!isRule) chain.statements--;
      });
    }
    this.faults = outside;
  }

  /** One statement of a chain; whether it is a rule. */
  private chainItem(table: Table, chain: Chain, isNew: boolean): boolean {
    if (this.peek() === 'type') this.base(chain, isNew);
    else if (this.take('policy')) chain.otherwise = this.policy(chain);
    else if (this.take('comment')) this.string();
    else {
      chain.rules.push(this.rule(table));
      return true;
    }
    return false;
  }

  private newChain(table: Table, name: string): Chain {
    return {
      name: `${table.family}/${table.name}/${name}`,
      otherwise: 'accept',
      line: this.line,
      rules: [],
      faults: [],
      statements: 0,
      ...(table.family === 'ip' ? { family: 4 as const } : {}),
      ...(table.family === 'ip6' ? { family: 6 as const } : {}),
    };
  }

  /**
   * `type filter hook forward priority filter` … A chain that stood there before has to have been
   * the same: the kernel gives a chain one hook, when it is made.
   */
  private base(chain: Chain, isNew: boolean): void {
    this.expect('type');
    const type = this.next();
    this.expect('hook');
    const hook = this.next();
    if (this.take('device')) this.string();
    this.expect('priority');
    const priority = this.priority();
    const base = `${type} ${hook} ${priority}`;
    if (!isNew && chain.base !== base) {
      throw new Unknown('A chain that was made before cannot be given another hook.');
    }
    chain.base = base;
    chain.priority = priority;
    const known = type === 'filter' ? HOOKS.get(hook) : undefined;
    if (known !== undefined) chain.hook = known;
    else if (FOREIGN.test(`${type} ${hook}`)) {
      chain.foreignHook = type === 'filter' ? hook : `${hook}, ${type}`;
    } else throw new Unknown(`There are no chains of type “${type}” at the hook “${hook}”.`);
  }

  private priority(): number {
    const word = this.next();
    const [, name, offset] = /^([a-z]*)([+-]?\d+)?$/.exec(word) ?? [];
    const base = name === '' ? 0 : PRIORITIES.get(name ?? '?');
    if (base === undefined) throw new Unknown(`“${word}” is not a priority.`);
    if (offset !== undefined) return base + Number(offset);
    const sign = this.take('+') ? 1 : this.take('-') ? -1 : 0;
    return sign === 0 ? base : base + sign * Number(this.next());
  }

  private policy({ base }: Chain): Verdict {
    if (base === undefined) throw new Unknown('A policy stands in a chain without a hook.');
    const word = this.next();
    if (word !== 'accept' && word !== 'drop') throw new Unknown(`“${word}” is not a policy.`);
    return word;
  }

  private rule({ family, name, sets }: Table): FilterRule {
    expandVerdictMap(this.tokens, this.at);
    const only = family === 'ip' ? 4 : family === 'ip6' ? 6 : undefined;
    const rule = new NftRule(this, sets, { path: `${family}/${name}`, family: only });
    while (this.peek() !== ';' && this.peek() !== '}') rule.statement();
    return rule.build();
  }
}

/** These chains, and what their rules jump to, and so on. */
function calledFrom(all: readonly Chain[], from: readonly Chain[]): ReadonlySet<Chain> {
  const byName = new Map(all.map((chain) => [chain.name, chain]));
  const called = new Set(from);
  for (const { rules } of called) {
    for (const { target } of rules) {
      const chain = byName.get(target ?? '');
      if (chain !== undefined) called.add(chain);
    }
  }
  return called;
}
