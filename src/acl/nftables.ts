/**
 * nftables (nft(8), netfilter.org; syntax of nft 1.0): a table of its own, replaced as a whole, so
 * that loading the text twice is the same as once and other tables stay as they are. What other
 * tables drop stays dropped: in nftables every chain of a hook must accept.
 */

import { type AddressRange, formatRange } from '../net/address-range.ts';
import type { FlagsMatch, NumberRange } from '../net/header-match.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan, PlanGroup } from '../policy/plan.ts';
import { PASSED_OVER } from './linux-protocols.ts';
import { managementLines } from './management-lines.ts';
import { parseNftables } from './nftables-parse.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { isInterfaceName, plainText, Words } from './safe-text.ts';

/** The kernel takes 127 octets; logs show 64 of them everywhere. */
const MOST_PREFIX = 64;
/** NFTNL_UDATA_COMMENT_MAXLEN is 128 with the closing NUL. */
const MOST_COMMENT = 127;
const TABLE = 'portreeve';

const PORT_WORDS: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

export const nftables: Platform = {
  name: 'nftables',
  aliases: ['nft'],
  title: 'nftables (Linux)',
  capabilities: {
    filters: ['between', 'host'],
    stateful: true,
    families: [4, 6],
    management: [
      'chain input is not written: who manages this machine stays as it is. Management of',
      'machines behind it needs rules of the policy; sessions that are open go on.',
    ],
    logs: true,
    sources: ['nft(8) of nftables 1.0.6'],
  },
  render,
  parse: parseNftables,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const sets = new Sets(plan.groups);
  const chains: string[] = [];
  for (const { name, hook, otherwise, rules } of plan.filter.chains) {
    const lines = rules.flatMap((rule) => linesOf(rule, sets, refusals));
    if (otherwise === 'reject') refusals.push({ what: 'A chain cannot reject by default.' });
    chains.push(
      `  chain ${name} {`,
      `    type filter hook ${hook} priority filter; policy ${otherwise};`,
      ...lines.map((line) => `    ${line}`),
      '  }',
    );
  }
  if (refusals.length > 0) return { refusals };
  const body = [...sets.lines(), ...chains];
  return { text: [...head(plan), ...body, '}', ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    '#!/usr/sbin/nft -f',
    `# Policy ${plainText(plan.name, 80)}, written by Portreeve. Everything not allowed is dropped.`,
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    ...managementLines(nftables, '#', plan),
    '# Keep:     nft list ruleset > before.nft',
    '# Check:    nft -c -f THIS-FILE',
    `# Install:  (sleep 60; nft delete table inet ${TABLE}) & nft -f THIS-FILE`,
    '#           and stop the sleep once you can still reach the machine',
    `# Verify:   nft list table inet ${TABLE}`,
    `# Go back:  nft delete table inet ${TABLE}; nft -f before.nft`,
    `table inet ${TABLE} { }`,
    `delete table inet ${TABLE}`,
    `table inet ${TABLE} {`,
  ];
}

/** Named sets for the groups that rules use and that are worth a name. */
class Sets {
  private readonly words = new Words('g_', 31);
  private readonly groups: ReadonlyMap<string, PlanGroup>;
  private readonly used = new Map<string, PlanGroup>();

  constructor(groups: readonly PlanGroup[]) {
    this.groups = new Map(groups.map((group) => [group.name, group]));
  }

  /** The addresses as an expression: one, a named set or a set of its own. */
  expression(addresses: readonly AddressRange[], name: string | undefined): string {
    const [only, ...more] = addresses;
    if (only !== undefined && more.length === 0) return formatRange(only);
    const group = name === undefined ? undefined : this.groups.get(name);
    if (group === undefined || group.addresses !== addresses) {
      return `{ ${addresses.map(formatRange).join(', ')} }`;
    }
    this.used.set(group.name, group);
    return `@${this.words.wordFor(group.name)}`;
  }

  lines(): string[] {
    return [...this.used.values()].flatMap(({ name, addresses }) => {
      const single = addresses.every(({ first, last }) => first.join() === last.join());
      return [
        `  set ${this.words.wordFor(name)} {`,
        `    type ${addresses[0]!.family === 4 ? 'ipv4_addr' : 'ipv6_addr'}`,
        ...(single ? [] : ['    flags interval']),
        `    elements = { ${addresses.map(formatRange).join(', ')} }`,
        '  }',
      ];
    });
  }
}

function linesOf(rule: FilterRule, sets: Sets, refusals: Refusal[]): string[] {
  const what = unexpressed(rule);
  if (what !== undefined) {
    refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what });
    return [];
  }
  const shared = conditions(rule, sets);
  const ends = endings(rule);
  return alternatives(rule).flatMap((last) =>
    ends.map((end) => [...shared, ...last, ...states(rule), end].join(' ')),
  );
}

/** Why the rule cannot be written as it stands. */
function unexpressed({ action, match }: FilterRule): string | undefined {
  if (action === 'jump' || action === 'goto' || action === 'return') return 'A plan has no jumps.';
  if (match.laterFragment !== undefined) {
    return 'Rules for fragments are not written: connection tracking puts fragments together first.';
  }
  const lists = [match.source, match.destination, match.protocols, match.destinationPorts];
  if ([...lists, match.sourcePorts, match.icmp].some((list) => list?.length === 0)) {
    return 'The rule matches nothing.';
  }
  const named = [match.inInterfaces, match.outInterfaces, match.notInInterfaces];
  if ([...named, match.notOutInterfaces].some((names) => !(names ?? []).every(isInterfaceName))) {
    return 'The name of an interface has more than letters, digits and “_.@:-”, or is too long.';
  }
  const families = [match.source, match.destination].flatMap(
    (side) => side?.map(({ family }) => family) ?? [],
  );
  if (new Set(families).size > 1) return 'A rule has addresses of one family.';
  const protocols = match.protocols?.length === 1 ? match.protocols[0] : undefined;
  const single = protocols !== undefined && protocols.first === protocols.last;
  const family = match.family ?? families[0];
  if (family !== 4 && single && PASSED_OVER.includes(protocols.first)) {
    return `Over IPv6, nft never finds protocol ${protocols.first}.`;
  }
  const asksPorts = match.sourcePorts !== undefined || match.destinationPorts !== undefined;
  if (asksPorts && !(single && PORT_WORDS.has(protocols.first))) {
    return 'Ports stand with one protocol that has ports.';
  }
  const asksType = match.icmp !== undefined;
  if (asksType && !(single && (protocols.first === 1 || protocols.first === 58))) {
    return 'ICMP types stand with ICMP or ICMPv6.';
  }
  return undefined;
}

const numbers = (ranges: readonly NumberRange[]): string => {
  const words = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  return words.length === 1 ? words[0]! : `{ ${words.join(', ')} }`;
};

const quotedNames = (names: readonly string[]): string =>
  `{ ${names.map((name) => `"${name}"`).join(', ')} }`;

function conditions(rule: FilterRule, sets: Sets): string[] {
  const { match, sourceGroup, destinationGroup } = rule;
  const words: string[] = [];
  if (match.inInterfaces) words.push(`iifname ${quotedNames(match.inInterfaces)}`);
  if (match.outInterfaces) words.push(`oifname ${quotedNames(match.outInterfaces)}`);
  if (match.notInInterfaces) words.push(`iifname != ${quotedNames(match.notInInterfaces)}`);
  if (match.notOutInterfaces) words.push(`oifname != ${quotedNames(match.notOutInterfaces)}`);
  const { source, destination } = match;
  const ip = (side: readonly AddressRange[]) => (side[0]!.family === 4 ? 'ip' : 'ip6');
  if (source) words.push(`${ip(source)} saddr ${sets.expression(source, sourceGroup)}`);
  if (destination) {
    words.push(`${ip(destination)} daddr ${sets.expression(destination, destinationGroup)}`);
  }
  const named = source ?? destination;
  if (match.family !== undefined && match.family !== named?.[0]?.family) {
    words.push(`meta nfproto ipv${match.family}`);
  }
  return words;
}

/** What is asked above IP; several lines where nft cannot say it in one. */
function alternatives({ match }: FilterRule): string[][] {
  const { protocols, sourcePorts, destinationPorts, icmp, tcpFlags } = match;
  if (protocols === undefined) return [[]];
  const name = PORT_WORDS.get(protocols[0]!.first);
  if (icmp !== undefined) {
    const keyword = protocols[0]!.first === 1 ? 'icmp' : 'icmpv6';
    const bare = icmp.filter(({ code }) => code === undefined).map(({ type }) => type);
    const coded = icmp.filter(({ code }) => code !== undefined);
    return [
      ...(bare.length === 0 ? [] : [[`${keyword} type ${numbers(bare)}`]]),
      ...coded.map(({ type, code }) => [
        `${keyword} type ${numbers([type])} ${keyword} code ${numbers([code!])}`,
      ]),
    ];
  }
  const words: string[] = [];
  if (sourcePorts) words.push(`${name} sport ${numbers(sourcePorts)}`);
  if (destinationPorts) words.push(`${name} dport ${numbers(destinationPorts)}`);
  if (words.length === 0) words.push(`meta l4proto ${numbers(protocols)}`);
  if (tcpFlags === undefined) return [words];
  const hex = (value: number) => `0x${value.toString(16).padStart(2, '0')}`;
  return tcpFlags.map(({ mask, value }: FlagsMatch) => [
    ...words,
    `tcp flags & ${hex(mask)} == ${hex(value)}`,
  ]);
}

function states({ match }: FilterRule): string[] {
  return match.states === undefined ? [] : [`ct state ${match.states.join(',')}`];
}

/** What the rule does, as one ending or, where logging has a limit of its own, as two. */
function endings({ action, log, id, comment }: FilterRule): string[] {
  const told = [id, comment].filter((part) => part !== undefined).join(' ');
  const remark = told === '' ? '' : ` comment "${plainText(told, MOST_COMMENT)}"`;
  const prefix = log && `log prefix "${plainText(log.prefix, MOST_PREFIX - 1)} "`;
  if (log?.perSecond !== undefined) {
    const limited = `limit rate ${Math.max(1, Math.floor(log.perSecond))}/second ${prefix}`;
    return action === 'continue' ? [limited] : [limited, `counter ${action}${remark}`];
  }
  const first = prefix === undefined ? '' : `${prefix} `;
  return [`${first}counter${action === 'continue' ? '' : ` ${action}`}${remark}`];
}
