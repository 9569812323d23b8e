/**
 * Which rules of a filter decide a packet, for very many packets: every chain is turned once into a
 * map from header space to the number of the rule that decides, and packets are looked up in it.
 */
import type { Node } from '../net/decision-diagram.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import { HeaderSpaces } from '../net/header-space.ts';
import { lookUp } from '../net/header-witness.ts';
import { atInterfaces, type Vantage } from './evaluate.ts';
import type { Filter, FilterChain, FilterRule, Hook } from './filter.ts';

/** Terminals: nothing decides, go back to the caller, rule number + 2. */
const UNDECIDED = 0;
const RETURN = 1;
const FIRST_RULE = 2;
/** Jumps deeper than this are a loop. */
const MOST_JUMPS = 64;

/** What decided a packet in one chain; `rule` is a number, -1 for the chain's default. */
export interface Decider {
  readonly chain: FilterChain;
  readonly rule: number;
  readonly accepts: boolean;
}

/**
 * Making the map of a chain takes long, and is put off until the chain is first asked; a look-up
 * does not.
 */
export class RuleHits {
  /** All rules of all chains, by number. */
  readonly rules: readonly FilterRule[];
  /** The filter looks at interfaces at all. */
  readonly looksAtInterfaces: boolean;
  /** Names of interfaces that rules ask for. */
  readonly interfaces: readonly string[];
  private readonly filter: Filter;
  private readonly spaces: HeaderSpaces;
  private readonly byName: ReadonlyMap<string, FilterChain>;
  /** Of each chain, the number before its first rule's. */
  private readonly firstOf = new Map<FilterChain, number>();
  private readonly maps = new Map<string, Node>();

  constructor(filter: Filter) {
    this.filter = filter;
    this.rules = filter.chains.flatMap(({ rules }) => rules);
    let first = 0;
    for (const chain of filter.chains) {
      this.firstOf.set(chain, first);
      first += chain.rules.length;
    }
    this.byName = new Map(filter.chains.map((chain) => [chain.name, chain]));
    this.spaces = new HeaderSpaces(this.rules.length + FIRST_RULE);
    const names = this.rules.flatMap(({ match }) => [
      ...(match.inInterfaces ?? []),
      ...(match.outInterfaces ?? []),
      ...(match.notInInterfaces ?? []),
      ...(match.notOutInterfaces ?? []),
    ]);
    this.interfaces = [...new Set(names)];
    this.looksAtInterfaces = names.length > 0;
  }

  /** The chains that are asked at a hook, in order; of one list alone where it is named. */
  chainsAt(hook: Hook, family: 4 | 6, list: string | null): readonly FilterChain[] {
    const chains = this.filter.chains
      .filter((chain) => chain.hook === hook && (chain.family ?? family) === family)
      .sort((left, right) => (left.priority ?? 0) - (right.priority ?? 0));
    const named = chains.filter(({ name }) => name === list || name.startsWith(`${list} (`));
    return named.length > 0 ? named : chains;
  }

  /**
   * What decides the packet in one chain after the other, up to the first that does not accept.
   * @param list the name of a list that a log says decided: other chains are not asked then
   */
  deciders(packet: PacketHeader, vantage: Vantage, list: string | null): Decider[] {
    const found: Decider[] = [];
    for (const chain of this.chainsAt(vantage.hook, packet.family, list)) {
      const terminal = lookUp(this.spaces, this.mapOf(chain, vantage), packet);
      const rule = terminal < FIRST_RULE ? -1 : terminal - FIRST_RULE;
      const accepts = (rule < 0 ? chain.otherwise : this.rules[rule]!.action) === 'accept';
      found.push({ chain, rule, accepts });
      if (!accepts) break;
    }
    return found;
  }

  /** Whether two rules can both match a packet. */
  overlap(left: FilterRule, right: FilterRule): boolean {
    const { spaces } = this;
    return spaces.intersection(spaces.matched(left.match), spaces.matched(right.match)) !== 0;
  }

  /** Rules that only log, and are asked before this one on some way to it. */
  loggedBefore(rule: FilterRule): FilterRule[] {
    const known = new Set<FilterChain>();
    const before = (chain: FilterChain, until: FilterRule): FilterRule[] => {
      const earlier = chain.rules.slice(0, chain.rules.indexOf(until));
      const own = earlier.filter(({ log, action }) => log !== undefined && action === 'continue');
      if (known.has(chain)) return own;
      known.add(chain);
      const callers = this.filter.chains.flatMap((caller) =>
        caller.rules
          .filter(({ target }) => target === chain.name)
          .flatMap((jump) => before(caller, jump)),
      );
      return [...own, ...callers];
    };
    const home = this.filter.chains.find(({ rules }) => rules.includes(rule));
    return home === undefined ? [] : before(home, rule);
  }

  private mapOf(chain: FilterChain, vantage: Vantage, depth = 0): Node {
    const { inNames = [], outNames = [] } = vantage;
    const place = this.looksAtInterfaces ? `${inNames.join()}>${outNames.join()}` : '';
    const key = `${chain.name}|${place}`;
    let map = this.maps.get(key);
    if (map === undefined) {
      map = this.chainMap(chain, vantage, depth);
      this.maps.set(key, map);
    }
    return map;
  }

  private chainMap(chain: FilterChain, vantage: Vantage, depth: number): Node {
    if (depth > MOST_JUMPS) throw new RangeError(`jumps in chain ${chain.name} run in circles`);
    const first = this.firstOf.get(chain)!;
    const items: Node[] = [];
    for (const [index, rule] of chain.rules.entries()) {
      if (rule.action === 'continue') continue;
      if (this.looksAtInterfaces && !atInterfaces(rule.match, vantage)) continue;
      const set = this.spaces.matched(rule.match);
      items.push(this.spaces.mask(this.verdicts(rule, first + index, vantage, depth), set));
    }
    return this.spaces.overrideAll(items);
  }

  private verdicts(rule: FilterRule, number: number, vantage: Vantage, depth: number): Node {
    if (rule.action === 'return') return RETURN;
    if (rule.action !== 'jump' && rule.action !== 'goto') return number + FIRST_RULE;
    const chain = this.byName.get(rule.target ?? '');
    if (chain === undefined) throw new RangeError(`there is no chain ${rule.target}`);
    const undecided = rule.action === 'goto' ? RETURN : UNDECIDED;
    return this.spaces.mapTerminals(this.mapOf(chain, vantage, depth + 1), (terminal) =>
      terminal < FIRST_RULE ? undecided : terminal,
    );
  }
}
