/** Sums that the tables of an audit are made of. */
import { F_FIRST, F_LAST, type VerdictTable } from './verdict-table.ts';

/** When something was seen first and last, ms since 1970; infinite before the first time. */
export interface Span {
  firstMs: number;
  lastMs: number;
}

export function newSpan(): Span {
  return { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY };
}

/** Widens the span by that of a row. */
export function widen(span: Span, table: VerdictTable, entry: number): void {
  const first = table.float(entry, F_FIRST);
  const last = table.float(entry, F_LAST);
  if (first < span.firstMs) span.firstMs = first;
  if (last > span.lastMs) span.lastMs = last;
}

/** Null for what is infinite or no number. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The key of the largest sum above 0, the lowest of equals; -1 without any. */
export function mostOf(keys: ArrayLike<number>, sums: ArrayLike<number>): number {
  let best = -1;
  let most = 0;
  for (let index = 0; index < keys.length; index++) {
    const sum = sums[index]!;
    if (sum < most || sum === 0 || (sum === most && keys[index]! > best)) continue;
    best = keys[index]!;
    most = sum;
  }
  return best;
}
