/**
 * Hosts behind limits: a filter that takes so many questions a second and drops the others, or a
 * host that gives so many answers. No port that is open may be overlooked for it, and going slowly
 * must not be the answer to a way that loses packets at any speed.
 */
import { describe, expect, it } from 'vitest';
import { FILTERED_SILENT } from '../../model/port-state.ts';
import type { SimulatedHost } from './simulated.fixture.ts';
import { openCells, simulatedScan } from './simulated-scan.fixture.ts';

const CELLS = 4000;
const FEW = new Set(Array.from({ length: 20 }, (_, index) => index * 197 + 5));
const MANY = new Set(Array.from({ length: 400 }, (_, index) => 10 * index));

const LIMITS: readonly (readonly [perSecond: number, burst: number, delayUs: number])[] = [
  [200, 5, 500],
  [1000, 2, 500],
  [1000, 5, 500],
  [1000, 5, 30_000],
  [5000, 2, 500],
  [5000, 20, 30_000],
];

/** What a limit adds to the time that its rate takes for each port that is asked three times. */
const AROUND_S = 12;

describe('a limit', () => {
  it.each(LIMITS.flatMap((limit) => [0, 0.5].map((filtered) => [...limit, filtered] as const)))(
    'of %d answers a second, %d at once, %d µs away, %d filtered',
    async (...how) => {
      const [perSecond, burst, delayUs, filtered] = how;
      const host: SimulatedHost = {
        open: MANY,
        closed: 'reset',
        perSecond,
        burst,
        delayUs,
        filtered,
      };
      const { done, network } = await simulatedScan([host], CELLS);
      expect(openCells(done[0]!)).toEqual([...MANY]);
      expect(network.nowUs / 1e6).toBeLessThan((3 * CELLS) / perSecond + AROUND_S);
      if (filtered === 0) expect(silent(done[0]!.outcomes)).toBe(0);
    },
  );

  it.each(LIMITS)('of %d questions a second, %d at once, %d µs away', async (...limit) => {
    const [perSecond, burst, delayUs] = limit;
    const rest = { perSecond, burst, delayUs, limitsQuestions: true } as const;
    const refusing: SimulatedHost = { open: FEW, closed: 'reset', ...rest };
    const { done, network } = await simulatedScan([refusing], CELLS);
    expect(openCells(done[0]!)).toEqual([...FEW]);
    expect(silent(done[0]!.outcomes)).toBe(0);
    expect(network.nowUs / 1e6).toBeLessThan((3 * CELLS) / perSecond + AROUND_S);
  });

  it.each([
    [1000, 5, 500],
    [5000, 5, 500],
    [5000, 20, 30_000],
  ])('of %d questions a second where only open ports answer', async (...limit) => {
    const [perSecond, burst, delayUs] = limit;
    const rest = { perSecond, burst, delayUs, limitsQuestions: true } as const;
    const { done } = await simulatedScan([{ open: FEW, closed: 'silent', ...rest }], CELLS);
    expect(openCells(done[0]!)).toEqual([...FEW]);
  });

  it.each([
    [200, 1, 500, 0.9],
    [200, 1, 30_000, 0.5],
    [5000, 2, 30_000, 0.9],
  ])('of %d questions a second, %d at once, %d µs away, %d filtered', async (...limit) => {
    const [perSecond, burst, delayUs, filtered] = limit;
    const rest = { perSecond, burst, delayUs, filtered, limitsQuestions: true } as const;
    const { done, network } = await simulatedScan([{ open: FEW, closed: 'reset', ...rest }], CELLS);
    expect(openCells(done[0]!)).toEqual([...FEW]);
    // A silent port is asked ten times.
    const probes = CELLS * (1 + 9 * filtered);
    expect(network.nowUs / 1e6).toBeLessThan((1.3 * probes) / perSecond + AROUND_S);
  });

  it('on a way that loses packets as well', async () => {
    for (const loss of [0.1, 0.3]) {
      const host = { open: MANY, closed: 'reset', loss, perSecond: 1000, burst: 5 } as const;
      const { done } = await simulatedScan([{ ...host, delayUs: 500 }], CELLS);
      expect(openCells(done[0]!)).toEqual([...MANY]);
    }
  });

  it.each([
    [0, 30],
    [0.9, 200],
  ])('that all hosts behind one filter share, %d filtered', async (filtered, mostS) => {
    const rest = { perSecond: 2000, burst: 5, delayUs: 500, limitsQuestions: true } as const;
    const host: SimulatedHost = { open: FEW, closed: 'reset', behind: 0, filtered, ...rest };
    const hosts = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => ({ ...host, seed }));
    const { done, network } = await simulatedScan(hosts, 1000);
    for (const each of done) {
      expect(openCells(each)).toEqual([...FEW].filter((cell) => cell < 1000));
      if (filtered === 0) expect(silent(each.outcomes)).toBe(0);
    }
    // By turns without a pause it would take four, where nothing is filtered.
    expect(network.nowUs / 1e6).toBeLessThan(mostS);
  });
});

it.each([0.3, 0.4, 0.5, 0.6])('loss of %d at any speed is no limit', async (loss) => {
  for (const [delayUs, filtered] of [
    [500, 0],
    [30_000, 0.9],
  ] as const) {
    const host: SimulatedHost = { open: MANY, closed: 'reset', loss, delayUs, filtered };
    const { done, network } = await simulatedScan([host], CELLS);
    expect(openCells(done[0]!)).toEqual([...MANY]);
    expect(network.nowUs / 1e6).toBeLessThan(20);
  }
});

function silent(outcomes: Uint8Array): number {
  return outcomes.filter((code) => code === FILTERED_SILENT).length;
}
