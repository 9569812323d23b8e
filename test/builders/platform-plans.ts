/** Random plans as each platform wants them, for round trips: the same ones for the same seed. */
import { type Platform, planChoices } from '../../src/acl/platform.ts';
import { PLATFORMS } from '../../src/acl/platforms.ts';
import { rangeOfAddress } from '../../src/net/address-range.ts';
import type { Policy } from '../../src/policy/intent.ts';
import { type Hosts, type Plan, planFor } from '../../src/policy/plan.ts';
import { type Dice, diceOf, randomPolicy } from './policy.ts';

export type Place = 'between' | 'host';

/** Every platform at every place it filters at. */
export const PLACES = PLATFORMS.flatMap((platform) =>
  platform.capabilities.filters.map((place) => ({ platform, place, name: platform.name })),
);

/** One or two addresses that rules of the policy name, or all of one of its groups. */
function hostsOf({ groups }: Policy, dice: Dice): Hosts {
  const held = groups.flatMap(({ addresses }) => addresses);
  const one = (family: 4 | 6) => {
    const own = held.filter((range) => range.family === family);
    const range = own[dice(Math.max(1, own.length))];
    return range === undefined ? [] : [rangeOfAddress({ family, words: range.first })];
  };
  const whole = groups[dice(groups.length)]!;
  if (dice(4) === 0) return { name: whole.name, addresses: whole.addresses };
  const addresses = dice(3) === 0 ? [...one(4), ...one(6)] : one(dice(4) === 0 ? 6 : 4);
  return { name: 'the host', addresses: addresses.length > 0 ? addresses : whole.addresses };
}

/** The plan for a policy as the platform wants it; `hosts` where it filters at hosts. */
export function planOf(policy: Policy, place: Place, platform: Platform, hosts: Hosts): Plan {
  const choices = { ...planChoices(platform), nowMs: 0 };
  return planFor(policy, place === 'between' ? choices : { ...choices, hosts });
}

/** A random plan as the platform wants it. */
export function planAt(seed: number, place: Place, platform: Platform): Plan {
  const policy = randomPolicy(diceOf(seed));
  return planOf(policy, place, platform, hostsOf(policy, diceOf(seed + 1_000_000)));
}
