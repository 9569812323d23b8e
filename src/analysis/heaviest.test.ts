import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstOf } from './heaviest.ts';

it('gives the first few as sorting gives them', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.nat(20), (weights, most) => {
      const before = (left: number, right: number): boolean =>
        weights[left] === weights[right] ? left < right : weights[left]! > weights[right]!;
      const sorted = [...weights.keys()].sort((left, right) => (before(left, right) ? -1 : 1));
      expect(firstOf(weights.length, most, before)).toEqual(sorted.slice(0, most));
    }),
  );
});
