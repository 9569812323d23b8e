/**
 * A filter for one link type, as a tree of tests over octets at places: what both back ends (the
 * kernel's bytecode and the predicate over frames) are made from.
 *
 * Arithmetic is unsigned, 32 bits, wrapping. A load beyond the captured octets, or a division by
 * zero, ends the filter: the frame does not match, whatever `not` stands around it. That, and the
 * order of evaluation (left to right, no further than needed), is how the kernel does it.
 */
import type { MathOperator, Relation } from './expression.ts';

export type Value =
  | { readonly kind: 'constant'; readonly value: number }
  /** Octets the frame had on the wire. */
  | { readonly kind: 'length' }
  /** Something stored by `assign`; 0 before. */
  | { readonly kind: 'slot'; readonly slot: number }
  /** Big-endian octets at `base + offset` from the start of the frame; `base` is 0 when absent. */
  | {
      readonly kind: 'load';
      readonly size: 1 | 2 | 4;
      readonly offset: number;
      readonly base?: Value;
    }
  | {
      readonly kind: 'math';
      readonly operator: MathOperator;
      readonly left: Value;
      readonly right: Value;
    };

export interface Step {
  readonly slot: number;
  readonly value: Value;
  /** Done only where this holds. */
  readonly when?: Test;
}

export type Test =
  | { readonly kind: 'always'; readonly answer: boolean }
  | {
      readonly kind: 'compare';
      readonly relation: Relation;
      readonly left: Value;
      readonly right: Value;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Test; readonly right: Test }
  | { readonly kind: 'not'; readonly of: Test }
  /** Stores values in order; true. */
  | { readonly kind: 'assign'; readonly steps: readonly Step[] }
  /**
   * Follows the chain of headers behind IP's at `base + network`: true once `protocol` is met.
   * Extension headers (IPv6) and authentication headers are passed.
   */
  | {
      readonly kind: 'chain';
      readonly protocol: number;
      readonly ipv6: boolean;
      readonly network: number;
      readonly base?: Value;
    };

export interface FilterProgram {
  /** Done before the test: where headers of variable length end. */
  readonly prelude: readonly Step[];
  readonly test: Test;
  /** Slots in use: 0 to `slots − 1`. */
  readonly slots: number;
}

export const TRUE: Test = { kind: 'always', answer: true };
export const FALSE: Test = { kind: 'always', answer: false };

/** Unsigned, 32 bits. */
export function constant(value: number): Value {
  return { kind: 'constant', value: value >>> 0 };
}

/** On unsigned 32 bits, as the kernel's filters reckon. */
export function math(operator: MathOperator, left: Value, right: Value | number): Value {
  return {
    kind: 'math',
    operator,
    left,
    right: typeof right === 'number' ? constant(right) : right,
  };
}

/** Octets in network order at `offset`, counted from `base` where that is given. */
export function load(size: 1 | 2 | 4, offset: number, base?: Value): Value {
  return base === undefined ? { kind: 'load', size, offset } : { kind: 'load', size, offset, base };
}

/** Of unsigned 32 bits. */
export function compare(relation: Relation, left: Value, right: Value | number): Test {
  return {
    kind: 'compare',
    relation,
    left,
    right: typeof right === 'number' ? constant(right) : right,
  };
}

/** `left = value`, or `left & mask = value`. */
export function equal(left: Value, value: number, mask?: number): Test {
  return compare('=', mask === undefined ? left : math('&', left, mask), value);
}

/** True where there are no tests. */
export function and(...tests: readonly Test[]): Test {
  return join('and', tests);
}

/** False where there are no tests. */
export function or(...tests: readonly Test[]): Test {
  return join('or', tests);
}

/** Joins from the left; what is known needs no test. */
function join(kind: 'and' | 'or', tests: readonly Test[]): Test {
  const deciding = kind === 'or';
  let joined: Test | undefined;
  for (const test of tests) {
    if (test.kind === 'always') {
      if (test.answer !== deciding) continue;
      // Tests before it may still end the filter by a load beyond the frame.
      if (joined === undefined) return test;
    }
    joined = joined === undefined ? test : { kind, left: joined, right: test };
  }
  return joined ?? (deciding ? FALSE : TRUE);
}

/** A load beyond the frame in `of` still ends the filter: it is not negated. */
export function not(of: Test): Test {
  if (of.kind === 'always') return of.answer ? FALSE : TRUE;
  return of.kind === 'not' ? of.of : { kind: 'not', of };
}

/** Whether bits of a value are set: `value & mask != 0`. */
export function anySet(value: Value, mask: number): Test {
  return not(equal(math('&', value, mask), 0));
}

/** Whether none of the bits of a value is set: `value & mask = 0`. */
export function noneSet(value: Value, mask: number): Test {
  return equal(math('&', value, mask), 0);
}
