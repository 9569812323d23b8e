/**
 * Reads a RouterOS script or export: the filter rules of both families and their address lists.
 * Chains other than those asked at a hook are reached by `jump`. Menus that do not filter are faults,
 * except for lines that only print or set a comment; so is anything that depends on more than the
 * packet (limits, lists that change, time).
 */
import type { Family } from '../net/address.ts';
import { parseAddress } from '../net/address.ts';
import { type AddressRange, compareRanges, rangeOfAddress } from '../net/address-range.ts';
import { ICMP, ICMPV6, STATES, type State } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterAction, FilterChain, FilterRule, Hook } from '../policy/filter.ts';
import { jumpFaults } from './jump-faults.ts';
import { guarded, LineFault } from './line-fault.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import type { Parsed, ParseFault } from './platform.ts';

const HOOKS: ReadonlySet<string> = new Set(['forward', 'input', 'output']);
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', ICMP],
  ['igmp', 2],
  ['ipencap', 4],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['gre', 47],
  ['ipsec-esp', 50],
  ['ipsec-ah', 51],
  ['icmpv6', ICMPV6],
  ['ospf', 89],
  ['pim', 103],
  ['vrrp', 112],
  ['l2tp', 115],
  ['sctp', 132],
  ['udp-lite', 136],
]);
const ACTIONS: ReadonlyMap<string, FilterAction> = new Map([
  ['accept', 'accept'],
  ['drop', 'drop'],
  ['reject', 'reject'],
  ['passthrough', 'continue'],
  ['log', 'continue'],
  ['return', 'return'],
  ['jump', 'jump'],
] as const);

interface Pending {
  readonly name: string;
  readonly family: Family;
  readonly line: number;
  readonly rules: FilterRule[];
}

export function parseMikrotik(text: string): Parsed {
  const parser = new ScriptParser();
  let joined = '';
  let begins = 1;
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (joined === '') begins = index + 1;
    // An export breaks long lines with a backslash.
    if (line.endsWith('\\') && !line.startsWith('#')) {
      joined += line.slice(0, -1);
      return;
    }
    parser.line((joined + line).trim(), begins);
    joined = '';
  });
  if (joined !== '') parser.faults.push({ line: begins, what: 'The last line is not ended.' });
  const chains = parser.filterChains();
  return { filter: { chains }, faults: [...parser.faults, ...jumpFaults(chains)] };
}

class ScriptParser {
  readonly faults: ParseFault[] = [];
  private readonly chains = new Map<string, Pending>();
  private readonly lists = new Map<string, AddressRange[]>();
  private menu = '';
  private family: Family = 4;

  filterChains(): FilterChain[] {
    return [...this.chains.values()].map(({ name, family, line, rules }) => ({
      name: `${family} ${name}`,
      family,
      // RouterOS accepts what no rule of a built-in chain decided.
      otherwise: 'accept',
      line,
      rules,
      ...(HOOKS.has(name) ? { hook: name as Hook } : {}),
    }));
  }

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    guarded(this.faults, number, () => {
      this.read(line, number);
    });
  }

  private read(line: string, number: number): void {
    let command = line;
    const menu = /^\/(ip|ipv6) firewall (filter|address-list)(?:\s+|$)/.exec(line);
    if (menu !== null) {
      this.family = menu[1] === 'ip' ? 4 : 6;
      this.menu = menu[2]!;
      command = line.slice(menu[0].length).trim();
      if (command === '') return;
    } else if (line.startsWith('/')) {
      throw new LineFault(`The menu “${line.split(' ', 1)[0]}” is not read.`);
    }
    if (this.menu === '') throw new LineFault('The line stands before any menu.');
    if (!command.startsWith('add ')) {
      throw new LineFault(`“${command.split(' ', 1)[0]}” is not known here.`);
    }
    const values = valuesOf(command.slice(4));
    if (values.get('disabled') === 'yes') return;
    values.delete('disabled');
    if (this.menu === 'filter') this.rule(values, number);
    else this.member(values);
  }

  private member(values: Map<string, string>): void {
    const list = take(values, 'list');
    const address = take(values, 'address');
    values.delete('comment');
    rest(values);
    if (list === undefined || address === undefined) {
      throw new LineFault('An entry has a list and an address.');
    }
    const key = `${this.family} ${list}`;
    const ranges = this.lists.get(key) ?? [];
    ranges.push(rangeOf(address, this.family));
    this.lists.set(key, ranges);
  }

  private rule(values: Map<string, string>, line: number): void {
    const { family } = this;
    const chain = take(values, 'chain') ?? '';
    if (!/^[\w.-]+$/.test(chain)) throw new LineFault('The rule names no chain.');
    const verb = take(values, 'action') ?? 'accept';
    const action = ACTIONS.get(verb);
    if (action === undefined) throw new LineFault(`The action “${verb}” is not read.`);
    const match = new MatchBuilder();
    match.family(family);
    const protocol = this.conditions(values, match);
    this.messages(values, protocol, match);
    const comment = take(values, 'comment');
    const target = take(values, 'jump-target');
    const prefix = take(values, 'log-prefix');
    const logWord = take(values, 'log') ?? 'no';
    if (logWord !== 'yes' && logWord !== 'no')
      throw new LineFault(`“log=${logWord}” is not known.`);
    const logs = logWord === 'yes' || verb === 'log';
    values.delete('reject-with');
    rest(values);
    if ((action === 'jump') !== (target !== undefined)) {
      throw new LineFault('A jump, and nothing else, has a target.');
    }
    this.chain(chain, line).rules.push({
      action,
      match: match.build(),
      line,
      ...(comment === undefined ? {} : { comment }),
      ...(logs ? { log: { prefix: prefix ?? '' } } : {}),
      ...(target === undefined ? {} : { target: `${family} ${target}` }),
    });
  }

  private chain(name: string, line: number): Pending {
    const key = `${this.family} ${name}`;
    let chain = this.chains.get(key);
    if (chain === undefined) {
      chain = { name, family: this.family, line, rules: [] };
      this.chains.set(key, chain);
    }
    return chain;
  }

  /** Conditions up to the ports; returns the protocol, where one is asked for. */
  private conditions(values: Map<string, string>, match: MatchBuilder): number | undefined {
    const states = negatable(values, 'connection-state');
    if (states !== undefined) {
      const named = states.value.split(',').map(stateOf);
      match.states(states.negated ? STATES.filter((state) => !named.includes(state)) : named);
    }
    for (const [key, side] of [
      ['src', 'source'],
      ['dst', 'destination'],
    ] as const) {
      const address = negatable(values, `${key}-address`);
      if (address !== undefined) {
        match.addresses(side, [rangeOf(address.value, this.family)], address.negated, [
          this.family,
        ]);
      }
      const list = negatable(values, `${key}-address-list`);
      if (list !== undefined) {
        const ranges = this.lists.get(`${this.family} ${list.value}`);
        if (ranges === undefined) throw new LineFault(`There is no list “${list.value}” above.`);
        match.addresses(side, ranges, list.negated, [this.family]);
      }
    }
    const protocol = this.protocol(values, match);
    for (const [key, side] of [
      ['src-port', 'sourcePorts'],
      ['dst-port', 'destinationPorts'],
    ] as const) {
      const ports = negatable(values, key);
      if (ports === undefined) continue;
      if (protocol === undefined) throw new LineFault('Ports stand without a protocol.');
      match.ports(side, portsOf(ports.value), ports.negated);
    }
    return protocol;
  }

  private protocol(values: Map<string, string>, match: MatchBuilder): number | undefined {
    const asked = negatable(values, 'protocol');
    if (asked === undefined) return undefined;
    const number = PROTOCOLS.get(asked.value) ?? numberOf(asked.value, 255);
    match.protocols([{ first: number, last: number }], asked.negated);
    return asked.negated ? undefined : number;
  }

  private messages(
    values: Map<string, string>,
    protocol: number | undefined,
    match: MatchBuilder,
  ): void {
    const options = take(values, 'icmp-options');
    if (options === undefined) return;
    if (protocol !== (this.family === 4 ? ICMP : ICMPV6)) {
      throw new LineFault('ICMP options stand without the ICMP of the family.');
    }
    const [typeText = '', codeText, ...more] = options.split(':');
    if (more.length > 0) throw new LineFault(`“${options}” is not a type and a code.`);
    const type = numberOf(typeText, 255);
    match.icmp([
      {
        type: { first: type, last: type },
        ...(codeText === undefined ? {} : { code: numbersOf(codeText, 255) }),
      },
    ]);
  }
}

function stateOf(word: string): State {
  if (!STATES.includes(word as State)) throw new LineFault(`“${word}” is not a state.`);
  return word as State;
}

/** `key=value` pairs; values may stand in quotes, where a backslash takes the next character. */
function valuesOf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    if (text[at] === ' ') {
      at++;
      continue;
    }
    const key = /^[a-z0-9-]+=/.exec(text.slice(at, at + 64))?.[0];
    if (key === undefined)
      throw new LineFault(`“${text.slice(at).split(' ', 1)[0]}” is not known here.`);
    at += key.length;
    let value = '';
    if (text[at] === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) {
        if (text[at] === '\\') at++;
        value += text[at] ?? '';
      }
      if (text[at] !== '"') throw new LineFault('A quote is not closed.');
      at++;
    } else {
      while (at < text.length && text[at] !== ' ') value += text[at++];
    }
    const name = key.slice(0, -1);
    if (values.has(name)) throw new LineFault(`“${name}” is given twice.`);
    values.set(name, value);
  }
  return values;
}

function take(values: Map<string, string>, key: string): string | undefined {
  const value = values.get(key);
  values.delete(key);
  return value;
}

/** A value with `!` before it asks for the opposite. */
function negatable(
  values: Map<string, string>,
  key: string,
): { value: string; negated: boolean } | undefined {
  const value = take(values, key);
  if (value === undefined) return undefined;
  return value.startsWith('!')
    ? { value: value.slice(1), negated: true }
    : { value, negated: false };
}

/** What nobody took is not understood. */
function rest(values: ReadonlyMap<string, string>): void {
  for (const key of values.keys()) throw new LineFault(`“${key}” is not read.`);
}

function numbersOf(text: string, max: number): NumberRange {
  const [low = '', high, ...more] = text.split('-');
  if (more.length > 0) throw new LineFault(`“${text}” is not a range.`);
  const first = numberOf(low, max);
  const last = high === undefined ? first : numberOf(high, max);
  if (first > last) throw new LineFault(`The range “${text}” runs backwards.`);
  return { first, last };
}

function portsOf(text: string): NumberRange[] {
  return text.split(',').map((part) => numbersOf(part, 65_535));
}

/** A prefix, an address, or `first-last`. */
function rangeOf(text: string, family: Family): AddressRange {
  const [low = '', high, ...more] = text.split('-');
  if (high === undefined) return prefixRange(text, family);
  const first = parseAddress(low);
  const last = parseAddress(high);
  if (first?.family !== family || last?.family !== family || more.length > 0) {
    throw new LineFault(`“${text}” is not a range of addresses.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${text}” runs backwards.`);
  }
  return { family, first: first.words, last: last.words };
}
