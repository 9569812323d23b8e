/**
 * A plan's rules for platforms that filter what one machine itself accepts and sends, by the
 * address of the other end. What such a platform lets pass unasked is left out; where it cannot ask
 * for the machine's own address, rules about some of its addresses are refused.
 */
import type { Family } from '../net/address.ts';
import { countAddresses } from '../net/address-range.ts';
import type { FilterChain, FilterMatch, FilterRule } from '../policy/filter.ts';
import { NEEDED_BY_HOSTS } from '../policy/host-plan.ts';
import type { Hosts, Plan } from '../policy/plan.ts';
import { type Entry, entriesOf, type FlatChoices, NotFlat } from './flat-entries.ts';
import type { Refusal } from './platform.ts';
import type { SessionRule } from './session-rules.ts';

export interface HostChoices extends FlatChoices {
  /** Which of the rules that every host needs the platform does not ask for. */
  readonly unasked: readonly ('loopback' | 'neighbours' | 'dhcp')[];
  /** The machine's own address cannot be asked for. */
  readonly ownSideImplied: boolean;
}

export interface HostRules {
  /** In order; the last rule, which drops everything, is left out. */
  readonly input: readonly SessionRule[];
  readonly output: readonly SessionRule[];
  readonly refusals: readonly Refusal[];
}

type HostHook = 'input' | 'output';

/** Peer and own side of an entry. */
export function sidesOf({ source, destination }: Entry, hook: HostHook) {
  return hook === 'input' ? { peer: source, own: destination } : { peer: destination, own: source };
}

/**
 * In the order of the plan. Rules that cannot be written are refusals and left out, so that with
 * any refusal nothing may be rendered.
 */
export function hostRules(plan: Plan, choices: HostChoices): HostRules {
  const { hosts, filter } = plan;
  const [input, output, ...others] = filter.chains;
  const isHostPlan = input?.hook === 'input' && output?.hook === 'output' && others.length === 0;
  if (hosts === undefined || !isHostPlan) {
    const what = 'Only what a machine itself accepts and sends is filtered.';
    return { input: [], output: [], refusals: [{ what, instead: 'name it with --host' }] };
  }
  const refusals: Refusal[] = [];
  const read = (chain: FilterChain, hook: HostHook) =>
    askedOf(chain, hook, choices).flatMap((rule): SessionRule[] => {
      try {
        return [hostRule(rule, hook, plan, hosts, choices)];
      } catch (error) {
        if (!(error instanceof NotFlat)) throw error;
        refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what: error.message });
        return [];
      }
    });
  return { input: read(input, 'input'), output: read(output, 'output'), refusals };
}

/** The rules that must be written: without those for answers and the last one. */
function askedOf(chain: FilterChain, hook: HostHook, { unasked }: HostChoices): FilterRule[] {
  const needed = NEEDED_BY_HOSTS[hook];
  const passing = new Set<FilterRule>(unasked.flatMap((name) => needed[name]));
  const last = chain.rules.at(-1);
  if (last?.action !== 'drop' || Object.keys(last.match).length > 0) {
    throw new TypeError('a chain of a plan ends by dropping everything');
  }
  return chain.rules.slice(0, -1).filter((rule) => !passing.has(rule) && !isForAnswers(rule));
}

function isForAnswers({ action, match }: FilterRule): boolean {
  return (
    action === 'accept' &&
    match.states?.join(' ') === 'established related' &&
    Object.keys(match).length === 1
  );
}

function hostRule(
  rule: FilterRule,
  hook: HostHook,
  { stateful }: Plan,
  hosts: Hosts,
  choices: HostChoices,
): SessionRule {
  const { action } = rule;
  const { states, ...match } = rule.match;
  if (action !== 'accept' && action !== 'drop' && action !== 'reject') {
    throw new NotFlat('A plan has no jumps.');
  }
  const isStateless = !stateful || rule === NEEDED_BY_HOSTS[hook].neighbours;
  const asksNew = states?.join(' ') === 'new';
  if (!asksNew && (states !== undefined || (action === 'accept' && !isStateless))) {
    throw new NotFlat('A rule is asked for first packets of connections, and nothing else.');
  }
  if (match.tcpFlags !== undefined) throw new NotFlat('TCP flags cannot be asked for.');
  const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
  const asked = choices.ownSideImplied ? withoutOwnSide(match, hook, hosts) : match;
  return { rule, action, entries: entriesOf({ ...rule, match: asked }, choices), told };
}

/** Leaves out the machine's own side where it is all of the machine's addresses. */
function withoutOwnSide(match: FilterMatch, hook: HostHook, { addresses }: Hosts): FilterMatch {
  const own = hook === 'input' ? 'destination' : 'source';
  const { [own]: side, ...rest } = match;
  const family: Family | undefined = side?.[0]?.family;
  if (side === undefined || family === undefined) return match;
  const all = addresses.filter((range) => range.family === family);
  if (countAddresses(side) !== countAddresses(all)) {
    throw new NotFlat('It is about some of the addresses only; rules hold for all of them.');
  }
  return { ...rest, family };
}
