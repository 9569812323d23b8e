/** The order in which flows are handed out, and that their memory is given back on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newChunk } from './chunk.ts';
import { DirectionLadder } from './direction.ts';
import { Extensions } from './extensions.ts';
import {
  CHUNK_MASK,
  CHUNK_ROWS,
  CHUNK_SHIFT,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_FRAME,
  ROW_WORDS,
} from './flow-row.ts';
import { type FlowPart, FlowSet } from './flow-set.ts';

/** A part of flows with these first times; each knows its number by its frame. */
function partOf(times: readonly (readonly [seconds: number, nanoseconds: number])[], from = 0) {
  const chunks = Array.from({ length: Math.ceil(times.length / CHUNK_ROWS) }, (_, at) =>
    newChunk(false, Math.min(CHUNK_ROWS, times.length - at * CHUNK_ROWS)),
  );
  for (const [row, [seconds, nanoseconds]] of times.entries()) {
    const { words } = chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    words[base + R_FIRST_SECONDS] = seconds;
    words[base + R_FIRST_NANOSECONDS] = nanoseconds;
    words[base + R_FRAME] = from + row;
  }
  return { chunks, count: times.length, extensions: new Extensions() } satisfies FlowPart;
}

const setOf = (...parts: readonly FlowPart[]) => new FlowSet(parts, new DirectionLadder());
const framesOf = (set: FlowSet, letGo?: (octets: number) => void) =>
  [...set.inTimeOrder(letGo)].map(([{ words }, base]) => words[base + R_FRAME]!);

const time = fc.tuple(
  fc.constantFrom(0, 1, 1_700_000_000, 1_700_000_001, 0xffffffff),
  fc.integer({ min: 0, max: 3 }),
);

describe('a set of flows', () => {
  it('lists them by time, those of one time as they came', () => {
    fc.assert(
      fc.property(fc.array(time, { maxLength: 40 }), fc.array(time, { maxLength: 9 }), (a, b) => {
        const all = [...a, ...b];
        const order = all.map((_, index) => index);
        order.sort((left, right) => {
          const [one, other] = [all[left]!, all[right]!];
          return one[0] - other[0] || one[1] - other[1] || left - right;
        });
        expect(framesOf(setOf(partOf(a), partOf(b, a.length)))).toEqual(order);
      }),
      { numRuns: 500 },
    );
  });

  it('forgets each chunk with its last flow', () => {
    const times = Array.from({ length: 2 * CHUNK_ROWS + 3 }, (_, row) => [row, 0] as const);
    const chunk = CHUNK_ROWS * ROW_WORDS * 4;
    const events: (number | string)[] = [];
    const note = (octets: number) => events.push(`${octets}`);
    setOf(partOf(times)).drain(({ words }, base) => {
      if ((words[base + R_FRAME]! & CHUNK_MASK) < 2) events.push(words[base + R_FRAME]!);
    }, note);
    const [second, third] = [CHUNK_ROWS, 2 * CHUNK_ROWS];
    const expected = [0, 1, `${chunk}`, second, second + 1, `${chunk}`, third, third + 1];
    expect(events).toEqual([...expected, `${3 * ROW_WORDS * 4}`]);

    events.length = 0;
    // The last flow of the first chunk comes last.
    const late = times.map(([row]) => [row === CHUNK_ROWS - 1 ? 1e6 : row, 0] as const);
    expect(framesOf(setOf(partOf(late)), note).at(-1)).toBe(CHUNK_ROWS - 1);
    expect(events).toEqual([chunk, 3 * ROW_WORDS * 4, chunk].map(String));
  });

  it('cannot be reached through what was drained', () => {
    const set = setOf(partOf([[1, 0]]));
    set.drain(
      () => {},
      () => {},
    );
    const lengths: number[] = [];
    set.visit(({ words }) => lengths.push(words.length));
    expect(lengths).toEqual([0]);
  });
});
