/**
 * The condition `tcp-flags` of a Junos filter: flags by name or number, joined by `&`, `|` and `!`, with
 * parentheses (Junos OS Routing Policies, Firewall Filters, and Traffic Policers User Guide).
 */
import type { FlagsMatch } from '../net/header-match.ts';
import { LineFault } from './line-fault.ts';

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['fin', 1],
  ['syn', 2],
  ['rst', 4],
  ['push', 8],
  ['ack', 16],
  ['urgent', 32],
]);
/** Patterns beyond which it is no person's work. */
const MOST_PATTERNS = 64;
const DEEPEST = 16;

/** Patterns of which one must hold. Throws `LineFault`. */
export function tcpFlagsOf(text: string): FlagsMatch[] {
  const tokens = text.match(/[&|!()]|[^\s&|!()]+/g) ?? [];
  let at = 0;
  const few = (found: FlagsMatch[]): FlagsMatch[] => {
    if (found.length > MOST_PATTERNS) throw new LineFault('The condition on flags is too long.');
    return found;
  };
  const one = (negated: boolean, depth: number): FlagsMatch[] => {
    const token = tokens[at++];
    if (token === '!') return one(!negated, depth);
    if (token === '(' && depth < DEEPEST) {
      const inner = either(negated, depth + 1);
      if (tokens[at++] !== ')') throw new LineFault(`“${text}” lacks a parenthesis.`);
      return inner;
    }
    const number = /^0x[0-9a-f]{1,2}$/i.test(token ?? '') ? Number(token) : undefined;
    const mask = FLAGS.get(token ?? '') ?? number;
    if (mask === undefined || mask > 63) throw new LineFault(`“${text}” is no condition on flags.`);
    return flagsSet(mask, negated);
  };
  const both = (negated: boolean, depth: number): FlagsMatch[] => {
    let found = one(negated, depth);
    while (tokens[at] === '&') {
      at++;
      const next = one(negated, depth);
      found = few(negated ? [...found, ...next] : product(found, next));
    }
    return found;
  };
  const either = (negated: boolean, depth: number): FlagsMatch[] => {
    let found = both(negated, depth);
    while (tokens[at] === '|') {
      at++;
      const next = both(negated, depth);
      found = few(negated ? product(found, next) : [...found, ...next]);
    }
    return found;
  };
  const found = either(false, 0);
  if (at < tokens.length) throw new LineFault(`“${text}” is no condition on flags.`);
  return found;
}

/** All of the flags are set; negated, one of them is not. */
function flagsSet(mask: number, negated: boolean): FlagsMatch[] {
  if (!negated) return [{ mask, value: mask }];
  return [...FLAGS.values()].flatMap((bit) => (bit & mask ? [{ mask: bit, value: 0 }] : []));
}

/** Patterns that hold where one of either list does. */
function product(left: readonly FlagsMatch[], right: readonly FlagsMatch[]): FlagsMatch[] {
  return left.flatMap((one) =>
    right
      .filter((two) => ((one.value ^ two.value) & one.mask & two.mask) === 0)
      .map((two) => ({ mask: one.mask | two.mask, value: one.value | two.value })),
  );
}
