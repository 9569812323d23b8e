import { describe, expect, it } from 'vitest';
import {
  CLOSED_PORT_UNREACH,
  CLOSED_RESET,
  FILTERED_ADMIN_PROHIBITED,
  OPEN_SYN_ACK,
} from '../../model/port-state.ts';
import { Pulse } from './pulse.ts';
import { TIMINGS } from './timing.ts';

const TIMEOUT_US = 100_000;
const normal = (): Pulse => new Pulse(TIMINGS[3]!);

/** A pulse that is asked for all the time between two moments, and answered or not. */
function feel(pulse: Pulse, fromUs: number, toUs: number, answered: boolean): number {
  let sent = 0;
  for (let us = fromUs; us < toUs; us += 10_000) {
    pulse.askedAgain();
    if (!pulse.isDue(us, TIMEOUT_US)) continue;
    pulse.sent(us);
    sent++;
    if (answered) pulse.beat(us + 1000, 1000);
  }
  return sent;
}

describe('the pulse of a host', () => {
  it.each([
    ['a refusal', [OPEN_SYN_ACK, CLOSED_RESET, OPEN_SYN_ACK], 1],
    ['else an open port', [FILTERED_ADMIN_PROHIBITED, OPEN_SYN_ACK], 1],
    ['never what hosts limit', [CLOSED_PORT_UNREACH, FILTERED_ADMIN_PROHIBITED], -1],
  ])('is taken at %s', (_name, outcomes, cell) => {
    const pulse = normal();
    outcomes.forEach((outcome, index) => {
      pulse.learn(index, outcome);
    });
    expect(pulse.cell).toBe(cell);
  });

  it.each([
    ['a port that refuses', CLOSED_RESET, 100],
    ['an open port, rarely', OPEN_SYN_ACK, 20],
  ])('is felt at %s, while ports are asked again', (_name, outcome, most) => {
    const pulse = normal();
    expect(feel(pulse, 0, 1e6, true)).toBe(0);
    pulse.learn(7, outcome);
    const sent = feel(pulse, 0, 10e6, true);
    expect(sent).toBeGreaterThan(most / 2);
    expect(sent).toBeLessThanOrEqual(most + 1);
    pulse.sent(11e6);
    pulse.beat(11e6 + 1000, 1000);
    expect(pulse.isDue(12e6, TIMEOUT_US)).toBe(false);
  });

  it('tells when silence says nothing of a port', () => {
    const pulse = normal();
    pulse.learn(7, CLOSED_RESET);
    expect(pulse.worked(50_000, 0)).toBe(true);
    feel(pulse, 0, 1e6, true);
    feel(pulse, 1e6, 2e6, false);
    expect(pulse.worked(950_000, 0)).toBe(true);
    expect(pulse.worked(1_450_000, 0)).toBe(false);
    expect(pulse.worked(1_450_000, 0.1)).toBe(false);
    feel(pulse, 2e6, 3e6, true);
    expect(pulse.worked(2_950_000, 0.1)).toBe(true);
  });

  it('does not mind one that is lost on a lossy way', () => {
    const pulse = normal();
    pulse.learn(7, CLOSED_RESET);
    feel(pulse, 0, 1e6, true);
    feel(pulse, 1e6, 1.1e6, false);
    expect(pulse.worked(1_050_000, 0)).toBe(false);
    expect(pulse.worked(1_050_000, 0.1)).toBe(true);
  });

  it('judges first tries by the share that answers as a rule', () => {
    const pulse = normal();
    for (let us = 0; us < 100_000; us += 1000) pulse.askedFirst(us, 0.5);
    for (let us = 0; us < 30_000; us += 1000) pulse.heard(us, us + 1000);
    expect(pulse.worked(50_000, 0)).toBe(true);
    for (let us = 100_000; us < 200_000; us += 1000) pulse.askedFirst(us, 0.5);
    for (let us = 100_000; us < 120_000; us += 1000) pulse.heard(us, us + 1000);
    expect(pulse.worked(150_000, 0)).toBe(false);
  });

  it('finds a host gone, waits for it, and not for ever', () => {
    const pulse = normal();
    pulse.learn(7, CLOSED_RESET);
    feel(pulse, 0, 1e6, true);
    feel(pulse, 1e6, 3e6, false);
    expect(pulse.isAway(3e6, TIMEOUT_US, 0.1)).toBe(true);
    pulse.heard(undefined, 3.1e6);
    expect(pulse.isAway(3.1e6, TIMEOUT_US, 0.1)).toBe(false);
    feel(pulse, 4e6, 6e6, false);
    expect(pulse.isAway(6e6, TIMEOUT_US, 0.1)).toBe(true);
    feel(pulse, 6e6, 30e6, false);
    expect(pulse.isAway(30e6, TIMEOUT_US, 0.1)).toBe(false);
    expect(pulse.gone).toBe(true);
  });

  it('knows that answers were lost here', () => {
    const pulse = normal();
    pulse.learn(7, CLOSED_RESET);
    feel(pulse, 0, 1e6, true);
    pulse.spoil(400_000, 600_000);
    expect([350_000, 450_000, 550_000, 850_000].map((us) => pulse.worked(us, 0))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
