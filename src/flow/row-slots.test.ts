import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_SLOT_WORDS, putSlot, reserveSlots, resettle } from './row-slots.ts';

/** The rows found by probing for a hash. */
function rowsOf(slots: Int32Array, mask: number, hash: number): number[] {
  const rows: number[] = [];
  for (let slot = (hash << 1) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
    if (slots[slot] === hash) rows.push(slots[slot + 1]! - 1);
  }
  return rows;
}

/** Hashes that crowd at the end and the beginning of a table of 16 slots, and anywhere. */
const hashes = fc.array(
  fc.oneof(fc.constantFrom(12, 13, 14, 15, 31, 47, -1, -17, 0, 1), fc.integer()),
  { maxLength: 15 },
);

describe('slots of rows', () => {
  it('find every row after they grew twice, and none that is gone', () => {
    fc.assert(
      fc.property(hashes, fc.infiniteStream(fc.boolean()), (list, going) => {
        const slots = new Int32Array(128);
        list.forEach((hash, row) => {
          putSlot(slots, 31, hash, row + 1);
        });
        const gone = Uint8Array.from(list, () => Number(going.next().value));
        for (const [before, after, without] of [
          [32, 64, undefined],
          [64, 64, gone],
          [64, 128, undefined],
        ] as const) {
          const left = list.map((_, row) => row).filter((row) => after === 64 || gone[row] === 0);
          const kept = without === undefined ? left : left.filter((row) => gone[row] === 0);
          expect(resettle(slots, before, after, without)).toBe(kept.length);
          for (const row of kept) expect(rowsOf(slots, after - 1, list[row]!)).toContain(row);
          const held = slots.filter((word, at) => at % 2 === 1 && word !== 0);
          expect([...held].sort((a, b) => a - b)).toEqual(kept.map((row) => row + 1));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['doubled while they are few', 2 * FIRST_SLOT_WORDS, 2e6, 2 * FIRST_SLOT_WORDS],
    ['reserved in full for as many rows as may come', 2 ** 17, 2_000_000, 2 ** 23],
    ['never less than asked for', 2 ** 17, 64, 2 ** 17],
  ])('are %s', (_name, used, most, length) => {
    expect(reserveSlots(used, most)).toHaveLength(length);
  });
});
