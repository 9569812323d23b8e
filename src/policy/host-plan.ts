/**
 * A plan for hosts that filter their own packets, made from the plan for what passes between zones:
 * of each rule only what ends at the hosts (hook `input`) or begins there (hook `output`). Before
 * the rules stands what no host can do without and nobody writes into a policy: packets to itself,
 * neighbours and routers of IPv6 (RFC 4861), multicast listeners (RFC 2710, 3810), and the answers
 * of DHCP.
 */
import { type AddressRange, intersectRanges, wholeFamily } from '../net/address-range.ts';
import { ICMPV6, UDP } from '../net/header-fields.ts';
import type { FilterChain, FilterMatch, FilterRule } from './filter.ts';
import type { Hosts, Plan } from './plan.ts';

/** Ids of the rules that every host needs. */
export const LOOPBACK_RULE = 'loopback';
export const NEIGHBOUR_RULE = 'neighbours';
export const DHCP_RULE = 'dhcp';

type Hook = 'input' | 'output';

export function atHosts(plan: Plan, hosts: Hosts): Plan {
  const rules = plan.filter.chains.flatMap((chain) => chain.rules);
  const chainAt = (hook: Hook): FilterChain => {
    const own = rules.flatMap((rule) => restricted(rule, hook, hosts.addresses));
    return { name: hook, hook, otherwise: 'drop', line: 0, rules: [...needed(hook), ...own] };
  };
  const chains = [chainAt('input'), chainAt('output')];
  const used = new Set(
    chains.flatMap((chain) =>
      chain.rules.flatMap(({ sourceGroup, destinationGroup }) => [sourceGroup, destinationGroup]),
    ),
  );
  return {
    ...plan,
    groups: plan.groups.filter(({ name }) => used.has(name)),
    filter: { chains },
    hosts,
    remarks: [
      ...plan.remarks,
      `Only what ${hosts.name} must accept and send; what it forwards for others is not touched.`,
      'Beside the rules pass: packets to itself, IPv6 neighbours and listeners, and DHCP.',
      ...missingFamilies(hosts),
    ],
  };
}

function missingFamilies({ addresses }: Hosts): string[] {
  return ([4, 6] as const)
    .filter((family) => !addresses.some((range) => range.family === family))
    .map((family) => `No IPv${family} address is named: IPv${family} is dropped.`);
}

function needed(hook: Hook): FilterRule[] {
  const one = (number: number) => [{ first: number, last: number }];
  const accept = (match: FilterMatch, id: string, comment: string): FilterRule => ({
    ...{ action: 'accept', match, id, comment, line: 0 },
  });
  const server = [
    [67, 68],
    [547, 546],
  ] as const;
  return [
    accept(
      hook === 'input' ? { inInterfaces: ['lo'] } : { outInterfaces: ['lo'] },
      LOOPBACK_RULE,
      'packets to itself',
    ),
    // No state is kept for these messages, so none is asked for.
    accept(
      {
        ...{ family: 6, protocols: one(ICMPV6) },
        icmp: [{ type: { first: 130, last: 136 } }, { type: { first: 143, last: 143 } }],
      },
      NEIGHBOUR_RULE,
      'IPv6 neighbours, routers, multicast listeners',
    ),
    ...server.map(([theirs, own]) =>
      accept(
        {
          ...{ states: ['new'] as const, protocols: one(UDP) },
          sourcePorts: one(hook === 'input' ? theirs : own),
          destinationPorts: one(hook === 'input' ? own : theirs),
        },
        DHCP_RULE,
        'addresses by DHCP',
      ),
    ),
  ];
}

/** What of the rule is for the hosts; one rule for each family where it was for both. */
function restricted(
  rule: FilterRule,
  hook: Hook,
  hosts: readonly AddressRange[],
): readonly FilterRule[] {
  const { match } = rule;
  // Answers and the last rule are for all packets there are.
  if (Object.keys(match).every((key) => key === 'states')) return [rule];
  const [side, group] =
    hook === 'input'
      ? (['destination', 'destinationGroup'] as const)
      : (['source', 'sourceGroup'] as const);
  const families = match.family === undefined ? ([4, 6] as const) : [match.family];
  return families.flatMap((family): FilterRule[] => {
    const before = match[side] ?? [wholeFamily(family)];
    const within = intersectRanges(before, hosts).filter((range) => range.family === family);
    if (within.length === 0) return [];
    const { [group]: name, ...rest } = rule;
    const whole = JSON.stringify(within) === JSON.stringify(match[side]);
    return [
      {
        ...rest,
        match: { ...match, family, [side]: whole ? match[side] : within },
        ...(whole && name !== undefined ? { [group]: name } : {}),
      },
    ];
  });
}
