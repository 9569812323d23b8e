/**
 * A plan's rules for platforms that look up the first packet of a session in their rules and let
 * all answers pass by the session: no rule for answers is written, and none can ask for another
 * state. A plan that means something else is refused.
 */
import type { FilterRule, Verdict } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { type Entry, entriesOf, type FlatChoices, NotFlat } from './flat-entries.ts';
import type { Refusal } from './platform.ts';

/** One rule for first packets. */
export interface SessionRule {
  readonly rule: FilterRule;
  readonly action: Verdict;
  /** The rule's conditions; any of them will do. */
  readonly entries: readonly Entry[];
  /** Id and comment as people wrote them: not yet safe to write. */
  readonly told: string;
}

/** The rules after the one for answers, the last of which drops everything. */
export function sessionRules(
  plan: Plan,
  choices: FlatChoices,
): { readonly rules: readonly SessionRule[]; readonly refusals: readonly Refusal[] } {
  const [chain, ...others] = plan.filter.chains;
  const [answers, ...asked] = chain?.rules ?? [];
  const passes =
    answers?.action === 'accept' &&
    answers.match.states?.join(' ') === 'established related' &&
    Object.keys(answers.match).length === 1;
  const last = asked.at(-1);
  const ends = last?.action === 'drop' && Object.keys(last.match).length === 0;
  if (chain?.hook !== 'forward' || others.length > 0 || !passes || !ends) {
    const what =
      'Only what is forwarded is filtered, answers pass, and the last rule drops the rest.';
    return { rules: [], refusals: [{ what }] };
  }
  const rules: SessionRule[] = [];
  const refusals: Refusal[] = [];
  for (const rule of asked) {
    try {
      rules.push(sessionRule(rule, choices));
    } catch (error) {
      if (!(error instanceof NotFlat)) throw error;
      refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what: error.message });
    }
  }
  return { rules, refusals };
}

function sessionRule(rule: FilterRule, choices: FlatChoices): SessionRule {
  const { action } = rule;
  const { states, ...match } = rule.match;
  if (action !== 'accept' && action !== 'drop' && action !== 'reject') {
    throw new NotFlat('A plan has no jumps.');
  }
  // What drops may leave the state out: answers have passed before it.
  if (states?.join(' ') !== 'new' && (states !== undefined || action === 'accept')) {
    throw new NotFlat('A rule is asked for first packets of connections, and nothing else.');
  }
  if (match.tcpFlags !== undefined) throw new NotFlat('TCP flags cannot be asked for.');
  const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
  return { rule, action, entries: entriesOf({ ...rule, match }, choices), told };
}
