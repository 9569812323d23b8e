import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowFacts } from './flow-facts.ts';
import { MOST_SAMPLES, SampleLists } from './sample-lists.ts';

function flowAt(seconds: number, frame = 1, length = 60): FlowFacts {
  const flow = new FlowFacts();
  flow.firstMs = seconds * 1000;
  flow.frame = frame;
  flow.shortestOfFirst = length;
  flow.longestOfFirst = length;
  flow.packetsToServer = 1;
  return flow;
}

describe('lists of different things', () => {
  it('keeps each thing once, with its earliest frame, its lengths and its packets', () => {
    const lists = new SampleLists(1);
    lists.add(1, 2, 3, 10, 80, flowAt(50, 7, 60), 5);
    lists.add(1, 2, 3, 10, 80, flowAt(40, 3, 90));
    lists.add(1, 2, 3, 10, 80, flowAt(60, 9, 70));
    lists.add(1, 2, 3, 11, 80, flowAt(61, 10));
    expect(lists.count).toBe(1);
    expect([lists.key(0, 0), lists.key(0, 1), lists.key(0, 2)]).toEqual([1, 2, 3]);
    expect(lists.flows(0)).toBe(4);
    expect(lists.samples(0)).toEqual([
      {
        first: 10,
        second: 80,
        shortest: 60,
        longest: 90,
        packetsTo: 3,
        packetsFrom: 0,
        seconds: 40,
        frame: 3,
        interface: 0,
        mark: 5,
        flows: 3,
      },
      {
        first: 11,
        second: 80,
        shortest: 60,
        longest: 60,
        packetsTo: 1,
        packetsFrom: 0,
        seconds: 61,
        frame: 10,
        interface: 0,
        mark: 0,
        flows: 1,
      },
    ]);
    expect(lists.totals(0)).toEqual({ things: 2, firsts: 2, seconds: 1, estimated: false });
  });

  it.each([1, 63, 64, 65, 1000, 70_000])('counts %i things', (things) => {
    const lists = new SampleLists(1);
    for (let thing = 0; thing < things; thing++) {
      lists.add(1, 0, 0, thing % 100, thing, flowAt(thing, thing));
    }
    const totals = lists.totals(0);
    expect(lists.kept(0)).toBe(Math.min(things, MOST_SAMPLES));
    expect(totals.things).toBeGreaterThan(0.95 * things);
    expect(totals.things).toBeLessThan(1.05 * things);
    expect(totals.firsts).toBe(Math.min(100, things));
    expect(lists.samples(0)).toHaveLength(Math.min(things, MOST_SAMPLES));
  });

  it('lets the shortest lists go when keys run out, never a long one before a short one', () => {
    const lists = new SampleLists(1, { keys: 100, blocks: 1000 });
    for (let thing = 0; thing < 40; thing++) lists.add(-1, 0, 0, thing, 0, flowAt(thing));
    for (let key = 0; key < 5000; key++) lists.add(key, 0, 0, 1, 1, flowAt(key));
    expect(lists.count).toBeLessThanOrEqual(100);
    expect(lists.pruned).toBeGreaterThan(4800);
    const kept = Array.from({ length: lists.count }, (_, entry) => lists.key(entry, 0));
    const long = kept.indexOf(-1);
    expect(long).toBeGreaterThanOrEqual(0);
    expect(lists.samples(long).map(({ first }) => first)).toEqual(
      Array.from({ length: 40 }, (_, thing) => thing),
    );
  });

  it('holds what a plain map holds, while there is room', () => {
    const step = fc.tuple(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const lists = new SampleLists(9);
        const plain = new Map<number, Map<string, number>>();
        for (const [key, first, second] of steps) {
          lists.add(key, 0, 0, first, second, flowAt(1));
          const things = plain.get(key) ?? new Map<string, number>();
          plain.set(key, things);
          const thing = `${first} ${second}`;
          if (things.has(thing) || things.size < MOST_SAMPLES) {
            things.set(thing, (things.get(thing) ?? 0) + 1);
          }
        }
        expect(lists.count).toBe(plain.size);
        for (let entry = 0; entry < lists.count; entry++) {
          const things = plain.get(lists.key(entry, 0))!;
          const held = lists.samples(entry).map(({ first, second }) => `${first} ${second}`);
          expect(held).toEqual([...things.keys()]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('survives any pressure: lists stay whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 200 })), {
          maxLength: 600,
        }),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (steps, keys, blocks) => {
          const lists = new SampleLists(3, { keys, blocks });
          for (const [key, thing] of steps) lists.add(key, 1, 2, thing, key, flowAt(thing));
          expect(lists.count).toBeLessThanOrEqual(keys);
          const seen = new Set<number>();
          for (let entry = 0; entry < lists.count; entry++) {
            const key = lists.key(entry, 0);
            expect(seen.has(key)).toBe(false);
            seen.add(key);
            const samples = lists.samples(entry);
            expect(new Set(samples.map(({ first }) => first)).size).toBe(samples.length);
            // Every thing belongs to its key: no block is shared.
            for (const { second } of samples) expect(second).toBe(key);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
