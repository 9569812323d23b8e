import { expect, it } from 'vitest';
import { commonPorts } from './common-ports.ts';

it.each(['tcp', 'udp', 'sctp'] as const)('orders every %s port once', (transport) => {
  const all = commonPorts(transport, 65_535);
  expect(all.length).toBe(65_535);
  expect(new Set(all).size).toBe(65_535);
  expect(all.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)).toBe(true);
});

it('begins with what administrators look for', () => {
  expect(commonPorts('tcp', 20)).toEqual(expect.arrayContaining([22, 80, 443, 445, 3389]));
  expect(commonPorts('udp', 20)).toEqual(expect.arrayContaining([53, 123, 137, 161, 500]));
  expect(commonPorts('sctp', 5)).toContain(36412);
});

it('grows without changing its beginning', () => {
  expect(commonPorts('tcp', 1000).slice(0, 100)).toEqual(commonPorts('tcp', 100));
  expect(commonPorts('tcp', 0)).toEqual([]);
});
