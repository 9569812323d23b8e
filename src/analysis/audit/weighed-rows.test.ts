import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WeighedRows } from './weighed-rows.ts';

const rows = fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { maxLength: 2000 });

it('are those that sorting all of them puts first', () => {
  fc.assert(
    fc.property(rows, fc.nat(40), (all, most) => {
      const weighed = new WeighedRows(most);
      const sorted = all.map(([weight, events], entry) => ({ entry: 3 * entry, weight, events }));
      for (const { entry, weight, events } of sorted) weighed.add(entry, weight, events);
      sorted.sort(
        (left, right) =>
          right.weight - left.weight || right.events - left.events || left.entry - right.entry,
      );
      expect(weighed.first()).toEqual(sorted.slice(0, most).map(({ entry }) => entry));
      // Asking changes nothing.
      expect(weighed.first()).toEqual(sorted.slice(0, most).map(({ entry }) => entry));
      expect(weighed.count).toBe(all.length);
    }),
  );
});

it('take some that come after they were asked for', () => {
  const weighed = new WeighedRows(2);
  for (let entry = 0; entry < 1000; entry++) weighed.add(entry, 0, entry % 7);
  expect(weighed.first()).toEqual([6, 13]);
  weighed.add(1000, 1, 1);
  weighed.add(1001, 0, 6);
  expect(weighed.first()).toEqual([1000, 6]);
});
