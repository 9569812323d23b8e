import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistinctCounts } from './distinct-counts.ts';

describe('DistinctCounts', () => {
  it('is exact within its limit, whatever repeats', () => {
    const pair = fc.tuple(fc.nat(5), fc.nat(20), fc.constantFrom(0, 0x100));
    fc.assert(
      fc.property(fc.array(pair), fc.integer(), (pairs, seed) => {
        const counts = new DistinctCounts(1000, seed);
        const expected = Array.from({ length: 6 }, () => new Set<string>());
        for (const [group, address, family] of pairs) {
          counts.add(group, address, family);
          expected[group]!.add(`${address} ${family}`);
        }
        expected.forEach((members, group) => {
          expect(counts.count(group)).toBe(members.size);
          expect(counts.isEstimate(group)).toBe(false);
        });
      }),
    );
  });

  it.each([1, 2, 3])('estimates well beyond its limit (seed %i)', (seed) => {
    const counts = new DistinctCounts(1000, seed);
    for (let address = 0; address < 500; address++) counts.add(0, address, 0);
    for (let round = 0; round < 2; round++) {
      for (let address = 0; address < 100_000; address++) counts.add(1, address * 7919, 0);
      for (let address = 0; address < 2000; address++) counts.add(2, address, 0x100);
    }
    expect(counts.count(0)).toBe(500);
    expect(counts.isEstimate(0)).toBe(false);
    expect(counts.isEstimate(1)).toBe(true);
    expect(Math.abs(counts.count(1) - 100_000)).toBeLessThan(2000);
    expect(Math.abs(counts.count(2) - 2000)).toBeLessThan(100);
  });

  it('stays finite when the bitmap is full', () => {
    const counts = new DistinctCounts(16, 5);
    for (let address = 0; address < 20_000_000; address++) counts.add(0, address, 0);
    expect(Number.isFinite(counts.count(0))).toBe(true);
    expect(counts.count(0)).toBeGreaterThan(10_000_000);
  });

  it('knows nothing of groups it never met', () => {
    const counts = new DistinctCounts(16, 0);
    expect(counts.count(99_999)).toBe(0);
    expect(counts.isEstimate(99_999)).toBe(false);
  });
});
