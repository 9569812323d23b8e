/**
 * The filter that policies over first packets of sessions come to: answers pass by their session,
 * unasked and before any policy. For parsers alone; renderers have no part in it.
 */
import type { NumberRange } from '../net/header-match.ts';
import type { Filter, FilterChain, FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';

/**
 * What is forwarded by policies that are asked about the first packet of a session only: its answers
 * pass, and a first packet of which no rule speaks as `otherwise` says.
 */
export function sessionFilter(
  name: string,
  rules: readonly FilterRule[],
  otherwise: Verdict = 'drop',
): Filter {
  const answers: FilterRule = {
    action: 'accept',
    match: { states: ['established', 'related'] },
    line: 0,
  };
  // Only what begins a session is ever asked for.
  const last: FilterRule = { action: 'accept', match: { states: ['new'] }, line: 0 };
  return {
    chains: [
      {
        name,
        hook: 'forward',
        otherwise: 'drop',
        line: 0,
        rules: [answers, ...rules, ...(otherwise === 'accept' ? [last] : [])],
      },
    ],
  };
}

/** Messages of ICMPv6 that begin and belong to no session: neighbours, routers, listeners. */
export const SESSIONLESS: FilterMatch = {
  family: 6,
  protocols: [{ first: 58, last: 58 }],
  icmp: [{ type: { first: 130, last: 136 } }, { type: { first: 143, last: 143 } }],
};

interface HostSide {
  readonly rules: readonly FilterRule[];
  /** What happens to what no rule decides. */
  readonly otherwise: Verdict;
}

/** A machine's packets to itself, which such platforms never ask about. */
export const TO_ITSELF: Readonly<Record<'input' | 'output', FilterMatch>> = {
  input: { inInterfaces: ['lo'] },
  output: { outInterfaces: ['lo'] },
};

/**
 * What a machine accepts and sends by such policies. Beside its packets to itself, `unasked` are
 * matches that pass before any rule, by direction.
 */
export function hostFilter(
  input: HostSide,
  output: HostSide,
  unasked: Readonly<Record<'input' | 'output', readonly FilterMatch[]>>,
  stateful = true,
): Filter {
  const chain = (hook: 'input' | 'output', { rules, otherwise }: HostSide): FilterChain => {
    const passing: FilterMatch[] = [TO_ITSELF[hook], ...unasked[hook]];
    if (stateful) passing.push({ states: ['established', 'related'] });
    const last: FilterRule = {
      action: 'accept',
      match: stateful ? { states: ['new'] } : {},
      line: 0,
    };
    const before = passing.map((match): FilterRule => ({ action: 'accept', match, line: 0 }));
    const after = otherwise === 'accept' ? [last] : [];
    return { name: hook, hook, otherwise: 'drop', line: 0, rules: [...before, ...rules, ...after] };
  };
  return { chains: [chain('input', input), chain('output', output)] };
}

const udp = (from: number, to: number): FilterMatch => ({
  states: ['new'],
  protocols: [{ first: 17, last: 17 }],
  sourcePorts: [{ first: from, last: from }],
  destinationPorts: [{ first: to, last: to }],
});

/** Neighbours, routers and leases, by direction, for clouds that never filter them. */
export const CLOUD_UNASKED = {
  input: [SESSIONLESS, udp(67, 68), udp(547, 546)],
  output: [SESSIONLESS, udp(68, 67), udp(546, 547)],
} as const;

/** `80` or `80-90`. Throws `LineFault`. */
export function portRange(word: string): NumberRange {
  const [low = '', high, ...more] = word.split('-');
  if (more.length > 0) throw new LineFault(`“${word}” is not a range of ports.`);
  const first = numberOf(low, 65_535);
  const last = high === undefined ? first : numberOf(high, 65_535);
  if (first > last) throw new LineFault(`The range “${word}” runs backwards.`);
  return { first, last };
}
