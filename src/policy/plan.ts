/**
 * A policy as the ordered rules of a packet filter, before any platform's syntax: connections
 * under way first, then the rules, then everything else dropped and logged. For filters that keep
 * no state the answers get mirrored rules, and what those let through beyond answers can be shown
 * (`replies`).
 *
 * Guarantees for who renders a plan: the addresses of a rule are of one family, and `family` says
 * which; it is left out only where both sides are any address. Ports and ICMP types stand with
 * exactly one protocol. The last rule of a chain drops everything. A plan is either for what passes
 * between zones, one chain of hook `forward`, or for hosts (`host-plan.ts`).
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, intersectRanges } from '../net/address-range.ts';
import { ACK, ICMP, ICMPV6, PORT_PROTOCOLS, RST, TCP } from '../net/header-fields.ts';
import type { HeaderMatch, IcmpMatch } from '../net/header-match.ts';
import type { PortRange } from '../net/port-range.ts';
import { type Extent, hooksOf } from './compare.ts';
import type { Filter, FilterMatch, FilterRule } from './filter.ts';
import { atHosts } from './host-plan.ts';
import type { Party, Policy, PolicyService, Rule, Zone } from './intent.ts';
import { mergeServices } from './service-text.ts';

/** A named set of addresses of one family that rules of the plan use. */
export interface PlanGroup {
  readonly name: string;
  readonly addresses: readonly AddressRange[];
}

export interface Plan {
  /** Name of the policy: any text. */
  readonly name: string;
  readonly stateful: boolean;
  readonly zones: readonly Zone[];
  /** Groups by name; a rule's `sourceGroup` and `destinationGroup` name one of them. */
  readonly groups: readonly PlanGroup[];
  /** One chain of hook `forward`, or those of hooks `input` and `output` where there are hosts. */
  readonly filter: Filter;
  /** Whose packets are filtered; undefined = what passes between zones. */
  readonly hosts?: Hosts;
  /** What a person should know of this plan, one sentence each; rendered as comments. */
  readonly remarks: readonly string[];
}

/** Machines that are to filter their own packets, all alike. */
export interface Hosts {
  /** As asked for: an address, a prefix, the name of a group or zone. */
  readonly name: string;
  /** Merged. */
  readonly addresses: readonly AddressRange[];
}

export interface PlanChoices {
  readonly stateful: boolean;
  /**
   * Ports that clients are taken to use, where a filter without state can ask for the port a packet
   * goes to alone: what goes there passes, from any port and with any flags.
   */
  readonly returnPorts?: PortRange;
  /** Errors of connections need rules although the filter keeps track of connections. */
  readonly asksErrors?: boolean;
  /** Only what these hosts must accept and send. */
  readonly hosts?: Hosts;
  /** Rules that ended before this moment (milliseconds since 1970) are left out. */
  readonly nowMs: number;
}

export const DENY_PREFIX = 'PR-DENY ';
/** Id of the rule that ends a plan. */
export const LAST_RULE = 'deny';
export const PLAN_CHAIN = 'forward';

/** What a party of a rule comes to in one family. */
interface Side {
  readonly addresses: readonly AddressRange[] | undefined;
  readonly group: string | undefined;
  readonly zones: readonly string[];
}

/** The plan for a policy. The policy has been checked: every name in it is known. */
export function planFor(policy: Policy, choices: PlanChoices): Plan {
  const sets = new GroupSets(policy);
  const rules: FilterRule[] = [];
  const remarks: string[] = [];
  if (choices.stateful) {
    rules.push(accepting({ states: ['established', 'related'] }, 'established', 'answers'));
    if (choices.asksErrors === true) rules.push(...icmpErrors({ states: ['new'] }));
  } else {
    rules.push(...icmpErrors({}));
    remarks.push(statelessRemark(choices));
  }
  for (const rule of policy.rules) {
    if (rule.expiresMs !== undefined && rule.expiresMs <= choices.nowMs) {
      remarks.push(`Rule ${rule.id} has expired and is left out.`);
      continue;
    }
    rules.push(...rulesOf(rule, sets, choices));
  }
  const perSecond = policy.logDeniedPerSecond;
  rules.push({
    action: 'drop',
    match: {},
    id: LAST_RULE,
    comment: 'everything else',
    line: 0,
    ...(perSecond > 0 ? { log: { prefix: DENY_PREFIX, perSecond } } : {}),
  });
  const chain = { name: PLAN_CHAIN, hook: 'forward', otherwise: 'drop', line: 0, rules } as const;
  const plan: Plan = {
    name: policy.name,
    stateful: choices.stateful,
    zones: policy.zones,
    groups: sets.used(),
    filter: { chains: [chain] },
    remarks,
  };
  return choices.hosts === undefined ? plan : atHosts(plan, choices.hosts);
}

/** Which packets a plan is about. */
export function extentOf({ filter, hosts }: Plan): Extent {
  return {
    hooks: hooksOf([filter]),
    ...(hosts === undefined ? {} : { hosts: hosts.addresses }),
  };
}

function statelessRemark({ returnPorts }: PlanChoices): string {
  const start = 'This platform keeps no state: rules ending in -reply let answers back, and';
  if (returnPorts === undefined) return `${start} forged answers too.`;
  const { first, last } = returnPorts;
  return `${start} with them whatever goes to ports ${first}-${last}. Clients must use those ports.`;
}

function accepting(match: FilterMatch, id: string, comment: string): FilterRule {
  return { action: 'accept', match, id, comment, line: 0 };
}

const single = (number: number) => [{ first: number, last: number }];
const types = (...numbers: number[]): IcmpMatch[] =>
  numbers.map((number) => ({ type: { first: number, last: number } }));

/**
 * Errors without which connections break where no state ties them to one: unreachable with
 * “fragmentation needed”, time exceeded, parameter problem (RFC 792; RFC 4443, all four).
 */
function icmpErrors(states: FilterMatch): FilterRule[] {
  return [
    accepting(
      { ...states, family: 4, protocols: single(ICMP), icmp: types(3, 11, 12) },
      'icmp-errors',
      'errors of connections, path MTU',
    ),
    accepting(
      { ...states, family: 6, protocols: single(ICMPV6), icmp: types(1, 2, 3, 4) },
      'icmpv6-errors',
      'errors of connections, path MTU',
    ),
  ];
}

function rulesOf(
  rule: Rule,
  sets: GroupSets,
  { stateful, returnPorts }: PlanChoices,
): FilterRule[] {
  const made: FilterRule[] = [];
  for (const service of mergeServices(rule.services)) {
    for (const family of familiesOf(rule, service)) {
      const from = sets.side(rule.from, family);
      const to = sets.side(rule.to, family);
      const asked = conditions(service, family);
      const states: HeaderMatch = stateful ? { states: ['new'] } : {};
      const action = rule.action === 'allow' ? 'accept' : 'drop';
      made.push(written(rule, action, { ...states, ...asked }, from, to));
      if (stateful || rule.action === 'deny') continue;
      const back = answers(service, family, returnPorts);
      if (back !== undefined) made.push(written(rule, 'accept', back, to, from, '-reply'));
    }
  }
  return made;
}

function written(
  rule: Rule,
  action: 'accept' | 'drop',
  match: FilterMatch,
  source: Side,
  destination: Side,
  suffix = '',
): FilterRule {
  const id = `${rule.id}${suffix}`;
  const parties = `${rule.from.names.join(', ')} -> ${rule.to.names.join(', ')}`;
  const because = rule.because === undefined ? '' : `: ${rule.because}`;
  return {
    action,
    match: {
      ...match,
      ...(source.addresses === undefined ? {} : { source: source.addresses }),
      ...(destination.addresses === undefined ? {} : { destination: destination.addresses }),
    },
    id,
    comment: `${parties}${because}`,
    line: 0,
    ...(rule.log ? { log: { prefix: `${id} ` } } : {}),
    ...(source.group === undefined ? {} : { sourceGroup: source.group }),
    ...(destination.group === undefined ? {} : { destinationGroup: destination.group }),
    sourceZones: source.zones,
    destinationZones: destination.zones,
  };
}

/** Families a rule is written for; undefined = one rule for both. */
function familiesOf({ from, to }: Rule, service: PolicyService): (Family | undefined)[] {
  const holds = (party: Party, family: Family) =>
    party.addresses?.some((range) => range.family === family) ?? true;
  let families = ([4, 6] as const).filter((family) => holds(from, family) && holds(to, family));
  if (service.protocol === ICMP) families = families.filter((family) => family === 4);
  else if (service.protocol === ICMPV6) families = families.filter((family) => family === 6);
  else if (from.addresses === undefined && to.addresses === undefined) return [undefined];
  return families;
}

function conditions(service: PolicyService, family: Family | undefined): FilterMatch {
  return {
    ...(family === undefined ? {} : { family }),
    protocols: single(service.protocol),
    ...(service.ports === undefined ? {} : { destinationPorts: service.ports }),
    ...(service.icmp === undefined ? {} : { icmp: service.icmp }),
  };
}

/** Type of the message that answers a request, by protocol (RFC 792, 4443). */
const ICMP_ANSWERS: Readonly<Record<number, ReadonlyMap<number, number>>> = {
  [ICMP]: new Map([
    [8, 0],
    [13, 14],
  ]),
  [ICMPV6]: new Map([[128, 129]]),
};

/** What the answers of the service look like; undefined where there are none. */
function answers(
  service: PolicyService,
  family: Family | undefined,
  returnPorts: PortRange | undefined,
): FilterMatch | undefined {
  const shared = {
    ...(family === undefined ? {} : { family }),
    protocols: single(service.protocol),
  };
  if (service.icmp !== undefined) {
    const known = ICMP_ANSWERS[service.protocol];
    const back = service.icmp.flatMap(({ type }) => {
      const answer = type.first === type.last ? known?.get(type.first) : undefined;
      return answer === undefined ? [] : [answer];
    });
    return back.length === 0 ? undefined : { ...shared, icmp: types(...back) };
  }
  if (returnPorts !== undefined && PORT_PROTOCOLS.includes(service.protocol)) {
    return { ...shared, destinationPorts: [returnPorts] };
  }
  const ports = service.ports === undefined ? {} : { sourcePorts: service.ports };
  if (service.protocol !== TCP) return { ...shared, ...ports };
  // Routers call a segment with ACK or RST “established”: no first packet of a connection has them.
  return {
    ...shared,
    ...ports,
    tcpFlags: [
      { mask: ACK, value: ACK },
      { mask: RST, value: RST },
    ],
  };
}

/** Addresses of parties by family, one list each, so that equal parties share one set. */
class GroupSets {
  private readonly policy: Policy;
  private readonly lists = new Map<string, Side>();
  private readonly groups = new Map<string, PlanGroup>();

  constructor(policy: Policy) {
    this.policy = policy;
  }

  side(party: Party, family: Family | undefined): Side {
    const zones = this.policy.zones;
    if (party.addresses === undefined || family === undefined) {
      return { addresses: undefined, group: undefined, zones: zones.map(({ name }) => name) };
    }
    const key = `${family} ${party.names.join('\n')}`;
    const known = this.lists.get(key);
    if (known !== undefined) return known;
    const addresses = party.addresses.filter((range) => range.family === family);
    const name = this.nameOf(party, family);
    const touched = zones.filter((zone) => intersectRanges(zone.addresses, addresses).length > 0);
    const side = { addresses, group: name, zones: touched.map((zone) => zone.name) };
    this.lists.set(key, side);
    if (name !== undefined) this.groups.set(name, { name, addresses });
    return side;
  }

  /** Name of the set where the party is one group or zone; with the family where it has both. */
  private nameOf({ names, addresses }: Party, family: Family): string | undefined {
    const [name] = names;
    const isNamed =
      names.length === 1 &&
      (this.policy.groups.some((group) => group.name === name) ||
        this.policy.zones.some((zone) => zone.name === name));
    if (!isNamed) return undefined;
    const both = addresses?.some((range) => range.family !== family) ?? true;
    return both ? `${name}-ipv${family}` : name;
  }

  used(): PlanGroup[] {
    return [...this.groups.values()];
  }
}
