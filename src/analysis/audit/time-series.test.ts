import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeSeries } from './time-series.ts';

const time = fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 4e12 }));
const event = fc.tuple(fc.integer({ min: 0, max: 2 }), time, fc.integer({ min: 1, max: 9 }));

function seriesOf(events: readonly (readonly [number, number, number])[]): TimeSeries {
  const series = new TimeSeries(3);
  for (const [kind, timeMs, count] of events) series.add(kind, timeMs, count);
  return series;
}

describe('a series of times', () => {
  it('does not depend on their order, nor on the thread that counted', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const whole = seriesOf(events).columns(60);
        const reversed = seriesOf([...events].reverse());
        expect(reversed.columns(60)).toEqual(whole);
        expect(TimeSeries.of(structuredClone(reversed.part())).columns(60)).toEqual(whole);
      }),
    );
  });

  it('holds every event in at most as many columns as asked for', () => {
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1 }),
        fc.integer({ min: 1, max: 80 }),
        (events, most) => {
          const { startMs, widthMs, counts } = seriesOf(events).columns(most);
          for (const [kind, sums] of counts.entries()) {
            const mine = events.filter(([each]) => each === kind);
            const total = mine.reduce((sum, [, , count]) => sum + count, 0);
            expect(sums.length).toBeLessThanOrEqual(most);
            expect(sums.reduce((sum, count) => sum + count, 0)).toBe(total);
            for (const [, timeMs] of mine) {
              expect(sums[Math.floor((timeMs - startMs) / widthMs)]).toBeGreaterThan(0);
            }
          }
        },
      ),
    );
  });

  it('leaves out what has no time', () => {
    expect(seriesOf([[0, Number.NaN, 1]]).columns(9)).toEqual({
      ...{ startMs: Number.NaN, widthMs: 0, counts: [[], [], []] },
    });
  });
});
