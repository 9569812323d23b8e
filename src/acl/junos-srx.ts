/**
 * Juniper SRX as `set` commands: global policies over all zones, addresses of the global address
 * book, and applications of their own, without application layer gateways (Junos OS Security
 * Policies User Guide). A policy is looked up for the first packet of a session; answers pass by it.
 */
import type { Family } from '../net/address.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import { parseSrx } from './junos-srx-parse.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Rendered } from './platform.ts';
import { plainText, textWithoutAngles, Words } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';

/** Longest name of an address, an application or a policy. */
const MOST_NAME = 60;
const MOST_DESCRIPTION = 200;
const ACTIONS = { accept: 'permit', drop: 'deny', reject: 'reject' } as const;
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  [ICMP]: 'icmp',
  [TCP]: 'tcp',
  [UDP]: 'udp',
  [ICMPV6]: 'icmp6',
};

export const junosSrx: Platform = {
  name: 'junos-srx',
  aliases: ['srx'],
  title: 'Juniper SRX policies',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'host-inbound-traffic of the zones decides who manages the device, and is not written.',
      'Not tried on a device: keep to “commit confirmed” until you have logged in anew.',
    ],
    logs: true,
    sources: [
      'Junos OS Security Policies User Guide for Security Devices: Global Security Policies; ' +
        'Address Books and Address Sets; Policy Applications',
      'Junos OS CLI Reference: application (Applications), policy (Security), description (Security Policies), ' +
        'address-book',
    ],
  },
  render,
  parse: parseSrx,
};

function render(plan: Plan): Rendered {
  const { rules, refusals } = sessionRules(plan, {
    groups: () => true,
    portProtocols: [TCP, UDP],
  });
  if (refusals.length > 0) return { refusals };
  const writer = new SrxWriter();
  for (const rule of rules) writer.rule(rule);
  return { text: [...head(plan), ...writer.lines(), ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for Juniper SRX, written by Portreeve.`,
    '# Everything that is not allowed is denied, within a zone as well.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    no policies from zone to zone, which are asked first, and no other global ones.',
    '#           IPv6 passes only where security forwarding-options family inet6 is flow-based.',
    ...managementLines(junosSrx, '#', plan),
    '# Keep:     save before-portreeve',
    '# Install:  load set terminal, paste; commit check; commit confirmed 10; try; commit',
    '# Verify:   show security match-policies global source-ip A destination-ip B source-port 40000',
    '#           destination-port PORT protocol tcp',
    '# Go back:  rollback 1, commit; without the second commit the device does so after 10 minutes',
  ];
}

class SrxWriter {
  private readonly addressWords = new Words('PR_', MOST_NAME);
  private readonly applicationWords = new Words('PR_', MOST_NAME);
  private readonly policyWords = new Words('PR_', MOST_NAME);
  private readonly known = new Map<string, string>();
  private readonly book: string[] = [];
  private readonly applications: string[] = [];
  private readonly policies: string[] = [];
  private count = 0;

  lines(): string[] {
    return [...this.book, ...this.applications, ...this.policies];
  }

  rule({ rule, action, entries, told }: SessionRule): void {
    const [entry] = entries;
    if (entry === undefined) return;
    // Sets stay together, so all entries of a rule have the same two sides.
    const { family } = entry;
    const name = this.policyWords.wordFor(`${rule.id ?? 'rule'}_${++this.count}`);
    const applications = [...new Set(entries.map((one) => this.application(one)))];
    const policy = `set security policies global policy ${name}`;
    this.policies.push(
      ...(told === ''
        ? []
        : [`${policy} description "${textWithoutAngles(told, MOST_DESCRIPTION)}"`]),
      `${policy} match source-address ${this.side(family, entry.source)}`,
      `${policy} match destination-address ${this.side(family, entry.destination)}`,
      ...applications.map((application) => `${policy} match application ${application}`),
      `${policy} then ${ACTIONS[action]}`,
      // A session that is denied never closes.
      ...(rule.log === undefined ? [] : [`${policy} then log session-init`]),
    );
  }

  private side(family: Family | undefined, side: EntrySide): string {
    if (side.kind === 'any') return family === undefined ? 'any' : `any-ipv${family}`;
    if (side.kind === 'prefix') return this.address(side.prefix);
    const members = side.prefixes.map((prefix) => this.address(prefix));
    const key = `set ${members.join(' ')}`;
    let name = this.known.get(key);
    if (name === undefined) {
      // Sets of two rules may have one name and other members; the count keeps them apart.
      name = this.addressWords.wordFor(`${side.name ?? 'unnamed'}_set_${this.known.size}`);
      this.known.set(key, name);
      for (const member of members) {
        this.book.push(`set security address-book global address-set ${name} address ${member}`);
      }
    }
    return name;
  }

  private address(prefix: Prefix): string {
    const text = formatPrefix(prefix);
    let name = this.known.get(text);
    if (name === undefined) {
      name = this.addressWords.wordFor(text);
      this.known.set(text, name);
      this.book.push(`set security address-book global address ${name} ${text}`);
    }
    return name;
  }

  private application(entry: Entry): string {
    const { protocol, icmpType, icmpCode, sourcePorts, destinationPorts } = entry;
    if (protocol === undefined) return 'any';
    const six = protocol === ICMPV6 ? '6' : '';
    const settings = [
      `protocol ${PROTOCOL_WORD[protocol] ?? protocol}`,
      ...(sourcePorts === undefined ? [] : [`source-port ${portText(sourcePorts)}`]),
      ...(destinationPorts === undefined ? [] : [`destination-port ${portText(destinationPorts)}`]),
      ...(icmpType === undefined ? [] : [`icmp${six}-type ${icmpType}`]),
      ...(icmpCode === undefined ? [] : [`icmp${six}-code ${icmpCode}`]),
    ].join(' ');
    let name = this.known.get(settings);
    if (name === undefined) {
      name = this.applicationWords.wordFor(settings.replace(/protocol |destination-port /g, ''));
      this.known.set(settings, name);
      this.applications.push(`set applications application ${name} term t1 ${settings}`);
    }
    return name;
  }
}

function portText({ first, last }: NumberRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
