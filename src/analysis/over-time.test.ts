import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketRows } from '../../test/builders/packet-rows.ts';
import { OverTime } from './over-time.ts';

function chart(times: readonly number[], most = 32) {
  const rows = new PacketRows(Math.max(1, times.length));
  for (const ms of times) {
    rows.add({
      source: 1,
      destination: 2,
      sport: 3,
      dport: 4,
      seconds: Math.floor(ms / 1000),
      nanoseconds: (ms % 1000) * 1e6,
      length: 100,
    });
  }
  const overTime = new OverTime();
  overTime.takeRows(rows.words, rows.count);
  return overTime.slices(most);
}

const START = 1_700_000_000_000;

describe('a chart over time', () => {
  it('has no rows without packets', () => {
    expect(new OverTime().slices(10)).toEqual([]);
  });

  it.each([
    ['an instant', [0], 10, 1],
    ['a second', [0, 999], 50, 20],
    ['ten minutes', [0, 599_999], 20_000, 30],
    ['a day', [0, 86_399_000], 3_600_000, 25],
    ['a year', [0, 365 * 86_400_000], 1_209_600_000, 27],
  ])('%s takes rows of a nice width', (_what, times, width, most) => {
    const slices = chart(times.map((time) => START + time));
    expect(slices.length).toBeLessThanOrEqual(32);
    expect(slices.length).toBeLessThanOrEqual(most);
    expect(slices[0]!.widthMs).toBeLessThanOrEqual(width);
    expect(slices[0]!.startMs).toBeLessThanOrEqual(START);
  });

  it('counts packets, octets and flows where they belong', () => {
    const overTime = new OverTime();
    const rows = new PacketRows(4);
    for (const second of [0, 0, 5, 9]) {
      rows.add({
        source: 1,
        destination: 2,
        sport: 3,
        dport: 4,
        seconds: 1_700_000_000 + second,
        length: 60,
      });
    }
    overTime.takeRows(rows.words, rows.count);
    overTime.takeFlow(START + 5000);
    const slices = overTime.slices(10);
    expect(slices.map(({ packets }) => packets)).toEqual([2, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(slices.map(({ bytes }) => bytes)).toEqual([120, 0, 0, 0, 0, 60, 0, 0, 0, 60]);
    expect(slices.map(({ flows }) => flows)).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(overTime.slices(10, false)[0]).toMatchObject({ packets: null, bytes: null, flows: 0 });
  });

  it('loses nothing, whatever the order and the span', () => {
    const time = fc.oneof(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 4e12 }),
      fc.constantFrom(0, 4_294_967_295_000),
    );
    fc.assert(
      fc.property(
        fc.array(time, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (times, most) => {
          const slices = chart(times, most);
          expect(slices.length).toBeLessThanOrEqual(most);
          expect(slices.reduce((sum, { packets }) => sum + packets!, 0)).toBe(times.length);
          const [{ startMs, widthMs }] = slices as [(typeof slices)[0]];
          expect(startMs).toBeLessThanOrEqual(Math.min(...times));
          expect(startMs + slices.length * widthMs).toBeGreaterThan(Math.max(...times));
          for (const [row, slice] of slices.entries()) {
            const inside = times.filter(
              (each) => each >= slice.startMs && each < slice.startMs + widthMs,
            );
            expect(slice.startMs).toBe(startMs + row * widthMs);
            expect(slice.packets).toBe(inside.length);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
