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

  it.each([
    ['seconds', '2026-10-03T10:00:01.250Z', 17, '2026-10-03T10:00:01.000Z', 1],
    ['six minutes', '2026-10-03T10:00:01Z', 360, '2026-10-03T10:00:00.000Z', 20],
    ['two hours', '2026-10-03T08:00:01Z', 7200, '2026-10-03T08:00:00.000Z', 600],
    ['a day', '2026-10-03T08:10:00Z', 80_000, '2026-10-03T08:00:00.000Z', 3600],
    ['a fortnight', '2026-09-21T14:13:20Z', 1_200_000, '2026-09-21T00:00:00.000Z', 86_400],
    ['ten years', '2016-09-21T14:13:20Z', 315_000_000, '2016-04-29T00:00:00.000Z', 15_552_000],
  ])('has rows that begin at round times: %s', (_, from, seconds, startsAt, widthSeconds) => {
    const firstMs = Date.parse(from);
    const { startMs, widthMs } = seriesOf([
      [0, firstMs, 1],
      [1, firstMs + 1000 * seconds, 1],
    ]).columns(24);
    expect([new Date(startMs).toISOString(), widthMs / 1000]).toEqual([startsAt, widthSeconds]);
  });

  it('leaves out what has no time', () => {
    expect(seriesOf([[0, Number.NaN, 1]]).columns(9)).toEqual({
      ...{ startMs: Number.NaN, widthMs: 0, counts: [[], [], []] },
    });
  });
});
