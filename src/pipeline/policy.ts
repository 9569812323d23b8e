/**
 * Joins the rooms for policies: captures into conversations, decisions into rules, rules into a
 * platform's text, and that text back into the proof that it says what was meant.
 */
import {
  outOfPlace,
  type ParseFault,
  type Platform,
  planChoices,
  type Rendered,
} from '../acl/platform.ts';
import { PLATFORMS, platformNamed } from '../acl/platforms.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import { parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  complementRanges,
  mergeRanges,
  rangeOfPrefix,
  rangesHold,
} from '../net/address-range.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import { PrefixError, parsePrefix } from '../net/prefix.ts';
import { type Anomaly, findAnomalies, isPaired, MOST_PAIRED } from '../policy/anomalies.ts';
import { type Beyond, beyondSeen } from '../policy/beyond.ts';
import { compareFilters, type Difference, hooksOf } from '../policy/compare.ts';
import { type Composition, composePolicy } from '../policy/compose.ts';
import { type Conversation, type Decision, standingDecisions } from '../policy/conversation.ts';
import {
  decide,
  type Decision as PacketDecision,
  type Vantage,
  verdictSpaces,
} from '../policy/evaluate.ts';
import type { Filter, FilterRule, Hook } from '../policy/filter.ts';
import type { Policy, PolicyService, Zone } from '../policy/intent.ts';
import { placesAskedOf } from '../policy/places.ts';
import { extentOf, type Hosts, LAST_RULE, type Plan, planFor } from '../policy/plan.ts';
import { Passage, RuleFinder } from '../policy/replay.ts';
import { parseService } from '../policy/service-text.ts';
import { textNotes } from './text-notes.ts';

export type { Composition, Platform };
export { PLATFORMS, platformNamed, textNotes };

/** A zone as asked for: prefixes, or `rest` for what no other zone holds. */
export type ZoneWish = readonly string[] | 'rest';

/** Throws `PrefixError` for what is no prefix. */
export function zonesOf(wishes: Readonly<Record<string, ZoneWish>>): Zone[] {
  const entries = Object.entries(wishes);
  const plain = entries.flatMap(([name, wish]): Zone[] => {
    if (wish === 'rest') return [];
    const addresses = mergeRanges(wish.map((text) => rangeOfPrefix(parsePrefix(text))));
    return [{ name, addresses, isRest: false, interfaces: [] }];
  });
  const rest = complementRanges(mergeRanges(plain.flatMap(({ addresses }) => addresses)));
  const others = entries
    .filter(([, wish]) => wish === 'rest')
    .map(([name]): Zone => ({ name, addresses: rest, isRest: true, interfaces: [] }));
  return [...plain, ...others];
}

/** An empty policy for these zones. */
export function newPolicy(name: string, zones: readonly Zone[]): Policy {
  return {
    version: 1,
    name,
    zones,
    groups: [],
    services: [],
    rules: [],
    default: 'deny',
    logDeniedPerSecond: 50,
  };
}

/** The policy for everything the journal allows. */
export function compose(
  policy: Policy,
  journal: readonly Decision[],
  names: ReadonlyMap<string, string>,
): Composition {
  return composePolicy(policy, standingDecisions(journal), names);
}

/** The plan of a policy for a platform, at this moment; for hosts, where they are named. */
function planOf(policy: Policy, platform: Platform, nowMs: number, hosts?: Hosts): Plan {
  return findPlan(policy, nowMs, platform, hosts);
}

/**
 * The text, or all that the platform cannot say: never both. Rules that expired before `nowMs` are
 * left out.
 */
export function renderPolicy(
  policy: Policy,
  platform: Platform,
  nowMs: number,
  hosts?: Hosts,
): Rendered {
  const plan = planOf(policy, platform, nowMs, hosts);
  const refusal = outOfPlace(platform, plan);
  return refusal === undefined ? platform.render(plan) : { refusals: [refusal] };
}

/**
 * The hosts that are meant: addresses and prefixes, or the name of one of these sets.
 * Throws RangeError for what is none.
 */
export function hostsNamed(
  groups: readonly { readonly name: string; readonly addresses: readonly AddressRange[] }[],
  name: string,
): Hosts {
  const named = groups.find((one) => one.name === name);
  if (named !== undefined) return { name, addresses: named.addresses };
  try {
    const prefixes = name.split(',').map((text) => parsePrefix(text.trim()));
    return { name, addresses: mergeRanges(prefixes.map(rangeOfPrefix)) };
  } catch (error) {
    if (!(error instanceof PrefixError)) throw error;
    throw new RangeError(`“${name}” is no address, and no group or zone of the policy.`);
  }
}

/** A validated conversation that the text does not let through. */
export interface Lost {
  readonly conversation: Conversation;
  /** What decided: the id or line of a rule, or the default. */
  readonly by: string;
}

export interface Proof {
  readonly faults: readonly ParseFault[];
  /** Between what the policy means (first) and what the text does (second). */
  readonly differences: readonly Difference[];
  /** Validated conversations that were replayed against the text. */
  readonly replayed: number;
  readonly lost: readonly Lost[];
  /** Conversations that justify each rule of the policy, by its id. */
  readonly hits: ReadonlyMap<string, number>;
  /** What rules allow beyond the validated conversations that were seen; empty without any. */
  readonly beyond: readonly Beyond[];
  /** Rules of the text, continuations and jumps counted. */
  readonly rules: number;
  readonly notes: readonly BlindSpot[];
}

/** Reads the text with the platform's own parser and compares it with the policy. */
export function provePolicy(
  policy: Policy,
  platform: Platform,
  text: string,
  journal: readonly Decision[],
  nowMs: number,
  hosts?: Hosts,
): Proof {
  const parsed = platform.parse(text);
  const { filter, faults } = parsed;
  const plan = planOf(policy, platform, nowMs, hosts);
  const valid = standingDecisions(journal).filter(
    ({ decision, expiresMs }) =>
      decision === 'allow' && (expiresMs === undefined || expiresMs > nowMs),
  );
  const hits = new Map(policy.rules.map(({ id }) => [id, 0]));
  const lost: Lost[] = [];
  const finders = new Map(
    plan.filter.chains.map(({ hook, rules }) => [hook, new RuleFinder(rules)]),
  );
  const passage = new Passage(filter);
  let replayed = 0;
  for (const { conversation } of valid) {
    const packet = openingPacket(conversation);
    for (const vantage of vantagesOf(policy.zones, conversation, packet, hosts)) {
      replayed++;
      const own = finders.get(vantage.hook)?.ruleFor(packet);
      if (own?.id !== undefined && own.action === 'accept') {
        hits.set(own.id, (hits.get(own.id) ?? 0) + 1);
      }
      if (passage.lets(packet, vantage)) continue;
      lost.push({ conversation, by: decidedBy(decide(filter, vantage, packet)) });
    }
  }
  const differences =
    faults.length > 0
      ? []
      : compareFilters(verdictSpaces(), plan.filter, filter, policy.zones, extentOf(plan));
  const rules = filter.chains.reduce((sum, chain) => sum + chain.rules.length, 0);
  const notes = [
    ...textNotes(platform, parsed),
    ...(hosts === undefined ? interfaceNotes(filter, policy.zones) : []),
  ];
  const planned = plan.filter.chains.flatMap(({ rules }) => rules);
  const seen = valid.flatMap(({ conversation }) =>
    conversation.unobserved === true ? [] : [conversation],
  );
  const beyond =
    seen.length === 0 ? [] : beyondSeen(verdictSpaces(), planned, new Set(hits.keys()), seen);
  return { faults, differences, replayed, lost, hits, beyond, rules, notes };
}

/** What a comparison zone by zone leaves out. */
function interfaceNotes(filter: Filter, zones: readonly Zone[]): BlindSpot[] {
  const asked = placesAskedOf([filter]);
  const known = zones.flatMap(({ name, interfaces }) => [name, ...interfaces]);
  if (!known.some((name) => asked.in.has(name) || asked.out.has(name))) return [];
  return [
    {
      id: 'interfaces-by-zone',
      what: 'packets whose addresses belong to another zone than the interfaces they use',
      because:
        'the text asks for interfaces, and what passes between two zones is taken to use theirs',
      remedy: 'drop forged senders, as reverse path filtering does',
      missing: true,
    },
  ];
}

/** What decided a packet, in a few words. */
export function decidedBy({ chain, rule }: PacketDecision): string {
  if (rule === undefined) return `the default of ${chain || 'the filter'}`;
  if (rule.id === LAST_RULE && rule.line === 0) return 'the default, which denies the rest';
  const place = rule.line > 0 ? ` in line ${rule.line}` : '';
  return `${rule.id ?? rule.comment ?? 'a rule'}${place}`;
}

function vantageOf(
  zones: readonly Zone[],
  { from, to }: Pick<Conversation, 'from' | 'to'>,
): Vantage {
  const names = (name: string) => [
    name,
    ...(zones.find((zone) => zone.name === name)?.interfaces ?? []),
  ];
  return { hook: 'forward', inNames: names(from), outNames: names(to) };
}

/** Where the opening packet is filtered: between the zones, or at the hosts it begins or ends at. */
function vantagesOf(
  zones: readonly Zone[],
  conversation: Pick<Conversation, 'from' | 'to'>,
  packet: PacketHeader,
  hosts: Hosts | undefined,
): Vantage[] {
  const between = vantageOf(zones, conversation);
  if (hosts === undefined) return [between];
  const holds = (address: PacketHeader['source']) => rangesHold(hosts.addresses, address);
  const ends = [
    ...(holds(packet.destination) ? (['input'] as const) : []),
    ...(holds(packet.source) ? (['output'] as const) : []),
  ];
  return ends.map((hook) => ({ ...between, hook }));
}

/** Throws RangeError where a text is about machines themselves, and none is named. */
function checkPlace(filter: Filter, hosts: Hosts | undefined): void {
  const hooks = hooksOf([filter]);
  if (hosts === undefined && hooks.length > 0 && !hooks.includes('forward')) {
    throw new RangeError('The rules are for what a machine itself accepts: name it with --host.');
  }
}

/** The client port that stands for any. */
const ANY_CLIENT_PORT = 50_000;

/** The first packet of the conversation. Throws RangeError for what is no address or service. */
export function openingPacket(asked: {
  readonly client: string;
  readonly server: string;
  readonly service: string;
}): PacketHeader {
  const source = parseAddress(asked.client);
  const destination = parseAddress(asked.server);
  if (source === undefined || destination === undefined) {
    throw new RangeError(
      `“${source === undefined ? asked.client : asked.server}” is not an address.`,
    );
  }
  if (source.family !== destination.family)
    throw new RangeError('One end is IPv4, the other IPv6.');
  const service: PolicyService = parseService(asked.service);
  const hasPorts = service.ports !== undefined;
  return {
    state: 'new',
    family: source.family,
    source: { family: source.family, words: source.words },
    destination: { family: source.family, words: destination.words },
    laterFragment: false,
    protocol: service.protocol,
    sourcePort: hasPorts ? ANY_CLIENT_PORT : 0,
    destinationPort: service.ports?.[0]?.first ?? 0,
    icmpType: service.icmp?.[0]?.type.first ?? 0,
    icmpCode: service.icmp?.[0]?.code?.first ?? 0,
    tcpFlags: service.protocol === 6 ? 2 : 0,
  };
}

/**
 * What a filter does with the first packet of a conversation between the policy's zones, or at
 * hosts. Throws RangeError where neither end is one of them.
 */
export function testConversation(
  filter: Filter,
  zones: readonly Zone[],
  asked: { readonly client: string; readonly server: string; readonly service: string },
  hosts?: Hosts,
): PacketDecision & { readonly from: string; readonly to: string } {
  checkPlace(filter, hosts);
  const packet = openingPacket(asked);
  const zone = (address: PacketHeader['source']) =>
    zones.find(({ addresses }) => rangesHold(addresses, address))?.name ?? '';
  const ends = { from: zone(packet.source), to: zone(packet.destination) };
  const told = vantagesOf(zones, ends, packet, hosts).map((at) => decide(filter, at, packet));
  const [first] = told;
  if (first === undefined) throw new RangeError(`Neither end is ${hosts?.name ?? 'there'}.`);
  return { ...(told.find(({ verdict }) => verdict !== 'accept') ?? first), ...ends };
}

/** The plan for a platform, or for any that keeps track of connections. */
export function findPlan(policy: Policy, nowMs: number, platform?: Platform, hosts?: Hosts): Plan {
  const choices = platform === undefined ? { stateful: true } : planChoices(platform);
  return planFor(policy, { ...choices, nowMs, ...(hosts === undefined ? {} : { hosts }) });
}

/**
 * What the second filter does differently, wherever one of them does something, or at these hooks.
 * Throws RangeError when jumps run in circles.
 */
export function diffFilters(
  before: Filter,
  after: Filter,
  zones: readonly Zone[],
  hooks: readonly Hook[] = hooksOf([before, after]),
): readonly Difference[] {
  return compareFilters(verdictSpaces(), before, after, zones, { hooks });
}

/** One rule of an existing text, with the traffic that used it. */
export interface RuleUse {
  readonly rule: FilterRule;
  readonly chain: string;
  readonly conversations: number;
  readonly connections: number;
  /** The first of its conversations. */
  readonly samples: readonly Conversation[];
}

export interface Check {
  readonly faults: readonly ParseFault[];
  readonly rules: number;
  readonly anomalies: readonly Anomaly[];
  /** Use by the traffic, for rules that accept; empty without traffic. */
  readonly uses: readonly RuleUse[];
  /** Answered conversations of the traffic that the rules stop. */
  readonly stopped: readonly Lost[];
  readonly notes: readonly BlindSpot[];
}

/** Conversations shown for one rule. */
const USE_SAMPLES = 5;

/**
 * Findings about rules that stand in the text, each once for a line, whatever rules that makes. What a platform does
 * unasked is nobody's to change, but that it lets in what no rule decides has to be said.
 */
function ofThePerson(anomalies: readonly Anomaly[]): Anomaly[] {
  const told = new Set<string>();
  return anomalies.flatMap((anomaly) => {
    const { rule, kind, chain, others } = anomaly;
    if (rule === undefined) return [anomaly];
    if (rule.line === 0) {
      const { states, ...asked } = rule.match;
      const isOpen = kind === 'wide' && Object.keys(asked).length === 0;
      const { rule: _, ...open } = { ...anomaly, kind: 'open-default' as const };
      return isOpen && states?.includes('new') === true ? [open] : [];
    }
    const lines = new Set(others.map(({ line }) => line));
    const key = `${chain} ${kind} ${rule.line} ${[...lines].join()}`;
    if (told.has(key)) return [];
    told.add(key);
    return [anomaly];
  });
}

/** Lists too long to compare each rule with each. */
function unpairedNotes({ chains }: Filter): BlindSpot[] {
  const long = chains.filter((chain) => !isPaired(chain));
  if (long.length === 0) return [];
  return [
    {
      id: 'crossing-rules',
      what: `rules that cross others of another action, in ${long.map(({ name }) => name).join(', ')}`,
      because: `each is compared with each in lists of at most ${MOST_PAIRED} rules`,
      missing: true,
    },
  ];
}

/** Looks for what is wrong in an existing text, and at which rules the traffic uses. */
export function checkText(
  platform: Platform,
  text: string,
  zones: readonly Zone[],
  traffic: readonly Conversation[],
  hosts?: Hosts,
): Check {
  const parsed = platform.parse(text);
  const { filter, faults } = parsed;
  const written = filter.chains.flatMap((chain) => chain.rules.filter(({ line }) => line > 0));
  const rules = written.length;
  const notes = textNotes(platform, parsed);
  if (faults.length > 0) return { faults, rules, anomalies: [], uses: [], stopped: [], notes };
  const uses = new Map<FilterRule, RuleUse & { samples: Conversation[] }>();
  for (const chain of filter.chains) {
    for (const rule of traffic.length > 0 ? chain.rules : []) {
      if (rule.action !== 'accept') continue;
      if (rule.match.states !== undefined && !rule.match.states.includes('new')) continue;
      uses.set(rule, { rule, chain: chain.name, conversations: 0, connections: 0, samples: [] });
    }
  }
  const stopped: Lost[] = [];
  if (traffic.length > 0) checkPlace(filter, hosts);
  for (const conversation of traffic) {
    if (conversation.standing !== 'confirmed' && conversation.standing !== 'thin') continue;
    const packet = openingPacket(conversation);
    for (const vantage of vantagesOf(zones, conversation, packet, hosts)) {
      const told = decide(filter, vantage, packet);
      if (told.verdict !== 'accept') stopped.push({ conversation, by: decidedBy(told) });
      const use = told.rule === undefined ? undefined : uses.get(told.rule);
      if (use === undefined) continue;
      const { connections, conversations } = use;
      if (use.samples.length < USE_SAMPLES) use.samples.push(conversation);
      Object.assign(use, {
        conversations: conversations + 1,
        connections: connections + conversation.connections,
      });
    }
  }
  const anomalies = ofThePerson(findAnomalies(verdictSpaces(), filter));
  notes.push(...unpairedNotes(filter));
  return { faults, rules, anomalies, uses: [...uses.values()], stopped, notes };
}
