/** Random policies for property tests: groups of both families, odd names, all kinds of services. */
import { type AddressRange, mergeRanges, rangeOfPrefix } from '../../src/net/address-range.ts';
import { type Prefix, prefixOf } from '../../src/net/prefix.ts';
import type { Group, Party, Policy, PolicyService, Rule, Zone } from '../../src/policy/intent.ts';

/** Numbers from 0 up to (not including) `below`; the same ones for the same seed. */
export type Dice = (below: number) => number;

export function diceOf(seed: number): Dice {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const NAMES = [
  ...['web', 'sql', 'dc-servers', 'permit', 'any4', 'all', 'rule', 'Web', 'host', 'deny'],
  ...['quote"d', "it's", 'new\nline', 'a; drop', '}\n{', '# comment', '$(id)', '`id`', 'büro', ''],
];

function pick<T>(dice: Dice, items: readonly T[]): T {
  return items[dice(items.length)]!;
}

/** IPv4 in 10.0.0.0/16, IPv6 in 2001:db8::/48, few enough that groups overlap. */
function randomPrefix(dice: Dice): Prefix {
  if (dice(3) > 0) {
    const length = pick(dice, [32, 32, 32, 32, 31, 30, 28, 24, 20]);
    return prefixOf({ family: 4, words: [0x0a000000 + dice(1024)] }, length);
  }
  const length = pick(dice, [128, 128, 128, 127, 120, 96, 64, 48]);
  return prefixOf({ family: 6, words: [0x20010db8, dice(3), 0, dice(300)] }, length);
}

export function randomAddresses(dice: Dice): AddressRange[] {
  const count = 1 + dice(4) * dice(3);
  return mergeRanges(Array.from({ length: count }, () => rangeOfPrefix(randomPrefix(dice))));
}

function randomService(dice: Dice): PolicyService {
  switch (dice(8)) {
    case 0:
      return { protocol: 1, icmp: [{ type: { first: 8, last: 8 } }] };
    case 1:
      return { protocol: 58, icmp: [{ type: { first: 128, last: 128 } }] };
    case 2:
      return { protocol: pick(dice, [47, 50, 89]) };
    default: {
      const first = pick(dice, [22, 53, 80, 443, 1433, 49_152, dice(65_536)]);
      const last = dice(3) > 0 ? first : Math.min(65_535, first + dice(2000));
      const more = first > 10 && dice(3) === 0 ? [{ first: 1, last: 1 + dice(5) }] : [];
      return { protocol: pick(dice, [6, 6, 17]), ports: [...more, { first, last }] };
    }
  }
}

/** A valid policy of up to eight rules. */
export function randomPolicy(dice: Dice): Policy {
  const names = [...NAMES].sort(() => dice(3) - 1).slice(0, 5);
  const groups: Group[] = names.map((name) => ({ name, addresses: randomAddresses(dice) }));
  const zones: Zone[] = [
    zone('dmz', [0x0a000000], 23),
    zone('internal', [0x0a000200], 23),
    zone('six', [0x20010db8, 0, 0, 0], 32),
  ];
  const party = (): Party => {
    if (dice(8) === 0) return { names: ['any'], addresses: undefined };
    if (dice(4) === 0) {
      const addresses = randomAddresses(dice);
      return { names: [`literal ${dice(1e6)}`], addresses };
    }
    const group = pick(dice, groups);
    return { names: [group.name], addresses: group.addresses };
  };
  const rules: Rule[] = Array.from({ length: 1 + dice(8) }, (_, index) => ({
    id: `R${String(index + 1).padStart(3, '0')}`,
    action: dice(6) === 0 ? 'deny' : 'allow',
    from: party(),
    to: party(),
    serviceNames: [],
    services: Array.from({ length: 1 + dice(3) }, () => randomService(dice)),
    because: `${pick(dice, NAMES)} needs ${pick(dice, NAMES)}`,
    unobserved: false,
    log: dice(2) === 0,
  }));
  return {
    version: 1,
    name: pick(dice, NAMES),
    zones,
    groups,
    services: [],
    rules,
    default: 'deny',
    logDeniedPerSecond: dice(2) * 50,
  };
}

function zone(name: string, words: number[], length: number): Zone {
  const family = words.length === 1 ? 4 : 6;
  const addresses = [rangeOfPrefix(prefixOf({ family, words }, length))];
  return { name, addresses, isRest: false, interfaces: [] };
}
