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

type HostHook = 'input' | 'output';

/** A new plan; the one given stays as it is. */
export function atHosts(plan: Plan, hosts: Hosts): Plan {
  const rules = plan.filter.chains.flatMap((chain) => chain.rules);
  const chainAt = (hook: HostHook): FilterChain => {
    const own = rules.flatMap((rule) => restricted(rule, hook, hosts.addresses));
    const { loopback, neighbours, dhcp: leases } = NEEDED_BY_HOSTS[hook];
    const first = [loopback, neighbours, ...leases];
    return { name: hook, hook, otherwise: 'drop', line: 0, rules: [...first, ...own] };
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
      `Only what ${hosts.name} must accept and send. What it forwards for others is not touched.`,
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

const one = (number: number) => [{ first: number, last: number }];
const accepting = (match: FilterMatch, id: string, comment: string): FilterRule => ({
  ...{ action: 'accept', match, id, comment, line: 0 },
});

// No state is kept for these messages, so none is asked for.
const NEIGHBOURS = accepting(
  {
    ...{ family: 6, protocols: one(ICMPV6) },
    icmp: [{ type: { first: 130, last: 136 } }, { type: { first: 143, last: 143 } }],
  },
  'neighbours',
  'IPv6 neighbours, routers, multicast listeners',
);

function dhcp(sourcePort: number, destinationPort: number): FilterRule {
  const ports = { sourcePorts: one(sourcePort), destinationPorts: one(destinationPort) };
  return accepting({ states: ['new'], protocols: one(UDP), ...ports }, 'dhcp', 'addresses by DHCP');
}

/**
 * The rules that stand before all others. Platforms that let such packets pass unasked know them
 * as these very objects, whatever a policy calls its own rules.
 */
export const NEEDED_BY_HOSTS = {
  input: {
    loopback: accepting({ inInterfaces: ['lo'] }, 'loopback', 'packets to itself'),
    neighbours: NEIGHBOURS,
    dhcp: [dhcp(67, 68), dhcp(547, 546)],
  },
  output: {
    loopback: accepting({ outInterfaces: ['lo'] }, 'loopback', 'packets to itself'),
    neighbours: NEIGHBOURS,
    dhcp: [dhcp(68, 67), dhcp(546, 547)],
  },
} as const;

/** What of the rule is for the hosts; one rule for each family where it was for both. */
function restricted(
  rule: FilterRule,
  hook: HostHook,
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
