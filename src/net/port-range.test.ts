import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containsPort,
  formatPorts,
  mergePorts,
  PortRangeError,
  parsePortRange,
  parsePorts,
  portClass,
} from './port-range.ts';

describe('portClass', () => {
  it.each([
    [0, 'system'],
    [1023, 'system'],
    [1024, 'user'],
    [49151, 'user'],
    [49152, 'dynamic'],
    [65535, 'dynamic'],
  ])('%i is a %s port', (port, expected) => expect(portClass(port)).toBe(expected));
});

describe('parsing', () => {
  it.each([
    ['80', '80'],
    ['0', '0'],
    ['65535', '65535'],
    ['135-139', '135-139'],
    ['80-80', '80'],
    [' 80 , 443 ', '80,443'],
    ['443,80', '80,443'],
    ['80,81,82', '80-82'],
    ['1-10,5-20,8', '1-20'],
    ['0-65535,80', '0-65535'],
    ['8000 - 8099,22', '22,8000-8099'],
    ['00080', '80'],
  ])('%s is %s', (text, expected) => expect(formatPorts(parsePorts(text))).toBe(expected));

  it.each([
    '',
    ',',
    '80,',
    'http',
    '-1',
    '80-',
    '-80',
    '1-2-3',
    '65536',
    '80-65536',
    '1e3',
    '0x50',
    '8.0',
    '８０',
    '139-135',
    '100000',
  ])('refuses %j', (text) => expect(() => parsePorts(text)).toThrow(PortRangeError));

  it('names the fixed form of a backward range', () => {
    expect(() => parsePortRange('139-135')).toThrow('write 135-139');
  });
});

it('merging keeps exactly the same ports, sorted and apart, and text round-trips', () => {
  const port = fc.nat(40);
  const ranges = fc.array(
    fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(ranges, (given) => {
      const merged = mergePorts(given);
      for (let port = 0; port <= 41; port++) {
        expect(containsPort(merged, port)).toBe(containsPort(given, port));
      }
      merged.forEach((range, index) => {
        if (index > 0) expect(range.first).toBeGreaterThan(merged[index - 1]!.last + 1);
      });
      expect(parsePorts(formatPorts(given))).toEqual(merged);
    }),
  );
});
