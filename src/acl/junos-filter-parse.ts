/**
 * Reads Junos firewall filters, and whole configurations that hold them, as `set` commands or in
 * braces. Interfaces say which filter is asked where; filters that none has are then passed over. Without any
 * interface that has a filter, one filter per family is asked for whatever is forwarded. A term without a
 * deciding action accepts; what no term decides is discarded. (Junos OS Routing Policies, Firewall
 * Filters, and Traffic Policers User Guide; junos-filter-terms.ts has more.)
 */
import type { Family } from '../net/address.ts';
import type { FilterChain, FilterRule } from '../policy/filter.ts';
import { jumpFaults } from './jump-faults.ts';
import { JunosPlaces } from './junos-filter-places.ts';
import {
  condition,
  consequence,
  rulesOf,
  type Term,
  type TermContext,
} from './junos-filter-terms.ts';
import { isLike, withGroups } from './junos-groups.ts';
import { JunosSettings, ofInterface } from './junos-settings.ts';
import { type Statement, statementsOf, uniqueFaults } from './junos-statements.ts';
import { guarded, LineFault } from './line-fault.ts';
import type { Parsed, ParseFault } from './platform.ts';

const EMPTY = 'that a prefix list with nothing in it holds no address';
const UNASKED = 'that the filter is asked for whatever is forwarded: no interface has it';
/** Of a filter beside its terms: how it is counted and where it is compiled for. */
const OF_FILTER = new Set([
  ...[
    'accounting-profile',
    'enhanced-mode',
    'fast-filter-lookup',
    'instance-shared',
    'interface-specific',
  ],
  ...['interface-shared', 'physical-interface-filter', 'promote'],
]);
/** Families whose filters see no IP header, or more than one family. */
const OTHER_FAMILIES = new Set('any bridge ccc ethernet-switching evpn mpls vpls'.split(' '));
/** What filters and interfaces refer to; each is told where a term or an interface has it. */
const REFERRED = new Set([
  ...[
    'atm-policer',
    'flexible-match',
    'hierarchical-policer',
    'interface-set',
    'load-balance-group',
  ],
  ...['policer', 'three-color-policer', 'policer-template', 'prefix-action', 'service-filter'],
  ...['simple-filter', 'traceoptions', 'dialer-filter'],
]);
/** What belongs to policies of an SRX, which decide beside filters. */
const OF_POLICIES = new Set(['address-book', 'forwarding-options', 'zones']);

export function parseJunosFilter(text: string): Parsed {
  const faults: ParseFault[] = [];
  const { all, nothingBelow } = statementsOf(text, faults);
  const parser = new FilterParser(faults, withGroups(all, faults));
  for (const { words, line } of nothingBelow) parser.inactive(words, line);
  return parser.parsed();
}

interface Named {
  readonly name: string;
  readonly family: Family;
  readonly line: number;
  readonly terms: Map<string, Term>;
  /** Those count only where the filter is asked. */
  readonly faults: ParseFault[];
}

class FilterParser {
  private readonly faults: ParseFault[];
  private readonly statements: readonly Statement[];
  private readonly settings = new JunosSettings();
  private readonly places = new JunosPlaces();
  private readonly filters = new Map<string, Named>();
  private readonly lists = new Map<string, string[]>();
  private readonly policers = new Set<string>();
  private readonly assumed = new Set<string>();

  constructor(faults: ParseFault[], statements: readonly Statement[]) {
    this.faults = faults;
    this.statements = statements;
    for (const statement of statements) {
      guarded(faults, statement.line, () => this.statement(statement));
    }
    guarded(faults, 1, () => this.places.spread());
  }

  inactive(words: readonly string[], line: number): void {
    const [top] = words;
    const isOther = !this.reads(words) && new JunosSettings().takes({ words, line });
    if (isOther || top === 'groups' || words.at(-2) === 'apply-groups') return;
    if (top === 'security' || top === 'applications') return;
    this.faults.push({ line, what: `There is no “${words.join(' ')}” to deactivate.` });
  }

  parsed(): Parsed {
    const isTold = this.places.isTold;
    const asked = isTold ? this.askedAtInterfaces() : this.askedEverywhere();
    const chains = [
      ...(isTold
        ? ([4, 6] as const).flatMap((family) =>
            this.places.chains(family, (filter) => chainName(filter, family)),
          )
        : []),
      ...this.chainsOf(asked, isTold),
    ];
    if (!isTold && asked.length > 0 && this.hasInterfaces) this.assumed.add(UNASKED);
    const beside = this.settings.beside();
    return {
      filter: { chains },
      // Filters that are not there have been told.
      faults: uniqueFaults([
        ...this.faults,
        ...(isTold && this.faults.length === 0 ? jumpFaults(chains) : []),
      ]),
      ...(this.assumed.size > 0 ? { assumed: [...this.assumed] } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  private get hasInterfaces(): boolean {
    return this.statements.some(({ words }) => words[0] === 'interfaces');
  }

  /** Whether the statement is one of filters, or says where they are asked. */
  private reads(words: readonly string[]): boolean {
    const [top, second] = words;
    if (top === 'interfaces') return filterWords(words) !== undefined;
    return top === 'firewall' || (top === 'policy-options' && second === 'prefix-list');
  }

  private statement(statement: Statement): void {
    const { words, line, byNode } = statement;
    const [top = '', second = '', ...rest] = words;
    const isRead = this.reads(words);
    if (isRead && byNode) {
      throw new LineFault('The group is another on each node; give the text of one.');
    }
    if (isRead && top === 'firewall') this.firewall(words.slice(1), statement);
    else if (isRead && top === 'interfaces') this.interface(statement);
    else if (isRead) this.prefixList(rest);
    else {
      if (top === 'routing-instances' && rest[0] === 'interface' && rest[1] !== undefined) {
        this.places.instance(second, rest[1]);
      }
      if (top === 'interfaces' && second === 'interface-range' && /^member/.test(rest[1] ?? '')) {
        this.places.member(rest[0]!, rest.slice(1));
      }
      const isWithin = top === 'logical-systems' || top === 'tenants';
      if (isWithin && this.reads(words.slice(2)) && words[2] !== 'policy-options') {
        throw new LineFault('It has filters of its own beside these; give the text of one.');
      }
      this.other(statement, line);
    }
  }

  private other(statement: Statement, line: number): void {
    const [top = '', second = ''] = statement.words;
    if (top === 'applications' || (top === 'security' && OF_POLICIES.has(second))) return;
    if (top === 'security' && second === 'policies') this.settings.count('security policies', line);
    else if (!this.settings.takes(statement)) {
      throw new LineFault(`“${statement.words.join(' ')}” is not read.`);
    }
  }

  private prefixList([name = '', entry, ...more]: readonly string[]): void {
    const list = this.lists.get(name) ?? [];
    this.lists.set(name, list);
    if (entry === 'apply-path' && more.length === 1) list.push(...this.found(more[0]!));
    else if (entry !== undefined && more.length === 0) list.push(entry);
    else if (entry !== undefined) throw new LineFault(`“${more.join(' ')}” is not read.`);
  }

  /** Addresses that stand in the configuration where the path's last wildcard does. */
  private found(path: string): string[] {
    const wanted = path.split(/\s+/).filter((word) => word !== '');
    const last = wanted.findLastIndex((word) => word.startsWith('<'));
    if (last < 0) throw new LineFault(`“${path}” has no wildcard.`);
    const values = this.statements
      .filter(({ words }) => words.length >= wanted.length)
      .filter(({ words }) => wanted.every((word, index) => isLike(word, words[index]!)))
      .map(({ words }) => words[last]!);
    return [...new Set(values)].filter((word) => /^[0-9a-f.:]+(?:\/\d+)?$/i.test(word));
  }

  private firewall(words: readonly string[], statement: Statement): void {
    // Without a family a filter is one for IPv4.
    const [key = '', word = ''] = words;
    if (REFERRED.has(key)) {
      this.policers.add(word);
      return;
    }
    const rest = key === 'family' ? words.slice(2) : words;
    if (key === 'family' && OTHER_FAMILIES.has(word)) {
      if (!this.hasInterfaces) throw new LineFault(`Filters for “${word}” are not read.`);
      return;
    }
    const family = key !== 'family' || word === 'inet' ? 4 : word === 'inet6' ? 6 : undefined;
    if (family === undefined) throw new LineFault(`Filters for “${word}” are not read.`);
    if (key === 'family' && REFERRED.has(rest[0] ?? '')) {
      this.policers.add(rest[1] ?? '');
      return;
    }
    const [filter, name = '', ...more] = rest;
    if (filter !== 'filter') throw new LineFault(`“${rest.join(' ')}” is not read.`);
    const at = chainName(name, family);
    const known = this.filters.get(at);
    if (known === undefined && statement.inherited && more[0] === 'term') {
      throw new LineFault('The filter comes from a group, which does not say where terms stand.');
    }
    const { line } = statement;
    const named = known ?? { name, family, line, terms: new Map<string, Term>(), faults: [] };
    this.filters.set(at, named);
    guarded(named.faults, line, () => part(named, more, statement));
  }

  private interface({ words, line, inherited = false }: Statement): void {
    const [family, told] = filterWords(words)!;
    const [, device = '', , unit = ''] = ofInterface(words);
    const isRange = words[1] === 'interface-range';
    this.places.put([device, unit], family, told, { line, inherited, isRange });
  }

  /** Filters that interfaces have, and those that these ask. */
  private askedAtInterfaces(): Named[] {
    const asked = new Set<Named>();
    const waiting = [...this.places.asked()];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { filter, family, line } = next;
      const named = this.filters.get(chainName(filter, family));
      if (named === undefined) {
        this.faults.push({ line, what: `There is no filter “${filter}” for IPv${family}.` });
      } else if (!asked.has(named)) {
        asked.add(named);
        for (const term of named.terms.values()) {
          if (term.nested !== undefined)
            waiting.push({ filter: term.nested, family, line: term.line });
        }
      }
    }
    return [...this.filters.values()].filter((named) => asked.has(named));
  }

  private askedEverywhere(): Named[] {
    const named = [...this.filters.values()];
    const nested = new Set(
      named.flatMap(({ terms, family }) =>
        [...terms.values()].flatMap((term) =>
          term.nested === undefined ? [] : [chainName(term.nested, family)],
        ),
      ),
    );
    for (const family of [4, 6] as const) {
      const own = named.filter(
        (one) => one.family === family && !nested.has(chainName(one.name, family)),
      );
      for (const { line } of own.slice(1)) {
        const what = `A second filter for IPv${family} begins here; no interface says where each is asked.`;
        this.faults.push({ line, what });
      }
    }
    if (nested.size > 0 && named.length > 0) {
      const [{ line }] = named as [Named];
      this.faults.push({ line, what: 'Filters ask others, and no interface has one.' });
    }
    return named;
  }

  private chainsOf(asked: readonly Named[], isTold: boolean): FilterChain[] {
    return asked.map(({ name, family, line, terms, faults }) => {
      this.faults.push(...faults);
      const context = this.contextOf(family);
      const rules: FilterRule[] = [];
      if (terms.size === 0) this.faults.push({ line, what: `The filter “${name}” has no term.` });
      for (const term of terms.values()) {
        if (term.isFaulty) continue;
        guarded(this.faults, term.line, () => {
          rules.push(...rulesOf(term, family, context));
        });
      }
      const place = isTold ? {} : ({ hook: 'forward', family } as const);
      return { name: chainName(name, family), ...place, otherwise: 'drop', line, rules };
    });
  }

  private contextOf(family: Family): TermContext {
    return {
      listed: (name) => {
        const list = this.lists.get(name);
        if (list === undefined) throw new LineFault(`There is no prefix list “${name}”.`);
        if (list.length === 0) this.assumed.add(EMPTY);
        return list;
      },
      chainOf: (filter) => {
        const chain = chainName(filter, family);
        if (!this.filters.has(chain)) throw new LineFault(`There is no filter “${filter}”.`);
        return chain;
      },
      hasPolicer: (name) => this.policers.has(name),
      beside: (what, line) => this.settings.count(what, line),
    };
  }
}

const chainName = (filter: string, family: Family): string => `${filter} (IPv${family})`;

/** The family and the words behind `filter`, of a setting that has an interface ask one. */
function filterWords(words: readonly string[]): [Family, readonly string[]] | undefined {
  const [, , unit, , family, name, filter, ...rest] = ofInterface(words);
  if (unit !== 'unit' || family !== 'family' || filter !== 'filter' || rest[0] === 'group') {
    return undefined;
  }
  return name === 'inet' ? [4, rest] : name === 'inet6' ? [6, rest] : undefined;
}

/** What stands behind a filter's name. Throws `LineFault`. */
function part({ terms }: Named, words: readonly string[], { line, inherited }: Statement): void {
  const [kind = '', name = '', key = '', ...rest] = words;
  if (OF_FILTER.has(kind) || words.length === 0) return;
  if (kind !== 'term' || words.length < 3) throw new LineFault(`“${words.join(' ')}” is not read.`);
  const known = terms.get(name);
  const isLoose = key === 'then' && /^(?:count|log|syslog)$/.test(rest[0] ?? '');
  if (inherited && (known === undefined || !isLoose)) {
    throw new LineFault('The term comes from a group, which does not say where it stands.');
  }
  const term: Term = known ?? { line, asked: new Map(), limits: [], logs: false };
  terms.set(name, term);
  try {
    if (rest.length === 0 && (key === 'from' || key === 'then')) return;
    if (key === 'from') condition(term, rest);
    else if (key === 'then') consequence(term, rest);
    else if (key === 'filter' && rest.length === 1) term.nested = rest[0]!;
    else throw new LineFault(`“${key}” is not known here.`);
  } catch (error) {
    term.isFaulty = true;
    throw error;
  }
}
