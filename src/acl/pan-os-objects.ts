/**
 * Addresses and services as PAN-OS's `set` commands define them, for its parser (PAN-OS CLI
 * configuration hierarchy: address, service). Objects of a virtual system hide those that are shared.
 */
import { parseAddress } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import { ICMP, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterMatch } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { between, prefixRange, wildcardRanges } from './list-line.ts';
import { leavesOf } from './nested-groups.ts';
import { pairsOf } from './pan-os-words.ts';
import type { ParseFault } from './platform.ts';
import { portRange } from './session-chain.ts';

/** What a service or an application asks of a packet. */
export type Asked = Pick<
  FilterMatch,
  'family' | 'protocols' | 'sourcePorts' | 'destinationPorts' | 'icmp'
>;

/** Settings of one rule or service by their words; a list has its members. */
export interface Settings {
  readonly line: number;
  readonly values: Map<string, readonly string[]>;
}

const single = (number: number): NumberRange[] => [{ first: number, last: number }];
const tcpPorts = (...ports: number[]): Asked => ({
  protocols: single(TCP),
  destinationPorts: ports.flatMap(single),
});
/** Services that every device has. */
const PREDEFINED: ReadonlyMap<string, Asked> = new Map([
  ['service-http', tcpPorts(80, 8080)],
  ['service-https', tcpPorts(443)],
]);
/** The application ping, over IPv4 alone. */
export const PING: Asked = {
  family: 4,
  protocols: single(ICMP),
  icmp: [{ type: { first: 8, last: 8 } }],
};
/** What a service may say beside its ports: how long its sessions are kept. */
const SERVICE_BESIDE = [
  ...['description', 'tag', 'override', 'timeout', 'halfclose-timeout', 'timewait-timeout'],
];

/** Objects of one virtual system, or those that are shared. */
class Scope {
  readonly addresses = new Map<string, readonly AddressRange[] | string>();
  readonly groups = new Map<string, readonly string[]>();
  /** Groups whose members are found at run time. */
  readonly dynamic = new Set<string>();
  readonly services = new Map<string, Settings>();
  readonly serviceGroups = new Map<string, readonly string[]>();
  readonly lists = new Set<string>();
}

export class PanObjects {
  private readonly shared = new Scope();
  private readonly own = new Scope();

  /** Whether the words define an object; where they do, it is read. Throws `LineFault`. */
  take(kind: string, words: readonly string[], isShared: boolean, line: number): boolean {
    const scope = isShared ? this.shared : this.own;
    const [name = '', ...rest] = words;
    if (kind === 'address') address(scope, name, rest);
    else if (kind === 'address-group') group(scope, name, rest);
    else if (kind === 'service') {
      for (const [key, value] of settingsOf(scope.services, name, rest, line)) {
        if (value.again) throw new LineFault(`“${key}” is set twice.`);
      }
    } else if (kind === 'service-group') {
      for (const [word, members] of pairsOf(rest)) {
        if (word === 'tag' || word === 'description') continue;
        if (word !== 'members') throw new LineFault(`“${word}” is not read.`);
        scope.serviceGroups.set(name, [...(scope.serviceGroups.get(name) ?? []), ...members]);
      }
    } else {
      if (kind === 'external-list') scope.lists.add(name);
      return false;
    }
    return true;
  }

  /** Faults of services, whether or not a rule names them. */
  check(faults: ParseFault[]): void {
    for (const { services } of [this.shared, this.own]) {
      for (const { line, values } of services.values()) {
        // Of other protocols it is a fault where a rule names it.
        const isOther = values.get('protocol')?.[0] === 'sctp';
        if (!isOther) guarded(faults, line, () => void serviceOf(values));
      }
    }
  }

  /** Throws `LineFault`. */
  addresses(names: readonly string[]): readonly AddressRange[] {
    return leavesOf(names, (name) => this.membersOf(name)).flatMap((name) => this.address(name));
  }

  private membersOf(name: string): readonly string[] | undefined {
    const scope = [this.own, this.shared].find(
      (one) => one.addresses.has(name) || one.groups.has(name) || one.dynamic.has(name),
    );
    if (scope?.dynamic.has(name))
      throw new LineFault(`The members of “${name}” are found at run time.`);
    return scope?.addresses.has(name) ? undefined : scope?.groups.get(name);
  }

  private address(name: string): readonly AddressRange[] {
    for (const scope of [this.own, this.shared]) {
      const known = scope.addresses.get(name);
      if (known === undefined) continue;
      if (scope.groups.has(name)) break;
      if (typeof known === 'string') throw new LineFault(`The address “${name}” is ${known}.`);
      return known;
    }
    // A rule may name an address or a range itself.
    if (/^[0-9a-f.:]+-[0-9a-f.:]+$/i.test(name)) return [between(name)];
    if (/^[0-9a-f.:]*[.:][0-9a-f.:]*(?:\/\d+)?$/i.test(name)) {
      return [prefixRange(name, name.includes(':') ? 6 : 4)];
    }
    if ([this.own, this.shared].some(({ lists }) => lists.has(name))) {
      throw new LineFault(`The members of the list “${name}” are fetched.`);
    }
    throw new LineFault(`There is no single address or group “${name}”.`);
  }

  /** Throws `LineFault`. */
  services(names: readonly string[]): Asked[] {
    const scopeOf = (name: string) =>
      [this.own, this.shared].find((one) => one.services.has(name) || one.serviceGroups.has(name));
    const leaves = leavesOf(names, (name) => {
      const scope = scopeOf(name);
      return scope?.services.has(name) ? undefined : scope?.serviceGroups.get(name);
    });
    return leaves.map((name) => {
      const service = scopeOf(name)?.services.get(name);
      if (service !== undefined) return serviceOf(service.values);
      const predefined = PREDEFINED.get(name);
      if (predefined === undefined) throw new LineFault(`The service “${name}” is not known.`);
      return predefined;
    });
  }
}

/**
 * Puts settings to those known under a name; of each its key, and whether it was another before.
 * Throws `LineFault`.
 */
export function settingsOf(
  known: Map<string, Settings>,
  name: string,
  words: readonly string[],
  line: number,
): Map<string, { readonly again: boolean }> {
  if (name === '' || words.length === 0) throw new LineFault('The line ends too early.');
  const settings = known.get(name) ?? { line, values: new Map<string, readonly string[]>() };
  known.set(name, settings);
  const told = new Map<string, { readonly again: boolean }>();
  for (const [key, value] of pairsOf(words)) {
    const before = settings.values.get(key);
    told.set(key, { again: before !== undefined && before.join(' ') !== value.join(' ') });
    settings.values.set(key, value);
  }
  return told;
}

function address(scope: Scope, name: string, words: readonly string[]): void {
  for (const [kind, [text = '', ...more]] of pairsOf(words)) {
    if (kind === 'description' || kind === 'tag') continue;
    if (more.length > 0) throw new LineFault(`“${words.join(' ')}” is not an address.`);
    if (scope.addresses.has(name)) throw new LineFault(`The address “${name}” is defined twice.`);
    if (kind === 'ip-netmask') {
      scope.addresses.set(name, [prefixRange(text, text.includes(':') ? 6 : 4)]);
    } else if (kind === 'ip-range') scope.addresses.set(name, [between(text)]);
    else if (kind === 'ip-wildcard') scope.addresses.set(name, wildcard(text));
    else if (kind === 'fqdn') scope.addresses.set(name, `the name “${text}”, which is looked up`);
    else throw new LineFault(`“${kind}” is not read.`);
  }
}

function group(scope: Scope, name: string, words: readonly string[]): void {
  if (words[0] === 'dynamic') {
    if (words[1] !== 'filter' || words.length > 3)
      throw new LineFault(`“${words[1]}” is not read.`);
    scope.dynamic.add(name);
    return;
  }
  for (const [word, members] of pairsOf(words)) {
    if (word === 'description' || word === 'tag') continue;
    if (word !== 'static') throw new LineFault(`“${word}” is not read.`);
    scope.groups.set(name, [...(scope.groups.get(name) ?? []), ...members]);
  }
}

/** What a service's settings ask for. Throws `LineFault`. */
function serviceOf(values: ReadonlyMap<string, readonly string[]>): Asked {
  const [word = ''] = values.get('protocol') ?? [];
  const protocol = word === 'tcp' ? TCP : word === 'udp' ? UDP : undefined;
  if (protocol === undefined) throw new LineFault(`Services of “${word}” are not read.`);
  for (const key of values.keys()) {
    const known = ['protocol', 'port', 'source-port'].includes(key) || SERVICE_BESIDE.includes(key);
    if (!known) throw new LineFault(`“${key}” is not read here.`);
  }
  const ports = (key: string): NumberRange[] | undefined =>
    values.get(key)?.flatMap((text) => text.split(',').map(portRange));
  const to = ports('port');
  const from = ports('source-port');
  if (to === undefined) throw new LineFault('The service names no port.');
  return {
    protocols: single(protocol),
    destinationPorts: to,
    ...(from === undefined ? {} : { sourcePorts: from }),
  };
}

/** `10.20.1.0/0.0.248.255`: ones of the mask stand for any bit. */
function wildcard(text: string): AddressRange[] {
  const [address, mask] = text.split('/').map(parseAddress);
  if (address?.family !== 4 || mask?.family !== 4) {
    throw new LineFault(`“${text}” is not an address with a wildcard mask.`);
  }
  return wildcardRanges(address.words[0]!, mask.words[0]!);
}
