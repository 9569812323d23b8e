/**
 * What a filter does with packets: with all of them at once, as a map from header space to
 * verdicts, and with one packet, rule by rule. The two ways share no code; tests hold them equal.
 */
import type { Node } from '../net/decision-diagram.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import { matches } from '../net/header-match.ts';
import { ALL_PACKETS, HeaderSpaces, NO_PACKETS } from '../net/header-space.ts';
import type { Filter, FilterChain, FilterMatch, FilterRule, Hook, Verdict } from './filter.ts';

/** Terminals of a verdict map. */
const ACCEPT = 1;
const DROP = 2;
const REJECT = 3;
const RETURN = 4;
const VERDICT_TERMINALS = 5;
const TERMINAL: Readonly<Record<Verdict, Node>> = { accept: ACCEPT, drop: DROP, reject: REJECT };

/** Jumps deeper than this are a loop. */
const MOST_JUMPS = 64;

/** Where the packets are looked at. Names of interfaces hold for rules that ask for them. */
export interface Vantage {
  readonly hook: Hook;
  /** All names of the interface the packets came in by (also of its zone); undefined = unknown. */
  readonly inNames?: readonly string[];
  readonly outNames?: readonly string[];
}

/** A header space whose maps can hold verdicts. */
export function verdictSpaces(): HeaderSpaces {
  return new HeaderSpaces(VERDICT_TERMINALS);
}

/** Whether the interfaces are as the rule asks. Unknown ones are as no rule asks. */
export function atInterfaces(match: FilterMatch, { inNames, outNames }: Vantage): boolean {
  const within = (wanted: readonly string[] | undefined, names: readonly string[] | undefined) =>
    wanted === undefined || (names?.some((name) => wanted.includes(name)) ?? false);
  const outside = (banned: readonly string[] | undefined, names: readonly string[] | undefined) =>
    banned === undefined || !(names?.some((name) => banned.includes(name)) ?? false);
  return (
    within(match.inInterfaces, inNames) &&
    within(match.outInterfaces, outNames) &&
    outside(match.notInInterfaces, inNames) &&
    outside(match.notOutInterfaces, outNames)
  );
}

/** The chains a packet passes at the vantage, in order. */
function hooked(filter: Filter, hook: Hook): FilterChain[] {
  return filter.chains
    .filter((chain) => chain.hook === hook)
    .sort((left, right) => (left.priority ?? 0) - (right.priority ?? 0));
}

/** The packets that the filter lets through there. Throws RangeError when jumps run in circles. */
export function acceptedBy(spaces: HeaderSpaces, filter: Filter, vantage: Vantage): Node {
  let accepted: Node = ALL_PACKETS;
  for (const chain of hooked(filter, vantage.hook)) {
    const verdicts = chainVerdicts(spaces, filter, chain, vantage);
    let through = spaces.where(verdicts, (terminal) => terminal === ACCEPT);
    if (chain.family !== undefined) {
      const others = spaces.complement(spaces.matched({ family: chain.family }));
      through = spaces.union(through, others);
    }
    accepted = spaces.intersection(accepted, through);
  }
  return accepted;
}

/** The verdict of a hooked chain for every packet, its default included. */
export function chainVerdicts(
  spaces: HeaderSpaces,
  filter: Filter,
  chain: FilterChain,
  vantage: Vantage,
): Node {
  const evaluation = new Evaluation(spaces, filter, vantage);
  const verdicts = evaluation.chain(chain, 0);
  const otherwise = TERMINAL[chain.otherwise];
  return spaces.mapTerminals(verdicts, (terminal) =>
    terminal === NO_PACKETS || terminal === RETURN ? otherwise : terminal,
  );
}

class Evaluation {
  private readonly spaces: HeaderSpaces;
  private readonly vantage: Vantage;
  private readonly chains: ReadonlyMap<string, FilterChain>;
  private readonly known = new Map<string, Node>();

  constructor(spaces: HeaderSpaces, filter: Filter, vantage: Vantage) {
    this.spaces = spaces;
    this.vantage = vantage;
    this.chains = new Map(filter.chains.map((chain) => [chain.name, chain]));
  }

  /** Verdicts of a chain; 0 where no rule decides, RETURN where one goes back. */
  chain(chain: FilterChain, depth: number): Node {
    if (depth > MOST_JUMPS) throw new RangeError(`jumps in chain ${chain.name} run in circles`);
    const before = this.known.get(chain.name);
    if (before !== undefined) return before;
    const items = chain.rules
      .filter(({ match }) => atInterfaces(match, this.vantage))
      .map((rule) => this.rule(rule, depth));
    const verdicts = this.spaces.overrideAll(items);
    this.known.set(chain.name, verdicts);
    return verdicts;
  }

  private rule({ action, match, target }: FilterRule, depth: number): Node {
    if (action === 'continue') return NO_PACKETS;
    const set = this.spaces.matched(match);
    if (action === 'accept') return set;
    const verdicts = this.verdicts(action, target, depth);
    return this.spaces.mask(verdicts, set);
  }

  private verdicts(
    action: Exclude<FilterRule['action'], 'accept' | 'continue'>,
    target: string | undefined,
    depth: number,
  ): Node {
    if (action === 'return') return RETURN;
    if (action !== 'jump' && action !== 'goto') return TERMINAL[action];
    const chain = this.chains.get(target ?? '');
    if (chain === undefined) throw new RangeError(`there is no chain ${target}`);
    const inside = this.chain(chain, depth + 1);
    // Whoever is sent on by `goto` comes back to the caller's caller, as by `return`.
    const undecided = action === 'goto' ? RETURN : NO_PACKETS;
    return this.spaces.mapTerminals(inside, (terminal) =>
      terminal === NO_PACKETS || terminal === RETURN ? undecided : terminal,
    );
  }
}

/** What happened to one packet, and by which rule. */
export interface Decision {
  readonly verdict: Verdict;
  readonly chain: string;
  /** Undefined: the chain's default. */
  readonly rule?: FilterRule;
}

/** The decision for one packet; the last chain's when all accept. Throws as `acceptedBy`. */
export function decide(filter: Filter, vantage: Vantage, packet: PacketHeader): Decision {
  const asked = new Asking(filter, vantage, packet);
  let decision: Decision = { verdict: 'accept', chain: '' };
  for (const chain of hooked(filter, vantage.hook)) {
    if (chain.family !== undefined && chain.family !== packet.family) continue;
    decision = asked.chain(chain, 0) ?? { verdict: chain.otherwise, chain: chain.name };
    if (decision.verdict !== 'accept') return decision;
  }
  return decision;
}

/** One packet at one place. Each chain is asked once, however many ways lead to it. */
class Asking {
  private readonly chains: ReadonlyMap<string, FilterChain>;
  private readonly vantage: Vantage;
  private readonly packet: PacketHeader;
  private readonly undecided = new Set<FilterChain>();

  constructor(filter: Filter, vantage: Vantage, packet: PacketHeader) {
    this.chains = new Map(filter.chains.map((chain) => [chain.name, chain]));
    this.vantage = vantage;
    this.packet = packet;
  }

  /** Undefined where no rule decides. */
  chain(chain: FilterChain, depth: number): Decision | undefined {
    if (depth > MOST_JUMPS) throw new RangeError(`jumps in chain ${chain.name} run in circles`);
    if (this.undecided.has(chain)) return undefined;
    const decision = this.rules(chain, depth);
    if (decision === undefined) this.undecided.add(chain);
    return decision;
  }

  private rules(chain: FilterChain, depth: number): Decision | undefined {
    for (const rule of chain.rules) {
      if (!atInterfaces(rule.match, this.vantage) || !matches(rule.match, this.packet)) continue;
      const { action } = rule;
      if (action === 'continue') continue;
      if (action === 'return') return undefined;
      if (action !== 'jump' && action !== 'goto') {
        return { verdict: action, chain: chain.name, rule };
      }
      const target = this.chains.get(rule.target ?? '');
      if (target === undefined) throw new RangeError(`there is no chain ${rule.target}`);
      const end = this.chain(target, depth + 1);
      if (end !== undefined) return end;
      if (action === 'goto') return undefined;
    }
    return undefined;
  }
}
