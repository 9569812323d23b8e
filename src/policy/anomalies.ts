/**
 * What is wrong inside a rule list, by the kinds of Al-Shaer and Hamed (2004): rules that can never
 * decide, that change nothing, that cross others of another action, that let in everything. Each
 * comes with a packet that shows it. Exact over all packets; chains are looked at one by one, and
 * rules behind interfaces only against those that surely see the same packets.
 */
import type { Node } from '../net/decision-diagram.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import { ALL_PACKETS, type HeaderSpaces } from '../net/header-space.ts';
import { witness } from '../net/header-witness.ts';
import type { Filter, FilterChain, FilterRule } from './filter.ts';

export type AnomalyKind =
  /** Never decides: earlier rules take all its packets, at least some with another action. */
  | 'shadowed'
  /** Never decides, but earlier rules do the same with all its packets. */
  | 'covered'
  /** Decides, but without it later rules or the default would do the same. */
  | 'redundant'
  /** Takes some packets of an earlier rule of another action; their order matters. */
  | 'correlated'
  /** Lets in every protocol, or all ports, from or to any address. */
  | 'wide'
  /** The chain lets in what no rule decides. */
  | 'open-default'
  /** Its conditions can never hold together. */
  | 'empty';

export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly chain: string;
  readonly rule?: FilterRule;
  /** Earlier rules it has to do with, at most three. */
  readonly others: readonly FilterRule[];
  readonly packet?: PacketHeader;
}

/** Beyond this many rules in a chain, pairs are no longer compared for crossing. */
export const MOST_PAIRED = 1500;

/** Whether rules that cross each other are looked for in the chain. */
export function isPaired({ rules }: FilterChain): boolean {
  return rules.filter(({ action }) => action in TERMINALS).length <= MOST_PAIRED;
}
const MOST_CORRELATED = 200;
const MOST_OTHERS = 3;

const TERMINALS: Readonly<Record<string, Node>> = { accept: 1, drop: 2, reject: 3 };

const NEVER: ReadonlySet<AnomalyKind> = new Set(['shadowed', 'covered', 'empty'] as const);

interface Entry {
  readonly rule: FilterRule;
  readonly set: Node;
  readonly place: string;
}

/** `spaces` are `verdictSpaces()`. */
export function findAnomalies(spaces: HeaderSpaces, filter: Filter): Anomaly[] {
  return filter.chains.flatMap((chain) => new ChainCheck(spaces, chain).run());
}

class ChainCheck {
  private readonly spaces: HeaderSpaces;
  private readonly chain: FilterChain;
  private readonly found: Anomaly[] = [];

  constructor(spaces: HeaderSpaces, chain: FilterChain) {
    this.spaces = spaces;
    this.chain = chain;
  }

  run(): Anomaly[] {
    const { chain, spaces } = this;
    const entries = chain.rules
      .filter(({ action }) => action in TERMINALS)
      .map((rule): Entry => ({ rule, set: spaces.matched(rule.match), place: placeOf(rule) }));
    if (chain.hook !== undefined && chain.otherwise === 'accept') this.add('open-default');
    const after = this.suffixes(entries);
    /** What earlier rules take at all places (under no name), and at each place. */
    const taken = new Map<string, Node>();
    entries.forEach((entry, index) => {
      const { rule, set, place } = entry;
      const before = spaces.union(taken.get('') ?? 0, place === '' ? 0 : (taken.get(place) ?? 0));
      if (set === 0) this.add('empty', rule);
      else this.check(entry, () => entries.slice(0, index), before, after.get(rule));
      taken.set(place, spaces.union(taken.get(place) ?? 0, set));
    });
    if (isPaired(chain)) this.correlations(entries);
    return this.found;
  }

  private add(
    kind: AnomalyKind,
    rule?: FilterRule,
    others: readonly FilterRule[] = [],
    set: Node = 0,
  ): void {
    const packet = witness(this.spaces, set);
    this.found.push({
      ...{ kind, chain: this.chain.name, others: others.slice(0, MOST_OTHERS) },
      ...(rule === undefined ? {} : { rule }),
      ...(packet === undefined ? {} : { packet }),
    });
  }

  /**
   * What the rules after each one do, by that rule; of none before one that jumps, or that looks at
   * interfaces, since then it is unsure.
   */
  private suffixes(entries: readonly Entry[]): ReadonlyMap<FilterRule, Node> {
    const { chain, spaces } = this;
    const after = new Map<FilterRule, Node>();
    if (chain.hook === undefined) return after;
    const known = new Map(entries.map((entry) => [entry.rule, entry]));
    let rest: Node = TERMINALS[chain.otherwise]!;
    for (const rule of chain.rules.toReversed()) {
      after.set(rule, rest);
      if (rule.action === 'continue') continue;
      const entry = known.get(rule);
      if (entry === undefined || entry.place !== '') break;
      rest = spaces.override(spaces.mask(TERMINALS[rule.action]!, entry.set), rest);
    }
    return after;
  }

  private check(
    entry: Entry,
    earlier: () => readonly Entry[],
    before: Node,
    after: Node | undefined,
  ): void {
    const { spaces } = this;
    const { rule, set, place } = entry;
    const left = spaces.difference(set, before);
    if (left === 0) {
      const over = earlier().filter(
        (other) =>
          (other.place === '' || other.place === place) &&
          spaces.intersection(other.set, set) !== 0,
      );
      const against = over.filter((other) => other.rule.action !== rule.action);
      const kind = against.length > 0 ? 'shadowed' : 'covered';
      const others = (against.length > 0 ? against : over).map((other) => other.rule);
      this.add(kind, rule, others, set);
      return;
    }
    const verdict = TERMINALS[rule.action]!;
    // A last rule for everything is how people count and log what the default drops.
    const isLast = set === ALL_PACKETS;
    if (!isLast && after !== undefined && spaces.mask(after, left) === spaces.mask(verdict, left)) {
      this.add('redundant', rule, [], left);
    } else if (rule.action === 'accept' && isWide(rule)) this.add('wide', rule, [], left);
  }

  /** Only for new connections: rules for answers cross nearly all others, as they should. */
  private correlations(all: readonly Entry[]): void {
    const { spaces } = this;
    const idle = new Set(this.found.map(({ kind, rule }) => (NEVER.has(kind) ? rule : undefined)));
    const fresh = spaces.matched({ states: ['new'] });
    const entries = all
      .filter(({ rule }) => !idle.has(rule))
      .map((entry) => ({ ...entry, set: spaces.intersection(entry.set, fresh) }));
    let count = 0;
    for (const [index, later] of entries.entries()) {
      for (const earlier of entries.slice(0, index)) {
        if (earlier.rule.action === later.rule.action || earlier.place !== later.place) continue;
        const both = spaces.intersection(earlier.set, later.set);
        if (both === 0 || both === earlier.set || both === later.set) continue;
        if (++count > MOST_CORRELATED) return;
        this.add('correlated', later.rule, [earlier.rule], both);
      }
    }
  }
}

/** Interfaces a rule asks for, as one word; empty for none. */
function placeOf({ match }: FilterRule): string {
  const { inInterfaces, outInterfaces, notInInterfaces, notOutInterfaces } = match;
  const parts = [inInterfaces, outInterfaces, notInInterfaces, notOutInterfaces];
  return parts.every((part) => part === undefined) ? '' : JSON.stringify(parts);
}

/** An accept for new connections without a service, or without one of its ends. */
function isWide({ match }: FilterRule): boolean {
  const { states, protocols, destinationPorts, icmp, source, destination } = match;
  if (states !== undefined && !states.includes('new')) return false;
  const service = protocols !== undefined && (destinationPorts !== undefined || icmp !== undefined);
  if (!service) return icmp === undefined;
  return source === undefined && destination === undefined;
}
