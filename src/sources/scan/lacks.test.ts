import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FILTERED_NET_UNREACH } from '../../model/port-state.ts';
import { AF_INET6, socketCalls } from '../../native/sockets.ts';
import type { CellOrder } from './cells-to-ask.ts';
import { ConnectEngine } from './connect-engine.ts';
import { type ProbeBatch, type ProbeEngine, systemClock } from './engine.ts';
import { HostScan } from './host-scan.ts';
import { routeTo } from './raw-scan.ts';
import { TIMINGS } from './timing.ts';
import { UdpEngine } from './udp-engine.ts';

/** A family that no kernel has. */
const UNKNOWN = 255;
const ONE: CellOrder = { cells: 1, randomFrom: 1, at: () => 0 };
const host = () => new HostScan(0, { family: 6, words: [0x20010db8, 0, 0, 1] }, ONE, TIMINGS[3]!);

/** Outcomes of one probe to a host. */
function outcomesOf(engine: ProbeEngine, target: HostScan): number[] {
  const outcomes: number[] = [];
  const sink = {
    answer: (_host: HostScan, _cell: number, _attempt: number, outcome: number) => {
      outcomes.push(outcome);
    },
  };
  const batch: ProbeBatch = {
    hosts: [target],
    cells: Int32Array.of(0),
    attempts: Uint8Array.of(0),
    length: 1,
  };
  try {
    engine.admit?.(target);
    expect(engine.send(batch, sink)).toBe(1);
    return outcomes;
  } finally {
    engine.close();
  }
}

describe('a kernel without IPv6', () => {
  const calls = socketCalls() as { socket: (...words: number[]) => number };
  const { socket } = calls;
  beforeEach(() => {
    calls.socket = (family, type, protocol) =>
      socket(family === AF_INET6 ? UNKNOWN : family!, type!, protocol!);
  });
  afterEach(() => {
    calls.socket = socket;
  });

  it('has no way to its addresses', () => {
    expect(routeTo(host().address)).toEqual({ source: undefined, scope: 0 });
  });

  it.each([
    ['UDP', () => new UdpEngine(Uint16Array.of(53), systemClock)],
    ['connections', () => new ConnectEngine(Uint16Array.of(53), systemClock)],
  ])('is said by %s, and ends no scan', (_name, open) => {
    expect(outcomesOf(open(), host())).toEqual([FILTERED_NET_UNREACH]);
  });
});

it('a flood of datagrams does not keep the scan from going on', () => {
  const engine = new UdpEngine(Uint16Array.of(53), systemClock);
  const loopback = new HostScan(0, { family: 4, words: [0x7f000001] }, ONE, TIMINGS[3]!);
  engine.admit(loopback);
  const { reader } = engine as unknown as { reader: { receive: () => number } };
  let read = 0;
  reader.receive = () => {
    read++;
    return 1;
  };
  engine.receive(0, { answer: () => {} });
  engine.close();
  expect(read).toBeGreaterThan(10_000);
});
