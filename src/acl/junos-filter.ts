/**
 * Junos firewall filters as `set` commands, one per family, without state (Junos OS Routing
 * Policies, Firewall Filters, and Traffic Policers User Guide).
 *
 * IPv4: what a term with ports makes of later fragments depends on the line card, so fragments are
 * decided first, by terms of their own. IPv6: `next-header` is the first next header, which is 44
 * for every fragment, so no term that asks for it lets one through; `payload-protocol` is the
 * protocol behind the extension headers, in fragments too, and stands where no port is asked for.
 */

import type { Family } from '../net/address.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { type Entry, type EntrySide, entriesOf, NotFlat } from './flat-entries.ts';
import { parseJunosFilter } from './junos-filter-parse.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';

const NAMES: Readonly<Record<Family, string>> = { 4: 'PR_FORWARD_V4', 6: 'PR_FORWARD_V6' };
const ACTIONS: Readonly<Record<string, string>> = {
  accept: 'accept',
  drop: 'discard',
  reject: 'reject',
};
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  [ICMP]: 'icmp',
  [TCP]: 'tcp',
  [UDP]: 'udp',
  [ICMPV6]: 'icmp6',
};

export const junosFilter: Platform = {
  name: 'junos-filter',
  aliases: ['junos'],
  title: 'Junos firewall filter',
  capabilities: {
    filters: ['between'],
    stateful: false,
    families: [4, 6],
    management: [
      'the filter of lo0 decides who reaches the router; it stays as it is. The router’s answers',
      'leave through this filter: without the filter named above, ssh to it ends.',
    ],
    logs: true,
    sources: [
      'Junos OS Routing Policies, Firewall Filters, and Traffic Policers User Guide: Firewall ' +
        'Filter Match Conditions for IPv4 Traffic, … for IPv6 Traffic (next-header is the first ' +
        'header, payload-protocol the one behind extension headers); Terminating Actions',
    ],
  },
  render,
  parse: parseJunosFilter,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const [chain, ...others] = plan.filter.chains;
  if (chain?.hook !== 'forward' || others.length > 0 || chain.otherwise !== 'drop') {
    return { refusals: [{ what: 'Only what is forwarded is filtered, and dropped at the end.' }] };
  }
  const writer = new FilterWriter();
  for (const rule of chain.rules) {
    try {
      writer.rule(rule);
    } catch (error) {
      if (!(error instanceof NotFlat)) throw error;
      refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what: error.message });
    }
  }
  if (refusals.length > 0) return { refusals };
  return { text: [...head(plan), ...writer.lines(), ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for Junos firewall filters, written by Portreeve.`,
    '# Everything that is not allowed is discarded; IPv6 packets with extension headers pass',
    '# only where no port or type is asked for.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    what the router sends itself, neighbour discovery too, passes an output filter:',
    '#           apply another filter before this one that accepts them (filter output-list).',
    ...managementLines(junosFilter, '#', plan),
    '# Keep:     save before-portreeve',
    '# Install:  load set terminal, paste; for every interface between the zones:',
    `#           set interfaces NAME unit 0 family inet filter output ${NAMES[4]} (inet6: ${NAMES[6]});`,
    '#           commit check; commit confirmed 10; try; commit',
    '# Verify:   show firewall log; show configuration firewall',
    '# Go back:  rollback 1, commit; without the second commit the device does so after 10 minutes',
  ];
}

class FilterWriter {
  private readonly words = new Words('PR_', 60);
  private readonly fragments: string[] = [];
  private readonly terms: Record<Family, string[]> = { 4: [], 6: [] };
  private count = 0;

  lines(): string[] {
    const start = `set firewall family inet filter ${NAMES[4]} term PR_fragments`;
    return [
      '# fragments other than the first',
      ...this.fragments,
      `${start} from is-fragment`,
      `${start} then discard`,
      '# everything else',
      ...this.terms[4],
      ...this.terms[6],
    ];
  }

  /** Throws `NotFlat`. */
  rule(rule: FilterRule): void {
    if (rule.match.states !== undefined) throw new NotFlat('A filter keeps no state.');
    const entries = entriesOf(rule, { groups: () => true, portProtocols: [TCP, UDP] });
    const [any] = entries;
    const families: readonly Family[] = any?.family === undefined ? [4, 6] : [any.family];
    const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
    for (const family of families) {
      if (told !== '') this.terms[family].push(`# ${plainText(told, 200)}`);
      for (const entry of withPortLists(entries)) this.term(family, rule, entry);
    }
  }

  private term(family: Family, rule: FilterRule, { entry, from, to }: Term): void {
    const { protocol, icmpType, icmpCode, established } = entry;
    const layer3 = from.length === 0 && to.length === 0 && icmpType === undefined && !established;
    const key = family === 4 ? 'protocol' : layer3 ? 'payload-protocol' : 'next-header';
    const conditions = [
      ...sideWords('source-address', entry.source),
      ...sideWords('destination-address', entry.destination),
      ...(protocol === undefined ? [] : [`${key} ${PROTOCOL_WORD[protocol] ?? protocol}`]),
      ...from.map((range) => `source-port ${portText(range)}`),
      ...to.map((range) => `destination-port ${portText(range)}`),
      ...(icmpType === undefined ? [] : [`icmp-type ${icmpType}`]),
      ...(icmpCode === undefined ? [] : [`icmp-code ${icmpCode}`]),
      ...(established ? ['tcp-established'] : []),
    ];
    const actions = [...(rule.log === undefined ? [] : ['syslog']), `${ACTIONS[rule.action]}`];
    this.terms[family].push(...this.written(family, rule, conditions, actions));
    // The last rule's fragments are discarded without being asked.
    if (family === 4 && layer3 && (conditions.length > 0 || rule.action === 'accept')) {
      this.fragments.push(...this.written(4, rule, [...conditions, 'is-fragment'], actions));
    }
  }

  private written(
    family: Family,
    rule: FilterRule,
    conditions: readonly string[],
    actions: readonly string[],
  ): string[] {
    const name = this.words.wordFor(`${rule.id ?? 'rule'}_${++this.count}`);
    const start = `set firewall family inet${family === 4 ? '' : '6'} filter ${NAMES[family]} term ${name}`;
    return [
      ...conditions.map((words) => `${start} from ${words}`),
      ...actions.map((words) => `${start} then ${words}`),
    ];
  }
}

interface Term {
  readonly entry: Entry;
  readonly from: readonly NumberRange[];
  readonly to: readonly NumberRange[];
}

/** Entries that differ in ports alone become one term, since a rule has every pair of its lists. */
function withPortLists(entries: readonly Entry[]): Term[] {
  const terms = new Map<string, { entry: Entry; from: Set<NumberRange>; to: Set<NumberRange> }>();
  for (const entry of entries) {
    const key = `${entry.protocol} ${entry.icmpType} ${entry.icmpCode}`;
    const term = terms.get(key) ?? { entry, from: new Set(), to: new Set() };
    terms.set(key, term);
    if (entry.sourcePorts !== undefined) term.from.add(entry.sourcePorts);
    if (entry.destinationPorts !== undefined) term.to.add(entry.destinationPorts);
  }
  return [...terms.values()].map(({ entry, from, to }) => ({
    entry,
    from: [...from],
    to: [...to],
  }));
}

function sideWords(key: string, side: EntrySide): string[] {
  if (side.kind === 'any') return [];
  const prefixes = side.kind === 'prefix' ? [side.prefix] : side.prefixes;
  return prefixes.map((prefix) => `${key} ${formatPrefix(prefix)}`);
}

function portText({ first, last }: NumberRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
