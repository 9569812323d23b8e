/**
 * Flows against Zeek's own test suite: originator, packets, IP octets, states and histories of
 * every row, and what is left of the direction when a capture begins in mid-stream.
 * Differences that are meant are named, with their reason, in docs/conformance.md.
 */
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../src/model/flow.ts';
import { corpus } from './corpora.ts';
import {
  type Case,
  type ExpectedFlow,
  flowsOf,
  keyOfExpected,
  keyOfFlow,
  zeekCases,
} from './zeek-flows.ts';

const folder = corpus('zeek');

/** Rows whose counters differ, by capture; the reasons are in docs/conformance.md. */
const MEANT: ReadonlyMap<string, number> = new Map([
  ['tunnels-ayiya-large-identity', 1],
  ['tunnels-gtp-gtp2_different_udp_port', 2],
]);

interface Pair {
  readonly row: ExpectedFlow;
  readonly flow: Flow | undefined;
}

function forward(flow: Flow, row: ExpectedFlow): boolean {
  // Zeek does not decode SCTP: it gives its rows no ports.
  if (row.proto === 'unknown_transport') return flow.client === row.orig_h;
  return flow.client === row.orig_h && flow.clientPort === row.orig_p;
}

function countersAgree(flow: Flow, row: ExpectedFlow): boolean {
  const [originator, responder] = forward(flow, row)
    ? [flow.toServer, flow.toClient]
    : [flow.toClient, flow.toServer];
  const pairs = [
    ['orig_pkts', originator.packets],
    ['orig_ip_bytes', originator.bytes],
    ['resp_pkts', responder.packets],
    ['resp_ip_bytes', responder.bytes],
  ] as const;
  return pairs.every(
    ([field, value]) =>
      row.unsure?.includes(field) === true || row[field] === null || row[field] === value,
  );
}

/** Finds for each row the flow that agrees best with it; each flow is used once. */
function pair(rows: readonly ExpectedFlow[], flows: readonly Flow[]): Pair[] {
  const byKey = new Map<string, Flow[]>();
  for (const flow of flows) {
    const key = flow.transport === 'sctp' ? withoutPorts(flow) : keyOfFlow(flow);
    byKey.set(key, [...(byKey.get(key) ?? []), flow]);
  }
  return rows.map((row) => {
    const candidates = byKey.get(keyOfExpected(row)) ?? [];
    const tests: ((flow: Flow) => boolean)[] = [
      (flow) => forward(flow, row) && countersAgree(flow, row) && flow.state === row.conn_state,
      (flow) => forward(flow, row) && countersAgree(flow, row),
      (flow) => countersAgree(flow, row),
      (flow) => forward(flow, row),
      () => true,
    ];
    for (const test of tests) {
      const index = candidates.findIndex(test);
      if (index >= 0) return { row, flow: candidates.splice(index, 1)[0]! };
    }
    return { row, flow: undefined };
  });
}

function withoutPorts(flow: Flow): string {
  return keyOfFlow({ ...flow, clientPort: 0, serverPort: 0 });
}

function share(part: number, whole: number): string {
  return `${part} of ${whole} (${((100 * part) / whole).toFixed(2)} %)`;
}

describe.skipIf(folder === undefined)('Zeek corpus', { timeout: 60_000 }, () => {
  const cases: Case[] = folder === undefined ? [] : zeekCases(folder);

  it('has the originator, the counters, the states and the histories that Zeek has', async () => {
    let rows = 0;
    let syn = 0;
    let synRight = 0;
    let agree = 0;
    let states = 0;
    let histories = 0;
    const differ = new Map<string, number>();
    for (const { name, path, expected } of cases) {
      for (const { row, flow } of pair(expected.flows, await flowsOf(path))) {
        rows++;
        if (row.evidence === 'syn') {
          syn++;
          if (flow !== undefined && forward(flow, row)) synRight++;
        }
        if (flow !== undefined && countersAgree(flow, row)) agree++;
        else differ.set(name, (differ.get(name) ?? 0) + 1);
        if (flow?.state === row.conn_state || row.proto === 'unknown_transport') states++;
        if (flow?.history === (row.history ?? '') || row.proto === 'unknown_transport') histories++;
      }
    }
    console.log(
      [
        `originator of flows whose SYN was seen: ${share(synRight, syn)}`,
        `packets and octets both ways:           ${share(agree, rows)}`,
        `connection state:                       ${share(states, rows)}`,
        `history:                                ${share(histories, rows)}`,
      ].join('\n'),
    );
    expect(synRight).toBe(syn);
    expect(differ).toEqual(MEANT);
    expect(agree / rows).toBeGreaterThanOrEqual(0.99);
    expect(states / rows).toBeGreaterThanOrEqual(0.99);
    expect(histories / rows).toBeGreaterThanOrEqual(0.99);
  });

  it('stays right about direction when the first 1 to 10 packets are missing', async () => {
    let flows = 0;
    let decided = 0;
    let right = 0;
    let unknown = 0;
    const wrong: string[] = [];
    const wrongCertain: string[] = [];
    for (const { name, path, expected } of cases) {
      const originators = new Map<string, Set<string>>();
      for (const row of expected.flows) {
        // Only rows whose direction the capture itself shows can judge a guess.
        if (row.proto !== 'tcp' || (row.evidence !== 'syn' && row.evidence !== 'syn-ack')) continue;
        const key = keyOfExpected(row);
        originators.set(
          key,
          (originators.get(key) ?? new Set()).add(`${row.orig_h} ${row.orig_p}`),
        );
      }
      for (let skip = 1; skip <= 10; skip++) {
        for (const flow of await flowsOf(path, skip)) {
          const truth = originators.get(keyOfFlow(flow));
          if (truth === undefined || truth.size !== 1) continue;
          flows++;
          if (flow.direction.confidence === 'unknown') {
            unknown++;
            continue;
          }
          decided++;
          if (truth.has(`${flow.client} ${flow.clientPort}`)) right++;
          else {
            const text = `${name} -${skip}: ${keyOfFlow(flow)} ${flow.direction.reason} ${flow.history}`;
            wrong.push(text);
            if (flow.direction.confidence === 'certain') wrongCertain.push(text);
          }
        }
      }
    }
    console.log(
      [
        `flows without their first packets: ${flows}`,
        `unknown: ${share(unknown, flows)}`,
        `right among decided: ${share(right, decided)}`,
        ...wrong,
      ].join('\n'),
    );
    expect(wrongCertain).toEqual([]);
    expect(right / decided).toBeGreaterThanOrEqual(0.98);
    expect(unknown / flows).toBeLessThanOrEqual(0.1);
  });
});
