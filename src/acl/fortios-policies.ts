/**
 * Policies of FortiOS as rules (FortiOS 7.4 CLI Reference: config firewall policy; Administration
 * Guide: Firewall policy). Policies are asked for the first packet of a session, between interfaces or
 * zones. Packets that a virtual IP has translated meet only policies that name it, and denials with
 * `match-vip`, which is on by itself since FortiOS 7.2.4.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, complementRanges, isWholeFamily } from '../net/address-range.ts';
import type { FilterChain, FilterMatch, FilterRule } from '../policy/filter.ts';
import type { FortiAddresses } from './fortios-addresses.ts';
import type { FortiPlaces } from './fortios-places.ts';
import {
  BESIDE,
  BEYOND_PACKETS,
  ENABLE_BEYOND_PACKETS,
  HARMLESS,
  NOTHING_ASKED,
  OF_INTERNET_SERVICE,
  SEVERAL,
} from './fortios-policy-fields.ts';
import { type Asked, bothAsked, type FortiServices } from './fortios-services.ts';
import type { Entry } from './fortios-text.ts';
import { arriving, type FortiVips, translated, type VirtualIp } from './fortios-vips.ts';
import { LineFault } from './line-fault.ts';

/** What policies name, and what holds for all of them. */
export interface Surroundings {
  readonly addresses: FortiAddresses;
  readonly services: FortiServices;
  readonly vips: FortiVips;
  readonly places: FortiPlaces;
  /** Schedules that hold at any time. */
  readonly always: ReadonlySet<string>;
  /** What `match-vip` is where a denial does not tell; undefined: the version is not known. */
  readonly matchVip: boolean | undefined;
  /** Interfaces of a zone at least, for `intrazone allow` to let something through. */
  readonly leastOfZone: 1 | 2;
  readonly beside: (what: string, line: number) => void;
}

/** A policy on one family. */
interface Sides {
  readonly family: Family;
  readonly source: readonly AddressRange[];
  /** Undefined: only virtual IPs are named. */
  readonly destination?: readonly AddressRange[];
  readonly vips: readonly VirtualIp[];
}

interface Policy {
  readonly action: 'accept' | 'drop' | 'reject';
  readonly line: number;
  readonly name: string;
  readonly places: Pick<FilterMatch, 'inInterfaces' | 'outInterfaces'>;
  readonly sides: readonly Sides[];
  readonly asked: readonly Asked[];
  readonly isServiceNegated: boolean;
  readonly matchVip: boolean;
  readonly told: Pick<FilterRule, 'comment' | 'log'>;
}

const TRANSLATED = 'virtual IPs';

export class FortiPolicies {
  /** Whether a denial's `match-vip` was taken as it is shipped. */
  isMatchVipTaken = false;
  private readonly around: Surroundings;
  private readonly read: Policy[] = [];

  constructor(around: Surroundings) {
    this.around = around;
  }

  /**
   * Reads one entry; `only` where it is of `policy6`, whose addresses are IPv6's. Throws `LineFault`.
   */
  policy(entry: Entry, only: 6 | undefined): void {
    if (!/^\d{1,10}$/.test(entry.name)) {
      throw entry.fault('', `“${entry.name}” is not the number of a policy.`);
    }
    const isOn = entry.oneOf('status', 'enable', 'disable') === 'enable';
    const action = entry.oneOf('action', 'deny', 'accept', 'ipsec');
    const logs = entry.oneOf('logtraffic', 'utm', 'all', 'disable');
    entry.oneOf('logtraffic-start', 'disable', 'enable');
    const comment = entry.take('comments')?.join(' ') ?? entry.take('name')?.join(' ');
    const schedule = entry.take('schedule')?.join(' ') ?? 'always';
    const refuses = entry.isEnabled('send-deny-packet');
    const matchVip = entry.oneOf('match-vip', '', 'enable', 'disable');
    if (entry.oneOf('match-vip-only', 'disable', 'enable') === 'enable' && isOn) {
      throw entry.fault('match-vip-only', '“match-vip-only” is not read.');
    }
    const beyond = beyondPackets(entry);
    const beside = besideOf(entry);
    const asked = this.parts(entry, only, isOn);
    for (const key of SEVERAL) entry.take(key);
    entry.end(HARMLESS);
    if (!isOn || asked === undefined) return;
    if (action === 'ipsec') throw entry.fault('action', '“ipsec” is not read.');
    if (beyond !== undefined) {
      throw entry.fault(beyond, `“${beyond}” makes the policy depend on more than the packet.`);
    }
    if (!this.around.always.has(schedule)) {
      throw entry.fault('schedule', 'A policy with a schedule depends on time; it proves nothing.');
    }
    for (const key of beside) this.around.beside(key, entry.lineOf(key));
    this.read.push({
      action: action === 'accept' ? 'accept' : refuses ? 'reject' : 'drop',
      line: entry.line,
      name: entry.name,
      ...asked,
      matchVip: this.matchesVips(action, matchVip, asked.sides),
      told: {
        ...(comment === undefined ? {} : { comment }),
        ...(logs === 'all' ? { log: { prefix: '' } } : {}),
      },
    });
  }

  /** Whether the policy holds for packets that a virtual IP it does not name has translated. */
  private matchesVips(
    action: string,
    told: '' | 'enable' | 'disable',
    sides: readonly Sides[],
  ): boolean {
    if (told !== '' || action !== 'deny') return told === 'enable';
    const { matchVip } = this.around;
    if (matchVip === undefined && sides.some(({ vips }) => vips.length === 0)) {
      this.isMatchVipTaken = true;
    }
    return matchVip ?? true;
  }

  /** Where the policy is asked, and for what; undefined where it is not asked. */
  private parts(entry: Entry, only: 6 | undefined, isOn: boolean) {
    const [from, to] = [entry.take('srcintf'), entry.take('dstintf')];
    const services = entry.take('service') ?? [];
    const isServiceNegated = entry.isEnabled('service-negate');
    const families = only === undefined ? ([4, 6] as const) : [only];
    const wanted = families.map((family) => sidesOf(entry, family, only !== undefined));
    if (!isOn) return undefined;
    if (from === undefined || to === undefined) {
      throw new LineFault('The policy does not say between which interfaces.');
    }
    // What depends on an internet service has no addresses or services of its own.
    if (ENABLE_BEYOND_PACKETS.some((key) => entry.isEnabled(key))) return NOWHERE;
    const asked = this.around.services.asked(services);
    if (asked.length === 0) throw new LineFault('The policy names no service.');
    const sides = wanted.flatMap((one) => (one === undefined ? [] : [this.sides(one)]));
    if (sides.length === 0) throw new LineFault('The policy names no addresses.');
    const inInterfaces = this.around.places.named(from);
    const outInterfaces = this.around.places.named(to);
    const places = {
      ...(inInterfaces === undefined ? {} : { inInterfaces }),
      ...(outInterfaces === undefined ? {} : { outInterfaces }),
    };
    return { places, asked, isServiceNegated, sides };
  }

  private sides({ family, source, destination, isNegated }: Wanted): Sides {
    const { addresses, vips } = this.around;
    if (source.length === 0 || destination.length === 0) {
      throw new LineFault('The policy names no address on one side.');
    }
    const ofVips = destination.filter((name) => vips.has(family, name));
    const others = destination.filter((name) => !vips.has(family, name));
    if (isNegated.destination && ofVips.length > 0) {
      throw new LineFault('“dstaddr-negate” with a virtual IP is not read.');
    }
    const negated = (ranges: readonly AddressRange[], isSo: boolean) =>
      isSo ? complementRanges(ranges, [family]) : ranges;
    const to = others.length === 0 ? undefined : addresses.ranges(family, others);
    const named = vips.named(family, ofVips);
    for (const ip of named) this.onlyFor(ip);
    return {
      family,
      source: negated(addresses.ranges(family, source), isNegated.source),
      ...(to === undefined ? {} : { destination: negated(to, isNegated.destination) }),
      vips: named,
    };
  }

  /** The services that the virtual IP is for. Throws `LineFault`. */
  private onlyFor({ services }: VirtualIp): readonly Asked[] {
    return services === undefined ? [{}] : this.around.services.asked(services);
  }

  /** Virtual IPs that policies name: others translate nothing. */
  private used(): readonly VirtualIp[] {
    const all = this.read.flatMap(({ sides }) => sides.flatMap(({ vips }) => vips));
    return [...new Set(all)];
  }

  /**
   * All policies in their order, and what is asked before and after them.
   * @param guard does what it is given, which may throw `LineFault`, for the line
   */
  chains(answers: FilterRule, guard: (line: number, work: () => void) => void): FilterChain[] {
    const used = this.used();
    const rules: FilterRule[] = [answers];
    const called: FilterChain[] = [];
    const ofVips: FilterRule[] = [];
    for (const ip of used) {
      for (const only of this.onlyFor(ip)) {
        const match = { ...only, ...arriving(ip), ...this.comingTo(ip, {}) };
        rules.push({ action: 'jump', target: TRANSLATED, match, line: 0 });
        rules.push({ action: 'drop', match, line: 0 });
      }
    }
    for (const policy of this.read) {
      rules.push(...plainRules(policy, called));
      guard(policy.line, () => ofVips.push(...this.translatedRules(policy, used)));
    }
    rules.push(...this.around.places.withinZones(this.around.leastOfZone));
    const main = { name: 'policy', hook: 'forward', otherwise: 'drop', line: 0, rules } as const;
    if (used.length > 0) {
      called.push({ name: TRANSLATED, otherwise: 'drop', line: 0, rules: ofVips });
    }
    return [main, ...called];
  }

  /** The interfaces of the policy by which the virtual IP is reached; undefined: by none. */
  private comingTo(
    { interface: place }: VirtualIp,
    places: Policy['places'],
  ): Policy['places'] | undefined {
    if (place === undefined) return places;
    const own = this.around.places.around(place);
    const { inInterfaces = own, ...rest } = places;
    const both = own.filter((name) => inInterfaces.includes(name));
    return both.length === 0 ? undefined : { ...rest, inInterfaces: both };
  }

  /** The rules for packets that a virtual IP has translated. Throws `LineFault`. */
  private translatedRules(policy: Policy, used: readonly VirtualIp[]): FilterRule[] {
    const { action, asked, line, matchVip, places, told } = policy;
    return policy.sides.flatMap((side): FilterRule[] => {
      const { family, source, destination, vips } = side;
      const isAll = destination?.length === 1 && isWholeFamily(destination[0]!);
      const isOther = matchVip && destination !== undefined;
      const isAny = asked.every((one) => Object.keys(one).length === 0);
      if (isOther && isAll && isAny && !policy.isServiceNegated) {
        // Whatever it was translated to.
        const match = { ...stateOf(action), family, source, ...places };
        return [{ action, match, line, ...told }];
      }
      return used.flatMap((ip) => {
        if (vips.includes(ip)) return this.rulesFor(policy, ip, source, undefined);
        if (!isOther || ip.family !== family) return [];
        return this.rulesFor(policy, ip, source, isAll ? undefined : destination);
      });
    });
  }

  /** @param behind addresses behind it that the policy asks for; undefined: all */
  private rulesFor(
    { action, asked, isServiceNegated, line, places, told }: Policy,
    ip: VirtualIp,
    source: readonly AddressRange[],
    behind: readonly AddressRange[] | undefined,
  ): FilterRule[] {
    const at = this.comingTo(ip, places);
    if (at === undefined) return [];
    if (isServiceNegated) throw new LineFault('“service-negate” on a virtual IP is not read.');
    const joint = asked.flatMap((one) =>
      this.onlyFor(ip).flatMap((only) => bothAsked(one, only) ?? []),
    );
    return joint.flatMap((one): FilterRule[] => {
      const destination = behind === undefined ? {} : { destination: behind };
      const match = translated(ip, { ...destination, asked: one, source });
      if (match === undefined) return [];
      return [{ action, match: { ...stateOf(action), ...match, ...at }, line, ...told }];
    });
  }
}

/** A policy that is asked, but whose addresses are nowhere: it is refused afterwards. */
const NOWHERE = { places: {}, asked: [], isServiceNegated: false, sides: [] };

interface Wanted {
  readonly family: Family;
  readonly source: readonly string[];
  readonly destination: readonly string[];
  readonly isNegated: { readonly source: boolean; readonly destination: boolean };
}

/** The names on both sides; undefined where the policy says nothing of the family. */
function sidesOf(entry: Entry, family: Family, isOnly: boolean): Wanted | undefined {
  const six = family === 6 && !isOnly ? '6' : '';
  const source = entry.take(`srcaddr${six}`);
  const destination = entry.take(`dstaddr${six}`);
  const negations = [`srcaddr${six}-negate`, `dstaddr${six}-negate`] as const;
  const [isSource, isDestination] = negations.map((key) => entry.isEnabled(key));
  if (source === undefined && destination === undefined) return undefined;
  // Until 7.2 the negation of IPv4 held for IPv6 too; nothing in a text tells which it is.
  if (six !== '' && entry.isEnabled('srcaddr-negate') !== isSource) {
    throw entry.fault('srcaddr-negate', '“srcaddr-negate” beside IPv6 is not read.');
  }
  if (six !== '' && entry.isEnabled('dstaddr-negate') !== isDestination) {
    throw entry.fault('dstaddr-negate', '“dstaddr-negate” beside IPv6 is not read.');
  }
  return {
    ...{ family, source: source ?? [], destination: destination ?? [] },
    isNegated: { source: isSource === true, destination: isDestination === true },
  };
}

/** The first setting that asks for more than a packet's header. */
function beyondPackets(entry: Entry): string | undefined {
  const found: string[] = [];
  for (const key of ENABLE_BEYOND_PACKETS) if (entry.isEnabled(key)) found.push(key);
  for (const key of BEYOND_PACKETS) if (entry.take(key) !== undefined) found.push(key);
  for (const [key, nothing] of NOTHING_ASKED) {
    if ((entry.one(key) ?? nothing) !== nothing) found.push(key);
  }
  for (const key of entry.keys()) if (OF_INTERNET_SERVICE.test(key)) entry.take(key);
  return found[0];
}

/** The settings that may decide beside the policy. */
function besideOf(entry: Entry): string[] {
  return [...BESIDE].flatMap(([key, off]) => ((entry.one(key) ?? off) === off ? [] : [key]));
}

function stateOf(action: Policy['action']): Pick<FilterMatch, 'states'> {
  return action === 'accept' ? { states: ['new'] } : {};
}

/** The rules for packets that no virtual IP has translated. */
function plainRules(policy: Policy, called: FilterChain[]): FilterRule[] {
  const { action, asked, line, places, sides, told } = policy;
  const made: FilterRule[] = [];
  const never: FilterRule[] = [];
  for (const { family, source, destination } of sides) {
    if (destination === undefined) continue;
    const both = { ...places, family, source, destination };
    if (policy.isServiceNegated) {
      made.push({ action: 'jump', target: negated(policy, called), match: both, line, ...told });
      continue;
    }
    for (const one of asked) {
      const isOther = one.family !== undefined && one.family !== family;
      const match = { ...stateOf(action), ...one, ...both, ...(isOther ? { states: [] } : {}) };
      (isOther ? never : made).push({ action, match, line, ...told });
    }
  }
  // One that can never hold is told; one that holds in a family is not.
  return made.length > 0 ? made : never;
}

/** The chain of a policy for all but its services. */
function negated({ action, asked, line, name, told }: Policy, called: FilterChain[]): string {
  const chain = `policy ${name} of line ${line}`;
  if (called.some((other) => other.name === chain)) return chain;
  const rules: FilterRule[] = [
    ...asked.map((one): FilterRule => ({ action: 'return', match: one, line: 0 })),
    { action, match: stateOf(action), line, ...told },
  ];
  called.push({ name: chain, otherwise: 'drop', line, rules });
  return chain;
}
