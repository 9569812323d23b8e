/**
 * The filter that policies over first packets of sessions come to: answers pass by their session,
 * unasked and before any policy. For parsers alone; renderers have no part in it.
 */
import type { NumberRange } from '../net/header-match.ts';
import type { Filter, FilterRule, Verdict } from '../policy/filter.ts';
import { LineFault, numberOf } from './list-line.ts';

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

/** `80` or `80-90`. */
export function portRange(word: string): NumberRange {
  const [low = '', high, ...more] = word.split('-');
  if (more.length > 0) throw new LineFault(`“${word}” is not a range of ports.`);
  const first = numberOf(low, 65_535);
  const last = high === undefined ? first : numberOf(high, 65_535);
  if (first > last) throw new LineFault(`The range “${word}” runs backwards.`);
  return { first, last };
}
