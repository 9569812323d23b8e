import { describe, expect, it } from 'vitest';
import { copyOctets, type Octets } from './copy-octets.ts';

function octets(length: number, first: number, shared = false): Octets {
  const bytes = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  for (let index = 0; index < length; index++) bytes[index] = first + index;
  return { bytes, view: new DataView(bytes.buffer) };
}

describe('copyOctets', () => {
  it('copies what is asked for and nothing beside it, at any length and alignment', () => {
    for (const shared of [false, true]) {
      const from = octets(600, 1, shared);
      for (let length = 0; length < 300; length++) {
        const [start, at] = [length % 7, length % 5];
        const to = octets(400, 0);
        const expected = to.bytes.slice();
        expected.set(from.bytes.slice(start, start + length), at);
        copyOctets(from, start, length, to, at);
        expect(to.bytes, `${length}`).toEqual(expected);
      }
    }
  });

  it.each([60, 200])('refuses %d octets that do not fit', (length) => {
    const from = octets(400, 0);
    expect(() => copyOctets(from, 0, length, octets(length - 1, 0), 0)).toThrow(RangeError);
    const to = octets(400, 0);
    expect(() => copyOctets(from, 0, length, to, 400 - length + 1)).toThrow(RangeError);
  });
});
