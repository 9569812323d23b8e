/**
 * The text of `iptables-save` and `ip6tables-save` → chains that decide what comes in.
 *
 *     *filter
 *     :INPUT DROP [0:0]
 *     -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
 *
 * Options that are not known become a condition that nobody knows.
 */
import type {
  Action,
  BaseChain,
  Condition,
  FilterChain,
  FilterRule,
  PacketFilter,
} from '../../../model/packet-filter.ts';
import { mergePorts, type PortRange } from '../../../net/port-range.ts';
import { type Prefix, parsePrefix } from '../../../net/prefix.ts';
import { transportNames } from './protocols.ts';

/** In the order in which a packet for this host passes them. */
const HOOKS = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['nat', 'PREROUTING'],
  ['mangle', 'INPUT'],
  ['nat', 'INPUT'],
  ['filter', 'INPUT'],
  ['security', 'INPUT'],
] as const;

/** Targets after which the packet goes on to the next rule. */
const GOES_ON =
  /^(LOG|NFLOG|ULOG|MARK|CONNMARK|CONNSECMARK|SECMARK|CT|NOTRACK|TCPMSS|TOS|DSCP|TTL|HL|AUDIT|TRACE|CLASSIFY|SET|CHECKSUM|TCPOPTSTRIP|HMARK|RATEEST|IDLETIMER|LED|TEE)$/;
const ELSEWHERE = /^(DNAT|REDIRECT|TPROXY|NETMAP|DNPT|SYNPROXY|CLUSTERIP)$/;

/** @param family whose tables these are. Lines of another form are passed over. */
export function parseIptablesSave(text: string, family: 4 | 6): PacketFilter {
  const policies = new Map<string, string>();
  const rules = new Map<string, FilterRule[]>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+)\s+(\S+)/.exec(line);
    if (chain !== null) {
      policies.set(`${table} ${chain[1]}`, chain[2]!);
      rules.set(`${table} ${chain[1]}`, []);
    }
    const words = /^(?:\[\d+:\d+\] )?-A /.test(line) ? wordsOf(line) : [];
    const at = words.indexOf('-A');
    const name = words[at + 1];
    if (at < 0 || name === undefined) continue;
    const list = rules.get(`${table} ${name}`);
    const rule = parseRule(
      words.slice(at + 2),
      table,
      `${prefixOf(family)}${table} ${name} rule ${(list?.length ?? 0) + 1}`,
    );
    list?.push(rule);
  }
  const idOf = (key: string): string => `${prefixOf(family)}${key}`;
  const known = new Set(rules.keys());
  const chains: FilterChain[] = [...rules].map(([key, list]) => ({
    id: idOf(key),
    rules: list.map((rule) => withIds(rule, key, known, idOf)),
  }));
  const bases = HOOKS.flatMap(([name, hook]): BaseChain[] => {
    const chain = chains.find(({ id }) => id === idOf(`${name} ${hook}`));
    if (chain === undefined) return [];
    const policy = policies.get(`${name} ${hook}`) === 'DROP' ? 'drop' : 'accept';
    return [{ ...chain, families: [family], policy, nat: name === 'nat' }];
  });
  return { bases, chains };
}

function prefixOf(family: 4 | 6): string {
  return family === 4 ? 'iptables ' : 'ip6tables ';
}

/** A jump to what is no chain is a target that is not known. */
function withIds(
  rule: FilterRule,
  key: string,
  known: ReadonlySet<string>,
  idOf: (key: string) => string,
): FilterRule {
  const { action } = rule;
  if (action.kind !== 'jump' && action.kind !== 'goto') return rule;
  const target = `${key.split(' ')[0]} ${action.chain}`;
  if (!known.has(target)) return { ...rule, action: { kind: 'queue' } };
  return { ...rule, action: { ...action, chain: idOf(target) } };
}

/** Blanks part words; quotes hold them together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    // What was quoted keeps a mark: it is never an option.
    quoted === undefined ? (plain ?? '') : `"${quoted}`,
  );
}

function parseRule(words: readonly string[], table: string, name: string): FilterRule {
  const conditions: Condition[] = [];
  let not = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '!') {
      not = true;
      continue;
    }
    if (word === '-j' || word === '-g') {
      const action = actionOf(word, words[at + 1] ?? '', table);
      if (action === undefined) conditions.push({ kind: 'fixed', holds: false });
      return { conditions, action: action ?? { kind: 'return' }, name };
    }
    let values = 0;
    while (at + values + 1 < words.length && !/^(-|!$)/.test(words[at + values + 1]!)) values++;
    const condition = conditionOf(word, words.slice(at + 1, at + 1 + values), not);
    if (condition !== undefined) conditions.push(condition);
    at += values;
    not = false;
  }
  // Without a target a rule only counts.
  return { conditions: [{ kind: 'fixed', holds: false }], action: { kind: 'return' }, name };
}

/** Undefined: the packet goes on whatever the rule does. */
function actionOf(option: string, target: string, table: string): Action | undefined {
  if (option === '-g') return { kind: 'goto', chain: target };
  if (target === 'ACCEPT') return { kind: 'accept' };
  if (target === 'DROP') return { kind: 'drop' };
  if (target === 'REJECT') return { kind: 'reject' };
  if (target === 'RETURN') return { kind: 'return' };
  if (ELSEWHERE.test(target)) return { kind: 'redirect' };
  if (/^(NF)?QUEUE$/.test(target)) return { kind: 'queue' };
  if (GOES_ON.test(target) || (table === 'nat' && /^(MASQUERADE|SNAT)$/.test(target)))
    return undefined;
  return { kind: 'jump', chain: target };
}

function conditionOf(
  option: string,
  values: readonly string[],
  not: boolean,
): Condition | undefined {
  const [value = ''] = values;
  switch (option) {
    case '-m':
    case '--comment':
      return undefined;
    case '-p':
      return /^(all|0)$/.test(value)
        ? undefined
        : { kind: 'transport', transports: transportNames(value), not };
    case '-i':
      return value.endsWith('+')
        ? unknown(`the interface it comes in by (${value})`)
        : { kind: 'interface', names: [value], not };
    case '-s': {
      const prefixes = prefixesOf(value);
      return prefixes === undefined
        ? unknown('the source address')
        : { kind: 'source', prefixes, not, text: value };
    }
    case '-d': {
      const prefixes = prefixesOf(value);
      return prefixes === undefined
        ? unknown('which of its addresses')
        : { kind: 'destination', prefixes, not };
    }
    case '--dport':
    case '--dports':
    case '--destination-port':
    case '--destination-ports':
      return portCondition(value, not);
    case '--ctstate':
    case '--state':
      return { kind: 'state', states: value.toLowerCase().split(','), not };
    case '--syn':
      return { kind: 'fixed', holds: !not };
    case '--tcp-flags':
      return flagCondition(value, values[1] ?? '', not);
    case '--dst-type':
      return value === 'LOCAL' ? { kind: 'fixed', holds: !not } : unknown('the kind of address');
    case '--icmp-type':
    case '--icmpv6-type':
      return undefined;
    case '--limit':
      return unknown('a rate limit');
    case '--limit-burst':
      return undefined;
    default:
      return unknown(
        /sport|source-port/.test(option) ? 'the source port' : `“${option}” of the rule`,
      );
  }
}

function unknown(what: string): Condition {
  return { kind: 'unknown', what };
}

function prefixesOf(text: string): Prefix[] | undefined {
  try {
    return text.split(',').map((each) => parsePrefix(each));
  } catch {
    return undefined;
  }
}

/** `22`, `8000:8099`, `80,443,8000:8099`. */
function portCondition(text: string, not: boolean): Condition {
  const ports: PortRange[] = [];
  for (const part of text.split(',')) {
    const [, first, last] = /^(\d{0,5})(?::(\d{0,5}))?$/.exec(part) ?? [];
    if (first === undefined) return unknown('a port that is not shown as a number');
    const low = first === '' ? 0 : Number(first);
    ports.push({ first: low, last: last === undefined ? low : last === '' ? 65535 : Number(last) });
  }
  return { kind: 'port', ports: mergePorts(ports), not };
}

/** A new connection's first segment has SYN alone. */
function flagCondition(mask: string, wanted: string, not: boolean): Condition {
  const looked = mask === 'ALL' ? 'FIN,SYN,RST,PSH,ACK,URG' : mask;
  const seen = looked
    .split(',')
    .filter((flag) => flag === 'SYN')
    .join();
  return { kind: 'fixed', holds: (seen === (wanted === 'NONE' ? '' : wanted)) !== not };
}
