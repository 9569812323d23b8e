/**
 * MikroTik RouterOS as a script for `/import`: `/ip firewall filter` and `/ipv6 firewall filter`,
 * address lists for sets (RouterOS documentation, "Filter", "Common Firewall Matchers and
 * Actions"). Connection states are asked for as in the plan.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, formatRange, isWholeFamily } from '../net/address-range.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterChain, FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { managementLines } from './management-lines.ts';
import { parseMikrotik } from './mikrotik-parse.ts';
import { unwritable } from './plain-rule.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';

const MOST_COMMENT = 200;
/** RouterOS takes 15 ports in one list; a range counts as two. */
const MOST_PORTS = 15;
const ACTIONS: Readonly<Record<string, string>> = {
  accept: 'accept',
  drop: 'drop',
  reject: 'reject',
};
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
};
/** Protocols whose ports RouterOS can ask for. */
const WITH_PORTS: readonly number[] = [6, 17, 33, 132, 136];

export const mikrotik: Platform = {
  name: 'mikrotik',
  aliases: ['routeros'],
  title: 'MikroTik RouterOS',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: ['the chain input is not written: who manages the router stays as it is.'],
    logs: true,
    sources: [
      'RouterOS documentation 7: Filter; Common Firewall Matchers and Actions; Address-lists',
      'RouterOS documentation 7: Packet Flow in RouterOS; Interface Lists; NAT; CLI Reference',
    ],
  },
  render,
  parse: parseMikrotik,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const writer = new ScriptWriter(refusals);
  for (const chain of plan.filter.chains) writer.chain(chain);
  if (refusals.length > 0) return { refusals };
  return { text: [...head(plan), ...writer.lines(), ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for MikroTik RouterOS, written by Portreeve.`,
    '# Everything that is not allowed is dropped. Only the chain forward is written.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    no FastTrack rule and no other rule in the chain forward before these.',
    ...managementLines(mikrotik, '#', plan),
    '# Keep:     /export file=before-portreeve',
    '# Install:  press Ctrl-X (safe mode), /import THIS-FILE, try, press Ctrl-X again to keep it',
    '# Verify:   /ip firewall filter print stats chain=forward',
    '# Go back:  leave safe mode with Ctrl-D, or /import before-portreeve.rsc on an empty router',
  ];
}

class ScriptWriter {
  private readonly refusals: Refusal[];
  private readonly words = new Words('PR_', 60);
  private readonly known = new Map<string, string>();
  private readonly lists: Record<Family, string[]> = { 4: [], 6: [] };
  private readonly rules: Record<Family, string[]> = { 4: [], 6: [] };
  private unnamed = 0;

  constructor(refusals: Refusal[]) {
    this.refusals = refusals;
  }

  lines(): string[] {
    return ([4, 6] as const).flatMap((family) => {
      const root = family === 4 ? '/ip firewall' : '/ipv6 firewall';
      const lists = this.lists[family];
      return [
        ...(lists.length === 0 ? [] : [`${root} address-list`, ...lists]),
        `${root} filter`,
        ...this.rules[family],
      ];
    });
  }

  chain({ hook, otherwise, rules }: FilterChain): void {
    if (hook === undefined || otherwise === 'reject') {
      this.refusals.push({ what: 'A chain is asked at a hook and drops or accepts at its end.' });
      return;
    }
    for (const rule of rules) {
      const what = unexpressed(rule);
      if (what === undefined) this.rule(hook, rule);
      else this.refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what });
    }
    // A packet that reaches the end of a built-in chain is accepted.
    const ended = rules.at(-1);
    if (otherwise === 'drop' && (ended?.action !== 'drop' || Object.keys(ended.match).length > 0)) {
      for (const family of [4, 6] as const)
        this.rules[family].push(`add chain=${hook} action=drop`);
    }
  }

  private rule(chain: string, rule: FilterRule): void {
    const { match, action, log } = rule;
    const of = match.source?.[0]?.family ?? match.destination?.[0]?.family ?? match.family;
    const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
    const comment = told === '' ? '' : ` comment="${plainText(told, MOST_COMMENT)}"`;
    const prefix = log === undefined ? '' : ` log=yes log-prefix="${plainText(log.prefix, 40)}"`;
    const states = match.states === undefined ? '' : ` connection-state=${match.states.join(',')}`;
    const written = action === 'continue' ? 'passthrough' : ACTIONS[action];
    const families: readonly Family[] = of === undefined ? [4, 6] : [of];
    for (const family of families) {
      const sides =
        this.side('src', family, match.source, rule.sourceGroup) +
        this.side('dst', family, match.destination, rule.destinationGroup);
      for (const asked of layer4(match)) {
        this.rules[family].push(
          `add chain=${chain} action=${written}${states}${asked}${sides}${prefix}${comment}`,
        );
      }
    }
  }

  private side(
    key: 'src' | 'dst',
    family: Family,
    ranges: readonly AddressRange[] | undefined,
    group: string | undefined,
  ): string {
    if (ranges === undefined || ranges.some(isWholeFamily)) return '';
    const texts = ranges.map(formatRange);
    if (texts.length === 1) return ` ${key}-address=${texts[0]}`;
    const identity = `${family} ${texts.join(' ')}`;
    let name = this.known.get(identity);
    if (name === undefined) {
      name = this.words.wordFor(group ?? `set_${++this.unnamed}`);
      this.known.set(identity, name);
      this.lists[family].push(...texts.map((text) => `add list=${name} address=${text}`));
    }
    return ` ${key}-address-list=${name}`;
  }
}

function unexpressed(rule: FilterRule): string | undefined {
  const { action, log } = rule;
  if (action === 'jump' || action === 'goto' || action === 'return') return 'A plan has no jumps.';
  if (action === 'continue' && log === undefined) return 'A rule without effect is not written.';
  return unwritable(rule, WITH_PORTS);
}

/** Conditions on protocol, ports and messages, each of which will do. */
function layer4({ protocols, sourcePorts, destinationPorts, icmp }: FilterRule['match']): string[] {
  return (protocols ?? [undefined]).flatMap((protocol) => {
    const number = protocol?.first;
    const name = number === undefined ? '' : ` protocol=${PROTOCOL_WORD[number] ?? number}`;
    return portLists('src-port', sourcePorts).flatMap((from) =>
      portLists('dst-port', destinationPorts).flatMap((to) =>
        (icmp === undefined ? [''] : icmp.flatMap(messageWords)).map(
          (message) => `${name}${from}${to}${message}`,
        ),
      ),
    );
  });
}

function portLists(key: string, ports: readonly NumberRange[] | undefined): string[] {
  if (ports === undefined) return [''];
  const lists: string[] = [];
  let list: string[] = [];
  let count = 0;
  for (const { first, last } of ports) {
    const size = first === last ? 1 : 2;
    if (count + size > MOST_PORTS) {
      lists.push(list.join(','));
      list = [];
      count = 0;
    }
    list.push(first === last ? `${first}` : `${first}-${last}`);
    count += size;
  }
  return [...lists, list.join(',')].map((words) => ` ${key}=${words}`);
}

/** `type:code` or `type:first-last`; one type each. */
function messageWords({ type, code }: IcmpMatch): string[] {
  const codes =
    code === undefined
      ? '0-255'
      : code.first === code.last
        ? `${code.first}`
        : `${code.first}-${code.last}`;
  return Array.from(
    { length: type.last - type.first + 1 },
    (_, index) => ` icmp-options=${type.first + index}:${codes}`,
  );
}
