/**
 * Palo Alto Networks PAN-OS as `set` commands: security rules from any zone to any, with address
 * objects, static groups and services of their own (PAN-OS Administrator's Guide, "Security Policy";
 * CLI Quick Start). A rule is looked up for the first packet of a session; answers pass by it.
 *
 * `application any` with a service decides by ports alone. ICMP has no services: only echo requests
 * over IPv4 can be asked for, by the application ping; what else App-ID would have to recognise is
 * refused.
 */

import type { Family } from '../net/address.ts';
import { prefixesOfRange, wholeFamily } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import { managementLines } from './management-lines.ts';
import { parsePanos } from './pan-os-parse.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';

/** Longest name of an address, a service or a rule. */
const MOST_NAME = 60;
const MOST_DESCRIPTION = 200;
/** Members of one static address group. */
const MOST_MEMBERS = 2500;
const ACTIONS = { accept: 'allow', drop: 'drop', reject: 'reset-both' } as const;
const SERVICE_WORD: Readonly<Record<number, string>> = { [TCP]: 'tcp', [UDP]: 'udp' };

export const panos: Platform = {
  name: 'pan-os',
  aliases: ['panos', 'paloalto'],
  title: 'Palo Alto Networks PAN-OS',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'the management interface does not pass these rules; interface management profiles',
      'stay as they are, but in-band management does need a rule of the policy.',
    ],
    logs: true,
    sources: [
      'PAN-OS 10.2 Administrator’s Guide: Security Policy; Use Application Objects in Policy',
      'PAN-OS 10.2 CLI Quick Start; configuration hierarchy: address, address-group, service, ' +
        'rulebase security rules',
    ],
  },
  render,
  parse: parsePanos,
};

function render(plan: Plan): Rendered {
  const { rules, refusals } = sessionRules(plan, {
    groups: () => true,
    portProtocols: [TCP, UDP],
  });
  const refused = rules.flatMap(unexpressed);
  if (refusals.length + refused.length > 0) return { refusals: [...refusals, ...refused] };
  const writer = new PanWriter();
  for (const rule of rules) writer.rule(rule);
  return { text: [...head(plan), ...writer.lines(), ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for PAN-OS, written by Portreeve.`,
    '# Everything that is not allowed is dropped, within a zone as well.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    no other security rules, no application override; IPv6 firewalling turned on.',
    ...managementLines(panos, '#', plan),
    '# Keep:     save config to before-portreeve.xml',
    '# Install:  set cli scripting-mode on; configure; paste without these lines; validate full;',
    '#           commit; try',
    '# Verify:   test security-policy-match source A destination B protocol 6 destination-port PORT',
    '# Go back:  load config from before-portreeve.xml; commit',
  ];
}

function unexpressed({ rule, entries }: SessionRule): Refusal[] {
  const of = rule.id === undefined ? {} : { rule: rule.id };
  for (const { protocol, icmpType, icmpCode, destinationPorts, source, destination } of entries) {
    const what = (() => {
      const sides = [source, destination];
      if (sides.some((side) => side.kind === 'group' && side.prefixes.length > MOST_MEMBERS)) {
        return `A group has at most ${MOST_MEMBERS} addresses.`;
      }
      if (protocol === undefined) return undefined;
      if (protocol === ICMP || protocol === ICMPV6) {
        const isEcho = protocol === ICMP && icmpType === 8 && icmpCode === undefined;
        return isEcho ? undefined : 'Of ICMP only echo requests over IPv4 can be asked for.';
      }
      if (SERVICE_WORD[protocol] === undefined) {
        return `Protocol ${protocol} can be told by App-ID alone.`;
      }
      return destinationPorts === undefined ? 'TCP and UDP stand with ports.' : undefined;
    })();
    if (what !== undefined) {
      return [
        { ...of, what, instead: 'Ask for tcp or udp with ports, or for echo requests over IPv4.' },
      ];
    }
  }
  return [];
}

class PanWriter {
  private readonly addressWords = new Words('PR_', MOST_NAME);
  private readonly serviceWords = new Words('PR_', MOST_NAME);
  private readonly ruleWords = new Words('PR_', MOST_NAME);
  private readonly known = new Map<string, string>();
  private readonly addresses: string[] = [];
  private readonly groups: string[] = [];
  private readonly services: string[] = [];
  private readonly rules: string[] = [];
  private count = 0;

  lines(): string[] {
    return [...this.addresses, ...this.groups, ...this.services, ...this.rules];
  }

  rule({ rule, action, entries, told }: SessionRule): void {
    const [entry] = entries;
    if (entry === undefined) return;
    // Sets stay together, so all entries of a rule have the same two sides and protocol.
    const { family, protocol } = entry;
    const sides = [entry.source, entry.destination];
    const unlimited = sides.every(({ kind }) => kind === 'any');
    const [source, destination] = sides.map((side) =>
      this.side(side, unlimited ? family : undefined),
    );
    const start = `set rulebase security rules ${this.ruleWords.wordFor(`${rule.id ?? 'rule'}_${++this.count}`)}`;
    if (told !== '') this.rules.push(`${start} description "${plainText(told, MOST_DESCRIPTION)}"`);
    this.rules.push(
      `${start} from any to any source ${source} destination ${destination} source-user any category any ${this.asked(entries, protocol)} action ${ACTIONS[action]} log-end ${rule.log === undefined ? 'no' : 'yes'}`,
    );
  }

  private asked(entries: readonly Entry[], protocol: number | undefined): string {
    if (protocol === undefined) return 'application any service any';
    if (protocol === ICMP) return 'application ping service any';
    return `application any service ${list(entries.map((entry) => this.service(entry)))}`;
  }

  private side(side: EntrySide, family: Family | undefined): string {
    if (side.kind === 'any') {
      return family === undefined ? 'any' : this.address(prefixesOfRange(wholeFamily(family))[0]!);
    }
    if (side.kind === 'prefix') return this.address(side.prefix);
    const members = side.prefixes.map((prefix) => this.address(prefix)).join(' ');
    const key = `group ${members}`;
    let name = this.known.get(key);
    if (name === undefined) {
      // Groups of two rules may have one name and other members; the count keeps them apart.
      name = this.addressWords.wordFor(`${side.name ?? 'unnamed'}_group_${this.known.size}`);
      this.known.set(key, name);
      this.groups.push(`set address-group ${name} static [ ${members} ]`);
    }
    return name;
  }

  private address(prefix: Prefix): string {
    const text = formatPrefix(prefix);
    let name = this.known.get(text);
    if (name === undefined) {
      name = this.addressWords.wordFor(text);
      this.known.set(text, name);
      this.addresses.push(`set address ${name} ip-netmask ${text}`);
    }
    return name;
  }

  private service({ protocol, sourcePorts, destinationPorts }: Entry): string {
    const word = SERVICE_WORD[protocol ?? 0];
    const from = sourcePorts === undefined ? '' : ` source-port ${portText(sourcePorts)}`;
    const settings = `${word} port ${portText(destinationPorts)}${from}`;
    let name = this.known.get(settings);
    if (name === undefined) {
      name = this.serviceWords.wordFor(settings.replace(/ port /, '_'));
      this.known.set(settings, name);
      this.services.push(`set service ${name} protocol ${settings}`);
    }
    return name;
  }
}

function list(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `[ ${names.join(' ')} ]`;
}

function portText(range: NumberRange | undefined): string {
  const { first, last } = range ?? { first: 0, last: 65_535 };
  return first === last ? `${first}` : `${first}-${last}`;
}
