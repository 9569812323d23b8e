import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterfaceClock } from './pcapng-clock.ts';

/** The definition, computed with integers of any size. */
function expected(stamp: bigint, resolution: number, offset: bigint) {
  const unit = (resolution < 0x80 ? 10n : 2n) ** BigInt(resolution & 0x7f);
  const seconds = stamp / unit + offset;
  if (seconds < 0n) return { seconds: 0, nanoseconds: 0 };
  if (seconds > 0xffffffffn) return { seconds: 0xffffffff, nanoseconds: 999_999_999 };
  const nanoseconds = ((stamp % unit) * 1_000_000_000n) / unit;
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) };
}

function read(stamp: bigint, resolution: number, offset: bigint) {
  const clock = new InterfaceClock(resolution, Number(offset));
  clock.read(Number(stamp >> 32n), Number(stamp & 0xffffffffn));
  return { seconds: clock.seconds, nanoseconds: clock.nanoseconds };
}

const stamps = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.bigInt(0n, 2n ** 52n),
  fc.bigInt(1_600_000_000n, 1_800_000_000n).map((s) => s * 1_000_000_000n + 999_999_999n),
  fc
    .tuple(fc.bigInt(0n, 0xffffffffn), fc.integer({ min: 0, max: 9 }))
    .map(([s, e]) => s * 10n ** BigInt(e)),
);

describe('the clock of an interface', () => {
  it('agrees with exact arithmetic in every unit', () => {
    const resolutions = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(stamps, resolutions, fc.bigInt(-5000n, 5000n), (stamp, resolution, offset) => {
        expect(read(stamp, resolution, offset)).toEqual(expected(stamp, resolution, offset));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    [0n, 6],
    [2n ** 64n - 1n, 0],
    [2n ** 64n - 1n, 9],
    [4_294_967_295_999_999_999n, 9],
    [4_294_967_296_000_000_000n, 9],
    [999_999_999n, 9],
    [1_000_000_000n, 9],
    [2n ** 63n, 0x80 + 63],
    [2n ** 64n - 1n, 0xff],
    [2n ** 64n - 1n, 0x7f],
  ])('stamp %s at resolution %i', (stamp, resolution) => {
    for (const offset of [0n, -1n, 1n]) {
      expect(read(stamp, resolution, offset)).toEqual(expected(stamp, resolution, offset));
    }
  });

  it('holds offsets of any size to the column', () => {
    expect(read(0n, 6, 2n ** 62n)).toEqual({ seconds: 0xffffffff, nanoseconds: 999_999_999 });
    expect(read(10n ** 15n, 6, -(2n ** 62n))).toEqual({ seconds: 0, nanoseconds: 0 });
  });
});
