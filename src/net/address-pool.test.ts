import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPool } from './address-pool.ts';

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const address = fc.tuple(word, word, word, word);

describe('AddressPool', () => {
  it('begins with the unspecified address', () => {
    const pool = new AddressPool();
    expect(pool.size).toBe(1);
    expect(pool.intern(0, 0, 0, 0)).toBe(0);
  });

  it('gives equal addresses one index, others another, and keeps their words', () => {
    fc.assert(
      fc.property(fc.array(address, { maxLength: 200 }), word, (addresses, seed) => {
        const pool = new AddressPool(seed);
        const indices = new Map<string, number>();
        for (const words of addresses) {
          const index = pool.intern(...words);
          const known = indices.get(words.join());
          if (known !== undefined) expect(index).toBe(known);
          indices.set(words.join(), index);
          expect([...pool.words.subarray(4 * index, 4 * index + 4)]).toEqual(words);
        }
        expect(new Set(indices.values()).size).toBe(indices.size);
      }),
    );
  });

  it('grows far beyond its first size', () => {
    const pool = new AddressPool(7);
    for (let index = 0; index < 100_000; index++) pool.intern(0x20010db8, 0, index >>> 16, index);
    expect(pool.size).toBe(100_001);
    expect(pool.intern(0x20010db8, 0, 1, 65_536)).toBe(65_537);
  });

  it('takes what does not fit for the unspecified address, and counts it', () => {
    const pool = new AddressPool(0, 3);
    expect([1, 2, 3, 1, 4].map((last) => pool.intern(0x20010db8, 0, 0, last))).toEqual([
      1, 2, 0, 1, 0,
    ]);
    expect(pool.size).toBe(3);
    expect(pool.overflowed).toBe(2);
  });
});
