/**
 * Terms of a Junos firewall filter: what they ask of packets, and what they do (Junos OS Routing
 * Policies, Firewall Filters, and Traffic Policers User Guide: Firewall Filter Match Conditions for
 * IPv4 Traffic, … for IPv6 Traffic, … Based on Address Fields; Nonterminating Actions).
 *
 * What a term that asks for ports makes of later IPv4 fragments depends on the line card: here such
 * a term lets them through when it accepts, and does not stop them when it discards. `next-header`
 * of IPv6 never holds for fragments; `payload-protocol` does, by the protocol that the fragment header
 * names, and must not stand with ports, since the manual does not say what then becomes of them.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, complementRanges, intersectRanges } from '../net/address-range.ts';
import { ACK, ICMP, ICMPV6, RST, SYN, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterAction, FilterMatch, FilterRule } from '../policy/filter.ts';
import { tcpFlagsOf } from './junos-tcp-flags.ts';
import { icmpCodes, icmpTypes, portsOf, protocolOf } from './junos-words.ts';
import { LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';

export interface Term {
  readonly line: number;
  /** Values by condition; a condition without values has none. */
  readonly asked: Map<string, string[]>;
  /** Policers, which may drop beside its verdict: their kind and name. */
  readonly limits: (readonly [kind: string, name: string])[];
  /** The filter that is asked in its place. */
  nested?: string;
  action?: FilterAction;
  logs: boolean;
  /** Some line of it is at fault. */
  isFaulty?: boolean;
}

/** What a term asks of the rest of the configuration. */
export interface TermContext {
  /** The prefixes of a list, of either family. Throws `LineFault`. */
  readonly listed: (name: string) => readonly string[];
  /** The chain of a filter. Throws `LineFault`. */
  readonly chainOf: (filter: string) => string;
  readonly hasPolicer: (name: string) => boolean;
  readonly beside: (what: string, line: number) => void;
}

type Take = (key: string) => readonly string[] | undefined;

const ALONE = new Set(['tcp-established', 'tcp-initial', 'is-fragment', 'first-fragment']);
const SIDES = new Set(
  ['', 'source-', 'destination-'].flatMap((side) => [`${side}address`, `${side}prefix-list`]),
);
const VALUED = new Set([
  ...[
    'protocol',
    'next-header',
    'payload-protocol',
    'port',
    'source-port',
    'destination-port',
  ].flatMap((key) => [key, `${key}-except`]),
  ...['icmp-type', 'icmp-code', 'tcp-flags', 'fragment-offset', 'fragment-offset-except'],
  ...['fragment-flags', 'ip-options', 'interface'],
]);
/** Kinds of packets that are not told apart here: what a term does with them is told beside. */
const UNTOLD = ['ip-options', 'first-fragment', 'fragment-flags'];
const VERDICTS: ReadonlyMap<string, FilterAction> = new Map([
  ['accept', 'accept'],
  ['discard', 'drop'],
  ['reject', 'reject'],
  ['next', 'continue'],
]);
/** What a term does with packets that it lets pass; each with a value. */
const MARKING = new Set([
  ...['count', 'forwarding-class', 'loss-priority', 'dscp', 'traffic-class', 'prefix-action-count'],
  ...[
    'port-mirror-instance',
    'next-ip',
    'next-ip6',
    'next-interface',
    'routing-instance',
    'service-accounting',
  ],
]);
const LIMITING = new Set([
  ...['policer', 'hierarchical-policer', 'three-color-policer', 'prefix-action'],
]);
const ALONE_DONE = new Set([
  'sample',
  'port-mirror',
  'service-accounting',
  'packet-mode',
  'skip-services',
]);

/** A condition of a term: what stands behind `from`. Throws `LineFault`. */
export function condition({ asked }: Term, words: readonly string[]): void {
  const [key = '', value, exception, ...more] = words;
  const values = asked.get(key) ?? [];
  const isSide = SIDES.has(key) && value !== undefined;
  if (isSide && exception === 'except' && more.length === 0) values.push(`${value} except`);
  else if (exception === undefined && (isSide || (VALUED.has(key) && value !== undefined))) {
    values.push(value!);
  } else if (!ALONE.has(key) || value !== undefined) {
    throw new LineFault(`“${words.join(' ')}” is not read.`);
  }
  asked.set(key, values);
}

/** An action of a term: what stands behind `then`. Throws `LineFault`. */
export function consequence(term: Term, words: readonly string[]): void {
  const [key = '', value, ...more] = words;
  if (LIMITING.has(key) && value !== undefined && (more.length === 0 || key.startsWith('three'))) {
    term.limits.push([key, more[0] ?? value]);
    return;
  }
  const isRouted = key === 'routing-instance' || key.startsWith('next-i');
  if (MARKING.has(key) && value !== undefined && (more.length === 0 || isRouted)) return;
  if (more.length > 0) throw new LineFault(`“${more.join(' ')}” is not read.`);
  if (ALONE_DONE.has(key) && value === undefined) return;
  if ((key === 'log' || key === 'syslog') && value === undefined) {
    term.logs = true;
    return;
  }
  const action = VERDICTS.get(key);
  const told = key === 'next' ? value === 'term' : value === undefined || key === 'reject';
  if (action === undefined || !told) throw new LineFault(`“${key}” is not read.`);
  if ((term.action ?? action) !== action) throw new LineFault('The term says twice what to do.');
  term.action = action;
}

/** The rules of a term. Throws `LineFault`. */
export function rulesOf(term: Term, family: Family, context: TermContext): FilterRule[] {
  const { line, nested } = term;
  if (nested !== undefined) {
    if (term.asked.size > 0 || term.action !== undefined) {
      throw new LineFault('A term that asks another filter does nothing else.');
    }
    return [{ action: 'jump', target: context.chainOf(nested), match: { family }, line }];
  }
  for (const [kind, name] of term.limits) {
    if (!context.hasPolicer(name)) throw new LineFault(`There is no policer “${name}”.`);
    context.beside(kind, line);
  }
  const untold = UNTOLD.find((key) => term.asked.has(key));
  if (untold !== undefined) {
    context.beside(`from ${untold}`, line);
    return [];
  }
  return new TermReader(term, family, context).rules();
}

class TermReader {
  private readonly term: Term;
  private readonly family: Family;
  private readonly context: TermContext;
  private readonly asked: Map<string, readonly string[]>;

  constructor(term: Term, family: Family, context: TermContext) {
    this.term = term;
    this.family = family;
    this.context = context;
    this.asked = new Map(term.asked);
  }

  private readonly take: Take = (key) => {
    const values = this.asked.get(key);
    this.asked.delete(key);
    return values;
  };

  rules(): FilterRule[] {
    const { family, take, term } = this;
    const base = new MatchBuilder();
    base.family(family);
    const interfaces = take('interface');
    if (interfaces?.some((name) => name.includes('*'))) {
      throw new LineFault('“interface” is read with whole names.');
    }
    if (interfaces !== undefined) base.interfaces('in', interfaces);
    for (const side of ['source', 'destination'] as const) {
      const ranges = this.addresses(`${side}-`);
      if (ranges !== undefined) base.addresses(side, ranges);
    }
    const isPayload = ['payload-protocol', 'payload-protocol-except'].some((key) =>
      this.asked.has(key),
    );
    const protocols = this.protocols(base, isPayload);
    const isFragment = this.fragments(base);
    const either = this.addresses('');
    const layer3 = eitherSide(base.build(), either);
    const [layer4, ports] = layer4Of(take, family, protocols, base);
    if (isPayload && layer4) {
      throw new LineFault('“payload-protocol” stands with ports; use “next-header”.');
    }
    const [unread] = this.asked.keys();
    if (unread !== undefined) throw new LineFault(`“${unread}” is not read.`);
    const action = term.action ?? 'accept';
    const shared = { action, line: term.line, ...(term.logs ? { log: { prefix: '' } } : {}) };
    const loose = layer4 && family === 4 && !isFragment && action === 'accept';
    const matches = eitherSide(base.build(), either).flatMap((match) => eitherPort(match, ports));
    return [...matches, ...(loose ? layer3.map(ofLaterFragments) : [])].map((match) => ({
      ...shared,
      match,
    }));
  }

  /** The protocols that are asked for; empty: any, or all but some. */
  private protocols(base: MatchBuilder, isPayload: boolean): readonly number[] {
    const { family, take } = this;
    const key = family === 4 ? 'protocol' : isPayload ? 'payload-protocol' : 'next-header';
    const single = (word: string): NumberRange => {
      const number = protocolOf(word);
      return { first: number, last: number };
    };
    const wanted = take(key)?.map(single);
    const except = take(`${key}-except`)?.map(single);
    if (wanted !== undefined) base.protocols(wanted);
    if (except !== undefined) base.protocols(except, true);
    if (family === 6 && !isPayload && wanted !== undefined) base.laterFragment(false);
    if (family === 6 && !isPayload && except !== undefined) {
      // Whether fragments, whose first header is 44, are meant would have to be told from others.
      throw new LineFault('“next-header-except” is not read; use “payload-protocol-except”.');
    }
    return wanted?.map(({ first }) => first) ?? [];
  }

  /** Whether only later fragments are asked for. */
  private fragments(base: MatchBuilder): boolean {
    const { family, take } = this;
    if (family === 6) return false;
    const wanted = take('fragment-offset');
    const except = take('fragment-offset-except');
    let later: boolean | undefined = take('is-fragment') === undefined ? undefined : true;
    for (const [values, isLater] of [
      [wanted, true],
      [except, false],
    ] as const) {
      if (values === undefined) continue;
      const [value, more] = values;
      if (
        more !== undefined ||
        (value !== '0' && !/^1-819[01]$/.test(value!)) ||
        later !== undefined
      ) {
        throw new LineFault(`The offset “${values.join(' ')}” is not read.`);
      }
      later = (value !== '0') === isLater;
    }
    if (later !== undefined) base.laterFragment(later);
    return later === true;
  }

  /**
   * Addresses and lists of one side, or of either: the longest prefix that holds an address says
   * whether it is meant, and one that no prefix holds is not.
   */
  private addresses(side: 'source-' | 'destination-' | ''): readonly AddressRange[] | undefined {
    const { family, take } = this;
    const addresses = take(`${side}address`);
    const lists = take(`${side}prefix-list`);
    if (addresses === undefined && lists === undefined) return undefined;
    const isOnlyExcept = [...(addresses ?? []), ...(lists ?? [])].every((entry) =>
      entry.endsWith(' except'),
    );
    if (isOnlyExcept) {
      throw new LineFault(
        'What is excepted stands with addresses that are not, such as 0.0.0.0/0.',
      );
    }
    const listed = (lists ?? []).flatMap((entry) => {
      const [name = '', except] = entry.split(' ');
      const texts = this.context.listed(name);
      return texts
        .filter((text) => text.includes(':') === (family === 6))
        .map((text) => (except === undefined ? text : `${text} except`));
    });
    const entries = [...(addresses ?? []), ...listed].map((entry) => {
      const [text = '', except] = entry.split(' ');
      const length = Number(text.split('/')[1] ?? 128);
      return { range: prefixRange(text, family), length, isExcept: except !== undefined };
    });
    if (!entries.some(({ isExcept }) => isExcept)) return entries.map(({ range }) => range);
    return longestOf(entries, family);
  }
}

interface Entry {
  readonly range: AddressRange;
  readonly length: number;
  readonly isExcept: boolean;
}

function longestOf(entries: readonly Entry[], family: Family): AddressRange[] {
  // Of two alike, the one that excepts holds.
  const sorted = [...entries].sort(
    (left, right) => left.length - right.length || Number(left.isExcept) - Number(right.isExcept),
  );
  let found: AddressRange[] = [];
  for (let at = 0; at < sorted.length; ) {
    const { isExcept } = sorted[at]!;
    const ranges: AddressRange[] = [];
    for (; sorted[at]?.isExcept === isExcept; at++) ranges.push(sorted[at]!.range);
    found = isExcept
      ? intersectRanges(found, complementRanges(ranges, [family]))
      : [...found, ...ranges];
  }
  return found;
}

const ofLaterFragments = (match: FilterMatch): FilterMatch => ({ ...match, laterFragment: true });

/** The match with the addresses as its source, and with them as its destination. */
function eitherSide(
  match: FilterMatch,
  ranges: readonly AddressRange[] | undefined,
): FilterMatch[] {
  if (ranges === undefined) return [{ ...match }];
  if (match.source !== undefined || match.destination !== undefined) {
    throw new LineFault('“address” does not stand with “source-address” or “destination-address”.');
  }
  return [
    { ...match, source: ranges },
    { ...match, destination: ranges },
  ];
}

function eitherPort(match: FilterMatch, ports: readonly NumberRange[] | undefined): FilterMatch[] {
  if (ports === undefined) return [match];
  if (match.sourcePorts !== undefined || match.destinationPorts !== undefined) {
    throw new LineFault('“port” does not stand with “source-port” or “destination-port”.');
  }
  return [
    { ...match, sourcePorts: ports },
    { ...match, destinationPorts: ports },
  ];
}

/** Conditions on what lies behind the IP header: whether there is one, and ports of either side. */
function layer4Of(
  take: Take,
  family: Family,
  protocols: readonly number[],
  match: MatchBuilder,
): [found: boolean, either: readonly NumberRange[] | undefined] {
  const only = (...wanted: number[]): void => {
    // Otherwise the octets of any protocol would be taken for ports.
    if (protocols.length === 0 || protocols.some((one) => !wanted.includes(one))) {
      throw new LineFault('Ports, types and flags stand with a protocol that has them.');
    }
  };
  let found = false;
  const portsNamed = (key: string): NumberRange[] | undefined => {
    const ports = take(key)?.map(portsOf);
    if (ports === undefined) return undefined;
    only(TCP, UDP);
    found = true;
    return ports;
  };
  for (const side of ['source', 'destination'] as const) {
    const ports = portsNamed(`${side}-port`);
    if (ports !== undefined) match.ports(`${side}Ports`, ports);
    const except = portsNamed(`${side}-port-except`);
    if (except !== undefined) match.ports(`${side}Ports`, except, true);
  }
  const either = portsNamed('port');
  const neither = portsNamed('port-except');
  if (neither !== undefined) {
    match.ports('sourcePorts', neither, true);
    match.ports('destinationPorts', neither, true);
  }
  const types = take('icmp-type')?.map((word) => icmpTypes(word, family));
  const codes = take('icmp-code')?.map((word) => icmpCodes(word, family));
  if (types !== undefined) {
    only(family === 4 ? ICMP : ICMPV6);
    match.icmp(
      types.flatMap((type) =>
        codes === undefined ? [{ type }] : codes.map((code) => ({ type, code })),
      ),
    );
    found = true;
  } else if (codes !== undefined) throw new LineFault('A code stands with a type.');
  return [flagsOf(take, match, () => only(TCP)) || found, either];
}

function flagsOf(take: Take, match: MatchBuilder, check: () => void): boolean {
  const patterns = [
    take('tcp-established') && [
      { mask: ACK, value: ACK },
      { mask: RST, value: RST },
    ],
    take('tcp-initial') && [{ mask: SYN | ACK, value: SYN }],
    take('tcp-flags')?.flatMap(tcpFlagsOf),
  ].filter((one) => one !== undefined);
  if (patterns.length > 0) check();
  for (const pattern of patterns) match.flags(pattern);
  return patterns.length > 0;
}
