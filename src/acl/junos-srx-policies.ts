/**
 * Policies of an SRX, from zone to zone and global (Junos OS CLI Reference: policy (Security), match,
 * then). What a policy asks of users, applications seen within, schedules or translation decides by more
 * than the packet; what inspects a session that it permits is told beside the rules.
 */
import { type AddressRange, complementRanges } from '../net/address-range.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import type { SrxAddresses } from './junos-srx-addresses.ts';
import type { SrxApplications } from './junos-srx-objects.ts';
import type { Statement } from './junos-statements.ts';
import { LineFault } from './line-fault.ts';

interface Policy {
  readonly line: number;
  readonly sources: string[];
  readonly destinations: string[];
  readonly applications: string[];
  /** Zones; none = any. */
  readonly from: string[];
  readonly to: string[];
  readonly excluded: Set<'sources' | 'destinations'>;
  readonly isGlobal: boolean;
  action?: Verdict;
  /** Some line of it is at fault, which is told. */
  isFaulty?: boolean;
  logs: boolean;
  comment?: string;
}

/** What a policy asks its objects of, and tells. */
export interface PolicyContext {
  readonly addresses: SrxAddresses;
  readonly applications: SrxApplications;
  /** The device's own zones; undefined: the text names none. */
  readonly zones: ReadonlySet<string> | undefined;
  /** Gateways that are off. */
  readonly disabled: ReadonlySet<string>;
  readonly beside: (what: string, line: number) => void;
  readonly assumed: (what: string) => void;
}

const VERDICTS: ReadonlyMap<string, Verdict> = new Map([
  ['permit', 'accept'],
  ['deny', 'drop'],
  ['reject', 'reject'],
]);
/** The device itself as a zone: its own traffic is not what passes between zones. */
const ITSELF = 'junos-host';
const EXCLUDING =
  'that excluding addresses of one family leaves in all of the other: the manual does not say';
const EXCLUDING_SIDE: ReadonlyMap<string, 'sources' | 'destinations'> = new Map([
  ['source-address-excluded', 'sources'],
  ['destination-address-excluded', 'destinations'],
]);
/** Inspections of a permitted session, which may end it. */
const INSPECTIONS = new Set(
  `advanced-anti-malware-policy application-firewall application-traffic-control gprs-gtp-profile
  gprs-sctp-profile icap-redirect idp idp-policy packet-capture redirect-wx reverse-redirect-wx
  security-intelligence security-intelligence-policy ssl-proxy utm-policy web-proxy`.split(/\s+/),
);

export class SrxPolicies {
  private readonly zoned = new Map<string, Policy>();
  private readonly global = new Map<string, Policy>();

  /** A setting of a policy: what stands behind `security policies`. Throws `LineFault`. */
  read({ words: all, line, inherited = false }: Statement, context: PolicyContext): void {
    const words = all.slice(2);
    const isGlobal = words[0] === 'global';
    const [from = '', fromZone = '', to = '', toZone = ''] = words;
    if (!isGlobal && (from !== 'from-zone' || to !== 'to-zone')) {
      throw new LineFault(`“${from}” is not known here.`);
    }
    const [kind = '', name = '', ...rest] = words.slice(isGlobal ? 1 : 4);
    if (kind === 'application-services') throw new LineFault(`“${kind}” is not read.`);
    if (kind !== 'policy' || rest.length === 0) throw new LineFault(`“${kind}” is not known here.`);
    const known = isGlobal ? this.global : this.zoned;
    const key = isGlobal ? name : `${fromZone}\n${toZone}\n${name}`;
    const before = known.get(key);
    if (inherited && (before === undefined || !isLoose(rest))) {
      throw new LineFault('The policy comes from a group, which does not say where it stands.');
    }
    const policy = before ?? {
      ...{ line, sources: [], destinations: [], applications: [], excluded: new Set(), isGlobal },
      ...{ from: isGlobal ? [] : [fromZone], to: isGlobal ? [] : [toZone], logs: false },
    };
    known.set(key, policy);
    try {
      setting(policy, rest, (what) => context.beside(what, line));
    } catch (error) {
      policy.isFaulty = true;
      throw error;
    }
  }

  /** Policies from zone to zone are asked before global ones. */
  *inOrder(): Generator<Policy> {
    yield* this.zoned.values();
    yield* this.global.values();
  }

  /** The rules of one policy. Throws `LineFault`. */
  rulesOf(policy: Policy, context: PolicyContext): FilterRule[] {
    const { action, applications, line, comment, from, to } = policy;
    if (policy.isFaulty) return [];
    if (action === undefined) throw new LineFault('The policy does not say what to do.');
    if (applications.length === 0) throw new LineFault('The policy names no application.');
    for (const zone of [...from, ...to]) {
      const isThere = zone === 'any' || zone === ITSELF || (context.zones?.has(zone) ?? true);
      if (!isThere) context.assumed(`that there is a zone “${zone}”`);
    }
    if (from.includes(ITSELF) || to.includes(ITSELF)) return [];
    const shared = {
      action,
      line,
      ...(comment === undefined ? {} : { comment }),
      ...(policy.logs ? { log: { prefix: '' } } : {}),
    };
    const { asked, beside } = context.applications.named(applications);
    const where: FilterMatch = {
      states: ['new'],
      source: this.side(policy, 'sources', context),
      destination: this.side(policy, 'destinations', context),
      ...(isAny(from) ? {} : { inInterfaces: from }),
      ...(isAny(to) ? {} : { outInterfaces: to }),
    };
    for (const what of beside) {
      if (!context.disabled.has(what.replace(/^alg /, ''))) context.beside(what, line);
    }
    return asked.map((one) => ({ ...shared, match: { ...where, ...one } }));
  }

  private side(
    policy: Policy,
    side: 'sources' | 'destinations',
    { addresses, assumed }: PolicyContext,
  ): AddressRange[] {
    const [zone] = side === 'sources' ? policy.from : policy.to;
    const found = addresses.named(policy[side], policy.isGlobal ? undefined : zone);
    if (!policy.excluded.has(side)) return found;
    if (new Set(found.map(({ family }) => family)).size === 1) assumed(EXCLUDING);
    return complementRanges(found);
  }
}

const isAny = (zones: readonly string[]): boolean => zones.length === 0 || zones.includes('any');

/** What a group may add to policies that are there: nothing that decides. */
function isLoose([part, key]: readonly string[]): boolean {
  return part === 'description' || (part === 'then' && (key === 'log' || key === 'count'));
}

const isLogged = (word: string): boolean => word === 'session-init' || word === 'session-close';

/** One setting of a policy. Throws `LineFault`. */
function setting(policy: Policy, words: readonly string[], beside: (what: string) => void): void {
  const [part = '', key = '', ...rest] = words;
  const [value] = rest;
  if (part === 'description' && words.length === 2) policy.comment ??= key;
  else if (part === 'match') condition(policy, words.slice(1));
  else if (part !== 'then') throw new LineFault(`“${words.join(' ')}” is not read.`);
  else if (VERDICTS.has(key)) consequence(policy, key, rest, beside);
  else if (key === 'log' && rest.length > 0 && rest.every((word) => isLogged(word))) {
    policy.logs = true;
  } else if (key !== 'count' || (value !== undefined && value !== 'alarm')) {
    throw new LineFault(`“${words.slice(1).join(' ')}” is not read.`);
  }
}

/** One condition, or several as people type them. */
function condition(policy: Policy, words: readonly string[]): void {
  const lists: Readonly<Record<string, string[]>> = {
    'source-address': policy.sources,
    'destination-address': policy.destinations,
    application: policy.applications,
    ...(policy.isGlobal ? { 'from-zone': policy.from, 'to-zone': policy.to } : {}),
  };
  if (words.length === 0) throw new LineFault('“match” asks for nothing.');
  for (let at = 0; at < words.length; ) {
    const key = words[at++]!;
    const side = EXCLUDING_SIDE.get(key);
    if (side !== undefined) {
      policy.excluded.add(side);
      continue;
    }
    const value = words[at++];
    const list = Object.hasOwn(lists, key) ? lists[key] : undefined;
    if (list !== undefined && value !== undefined) list.push(value);
    else if (!isAsking(key, value)) {
      throw new LineFault(`“match ${words.slice(at - 2).join(' ')}” is not read.`);
    }
  }
}

/** Conditions that hold for every packet. */
function isAsking(key: string, value: string | undefined): boolean {
  if (key === 'source-identity') return value === 'any';
  return (
    (key === 'dynamic-application' || key === 'url-category') && /^(any|none)$/.test(value ?? '')
  );
}

/** `permit`, `deny` or `reject`, with what stands behind it. */
function consequence(
  policy: Policy,
  key: string,
  rest: readonly string[],
  beside: (what: string) => void,
): void {
  const [more, what = '', ...values] = rest;
  const verdict = VERDICTS.get(key)!;
  if ((policy.action ?? verdict) !== verdict) {
    throw new LineFault('The policy says twice what to do.');
  }
  if (key === 'permit' && more === 'application-services' && INSPECTIONS.has(what)) {
    beside(`application-services ${what}`);
  } else if (key === 'permit' && more === 'tcp-options' && what !== '') beside('tcp-options');
  else if (key === 'permit' && more === 'tunnel' && /^(ipsec-vpn|pair-policy)$/.test(what)) {
    if (values.length !== 1) throw new LineFault(`“${rest.join(' ')}” is not read.`);
    beside(`tunnel ${what}`);
  } else if (!isPlain(key, rest)) {
    throw new LineFault(`“${key} ${rest.join(' ')}” is not read.`);
  }
  policy.action = verdict;
}

function isPlain(key: string, rest: readonly string[]): boolean {
  if (rest.length === 0) return true;
  if (key === 'permit') return rest.length === 1 && rest[0] === 'services-offload';
  // The page that the sender is shown instead.
  return key === 'reject' && rest[0] === 'profile' && rest.length === 2;
}
