/**
 * Gathers the conditions of one rule while a parser reads them. Conditions on the same field add
 * up (both must hold), so each narrows what is there; what cannot hold becomes an empty list, which
 * matches nothing.
 */
import type { Family } from '../net/address.ts';
import {
  type AddressRange,
  complementRanges,
  intersectRanges,
  mergeRanges,
} from '../net/address-range.ts';
import type { State } from '../net/header-fields.ts';
import type { FlagsMatch, IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterMatch } from '../policy/filter.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The ranges sorted and joined where they overlap or adjoin. */
function mergeNumbers(ranges: readonly NumberRange[]): NumberRange[] {
  const merged: NumberRange[] = [];
  for (const range of [...ranges].sort((left, right) => left.first - right.first)) {
    const previous = merged.at(-1);
    if (previous === undefined || range.first > previous.last + 1) merged.push(range);
    else if (range.last > previous.last) {
      merged[merged.length - 1] = { first: previous.first, last: range.last };
    }
  }
  return merged;
}

/** The numbers of 0…max that are in none of the ranges. */
export function complementNumbers(ranges: readonly NumberRange[], max: number): NumberRange[] {
  const rest: NumberRange[] = [];
  let next = 0;
  for (const { first, last } of mergeNumbers(ranges)) {
    if (first > next) rest.push({ first: next, last: first - 1 });
    next = last + 1;
  }
  if (next <= max) rest.push({ first: next, last: max });
  return rest;
}

function intersectNumbers(
  left: readonly NumberRange[] | undefined,
  right: readonly NumberRange[],
): NumberRange[] {
  if (left === undefined) return mergeNumbers(right);
  return mergeNumbers(
    left.flatMap((one) =>
      right
        .map((two) => ({
          first: Math.max(one.first, two.first),
          last: Math.min(one.last, two.last),
        }))
        .filter(({ first, last }) => first <= last),
    ),
  );
}

/** For one rule; `build` gives what was gathered so far, not a copy. */
export class MatchBuilder {
  private readonly match: Writable<FilterMatch> = {};

  /** The match gathered so far. */
  build(): FilterMatch {
    return this.match;
  }

  states(states: readonly State[]): void {
    this.match.states = (this.match.states ?? states).filter((state) => states.includes(state));
  }

  family(family: Family): void {
    if (this.match.family !== undefined && this.match.family !== family) this.match.states = [];
    else this.match.family = family;
  }

  /** Addresses of either side; `negated` = all others of the families that are named. */
  addresses(
    side: 'source' | 'destination',
    ranges: readonly AddressRange[],
    negated = false,
    families: readonly Family[] = [4, 6],
  ): void {
    const merged = mergeRanges(ranges);
    const wanted = negated ? complementRanges(merged, families) : merged;
    const before = this.match[side];
    this.match[side] = before === undefined ? wanted : intersectRanges(before, wanted);
  }

  protocols(ranges: readonly NumberRange[], negated = false): void {
    const wanted = negated ? complementNumbers(ranges, 255) : ranges;
    this.match.protocols = intersectNumbers(this.match.protocols, wanted);
  }

  ports(
    side: 'sourcePorts' | 'destinationPorts',
    ranges: readonly NumberRange[],
    negated = false,
  ): void {
    const wanted = negated ? complementNumbers(ranges, 65_535) : ranges;
    this.match[side] = intersectNumbers(this.match[side], wanted);
  }

  /** Any of these messages. */
  icmp(wanted: readonly IcmpMatch[]): void {
    const before = this.match.icmp;
    if (before === undefined) {
      this.match.icmp = wanted;
      return;
    }
    const any = { first: 0, last: 255 };
    this.match.icmp = before.flatMap((one) =>
      wanted.flatMap((two) => {
        const [type] = intersectNumbers([one.type], [two.type]);
        const [code] = intersectNumbers([one.code ?? any], [two.code ?? any]);
        return type === undefined || code === undefined ? [] : [{ type, code }];
      }),
    );
  }

  /** Any of these patterns of flags. */
  flags(wanted: readonly FlagsMatch[]): void {
    const before = this.match.tcpFlags;
    if (before === undefined) {
      this.match.tcpFlags = wanted;
      return;
    }
    this.match.tcpFlags = before.flatMap((one) =>
      wanted
        .filter((two) => ((one.value ^ two.value) & one.mask & two.mask) === 0)
        .map((two) => ({ mask: one.mask | two.mask, value: one.value | two.value })),
    );
  }

  laterFragment(wanted: boolean): void {
    if (this.match.laterFragment === !wanted) this.match.states = [];
    else this.match.laterFragment = wanted;
  }

  /** Names of interfaces; `negated` = any other. */
  interfaces(side: 'in' | 'out', names: readonly string[], negated = false): void {
    const key = negated
      ? (`not${side === 'in' ? 'In' : 'Out'}Interfaces` as const)
      : (`${side}Interfaces` as const);
    const before = this.match[key];
    if (before === undefined) this.match[key] = names;
    else if (negated) this.match[key] = [...before, ...names];
    else this.match[key] = before.filter((name) => names.includes(name));
  }
}
