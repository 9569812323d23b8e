import { describe, expect, it } from 'vitest';
import { RemainingTime, silentMs } from './remaining-time.ts';

describe('the time left', () => {
  it('is what is left at the speed of late', () => {
    const time = new RemainingTime();
    let left: number | undefined;
    // Ten a millisecond, then two.
    for (let ms = 0; ms <= 1000; ms += 10) {
      const sent = ms < 500 ? 10 * ms : 5000 + 2 * (ms - 500);
      left = time.left(ms, sent, { probes: 8000 - sent, tailMs: 0, leastMs: 0 });
    }
    expect(left).toBeCloseTo(1000, 0);
  });

  it('is not known at once, nor while nothing is sent', () => {
    const time = new RemainingTime();
    expect(time.left(0, 0, { probes: 10, tailMs: 0, leastMs: 5 })).toBeUndefined();
    expect(time.left(100, 5, { probes: 5, tailMs: 0, leastMs: 5 })).toBeUndefined();
    for (const ms of [900, 1000])
      expect(time.left(ms, 5, { probes: 5, tailMs: 0, leastMs: 5 })).toBeUndefined();
    expect(time.left(1100, 10, { probes: 0, tailMs: 0, leastMs: 7 })).toBe(7);
  });

  it('is at least what waits and limits take', () => {
    const time = new RemainingTime();
    for (let ms = 0; ms < 1000; ms += 10)
      time.left(ms, ms, { probes: 100, tailMs: 0, leastMs: 700 });
    expect(time.left(1000, 1000, { probes: 100, tailMs: 0, leastMs: 700 })).toBe(700);
    expect(time.left(1010, 1010, { probes: 1000, tailMs: 0, leastMs: 700 })).toBeCloseTo(1000, 0);
  });

  it('holds the waits for what is lost last', () => {
    const time = new RemainingTime();
    for (let ms = 0; ms < 1000; ms += 10) time.left(ms, ms, { probes: 9, tailMs: 0, leastMs: 0 });
    const left = time.left(1000, 1000, { probes: 100, tailMs: 300, leastMs: 0 });
    expect(left).toBeCloseTo(400, 0);
  });
});

const SILENT = { most: 500, byAnswers: 0, mostWindow: 4000 };
const SOME = { most: 500, byAnswers: 0.1, mostWindow: 4000 };

it.each([
  ['nothing', 0, 32, SILENT, 0],
  ['one wait', 32, 32, SILENT, 1000],
  ['two, as the window opens', 80, 32, SILENT, 2000],
  ['at the most', 5000, 500, SILENT, 10_000],
  ['a window that is open wider than silence opens it', 2000, 1000, SILENT, 2000],
  ['less where some answer', 5000, 500, SOME, 8000],
  ['no less at the very most', 8000, 4000, SOME, 2000],
])('silence takes %s', (_name, probes, window, opens, ms) => {
  expect(silentMs(probes, window, 1000, opens)).toBe(ms);
});
