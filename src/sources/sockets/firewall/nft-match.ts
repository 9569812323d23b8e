/** One match of nftables (left, operator, right) → conditions. */
import type { Condition } from '../../../model/packet-filter.ts';
import { mergePorts, type PortRange } from '../../../net/port-range.ts';
import { type Prefix, parsePrefix } from '../../../net/prefix.ts';
import { asRecord } from '../json-record.ts';
import { transportNames } from './protocols.ts';

export type Json = unknown;
/** Sets and maps by `inet filter @name`. */
export type Sets = Map<string, ReadonlyMap<string, Json>>;

/** Several, since `tcp dport 22` says both protocol and port. */
export function matchConditions(
  match: ReadonlyMap<string, Json>,
  table: string,
  sets: Sets,
): Condition[] {
  const op = match.get('op');
  const left = asRecord(match.get('left'));
  if (op !== '==' && op !== '!=' && op !== 'in')
    return comparison(String(op), left, match.get('right'));
  const not = op === '!=';
  const values = valuesOf(match.get('right'), table, sets);
  if (values === undefined) return [{ kind: 'unknown', what: 'what is in a set that changes' }];
  const payload = asRecord(left.get('payload'));
  if (payload.size > 0) return payloadConditions(payload, values, not);
  const meta = asRecord(left.get('meta')).get('key');
  if (typeof meta === 'string') return [metaCondition(meta, values, not)];
  const ct = asRecord(left.get('ct')).get('key');
  if (ct === 'state') return [{ kind: 'state', states: values.map(String), not }];
  if (typeof ct === 'string') return [unknown(`connection tracking’s ${ct}`)];
  const flags = left.get('&');
  if (Array.isArray(flags)) return [flagCondition(flags, values, not)];
  const fib = asRecord(left.get('fib'));
  if (fib.get('result') === 'type' && String(fib.get('flags')) === 'daddr') {
    return [{ kind: 'fixed', holds: values.includes('local') !== not }];
  }
  return [unknown('a condition of the rule that is not understood')];
}

function unknown(what: string): Condition {
  return { kind: 'unknown', what };
}

/** Elements of the right side; undefined where they cannot be known. */
function valuesOf(right: Json, table: string, sets: Sets): Json[] | undefined {
  if (typeof right === 'string' && right.startsWith('@')) {
    const set = sets.get(`${table} ${right}`);
    const flags = set?.get('flags');
    if (set === undefined || /dynamic|timeout/.test(String(flags))) return undefined;
    const elements = set.get('elem');
    return Array.isArray(elements) ? elements.map(bare) : [];
  }
  const inner = asRecord(right).get('set');
  if (Array.isArray(inner)) return inner.map(bare);
  return Array.isArray(right) ? right.map(bare) : [bare(right)];
}

/** An element may come with a counter, a comment or a timeout around it. */
function bare(element: Json): Json {
  const value = asRecord(element).get('elem');
  return value === undefined || typeof element !== 'object' ? element : asRecord(value).get('val');
}

const PORT_OWNERS: ReadonlySet<Json> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'th']);

function payloadConditions(
  payload: ReadonlyMap<string, Json>,
  values: readonly Json[],
  not: boolean,
): Condition[] {
  const protocol = payload.get('protocol');
  const field = payload.get('field');
  if (PORT_OWNERS.has(protocol)) {
    const own: Condition[] =
      protocol === 'th' ? [] : [{ kind: 'transport', transports: [String(protocol)], not: false }];
    if (field === 'dport') return [...own, portCondition(values, not)];
    if (field === 'flags')
      return [...own, { kind: 'fixed', holds: values.includes('syn') !== not }];
    return [
      ...own,
      unknown(`the ${String(field) === 'sport' ? 'source port' : `field ${String(field)}`}`),
    ];
  }
  if (protocol === 'ip' || protocol === 'ip6') {
    const family = protocol === 'ip' ? 4 : 6;
    const own: Condition = { kind: 'family', family, not: false };
    if (field === 'daddr' || field === 'saddr') return [own, addressCondition(field, values, not)];
    if (field === 'protocol' || field === 'nexthdr') return [own, transportCondition(values, not)];
    return [own, unknown(`the field ${String(field)}`)];
  }
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    return [{ kind: 'transport', transports: [protocol], not: false }];
  }
  return [unknown(`the field ${String(protocol)} ${String(field)}`)];
}

function transportCondition(values: readonly Json[], not: boolean): Condition {
  return {
    kind: 'transport',
    transports: values.flatMap((value) => transportNames(String(value))),
    not,
  };
}

function portCondition(values: readonly Json[], not: boolean): Condition {
  const ports: PortRange[] = [];
  for (const value of values) {
    const range = asRecord(value).get('range');
    const [first, last] = Array.isArray(range) ? range : [value, value];
    if (typeof first !== 'number' || typeof last !== 'number')
      return unknown('a port that is not shown as a number');
    ports.push({ first, last });
  }
  return { kind: 'port', ports: mergePorts(ports), not };
}

function addressCondition(
  field: 'daddr' | 'saddr',
  values: readonly Json[],
  not: boolean,
): Condition {
  const prefixes: Prefix[] = [];
  for (const value of values) {
    const prefix = prefixOfJson(value);
    if (prefix === undefined)
      return unknown(field === 'saddr' ? 'the source address' : 'which of its addresses');
    prefixes.push(prefix);
  }
  if (field === 'daddr') return { kind: 'destination', prefixes, not };
  return { kind: 'source', prefixes, not, text: values.slice(0, 3).map(addressText).join(', ') };
}

function addressText(value: Json): string {
  const { addr, len } = Object.fromEntries(asRecord(asRecord(value).get('prefix'))) as {
    addr?: string;
    len?: number;
  };
  return addr === undefined ? String(value) : `${addr}/${len}`;
}

/** Ranges of addresses are not turned into prefixes: they are rare, and unknown is no error. */
function prefixOfJson(value: Json): Prefix | undefined {
  const prefix = asRecord(asRecord(value).get('prefix'));
  const text = prefix.size > 0 ? `${prefix.get('addr')}/${prefix.get('len')}` : value;
  try {
    return typeof text === 'string' ? parsePrefix(text) : undefined;
  } catch {
    return undefined;
  }
}

function metaCondition(key: string, values: readonly Json[], not: boolean): Condition {
  switch (key) {
    case 'l4proto':
      return transportCondition(values, not);
    case 'nfproto':
    case 'protocol': {
      const four = values.some((value) => value === 'ipv4' || value === 'ip');
      const six = values.some((value) => value === 'ipv6' || value === 'ip6');
      if (four === six)
        return four ? { kind: 'fixed', holds: !not } : { kind: 'fixed', holds: not };
      return { kind: 'family', family: four ? 4 : 6, not };
    }
    case 'iifname':
    case 'iif':
      return { kind: 'interface', names: values.map(String), not };
    case 'iiftype':
      return values.includes('loopback') && values.length === 1
        ? { kind: 'fixed', holds: not }
        : unknown('the kind of interface it comes in by');
    default:
      return unknown(key === 'mark' ? 'a mark that other rules set' : `meta ${key}`);
  }
}

/** `tcp flags & (fin|syn|rst|ack) == syn`: a new connection's first segment has SYN alone. */
function flagCondition(sides: readonly Json[], values: readonly Json[], not: boolean): Condition {
  const field = asRecord(asRecord(sides[0]).get('payload')).get('field');
  const mask = namesOf(sides[1]);
  const wanted = values.flatMap((value) => namesOf(value));
  if (field !== 'flags' || mask === undefined)
    return unknown('a condition of the rule that is not understood');
  const seen = mask.filter((name) => name === 'syn');
  const equal = seen.length === wanted.length && seen.every((name) => wanted.includes(name));
  return { kind: 'fixed', holds: equal !== not };
}

function namesOf(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(namesOf);
  const either = asRecord(value).get('|');
  return Array.isArray(either) ? either.flatMap(namesOf) : [];
}

/** `tcp dport >= 1024`. */
function comparison(op: string, left: ReadonlyMap<string, Json>, right: Json): Condition[] {
  const payload = asRecord(left.get('payload'));
  if (payload.get('field') !== 'dport' || typeof right !== 'number')
    return [unknown('a comparison in the rule')];
  const first = op === '>' ? right + 1 : op === '>=' ? right : 0;
  const last = op === '<' ? right - 1 : op === '<=' ? right : 65535;
  const range = new Map<string, Json>([['range', [first, last]]]);
  return payloadConditions(payload, [Object.fromEntries(range)], false);
}
