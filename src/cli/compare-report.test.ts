import { expect, it } from 'vitest';
import type { ComparedEndpoint, VerdictName } from '../model/comparison.ts';
import type { Comparison } from '../pipeline/compare-host.ts';
import { type Compared, compareReport } from './compare-report.ts';

const endpoint = (verdict: VerdictName, port: number): ComparedEndpoint => ({
  kind: 'endpoint',
  addresses: ['192.0.2.7'],
  transport: 'tcp',
  port,
  verdict,
  sure: 'certain',
  why: 'open',
  do: [],
  host: { says: 'it listens', evidence: [] },
  network: { says: 'nothing', evidence: [] },
  vantages: [],
});
const machine = (name: string, ...verdicts: VerdictName[]): Compared => ({
  name,
  comparison: {
    rows: verdicts.map((verdict, index) => endpoint(verdict, 1000 + index)),
    host: {} as Comparison['host'],
    vantages: [],
    asked: verdicts.filter((verdict) => verdict !== 'not-probed').length,
    notes: [],
  },
});

it.each([
  [[machine('a')], 'ok', 'Nothing listens, and nothing answers.'],
  [[machine('a', 'agree', 'agree')], 'ok', '2 endpoints: host and network tell the same'],
  [
    [machine('a', 'agree', 'not-probed')],
    'ok',
    '2 endpoints: host and network tell the same; 1 not asked',
  ],
  // What nobody asked agrees with nothing.
  [[machine('a', 'not-probed')], 'info', '1 endpoint: the network was asked of none'],
  [
    [machine('a', 'hidden'), machine('b', 'not-probed', 'hidden')],
    'warning',
    '3 endpoints: host and network contradict each other on 2 on 2 machines; 1 not asked',
  ],
])('says no more than was compared (%#)', (compared, severity, text) => {
  expect(compareReport(compared, []).report.verdict).toEqual({ severity, text });
});
