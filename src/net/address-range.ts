/**
 * Sets of addresses as sorted ranges that neither overlap nor adjoin: what groups and rules are
 * compared by, and how they become prefixes again (RFC 4632). Families never mix in one range.
 */
import { type Address, compareAddresses, type Family, formatAddress } from './address.ts';
import { addressBits, type Prefix } from './prefix.ts';

export interface AddressRange {
  readonly family: Family;
  /** Words of the lowest and of the highest address; both are in the range. */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const ALL_ONES = 0xffffffff;

/** All addresses of a prefix. */
export function rangeOfPrefix({ family, words, length }: Prefix): AddressRange {
  const last = words.map((word, index) => {
    const ones = length - 32 * index;
    if (ones >= 32) return word;
    return ones <= 0 ? ALL_ONES : (word | (ALL_ONES >>> ones)) >>> 0;
  });
  return { family, first: words, last };
}

/** The range that holds one address. */
export function rangeOfAddress({ family, words }: Address): AddressRange {
  return { family, first: words, last: words };
}

/** Every address of the family. */
export function wholeFamily(family: Family): AddressRange {
  const count = family === 4 ? 1 : 4;
  return {
    family,
    first: new Array<number>(count).fill(0),
    last: new Array<number>(count).fill(ALL_ONES),
  };
}

/** Whether the range is every address of its family. */
export function isWholeFamily({ first, last }: AddressRange): boolean {
  return first.every((word) => word === 0) && last.every((word) => word === ALL_ONES);
}

/** Negative, 0 or positive, most significant word first. */
function compareWords(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < left.length; index++) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The words plus one; undefined past the highest address. */
function successor(words: readonly number[]): number[] | undefined {
  const next = [...words];
  for (let index = next.length - 1; index >= 0; index--) {
    if (next[index] !== ALL_ONES) {
      next[index]!++;
      return next;
    }
    next[index] = 0;
  }
  return undefined;
}

/** The words minus one; undefined below the lowest address. */
function predecessor(words: readonly number[]): number[] | undefined {
  const next = [...words];
  for (let index = next.length - 1; index >= 0; index--) {
    if (next[index] !== 0) {
      next[index]!--;
      return next;
    }
    next[index] = ALL_ONES;
  }
  return undefined;
}

/** The same addresses as sorted ranges (IPv4 first) that neither overlap nor adjoin. */
export function mergeRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort(
    (left, right) => left.family - right.family || compareWords(left.first, right.first),
  );
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    const next = previous?.family === range.family ? successor(previous.last) : undefined;
    const joins =
      previous?.family === range.family &&
      (next === undefined || compareWords(range.first, next) <= 0);
    if (!joins) merged.push(range);
    else if (compareWords(range.last, previous.last) > 0) {
      merged[merged.length - 1] = { ...previous, last: range.last };
    }
  }
  return merged;
}

/** The addresses of `families` that are in none of the (merged) ranges. */
export function complementRanges(
  ranges: readonly AddressRange[],
  families: readonly Family[] = [4, 6],
): AddressRange[] {
  const rest: AddressRange[] = [];
  for (const family of families) {
    const whole = wholeFamily(family);
    let first: readonly number[] | undefined = whole.first;
    for (const range of ranges) {
      if (range.family !== family || first === undefined) continue;
      const before = predecessor(range.first);
      if (before !== undefined && compareWords(first, before) <= 0) {
        rest.push({ family, first, last: before });
      }
      first = successor(range.last);
    }
    if (first !== undefined) rest.push({ family, first, last: whole.last });
  }
  return rest;
}

/** The addresses that are in both of two lists of merged ranges. */
export function intersectRanges(
  left: readonly AddressRange[],
  right: readonly AddressRange[],
): AddressRange[] {
  const both: AddressRange[] = [];
  for (let at = 0, other = 0; at < left.length && other < right.length; ) {
    const one = left[at]!;
    const two = right[other]!;
    if (one.family === two.family) {
      const first = compareWords(one.first, two.first) > 0 ? one.first : two.first;
      const last = compareWords(one.last, two.last) < 0 ? one.last : two.last;
      if (compareWords(first, last) <= 0) both.push({ family: one.family, first, last });
    }
    const oneEndsFirst =
      one.family === two.family ? compareWords(one.last, two.last) < 0 : one.family < two.family;
    if (oneEndsFirst) at++;
    else other++;
  }
  return both;
}

/** Whether one of the ranges holds the address. */
export function rangesHold(ranges: readonly AddressRange[], address: Address): boolean {
  return ranges.some(
    ({ family, first, last }) =>
      family === address.family &&
      compareWords(first, address.words) <= 0 &&
      compareWords(address.words, last) <= 0,
  );
}

/** The fewest prefixes that hold exactly the addresses of the range, in ascending order. */
export function prefixesOfRange({ family, first, last }: AddressRange): Prefix[] {
  const bits = addressBits(family);
  const prefixes: Prefix[] = [];
  let at: readonly number[] | undefined = first;
  while (at !== undefined && compareWords(at, last) <= 0) {
    let length = bits - trailingZeros(at);
    let range = rangeOfPrefix({ family, words: at, length });
    while (compareWords(range.last, last) > 0) {
      length++;
      range = rangeOfPrefix({ family, words: at, length });
    }
    prefixes.push({ family, words: at, length });
    at = successor(range.last);
  }
  return prefixes;
}

/** Zero bits at the end of the address. */
function trailingZeros(words: readonly number[]): number {
  let zeros = 0;
  for (let index = words.length - 1; index >= 0; index--) {
    const word = words[index]!;
    if (word !== 0) return zeros + 31 - Math.clz32(word & -word);
    zeros += 32;
  }
  return zeros;
}

/** `10.0.1.7`, `10.0.1.0/24`, or `10.0.1.7-10.0.1.9` where no one prefix is the range. */
export function formatRange(range: AddressRange): string {
  const { family, first, last } = range;
  const text = formatAddress({ family, words: first });
  if (compareWords(first, last) === 0) return text;
  const [prefix, ...more] = prefixesOfRange(range);
  if (more.length === 0) return `${text}/${prefix!.length}`;
  return `${text}-${formatAddress({ family, words: last })}`;
}

/** How many addresses the ranges hold. */
export function countAddresses(ranges: readonly AddressRange[]): bigint {
  const whole = (words: readonly number[]) =>
    words.reduce((sum, word) => sum * 0x1_0000_0000n + BigInt(word), 0n);
  return ranges.reduce((sum, { first, last }) => sum + whole(last) - whole(first) + 1n, 0n);
}

/** IPv4 before IPv6, then by the lowest address, then by the highest. */
export function compareRanges(left: AddressRange, right: AddressRange): number {
  return (
    compareAddresses(
      { family: left.family, words: left.first },
      { family: right.family, words: right.first },
    ) || compareWords(left.last, right.last)
  );
}
