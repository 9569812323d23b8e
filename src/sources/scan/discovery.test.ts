import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Discovery, type FoundHost } from './discovery.ts';
import { systemClock } from './engine.ts';
import { runScan } from './scan.ts';
import { TIMINGS } from './timing.ts';

/** What no way to ask may do: the addresses themselves fail, so that nothing is sent. */
function fail(): never {
  throw new Error('lost');
}

describe('a search for hosts that fails', () => {
  it('says so, and leaves nobody asking', async () => {
    let looks = 0;
    const search = new Discovery({
      timing: TIMINGS[3]!,
      clock: () => {
        looks++;
        return systemClock();
      },
      signal: new AbortController().signal,
      next: fail,
      tcp: () => undefined,
      everyAddress: false,
      up: () => {},
      down: () => {},
    });
    await expect(search.run()).rejects.toThrow('lost');
    const before = looks;
    await sleep(30);
    expect(looks).toBe(before);
  });

  it('ends the scan that waits for it', async () => {
    const scan = runScan({
      targets: { size: 3, spans: [], at: fail } as never,
      ports: new Map([['tcp', Uint16Array.of(1)]]),
      timing: TIMINGS[3]!,
      seed: 1,
      tcpEngine: 'node',
      discovery: true,
      patienceSeconds: 0,
      fragile: false,
      signal: new AbortController().signal,
      namesOf: () => [],
    });
    await expect(scan).rejects.toThrow('lost');
  });
});

it('a host of this machine is found without being asked', async () => {
  const found: FoundHost[] = [];
  let left = 3;
  const search = new Discovery({
    timing: TIMINGS[3]!,
    clock: systemClock,
    signal: new AbortController().signal,
    next: () =>
      left === 0
        ? undefined
        : { number: left--, address: { family: 4, words: [0x7f000000 + left] } },
    tcp: fail,
    everyAddress: false,
    up: (host) => found.push(host),
    down: fail,
  });
  await search.run();
  expect(found.map(({ number, reason }) => `${number} ${reason}`)).toEqual(
    [3, 2, 1].map((number) => `${number} localhost-response`),
  );
});
