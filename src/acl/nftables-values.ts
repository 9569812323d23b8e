/** Single values of an nftables rule: addresses, prefixes, numbers and their ranges (nft(8)). */
import { type Family, parseAddress } from '../net/address.ts';
import { type AddressRange, mergeRanges, rangeOfPrefix } from '../net/address-range.ts';
import type { NumberRange } from '../net/header-match.ts';
import { PrefixError, parsePrefix } from '../net/prefix.ts';

/** Where statements come from; `nftables-parse.ts`. */
export interface Reader {
  readonly line: number;
  peek(): string;
  next(): string;
  take(word: string): boolean;
  expect(word: string): void;
  string(): string;
  /** Is told of what decides beside the rules: its first words. */
  beside(what: string): void;
}

/** A token that is not understood. */
export class Unknown extends Error {}

const NONE: ReadonlyMap<string, number> = new Map();

/** `10.0.1.7`, `10.0.1.0/24`, `10.0.1.7-10.0.1.9`. */
export function addressRange(word: string, family: Family): AddressRange {
  const range = /^([^-]+)-([^-]+)$/.exec(word);
  if (range !== null) {
    const first = parseAddress(range[1]!);
    const last = parseAddress(range[2]!);
    if (first?.family === family && last?.family === family) {
      const made = { family, first: first.words, last: last.words };
      if (mergeRanges([made]).length === 1 && !backwards(made)) return made;
    }
    throw new Unknown(`“${word}” is not a range of IPv${family} addresses.`);
  }
  try {
    const prefix = parsePrefix(word);
    if (prefix.family === family) return rangeOfPrefix(prefix);
  } catch (thrown) {
    if (!(thrown instanceof PrefixError)) throw thrown;
  }
  throw new Unknown(`“${word}” is not an IPv${family} address or prefix.`);
}

function backwards({ first, last }: AddressRange): boolean {
  const at = first.findIndex((word, index) => word !== last[index]);
  return at >= 0 && first[at]! > last[at]!;
}

/** A number, `low-high` or one of `names`; 0 to `max`. Throws `Unknown`. */
export function numberRange(
  word: string,
  max: number,
  names: ReadonlyMap<string, number> = NONE,
): NumberRange {
  const named = names.get(word);
  if (named !== undefined) return { first: named, last: named };
  const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word) ?? [];
  const first = Number(low);
  const last = high === undefined ? first : Number(high);
  if (low === undefined || last > max || first > last) {
    throw new Unknown(`“${word}” is not a number or range up to ${max}; names are not read here.`);
  }
  return { first, last };
}
