/**
 * Access lists of routers and switches as chains: one list of a family for all that is forwarded, or
 * those that interfaces name, each for what comes in or leaves there.
 */
import type { Family } from '../net/address.ts';
import { ICMPV6 } from '../net/header-fields.ts';
import type { FilterChain, FilterRule } from '../policy/filter.ts';

/** How addresses are followed by what they cover: IOS's wildcard masks, or prefix lengths. */
export type Style = 'wildcard' | 'length';

/** A list as it was read. */
export interface List {
  readonly name: string;
  readonly family: Family;
  readonly line: number;
  /** By the numbers of the entries, which decide their order. */
  readonly entries: Map<number, FilterRule[]>;
  /** The greatest of these numbers. */
  greatest: number;
  /** Its entries ask for the source alone. */
  readonly isStandard: boolean;
}

/** Where an interface has a list asked. */
export interface Application {
  readonly name: string;
  readonly family: Family;
  readonly interface: string;
  readonly way: 'in' | 'out';
  readonly line: number;
}

/** Is told what is not understood: the line, why, and the list whose matter it is. */
type Tell = (line: number, what: string, list?: string) => void;

/** One list of a family, asked of everything. */
export function loneLists(lists: readonly List[], style: Style, tell: Tell): FilterChain[] {
  for (const family of [4, 6] as const) {
    const second = lists.filter((list) => list.family === family)[1];
    if (second === undefined) continue;
    const what = `A second list for IPv${family} begins here, and no interface says where each is asked; give the text of one.`;
    tell(second.line, what);
  }
  for (const { name, line } of lists.filter(({ isStandard }) => isStandard)) {
    tell(line, `List ${name} is not an extended list.`, name);
  }
  return lists.map((list) => ({
    ...{ name: chainName(list), hook: 'forward', family: list.family, otherwise: 'drop' },
    ...{ line: list.line, rules: rulesOf(list, style) },
  }));
}

/** The lists that interfaces name; an interface without one lets everything through. */
export function appliedLists(
  lists: readonly List[],
  applications: readonly Application[],
  style: Style,
  tell: Tell,
): FilterChain[] {
  const called = new Set<List>();
  const asked = (applied: Application): FilterRule[] => {
    const { name, family, line, way } = applied;
    const list = lists.find((each) => each.name === name && each.family === family);
    if (list === undefined || list.entries.size === 0) {
      tell(line, `“${name}” has no entries; what a device makes of that differs.`);
      return [];
    }
    called.add(list);
    const key = way === 'in' ? 'inInterfaces' : 'outInterfaces';
    const match = { family, [key]: [applied.interface] };
    return [
      { action: 'jump', target: chainName(list), match, line },
      { action: 'drop', match, line: 0 },
    ];
  };
  const hooks = (['in', 'out'] as const).flatMap((way, priority): FilterChain[] => {
    const applied = applications.filter((each) => each.way === way);
    if (applied.length === 0 && (way === 'out' || applications.length > 0)) return [];
    return [
      {
        ...{ name: `access-group ${way}`, hook: 'forward', priority, otherwise: 'accept' },
        ...{ line: applied[0]?.line ?? 0, rules: applied.flatMap(asked) },
      },
    ];
  });
  return [
    ...hooks,
    ...[...called].map((list) => ({
      ...{ name: chainName(list), otherwise: 'drop' as const, line: list.line },
      rules: rulesOf(list, style),
    })),
  ];
}

function chainName({ name, family }: List): string {
  return `${name} (IPv${family})`;
}

/** In the order of their numbers. */
function rulesOf({ family, entries }: List, style: Style): FilterRule[] {
  const ordered = [...entries].sort(([left], [right]) => left - right);
  const own = family === 6 && style === 'wildcard' ? neighbourRules() : [];
  return [...ordered.flatMap(([, made]) => made), ...own];
}

/** IOS lets neighbour discovery through before the last deny of its own (permit (IPv6)). */
function neighbourRules(): FilterRule[] {
  return [135, 136].map((type) => ({
    action: 'accept',
    match: {
      family: 6,
      protocols: [{ first: ICMPV6, last: ICMPV6 }],
      icmp: [{ type: { first: type, last: type } }],
    },
    line: 0,
  }));
}
