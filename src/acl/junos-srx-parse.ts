/**
 * Reads `set` commands of an SRX (`show configuration | display set`): address book, applications,
 * policies from zone to zone and global ones. Objects may stand after the policies that name them.
 * Zones are taken for interfaces. Predefined applications are read where they are ports alone;
 * those that open further connections (FTP, SIP, RPC) decide by more than the packet.
 */
import { type AddressRange, mergeRanges } from '../net/address-range.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { ANY_ADDRESS, type Asked, addressOf, askedOf, PREDEFINED } from './junos-srx-objects.ts';
import { guarded, LineFault } from './line-fault.ts';
import { leavesOf } from './nested-groups.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { sessionFilter } from './session-chain.ts';
import { wordsOf } from './shell-words.ts';

interface Term {
  readonly line: number;
  /** Values by their words. */
  readonly settings: Map<string, string>;
}

interface Policy {
  readonly line: number;
  readonly sources: string[];
  readonly destinations: string[];
  readonly applications: string[];
  /** Zones; none = any. */
  readonly from: string[];
  readonly to: string[];
  action?: Verdict;
  logs: boolean;
  comment?: string;
}

export function parseSrx(text: string): Parsed {
  const parser = new SrxParser();
  text.split('\n').forEach((line, index) => {
    parser.line(line.trim(), index + 1);
  });
  const rules = parser.rules();
  return { filter: sessionFilter('policies', rules, parser.otherwise), faults: parser.faults };
}

class SrxParser {
  readonly faults: ParseFault[] = [];
  otherwise: Verdict = 'drop';
  private readonly addresses = new Map<string, AddressRange>();
  private readonly sets = new Map<string, string[]>();
  private readonly applications = new Map<string, Map<string, Term>>();
  private readonly applicationSets = new Map<string, string[]>();
  private readonly zoned = new Map<string, Policy>();
  private readonly global = new Map<string, Policy>();

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    guarded(this.faults, number, () => {
      const words = wordsOf(line);
      if (words === undefined) throw new LineFault('A quote is not closed.');
      this.read(words, number);
    });
  }

  /** Policies from zone to zone are asked before global ones. */
  rules(): FilterRule[] {
    const rules: FilterRule[] = [];
    for (const terms of this.applications.values()) {
      for (const term of terms.values())
        guarded(this.faults, term.line, () => void askedOf(term.settings));
    }
    for (const policy of [...this.zoned.values(), ...this.global.values()]) {
      guarded(this.faults, policy.line, () => {
        rules.push(...this.rulesOf(policy));
      });
    }
    return rules;
  }

  private read([verb = '', top = '', second = '', ...rest]: readonly string[], line: number): void {
    if (verb !== 'set') throw new LineFault(`“${verb}” is not read; only set commands are.`);
    if (top === 'security' && second === 'address-book') this.address(rest);
    else if (top === 'applications' && second === 'application') this.application(rest, line);
    else if (top === 'applications' && second === 'application-set') this.applicationSet(rest);
    else if (top === 'security' && second === 'policies') this.policies(rest, line);
    else throw new LineFault(`“${top} ${second}” is not read.`);
  }

  private address([book = '', kind = '', name = '', ...rest]: readonly string[]): void {
    if (book !== 'global') throw new LineFault(`The address book “${book}” is not the global one.`);
    if (kind === 'address-set') {
      const [what = '', member, ...more] = rest;
      if (what === 'description' && member !== undefined) return;
      if (
        (what !== 'address' && what !== 'address-set') ||
        member === undefined ||
        more.length > 0
      ) {
        throw new LineFault(`“${rest.join(' ')}” is not a member of a set.`);
      }
      append(this.sets, name, member);
      return;
    }
    if (kind !== 'address') throw new LineFault(`“${kind}” is not known here.`);
    if (rest[0] === 'description' && rest.length === 2) return;
    if (this.addresses.has(name)) throw new LineFault(`The address “${name}” is defined twice.`);
    this.addresses.set(name, addressOf(rest));
  }

  private application([name = '', ...rest]: readonly string[], line: number): void {
    const hasTerm = rest[0] === 'term';
    const settings = hasTerm ? rest.slice(2) : rest;
    const terms = this.applications.get(name) ?? new Map<string, Term>();
    const term = terms.get(hasTerm ? (rest[1] ?? '') : '') ?? { line, settings: new Map() };
    if (settings.length === 0 || settings.length % 2 > 0) {
      throw new LineFault(`“${settings.at(-1) ?? name}” has no value.`);
    }
    for (let index = 0; index < settings.length; index += 2) {
      const key = settings[index]!;
      if (term.settings.has(key)) throw new LineFault(`“${key}” is set twice.`);
      term.settings.set(key, settings[index + 1]!);
    }
    terms.set(hasTerm ? (rest[1] ?? '') : '', term);
    this.applications.set(name, terms);
  }

  private applicationSet([name = '', kind = '', member, ...more]: readonly string[]): void {
    if (kind === 'description' && member !== undefined) return;
    const known = kind === 'application' || kind === 'application-set';
    if (!known || member === undefined || more.length > 0) {
      throw new LineFault(`“${kind}” is not known here.`);
    }
    append(this.applicationSets, name, member);
  }

  private policies(words: readonly string[], line: number): void {
    if (words[0] === 'default-policy') {
      const action = words[1];
      if ((action !== 'permit-all' && action !== 'deny-all') || words.length > 2) {
        throw new LineFault(`“${words.slice(1).join(' ')}” is not known here.`);
      }
      this.otherwise = action === 'permit-all' ? 'accept' : 'drop';
      return;
    }
    const isGlobal = words[0] === 'global';
    const [from = '', fromZone = '', to = '', toZone = ''] = words;
    if (!isGlobal && (from !== 'from-zone' || to !== 'to-zone')) {
      throw new LineFault(`“${from}” is not known here.`);
    }
    const [kind = '', name = '', ...rest] = words.slice(isGlobal ? 1 : 4);
    if (kind !== 'policy' || rest.length === 0) throw new LineFault(`“${kind}” is not known here.`);
    const known = isGlobal ? this.global : this.zoned;
    const key = isGlobal ? name : `${fromZone}\n${toZone}\n${name}`;
    const policy = known.get(key) ?? {
      line,
      sources: [],
      destinations: [],
      applications: [],
      from: isGlobal ? [] : [fromZone],
      to: isGlobal ? [] : [toZone],
      logs: false,
    };
    known.set(key, policy);
    setting(policy, rest, isGlobal);
  }

  private rulesOf(policy: Policy): FilterRule[] {
    const { action, sources, destinations, applications, line, comment } = policy;
    if (action === undefined) throw new LineFault('The policy does not say what to do.');
    if (applications.length === 0) throw new LineFault('The policy names no application.');
    const shared = {
      action,
      line,
      ...(comment === undefined ? {} : { comment }),
      ...(policy.logs ? { log: { prefix: '' } } : {}),
    };
    const where: FilterMatch = {
      states: ['new'],
      source: this.addressesOf(sources),
      destination: this.addressesOf(destinations),
      ...(isAny(policy.from) ? {} : { inInterfaces: policy.from }),
      ...(isAny(policy.to) ? {} : { outInterfaces: policy.to }),
    };
    return leavesOf(applications, (name) => this.applicationSetOf(name))
      .flatMap((name) => this.applicationNamed(name))
      .map((asked) => ({ ...shared, match: { ...where, ...asked } }));
  }

  private addressesOf(names: readonly string[]): AddressRange[] {
    if (names.length === 0) throw new LineFault('The policy lacks a source or a destination.');
    return mergeRanges(
      leavesOf(names, (name) => this.setOf(name)).flatMap((name) => this.addressNamed(name)),
    );
  }

  private setOf(name: string): readonly string[] | undefined {
    return ANY_ADDRESS.has(name) || this.addresses.has(name) ? undefined : this.sets.get(name);
  }

  private addressNamed(name: string): readonly AddressRange[] {
    const any = ANY_ADDRESS.get(name);
    if (any !== undefined) return any;
    const single = this.addresses.get(name);
    if (single === undefined || this.sets.has(name)) {
      throw new LineFault(`There is no single address or set “${name}”.`);
    }
    return [single];
  }

  private applicationSetOf(name: string): readonly string[] | undefined {
    const isOne = name === 'any' || this.applications.has(name);
    return isOne ? undefined : this.applicationSets.get(name);
  }

  private applicationNamed(name: string): readonly Asked[] {
    if (name === 'any') return [{}];
    const terms = this.applications.get(name);
    if (terms !== undefined) return [...terms.values()].map(({ settings }) => askedOf(settings));
    const predefined = PREDEFINED.get(name);
    if (predefined === undefined) throw new LineFault(`The application “${name}” is not known.`);
    return [predefined];
  }
}

function append(lists: Map<string, string[]>, name: string, member: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [member]);
  else list.push(member);
}

const isAny = (zones: readonly string[]): boolean => zones.length === 0 || zones.includes('any');

/** One setting of a policy. */
function setting(policy: Policy, words: readonly string[], isGlobal: boolean): void {
  const [part = '', key = '', value, ...more] = words;
  if (part === 'description' && words.length === 2) {
    policy.comment = key;
    return;
  }
  const lists: Readonly<Record<string, string[]>> = {
    'source-address': policy.sources,
    'destination-address': policy.destinations,
    application: policy.applications,
    ...(isGlobal ? { 'from-zone': policy.from, 'to-zone': policy.to } : {}),
  };
  const list = part === 'match' && Object.hasOwn(lists, key) ? lists[key] : undefined;
  if (list !== undefined && value !== undefined && more.length === 0) {
    list.push(value);
    return;
  }
  const verdicts = new Map([
    ['permit', 'accept'],
    ['deny', 'drop'],
    ['reject', 'reject'],
  ] as const);
  const verdict = verdicts.get(key as 'permit');
  if (part !== 'then') throw new LineFault(`“${words.join(' ')}” is not read.`);
  if (verdict !== undefined && value === undefined) {
    if (policy.action !== undefined) throw new LineFault('The policy says twice what to do.');
    policy.action = verdict;
  } else if (key === 'log' && /^session-(init|close)$/.test(value ?? '') && more.length === 0) {
    policy.logs = true;
  } else if (key !== 'count' || value !== undefined) {
    throw new LineFault(`“${words.slice(1).join(' ')}” is not read.`);
  }
}
