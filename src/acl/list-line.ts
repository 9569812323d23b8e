/** Words of one line of a configuration, taken one by one, with what is expected said in faults. */
import { type Address, type Family, parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  compareRanges,
  rangeOfAddress,
  rangeOfPrefix,
} from '../net/address-range.ts';
import type { NumberRange } from '../net/header-match.ts';
import { addressBits, prefixOf } from '../net/prefix.ts';
import { LineFault } from './line-fault.ts';

/** Methods that expect something throw `LineFault` where it does not stand there. */
export class LineWords {
  readonly words: readonly string[];
  private at = 0;

  /** A line, or the words of one where blanks are not all that parts them. */
  constructor(line: string | readonly string[]) {
    this.words = typeof line === 'string' ? line.split(/\s+/).filter((word) => word !== '') : line;
  }

  get ended(): boolean {
    return this.at >= this.words.length;
  }

  /** The next word without taking it; empty at the end. */
  peek(ahead = 0): string {
    return this.words[this.at + ahead] ?? '';
  }

  next(wanted: string): string {
    const word = this.words[this.at++];
    if (word === undefined) throw new LineFault(`The line ends where ${wanted} should stand.`);
    return word;
  }

  /** Takes the next word if it is this one. */
  take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at++;
    return true;
  }

  /** Takes all that is left as text. */
  rest(): string {
    const text = this.words.slice(this.at).join(' ');
    this.at = this.words.length;
    return text;
  }

  end(): void {
    if (!this.ended) throw new LineFault(`“${this.peek()}” is not known here.`);
  }

  number(wanted: string, max: number): number {
    return numberOf(this.next(wanted), max);
  }

  address(family: Family): Address {
    const word = this.next('an address');
    const address = parseAddress(word);
    if (address?.family !== family || address.zone !== undefined) {
      throw new LineFault(`“${word}” is not an IPv${family} address.`);
    }
    return address;
  }
}

/** A whole decimal number, 0 to `max`. Throws `LineFault`. */
export function numberOf(word: string, max: number): number {
  const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
  if (!(value <= max)) throw new LineFault(`“${word}” is not a number up to ${max}.`);
  return value;
}

/** Port conditions `eq`, `neq`, `gt`, `lt`, `range` as ranges; undefined where none stands here. */
export function portsOf(
  line: LineWords,
  names: ReadonlyMap<string, number>,
): NumberRange[] | undefined {
  const port = (): number => {
    const word = line.next('a port');
    return names.get(word) ?? numberOf(word, 65_535);
  };
  if (line.take('eq')) {
    const ranges = [port()].map((first) => ({ first, last: first }));
    // IOS takes several ports after one eq.
    while (names.has(line.peek()) || /^\d+$/.test(line.peek())) {
      const first = port();
      ranges.push({ first, last: first });
    }
    return ranges;
  }
  if (line.take('range')) {
    const [one, two] = [port(), port()];
    return [{ first: Math.min(one, two), last: Math.max(one, two) }];
  }
  if (line.take('gt')) {
    const above = port();
    return above === 65_535 ? [] : [{ first: above + 1, last: 65_535 }];
  }
  if (line.take('lt')) {
    const below = port();
    return below === 0 ? [] : [{ first: 0, last: below - 1 }];
  }
  if (line.take('neq')) {
    const not = port();
    return [
      { first: 0, last: not - 1 },
      { first: not + 1, last: 65_535 },
    ].filter(({ first, last }) => first <= last);
  }
  return undefined;
}

/** More ranges than this from one wildcard mask are not read. */
const MOST_RANGES = 4096;

/**
 * Addresses that agree with `address` where `wild` has zeros. A wildcard with ones only at its end
 * is a prefix; others are several ranges.
 */
export function wildcardRanges(address: number, wild: number): AddressRange[] {
  // Ones at the end make one range; each one above them doubles the ranges.
  let low = 0;
  while (low < 32 && (wild >>> low) & 1) low++;
  const span = low === 32 ? 0xffffffff : 2 ** low - 1;
  const high: number[] = [];
  for (let bit = low; bit < 32; bit++) if ((wild >>> bit) & 1) high.push(bit);
  if (2 ** high.length > MOST_RANGES) {
    throw new LineFault('The wildcard mask has too many ones apart from its end.');
  }
  const base = (address & ~wild) >>> 0;
  return Array.from({ length: 2 ** high.length }, (_, choice) => {
    let first = base;
    high.forEach((bit, index) => {
      if ((choice >>> index) & 1) first = (first | (1 << bit)) >>> 0;
    });
    return { family: 4 as const, first: [first], last: [(first | span) >>> 0] };
  });
}

/** Address and netmask; the mask has its ones at the start. */
export function maskedRange(address: Address, mask: Address): AddressRange {
  const ones = Math.clz32(~mask.words[0]!);
  const straight = ones === 32 ? 0xffffffff : (~(0xffffffff >>> ones) & 0xffffffff) >>> 0;
  if (straight !== mask.words[0]!) throw new LineFault('The netmask has gaps.');
  return rangeOfPrefix(prefixOf(address, ones));
}

/** `10.0.1.0/24`, `2001:db8::/32`, or a single address. */
export function prefixRange(word: string, family: Family): AddressRange {
  const [text = '', length, ...more] = word.split('/');
  const address = parseAddress(text);
  if (address?.family !== family || address.zone !== undefined || more.length > 0) {
    throw new LineFault(`“${word}” is not an IPv${family} prefix.`);
  }
  if (length === undefined) return rangeOfAddress(address);
  return rangeOfPrefix(prefixOf(address, numberOf(length, addressBits(family))));
}

/** `10.0.1.10-10.0.1.20`. Throws `LineFault`. */
export function between(text: string): AddressRange {
  const [low = '', high = '', ...more] = text.split('-');
  const first = parseAddress(low);
  const last = parseAddress(high);
  if (first === undefined || last?.family !== first.family || more.length > 0) {
    throw new LineFault(`“${text}” is not a range of addresses.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${text}” runs backwards.`);
  }
  return { family: first.family, first: first.words, last: last.words };
}
