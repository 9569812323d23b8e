/**
 * Names for the sets of addresses that rules are made of: what people called them before, a zone
 * that is exactly the set, a host's own name, otherwise what the set does (`mssql-servers`).
 */
import { entriesOnPorts } from '../catalog/entries.ts';
import { protocolName } from '../catalog/protocols.ts';
import { type AddressRange, formatRange, intersectRanges } from '../net/address-range.ts';
import type { Group, Party, Policy, PolicyService, Rule } from './intent.ts';

type Part = 'clients' | 'servers';

/** Above this share of common ranges a group that changed keeps its name. */
const STILL_THE_SAME = 0.5;

export class GroupNames {
  private readonly before: Policy;
  private readonly names: ReadonlyMap<string, string>;
  private readonly given = new Map<string, Group>();
  private readonly taken: Set<string>;
  private readonly kept: readonly Group[];

  /** `names` are host names by address; groups that `rules` use stay whatever happens. */
  constructor(before: Policy, rules: readonly Rule[], names: ReadonlyMap<string, string>) {
    this.before = before;
    this.names = names;
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

  private nameFor(
    addresses: readonly AddressRange[],
    zone: string,
    part: Part,
    services: readonly PolicyService[],
  ): string {
    const key = addresses.map(formatRange).join(' ');
    const known = this.given.get(key);
    if (known !== undefined) return known.name;
    const exact = [...this.before.groups, ...this.before.zones].find(
      (set) => set.addresses.map(formatRange).join(' ') === key,
    );
    if (exact !== undefined) {
      const group = this.before.groups.find(({ name }) => name === exact.name);
      if (group !== undefined) this.given.set(key, group);
      this.taken.add(exact.name);
      return exact.name;
    }
    const host = addresses.length === 1 ? this.names.get(key) : undefined;
    if (addresses.length === 1 && host === undefined && !key.includes('-')) return key;
    const name = this.free(
      host ??
        this.grown(addresses) ??
        this.shared(addresses) ??
        `${this.label(services, zone)}-${part}`,
    );
    this.given.set(key, { name, addresses });
    this.taken.add(name);
    return name;
  }

  /** The old group that this set grew out of. */
  private grown(addresses: readonly AddressRange[]): string | undefined {
    let best: string | undefined;
    let most = STILL_THE_SAME;
    for (const group of this.before.groups) {
      if (this.taken.has(group.name)) continue;
      const common = intersectRanges(group.addresses, addresses).length;
      const share = common / Math.max(group.addresses.length, addresses.length);
      if (share > most) {
        most = share;
        best = group.name;
      }
    }
    return best;
  }

  /** `web` for hosts called web-1, web-2 … */
  private shared(addresses: readonly AddressRange[]): string | undefined {
    const names = addresses.map((range) => this.names.get(formatRange(range)));
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
