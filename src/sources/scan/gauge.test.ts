import { describe, expect, it } from 'vitest';
import {
  CLOSED_PORT_UNREACH,
  CLOSED_RESET,
  FILTERED_ADMIN_PROHIBITED,
  OPEN_SYN_ACK,
} from '../../model/port-state.ts';
import { Gauge, type Verdict } from './gauge.ts';

/** As if everything sent were in flight: only known ports tell. */
const WAIT = { timeoutUs: 100_000, tripUs: 500, inFlight: 1e6 };
const EACH = 8;

function knowing(ports: number, outcome = CLOSED_RESET): Gauge {
  const gauge = new Gauge();
  for (let cell = 0; cell < ports; cell++) gauge.learn(cell, outcome);
  return gauge;
}

/** Sends one probe each `gapUs` from `fromUs` on; the known ports among them answer as `answers` says. */
function run(
  gauge: Gauge,
  gapUs: number,
  answers: (index: number) => boolean,
  fromUs = 0,
): { verdict: Verdict | undefined; atUs: number; asked: number } {
  let asked = 0;
  for (let nowUs = fromUs; nowUs < fromUs + 100e6; nowUs += gapUs) {
    const cell = gauge.next(nowUs);
    if (cell >= 0 && answers(asked++)) expect(gauge.heard(cell)).toBe(nowUs);
    const verdict = gauge.judge(nowUs, WAIT);
    if (verdict !== undefined) return { verdict, atUs: nowUs, asked };
  }
  return { verdict: undefined, atUs: fromUs + 100e6, asked };
}

describe('the gauge of a host', () => {
  it('does not measure where no port is known to answer, or only by what hosts limit', () => {
    for (const gauge of [
      new Gauge(),
      knowing(3, CLOSED_PORT_UNREACH),
      knowing(3, FILTERED_ADMIN_PROHIBITED),
    ]) {
      gauge.begin(0);
      expect(gauge.on).toBe(false);
      expect(gauge.next(0)).toBe(-1);
    }
  });

  it('asks one known port in so many probes, each in turn', () => {
    const gauge = knowing(5);
    gauge.begin(0);
    const asked: number[] = [];
    for (let index = 0; index < 10 * EACH; index++) {
      const cell = gauge.next(index);
      if (cell >= 0) asked.push(cell);
    }
    expect(asked.sort()).toEqual([0, 1, 2, 3, 4]);
    // All of them are under way.
    for (let index = 0; index < 2 * EACH; index++) expect(gauge.next(1000 + index)).toBe(-1);
  });

  it.each([2, 4, 8])('tells a limit that takes each of %d probes, whichever these are', (one) => {
    const gauge = knowing(128);
    gauge.begin(0);
    for (let index = 0; index < 60 * EACH; index++) {
      const cell = gauge.next(index);
      if (cell >= 0 && index % one === one - 1) gauge.heard(cell);
    }
    expect(gauge.judge(1e9, WAIT)).toBe('full');
    expect(gauge.share).toBeGreaterThan(0.6 / one);
    expect(gauge.share).toBeLessThan(1.6 / one);
  });

  it('asks open ports rarely, and not at all once others are known to refuse', () => {
    const gauge = knowing(1, OPEN_SYN_ACK);
    gauge.begin(0);
    let asked = 0;
    for (let nowUs = 0; nowUs < 5e6; nowUs += 1000) {
      if (gauge.next(nowUs) === 0) asked++;
      gauge.judge(nowUs, WAIT);
    }
    expect(asked).toBeGreaterThanOrEqual(9);
    expect(asked).toBeLessThanOrEqual(11);
    gauge.learn(7, CLOSED_RESET);
    const cells = new Set<number>();
    for (let nowUs = 6e6; nowUs < 8e6; nowUs += 1000) {
      cells.add(gauge.next(nowUs));
      gauge.judge(nowUs, WAIT);
    }
    expect([...cells].sort()).toEqual([-1, 7]);
  });

  it.each([
    ['all comes back', (): boolean => true, 'fits'],
    ['half comes back', (index: number): boolean => index % 2 === 0, 'full'],
    ['nearly all comes back', (index: number): boolean => index % 12 !== 0, 'enough'],
    ['nothing comes back', (): boolean => false, 'gone'],
  ])('says so when %s', (_what, answers, verdict) => {
    const gauge = knowing(40);
    gauge.begin(0);
    expect(run(gauge, 1000, answers).verdict).toBe(verdict);
  });

  it('does not take for gone a host of which other ports answer', () => {
    const gauge = knowing(40);
    gauge.begin(0);
    gauge.learn(99, CLOSED_RESET);
    expect(run(gauge, 1000, () => false).verdict).toBe('full');
    expect(gauge.share).toBeGreaterThan(0);
  });

  it('tells the speed that was too high, and counts nothing of it later', () => {
    const gauge = knowing(40);
    gauge.begin(0);
    const { atUs } = run(gauge, 500, (index) => index % 3 === 0);
    expect(1 / gauge.rate).toBeCloseTo(500, -1);
    expect(gauge.share).toBeCloseTo(1 / 3, 1);
    gauge.again(atUs);
    expect(run(gauge, 2000, () => true, atUs + 1).verdict).toBe('fits');
  });

  it('tells a limit from a way that loses packets, by what going slower brings', () => {
    const limited = knowing(40);
    const lossy = knowing(40);
    const verdicts: (Verdict | undefined)[][] = [[], []];
    for (const [index, gauge] of [limited, lossy].entries()) {
      gauge.begin(0);
      let nowUs = 0;
      for (const gapUs of [250, 500, 750, 1000, 1200]) {
        const share = index === 0 ? gapUs / 1250 : 0.4;
        const { verdict, atUs } = run(gauge, gapUs, spread(share), nowUs);
        verdicts[index]!.push(verdict);
        nowUs = atUs + 1;
        gauge.again(nowUs);
      }
    }
    expect(verdicts[0]).not.toContain('lossy');
    expect(verdicts[1]).toContain('lossy');
    // From then on that share is the usual one.
    const { verdict } = run(lossy, 250, spread(0.4), 1e9);
    expect(['fits', 'enough']).toContain(verdict);
  });
});

/** True in so many of the calls, evenly. */
function spread(share: number): (index: number) => boolean {
  return (index) => Math.floor((index + 1) * share) > Math.floor(index * share);
}
