import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Permutation, ShardFilter } from './permutation.ts';

describe('a permutation', () => {
  it.each([1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1000, 65_535, 65_536, 100_003])(
    'holds every number below %d once',
    (size) => {
      const order = new Permutation(size, 7);
      const seen = new Uint8Array(size);
      for (let index = 0; index < size; index++) seen[order.at(index)]!++;
      expect(seen.every((times) => times === 1)).toBe(true);
    },
  );

  it('does not collide in large spaces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2 ** 31, max: 2 ** 52 }),
        fc.integer(),
        fc.nat(),
        (size, seed, near) => {
          const order = new Permutation(size, seed);
          const values = new Set<number>();
          for (let index = 0; index < 50; index++) {
            const value = order.at((near + index) % size);
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThan(size);
            expect(Number.isInteger(value)).toBe(true);
            values.add(value);
          }
          expect(values.size).toBe(50);
        },
      ),
    );
  });

  it('depends on the seed, and on nothing else', () => {
    const list = (...seed: number[]) =>
      Array.from({ length: 100 }, (_, index) => new Permutation(1000, ...seed).at(index));
    expect(list(1)).toEqual(list(1));
    expect(list(1)).not.toEqual(list(2));
    expect(list(1, 2)).not.toEqual(list(1, 3));
    expect(list(2 ** 40)).not.toEqual(list(2 ** 41));
  });

  it('spreads neighbours: no run of ports stays a run', () => {
    const order = new Permutation(65_536, 3);
    let runs = 0;
    for (let index = 1; index < 65_536; index++) {
      if (Math.abs(order.at(index) - order.at(index - 1)) === 1) runs++;
    }
    expect(runs).toBeLessThan(20);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses the size %d', (size) => {
    expect(() => new Permutation(size, 1)).toThrow(TypeError);
  });
});

describe('shards', () => {
  it('part a scan exactly, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (size, of, seed) => {
          const owners = new Uint8Array(size);
          const sizes: number[] = [];
          for (let number = 1; number <= of; number++) {
            const filter = new ShardFilter(size, { number, of }, seed);
            let held = 0;
            for (let each = 0; each < size; each++) {
              if (!filter.has(each)) continue;
              owners[each]!++;
              held++;
            }
            sizes.push(held);
          }
          expect(owners.every((times) => times === 1)).toBe(true);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
