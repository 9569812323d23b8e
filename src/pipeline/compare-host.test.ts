import { expect, it } from 'vitest';
import type { ProbePlace } from '../sources/sockets/probe.ts';
import { withinLimit } from './compare-host.ts';

const VANTAGE = { kind: 'self', name: 'this machine itself' } as const;
const places = (count: number): ProbePlace[] =>
  Array.from({ length: count }, (_, index) => ({
    address: `192.0.2.${1 + Math.floor(index / 1024)}`,
    transport: 'tcp',
    port: 1 + (index % 1024),
  }));

it('asks 40,000 ports from one place, and says how many it leaves', () => {
  const all = places(40_960);
  const { asked, notes } = withinLimit(all, VANTAGE);
  expect(asked).toEqual(all.slice(0, 40_000));
  expect(notes).toMatchObject([
    { what: '960 ports of its last addresses, from this machine itself', missing: true },
  ]);
});

it('says nothing where all are asked', () => {
  const all = places(40_000);
  expect(withinLimit(all, VANTAGE)).toEqual({ asked: all, notes: [] });
});
