import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';
import { SendWindow } from './send-window.ts';

/** Probes a microsecond at which 200 come through in a second. */
const RATE = 200e-6;

/** A window that closed with so much lost. */
function closedWindow(lastLoss: number, lastRate = RATE, size = 2): SendWindow {
  return Object.assign(new SendWindow(size, 1000), { lastLoss, lastRate });
}

/** Makes the pause longer until that is said to be no use; returns how often it was made longer. */
function untilHopeless(once: (nowUs: number) => boolean): number {
  for (let times = 0; times < 1000; times++) {
    if (!once(1e6 * times)) return times;
  }
  return 1000;
}

describe('the pause between probes', () => {
  it.each([0.2, 0.4, 0.5, 0.6, 0.9])('is given up where %d is lost at any speed', (loss) => {
    const pace = new Pace();
    const times = untilHopeless((nowUs) => pace.closed(closedWindow(loss), nowUs));
    // From 5 ms to 160, each time by as much as was lost.
    expect(times).toBe(
      Math.ceil(Math.log(160 / 5) / Math.log(1 / (Math.max(0.25, 1 - loss) * 0.95))),
    );
    // The pace before anything got lost.
    expect(pace.gapUs).toBe(1 / RATE);
  });

  it('says the same to who knows the share from ports that answer', () => {
    const [byWindow, byGauge] = [new Pace(), new Pace()];
    const times = untilHopeless((nowUs) => byWindow.closed(closedWindow(0.4), nowUs));
    expect(untilHopeless((nowUs) => byGauge.slower(RATE, 0.6, nowUs))).toBe(times);
    expect(byGauge.gapUs).toBe(byWindow.gapUs);
  });

  it('does not begin where nothing comes through at all', () => {
    const pace = new Pace();
    expect(pace.closed(closedWindow(1, RATE, 20), 0)).toBe(true);
    expect(pace.gapUs).toBe(0);
    expect(pace.allows(1000, 0)).toBe(1000);
  });

  it('is a bit longer than what came through takes', () => {
    const pace = new Pace();
    expect(pace.closed(closedWindow(0.5), 0)).toBe(true);
    expect(pace.gapUs).toBeCloseTo(1 / (RATE * 0.5 * 0.95), 6);
  });

  it('goes back to what was fine where a bit more was too much, and once only', () => {
    const pace = new Pace();
    pace.slower(RATE, 0.5, 0);
    pace.wentOut(0);
    pace.allows(10, 1);
    pace.fits(1e6, 100_000, true);
    const fineUs = 1 / (RATE * 0.5 * 0.95);
    expect(pace.gapUs).toBeLessThan(fineUs);
    // A limit that takes one at a time lets only half through.
    pace.slower(1 / pace.gapUs, 0.5, 2e6);
    expect(pace.gapUs).toBeCloseTo(fineUs, 6);
    pace.slower(1 / pace.gapUs, 0.5, 3e6);
    expect(pace.gapUs).toBeGreaterThan(1.9 * fineUs);
  });

  it('comes back to the speed that was too much at once, and beyond it carefully', () => {
    const pace = new Pace();
    pace.slower(RATE, 0.5, 0);
    pace.slower(RATE / 20, 1, 0);
    const tooShortUs = 1 / (RATE / 20);
    const gaps: number[] = [];
    for (let second = 1; second < 12; second++) {
      pace.wentOut(1e6 * second);
      pace.allows(10, 1e6 * second + 1);
      pace.fits(1e6 * second + 2, 100_000, true);
      gaps.push(pace.gapUs);
    }
    const factors = gaps.slice(1).map((gap, index) => gaps[index]! / gap);
    expect(gaps[0]).toBeCloseTo(tooShortUs / 0.95 / 1.05, -2);
    expect(Math.max(...factors)).toBe(1.5);
    expect(factors).toEqual([...factors].sort());
  });
});
