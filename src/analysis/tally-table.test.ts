import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from './tally-table.ts';

function add(table: TallyTable, key: readonly [number, number, number], amount: number): void {
  const entry = table.intern(...key);
  table.floats[entry * (TALLY_WORDS / 2) + TALLY_FLOATS]! += amount;
}

function amountOf(table: TallyTable, entry: number): number {
  return table.floats[entry * (TALLY_WORDS / 2) + TALLY_FLOATS]!;
}

const word = fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 443);

describe('TallyTable', () => {
  it('sums by key like a map while there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word)), fc.integer(), (keys, seed) => {
        const table = new TallyTable(10_000, seed);
        const expected = new Map<string, number>();
        keys.forEach((key, index) => {
          add(table, key, index + 1);
          expected.set(key.join(), (expected.get(key.join()) ?? 0) + index + 1);
          table.touch(...key);
        });
        expect(table.count).toBe(expected.size);
        for (const [key, amount] of expected) {
          const [first, second, third] = key.split(',').map(Number) as [number, number, number];
          expect(amountOf(table, table.find(first, second, third))).toBe(amount);
        }
        expect(table.find(7, 7, 7)).toBe(-1);
        expect([table.pruned, table.missing]).toEqual([0, 0]);
      }),
    );
  });

  it('keeps the heaviest in bounds, and says what they may lack', () => {
    const table = new TallyTable(256, 9);
    for (let round = 0; round < 20; round++) {
      for (let heavy = 0; heavy < 20; heavy++) add(table, [heavy, 1, 1], 1000 + heavy);
      for (let light = 0; light < 1000; light++) add(table, [round, light, 2], 1 + (light % 7));
    }
    expect(table.count).toBeLessThanOrEqual(256);
    expect(table.pruned).toBeGreaterThan(0);
    const top = table.heaviest(20);
    expect(top.map((entry) => table.words[entry * TALLY_WORDS])).toEqual(
      Array.from({ length: 20 }, (_, index) => 19 - index),
    );
    for (const entry of top) {
      const whole = 20 * (1000 + table.words[entry * TALLY_WORDS]!);
      expect(amountOf(table, entry)).toBeLessThanOrEqual(whole);
      expect(amountOf(table, entry) + table.missing).toBeGreaterThanOrEqual(whole);
    }
  });

  it('makes room even when all are equal', () => {
    const table = new TallyTable(16, 1);
    for (let index = 0; index < 1000; index++) add(table, [index, 0, 0], 60);
    expect(table.count).toBeGreaterThan(0);
    expect(table.count + table.pruned).toBe(1000);
  });
});
