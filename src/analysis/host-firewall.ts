/**
 * Is a listener reachable through its host's own packet filter? The question is asked for a new
 * connection that comes from another machine. Each condition of a rule holds, does not hold, or is
 * not known (source address, interface, rate); the walk keeps both outcomes open where it is not.
 * “Yes” and “no” are said only when every way through ends the same; else it depends, and the rules
 * on which it depends are named. Nothing is guessed.
 */
import type {
  BaseChain,
  Condition,
  FilterChain,
  FilterQuestion,
  FilterRule,
  PacketFilter,
  Reachability,
} from '../model/packet-filter.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { containsPort } from '../net/port-range.ts';
import { containsAddress, parsePrefix } from '../net/prefix.ts';

/** Jumps deeper than this are no rule set that a kernel takes (nftables: 16). */
const MAX_DEPTH = 32;
/** Rules looked at for one question, against chains that jump to each other many times over. */
const MAX_STEPS = 200_000;
const NAMED = 3;

/** `yes`, `no`, or what is not known. */
type Truth = boolean | string;

interface Walk {
  readonly question: FilterQuestion;
  readonly address: Address | undefined;
  readonly chains: ReadonlyMap<string, FilterChain>;
  steps: number;
}

/** What may become of the packet in one chain. */
interface Outcomes {
  accept: string | undefined;
  drop: string | undefined;
  /** Rules that may or may not have matched, with what they depend on. */
  readonly open: { readonly rule: string; readonly what: string }[];
}

/** Decides for the whole filter: a packet must come through every chain of its family. */
export function reachability(filter: PacketFilter, question: FilterQuestion): Reachability {
  const walk: Walk = {
    question,
    address: question.address === undefined ? undefined : parseAddress(question.address),
    chains: new Map(filter.chains.map((chain) => [chain.id, chain])),
    steps: 0,
  };
  const depends: Outcomes['open'] = [];
  const accepted: string[] = [];
  for (const base of filter.bases) {
    if (!base.families.includes(question.family)) continue;
    const outcomes = walkBase(base, walk);
    if (outcomes.accept === undefined && outcomes.drop !== undefined) {
      return { answer: 'no', rules: [outcomes.drop], on: [] };
    }
    if (outcomes.drop !== undefined) depends.push(...outcomes.open);
    else if (outcomes.accept !== undefined && !base.nat) accepted.push(outcomes.accept);
  }
  if (depends.length === 0) return { answer: 'yes', rules: accepted, on: [] };
  return {
    answer: 'depends',
    rules: [...new Set(depends.map(({ rule }) => rule))].slice(0, NAMED),
    on: [...new Set(depends.map(({ what }) => what))].slice(0, NAMED),
  };
}

function walkBase(base: BaseChain, walk: Walk): Outcomes {
  const outcomes: Outcomes = { accept: undefined, drop: undefined, open: [] };
  if (walkChain(base, walk, outcomes, 0) === 'falls') {
    const policy = `policy ${base.policy} of ${base.id}`;
    if (base.policy === 'accept') outcomes.accept ??= policy;
    else outcomes.drop ??= policy;
  }
  return outcomes;
}

/** `falls`: the packet may leave the chain at its end; `ends`: it does not on any way. */
function walkChain(
  chain: FilterChain,
  walk: Walk,
  outcomes: Outcomes,
  depth: number,
): 'falls' | 'ends' {
  let returned = false;
  for (const rule of chain.rules) {
    if (++walk.steps > MAX_STEPS || depth > MAX_DEPTH) {
      unsure(outcomes, rule, 'more rules than were looked at');
      return 'falls';
    }
    const matches = truthOf(rule, walk);
    if (matches === false) continue;
    const next = act(rule, walk, outcomes, depth);
    if (typeof matches === 'string') {
      outcomes.open.push({ rule: rule.name, what: matches });
      if (next === 'returns') returned = true;
      continue;
    }
    if (next === 'returns') return 'falls';
    if (next === 'ends') return returned ? 'falls' : 'ends';
  }
  return 'falls';
}

function act(
  rule: FilterRule,
  walk: Walk,
  outcomes: Outcomes,
  depth: number,
): 'goes on' | 'returns' | 'ends' {
  const { action, name } = rule;
  switch (action.kind) {
    case 'accept':
      outcomes.accept ??= name;
      return 'ends';
    case 'drop':
    case 'reject':
      outcomes.drop ??= name;
      return 'ends';
    case 'return':
      return 'returns';
    case 'redirect':
      unsure(outcomes, rule, 'where the rule sends it');
      return 'ends';
    case 'queue':
      unsure(outcomes, rule, 'a program that is asked');
      return 'ends';
    case 'jump':
    case 'goto': {
      const chain = walk.chains.get(action.chain);
      if (chain === undefined) {
        unsure(outcomes, rule, 'a chain that is not shown');
        return 'goes on';
      }
      const way = walkChain(chain, walk, outcomes, depth + 1);
      if (way === 'ends') return 'ends';
      // After goto nothing comes back; the policy of the base chain decides.
      return action.kind === 'goto' ? 'returns' : 'goes on';
    }
  }
}

/** Both outcomes stay possible. */
function unsure(outcomes: Outcomes, rule: FilterRule, what: string): void {
  outcomes.accept ??= rule.name;
  outcomes.drop ??= rule.name;
  outcomes.open.push({ rule: rule.name, what });
}

/** All conditions of a rule together; the first one not known names what it depends on. */
function truthOf(rule: FilterRule, walk: Walk): Truth {
  let unknown: string | undefined;
  for (const condition of rule.conditions) {
    const truth = holds(condition, walk);
    if (truth === false) return false;
    if (typeof truth === 'string') unknown ??= truth;
  }
  return unknown ?? true;
}

function holds(condition: Condition, { question, address }: Walk): Truth {
  switch (condition.kind) {
    case 'fixed':
      return condition.holds;
    case 'unknown':
      return condition.what;
    case 'family':
      return (question.family === condition.family) !== condition.not;
    case 'transport':
      return condition.transports.includes(question.transport) !== condition.not;
    case 'port':
      return containsPort(condition.ports, question.port) !== condition.not;
    case 'destination':
      return destination(condition, question, address);
    case 'source':
      return source(condition, question);
    case 'interface':
      return arrival(condition);
    case 'state':
      return condition.states.includes('new') !== condition.not;
  }
}

function destination(
  { prefixes, not }: Condition & { kind: 'destination' },
  { family }: FilterQuestion,
  address: Address | undefined,
): Truth {
  const mine = prefixes.filter((prefix) => prefix.family === family);
  if (mine.some(({ length }) => length === 0)) return !not;
  if (mine.length === 0) return not;
  if (address !== undefined) return mine.some((prefix) => containsAddress(prefix, address)) !== not;
  return `which of its addresses (${not ? 'not ' : ''}the rule’s own)`;
}

const LOOPBACK = [parsePrefix('127.0.0.0/8'), parsePrefix('::1/128')];

/** Nobody outside has a loopback address. */
function source(
  { prefixes, not, text }: Condition & { kind: 'source' },
  { family }: FilterQuestion,
): Truth {
  const mine = prefixes.filter((prefix) => prefix.family === family);
  if (mine.some(({ length }) => length === 0)) return !not;
  const outside = mine.filter(
    (prefix) =>
      !LOOPBACK.some(
        (each) =>
          each.family === family && each.length <= prefix.length && containsAddress(each, prefix),
      ),
  );
  if (outside.length === 0) return not;
  return `the source address (${not ? 'not ' : ''}${text})`;
}

/** Another machine's packet does not come in by the loopback interface. */
function arrival({ names, not }: Condition & { kind: 'interface' }): Truth {
  const others = names.filter((name) => name !== 'lo');
  if (others.length === 0) return not;
  return `the interface it comes in by (${not ? 'not ' : ''}${others.join(', ')})`;
}

/**
 * The first rule that sends such packets elsewhere (DNAT, redirection), and whether it certainly
 * does. Rules of NAT chains see the first packet of each connection.
 */
export function redirection(
  filter: PacketFilter,
  question: FilterQuestion,
): { readonly rule: string; readonly certain: boolean } | undefined {
  const walk: Walk = {
    question,
    address: question.address === undefined ? undefined : parseAddress(question.address),
    chains: new Map(filter.chains.map((chain) => [chain.id, chain])),
    steps: 0,
  };
  for (const base of filter.bases) {
    if (!base.families.includes(question.family)) continue;
    const found = findRedirect(base, walk, true, 0);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findRedirect(
  chain: FilterChain,
  walk: Walk,
  certain: boolean,
  depth: number,
): { rule: string; certain: boolean } | undefined {
  for (const rule of chain.rules) {
    if (++walk.steps > MAX_STEPS || depth > MAX_DEPTH) return undefined;
    const matches = truthOf(rule, walk);
    if (matches === false) continue;
    const sure = certain && matches === true;
    const { action } = rule;
    if (action.kind === 'redirect') return { rule: rule.name, certain: sure };
    if (action.kind === 'jump' || action.kind === 'goto') {
      const target = walk.chains.get(action.chain);
      const found = target === undefined ? undefined : findRedirect(target, walk, sure, depth + 1);
      if (found !== undefined) return found;
    } else if (sure) return undefined;
  }
  return undefined;
}

/** Ports that rules of the filter may send elsewhere, as far as they name them one by one. */
export function redirectedPorts({ bases, chains }: PacketFilter): number[] {
  const ports = new Set<number>();
  for (const { rules } of [...bases, ...chains]) {
    for (const { action, conditions } of rules) {
      if (action.kind !== 'redirect') continue;
      for (const condition of conditions) {
        if (condition.kind !== 'port' || condition.not) continue;
        for (const { first, last } of condition.ports) if (first === last) ports.add(first);
      }
    }
  }
  return [...ports];
}
