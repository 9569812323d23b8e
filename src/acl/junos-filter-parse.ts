/**
 * Reads Junos firewall filters as `set` commands, one filter per family, and prefix lists. A term
 * without a deciding action accepts; what no term decides is discarded.
 *
 * What a term that asks for ports makes of later IPv4 fragments depends on the line card: here such
 * a term lets them through when it accepts, and does not stop them when it discards. `next-header`
 * of IPv6 never holds for fragments; `payload-protocol` does, by the protocol that the fragment header
 * names, and must not stand with ports, since the manual does not say what then becomes of them.
 */
import type { Family } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import { ACK, ICMP, ICMPV6, RST, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterAction, FilterChain, FilterMatch, FilterRule } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { portRange } from './session-chain.ts';
import { wordsOf } from './shell-words.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', ICMP],
  ['igmp', 2],
  ['tcp', TCP],
  ['udp', UDP],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmp6', ICMPV6],
  ['ospf', 89],
  ['pim', 103],
  ['sctp', 132],
]);
const PORTS: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['domain', 53],
  ['http', 80],
  ['ntp', 123],
  ['snmp', 161],
  ['bgp', 179],
  ['https', 443],
]);
const TYPES: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: new Map([
    ['echo-reply', 0],
    ['unreachable', 3],
    ['redirect', 5],
    ['echo-request', 8],
    ['time-exceeded', 11],
    ['parameter-problem', 12],
    ['timestamp', 13],
    ['timestamp-reply', 14],
  ]),
  6: new Map([
    ['destination-unreachable', 1],
    ['packet-too-big', 2],
    ['time-exceeded', 3],
    ['parameter-problem', 4],
    ['echo-request', 128],
    ['echo-reply', 129],
  ]),
};
const VERDICTS: ReadonlyMap<string, FilterAction> = new Map([
  ['accept', 'accept'],
  ['discard', 'drop'],
  ['reject', 'reject'],
  ['next', 'continue'],
]);

interface Term {
  readonly line: number;
  /** Values by condition; a condition without values has none. */
  readonly asked: Map<string, string[]>;
  action?: FilterAction;
  logs: boolean;
}

interface Named {
  readonly name: string;
  readonly family: Family;
  readonly line: number;
  readonly terms: Map<string, Term>;
}

export function parseJunosFilter(text: string): Parsed {
  const parser = new FilterParser();
  text.split('\n').forEach((line, index) => {
    guarded(parser.faults, index + 1, () => parser.line(line.trim(), index + 1));
  });
  return { filter: { chains: parser.chains() }, faults: parser.faults };
}

class FilterParser {
  readonly faults: ParseFault[] = [];
  private readonly filters: Named[] = [];
  private readonly lists = new Map<string, string[]>();

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    const words = wordsOf(line);
    if (words === undefined) throw new LineFault('A quote is not closed.');
    const [set, top, ...rest] = words;
    if (set !== 'set') throw new LineFault(`“${set}” is not read; only set commands are.`);
    if (top === 'firewall') this.firewall(rest, number);
    else if (top === 'policy-options' && rest[0] === 'prefix-list' && rest.length === 3) {
      const list = this.lists.get(rest[1]!) ?? [];
      list.push(rest[2]!);
      this.lists.set(rest[1]!, list);
    } else throw new LineFault(`“${words.slice(1).join(' ')}” is not read.`);
  }

  chains(): FilterChain[] {
    return this.filters.map(({ name, family, line, terms }) => {
      const rules: FilterRule[] = [];
      for (const term of terms.values()) {
        guarded(this.faults, term.line, () => {
          rules.push(...this.rulesOf(term, family));
        });
      }
      return {
        name: `${name} (IPv${family})`,
        hook: 'forward',
        family,
        otherwise: 'drop',
        line,
        rules,
      };
    });
  }

  private firewall(words: readonly string[], line: number): void {
    // Without a family a filter is one for IPv4.
    const [key = '', word = ''] = words;
    const rest = key === 'family' ? words.slice(2) : words;
    const family = key !== 'family' || word === 'inet' ? 4 : word === 'inet6' ? 6 : undefined;
    if (family === undefined) throw new LineFault(`Filters for “${word}” are not read.`);
    const [filter, name = '', term, termName = '', part = '', ...more] = rest;
    if (filter !== 'filter' || term !== 'term' || more.length === 0) {
      throw new LineFault(`“${rest.join(' ')}” is not read.`);
    }
    const known = this.filters.find((one) => one.family === family);
    if (known !== undefined && known.name !== name) {
      throw new LineFault(`A second filter for IPv${family} begins here; give the text of one.`);
    }
    const named = known ?? { name, family, line, terms: new Map<string, Term>() };
    if (known === undefined) this.filters.push(named);
    const found = named.terms.get(termName) ?? { line, asked: new Map(), logs: false };
    named.terms.set(termName, found);
    if (part === 'from') condition(found, more);
    else if (part === 'then') consequence(found, more);
    else throw new LineFault(`“${part}” is not known here.`);
  }

  private rulesOf(term: Term, family: Family): FilterRule[] {
    const match = new MatchBuilder();
    match.family(family);
    const asked = new Map(term.asked);
    const take = (key: string): readonly string[] | undefined => {
      const values = asked.get(key);
      asked.delete(key);
      return values;
    };
    this.sides(take, family, match);
    const isPayload = family === 6 && asked.has('payload-protocol');
    const key = family === 4 ? 'protocol' : isPayload ? 'payload-protocol' : 'next-header';
    const protocols = take(key)?.map((word) => PROTOCOLS.get(word) ?? numberOf(word, 255));
    if (protocols !== undefined) match.protocols(protocols.map(single));
    if (family === 6 && protocols !== undefined && !isPayload) match.laterFragment(false);
    const isFragment = family === 4 && take('is-fragment') !== undefined;
    if (isFragment) match.laterFragment(true);
    const layer3: FilterMatch = { ...match.build() };
    const layer4 = layer4Of(take, family, protocols ?? [], match);
    if (isPayload && layer4) {
      throw new LineFault('“payload-protocol” stands with ports; use “next-header”.');
    }
    const [unread] = asked.keys();
    if (unread !== undefined) throw new LineFault(`“${unread}” is not read.`);
    const action = term.action ?? 'accept';
    const shared = { action, line: term.line, ...(term.logs ? { log: { prefix: '' } } : {}) };
    const loose = layer4 && family === 4 && !isFragment && action === 'accept';
    return [
      { ...shared, match: match.build() },
      ...(loose ? [{ ...shared, match: { ...layer3, laterFragment: true } }] : []),
    ];
  }

  private sides(
    take: (key: string) => readonly string[] | undefined,
    family: Family,
    match: MatchBuilder,
  ): void {
    for (const side of ['source', 'destination'] as const) {
      const addresses = take(`${side}-address`);
      const lists = take(`${side}-prefix-list`);
      if (addresses === undefined && lists === undefined) continue;
      const texts = [...(addresses ?? []), ...(lists ?? []).flatMap((name) => this.listed(name))];
      const ranges: AddressRange[] = texts
        .filter((text) => addresses?.includes(text) || text.includes(':') === (family === 6))
        .map((text) => prefixRange(text, family));
      match.addresses(side, ranges);
    }
  }

  private listed(name: string): readonly string[] {
    const list = this.lists.get(name);
    if (list === undefined) throw new LineFault(`There is no prefix list “${name}”.`);
    return list;
  }
}

const single = (number: number): NumberRange => ({ first: number, last: number });

const ALONE = new Set(['tcp-established', 'is-fragment']);

function condition({ asked }: Term, [key = '', value, ...more]: readonly string[]): void {
  if (more.length > 0 || (value === undefined) !== ALONE.has(key)) {
    throw new LineFault(`“${[key, value, ...more].join(' ').trim()}” is not read.`);
  }
  const values = asked.get(key) ?? [];
  if (value !== undefined) values.push(value);
  asked.set(key, values);
}

function consequence(term: Term, [key = '', value, ...more]: readonly string[]): void {
  if (more.length > 0) throw new LineFault(`“${more.join(' ')}” is not read.`);
  if (key === 'count' && value !== undefined) return;
  if ((key === 'log' || key === 'syslog') && value === undefined) {
    term.logs = true;
    return;
  }
  const action = VERDICTS.get(key);
  const told = key === 'next' ? value === 'term' : value === undefined || key === 'reject';
  if (action === undefined || !told) throw new LineFault(`“${key}” is not read.`);
  if (term.action !== undefined) throw new LineFault('The term says twice what to do.');
  term.action = action;
}

/** Conditions on what lies behind the IP header; whether there is one. */
function layer4Of(
  take: (key: string) => readonly string[] | undefined,
  family: Family,
  protocols: readonly number[],
  match: MatchBuilder,
): boolean {
  const only = (...wanted: number[]): void => {
    // Otherwise the octets of any protocol would be taken for ports.
    if (protocols.length === 0 || protocols.some((one) => !wanted.includes(one))) {
      throw new LineFault('Ports, types and flags stand with a protocol that has them.');
    }
  };
  let found = false;
  for (const side of ['source', 'destination'] as const) {
    const ports = take(`${side}-port`);
    if (ports === undefined) continue;
    only(TCP, UDP);
    match.ports(
      `${side}Ports`,
      ports.map((word) => (PORTS.has(word) ? single(PORTS.get(word)!) : portRange(word))),
    );
    found = true;
  }
  const types = take('icmp-type');
  const codes = take('icmp-code');
  if (types !== undefined) {
    only(family === 4 ? ICMP : ICMPV6);
    const type = (word: string): number => TYPES[family].get(word) ?? numberOf(word, 255);
    match.icmp(
      types.flatMap((word) =>
        codes === undefined
          ? [{ type: single(type(word)) }]
          : codes.map((code) => ({ type: single(type(word)), code: single(numberOf(code, 255)) })),
      ),
    );
    found = true;
  } else if (codes !== undefined) throw new LineFault('A code stands with a type.');
  if (take('tcp-established') !== undefined) {
    only(TCP);
    match.flags([
      { mask: ACK, value: ACK },
      { mask: RST, value: RST },
    ]);
    found = true;
  }
  return found;
}
