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
/** Differences that nobody notices. */
const UNNOTICED_MS = 400;

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
        if (elapsedMs < (moments.at(-1)?.ms ?? 0) + 100) return;
        const standing = { elapsedMs, probes: scheduler.counts.sent, hosts: hosts.length, given };
        moments.push({ ms: elapsedMs, outlook: outlook.at(scheduler, standing) });
      },
    },
  });
  await scheduler.run();
  return [(network.nowUs - startUs) / 1000, moments];
}

const TWENTY = new Set(Array.from({ length: 20 }, (_, index) => index * 971 + 5));
const THREE = new Set([1, 2, 50]);
const CLOSED: SimulatedHost = { open: TWENTY, closed: 'reset' };
const SILENT: SimulatedHost = { open: TWENTY, closed: 'silent' };
const LIMITED: SimulatedHost = { open: THREE, closed: 'unreachable', perSecond: 1, burst: 6 };
const LOSS = 0.0975;

const SHAPES: readonly (readonly [string, readonly SimulatedHost[], Trial])[] = [
  ['all closed', [CLOSED], { cells: 20_000, costUs: 90 }],
  ['mostly filtered', [{ ...CLOSED, filtered: 0.95 }], { cells: 20_000 }],
  ['nearly all filtered', [{ ...CLOSED, filtered: 0.985 }], { cells: 30_000 }],
  ['half filtered', [{ ...CLOSED, filtered: 0.5 }], { cells: 20_000, costUs: 80 }],
  ['silent but for twenty', [SILENT], { cells: 20_000 }],
  [
    'several hosts of all kinds',
    [CLOSED, SILENT, { ...CLOSED, filtered: 0.9 }, CLOSED, { ...SILENT, open: THREE }],
    { cells: 6000 },
  ],
  ['a rate', [{ ...CLOSED, filtered: 0.3 }], { cells: 10_000, rate: 2000 }],
  ['a polite scan', [{ ...CLOSED, filtered: 0.6 }], { cells: 1000, band: 2 }],
  ['a host that takes so many a second', [{ ...CLOSED, perSecond: 500, seed: 7 }], { cells: 3000 }],
  ['UDP, one ICMP error a second', [LIMITED], { cells: 100, patienceSeconds: 30 }],
  ['UDP, few ports', [LIMITED], { cells: 20, patienceSeconds: 30 }],
];

it.each(
  SHAPES.flatMap(([name, hosts, trial]) =>
    [0, LOSS].map((loss) => {
      const lossy = hosts.map((host) => ({ ...host, loss, delayUs: loss > 0 ? 30_000 : 100 }));
      return [loss > 0 ? `${name}, with loss and delay` : name, lossy, trial] as const;
    }),
  ),
)('is announced within a quarter: %s', async (_name, hosts, trial) => {
  const [wholeMs, moments] = await scan(hosts, trial);
  const shown = moments.filter(({ ms }) => ms > Math.max(FIRST_SHOWN_MS, 0.1 * wholeMs));
  const wrong = shown.filter(({ ms, outlook: { left } }) => {
    const realMs = wholeMs - ms;
    if (left === undefined || Math.abs(left.ms - realMs) < UNNOTICED_MS) return false;
    if (left.bound === 'most') return left.ms < realMs;
    return left.ms > 1.25 * realMs || (left.bound === undefined && left.ms < 0.75 * realMs);
  });
  // A moment in which loss showed first, or a limit, may be wrong.
  const told = wrong.map(
    ({ ms, outlook: { left } }) =>
      `${left!.bound ?? ''} ${left!.ms.toFixed()} ms, ${(wholeMs - ms).toFixed()} came`,
  );
  expect(told.length > 0.1 * shown.length ? told : []).toEqual([]);
});
