/**
 * OpenBSD's pf as a `pf.conf` of its own, also for FreeBSD: tables for sets, every rule `quick`, so
 * that the first that matches decides (pf.conf(5), OpenBSD 7.6). pf asks its rules for packets that
 * belong to no state; answers and their ICMP errors pass by the state. Fragments are put together
 * before any rule is asked (`set reassemble yes`).
 */

import { type AddressRange, isWholeFamily, prefixesOfRange } from '../net/address-range.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { managementLines } from './management-lines.ts';
import { parsePf } from './pf-parse.ts';
import { unwritable } from './plain-rule.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';

/** PF_TABLE_NAME_SIZE less the final zero. */
const MOST_TABLE_NAME = 31;
const MOST_LABEL = 63;
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp6',
};

export const pf: Platform = {
  name: 'pf',
  aliases: ['openbsd-pf', 'pf.conf'],
  title: 'pf (OpenBSD, FreeBSD)',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'everything to and from the firewall itself is let through, to keep it manageable. The',
      'text takes the place of all rules: restrict management with rules of your own.',
    ],
    logs: true,
    sources: ['pf.conf(5) of OpenBSD 7.6'],
  },
  render,
  parse: parsePf,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const [chain, ...others] = plan.filter.chains;
  if (chain?.hook !== 'forward' || others.length > 0 || chain.otherwise === 'reject') {
    return {
      refusals: [{ what: 'Only what is forwarded is filtered, and dropped or passed at the end.' }],
    };
  }
  const writer = new PfWriter(refusals);
  for (const rule of chain.rules) writer.rule(rule);
  if (refusals.length > 0) return { refusals };
  return {
    text: [
      ...head(plan),
      'set skip on lo',
      'set reassemble yes',
      ...writer.tables,
      '# The firewall itself is not the matter of this policy: restrict it apart.',
      'pass quick from self',
      'pass quick to self',
      '# Never forwarded: neighbours of IPv6, routing protocols, CARP, DHCP.',
      'pass quick to { 224.0.0.0/24 255.255.255.255 ff02::/16 }',
      ...writer.rules,
      `${chain.otherwise === 'accept' ? 'pass' : 'block drop'} quick all`,
      '',
    ].join('\n'),
    refusals: [],
  };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for pf, written by Portreeve.`,
    '# Everything that is not allowed is dropped.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    ...managementLines(pf, '#', plan),
    '# Keep:     cp /etc/pf.conf /etc/pf.conf.before',
    '# Check:    pfctl -nf THIS-FILE',
    '# Install:  pfctl -f THIS-FILE; sleep 60; pfctl -f /etc/pf.conf.before, in one line, to try it',
    '# Verify:   pfctl -vsr; tcpdump -nettti pflog0',
    '# Go back:  pfctl -f /etc/pf.conf.before',
  ];
}

class PfWriter {
  readonly tables: string[] = [];
  readonly rules: string[] = [];
  private readonly refusals: Refusal[];
  private readonly words = new Words('PR_', MOST_TABLE_NAME);
  private readonly known = new Map<string, string>();
  private unnamed = 0;

  constructor(refusals: Refusal[]) {
    this.refusals = refusals;
  }

  rule(rule: FilterRule): void {
    const { match, action, log } = rule;
    const states = match.states?.join(' ');
    const answers = states === 'established related' && Object.keys(match).length === 1;
    // What belongs to a state passes unasked.
    if (answers && action === 'accept') return;
    const what = unexpressed(rule);
    if (what !== undefined) {
      this.refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what });
      return;
    }
    const family = match.source?.[0]?.family ?? match.destination?.[0]?.family ?? match.family;
    const verb = action === 'accept' ? 'pass' : action === 'drop' ? 'block drop' : 'block return';
    const logs = log === undefined ? '' : ' log';
    const inet = family === undefined ? '' : family === 4 ? ' inet' : ' inet6';
    const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
    if (told !== '') this.rules.push(`# ${plainText(told, 200)}`);
    const label = rule.id === undefined ? '' : ` label "${plainText(rule.id, MOST_LABEL)}"`;
    const source = this.side(match.source, rule.sourceGroup);
    const destination = this.side(match.destination, rule.destinationGroup);
    const from = ` from ${source}${portWords(match.sourcePorts)}`;
    const to = ` to ${destination}${portWords(match.destinationPorts)}`;
    const protocols = match.protocols?.map(({ first }) => first) ?? [undefined];
    for (const number of protocols) {
      const proto = number === undefined ? '' : ` proto ${PROTOCOL_WORD[number] ?? number}`;
      // Also segments in the middle of a connection open a state, as elsewhere.
      const flags = action === 'accept' && number === 6 ? ' flags any' : '';
      for (const message of match.icmp?.flatMap((one) => messageWords(one, number)) ?? ['']) {
        this.rules.push(
          `${verb}${logs} quick${inet}${proto}${from}${to}${message}${flags}${label}`,
        );
      }
    }
  }

  private side(ranges: readonly AddressRange[] | undefined, group: string | undefined): string {
    if (ranges === undefined || ranges.some(isWholeFamily)) return 'any';
    const prefixes = ranges.flatMap(prefixesOfRange).map(formatPrefix);
    if (prefixes.length === 1) return prefixes[0]!;
    const members = prefixes.join(' ');
    let name = this.known.get(members);
    if (name === undefined) {
      name = this.words.wordFor(group ?? `set_${++this.unnamed}`);
      this.known.set(members, name);
      this.tables.push(`table <${name}> const { ${members} }`);
    }
    return `<${name}>`;
  }
}

function unexpressed(rule: FilterRule): string | undefined {
  const { action, match } = rule;
  if (action !== 'accept' && action !== 'drop' && action !== 'reject')
    return 'A plan has no jumps.';
  if (match.states !== undefined && match.states.join(' ') !== 'new') {
    return 'A rule is asked for first packets of connections, and nothing else.';
  }
  if (action === 'accept' && match.states === undefined) {
    return 'A rule allows first packets of connections, and nothing else.';
  }
  return unwritable(rule, [TCP, UDP]);
}

function portWords(ports: readonly NumberRange[] | undefined): string {
  if (ports === undefined) return '';
  const words = ports.map(({ first, last }) => (first === last ? `${first}` : `${first}:${last}`));
  return words.length === 1 ? ` port ${words[0]}` : ` port { ${words.join(' ')} }`;
}

function messageWords({ type, code }: IcmpMatch, protocol: number | undefined): string[] {
  const word = protocol === 58 ? 'icmp6-type' : 'icmp-type';
  const numbers = ({ first, last }: NumberRange): number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const any = code === undefined || (code.first === 0 && code.last === 255);
  return numbers(type).flatMap((one) =>
    any ? [` ${word} ${one}`] : numbers(code).map((own) => ` ${word} ${one} code ${own}`),
  );
}
