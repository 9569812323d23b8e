/** Conditions on TCP's flags octet as patterns of which one must hold. */
import type { FlagsMatch } from '../net/header-match.ts';

/** The flags behind `mask` are (`negated`: are not) exactly `value`. */
export function flagMatches(mask: number, value: number, negated: boolean): FlagsMatch[] {
  if ((value & ~mask) !== 0) return negated ? [{ mask: 0, value: 0 }] : [];
  if (!negated) return [{ mask, value }];
  const others: FlagsMatch[] = [];
  for (let bit = 1; bit < 256; bit <<= 1) {
    if (mask & bit) others.push({ mask: bit, value: ~value & bit });
  }
  return others;
}
