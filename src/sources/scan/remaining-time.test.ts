import { describe, expect, it } from 'vitest';
import { RemainingTime, type WorkLeft } from './remaining-time.ts';

/** A scan that sent ten probes a millisecond for half a second, then two; idle for a part of it. */
function sending(untilMs: number, idle = 0): RemainingTime {
  const time = new RemainingTime();
  for (let ms = 0; ms <= untilMs; ms += 10) {
    const probes = ms < 500 ? 10 * ms : 5000 + 2 * (ms - 500);
    time.note({ elapsedMs: ms, probes, idleMs: idle * ms });
  }
  return time;
}

function work(probes: number, ms: number, crowded = false): WorkLeft {
  return { probes, total: probes, crowded, tailMs: 0, longest: { ms } };
}

describe('the time left', () => {
  it.each([
    ['at the speed of late', 0, work(2000, 0, true), 1000],
    ['at the speed of this machine while it had anything to send', 0.5, work(2000, 0), 500],
    ['as measured where a host takes no more', 0.5, work(2000, 0, true), 1000],
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

  it('keeps what is said of how far it is known', () => {
    const longest = { ms: 700, bound: 'most' } as const;
    expect(sending(3000).left({ ...work(3, 0), longest })).toBe(longest);
  });
});
