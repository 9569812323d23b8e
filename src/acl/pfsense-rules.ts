/** What a rule of a config.xml asks of packets (pf.conf(5); pfSense: filter.inc; OPNsense: FilterRule.php). */
import type { Family } from '../net/address.ts';
import type { IcmpMatch } from '../net/header-match.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import { opening } from './pf-states.ts';
import { listOf } from './pfsense-fields.ts';
import type { RuleText } from './pfsense-rule-text.ts';
import { type Names, readSide } from './pfsense-sides.ts';

/** `match` decides nothing: it marks packets, or has them wait. */
const TYPES: ReadonlyMap<string, Verdict | 'match'> = new Map([
  ['pass', 'accept'],
  ['block', 'drop'],
  ['reject', 'reject'],
  ['match', 'match'],
]);
/** Names as /etc/protocols has them. */
const PROTOCOLS: ReadonlyMap<string, readonly number[]> = new Map([
  ...([
    ['tcp', [6]],
    ['udp', [17]],
    ['tcp/udp', [6, 17]],
    ['igmp', [2]],
    ['ipencap', [4]],
    ['ipv6', [41]],
  ] as const),
  ...([
    ['gre', [47]],
    ['esp', [50]],
    ['ah', [51]],
    ['ospf', [89]],
    ['etherip', [97]],
    ['pim', [103]],
  ] as const),
  ...([
    ['ipcomp', [108]],
    ['carp', [112]],
    ['vrrp', [112]],
    ['l2tp', [115]],
    ['sctp', [132]],
    ['pfsync', [240]],
  ] as const),
]);
/** pf.conf(5), names of ICMP messages. */
const MESSAGES: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: namesOf(`echorep 0 unreach 3 squench 4 redir 5 althost 6 echoreq 8 routeradv 9 routersol 10
    timex 11 paramprob 12 timereq 13 timerep 14 inforeq 15 inforep 16 maskreq 17 maskrep 18
    trace 30 dataconv 31 mobredir 32 ipv6-where 33 ipv6-here 34 mobregreq 35 mobregrep 36 skip 39
    photuris 40`),
  6: namesOf(`unreach 1 toobig 2 timex 3 paramprob 4 echoreq 128 echorep 129 groupqry 130 listqry 130
    grouprep 131 listenrep 131 groupterm 132 listendone 132 routersol 133 routeradv 134
    neighbrsol 135 neighbradv 136 redir 137 routrrenum 138 niqry 139 nirep 140 mtraceresp 200
    mtrace 201`),
};

function namesOf(text: string): ReadonlyMap<string, number> {
  const words = text.split(/\s+/);
  return new Map(
    words.flatMap((word, at): [string, number][] =>
      at % 2 === 0 ? [[word, Number(words[at + 1])]] : [],
    ),
  );
}

/** The rules for what comes in, or for what goes out, that one of the text stands for. */
export interface PlacedRules {
  readonly way: 'in' | 'out';
  readonly rules: readonly FilterRule[];
}

/** Throws `LineFault`. Nothing for rules that are turned off, or decide nothing. */
export function rulesOf(text: RuleText, names: Names): PlacedRules[] {
  const action = TYPES.get(text.type);
  if (action === undefined || (action === 'match' && !text.isFloating)) {
    throw new LineFault(`Rules of the type “${text.type}” are not read.`);
  }
  checkProtocol(text, names);
  if (text.isDisabled || action === 'match') return [];
  const [beyond] = text.beyond;
  if (beyond !== undefined) {
    throw new LineFault(`“${beyond}” makes the rule depend on more than the packet.`);
  }
  const ways: ('in' | 'out')[] = text.direction === 'any' ? ['in', 'out'] : [text.direction];
  return ways.map((way) => ({
    way,
    rules: text.families
      .flatMap((family) => matchesOf(text, family, way, names))
      .flatMap((match) => withFlags(match, text, action, names))
      .map((match) => ({
        ...{ action, match, line: text.line, comment: text.comment },
        ...(text.logs ? { log: { prefix: '' } } : {}),
      })),
  }));
}

function numbersOf(protocol: string, family: Family): readonly number[] | undefined {
  if (protocol === 'any') return undefined;
  if (protocol === 'icmp' || protocol === 'ipv6-icmp') return [family === 4 ? 1 : 58];
  const known = PROTOCOLS.get(protocol);
  if (known !== undefined) return known;
  if (!/^\d+$/.test(protocol)) throw new LineFault(`The protocol “${protocol}” is not read.`);
  return [numberOf(protocol, 255)];
}

/** What holds of a rule whether it is asked or not. */
function checkProtocol(
  { protocol, families, messages, source, destination }: RuleText,
  names: Names,
) {
  const numbers = numbersOf(protocol, 4);
  const asks = families.some((family) => messages[family] !== 'any');
  // With any other word the product leaves the messages out, and lets all of them through.
  const isIcmp = protocol === 'icmp' || (protocol === 'ipv6-icmp' && names.product === 'opnsense');
  if ((asks || messages[4] !== 'any') && !isIcmp) {
    throw new LineFault('Messages stand with the protocol “icmp”.');
  }
  if (families.includes(6) && messages[4] !== 'any' && messages[6] === 'any') {
    // OPNsense would let all of them through.
    throw new LineFault('Messages of ICMPv6 stand in “icmp6type”.');
  }
  // One alone is read by some versions each, so that both mean the same.
  const isSix = families.length === 1 && families[0] === 6 && messages[4] !== 'any';
  const typesOf = (text: string) => listOf(text).map((name) => messageOf(name, 6).type.first);
  if (isSix && `${typesOf(messages[4])}` !== `${typesOf(messages[6])}`) {
    throw new LineFault(`“${messages[4]}” and “${messages[6]}” are different messages.`);
  }
  const withPorts = numbers?.every((one) => one === 6 || one === 17) === true;
  if (!withPorts && (source.port ?? destination.port) !== undefined) {
    throw new LineFault('Ports stand with TCP or UDP.');
  }
}

function matchesOf(text: RuleText, family: Family, way: 'in' | 'out', names: Names): FilterMatch[] {
  const { protocol, interfaces, notInterfaces, messages } = text;
  const match = new MatchBuilder();
  match.family(family);
  const numbers = numbersOf(protocol, family);
  if (numbers !== undefined) match.protocols(numbers.map((one) => ({ first: one, last: one })));
  if (messages[family] !== 'any') {
    match.icmp(listOf(messages[family]).map((name) => messageOf(name, family)));
  }
  if (interfaces.length > 0) {
    const places = interfaces.flatMap((name) => names.interfaces.placesOf(name));
    match.interfaces(way, [...new Set(places)], notInterfaces);
  }
  const from = way === 'in' && !notInterfaces ? interfaces : undefined;
  for (const which of ['source', 'destination'] as const) {
    const side = readSide(text[which], family, names, which === 'source' ? from : undefined);
    if (side === undefined) return [];
    if (side.ports !== undefined) match.ports(`${which}Ports`, side.ports);
    if (side.ranges === undefined) continue;
    match.addresses(which, side.ranges, side.not, [family]);
    if (side.ranges.length === 0 && !side.not) return [];
  }
  return [match.build()];
}

/** Both products ask for flags with the protocol tcp alone; pf's own default holds otherwise. */
function withFlags(
  match: FilterMatch,
  { protocol, flags }: RuleText,
  action: Verdict,
  { product }: Names,
): FilterMatch[] {
  const isTcp = protocol === 'tcp';
  if (isTcp && flags?.asked !== undefined) {
    const asking = { ...match, tcpFlags: [flags.asked] };
    return action === 'accept' ? opening(asking, true) : [asking];
  }
  const isAny = isTcp && flags !== undefined;
  if (action === 'accept') return opening(match, isAny);
  // pfSense asks for first segments where it denies as well.
  const isFirst = isTcp && !isAny && product === 'pfsense';
  return isFirst ? [{ ...match, tcpFlags: [{ mask: 0x12, value: 0x02 }] }] : [match];
}

function messageOf(name: string, family: Family): IcmpMatch {
  const type = /^\d+$/.test(name) ? numberOf(name, 255) : MESSAGES[family].get(name);
  if (type === undefined) throw new LineFault(`The ICMP message “${name}” is not read.`);
  return { type: { first: type, last: type } };
}
