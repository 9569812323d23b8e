import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressPool } from '../net/address-pool.ts';
import { PACKET_WORDS } from '../wire/packet-batch.ts';
import { thresholdsOf } from './findings/thresholds.ts';
import { FlowFolder } from './flow-folder.ts';
import { Rehearsal } from './rehearsal.ts';
import { ZoneTable } from './zones.ts';

const ROWS = 1200;
const BATCHES = 240;
const THRESHOLDS = thresholdsOf({});

/** Rows of packets of a few protocols, else of anything. */
const rows = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), {
  minLength: 64,
  maxLength: 64,
});

function batch(seeds: readonly number[]): Int32Array {
  const words = new Int32Array(ROWS * PACKET_WORDS);
  for (let at = 0; at < words.length; at++) {
    words[at] = Math.imul(seeds[at % seeds.length]!, 1 + ((at * 2654435761) % 1021));
  }
  for (let row = 0; row < ROWS; row++) {
    words[row * PACKET_WORDS + 3] = [6, 17, 1, 47, 132, 33][row % 6]!;
  }
  return words;
}

it('folds whatever passes, and leaves the rows and the real tables alone', () => {
  fc.assert(
    fc.property(rows, (seeds) => {
      const addresses = new AddressPool();
      const zones = new ZoneTable();
      const folder = new FlowFolder({
        ...{ zones, thresholds: THRESHOLDS, seed: 7, dark: [], overTime: false },
      });
      const take = folder.rows({ addresses, contexts: [], interfaces: [], paths: [] });
      const words = batch(seeds);
      const before = words.slice();
      for (let each = 0; each < BATCHES; each++) take(words, ROWS, true);
      expect(words.every((word, at) => word === before[at])).toBe(true);
      const { traffic, clues } = folder.finish();
      expect([traffic.flows, traffic.ports.count, traffic.hosts.count]).toEqual([0, 0, 0]);
      expect([clues.attempts.count, clues.groupPackets]).toEqual([0, 0]);
    }),
    { numRuns: 3 },
  );
});

it('folds nothing while this thread has no time, nor of small captures', () => {
  const rehearsal = new Rehearsal(new AddressPool(), new ZoneTable(), THRESHOLDS, 1);
  const words = batch([1, 2, 3]);
  for (let each = 0; each < BATCHES; each++) rehearsal.take(words, ROWS, false);
  expect(rehearsal.turns).toBe(0);
  rehearsal.take(words, ROWS, true);
  expect(rehearsal.turns).toBe(1);
  const early = new Rehearsal(new AddressPool(), new ZoneTable(), THRESHOLDS, 1);
  for (let each = 0; each < 100; each++) early.take(words, ROWS, true);
  expect(early.turns).toBe(0);
});
