/**
 * What a platform's module is: it writes a plan in the platform's own text and reads such text
 * back. The two share no code that decides meaning, since reading back is the proof of writing.
 *
 * - `render` never weakens: what the platform cannot express is refused with the reason. A plan's
 *   rules are written one by one, in order, as they stand; a rule may become several lines.
 * - `parse` never skips: a token it does not know is a fault with its line, and a text with faults
 *   proves nothing. It accepts what `render` writes and what people of that platform commonly
 *   write by hand.
 * - A whole configuration may be given: settings that are known to decide nothing about what passes
 *   are passed over, those that may decide too are told (`beside`), all others are faults.
 * - What a platform does unasked (an implicit last deny, answers of known connections) `parse` puts
 *   into the filter as rules with line 0, so that a filter says everything that happens.
 * - Names, comments and log prefixes come from people and captures: `render` must not let them
 *   become syntax.
 */

import type { PortRange } from '../net/port-range.ts';
import type { Filter } from '../policy/filter.ts';
import type { Plan, PlanChoices } from '../policy/plan.ts';

/** Why (a part of) a plan cannot be written for the platform. */
export interface Refusal {
  /** Id of the rule; undefined when the plan as a whole is meant. */
  readonly rule?: string;
  /** One sentence: what cannot be expressed. */
  readonly what: string;
  /** What the person can do instead. */
  readonly instead?: string;
}

export type Rendered =
  | { readonly text: string; readonly refusals: readonly [] }
  | { readonly text?: undefined; readonly refusals: readonly Refusal[] };

/** Something in the text that was not understood, or that means another filter than this text. */
export interface ParseFault {
  /** Counted from 1. */
  readonly line: number;
  /** One sentence, with the token at fault in “quotes”. */
  readonly what: string;
}

export interface Parsed {
  readonly filter: Filter;
  /** Empty exactly when every token was understood. */
  readonly faults: readonly ParseFault[];
  /** What the text does not tell and was taken as it is shipped, a clause each (“that …”). */
  readonly assumed?: readonly string[];
  /** Settings of a whole configuration that may decide beside the rules, and are not weighed. */
  readonly beside?: readonly Beside[];
}

/** Lines of one kind, such as `nat`. */
export interface Beside {
  /** Its first words. */
  readonly what: string;
  /** Where it stands first, counted from 1. */
  readonly line: number;
  readonly lines: number;
}

export interface Capabilities {
  /** What can be filtered: what passes `between` zones, what a `host` itself accepts and sends. */
  readonly filters: readonly ('between' | 'host')[];
  /** Keeps track of connections; otherwise the plan brings mirrored rules for the answers. */
  readonly stateful: boolean;
  /**
   * Ports that answers of TCP and UDP are let back to, where neither state nor the server's port can
   * be asked for.
   */
  readonly returnPorts?: PortRange;
  /** State does not tie errors of a connection to it: they need rules of their own. */
  readonly asksErrors?: boolean;
  readonly families: readonly (4 | 6)[];
  /** Rules (as the platform counts them) that one filter may have, where there is a limit. */
  readonly mostRules?: number;
  /** Can the platform log the packets a rule matches? */
  readonly logs: boolean;
  /**
   * What becomes of connections to the filtering machine itself, above all of those that manage it:
   * one or two lines of 90 characters at most, written into every text.
   */
  readonly management: readonly string[];
  /** Sources of the grammar and the limits: manual and version. */
  readonly sources: readonly string[];
}

export interface Platform {
  /** As given to `--for`: lower case. */
  readonly name: string;
  /** Other names for `--for`. */
  readonly aliases?: readonly string[];
  /** What people call it. */
  readonly title: string;
  readonly capabilities: Capabilities;
  readonly render: (plan: Plan) => Rendered;
  readonly parse: (text: string) => Parsed;
}

/** What of a platform decides how a plan for it is made. */
export function planChoices({ capabilities }: Platform): Omit<PlanChoices, 'nowMs'> {
  const { stateful, returnPorts, asksErrors } = capabilities;
  return {
    stateful,
    ...(returnPorts === undefined ? {} : { returnPorts }),
    ...(asksErrors === undefined ? {} : { asksErrors }),
  };
}

/** Why the platform does not filter where the plan asks for; undefined when it does. */
export function outOfPlace({ capabilities }: Platform, { hosts }: Plan): Refusal | undefined {
  const { filters } = capabilities;
  if (hosts === undefined && !filters.includes('between')) {
    return {
      what: 'It filters what a machine itself accepts and sends, not what passes between zones.',
      instead: 'name the machine, as in --host 192.0.2.10',
    };
  }
  if (hosts !== undefined && !filters.includes('host')) {
    return {
      what: 'It filters what passes between zones, not what a machine itself accepts and sends.',
      instead: 'leave out --host, or choose a platform of that machine',
    };
  }
  return undefined;
}
