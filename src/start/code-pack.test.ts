import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PackedChunk, pack, unpack } from './code-pack.ts';

const BUILD = '1.2.3-abc-nodev20-x64';
const chunks = new Map<string, PackedChunk>([
  ['main.js', { source: 'const a = 1;', code: Buffer.from([1, 2, 3]) }],
  ['chunks/b.js', { source: '', code: Buffer.alloc(0) }],
  ['chunks/c.js', { source: 'x'.repeat(1001), code: Buffer.alloc(301, 7) }],
]);
const octets = pack(BUILD, { runs: 3, chunks });

function copyOf(other: ArrayLike<number>): Buffer {
  const copy = Buffer.alloc(other.length);
  copy.set(other);
  return copy;
}

describe('a code pack', () => {
  it('gives back what went in, codes at multiples of eight octets', () => {
    const read = unpack(BUILD, octets);
    expect(read?.runs).toBe(3);
    expect([...(read?.chunks ?? [])]).toEqual([...chunks]);
    for (const { code } of read?.chunks.values() ?? []) {
      expect((code.byteOffset - octets.byteOffset) % 8).toBe(0);
    }
  });

  it('is of no use to another build or runtime', () => {
    expect(unpack('1.2.3-abc-nodev22-x64', octets)).toBeUndefined();
  });

  it('is refused wherever it is cut off', () => {
    for (let length = 0; length < octets.length; length += 7) {
      expect(unpack(BUILD, octets.subarray(0, length))).toBeUndefined();
    }
  });

  it('is refused with any octet changed', () => {
    fc.assert(
      fc.property(fc.nat(octets.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = copyOf(octets);
        damaged[at] = damaged[at]! ^ change;
        return unpack(BUILD, damaged) === undefined;
      }),
    );
  });

  it('is refused when it is something else', () => {
    fc.assert(fc.property(fc.uint8Array(), (other) => unpack(BUILD, copyOf(other)) === undefined));
  });
});
