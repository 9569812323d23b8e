import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import {
  type AddressRange,
  complementRanges,
  formatRange,
  intersectRanges,
  mergeRanges,
  prefixesOfRange,
  rangeOfPrefix,
  rangesHold,
} from './address-range.ts';
import { formatPrefix, parsePrefix } from './prefix.ts';

const range = (text: string): AddressRange => {
  const [low, high] = text.split('-');
  if (high === undefined) return rangeOfPrefix(parsePrefix(low!));
  const [first, last] = [parseAddress(low!)!, parseAddress(high)!];
  return { family: first.family, first: first.words, last: last.words };
};
const ranges = (...texts: string[]) => mergeRanges(texts.map(range));

describe('mergeRanges', () => {
  it.each([
    [['10.0.0.0', '10.0.0.1'], '10.0.0.0/31'],
    [['10.0.0.2', '10.0.0.0/31'], '10.0.0.0-10.0.0.2'],
    [['10.0.0.0/8', '10.1.2.3'], '10.0.0.0/8'],
    [['::/1', '8000::/1'], '::/0'],
    [['2001:db8::ffff:ffff', '2001:db8::1:0:0'], '2001:db8::ffff:ffff-2001:db8::1:0:0'],
    [['255.255.255.255', '::'], '255.255.255.255 ::'],
    [['0.0.0.0/0', '255.255.255.255'], '0.0.0.0/0'],
    [['10.0.0.5', '10.0.0.1'], '10.0.0.1 10.0.0.5'],
  ])('of %j is %s', (texts, merged) => {
    expect(mergeRanges(texts.map(range)).map(formatRange).join(' ')).toBe(merged);
  });
});

describe('prefixesOfRange', () => {
  it.each([
    ['10.0.0.1-10.0.0.6', '10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['255.255.255.254-255.255.255.255', '255.255.255.254/31'],
    ['2001:db8::-2001:db8::2', '2001:db8::/127 2001:db8::2/128'],
  ])('of %s are %s', (text, prefixes) => {
    expect(prefixesOfRange(range(text)).map(formatPrefix).join(' ')).toBe(prefixes);
  });

  it('are the range again, whatever the range', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    const wide = fc.tuple(word, word, word, word);
    fc.assert(
      fc.property(fc.oneof(fc.tuple(word), wide), fc.oneof(fc.tuple(word), wide), (one, two) => {
        if (one.length !== two.length) return;
        const at = one.findIndex((value, index) => value !== two[index]);
        const [first, last] = at < 0 || one[at]! < two[at]! ? [one, two] : [two, one];
        const family = one.length === 1 ? 4 : 6;
        const whole: AddressRange = { family, first, last };
        const again = mergeRanges(prefixesOfRange(whole).map(rangeOfPrefix));
        expect(again).toEqual([whole]);
      }),
    );
  });
});

describe('complement and intersection', () => {
  it.each([
    ['10.0.0.0/8', '0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.255'],
    ['0.0.0.0/0', ''],
    ['0.0.0.0', '0.0.0.1-255.255.255.255'],
    ['255.255.255.255', '0.0.0.0-255.255.255.254'],
  ])('of %s within IPv4 is %s', (text, rest) => {
    expect(complementRanges(ranges(text), [4]).map(formatRange).join(' ')).toBe(rest);
  });

  it('hold what both hold, and what the first does not', () => {
    const small = fc.array(fc.tuple(fc.nat(30), fc.nat(5), fc.boolean()), { maxLength: 6 });
    const made = (parts: [number, number, boolean][]) =>
      mergeRanges(
        parts.map(([start, more, six]): AddressRange => {
          const pad = six ? [0, 0, 0] : [];
          const family = six ? 6 : 4;
          return { family, first: [...pad, start], last: [...pad, start + more] };
        }),
      );
    fc.assert(
      fc.property(small, small, (left, right) => {
        const [one, two] = [made(left), made(right)];
        const both = intersectRanges(one, two);
        const others = complementRanges(one);
        for (let value = 0; value < 40; value++) {
          for (const family of [4, 6] as const) {
            const words = family === 4 ? [value] : [0, 0, 0, value];
            const address = { family, words };
            const [inOne, inTwo] = [rangesHold(one, address), rangesHold(two, address)];
            expect(rangesHold(both, address)).toBe(inOne && inTwo);
            expect(rangesHold(others, address)).toBe(!inOne);
          }
        }
        expect(mergeRanges(both)).toEqual(both);
      }),
    );
  });
});
