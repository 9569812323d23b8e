import { describe, expect, it } from 'vitest';
import { CLOSED_RESET, OPEN_SYN_ACK } from '../../model/port-state.ts';
import type { FoundHost } from './discovery.ts';
import { HostLedger } from './host-ledger.ts';
import type { HostScan } from './host-scan.ts';
import type { ScannedTransport } from './ports.ts';
import { ScanPart } from './scan-part.ts';
import type { ScanRequest } from './scan-request.ts';
import { TIMINGS } from './timing.ts';

const PORTS = Uint16Array.of(22, 25, 53, 80, 110, 143, 443, 445);

/** A part that asks hosts of which each port gives one outcome. */
function partOf(
  found: readonly FoundHost[],
  { transport = 'tcp' as ScannedTransport, isComplete = true } = {},
) {
  const told: string[] = [];
  const request = {
    seed: 7,
    patienceSeconds: 0,
    timing: TIMINGS[3]!,
    onOpen: ({ target }) => told.push(`${target.address}:${target.port}`),
  } as Partial<ScanRequest> as ScanRequest;
  const ledger = new HostLedger(PORTS.length, () => []);
  for (const each of found) ledger.add(each);
  const part = new ScanPart({
    ...{ request, transport, ports: PORTS, silent: 0, found, ledger },
    isComplete: () => isComplete,
    onTick: () => {},
  });
  const ask = (host: HostScan, outcome: number): void => {
    for (let cell = 0; cell < PORTS.length; cell++) {
      host.tries[cell] = 1;
      host.restore(cell, outcome);
      part.hooks.answered(host, cell);
    }
    part.hooks.finished(host);
  };
  return { part, ask, told };
}

const hostAt = (number: number, more: Partial<FoundHost> = {}): FoundHost => ({
  number,
  address: { family: 4, words: [0xc0000200 + number] },
  reason: 'echo-reply',
  ...more,
});

describe('a part of a scan', () => {
  it('keeps of hosts that were asked only those on which everything seems open', () => {
    const { part, ask } = partOf([1, 2, 3].map((number) => hostAt(number)));
    for (const outcome of [CLOSED_RESET, OPEN_SYN_ACK, CLOSED_RESET]) {
      ask(part.next() as HostScan, outcome);
    }
    expect(part.next()).toBeUndefined();
    expect(part.suspects.map(({ number }) => number)).toEqual([2]);
    expect(part.open).toBe(PORTS.length);
  });

  it('suspects nobody where nothing controls: by UDP', () => {
    const { part, ask } = partOf([hostAt(1)], { transport: 'udp' });
    ask(part.next() as HostScan, OPEN_SYN_ACK);
    expect(part.suspects).toEqual([]);
  });

  it('waits for hosts while they are looked for', () => {
    expect(partOf([], { isComplete: false }).part.next()).toBe('later');
    expect(partOf([]).part.next()).toBeUndefined();
  });

  it('has the kernel look for 512 neighbours at once', () => {
    const neighbours = Array.from({ length: 513 }, (_, number) =>
      hostAt(number, { keptByKernel: true }),
    );
    const { part, ask } = partOf(neighbours);
    const asked = Array.from({ length: 512 }, () => part.next() as HostScan);
    expect(part.next()).toBe('later');
    ask(asked[0]!, CLOSED_RESET);
    expect((part.next() as HostScan).number).toBe(512);
  });

  it('asks no port of an address that nobody has', () => {
    const { part } = partOf([hostAt(1, { unreachable: true })]);
    expect((part.next() as HostScan).next()).toBe(-1);
  });
});
