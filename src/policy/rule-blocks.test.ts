/** Blocks answer as the plain folding of all rules does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../net/decision-diagram.ts';
import { DESTINATION_PORT, SOURCE_PORT } from '../net/header-fields.ts';
import { verdictSpaces } from './evaluate.ts';
import { SetBlocks, VerdictBlocks } from './rule-blocks.ts';

const range = fc
  .tuple(fc.nat(40), fc.nat(40))
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const box = fc.tuple(range, range, fc.integer({ min: 1, max: 3 }));
const rules = fc.array(box, { maxLength: 40 });

const spaces = verdictSpaces();
const setOf = ([source, destination]: readonly [
  { first: number; last: number },
  { first: number; last: number },
  number,
]): Node =>
  spaces.intersection(
    spaces.values(SOURCE_PORT, [source]),
    spaces.values(DESTINATION_PORT, [destination]),
  );

describe('blocks of rules', () => {
  it('leave of a set what no rule has, and name the first that meet it', () => {
    fc.assert(
      fc.property(
        rules,
        box,
        fc.nat(40),
        fc.integer({ min: 1, max: 4 }),
        (list, asked, end, most) => {
          const blocks = new SetBlocks(spaces);
          const sets = list.map(setOf);
          for (const [index, set] of sets.entries()) blocks.add(index, set);
          const set = setOf(asked);
          expect(blocks.leftOf(set)).toBe(spaces.difference(set, spaces.unionAll(sets)));
          const meeting = sets.flatMap((each, index) =>
            index < end && spaces.intersection(each, set) !== 0 ? [index] : [],
          );
          expect(blocks.meeting(set, end, most)).toEqual(meeting.slice(0, most));
        },
      ),
    );
  });

  it('say whether all of a set gets one verdict', () => {
    fc.assert(
      fc.property(rules, box, fc.integer({ min: 1, max: 3 }), (list, asked, otherwise) => {
        const blocks = new VerdictBlocks(spaces);
        for (const rule of list.toReversed()) blocks.addBefore(setOf(rule), rule[2]);
        const folded = list.reduceRight<Node>(
          (rest, rule) => spaces.override(spaces.mask(rule[2], setOf(rule)), rest),
          otherwise,
        );
        const set = setOf(asked);
        const same = spaces.mask(folded, set) === spaces.mask(asked[2], set);
        expect(blocks.allGet(set, asked[2], otherwise)).toBe(same);
      }),
    );
  });
});
