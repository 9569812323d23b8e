/**
 * A packet filter in the terms of no platform: ordered rules in chains. A platform's parser returns
 * one, the plan that a platform renders is one, and `evaluate.ts` turns one into the set of packets
 * it lets through; so what was meant and what was written can be compared.
 */
import type { HeaderMatch } from '../net/header-match.ts';

export type Verdict = 'accept' | 'drop' | 'reject';

/** Where a chain is asked: for packets through, to, or from the machine that filters. */
export type Hook = 'forward' | 'input' | 'output';

export type FilterAction =
  | Verdict
  /** Only counts or logs; the next rule is asked. */
  | 'continue'
  /** Ends this chain without a verdict: the caller goes on, or the chain's default holds. */
  | 'return'
  /** Asks the chain named `target`, then goes on. */
  | 'jump'
  /** Asks the chain named `target` and does not come back: then the caller of this chain goes on. */
  | 'goto';

/** What a rule asks of a packet and of where the packet is. */
export interface FilterMatch extends HeaderMatch {
  /** Names of interfaces (or of a platform's zones) one of which the packet came in by. */
  readonly inInterfaces?: readonly string[];
  /** …or will leave by. */
  readonly outInterfaces?: readonly string[];
  /** The listed interfaces are those it must not come in or leave by. */
  readonly notInInterfaces?: readonly string[];
  readonly notOutInterfaces?: readonly string[];
}

export interface FilterLog {
  /** Text the platform puts before each line; empty where the platform has none. */
  readonly prefix: string;
  /** Lines per second at most; undefined = every packet. */
  readonly perSecond?: number;
}

export interface FilterRule {
  readonly action: FilterAction;
  readonly match: FilterMatch;
  /** Name of the chain for `jump` and `goto`. */
  readonly target?: string;
  /** Id of the policy's rule this stands for. */
  readonly id?: string;
  readonly comment?: string;
  readonly log?: FilterLog;
  /** Packets that the device counted, where the text says so. */
  readonly hits?: number;
  /** Line of the text, counted from 1; 0 in a plan. */
  readonly line: number;
  /** Names of the groups in `match.source` and `match.destination`, where a group was meant. */
  readonly sourceGroup?: string;
  readonly destinationGroup?: string;
  /** In a plan: names of the zones that the addresses lie in, for platforms that filter by zone. */
  readonly sourceZones?: readonly string[];
  readonly destinationZones?: readonly string[];
}

export interface FilterChain {
  /** Unique in its filter. */
  readonly name: string;
  /** Undefined: a chain that only others jump to. */
  readonly hook?: Hook;
  /** Chains of one hook are asked in ascending priority; all must accept. */
  readonly priority?: number;
  /** Only packets of this family come here; undefined = both. */
  readonly family?: 4 | 6;
  /** What happens at the end of a hooked chain. */
  readonly otherwise: Verdict;
  /** Line of the text where it begins; 0 in a plan. */
  readonly line: number;
  readonly rules: readonly FilterRule[];
}

export interface Filter {
  readonly chains: readonly FilterChain[];
}
