import { describe, expect, it } from 'vitest';
import { RemainingTime, type WorkLeft } from './remaining-time.ts';

/** A scan that sent ten probes a millisecond for half a second, then two; idle for a part of it. */
function sending(untilMs: number, idle = 0): RemainingTime {
  const time = new RemainingTime();
  for (let ms = 0; ms <= untilMs; ms += 10) {
    const probes = ms < 500 ? 10 * ms : 5000 + 2 * (ms - 500);
    time.note({ elapsedMs: ms, probes, idleMs: idle * ms, lateMs: 0 });
  }
  return time;
}

function work(probes: number, ms: number, crowded = false): WorkLeft {
  const bounds = { leastProbes: probes, mostProbes: probes };
  return { probes, ...bounds, total: probes, crowded, tailMs: 0, longest: { ms } };
}

describe('the time left', () => {
  it.each([
    ['at the speed of late', 0, work(2000, 0), 1000],
    ['at the speed of this machine while it had anything to send', 0.5, work(2000, 0), 500],
    ['that of the host that takes longest', 0, work(2000, 5000), 5000],
    ['none', 0, work(0, 0), 0],
  ])('is %s', (_name, idle, left, ms) => {
    expect(sending(3000, idle).left(left)!.ms).toBeCloseTo(ms, -1);
  });

  it('is not known at once, nor while the speed changes', () => {
    expect(new RemainingTime().left(work(10, 5))).toBeUndefined();
    expect(sending(100).left(work(10, 5))).toBeUndefined();
    expect(sending(800).left(work(4000, 5))).toBeUndefined();
    expect(sending(800).left(work(4000, 9000))).toEqual({ ms: 9000 });
  });

  it('is three quarters more at most where a host takes no more', () => {
    const left = sending(3000, 0.5).left(work(2000, 0, true))!;
    expect(left.bound).toBe('most');
    expect(left.ms).toBeGreaterThan(1500);
    expect(left.ms).toBeLessThan(2300);
  });

  it('is what it will be at least where more may have to be sent', () => {
    const time = sending(3000);
    const unsure = { ...work(2000, 0), leastProbes: 1500, mostProbes: 3000 };
    expect(time.left(unsure)).toMatchObject({ ms: 750, bound: 'least' });
  });

  it('is longer by the time in which this program is not run', () => {
    const time = new RemainingTime();
    for (let ms = 0; ms <= 3000; ms += 10) {
      time.note({ elapsedMs: ms, probes: ms, idleMs: 0.9 * ms, lateMs: 0.5 * ms });
    }
    expect(time.left(work(0, 4000))!.ms).toBeCloseTo(8000, -2);
  });

  it('keeps what is said of how far it is known', () => {
    const longest = { ms: 700, bound: 'most' } as const;
    expect(sending(3000).left({ ...work(3, 0), longest })).toEqual(longest);
  });
});
