/** Random filters and packets near their edges, for comparing readings of one rule list. */
import { type AddressRange, mergeRanges } from '../../src/net/address-range.ts';
import { ICMP, ICMPV6, type PacketHeader, STATES, TCP } from '../../src/net/header-fields.ts';
import type { FilterMatch, FilterRule } from '../../src/policy/filter.ts';
import type { Plan } from '../../src/policy/plan.ts';
import { type Dice, randomAddresses } from './policy.ts';

const PORTS = [1, 22, 53, 79, 80, 81, 443, 1023, 1024, 50_000, 65_534, 65_535];

function pick<T>(dice: Dice, items: readonly T[]): T {
  return items[dice(items.length)]!;
}

function ports(dice: Dice) {
  return Array.from({ length: 1 + dice(3) }, (_, index) => {
    const first = 1000 * index * 20 + pick(dice, PORTS.slice(0, 9));
    return { first, last: first + pick(dice, [0, 0, 1, 500]) };
  });
}

function family(dice: Dice, wanted: 4 | 6): AddressRange[] | undefined {
  const own = randomAddresses(dice).filter((range) => range.family === wanted);
  return own.length === 0 ? undefined : mergeRanges(own);
}

/** One rule as a plan may have it. */
function randomRule(dice: Dice, stateful: boolean, index: number): FilterRule {
  const own = dice(2) === 0 ? 4 : 6;
  const source = dice(3) === 0 ? undefined : family(dice, own);
  const destination = dice(3) === 0 ? undefined : family(dice, own);
  const anyFamily = source === undefined && destination === undefined && dice(2) === 0;
  const one = (number: number) => [{ first: number, last: number }];
  let match: FilterMatch = {
    ...(stateful && dice(3) > 0
      ? {
          states: pick(dice, [
            ['new'],
            ['new', 'untracked'],
            ['invalid'],
            ['new', 'invalid'],
          ] as const),
        }
      : {}),
    ...(anyFamily ? {} : { family: own }),
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
  };
  const kind = dice(8);
  if (kind < 5) {
    const protocol = pick(dice, [TCP, TCP, 17, 17, 132]);
    const flags = { mask: 1 + dice(63), value: 0 };
    match = {
      ...match,
      protocols: one(protocol),
      ...(dice(3) === 0 ? { sourcePorts: ports(dice) } : {}),
      ...(dice(3) > 0 ? { destinationPorts: ports(dice) } : {}),
      ...(protocol === TCP && dice(4) === 0
        ? { tcpFlags: [{ mask: flags.mask, value: flags.mask & dice(64) }] }
        : {}),
    };
  } else if (kind === 5 && !anyFamily) {
    const type = pick(dice, own === 4 ? [0, 3, 8, 11] : [1, 2, 128, 129]);
    const code = dice(2) === 0 ? {} : { code: { first: 0, last: dice(3) } };
    match = {
      ...match,
      protocols: one(own === 4 ? ICMP : ICMPV6),
      icmp: [{ type: { first: type, last: type }, ...code }],
    };
  } else if (kind === 6) match = { ...match, protocols: one(pick(dice, [1, 6, 17, 47, 58])) };
  const action = pick(dice, ['accept', 'accept', 'drop'] as const);
  return { action, match, id: `R${index}`, line: 0 };
}

/** A plan of a dozen random rules that ends by dropping, or by accepting. */
export function randomFilterPlan(dice: Dice, stateful: boolean): Plan {
  const rules = Array.from({ length: 12 }, (_, index) => randomRule(dice, stateful, index));
  const otherwise = dice(3) === 0 ? 'accept' : 'drop';
  const chain = { name: 'forward', hook: 'forward', otherwise, line: 0, rules } as const;
  return {
    name: 'random',
    stateful,
    zones: [],
    groups: [],
    filter: { chains: [chain] },
    remarks: [],
  };
}

/** The address, or one next to it, moved within its last 32 bits. */
function near(dice: Dice, words: readonly number[]): number[] {
  const moved = [...words];
  const last = moved.length - 1;
  const step = pick(dice, [0, 0, 1, -1, 2]);
  moved[last] = Math.min(0xffffffff, Math.max(0, moved[last]! + step)) >>> 0;
  return moved;
}

/** A packet that one of the rules nearly or just matches. */
export function packetNear(
  dice: Dice,
  rules: readonly FilterRule[],
  fragments: boolean,
): PacketHeader {
  const { match } = pick(dice, rules);
  const own = match.family ?? (dice(2) === 0 ? 4 : 6);
  const words = (ranges: readonly AddressRange[] | undefined) => {
    const range = ranges === undefined ? randomAddresses(dice)[0]! : pick(dice, ranges);
    if (range.family === own) return near(dice, dice(2) === 0 ? range.first : range.last);
    return own === 4 ? [0x0a000000 + dice(1024)] : [0x20010db8, dice(3), 0, 1 + dice(300)];
  };
  const port = (ranges: readonly { first: number; last: number }[] | undefined) => {
    if (ranges === undefined || dice(5) === 0) return pick(dice, PORTS);
    const { first, last } = pick(dice, ranges);
    return Math.min(65_535, Math.max(0, pick(dice, [first, last, first - 1, last + 1])));
  };
  const asked = match.protocols?.[0]?.first;
  const any = own === 4 ? [1, 6, 17, 47, 132, 136] : [6, 17, 47, 58, 132, 136];
  const protocol = asked !== undefined && dice(8) > 0 ? asked : pick(dice, any);
  const laterFragment = fragments && dice(6) === 0;
  const icmp = match.icmp?.[0];
  const isIcmp = protocol === (own === 4 ? ICMP : ICMPV6) && !laterFragment;
  const hasPorts = [6, 17, 33, 132, 136].includes(protocol) && !laterFragment;
  const flags = match.tcpFlags?.[0];
  return {
    state: STATES[0],
    family: own,
    source: { family: own, words: words(match.source) },
    destination: { family: own, words: words(match.destination) },
    laterFragment,
    protocol,
    sourcePort: hasPorts ? port(match.sourcePorts) : 0,
    destinationPort: hasPorts ? port(match.destinationPorts) : 0,
    icmpType: isIcmp ? (icmp?.type.first ?? pick(dice, [0, 3, 8, 11, 128, 129])) : 0,
    icmpCode: isIcmp ? dice(4) : 0,
    tcpFlags:
      protocol !== TCP || laterFragment
        ? 0
        : flags !== undefined && dice(2) === 0
          ? flags.value | (dice(64) & ~flags.mask)
          : pick(dice, [2, 2, 2, 18, 16, 24, 4, 17, 0, 3]),
  };
}
