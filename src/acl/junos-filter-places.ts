/**
 * Where the filters of a Junos device are asked: at interfaces as packets come in and go out, and at
 * lo0 for what the device itself receives and sends (Junos OS Routing Policies, Firewall Filters, and
 * Traffic Policers User Guide: Applying Firewall Filters; Configuring Logical Units on the Loopback
 * Interface for Routing Instances).
 */
import type { Family } from '../net/address.ts';
import type { FilterChain, FilterMatch, FilterRule, Hook } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';

type Way = 'input' | 'output';

interface Use {
  readonly interface: string;
  readonly family: Family;
  readonly way: Way;
  /** Asked as if they were one. */
  readonly filters: string[];
  readonly line: number;
  readonly isList: boolean;
  readonly inherited: boolean;
}

const MOST_USES = 50_000;
/** Interfaces that a range may have. */
const MOST_MEMBERS = 1000;

export class JunosPlaces {
  private readonly uses = new Map<string, Use>();
  /** Members of ranges of interfaces. */
  private readonly ranges = new Map<string, string[]>();
  /** Names of interfaces by routing instance. */
  private readonly instances = new Map<string, Set<string>>();
  private readonly late: { readonly range: string; readonly put: (name: string) => void }[] = [];

  /** Whether any interface has a filter. */
  get isTold(): boolean {
    return this.uses.size > 0;
  }

  /** Filters that are asked, with the lines that say so. */
  *asked(): Generator<{ readonly filter: string; readonly family: Family; readonly line: number }> {
    for (const { filters, family, line } of this.uses.values()) {
      for (const filter of filters) yield { filter, family, line };
    }
  }

  /** `routing-instances NAME interface NAME`. */
  instance(name: string, place: string): void {
    const places = this.instances.get(name) ?? new Set();
    this.instances.set(name, places.add(place));
  }

  /** `member NAME` or `member-range FIRST to LAST` of a range. Throws `LineFault`. */
  member(range: string, [kind, first = '', to, last = '']: readonly string[]): void {
    const members = this.ranges.get(range) ?? [];
    this.ranges.set(range, members);
    if (kind === 'member') members.push(first);
    else if (to === 'to') members.push(...between(first, last));
    else throw new LineFault('The range of interfaces does not end.');
  }

  /** What stands behind `filter` of a unit's family, such as `input NAME`. Throws `LineFault`. */
  put(
    [device, unit]: readonly [device: string, unit: string],
    family: Family,
    words: readonly string[],
    from: { readonly line: number; readonly inherited?: boolean; readonly isRange: boolean },
  ): void {
    const [key = '', filter, ...more] = words;
    const [, way, list] = /^(input|output)(-list)?$/.exec(key) ?? [];
    if (way === undefined || filter === undefined || more.length > 0) {
      throw new LineFault(`“filter ${words.join(' ')}” is not read.`);
    }
    const isList = list !== undefined;
    const { inherited = false } = from;
    const put = (name: string): void => {
      const place = `${name}.${unit}`;
      const at = `${place} ${family} ${way}`;
      const before = this.uses.get(at);
      if (this.uses.size >= MOST_USES) throw new LineFault('Too many interfaces have filters.');
      if (before === undefined) {
        const use = { family, way: way as Way, filters: [filter], line: from.line, isList };
        this.uses.set(at, { interface: place, inherited, ...use });
      } else if (before.isList && isList && before.inherited === inherited) {
        before.filters.push(filter);
      } else if (!inherited || isList) {
        throw new LineFault(`The ${way} filter of ${place} is set twice.`);
      }
    };
    if (from.isRange) this.late.push({ range: device, put });
    else put(device);
  }

  /** To be called when all is read: filters of ranges go to their members. Throws `LineFault`. */
  spread(): void {
    for (const { range, put } of this.late) {
      const members = this.ranges.get(range) ?? [];
      const strange = members.find((name) => /[[*?]/.test(name));
      if (members.length === 0 || strange !== undefined) {
        throw new LineFault(`Which interfaces “${range}” holds is not told name by name.`);
      }
      for (const name of members) put(name);
    }
  }

  /** Chains that send packets to filters. */
  chains(family: Family, nameOf: (filter: string) => string): FilterChain[] {
    const uses = [...this.uses.values()].filter((use) => use.family === family);
    const own = uses.filter((use) => isLoopback(use.interface));
    const others = uses.filter((use) => !isLoopback(use.interface));
    const chains: FilterChain[] = [];
    const add = (
      hook: Hook,
      priority: number,
      name: string,
      rules: readonly FilterRule[],
      isOpen = false,
    ): void => {
      if (rules.length === 0) return;
      const line = rules.find((rule) => rule.line > 0)?.line ?? 0;
      // What is open to all is told where packets pass through, not again for the device itself.
      const last: FilterRule = { action: 'accept', match: {}, line: 0 };
      chains.push({
        ...{ name: `${name} (IPv${family})`, hook, priority, family, line },
        ...{ otherwise: isOpen ? 'accept' : 'drop', rules: isOpen ? rules : [...rules, last] },
      });
    };
    const at = (way: Way) =>
      others.filter((use) => use.way === way).flatMap((use) => sent(use, nameOf));
    add('forward', 0, 'interfaces, input', at('input'), true);
    add('forward', 1, 'interfaces, output', at('output'), true);
    // Without a filter of lo0 the text says nothing of the device itself.
    if (this.isOwnTold) {
      add('input', 0, 'interfaces, input, to the device', at('input'));
      add('input', 1, 'lo0, input', this.ofDevice(own, 'input', nameOf));
      add('output', 0, 'lo0, output', this.ofDevice(own, 'output', nameOf));
      add('output', 1, 'interfaces, output, from the device', at('output'));
    }
    return chains;
  }

  private get isOwnTold(): boolean {
    return [...this.uses.values()].some((use) => isLoopback(use.interface));
  }

  /**
   * The filters of lo0: that of the unit in the interface's own routing instance; none, where that
   * unit has none; that of the main instance, where the instance has no such unit.
   */
  private ofDevice(
    uses: readonly Use[],
    way: Way,
    nameOf: (filter: string) => string,
  ): FilterRule[] {
    const wanted = uses.filter((use) => use.way === way);
    if (wanted.length === 0) return [];
    const rules: FilterRule[] = [];
    const placed = new Set<string>();
    for (const places of this.instances.values()) {
      const units = [...places].filter(isLoopback);
      for (const unit of units) placed.add(unit);
      const names = [...places].filter((place) => !isLoopback(place));
      if (units.length === 0 || names.length === 0) continue;
      const key = way === 'input' ? 'inInterfaces' : 'outInterfaces';
      const match = { [key]: names };
      const use = wanted.find((one) => units.includes(one.interface));
      rules.push(
        ...(use === undefined
          ? [{ action: 'accept' as const, match, line: 0 }]
          : sent(use, nameOf, match)),
      );
    }
    const main = wanted.filter((use) => !placed.has(use.interface));
    return [...rules, ...main.flatMap((use) => sent(use, nameOf, {}))];
  }
}

const isLoopback = (name: string): boolean => name.startsWith('lo0.');

/** Sends what comes to an interface to its filters; what none of them decides is dropped. */
function sent(
  { interface: name, way, filters, line }: Use,
  nameOf: (filter: string) => string,
  where?: FilterMatch,
): FilterRule[] {
  const match = where ?? { [way === 'input' ? 'inInterfaces' : 'outInterfaces']: [name] };
  return [
    ...filters.map(
      (filter): FilterRule => ({ action: 'jump', target: nameOf(filter), match, line }),
    ),
    { action: 'drop', match, line: 0 },
  ];
}

/** `ge-0/0/1` to `ge-0/0/9`: the last number counts. */
function between(first: string, last: string): string[] {
  const [, head, low = ''] = /^(.*?)(\d+)$/.exec(first) ?? [];
  const [, tail, high = ''] = /^(.*?)(\d+)$/.exec(last) ?? [];
  if (head === undefined || head !== tail) {
    throw new LineFault(`“${first} to ${last}” is not a range in one place.`);
  }
  const [from, to] = [numberOf(low, 1e6), numberOf(high, 1e6)];
  if (from > to || to - from >= MOST_MEMBERS) {
    throw new LineFault(`“${first} to ${last}” is not a range.`);
  }
  return Array.from({ length: to - from + 1 }, (_, index) => `${head}${from + index}`);
}
