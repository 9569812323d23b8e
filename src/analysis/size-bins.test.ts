import { expect, it } from 'vitest';
import { Decoder } from '../wire/decoder.ts';
import { sizeBins } from './size-bins.ts';

it('puts every length the decoder tallies into one of twenty bins', () => {
  const { lengths } = new Decoder();
  lengths.forEach((_, length) => {
    lengths[length] = 1;
  });
  const bins = sizeBins(lengths);
  expect(bins).toHaveLength(20);
  expect(bins[0]).toEqual({ least: 0, most: 79, packets: 80 });
  expect(bins[18]).toEqual({ least: 1440, most: 1519, packets: 80 });
  expect(bins[19]).toEqual({ least: 1520, most: null, packets: 1 });
  expect(bins.reduce((sum, { packets }) => sum + packets, 0)).toBe(lengths.length);
});
