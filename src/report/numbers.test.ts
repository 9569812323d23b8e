import { describe, expect, it } from 'vitest';
import { bitRate, bytes, count, duration, isoTime, percent, rate } from './numbers.ts';

describe('count', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1204331, '1,204,331'],
    [-1234, '-1,234'],
    [1234.5, '1,235'],
    [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
    [Number.NaN, 'n/a'],
    [Number.POSITIVE_INFINITY, 'n/a'],
  ])('%d is %s', (value, text) => expect(count(value)).toBe(text));
});

describe('bytes (SI)', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1024, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_400_000_000, '1.4 GB'],
    [2.5e12, '2.5 TB'],
    [1e15, '1.0 PB'],
    [3e21, '3000 EB'],
    [0.5, '0.5 B'],
    [-1500, '-1.5 kB'],
    [Number.NaN, 'n/a'],
  ])('%d is %s', (value, text) => expect(bytes(value)).toBe(text));
});

it.each([
  [12_400, 'packets', '12.4k packets/s'],
  [0, 'packets', '0 packets/s'],
  [0.25, 'packets', '0.3 packets/s'],
  [7_800_000, 'packets', '7.8M packets/s'],
])('a rate of %d %s is %s', (value, unit, text) => expect(rate(value, unit)).toBe(text));

it.each([
  [4_100_000, '4.1 Mbit/s'],
  [1e9, '1.0 Gbit/s'],
  [12, '12 bit/s'],
])('%d bits a second are %s', (value, text) => expect(bitRate(value)).toBe(text));

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [0.254, '0.25 ms'],
    [9.99, '9.99 ms'],
    [9.996, '10 ms'],
    [12, '12 ms'],
    [999.4, '999 ms'],
    [999.5, '1.0 s'],
    [1500, '1.5 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 00 s'],
    [65_000, '1 min 05 s'],
    [3_599_499, '59 min 59 s'],
    [3_599_500, '1 h 00 min'],
    [7_380_000, '2 h 03 min'],
    [86_399_000, '23 h 59 min'],
    [86_400_000, '1 d 00 h'],
    [273_600_000, '3 d 04 h'],
    [-1500, '-1.5 s'],
    [Number.NaN, 'n/a'],
  ])('%d ms is %s', (value, text) => expect(duration(value)).toBe(text));
});

it.each([
  [1, 4, '25.0 %'],
  [0, 4, '0.0 %'],
  [4, 4, '100.0 %'],
  [99_999, 100_000, '>99.9 %'],
  [1, 100_000, '<0.1 %'],
  [5, 4, '125.0 %'],
  [0, 0, 'n/a'],
  [Number.NaN, 4, 'n/a'],
])('%d of %d is %s', (part, whole, text) => expect(percent(part, whole)).toBe(text));

it.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [1_763_800_000_123, '2025-11-22T08:26:40.123Z'],
  [1_763_800_000_123.9, '2025-11-22T08:26:40.123Z'],
  [8.64e15 + 1, 'n/a'],
  [Number.NaN, 'n/a'],
])('%d is the time %s', (value, text) => expect(isoTime(value)).toBe(text));
