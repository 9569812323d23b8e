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
import { SetBlocks, VerdictBlocks } from './rule-blocks.ts';

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
  /** Of the rule, or where its chain begins; 0 where neither stands in the text. */
  readonly line: number;
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
    const taken = new Taken(spaces, entries);
    const idle = this.changingNothing(taken);
    for (const entry of entries) {
      const { rule, set } = entry;
      const left = taken.leftOf(rule)!;
      if (set === 0) this.add('empty', rule);
      else if (left === 0) this.neverDecides(entry, taken);
      else if (idle.has(rule)) this.add('redundant', rule, [], left);
      else if (rule.action === 'accept' && isWide(rule)) this.add('wide', rule, [], left);
    }
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
      ...{ kind, chain: this.chain.name, line: rule?.line ?? this.chain.line },
      ...{ others: others.slice(0, MOST_OTHERS) },
      ...(rule === undefined ? {} : { rule }),
      ...(packet === undefined ? {} : { packet }),
    });
  }

  private neverDecides(entry: Entry, taken: Taken): void {
    const { rule, set } = entry;
    const against = taken.earlier(entry, (action) => action !== rule.action);
    if (against.length > 0) this.add('shadowed', rule, against, set);
    else this.add('covered', rule, taken.earlier(entry), set);
  }

  /**
   * Rules without which later ones or the default would do the same. None before a rule that jumps, or
   * that looks at interfaces, since then it is unsure.
   */
  private changingNothing(taken: Taken): ReadonlySet<FilterRule> {
    const { chain, spaces } = this;
    const idle = new Set<FilterRule>();
    if (chain.hook === undefined) return idle;
    const otherwise = TERMINALS[chain.otherwise]!;
    const after = new VerdictBlocks(spaces);
    for (const rule of chain.rules.toReversed()) {
      if (rule.action === 'continue') continue;
      const left = taken.leftOf(rule);
      if (left === undefined) break;
      const verdict = TERMINALS[rule.action]!;
      const set = taken.setOf(rule);
      // A last rule for everything is how people count and log what the default drops.
      if (set !== ALL_PACKETS && after.allGet(left, verdict, otherwise)) idle.add(rule);
      if (placeOf(rule) !== '') break;
      after.addBefore(set, verdict);
    }
    return idle;
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

/** What each rule takes and what is left to it by those before. */
class Taken {
  private readonly entries: readonly Entry[];
  private readonly indices = new Map<FilterRule, number>();
  private readonly left: Node[] = [];
  /** By place and action; under no place those that look at no interface. */
  private readonly places = new Map<string, Map<string, SetBlocks>>();

  constructor(spaces: HeaderSpaces, entries: readonly Entry[]) {
    this.entries = entries;
    for (const [index, { rule, set, place }] of entries.entries()) {
      this.indices.set(rule, index);
      this.left.push(this.around(place).reduce((rest, blocks) => blocks.leftOf(rest), set));
      const actions = this.places.get(place) ?? new Map<string, SetBlocks>();
      this.places.set(place, actions);
      const blocks = actions.get(rule.action) ?? new SetBlocks(spaces);
      actions.set(rule.action, blocks);
      blocks.add(index, set);
    }
  }

  /** What of the rule is in none before it; undefined of rules that decide nothing. */
  leftOf(rule: FilterRule): Node | undefined {
    return this.left[this.indices.get(rule) ?? -1];
  }

  /** Of rules that decide. */
  setOf(rule: FilterRule): Node {
    return this.entries[this.indices.get(rule)!]!.set;
  }

  /** The first rules before that one which take some of its packets, of such actions. */
  earlier({ rule, set, place }: Entry, wanted?: (action: string) => boolean): FilterRule[] {
    const end = this.indices.get(rule)!;
    return this.around(place, wanted)
      .flatMap((blocks) => blocks.meeting(set, end, MOST_OTHERS))
      .sort((a, b) => a - b)
      .slice(0, MOST_OTHERS)
      .map((index) => this.entries[index]!.rule);
  }

  private around(place: string, wanted: (action: string) => boolean = () => true): SetBlocks[] {
    return [...new Set(['', place])]
      .flatMap((name) => [...(this.places.get(name) ?? [])])
      .flatMap(([action, blocks]) => (wanted(action) ? [blocks] : []));
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
