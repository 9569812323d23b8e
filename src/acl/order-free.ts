/**
 * Plans for platforms whose rules have no order, or only allow: what a rule denies is taken out of
 * the rules that allow after it, so that nothing is left that must be denied before them. Exactly
 * the same packets pass; what was denied meets the default instead, which denies and logs as it
 * does for everything else.
 */
import { type AddressRange, complementRanges, intersectRanges } from '../net/address-range.ts';
import { PORT_PROTOCOLS } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterMatch, FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import type { Platform, Rendered } from './platform.ts';

/** A plan that only allows; undefined where a rule cannot be taken out of another. */
export function withoutDenials(plan: Plan): Plan | undefined {
  return withoutRules(plan, isDenial);
}

/**
 * A plan in which no rule denies what one before it allows, so that it says the same where denials
 * always win.
 */
export function withWinningDenials(plan: Plan): Plan | undefined {
  const yielding = new Set<FilterRule>();
  for (const { rules } of plan.filter.chains) {
    const allowed: FilterMatch[] = [];
    for (const rule of rules.slice(0, -1)) {
      const { inInterfaces, outInterfaces } = rule.match;
      // A machine's packets to itself pass unasked on such platforms.
      if ((inInterfaces ?? outInterfaces) !== undefined) continue;
      if (!isDenial(rule)) allowed.push(rule.match);
      else if (allowed.some((match) => mayMeet(match, rule.match))) yielding.add(rule);
    }
  }
  return withoutRules(plan, (rule) => yielding.has(rule));
}

/**
 * Renders again without the denials that a platform cannot write, where only such were refused: what
 * no rule allows need not be denied.
 */
export function writesDenialsOtherwise(platform: Platform): Platform {
  const render = (plan: Plan): Rendered => {
    const rendered = platform.render(plan);
    if (rendered.text !== undefined) return rendered;
    const refused = new Set(rendered.refusals.map(({ rule }) => rule));
    const rules = plan.filter.chains.flatMap((chain) => chain.rules.slice(0, -1));
    const denials = new Set(rules.filter((rule) => isDenial(rule) && refused.has(rule.id)));
    if (denials.size === 0) return rendered;
    const without = withoutRules(plan, (rule) => denials.has(rule));
    const again = without === undefined ? rendered : platform.render(without);
    return again.text === undefined ? rendered : again;
  };
  return { ...platform, render };
}

function isDenial({ action }: FilterRule): boolean {
  return action === 'drop' || action === 'reject';
}

/** Takes the rules meant out of those after them and leaves them out; the last rule stays. */
function withoutRules(plan: Plan, isMeant: (rule: FilterRule) => boolean): Plan | undefined {
  const gone = new Set<string>();
  const chains = [];
  for (const chain of plan.filter.chains) {
    const last = chain.rules.at(-1)!;
    const kept: FilterRule[] = [];
    const denied: FilterRule[] = [];
    for (const rule of chain.rules.slice(0, -1)) {
      if (isMeant(rule)) {
        denied.push(rule);
        gone.add(rule.id ?? 'rule');
        continue;
      }
      const rest = isDenial(rule) ? [rule] : withoutAll(rule, denied);
      if (rest === undefined) return undefined;
      kept.push(...rest);
    }
    chains.push({ ...chain, rules: [...kept, last] });
  }
  if (gone.size === 0) return plan;
  const names = [...gone].join(', ');
  const what = `What ${names} denies is taken out of the rules after it, and denied by default.`;
  return { ...plan, filter: { chains }, remarks: [...plan.remarks, what] };
}

function withoutAll(rule: FilterRule, denied: readonly FilterRule[]): FilterRule[] | undefined {
  let rest: FilterRule[] = [rule];
  for (const denial of denied) {
    const next: FilterRule[] = [];
    for (const one of rest) {
      const parts = withoutOne(one, denial);
      if (parts === undefined) return undefined;
      next.push(...parts);
    }
    rest = next;
  }
  return rest;
}

/**
 * The rule without what the other matches, as rules that share no packet: those of other sources,
 * of these sources to other destinations, and between the same ends of other services.
 */
function withoutOne(rule: FilterRule, denial: FilterRule): FilterRule[] | undefined {
  if (!mayMeet(rule.match, denial.match)) return [rule];
  if (!canBeTaken(denial.match, rule.match)) return undefined;
  const family = familyOf(rule.match) ?? familyOf(denial.match);
  const parts: FilterRule[] = [];
  let within: FilterRule = rule;
  if (familyOf(rule.match) === undefined && family !== undefined) {
    parts.push(renamed(rule, { ...rule.match, family: family === 4 ? 6 : 4 }, denial));
    within = renamed(rule, { ...rule.match, family }, denial);
  }
  for (const side of ['source', 'destination'] as const) {
    const taken = denial.match[side];
    if (taken === undefined || family === undefined) continue;
    const { [`${side}Group` as const]: _, ...plain } = within;
    const own = within.match[side];
    const others = complementRanges(taken, [family]);
    const outside = own === undefined ? others : intersectRanges(own, others);
    const inside = own === undefined ? taken : intersectRanges(own, taken);
    if (outside.length > 0) {
      parts.push(renamed(plain, { ...within.match, family, [side]: outside }, denial));
    } else continue;
    within = renamed(plain, { ...within.match, family, [side]: ofFamily(inside, family) }, denial);
  }
  const services = otherServices(within.match, denial.match);
  if (services === undefined) return undefined;
  return [...parts, ...services.map((match) => renamed(within, match, denial))];
}

function renamed(rule: FilterRule, match: FilterMatch, { id }: FilterRule): FilterRule {
  const told = `without ${id ?? 'a denial'}`;
  const { comment = '' } = rule;
  const known = comment.split(', ').includes(told);
  return { ...rule, match, comment: known ? comment : `${comment}, ${told}` };
}

const ofFamily = (ranges: readonly AddressRange[], family: 4 | 6) =>
  ranges.filter((range) => range.family === family);

function familyOf({ family, source, destination }: FilterMatch): 4 | 6 | undefined {
  return family ?? source?.[0]?.family ?? destination?.[0]?.family;
}

/** Both ask for fields alone that can be cut, and the denial for no connection state of its own. */
function canBeTaken(denied: FilterMatch, from: FilterMatch): boolean {
  const simple = ({ protocols, laterFragment, ...match }: FilterMatch) =>
    (protocols?.length ?? 0) <= 1 &&
    protocols?.[0]?.first === protocols?.[0]?.last &&
    laterFragment === undefined &&
    (match.inInterfaces ?? match.outInterfaces) === undefined &&
    (match.notInInterfaces ?? match.notOutInterfaces) === undefined;
  const { states } = denied;
  return (
    simple(denied) &&
    simple(from) &&
    denied.sourcePorts === undefined &&
    denied.tcpFlags === undefined &&
    (states === undefined || (from.states?.every((state) => states.includes(state)) ?? false))
  );
}

/** Whether a packet may match both: never falsely no. */
function mayMeet(one: FilterMatch, two: FilterMatch): boolean {
  const { states } = two;
  if (states !== undefined && one.states?.every((state) => !states.includes(state))) return false;
  const [left, right] = [familyOf(one), familyOf(two)];
  if (left !== undefined && right !== undefined && left !== right) return false;
  for (const side of ['source', 'destination'] as const) {
    const [mine, its] = [one[side], two[side]];
    if (mine !== undefined && its !== undefined && intersectRanges(mine, its).length === 0) {
      return false;
    }
  }
  const meet = (mine?: readonly NumberRange[], its?: readonly NumberRange[]) =>
    mine === undefined || its === undefined || overlap(mine, its).length > 0;
  const messages = (one.icmp ?? []).some((mine) =>
    (two.icmp ?? []).some(
      (its) => meet([mine.type], [its.type]) && meet([codesOf(mine)], [codesOf(its)]),
    ),
  );
  return (
    meet(one.protocols, two.protocols) &&
    meet(one.sourcePorts, two.sourcePorts) &&
    meet(one.destinationPorts, two.destinationPorts) &&
    (one.icmp === undefined || two.icmp === undefined || messages)
  );
}

/** The same ends with other services; undefined where that cannot be said with these fields. */
function otherServices(match: FilterMatch, denied: FilterMatch): FilterMatch[] | undefined {
  if (denied.protocols === undefined) return [];
  const protocol = match.protocols?.[0]?.first;
  if (protocol === undefined) return undefined;
  if (denied.destinationPorts !== undefined) {
    const asksPorts = (match.destinationPorts ?? match.sourcePorts ?? match.tcpFlags) !== undefined;
    // Ports leave out the fragments after the first, which a rule for all ports holds.
    if (!asksPorts || !PORT_PROTOCOLS.includes(protocol)) return undefined;
    const others = complement(denied.destinationPorts, 65_535);
    const own = match.destinationPorts ?? [{ first: 0, last: 65_535 }];
    const destinationPorts = overlap(own, others);
    return destinationPorts.length === 0 ? [] : [{ ...match, destinationPorts }];
  }
  if (denied.icmp === undefined) return [];
  if (match.icmp === undefined) return undefined;
  const icmp = denied.icmp.reduce<readonly IcmpMatch[]>(
    (left, taken) => left.flatMap((message) => otherMessages(message, taken)),
    match.icmp,
  );
  return icmp.length === 0 ? [] : [{ ...match, icmp }];
}

function otherMessages(message: IcmpMatch, taken: IcmpMatch): IcmpMatch[] {
  const types = overlap([message.type], [taken.type]);
  if (types.length === 0) return [message];
  const code = message.code === undefined ? {} : { code: message.code };
  const otherTypes = overlap([message.type], complement([taken.type], 255));
  const otherCodes = overlap([codesOf(message)], complement([codesOf(taken)], 255));
  return [
    ...otherTypes.map((type) => ({ type, ...code })),
    ...types.flatMap((type) => otherCodes.map((left) => ({ type, code: left }))),
  ];
}

const codesOf = ({ code }: IcmpMatch): NumberRange => code ?? { first: 0, last: 255 };

function overlap(one: readonly NumberRange[], two: readonly NumberRange[]): NumberRange[] {
  return one.flatMap((left) =>
    two.flatMap((right) => {
      const first = Math.max(left.first, right.first);
      const last = Math.min(left.last, right.last);
      return first <= last ? [{ first, last }] : [];
    }),
  );
}

/** The numbers from 0 to `most` in none of the ranges. */
function complement(ranges: readonly NumberRange[], most: number): NumberRange[] {
  const rest: NumberRange[] = [];
  let first = 0;
  for (const range of [...ranges].sort((left, right) => left.first - right.first)) {
    if (range.first > first) rest.push({ first, last: range.first - 1 });
    first = Math.max(first, range.last + 1);
  }
  if (first <= most) rest.push({ first, last: most });
  return rest;
}
