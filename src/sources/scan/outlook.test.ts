/**
 * Whole scans of networks that exist only in time: at any moment after the first tenth the time
 * announced must be what really comes, within a quarter, or bound it as it says.
 */
import { expect, it } from 'vitest';
import { LikelyFirst } from './cell-order.ts';
import { HostScan } from './host-scan.ts';
import { type Outlook, TransportOutlook } from './outlook.ts';
import { Scheduler } from './scheduler.ts';
import { type SimulatedHost, SimulatedNetwork } from './simulated.fixture.ts';
import { TIMINGS } from './timing.ts';

interface Trial {
  readonly cells: number;
  readonly band?: number;
  readonly rate?: number;
  readonly patienceSeconds?: number;
  /** What sending one probe takes. */
  readonly costUs?: number;
}

interface Moment {
  readonly ms: number;
  readonly outlook: Outlook;
}

/** What is shown: nothing in the first moments. */
const FIRST_SHOWN_MS = 800;
/** Differences that nobody notices: times are shown in tenths of a second. */
const UNNOTICED_MS = 300;
const SEEDS = [1, 2];

async function scan(hosts: readonly SimulatedHost[], trial: Trial): Promise<[number, Moment[]]> {
  const { cells, band = 3, patienceSeconds = 0, costUs = 8 } = trial;
  const timing = { ...TIMINGS[band]!, ...(trial.rate && { ratePerSecond: trial.rate }) };
  const network = new SimulatedNetwork(hosts, costUs);
  const order = new LikelyFirst(cells, new Set([1, 2, 3]), 99);
  const outlook = new TransportOutlook(cells, 0, 0);
  const moments: Moment[] = [];
  const startUs = network.nowUs;
  let given = 0;
  const scheduler: Scheduler = new Scheduler({
    engine: network,
    timing,
    clock: () => network.nowUs,
    hosts: () => {
      if (given === hosts.length) return undefined;
      const host = new HostScan(given, { family: 4, words: [given] }, order, timing);
      // As whoever found the host knows it.
      host.roundTrip.sample(hosts[given++]!.delayUs ?? 100);
      host.slow.patienceUs = 1e6 * patienceSeconds;
      return host;
    },
    hooks: {
      answered: () => {},
      finished: () => {},
      tick: () => {
        const elapsedMs = (network.nowUs - startUs) / 1000;
        if (elapsedMs < (moments.at(-1)?.ms ?? 0) + 200) return;
        const standing = { elapsedMs, probes: scheduler.counts.sent, hosts: hosts.length, given };
        moments.push({ ms: elapsedMs, outlook: outlook.at(scheduler, standing) });
      },
    },
  });
  await scheduler.run();
  return [(network.nowUs - startUs) / 1000, moments];
}

const TWENTY = new Set(Array.from({ length: 20 }, (_, index) => index * 471 + 5));
const THREE = new Set([1, 2, 50]);
const CLOSED: SimulatedHost = { open: TWENTY, closed: 'reset' };
const SILENT: SimulatedHost = { open: TWENTY, closed: 'silent' };
const LIMITED: SimulatedHost = { open: THREE, closed: 'unreachable', perSecond: 1, burst: 6 };
const LOSS = 0.0975;

const SHAPES: readonly (readonly [string, readonly SimulatedHost[], Trial])[] = [
  ['all closed', [CLOSED], { cells: 16_000, costUs: 90 }],
  ['mostly filtered', [{ ...CLOSED, filtered: 0.95 }], { cells: 12_000 }],
  ['nearly all filtered', [{ ...CLOSED, filtered: 0.985 }], { cells: 15_000 }],
  ['half filtered', [{ ...CLOSED, filtered: 0.5 }], { cells: 12_000, costUs: 80 }],
  ['silent but for twenty', [SILENT], { cells: 10_000 }],
  [
    'several hosts of all kinds',
    [CLOSED, SILENT, { ...CLOSED, filtered: 0.9 }, CLOSED, { ...SILENT, open: THREE }],
    { cells: 4000 },
  ],
  ['a rate', [{ ...CLOSED, filtered: 0.3 }], { cells: 6000, rate: 2000 }],
  ['a polite scan', [{ ...CLOSED, filtered: 0.6 }], { cells: 1000, band: 2 }],
  ['a host that takes 500 a second', [{ ...CLOSED, perSecond: 500 }], { cells: 3000 }],
  ['a host that takes 5,000 a second', [{ ...CLOSED, perSecond: 5000 }], { cells: 15_000 }],
  ['UDP, one ICMP error a second', [LIMITED], { cells: 100, patienceSeconds: 30 }],
  ['UDP, few ports', [LIMITED], { cells: 20, patienceSeconds: 30 }],
];

interface Wrong {
  readonly told: readonly string[];
  readonly moments: readonly Moment[];
  readonly wholeMs: number;
}

/** What was announced at moments from `fromMs` on, and neither came nor bounded what came. */
async function wrong(
  hosts: readonly SimulatedHost[],
  trial: Trial,
  seed: number,
  fromMs = 0,
): Promise<Wrong> {
  const seeded = hosts.map((host, index) => ({ ...host, seed: 100 * seed + index }));
  const [wholeMs, moments] = await scan(seeded, trial);
  const shown = moments.filter(({ ms }) => ms > Math.max(FIRST_SHOWN_MS, 0.1 * wholeMs, fromMs));
  const bad = shown.filter(({ ms, outlook: { left } }) => {
    const realMs = wholeMs - ms;
    if (left === undefined || Math.abs(left.ms - realMs) < UNNOTICED_MS) return false;
    if (left.bound === 'most') return left.ms < realMs;
    return left.ms > 1.25 * realMs || (left.bound === undefined && left.ms < 0.75 * realMs);
  });
  const told = bad.map(
    ({ ms, outlook: { left } }) =>
      `seed ${seed}: ${left!.bound ?? ''} ${left!.ms.toFixed()} ms, ${(wholeMs - ms).toFixed()} came`,
  );
  return { told, moments: shown, wholeMs };
}

it.each(
  SHAPES.flatMap(([name, hosts, trial]) =>
    [0, LOSS].map((loss) => {
      const lossy = hosts.map((host) => ({ ...host, loss, delayUs: loss > 0 ? 30_000 : 100 }));
      return [loss > 0 ? `${name}, with loss and delay` : name, lossy, trial] as const;
    }),
  ),
)('is announced within a quarter, or bound: %s', async (_name, hosts, trial) => {
  for (const seed of SEEDS) expect((await wrong(hosts, trial, seed)).told).toEqual([]);
});

it.each([
  ['straight', 0, 7500],
  ['with loss and delay', LOSS, 17_000],
])('is right again after a stall, which costs little time: %s', async (_name, loss, mostMs) => {
  const way = { loss, delayUs: loss > 0 ? 30_000 : 100 };
  const host = { ...CLOSED, ...way, filtered: 0.94, trouble: [[1e6, 1.6e6, 1]] as const };
  const { told, wholeMs } = await wrong([host], { cells: 30_000 }, 1, 4500);
  expect(told).toEqual([]);
  expect(wholeMs).toBeLessThan(mostMs);
});
