import { describe, expect, it } from 'vitest';
import { ServiceOutlook } from './service-outlook.ts';

const PACE = { atOnce: 8, atOncePerHost: 4, silenceMs: 28_000 };
const HOST = {};

/** Asks ports as the scan does; yields what was announced and what came at each second. */
function asked(durations: readonly number[]): { said: number; bound: unknown; came: number }[] {
  const outlook = new ServiceOutlook(PACE);
  const running = new Map<number, { since: number; end: number }>();
  const moments: { now: number; said: number; bound: unknown }[] = [];
  let next = 0;
  let now = 0;
  for (; next < durations.length || running.size > 0; now += 50) {
    for (const [port, { since, end }] of running) {
      if (end > now) continue;
      outlook.done(now - since);
      running.delete(port);
    }
    while (running.size < PACE.atOncePerHost && next < durations.length) {
      running.set(next, { since: now, end: now + durations[next]! });
      next++;
    }
    const left = outlook.left(now, {
      waiting: next < durations.length ? [[HOST, durations.length - next]] : [],
      running: [...running.values()].map(({ since }) => [HOST, since] as const),
    });
    if (left !== undefined) moments.push({ now, said: left.ms, bound: left.bound });
  }
  return moments.map(({ now: at, said, bound }) => ({ said, bound, came: now - at }));
}

describe('the time left for services', () => {
  it.each([
    ['all greet', Array.from({ length: 200 }, () => 300)],
    ['all are silent', Array.from({ length: 30 }, () => 28_000)],
    ['one in six is silent', Array.from({ length: 60 }, (_, at) => (at % 6 === 5 ? 28_000 : 400))],
    ['all kinds', Array.from({ length: 80 }, (_, at) => 300 + ((at * 7919) % 13) * 900)],
  ])('is within a quarter: %s', (_name, durations) => {
    const moments = asked(durations);
    const whole = moments[0]!.came;
    const wrong = moments.filter(({ said, bound, came }) => {
      if (came > 0.9 * whole || Math.abs(said - came) < 500) return false;
      return said > 1.25 * came || (said < 0.75 * came && bound !== 'least');
    });
    const told = wrong.map(
      ({ said, bound, came }) => `${bound ?? ''} ${Math.round(said)} ms, ${came} came`,
    );
    expect(told.length > 0.05 * moments.length ? told : []).toEqual([]);
  });

  it('is not known before any port says something of the others', () => {
    const outlook = new ServiceOutlook(PACE);
    expect(outlook.left(10, { waiting: [[HOST, 3]], running: [[HOST, 0]] })).toBeUndefined();
    expect(outlook.left(2000, { waiting: [], running: [[HOST, 0]] })).toEqual({
      ms: 0,
      bound: 'least',
    });
  });
});
