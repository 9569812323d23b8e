import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finishHash, symmetricHash } from './flow-hash.ts';

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const port = fc.nat(65535);

describe('the flow hash', () => {
  it('is the same in both directions', () => {
    fc.assert(
      fc.property(word, word, word, port, port, word, (seed, a, b, p, q, kind) => {
        const there = symmetricHash(seed, a, b, (p << 16) | q);
        const back = symmetricHash(seed, b, a, (q << 16) | p);
        expect(finishHash(there, kind)).toBe(finishHash(back, kind));
        expect(there | 0).toBe(there);
      }),
    );
  });

  it('tells crossed ports apart', () => {
    const a = symmetricHash(0, 1, 2, (80 << 16) | 40000);
    expect(symmetricHash(0, 1, 2, (40000 << 16) | 80)).not.toBe(a);
  });

  it('spreads neighbouring hosts and ports over the low bits', () => {
    const slots = new Set<number>();
    const high = new Set<number>();
    for (let host = 0; host < 64; host++) {
      for (let p = 0; p < 64; p++) {
        const h = finishHash(
          symmetricHash(7, 0x0a000001 + host, 0xc0000201, ((1024 + p) << 16) | 80),
          6,
        );
        slots.add(h & 0xffff);
        high.add(h >>> 16);
      }
    }
    // 4096 random values leave about 3970 distinct ones of 65,536.
    expect(slots.size).toBeGreaterThan(3850);
    expect(high.size).toBeGreaterThan(3850);
  });

  it('depends on the seed', () => {
    const under = (seed: number) => finishHash(symmetricHash(seed, 1, 2, 3), 6);
    expect(new Set([0, 1, 2, 3, -1].map(under)).size).toBe(5);
  });
});
