import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from './address.ts';
import { containsAddress, type Prefix, parsePrefix, prefixOf } from './prefix.ts';
import { PrefixTable } from './prefix-table.ts';

/** Few distinct bits, so that random prefixes nest and touch often. */
const word = fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xff000000, 0xffffffff, 0x0a000100);
const words4 = fc.array(word, { minLength: 1, maxLength: 1 });
const words6 = fc.array(word, { minLength: 4, maxLength: 4 });
const address = fc.oneof(
  words4.map((words): Address => ({ family: 4, words })),
  words6.map((words): Address => ({ family: 6, words })),
);
const prefix = fc
  .tuple(address, fc.nat(128))
  .map(([at, length]) => prefixOf(at, at.family === 4 ? length >> 2 : length));

function linear(entries: readonly { prefix: Prefix; value: number }[], at: Address): number {
  let best = -1;
  let length = -1;
  for (const entry of entries) {
    if (entry.prefix.length >= length && containsAddress(entry.prefix, at)) {
      best = entry.value;
      length = entry.prefix.length;
    }
  }
  return best;
}

function find(table: PrefixTable, at: Address): number {
  return at.family === 4 ? table.find4(at.words[0]!) : table.find6(at.words);
}

describe('PrefixTable', () => {
  it('answers as a search through all prefixes would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ prefix, value: fc.nat(1000) }), { maxLength: 40 }),
        fc.array(address, { maxLength: 40 }),
        (entries, addresses) => {
          const table = new PrefixTable();
          for (const entry of entries) table.set(entry.prefix, entry.value);
          const edges = entries.flatMap((entry) => edgesOf(entry.prefix));
          for (const at of [...addresses, ...edges]) {
            expect(find(table, at)).toBe(linear(entries, at));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes changes after a look-up, and the last value of a prefix', () => {
    const table = new PrefixTable();
    const ten = 0x0a000001;
    expect(table.find4(ten)).toBe(-1);
    table.set(parsePrefix('10.0.0.0/8'), 1);
    expect(table.find4(ten)).toBe(1);
    table.set(parsePrefix('10.0.0.0/8'), 2);
    table.set(parsePrefix('10.0.0.0/24'), 3);
    expect([table.find4(ten), table.find4(0x0a010000), table.size]).toEqual([3, 2, 2]);
    expect(table.find6(parseAddress('::ffff:10.0.0.1')!.words)).toBe(-1);
  });

  it('reads IPv6 words at an index of a longer, signed array', () => {
    const table = new PrefixTable();
    table.set(parsePrefix('fe80::/10'), 7);
    expect(table.find6(new Int32Array([1, 0xfe800000 | 0, 0, 0, 1]), 1)).toBe(7);
    expect(table.find4(-1)).toBe(-1);
  });

  it('holds thousands of prefixes', () => {
    const table = new PrefixTable();
    for (let index = 0; index < 4096; index++) {
      table.set({ family: 4, words: [(0x0a000000 + index * 256) >>> 0], length: 24 }, index);
    }
    for (let index = 0; index < 4096; index += 97) {
      expect(table.find4(0x0a000000 + index * 256 + 255)).toBe(index);
    }
    expect(table.find4(0x0a000000 + 4096 * 256)).toBe(-1);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 31])('refuses the value %s', (value) => {
    expect(() => new PrefixTable().set(parsePrefix('::/0'), value)).toThrow(TypeError);
  });
});

/** First and last address of the prefix and, where there are such, the ones next to it. */
function edgesOf({ family, words, length }: Prefix): Address[] {
  const bits = family === 4 ? 32 : 128;
  const first = words.reduce((sum, part) => (sum << 32n) | BigInt(part), 0n);
  const last = first + (1n << BigInt(bits - length)) - 1n;
  return [first - 1n, first, last, last + 1n]
    .filter((at) => at >= 0n && at < 1n << BigInt(bits))
    .map((at) => ({
      family,
      words: Array.from({ length: bits / 32 }, (_, index) =>
        Number((at >> BigInt(bits - 32 - 32 * index)) & 0xffffffffn),
      ),
    }));
}
