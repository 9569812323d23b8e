import { describe, expect, it } from 'vitest';
import { RoundTrip } from './round-trip.ts';
import { TIMINGS } from './timing.ts';

function known(us: number): RoundTrip {
  const trip = new RoundTrip(TIMINGS[3]!);
  for (let sample = 0; sample < 20; sample++) trip.sample(us);
  return trip;
}

describe('the wait for an answer', () => {
  it.each([
    [200, 100_000],
    [90_000, 100_000],
    [400_000, 400_000],
    [9_000_000, 5_000_000],
  ])('follows round trips of %d us', (us, most) => {
    expect(known(us).timeoutUs).toBeGreaterThanOrEqual(Math.min(us, 5_000_000));
    expect(known(us).timeoutUs).toBeLessThanOrEqual(1.1 * most);
  });

  it('is raised once by all answers that one stall made late', () => {
    const trip = known(200);
    // Asked again 10 ms ago, when the first answers arrive.
    for (let answer = 0; answer < 100; answer++) trip.early(1_000_000 + answer, 10_000);
    expect(trip.timeoutUs).toBeCloseTo(187_500, -3);
    trip.early(1_100_000, 10_000);
    expect(trip.timeoutUs).toBeGreaterThan(300_000);
  });

  it.each(['sample', 'forget'] as const)('comes down again: %s', (how) => {
    const trip = known(200);
    trip.late(900_000);
    expect(trip.timeoutUs).toBe(1_125_000);
    for (let time = 0; time < 3000; time++) trip[how](200);
    expect(trip.timeoutUs).toBeLessThan(400_000);
  });

  it('does not come down before anything is known', () => {
    const trip = new RoundTrip(TIMINGS[3]!);
    for (let time = 0; time < 3000; time++) trip.forget();
    expect(trip.timeoutUs).toBe(1_000_000);
  });
});
