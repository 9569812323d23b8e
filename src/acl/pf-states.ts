/** Which packets open a state where pf keeps it (pf.conf(5), STATEFUL FILTERING); for parsers. */
import type { FilterMatch } from '../policy/filter.ts';
import { complementNumbers, MatchBuilder } from './match-builder.ts';

/**
 * What opens a state in pf: of TCP only a first segment (`flags S/SA`), unless the rule says
 * otherwise.
 */
export function opening(match: FilterMatch, flagsAny: boolean): FilterMatch[] {
  const first: FilterMatch = { ...match, states: ['new'] };
  const { protocols } = match;
  const holdsTcp =
    protocols === undefined || protocols.some((range) => range.first <= 6 && 6 <= range.last);
  if (flagsAny || !holdsTcp) return [first];
  const tcp = [{ first: 6, last: 6 }];
  const rest = new MatchBuilder();
  if (protocols !== undefined) rest.protocols(protocols);
  rest.protocols(complementNumbers(tcp, 255));
  const others = rest.build().protocols ?? [];
  const syn = { ...first, protocols: tcp, tcpFlags: [{ mask: 0x12, value: 0x02 }] };
  return others.length === 0 ? [syn] : [syn, { ...first, protocols: others }];
}
