/**
 * Keys that differ in a pattern must not meet in the flow table: sweeps, swapped bits, equal sums
 * and exclusive-ors. Probes are counted as the table makes them, at its fullest.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finishHash, plainHash, symmetricHash } from './flow-hash.ts';
import { FAMILY_6 } from './packet-batch.ts';

type Add = (
  source: number,
  destination: number,
  sport: number,
  dport: number,
  kind?: number,
) => void;

const MANY = 65_536;
const HOST = 0x0a000001;

function each(visit: (index: number) => void): void {
  for (let index = 0; index < MANY; index++) visit(index);
}

function reversed(word: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit++) result |= ((word >>> bit) & 1) << (31 - bit);
  return result;
}

const SETS: [string, (add: Add) => void][] = [
  ['a /16, one port', (add) => each((i) => add(HOST, 0xc0a80000 + i, 40000, 80))],
  ['all ports of a pair', (add) => each((i) => add(HOST, HOST + 1, 40000, i))],
  ['all ports, equal at both ends', (add) => each((i) => add(HOST, HOST + 1, i, i))],
  ['ports of one sum', (add) => each((i) => add(HOST, HOST + 1, i, 65535 - i))],
  ['ports of one exclusive-or', (add) => each((i) => add(HOST, HOST + 1, i, i ^ 0x5555))],
  ['address and port in step', (add) => each((i) => add(HOST + 1 + i, HOST, i, 80))],
  ['address up, port down', (add) => each((i) => add(HOST + 1 + i, HOST, 65535 - i, 80))],
  ['addresses of one sum', (add) => each((i) => add(HOST + i, 0x0b000000 - i, 500, 500))],
  ['addresses of one exclusive-or', (add) => each((i) => add(HOST ^ i, 0x0b000000 ^ i, 500, 500))],
  [
    '256 hosts with 256 others',
    (add) => each((i) => add(HOST + (i >> 8), 0x0b000000 + (i & 255), 5060, 5060)),
  ],
  ['high octets', (add) => each((i) => add(i << 16, HOST, 40000, 80))],
  ['steps of 256', (add) => each((i) => add(i << 8, HOST, 40000, 80))],
  [
    'high octet of address and port',
    (add) => each((i) => add((i >> 8) << 24, HOST, (i & 255) << 8, 80)),
  ],
  ['bits turned round', (add) => each((i) => add(reversed(i), HOST, 40000, 80))],
  [
    'bits turned round at both ends',
    (add) => each((i) => add(reversed(i), reversed(i ^ 0xffff), 1, 2)),
  ],
  ['hosts with themselves', (add) => each((i) => add(HOST + i, HOST + i, 500, 500))],
  ['IPv6 in order of arrival', (add) => each((i) => add(i + 1, 0, 40000, 443, 6 | FAMILY_6))],
  ['IPv6 neighbours', (add) => each((i) => add(2 * i, 2 * i + 1, 40000, 443, 6 | FAMILY_6))],
  ['ICMP to a /16', (add) => each((i) => add(HOST, 0xc0a80000 + i, 8, 0, 1))],
  [
    '16 resolvers',
    (add) => each((i) => add(HOST + (i & 15), 0x0b000000, 32768 + (i >> 4), 53, 17)),
  ],
  [
    'one conversation in many contexts',
    (add) => each((i) => add(HOST, HOST + 1, 40000, 80, 6 | (i << 16))),
  ],
];

const HASHES = [
  plainHash,
  ...[0, 1, 0x12345678, -1, 0x7fffffff].map(
    (seed) => (source: number, destination: number, ports: number) =>
      symmetricHash(seed, source, destination, ports),
  ),
];

describe('the flow hash', () => {
  it.each(SETS)('spreads %s', (_, fill) => {
    for (const hashOf of HASHES) {
      const slots = new Uint8Array(2 * MANY);
      const mask = slots.length - 1;
      const hashes = new Set<number>();
      let count = 0;
      let total = 0;
      let longest = 0;
      fill((source, destination, sport, dport, kind = 6) => {
        const hash = finishHash(hashOf(source, destination, (sport << 16) | dport), kind);
        hashes.add(hash);
        let slot = hash & mask;
        let probes = 1;
        for (; slots[slot] !== 0; slot = (slot + 1) & mask) probes++;
        slots[slot] = 1;
        total += probes;
        count++;
        if (probes > longest) longest = probes;
      });
      // Chance alone gives a mean of 1.5, a longest of about 30 to 50, and a few equal hashes.
      expect(total / count).toBeLessThan(1.7);
      expect(longest).toBeLessThan(100);
      expect(count - hashes.size).toBeLessThan(count / 500);
    }
  });

  it('is the same for both directions, and tells seeds apart', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const port = fc.nat(65535);
    fc.assert(
      fc.property(word, word, word, port, port, (seed, a, b, p, q) => {
        const there = symmetricHash(seed, a, b, (p << 16) | q);
        expect(there).toBe(symmetricHash(seed, b, a, (q << 16) | p));
        expect(Number.isInteger(there)).toBe(true);
      }),
    );
    const hashes = new Set(
      Array.from({ length: 1000 }, (_, seed) => symmetricHash(seed, HOST, HOST + 1, 0x00500051)),
    );
    expect(hashes.size).toBeGreaterThan(990);
  });
});
