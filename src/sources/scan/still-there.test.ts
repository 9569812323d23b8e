import { describe, expect, it } from 'vitest';
import {
  CLOSED_RESET,
  FILTERED_ADMIN_PROHIBITED,
  FILTERED_NET_UNREACH,
  FILTERED_SILENT,
  OPEN_SYN_ACK,
} from '../../model/port-state.ts';
import { parseAddress } from '../../net/address.ts';
import { LikelyFirst } from './cell-order.ts';
import type { ProbeEngine } from './engine.ts';
import { HostScan } from './host-scan.ts';
import { checkStillThere, doubtful } from './still-there.ts';
import { TIMINGS } from './timing.ts';

/** A host, one cell for each outcome; ports are cells plus 100. */
function hostWith(outcomes: readonly number[], number = 0): HostScan {
  const order = new LikelyFirst(outcomes.length, new Set(), 1);
  const host = new HostScan(number, parseAddress(`192.0.2.${number + 1}`)!, order, TIMINGS[3]!);
  outcomes.forEach((outcome, cell) => {
    host.outcomes[cell] = outcome;
    host.tries[cell] = 1;
  });
  return host;
}

const many = (count: number, outcome: number): number[] => Array(count).fill(outcome);
const SILENT = many(20, FILTERED_SILENT);

describe('ports asked again', () => {
  it.each<[string, number[], number[]]>([
    [
      'two that refused and one open',
      [...many(4, CLOSED_RESET), OPEN_SYN_ACK, ...SILENT],
      [0, 1, 4],
    ],
    ['open ones', [...many(5, OPEN_SYN_ACK), ...SILENT], [0, 1, 2]],
    ['none of a host that never answered', SILENT, []],
    ['none where a filter answers', [FILTERED_ADMIN_PROHIBITED, ...SILENT], []],
    ['none where hardly any is silent', [OPEN_SYN_ACK, ...many(7, FILTERED_SILENT)], []],
  ])('are %s', (_name, outcomes, cells) => {
    const ports = Uint16Array.from(outcomes, (_, cell) => 100 + cell);
    const again = doubtful(hostWith(outcomes), ports)?.ports ?? [];
    expect(again.map((port) => port - 100)).toEqual(cells);
  });
});

describe('hosts with silent ports', () => {
  it('are told apart by whether they still answer', async () => {
    const outcomes = [...many(2, CLOSED_RESET), OPEN_SYN_ACK, ...SILENT];
    const hosts = [0, 1, 3].map((number) => hostWith(outcomes, number));
    hosts.push(hostWith(SILENT, 2));
    const numbers = Uint16Array.from(outcomes, (_, cell) => 100 + cell);
    const asked = new Set<string>();
    const waiting: [HostScan, number, number][] = [];
    let nowUs = 0;
    const engine: ProbeEngine = {
      name: 'syn',
      silent: FILTERED_SILENT,
      send: (batch) => {
        for (let at = 0; at < batch.length; at++) {
          const host = batch.hosts[at]!;
          asked.add(`${host.number}:${ports[batch.cells[at]!]}`);
          if (host.number !== 1) waiting.push([host, batch.cells[at]!, batch.attempts[at]!]);
        }
        return batch.length;
      },
      receive: (waitMs, sink) => {
        nowUs += 1000 * Math.max(1, waitMs);
        for (const [host, cell, attempt] of waiting.splice(0)) {
          // To the last one the way is gone.
          const outcome = host.number === 0 ? CLOSED_RESET : FILTERED_NET_UNREACH;
          sink.answer(host, cell, attempt, outcome, nowUs, 64);
        }
      },
      close: () => {},
    };
    let ports = new Uint16Array(0);
    const gone: number[] = [];
    await checkStillThere({
      engine: (wanted) => {
        ports = wanted.slice();
        return engine;
      },
      hosts: hosts.flatMap((host) => doubtful(host, numbers) ?? []),
      timing: TIMINGS[3]!,
      clock: () => nowUs,
      signal: new AbortController().signal,
      gone: (number) => gone.push(number),
    });
    expect(gone.sort()).toEqual([1, 3]);
    expect([...asked].sort()).toEqual(
      [0, 1, 3].flatMap((host) => [100, 101, 102].map((port) => `${host}:${port}`)),
    );
  });
});
