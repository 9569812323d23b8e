/**
 * The JSON of `nft -j list ruleset` (libnftables-json(5)) → chains that decide what comes in. A rule
 * is a list of statements; matches come before the verdict, and a verdict map is several rules in
 * one. What is not known here becomes a condition that nobody knows.
 */
import type {
  Action,
  BaseChain,
  Condition,
  FilterChain,
  FilterRule,
  PacketFilter,
} from '../../../model/packet-filter.ts';
import { asRecord } from '../json-record.ts';
import { type Json, matchConditions, type Sets } from './nft-match.ts';

/** Hooks through which a packet for this host comes. */
const HOOKS: ReadonlySet<string> = new Set(['ingress', 'prerouting', 'input']);
const FAMILIES: ReadonlyMap<string, readonly (4 | 6)[]> = new Map<string, readonly (4 | 6)[]>([
  ['inet', [4, 6]],
  ['ip', [4]],
  ['ip6', [6]],
  ['netdev', [4, 6]],
]);
/** Statements that change nothing of what becomes of the packet. */
const HARMLESS: ReadonlySet<string> = new Set([
  'counter',
  'log',
  'mangle',
  'notrack',
  'meter',
  'set',
  'map',
  'last',
  'flow',
  'masquerade',
  'snat',
  'ct helper',
  'ct timeout',
  'ct expectation',
]);
const SENT_ELSEWHERE: ReadonlySet<string> = new Set([
  'dnat',
  'redirect',
  'tproxy',
  'fwd',
  'synproxy',
]);

export interface NftRuleset extends PacketFilter {
  /** Tables with matches of iptables that nftables cannot show: `ip filter`. Left out above. */
  readonly foreign: readonly string[];
}

/** Throws `SyntaxError` where the text is no JSON. */
export function parseNftRuleset(text: string): NftRuleset {
  const { nftables } = JSON.parse(text) as { nftables?: readonly Json[] };
  const items = (nftables ?? []).map((item) => {
    const [entry] = asRecord(item);
    return { kind: entry?.[0] ?? '', value: asRecord(entry?.[1]) };
  });
  const of = (kind: string) => items.filter((item) => item.kind === kind).map(({ value }) => value);
  const foreign = new Set(of('rule').filter(hasForeignMatch).map(tableOf));
  const sets: Sets = new Map();
  for (const set of [...of('set'), ...of('map')])
    sets.set(`${tableOf(set)} @${set.get('name')}`, set);
  const rules = new Map<string, FilterRule[]>();
  for (const rule of of('rule')) {
    const id = `${tableOf(rule)} ${rule.get('chain')}`;
    const list = rules.get(id) ?? [];
    list.push(...parseRule(rule, sets));
    rules.set(id, list);
  }
  const bases: BaseChain[] = [];
  const chains: FilterChain[] = [];
  for (const chain of of('chain')) {
    if (foreign.has(tableOf(chain))) continue;
    const id = `${tableOf(chain)} ${chain.get('name')}`;
    const plain = { id, rules: rules.get(id) ?? [] };
    if (!chain.has('hook')) chains.push(plain);
    else if (HOOKS.has(String(chain.get('hook')))) bases.push(baseOf(chain, plain));
  }
  return {
    bases: bases.filter(({ families }) => families.length > 0),
    chains,
    foreign: [...foreign],
  };
}

function tableOf(item: ReadonlyMap<string, Json>): string {
  return `${item.get('family')} ${item.get('table')}`;
}

function hasForeignMatch(rule: ReadonlyMap<string, Json>): boolean {
  return statementsOf(rule).some(([name]) => name === 'xt');
}

function statementsOf(rule: ReadonlyMap<string, Json>): [string, Json][] {
  const list = rule.get('expr');
  return (Array.isArray(list) ? list : []).flatMap((each: Json) => [...asRecord(each)].slice(0, 1));
}

/** A chain at a device's ingress sees only what comes in there. */
function baseOf(chain: ReadonlyMap<string, Json>, plain: FilterChain): BaseChain {
  const device = chain.get('dev');
  const names = (Array.isArray(device) ? device : [device]).filter(
    (each) => typeof each === 'string',
  );
  const there: Condition = { kind: 'interface', names, not: false };
  return {
    id: plain.id,
    rules:
      names.length === 0
        ? plain.rules
        : plain.rules.map((rule) => ({ ...rule, conditions: [there, ...rule.conditions] })),
    families: FAMILIES.get(String(chain.get('family'))) ?? [],
    policy: chain.get('policy') === 'drop' ? 'drop' : 'accept',
    nat: chain.get('type') === 'nat',
  };
}

function parseRule(rule: ReadonlyMap<string, Json>, sets: Sets): FilterRule[] {
  const table = tableOf(rule);
  const comment = rule.get('comment');
  const name = `${table} ${rule.get('chain')} handle ${rule.get('handle')}${typeof comment === 'string' ? ` (${comment})` : ''}`;
  const conditions: Condition[] = [];
  const rules: FilterRule[] = [];
  for (const [statement, value] of statementsOf(rule)) {
    if (statement === 'match') {
      conditions.push(...matchConditions(asRecord(value), table, sets));
    } else if (statement === 'vmap') {
      rules.push(...verdictMap(asRecord(value), table, sets, conditions, name));
    } else {
      const action = actionOf(statement, value, table);
      if (action !== undefined) rules.push({ conditions: [...conditions], action, name });
      else if (!HARMLESS.has(statement)) {
        conditions.push({
          kind: 'unknown',
          what: statement === 'limit' ? 'a rate limit' : `“${statement}” of the rule`,
        });
      }
    }
  }
  return rules;
}

function actionOf(statement: string, value: Json, table: string): Action | undefined {
  if (statement === 'accept' || statement === 'drop' || statement === 'return')
    return { kind: statement };
  if (statement === 'reject') return { kind: 'reject' };
  if (statement === 'queue') return { kind: 'queue' };
  if (SENT_ELSEWHERE.has(statement)) return { kind: 'redirect' };
  if (statement === 'jump' || statement === 'goto') {
    return { kind: statement, chain: `${table} ${asRecord(value).get('target')}` };
  }
  return undefined;
}

/** `tcp dport vmap { 22 : accept, 80 : jump web }`: one rule an element. */
function verdictMap(
  map: ReadonlyMap<string, Json>,
  table: string,
  sets: Sets,
  before: readonly Condition[],
  name: string,
): FilterRule[] {
  const data = map.get('data');
  const elements =
    typeof data === 'string'
      ? sets.get(`${table} ${data}`)?.get('elem')
      : asRecord(data).get('set');
  if (!Array.isArray(elements)) {
    return [
      {
        conditions: [...before, { kind: 'unknown', what: 'a map of verdicts' }],
        action: { kind: 'queue' },
        name,
      },
    ];
  }
  return elements.flatMap((element: Json) => {
    const [right, verdict] = Array.isArray(element) ? element : [];
    const [statement, value] = [...asRecord(verdict)][0] ?? ['', null];
    const action = actionOf(statement, value, table);
    if (action === undefined) return [];
    const key = new Map<string, Json>([
      ['op', '=='],
      ['left', map.get('key')],
      ['right', right === '*' ? undefined : right],
    ]);
    const conditions = right === '*' ? [] : matchConditions(key, table, sets);
    return [{ conditions: [...before, ...conditions], action, name }];
  });
}
