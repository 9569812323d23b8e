import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const WORDS = ['sockets', 'assess', 'flows'];

it.each([
  ['sokets', 'sockets'],
  ['scokets', 'sockets'],
  ['socketss', 'sockets'],
  ['sock', 'sockets'],
  ['flow', 'flows'],
  ['asess', 'assess'],
  ['fl', 'flows'],
  ['lan.pcap', undefined],
  ['xyz', undefined],
  ['', undefined],
])('“%s” may mean %s', (typed, expected) => {
  expect(nearest(typed, WORDS)).toBe(expected);
});

it('does not compare what is far too long', () => {
  expect(nearest('x'.repeat(1_000_000), WORDS)).toBeUndefined();
});
