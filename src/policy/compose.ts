/**
 * Validated conversations as the fewest rules that allow exactly them (and any client port), and a
 * policy that grows by small steps: rules that people wrote or changed stay as they are, the others
 * are put together anew and keep their ids, as far as they still allow mostly the same.
 */
import { type Family, parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  compareRanges,
  countAddresses,
  intersectRanges,
  mergeRanges,
  rangeOfAddress,
} from '../net/address-range.ts';
import { ICMP, ICMPV6 } from '../net/header-fields.ts';
import { conversationKey, type Decision } from './conversation.ts';
import { coverTriples, type Triple } from './cover.ts';
import { GroupNames } from './group-names.ts';
import type { Approval, Policy, PolicyService, Rule, RuleEvidence } from './intent.ts';
import { ruleAllows } from './rule-match.ts';
import { formatServices, mergeServices, parseService } from './service-text.ts';

/** Conversations named in a rule's evidence; the journal holds all. */
const MOST_SAMPLES = 3;

export interface Composition {
  readonly policy: Policy;
  /** The fewest rules there can be for the conversations of the rules put together anew. */
  readonly atLeast: number;
  /** How many rules were put together from conversations. */
  readonly composed: number;
  /** Denied by a person, yet allowed by rules that stay because they are a person's too. */
  readonly contradicted: readonly { readonly decision: Decision; readonly rule: string }[];
  /** Rules without the help of groups: one for each client and server. */
  readonly pairs: number;
}

/** What one rule is to allow. */
interface Draft {
  readonly members: readonly Decision[];
  readonly clients: readonly AddressRange[];
  readonly servers: readonly AddressRange[];
  readonly services: readonly PolicyService[];
}

/**
 * The policy for all conversations that are allowed by `decisions` (the last one on each). `names`
 * are host names by address.
 */
export function composePolicy(
  before: Policy,
  decisions: readonly Decision[],
  names: ReadonlyMap<string, string>,
): Composition {
  const allowed = decisions.filter(({ decision }) => decision === 'allow');
  const keys = new Set(allowed.map(({ conversation }) => conversationKey(conversation)));
  const kept = before.rules.filter((rule) => !isComposed(rule));
  const open = allowed.filter(
    ({ conversation }) => !kept.some((rule) => ruleAllows(rule, conversation)),
  );
  const { drafts, atLeast } = draftsFor(open, names);
  const groupNames = new GroupNames(before, kept, names, rolesIn(decisions));
  groupNames.keep(drafts.flatMap(({ clients, servers }) => [clients, servers]));
  const previous = before.rules.filter(isComposed);
  const ids = idsFor(drafts, previous, kept);
  const rules = drafts.map((draft, index) => ruleOf(draft, ids[index]!, groupNames, previous));
  rules.sort((left, right) => (left.id < right.id ? -1 : 1));
  const pairs = new Set(
    open.map(({ conversation }) => `${conversation.client} ${conversation.server}`),
  );
  const contradicted = decisions.flatMap((decision) => {
    const { conversation } = decision;
    const denied = decision.decision === 'deny';
    const rule = kept.find((each) => denied && ruleAllows(each, conversation));
    return rule === undefined ? [] : [{ decision, rule: rule.id }];
  });
  const policy = { ...before, groups: groupNames.groups(), rules: [...kept, ...rules] };
  return {
    ...{ policy, atLeast, composed: rules.length, contradicted },
    pairs: Math.min(pairs.size, keys.size),
  };
}

/** What hosts are for, as the last decision that knows says. */
function rolesIn(decisions: readonly Decision[]): Map<string, readonly string[]> {
  const roles = new Map<string, readonly string[]>();
  for (const { conversation } of decisions) {
    const { client, server, clientRoles, serverRoles } = conversation;
    if (clientRoles !== undefined) roles.set(client, clientRoles);
    if (serverRoles !== undefined) roles.set(server, serverRoles);
  }
  return roles;
}

/**
 * Put together by this program and not changed since: it still allows as many conversations as its
 * evidence counts. Anything else is a person's and stays.
 */
function isComposed({ id, action, evidence, from, to, services }: Rule): boolean {
  if (action !== 'allow' || evidence === undefined || !/^R\d+$/.test(id)) return false;
  if (from.addresses === undefined || to.addresses === undefined) return false;
  const allows = (family: Family): bigint => {
    const units = services.reduce((sum, { protocol, ports, icmp }) => {
      if (protocol === (family === 4 ? ICMPV6 : ICMP)) return sum;
      const open = (ports ?? []).reduce((all, { first, last }) => all + last - first + 1, 0);
      return sum + open + (icmp?.length ?? 0) + (ports === undefined && icmp === undefined ? 1 : 0);
    }, 0);
    const count = (party: readonly AddressRange[]) =>
      countAddresses(party.filter((range) => range.family === family));
    return count(from.addresses!) * count(to.addresses!) * BigInt(units);
  };
  return allows(4) + allows(6) === BigInt(evidence.conversations);
}

/** Groups by what must not be mixed in one rule, then finds the fewest boxes in each group. */
function draftsFor(
  allowed: readonly Decision[],
  names: ReadonlyMap<string, string>,
): { drafts: Draft[]; atLeast: number } {
  const parts = new Map<string, Record<Family, Decision[]>>();
  for (const decision of allowed) {
    const { from, to, unobserved, client } = decision.conversation;
    const key = JSON.stringify([from, to, unobserved ?? false, decision.expiresMs ?? 0]);
    const part = parts.get(key) ?? { 4: [], 6: [] };
    parts.set(key, part);
    part[client.includes(':') ? 6 : 4].push(decision);
  }
  const drafts: Draft[] = [];
  let atLeast = 0;
  for (const key of [...parts.keys()].sort()) {
    const part = parts.get(key)!;
    const [four, six] = [draftsOf(part[4]), draftsOf(part[6])];
    drafts.push(...ofBothFamilies(four.drafts, six.drafts, names));
    // A rule for both families is one box in each.
    atLeast += Math.max(four.atLeast, six.atLeast);
  }
  return { drafts, atLeast };
}

/** Rules between the same hosts by name, over the same services, become one for both families. */
function ofBothFamilies(
  four: readonly Draft[],
  six: readonly Draft[],
  names: ReadonlyMap<string, string>,
): Draft[] {
  const waiting = new Map<string, Draft[]>();
  for (const draft of six) {
    const key = calledBetween(draft, names);
    if (key !== undefined) waiting.set(key, [...(waiting.get(key) ?? []), draft]);
  }
  const joined = new Set<Draft>();
  const drafts = four.map((draft): Draft => {
    const other = waiting.get(calledBetween(draft, names) ?? '')?.shift();
    if (other === undefined) return draft;
    joined.add(other);
    return {
      members: [...draft.members, ...other.members],
      clients: mergeRanges([...draft.clients, ...other.clients]),
      servers: mergeRanges([...draft.servers, ...other.servers]),
      services: mergeServices([...draft.services, ...other.services].sort(byService)),
    };
  });
  return [...drafts, ...six.filter((draft) => !joined.has(draft))].sort(byParties);
}

/**
 * The names of both sides and the services but for ICMP, which has a protocol for each family.
 * Undefined where a host has no name.
 */
function calledBetween(
  { members, services }: Draft,
  names: ReadonlyMap<string, string>,
): string | undefined {
  const called = (side: 'client' | 'server') =>
    [...new Set(members.map(({ conversation }) => names.get(conversation[side])))].sort();
  const sides = [called('client'), called('server')];
  if (sides.flat().includes(undefined)) return undefined;
  const shared = services.filter(({ protocol }) => protocol !== ICMP && protocol !== ICMPV6);
  return JSON.stringify([...sides, formatServices(shared)]);
}

class Numbers {
  readonly texts: string[] = [];
  private readonly numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

function draftsOf(part: readonly Decision[]): { drafts: Draft[]; atLeast: number } {
  const [clients, servers, services] = [new Numbers(), new Numbers(), new Numbers()];
  const byTriple = new Map<string, Decision>();
  const triples = part.map((decision): Triple => {
    const { client, server, service } = decision.conversation;
    const triple: Triple = [clients.of(client), servers.of(server), services.of(service)];
    byTriple.set(triple.join(), decision);
    return triple;
  });
  const { boxes, atLeast } = coverTriples(triples);
  const ranges = (numbers: Numbers, values: readonly number[]) =>
    mergeRanges(values.map((value) => rangeOfAddress(parseAddress(numbers.texts[value]!)!)));
  const drafts = boxes.map((box): Draft => {
    const members: Decision[] = [];
    for (const client of box.clients) {
      for (const server of box.servers) {
        for (const service of box.services) {
          members.push(byTriple.get(`${client},${server},${service}`)!);
        }
      }
    }
    return {
      members,
      clients: ranges(clients, box.clients),
      servers: ranges(servers, box.servers),
      services: mergeServices(
        box.services.map((value) => parseService(services.texts[value]!)).sort(byService),
      ),
    };
  });
  drafts.sort(byParties);
  return { drafts, atLeast };
}

function byService(left: PolicyService, right: PolicyService): number {
  return (
    left.protocol - right.protocol || (left.ports?.[0]?.first ?? 0) - (right.ports?.[0]?.first ?? 0)
  );
}

function byParties(left: Draft, right: Draft): number {
  return (
    compareRanges(left.servers[0]!, right.servers[0]!) ||
    compareRanges(left.clients[0]!, right.clients[0]!) ||
    byService(left.services[0]!, right.services[0]!)
  );
}

/** How much two sides have in common, 0 to 1, by what they share of the smaller number of ranges. */
function alike(one: readonly AddressRange[], two: readonly AddressRange[] | undefined): number {
  if (two === undefined) return 0;
  const shared = intersectRanges(one, two).length;
  return shared / Math.max(one.length, two.length, 1);
}

/** An id for each draft: that of the old rule most like it, or the next number. */
function idsFor(
  drafts: readonly Draft[],
  previous: readonly Rule[],
  kept: readonly Rule[],
): string[] {
  const scored = drafts.flatMap((draft, index) =>
    previous.map((rule) => {
      const services = new Set(formatServices(rule.services));
      const own = formatServices(draft.services);
      const common = own.filter((service) => services.has(service)).length;
      const score =
        (alike(draft.clients, rule.from.addresses) + 0.01) *
        (alike(draft.servers, rule.to.addresses) + 0.01) *
        (common / Math.max(own.length, services.size, 1) + 0.01);
      return { index, id: rule.id, score };
    }),
  );
  scored.sort((one, two) => two.score - one.score || (one.id < two.id ? -1 : 1));
  const ids = new Array<string | undefined>(drafts.length).fill(undefined);
  const taken = new Set(kept.map(({ id }) => id));
  for (const { index, id, score } of scored) {
    // Below this they share one side at most: another rule.
    if (score < 0.02 || ids[index] !== undefined || taken.has(id)) continue;
    ids[index] = id;
    taken.add(id);
  }
  const used = [...taken, ...previous.map(({ id }) => id)];
  let next = 1 + Math.max(0, ...used.map((id) => Number(/^R(\d+)$/.exec(id)?.[1] ?? 0)));
  return ids.map((id) => id ?? `R${String(next++).padStart(3, '0')}`);
}

function ruleOf(draft: Draft, id: string, names: GroupNames, previous: readonly Rule[]): Rule {
  const old = previous.find((rule) => rule.id === id);
  const { members } = draft;
  const first = members[0]!;
  const zones = first.conversation;
  const approved = latestApproval(members);
  const from = names.party(draft.clients, zones.from, 'clients', draft.services);
  const to = names.party(draft.servers, zones.to, 'servers', draft.services);
  const because = old?.because ?? approved.reason;
  return {
    id,
    action: 'allow',
    from,
    to,
    serviceNames: formatServices(draft.services),
    services: draft.services,
    ...(because === undefined ? {} : { because }),
    unobserved: zones.unobserved ?? false,
    log: old?.log ?? false,
    evidence: evidenceOf(members),
    approved,
    ...(first.expiresMs === undefined ? {} : { expiresMs: first.expiresMs }),
  };
}

function latestApproval(members: readonly Decision[]): Approval {
  const last = members.reduce((one, two) => (two.atMs > one.atMs ? two : one));
  const { by, atMs, reason } = last;
  return { by, atMs, ...(reason === undefined ? {} : { reason }) };
}

function evidenceOf(members: readonly Decision[]): RuleEvidence {
  const seen = members.map(({ conversation }) => conversation);
  const busiest = [...seen].sort((one, two) => two.connections - one.connections);
  let connections = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  for (const each of seen) {
    connections += each.connections;
    firstMs = Math.min(firstMs, each.firstMs);
    lastMs = Math.max(lastMs, each.lastMs);
  }
  return {
    conversations: seen.length,
    connections,
    firstMs: Number.isFinite(firstMs) ? firstMs : 0,
    lastMs,
    samples: busiest.slice(0, MOST_SAMPLES).map(({ client, server, service, seen: place }) => ({
      client,
      server,
      service,
      seen: place,
    })),
  };
}
