/**
 * Names for the sets of addresses that rules are made of: what people called them before, a zone
 * that is exactly the set, a host's own name, what all its hosts are for (`domain-controller`),
 * otherwise what the set does (`mssql-servers`).
 */
import { entriesOnPorts } from '../catalog/entries.ts';
import { protocolName } from '../catalog/protocols.ts';
import { formatAddress } from '../net/address.ts';
import {
  type AddressRange,
  countAddresses,
  formatRange,
  intersectRanges,
} from '../net/address-range.ts';
import type { Group, Party, Policy, PolicyService, Rule } from './intent.ts';

type Part = 'clients' | 'servers';

/** From this share of common ranges on a group that changed keeps its name. */
const STILL_THE_SAME = 0.5;

/**
 * The same set gets the same name each time it is asked for; names of the policy before are kept.
 */
export class GroupNames {
  private readonly before: Policy;
  private readonly names: ReadonlyMap<string, string>;
  private readonly roles: ReadonlyMap<string, readonly string[]>;
  private readonly given = new Map<string, Group>();
  private readonly taken: Set<string>;
  private readonly kept: readonly Group[];

  /**
   * `names` are host names by address, `roles` what hosts are for, the surest first; groups that
   * `rules` use stay whatever happens.
   */
  constructor(
    before: Policy,
    rules: readonly Rule[],
    names: ReadonlyMap<string, string>,
    roles: ReadonlyMap<string, readonly string[]>,
  ) {
    this.before = before;
    this.names = names;
    this.roles = roles;
    const used = new Set(rules.flatMap(({ from, to }) => [...from.names, ...to.names]));
    this.kept = before.groups.filter(({ name, about }) => used.has(name) || about !== undefined);
    this.taken = new Set([
      ...this.kept.map(({ name }) => name),
      ...before.zones.map(({ name }) => name),
      'any',
    ]);
  }

  /** All groups: those that stay, then the new and changed ones by name. */
  groups(): Group[] {
    const own = [...this.given.values()].filter((group) => !this.kept.includes(group));
    own.sort((one, two) => (one.name < two.name ? -1 : 1));
    return [...this.kept, ...own];
  }

  party(
    addresses: readonly AddressRange[],
    zone: string,
    part: Part,
    services: readonly PolicyService[],
  ): Party {
    return { names: [this.nameFor(addresses, zone, part, services)], addresses };
  }

  /**
   * Gives sets that are as they were, or grew out of one that was, their names before any other set
   * can take them. To be called once, with all sets that will be named.
   */
  keep(sets: readonly (readonly AddressRange[])[]): void {
    for (const addresses of sets) this.exact(addresses);
    for (const addresses of sets) {
      const key = keyOf(addresses);
      if (isLiteral(key) || this.given.has(key) || this.exact(addresses) !== undefined) continue;
      const name = this.grown(addresses);
      if (name !== undefined) this.give(key, { name, addresses });
    }
  }

  /** Name of the group or zone that is just this set. */
  private exact(addresses: readonly AddressRange[]): string | undefined {
    const key = keyOf(addresses);
    const same = (set: Group) => keyOf(set.addresses) === key;
    const group = this.before.groups.find(same);
    if (group !== undefined) this.give(key, group);
    return (group ?? this.before.zones.find(same))?.name;
  }

  private give(key: string, group: Group): string {
    this.given.set(key, group);
    this.taken.add(group.name);
    return group.name;
  }

  private nameFor(
    addresses: readonly AddressRange[],
    zone: string,
    part: Part,
    services: readonly PolicyService[],
  ): string {
    const key = keyOf(addresses);
    const known = this.given.get(key)?.name ?? this.exact(addresses);
    if (known !== undefined) return known;
    const told = this.names.get(key) ?? this.shared(addresses) ?? this.role(addresses);
    if (told === undefined && isLiteral(key)) return key;
    const name = this.free(told ?? `${this.label(services, zone)}-${part}`);
    return this.give(key, { name, addresses });
  }

  /** What all of the hosts are for, as far as their rules know. */
  private role(addresses: readonly AddressRange[]): string | undefined {
    const [first = [], ...others] = addresses.flatMap((range) =>
      hostsOf(range).map((host) => this.roles.get(host) ?? []),
    );
    return first.find((role) => others.every((roles) => roles.includes(role)));
  }

  /** The old group that this set grew out of. */
  private grown(addresses: readonly AddressRange[]): string | undefined {
    let best: string | undefined;
    let most = 0;
    for (const group of this.before.groups) {
      if (this.taken.has(group.name)) continue;
      const common = intersectRanges(group.addresses, addresses).length;
      const share = common / Math.max(group.addresses.length, addresses.length);
      if (share > most && share >= STILL_THE_SAME) {
        most = share;
        best = group.name;
      }
    }
    return best;
  }

  /** `web` for hosts called web-1, web-2 … */
  private shared(addresses: readonly AddressRange[]): string | undefined {
    const names = addresses.flatMap(hostsOf).map((host) => this.names.get(host));
    if (names.some((name) => name === undefined)) return undefined;
    const stems = new Set(names.map((name) => name!.replace(/[-_.]?\d+$/, '')));
    const [stem] = stems;
    return stems.size === 1 && stem !== '' ? stem : undefined;
  }

  /** What the first service is called; the zone for services without ports. */
  private label(services: readonly PolicyService[], zone: string): string {
    const [service] = services;
    const port = service?.ports?.[0]?.first;
    if (service === undefined || port === undefined) return zone;
    const transport = protocolName(service.protocol);
    const [entry] = entriesOnPorts({ first: port, last: port, transport });
    return entry?.id ?? `${transport}-${port}`;
  }

  private free(wanted: string): string {
    const clean = wanted
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .replace(/^[^A-Za-z_]+/, 'g-')
      .slice(0, 48);
    let name = clean;
    for (let count = 2; this.taken.has(name); count++) name = `${clean}-${count}`;
    return name;
  }
}

function keyOf(addresses: readonly AddressRange[]): string {
  return addresses.map(formatRange).join(' ');
}

/** One address or prefix: a rule can name it as it is. */
function isLiteral(key: string): boolean {
  return !/[ -]/.test(key);
}

/** Hosts in one range; more of them side by side have nothing in common that names could tell. */
const MOST_NEIGHBOURS = 256;

function hostsOf(range: AddressRange): string[] {
  const { family, first, last } = range;
  const count = Number(countAddresses([range]));
  if (count > MOST_NEIGHBOURS) return [''];
  const end = last.length - 1;
  return Array.from({ length: count }, (_, step) => {
    const low = first[end]! + step;
    // Beyond the end of the last word the range would go on in the word before it.
    if (low > 0xffff_ffff) return '';
    return formatAddress({ family, words: [...first.slice(0, end), low] });
  });
}
