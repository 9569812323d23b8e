import { expect, it } from 'vitest';
import { hex, join, noise, zeros } from '../../../test/builders/bytes.ts';
import { looksSealed } from './sealed.ts';

it.each([
  ['random octets', noise(16), true],
  ['a digest', hex('d41d8cd98f00b204e9800998ecf8427e'), true],
  ['half of one', hex('d41d8cd98f00b204'), true],
  ['too few to say', zeros(7), true],
  ['zeros', zeros(16), false],
  ['a few zeros', zeros(8), false],
  ['numbers', hex('000000010000002a0000010000ffffff'), false],
  ['one octet', new Uint8Array(16).fill(0xa5), false],
  ['a text', join('any text at all.'), false],
  ['a counter', hex('000102030405060708090a0b0c0d0e0f'), false],
])('%s', (_, bytes, is) => {
  expect(looksSealed(bytes, 0, bytes.length)).toBe(is);
});

it('looks only at what was captured', () => {
  expect(looksSealed(join(noise(16), zeros(16)), 0, 32)).toBe(true);
  expect(looksSealed(join(noise(16), zeros(16)), 16, 32)).toBe(false);
  expect(looksSealed(join(noise(16), zeros(16)), 16, 20)).toBe(true);
});
