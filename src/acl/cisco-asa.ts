/**
 * Cisco ASA and FTD's LINA: one extended access list for both families, applied to all interfaces
 * by `access-group … global`, network object groups (ASA Series General Operations CLI Guide 9.x,
 * "Access Control Lists", "Objects for Access Control"). The ASA asks its list for the first packet
 * of a connection only; answers pass by its connection table.
 */

import { formatAddress, formatIPv4 } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { parseAsa } from './cisco-asa-parse.ts';
import { type Entry, type EntrySide, entriesOf, NotFlat } from './flat-entries.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';

const LIST = 'PR_GLOBAL';
const MOST_REMARK = 100;
const MOST_NAME = 64;
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp6',
};

export const ciscoAsa: Platform = {
  name: 'cisco-asa',
  aliases: ['asa', 'ftd'],
  title: 'Cisco ASA access list',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'without “control-plane” the list does not see packets to the ASA itself: “ssh”, “http”',
      'and management-access decide about those, and stay as they are.',
    ],
    logs: true,
    sources: [
      'Cisco ASA Series Command Reference: access-list extended, object-group, access-group',
      'Cisco ASA Series General Operations CLI Configuration Guide 9.16: Access Control Lists',
    ],
  },
  render,
  parse: parseAsa,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const [chain, ...others] = plan.filter.chains;
  if (chain?.hook !== 'forward' || others.length > 0) {
    return {
      refusals: [{ what: 'A global access list filters what is forwarded, and nothing else.' }],
    };
  }
  const writer = new AsaWriter(refusals);
  for (const rule of chain.rules) writer.rule(rule);
  if (chain.otherwise === 'accept')
    writer.entries.push(`access-list ${LIST} extended permit ip any any`);
  if (refusals.length > 0) return { refusals };
  return {
    text: [
      ...head(plan),
      ...writer.groups,
      ...writer.entries,
      `access-group ${LIST} global`,
      '',
    ].join('\n'),
    refusals: [],
  };
}

function head(plan: Plan): string[] {
  return [
    `! Policy ${plainText(plan.name, 80)} for Cisco ASA, written by Portreeve.`,
    '! Everything that is not allowed is denied, between interfaces of any security level.',
    ...plan.remarks.map((remark) => `! ${plainText(remark, 200)}`),
    '! Needs:    inspection of icmp and icmp error in the global policy, for answers and path MTU;',
    '!           access lists of single interfaces are asked before this one: remove theirs.',
    ...managementLines(ciscoAsa, '!', plan),
    '! Keep:     show running-config access-list; show running-config access-group',
    `! Install:  clear configure access-list ${LIST}, then paste; reload in 10 first, reload cancel after`,
    `! Verify:   show access-list ${LIST}; packet-tracer input INTERFACE tcp SOURCE PORT TARGET PORT`,
    `! Go back:  no access-group ${LIST} global`,
  ];
}

class AsaWriter {
  readonly groups: string[] = [];
  readonly entries: string[] = [];
  private readonly refusals: Refusal[];
  private readonly words = new Words('PR_', MOST_NAME);
  private readonly known = new Map<string, string>();
  private unnamed = 0;

  constructor(refusals: Refusal[]) {
    this.refusals = refusals;
  }

  rule(rule: FilterRule): void {
    const { states } = rule.match;
    // Answers pass by the connection table, unasked.
    const answers = states?.length === 2 && states[0] === 'established' && states[1] === 'related';
    if (answers && rule.action === 'accept' && Object.keys(rule.match).length === 1) return;
    if (rule.action === 'accept' && (states?.length !== 1 || states[0] !== 'new')) {
      this.refuse(rule, 'A rule allows first packets of connections, and nothing else.');
      return;
    }
    const { states: _, ...match } = rule.match;
    let entries: Entry[];
    try {
      entries = entriesOf({ ...rule, match }, { groups: () => true, portProtocols: [TCP, UDP] });
    } catch (error) {
      if (!(error instanceof NotFlat)) throw error;
      this.refuse(rule, error.message);
      return;
    }
    if (entries.some(({ established }) => established)) {
      this.refuse(rule, 'TCP flags cannot be asked for.');
      return;
    }
    const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
    if (told !== '')
      this.entries.push(`access-list ${LIST} remark ${plainText(told, MOST_REMARK) || '-'}`);
    for (const entry of entries) this.entry(rule, entry);
  }

  private refuse({ id }: FilterRule, what: string): void {
    this.refusals.push({ ...(id === undefined ? {} : { rule: id }), what });
  }

  private entry({ action, log }: FilterRule, entry: Entry): void {
    const { protocol, family, sourcePorts, destinationPorts, icmpType, icmpCode } = entry;
    const word = protocol === undefined ? 'ip' : (PROTOCOL_WORD[protocol] ?? `${protocol}`);
    const any = family === undefined ? 'any' : `any${family}`;
    const source = this.side(any, entry.source);
    const destination = this.side(any, entry.destination);
    const message =
      icmpType === undefined ? '' : ` ${icmpType}${icmpCode === undefined ? '' : ` ${icmpCode}`}`;
    this.entries.push(
      `access-list ${LIST} extended ${action === 'accept' ? 'permit' : 'deny'} ${word} ${source}${ports(sourcePorts)} ${destination}${ports(destinationPorts)}${message}${log === undefined ? '' : ' log'}`,
    );
  }

  private side(any: string, side: EntrySide): string {
    if (side.kind === 'any') return any;
    if (side.kind === 'prefix') return prefixWords(side.prefix);
    const members = side.prefixes.map((prefix) => ` network-object ${prefixWords(prefix)}`);
    const key = members.join('\n');
    let name = this.known.get(key);
    if (name === undefined) {
      name = this.words.wordFor(side.name ?? `set_${++this.unnamed}`);
      this.known.set(key, name);
      this.groups.push(`object-group network ${name}`, ...members);
    }
    return `object-group ${name}`;
  }
}

function ports(range: NumberRange | undefined): string {
  if (range === undefined) return '';
  const { first, last } = range;
  return first === last ? ` eq ${first}` : ` range ${first} ${last}`;
}

/** `host A`, `A MASK` for IPv4, `A/length` for IPv6. */
function prefixWords(prefix: Prefix): string {
  const { family, words, length } = prefix;
  if (length === (family === 4 ? 32 : 128)) return `host ${formatAddress({ family, words })}`;
  if (family === 6) return formatPrefix(prefix);
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return `${formatIPv4(words[0]!)} ${formatIPv4(mask)}`;
}
