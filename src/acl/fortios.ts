/**
 * FortiOS: firewall policies for IPv4 and IPv6 together, with addresses, groups and custom services
 * of their own (FortiOS 7.4 CLI Reference: config firewall address, service custom, policy).
 * FortiOS asks its policies for the first packet of a session; answers pass by the session.
 */
import type { Family } from '../net/address.ts';
import { formatAddress, formatIPv4 } from '../net/address.ts';
import { type AddressRange, isWholeFamily, prefixesOfRange } from '../net/address-range.ts';
import { ICMP, ICMPV6 } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { parseFortios } from './fortios-parse.ts';
import { managementLines } from './management-lines.ts';
import { unwritable } from './plain-rule.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, textWithoutAngles, Words } from './safe-text.ts';

/** Longest names of addresses and groups; of policies. */
const MOST_NAME = 60;
const MOST_POLICY_NAME = 35;
const MOST_COMMENT = 200;
const PORT_KEY: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

export const fortios: Platform = {
  name: 'fortios',
  aliases: ['fortigate', 'fortinet'],
  title: 'FortiOS (FortiGate)',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      '“set allowaccess” and local-in policies decide who manages the device; neither is',
      'written, both stay as they are.',
    ],
    logs: true,
    sources: [
      'FortiOS 7.4 CLI Reference: firewall address, addrgrp, service custom, policy, vip, system ' +
        'zone; Administration Guide: Text strings',
    ],
  },
  render,
  parse: parseFortios,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const [chain, ...others] = plan.filter.chains;
  if (chain?.hook !== 'forward' || others.length > 0 || chain.otherwise !== 'drop') {
    return { refusals: [{ what: 'Only what is forwarded is filtered, and denied at the end.' }] };
  }
  const writer = new FortiWriter(refusals);
  for (const rule of chain.rules) writer.rule(rule);
  if (refusals.length > 0) return { refusals };
  return { text: [...head(plan), ...writer.lines(), ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for FortiOS, written by Portreeve.`,
    '# Everything that is not allowed is denied.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    no other policy before these; the numbers 1 and up are theirs.',
    ...managementLines(fortios, '#', plan),
    '# Keep:     execute backup config flash before-portreeve',
    '# Install:  config system global, set cfg-save revert, set cfg-revert-timeout 600; paste; try;',
    '#           execute cfg save',
    '# Verify:   diagnose firewall iprope lookup SOURCE PORT TARGET PORT tcp INTERFACE',
    '# Go back:  execute cfg reload, or restore the backup',
  ];
}

class FortiWriter {
  private readonly refusals: Refusal[];
  private readonly words = new Words('PR_', MOST_NAME);
  private readonly addresses: Record<Family, string[]> = { 4: [], 6: [] };
  private readonly groups: Record<Family, string[]> = { 4: [], 6: [] };
  private readonly services: string[] = [];
  private readonly policies: string[] = [];
  private readonly known = new Map<string, string>();
  private count = 0;

  constructor(refusals: Refusal[]) {
    this.refusals = refusals;
  }

  lines(): string[] {
    const section = (name: string, lines: readonly string[]): string[] =>
      lines.length === 0 ? [] : [`config firewall ${name}`, ...lines, 'end'];
    return [
      ...section('address', this.addresses[4]),
      ...section('address6', this.addresses[6]),
      ...section('addrgrp', this.groups[4]),
      ...section('addrgrp6', this.groups[6]),
      ...section('service custom', this.services),
      ...section('policy', this.policies),
    ];
  }

  rule(rule: FilterRule): void {
    const { match, action, log } = rule;
    const answers = match.states?.join(' ') === 'established related';
    // What belongs to a session passes unasked.
    if (answers && Object.keys(match).length === 1 && action === 'accept') return;
    const what = unexpressed(rule);
    if (what !== undefined) {
      this.refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what });
      return;
    }
    const of = match.source?.[0]?.family ?? match.destination?.[0]?.family ?? match.family;
    const families: readonly Family[] = of === undefined ? [4, 6] : [of];
    const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
    const services = this.servicesOf(rule);
    const number = ++this.count;
    this.policies.push(
      `    edit ${number}`,
      `        set name "${plainText(rule.id ?? '', MOST_POLICY_NAME - 6) || 'rule'}_${number}"`,
      '        set srcintf "any"',
      '        set dstintf "any"',
      ...families.flatMap((family) => {
        const six = family === 6 ? '6' : '';
        return [
          `        set srcaddr${six} "${this.side(family, match.source, rule.sourceGroup)}"`,
          `        set dstaddr${six} "${this.side(family, match.destination, rule.destinationGroup)}"`,
        ];
      }),
      `        set action ${action === 'accept' ? 'accept' : 'deny'}`,
      '        set schedule "always"',
      `        set service ${services.map((name) => `"${name}"`).join(' ')}`,
      `        set logtraffic ${log === undefined ? 'disable' : 'all'}`,
      ...(told === '' ? [] : [`        set comments "${textWithoutAngles(told, MOST_COMMENT)}"`]),
      '    next',
    );
  }

  private side(
    family: Family,
    ranges: readonly AddressRange[] | undefined,
    group: string | undefined,
  ): string {
    if (ranges === undefined || ranges.some(isWholeFamily)) return 'all';
    const prefixes = ranges.flatMap(prefixesOfRange);
    const members = prefixes.map((prefix) => this.address(prefix));
    if (members.length === 1) return members[0]!;
    const key = `group ${members.join(' ')}`;
    let name = this.known.get(key);
    if (name === undefined) {
      name = this.words.wordFor(`${group ?? 'set'}_group_${this.known.size}`);
      this.known.set(key, name);
      this.groups[family].push(
        `    edit "${name}"`,
        `        set member ${members.map((member) => `"${member}"`).join(' ')}`,
        '    next',
      );
    }
    return name;
  }

  private address(prefix: Prefix): string {
    const text = formatPrefix(prefix);
    let name = this.known.get(text);
    if (name === undefined) {
      name = this.words.wordFor(text);
      this.known.set(text, name);
      const { family, words, length } = prefix;
      const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
      const value =
        family === 4
          ? `set subnet ${formatAddress({ family, words })} ${formatIPv4(mask)}`
          : `set ip6 ${text}`;
      this.addresses[family].push(`    edit "${name}"`, `        ${value}`, '    next');
    }
    return name;
  }

  private servicesOf({ match }: FilterRule): string[] {
    if (match.protocols === undefined) return ['ALL'];
    return match.protocols.flatMap(({ first }) => {
      if (match.icmp !== undefined) {
        return match.icmp
          .flatMap(messagesOf)
          .map((settings) =>
            this.service([`set protocol ${first === ICMP ? 'ICMP' : 'ICMP6'}`, ...settings]),
          );
      }
      const key = PORT_KEY[first];
      if (key !== undefined) {
        const range = portRanges(match.destinationPorts, match.sourcePorts);
        return [this.service(['set protocol TCP/UDP/SCTP', `set ${key}-portrange ${range}`])];
      }
      return [this.service(['set protocol IP', `set protocol-number ${first}`])];
    });
  }

  private service(settings: readonly string[]): string {
    const key = settings.join('\n');
    let name = this.known.get(key);
    if (name === undefined) {
      name = this.words.wordFor(`service_${this.known.size}`);
      this.known.set(key, name);
      this.services.push(
        `    edit "${name}"`,
        ...settings.map((line) => `        ${line}`),
        '    next',
      );
    }
    return name;
  }
}

function unexpressed(rule: FilterRule): string | undefined {
  const { action, match } = rule;
  if (action !== 'accept' && action !== 'drop') return 'A rule accepts or drops.';
  const states = match.states?.join(' ');
  if (states !== 'new' && !(states === undefined && action === 'drop')) {
    return 'A rule is asked for first packets of connections, and nothing else.';
  }
  const numbers = match.protocols?.map(({ first }) => first) ?? [];
  const asksPorts = match.sourcePorts !== undefined || match.destinationPorts !== undefined;
  if (!asksPorts && numbers.some((one) => PORT_KEY[one] !== undefined)) {
    return 'TCP, UDP and SCTP stand with ports.';
  }
  if (match.icmp === undefined && numbers.some((one) => one === ICMP || one === ICMPV6)) {
    return 'ICMP stands with types.';
  }
  return unwritable(rule, Object.keys(PORT_KEY).map(Number));
}

/** `80 443-445` or, with source ports, `80:1024-65535`. */
function portRanges(
  to: readonly NumberRange[] | undefined,
  from: readonly NumberRange[] | undefined,
): string {
  const text = ({ first, last }: NumberRange): string =>
    first === last ? `${first}` : `${first}-${last}`;
  const any = [{ first: 0, last: 65_535 }];
  return (to ?? any)
    .flatMap((one) =>
      from === undefined ? [text(one)] : from.map((two) => `${text(one)}:${text(two)}`),
    )
    .join(' ');
}

function messagesOf({ type, code }: IcmpMatch): string[][] {
  const numbers = ({ first, last }: NumberRange): number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const any = code === undefined || (code.first === 0 && code.last === 255);
  return numbers(type).flatMap((one) =>
    any
      ? [[`set icmptype ${one}`]]
      : numbers(code).map((own) => [`set icmptype ${one}`, `set icmpcode ${own}`]),
  );
}
