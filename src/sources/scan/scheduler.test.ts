import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLOSED_PORT_UNREACH,
  CLOSED_RESET,
  FILTERED_SILENT,
  isOpen,
  OPEN_SYN_ACK,
  OUTCOMES,
} from '../../model/port-state.ts';
import { LikelyFirst } from './cell-order.ts';
import { HostScan, NOT_MINE } from './host-scan.ts';
import { Scheduler } from './scheduler.ts';
import type { SimulatedHost, SimulatedNetwork } from './simulated.fixture.ts';
import { openCells, simulatedScan as scan } from './simulated-scan.fixture.ts';
import { TIMINGS, type Timing, timingNamed } from './timing.ts';

const TWENTY = new Set(Array.from({ length: 20 }, (_, index) => index * 3271 + 5));

/** Every tenth port: what is overlooked shows. */
const MANY = new Set(Array.from({ length: 2000 }, (_, index) => 10 * index));

describe('a scan', () => {
  it('finds every open port and no other without loss', async () => {
    const { done, network } = await scan([{ open: TWENTY, closed: 'reset' }], 65_535);
    expect(openCells(done[0]!)).toEqual([...TWENTY]);
    expect(done[0]!.known).toBe(65_535);
    expect(network.sent).toBe(65_535);
  });

  it.each([
    ['closed ports answer', 'reset', 0.0975, 0],
    ['all else is silent', 'silent', 0.0975, 0],
    ['30 ms each way', 'reset', 0.0975, 60_000],
    ['a third is lost', 'reset', 0.33, 1000],
  ] as const)('misses nothing under loss: %s', async (_name, closed, loss, delayUs) => {
    for (let seed = 1; seed <= 4; seed++) {
      const { done, network } = await scan([{ open: TWENTY, closed, loss, delayUs, seed }], 65_535);
      expect(openCells(done[0]!)).toEqual([...TWENTY]);
      expect(done[0]!.known).toBe(65_535);
      if (closed === 'reset') expect(network.sent).toBeLessThan(65_535 * (1.3 + 2 * loss));
    }
  });

  it.each([
    ['at once, then one a second', 6, 30, 20, 30],
    ['one a second, and others used up what there was', 1, 30, 20, 30],
    ['one a second, all used up, without patience', 1, 0, 0, 0],
  ])(
    'asks UDP ports at the pace of their ICMP errors: %s',
    async (_name, burst, patience, most, seconds) => {
      const limited: SimulatedHost = {
        open: new Set(),
        closed: 'unreachable',
        perSecond: 1,
        burst,
      };
      const { done, network } = await scan(
        [{ ...limited, startsEmpty: burst === 1 }],
        20,
        TIMINGS[3],
        (host) => {
          host.roundTrip.sample(100);
          host.slow.patienceUs = 1e6 * patience;
        },
      );
      const closed = [...done[0]!.outcomes].filter((code) => code === CLOSED_PORT_UNREACH);
      expect(closed.length).toBeGreaterThanOrEqual(most - 2);
      expect(closed.length).toBeLessThanOrEqual(most);
      expect(network.nowUs / 1e6).toBeLessThan(seconds + 1);
    },
  );

  it.each([
    ['everything, amid', 600_000, 8e6, 1],
    ['everything, at the end', 900_000, 8e6, 1],
    ['four of five, at the end', 900_000, 2e6, 0.8],
  ])('misses nothing where the link loses for a while: %s', async (_name, fromUs, forUs, loss) => {
    for (let seed = 1; seed <= 4; seed++) {
      const trouble = [[fromUs, fromUs + forUs, loss]] as const;
      const host: SimulatedHost = { open: MANY, closed: 'reset', loss: 0.0975, delayUs: 60_000 };
      const { done } = await scan([{ ...host, seed, trouble }], 20_000);
      expect(openCells(done[0]!)).toEqual([...MANY]);
    }
  });

  it('does not give up what was answered while it was not run', async () => {
    const host: SimulatedHost = { open: TWENTY, closed: 'reset', delayUs: 60_000 };
    const often = (network: SimulatedNetwork): void => {
      network.pause = { looks: 4, us: 300_000 };
    };
    const { network } = await scan([host], 300, TIMINGS[3], undefined, often);
    expect(network.sent).toBe(300);
  });

  it('does not take for silence what there was no room for here', async () => {
    const host: SimulatedHost = { open: TWENTY, closed: 'reset', delayUs: 60_000 };
    const small = (network: SimulatedNetwork): void => {
      network.pause = { looks: 4, us: 300_000 };
      network.ring = 20;
    };
    const { done } = await scan([host], 300, TIMINGS[3], undefined, small);
    expect(done[0]!.outcomes.includes(FILTERED_SILENT)).toBe(false);
  });

  it('slows down where speed makes loss, and still misses nothing', async () => {
    const limited: SimulatedHost = { open: TWENTY, closed: 'reset', perSecond: 5000, delayUs: 500 };
    const { done, network } = await scan([limited], 20_000);
    expect(openCells(done[0]!)).toEqual([...TWENTY].filter((cell) => cell < 20_000));
    expect(network.sent).toBeLessThan(20_000 * 3);
    expect(done[0]!.tally.overloaded).toBe(true);
  });

  it('does not slow down for ever where a host falls silent', async () => {
    const blocking: SimulatedHost = { open: TWENTY, closed: 'reset', blocksAfter: 3000 };
    const { done, network } = await scan([blocking], 20_000);
    expect(done[0]!.known).toBe(20_000);
    expect(network.nowUs).toBeLessThan(120e6);
    expect(network.sent).toBeLessThan(20_000 * 10);
  });

  it('keeps to the speed of a lossy link: loss alone does not slow it down', async () => {
    const { network } = await scan(
      [{ open: TWENTY, closed: 'reset', loss: 0.0975, delayUs: 1000 }],
      65_535,
    );
    expect(network.nowUs).toBeLessThan(5e6);
  });

  it('waits longer where the way is longer than the first wait', async () => {
    const far: SimulatedHost = { open: TWENTY, closed: 'reset', delayUs: 1_700_000 };
    const { done, scheduler } = await scan([far], 1000);
    expect(openCells(done[0]!)).toEqual([...TWENTY].filter((cell) => cell < 1000));
    expect(done[0]!.outcomes.filter((code) => code === CLOSED_RESET).length).toBe(999);
    expect(scheduler.counts.answers).toBe(1000);
  });

  it('does not let dead hosts hold up the living', async () => {
    const living: SimulatedHost = { open: new Set([7]), closed: 'reset', delayUs: 200 };
    const alone = await scan([living], 1000);
    const dead: SimulatedHost = { open: new Set(), closed: 'silent' };
    const among = await scan([...Array.from({ length: 200 }, () => dead), living], 1000);
    expect(openCells(among.done[0]!)).toEqual([7]);
    const late = among.network.firstAnswerUs;
    expect(late).toBeLessThan(alone.network.nowUs + 1e6);
    expect(among.done.length).toBe(201);
    for (const host of among.done.slice(1)) {
      expect(new Set(host.outcomes)).toEqual(new Set([FILTERED_SILENT]));
    }
  });

  it('takes a lack of room here for no answer there', async () => {
    const { done, scheduler } = await scan(
      [{ open: TWENTY, closed: 'reset', delayUs: 300, room: 37 }],
      5000,
    );
    expect(openCells(done[0]!)).toEqual([...TWENTY].filter((cell) => cell < 5000));
    expect(done[0]!.outcomes.filter((code) => code === CLOSED_RESET).length).toBe(4998);
    expect(scheduler.counts.localWaits).toBeGreaterThan(0);
  });

  it('keeps the rate', async () => {
    const timing = { ...TIMINGS[3]!, ratePerSecond: 1000 };
    const { network } = await scan([{ open: TWENTY, closed: 'reset' }], 3000, timing);
    expect(network.nowUs).toBeGreaterThan(2.9e6);
    expect(network.nowUs).toBeLessThan(3.6e6);
  });

  it('keeps the rate also where hosts answer little and packets are lost', async () => {
    const window = 40_000;
    const limits = { startWindow: window, mostWindow: window, silentWindow: window };
    const timing = { ...TIMINGS[3]!, ...limits, totalWindow: 4 * window, ratePerSecond: window };
    const few: SimulatedHost = { open: new Set([7, 70, 700]), closed: 'silent', loss: 0.1 };
    const { network } = await scan([few, { ...few, seed: 2 }], 20_000, timing);
    expect(network.nowUs).toBeLessThan((1.3e6 * network.sent) / window);
  });

  it('asks no cell that is known or belongs to another shard', async () => {
    const { done, network } = await scan(
      [{ open: TWENTY, closed: 'reset' }],
      1000,
      TIMINGS[3]!,
      (host) => {
        for (let cell = 0; cell < 400; cell++) host.restore(cell, CLOSED_RESET);
        for (let cell = 400; cell < 700; cell++) host.restore(cell, NOT_MINE);
      },
    );
    expect(network.sent).toBe(300);
    expect(done[0]!.known).toBe(700);
  });

  it('takes answers that cannot be true for what they are', async () => {
    const { done, scheduler } = await scan(
      [{ open: TWENTY, closed: 'reset', duplicates: 3, strays: true }],
      2000,
    );
    expect(openCells(done[0]!)).toEqual([...TWENTY].filter((cell) => cell < 2000));
    expect(scheduler.counts.duplicates).toBeGreaterThan(2000);
  });

  it('gives every port of every host one outcome, whatever the network does', async () => {
    const host = fc.record({
      open: fc.uniqueArray(fc.nat(199), { maxLength: 20 }).map((cells) => new Set(cells)),
      closed: fc.constantFrom('reset', 'silent', 'mixed') as fc.Arbitrary<'reset' | 'silent'>,
      loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
      delayUs: fc.integer({ min: 0, max: 400_000 }),
      seed: fc.integer(),
      duplicates: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(host, { maxLength: 6 }), fc.nat(5), async (hosts, band) => {
        const timing = { ...TIMINGS[band]!, ratePerSecond: 1e6 };
        const { done, complete } = await scan(hosts, 200, timing);
        expect(complete).toBe(true);
        expect(done.length).toBe(hosts.length);
        for (const each of done) {
          expect(each.known).toBe(200);
          expect(each.inFlight).toBe(0);
          expect(each.outcomes.every((code) => OUTCOMES[code] !== undefined)).toBe(true);
          const open = hosts[each.number]!.open;
          for (const cell of openCells(each)) expect(open.has(cell)).toBe(true);
          // What was sent while nothing came back may be sent anew.
          const most = 3 * timing.mostTries;
          expect([...each.tries].every((tries) => tries <= most)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('reports opens as such', async () => {
    const { done } = await scan([{ open: new Set([3]), closed: 'silent' }], 10);
    expect(done[0]!.outcomes[3]).toBe(OPEN_SYN_ACK);
    expect(done[0]!.roundTripMs(3)).toBeGreaterThanOrEqual(0);
    expect(done[0]!.roundTripMs(4)).toBeUndefined();
    expect(done[0]!.tries[4]).toBeGreaterThanOrEqual(2);
  });
});

it.each([
  ['3', 'normal'],
  ['Insane', 'insane'],
  ['0', 'paranoid'],
])('knows the timing %s', (text, name) => {
  expect(timingNamed(text)?.name).toBe(name);
});

it.each(['6', '-1', '', 'fast'])('knows no timing "%s"', (text) => {
  expect(timingNamed(text)).toBeUndefined();
});
