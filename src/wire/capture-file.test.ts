import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writePacketBlock } from './capture-file.ts';

describe('the time of a packet block', () => {
  it('is exact to the nanosecond, from 1970 to 2106', () => {
    const view = new DataView(new ArrayBuffer(64));
    const second = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constant(2 ** 32 - 1));
    const nanosecond = fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constant(999_999_999));
    fc.assert(
      fc.property(second, nanosecond, (seconds, nanoseconds) => {
        writePacketBlock(view, 0, 0, seconds, nanoseconds, 0, 0);
        const time = (BigInt(view.getUint32(12, true)) << 32n) | BigInt(view.getUint32(16, true));
        expect(time).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
      }),
      { numRuns: 5000 },
    );
  });
});
