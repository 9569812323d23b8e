/**
 * Longest-prefix match for many look-ups over prefixes that seldom change.
 *
 * Prefixes nest but never cross, so the address line falls into at most 2n + 1 intervals with one
 * answer each. They are laid out in typed arrays at the first look-up after a change; a look-up is
 * a binary search in them (13 steps for 4,000 prefixes) and allocates nothing.
 */
import type { Prefix } from './prefix.ts';
import { addressBits, formatPrefix } from './prefix.ts';

/** Intervals in ascending order; the first begins at address 0. */
interface Intervals {
  /** First address of each interval, `words per address` words each. */
  readonly starts: Uint32Array;
  /** Answer of each interval; -1 = no prefix. */
  readonly values: Int32Array;
}

/**
 * Prefixes of both families with a value each. Setting one makes the next look-up lay all of its
 * family out anew, so set first, then look up.
 */
export class PrefixTable {
  readonly #entries = new Map<string, { readonly prefix: Prefix; readonly value: number }>();
  #intervals4: Intervals | undefined;
  #intervals6: Intervals | undefined;

  /** Number of distinct prefixes. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Gives the prefix a value (an integer from 0 to 2^31 - 1, such as a zone's index). Giving the
   * same prefix another value replaces it.
   */
  set(prefix: Prefix, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
      throw new TypeError(`a prefix's value is an integer from 0 to 2147483647, not ${value}`);
    }
    this.#entries.set(formatPrefix(prefix), { prefix, value });
    if (prefix.family === 4) this.#intervals4 = undefined;
    else this.#intervals6 = undefined;
  }

  /** Value of the longest prefix that holds the IPv4 address (signed or unsigned); -1 = none. */
  find4(address: number): number {
    this.#intervals4 ??= this.#layOut(4);
    const { starts, values } = this.#intervals4;
    const wanted = address >>> 0;
    let low = 0;
    let high = values.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= wanted) low = middle;
      else high = middle - 1;
    }
    return values[low]!;
  }

  /** Value of the longest prefix that holds the IPv6 address in the words at `at`; -1 = none. */
  find6(words: ArrayLike<number>, at = 0): number {
    this.#intervals6 ??= this.#layOut(6);
    const { starts, values } = this.#intervals6;
    let low = 0;
    let high = values.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (startsAtOrBefore(starts, middle * 4, words, at)) low = middle;
      else high = middle - 1;
    }
    return values[low]!;
  }

  /** Sweeps the nested prefixes in address order, keeping the open ones on a stack. */
  #layOut(family: 4 | 6): Intervals {
    const bits = addressBits(family);
    const spans = [...this.#entries.values()]
      .filter(({ prefix }) => prefix.family === family)
      .map(({ prefix, value }) => {
        const start = prefix.words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
        return { start, end: start + (1n << BigInt(bits - prefix.length)), value };
      })
      .sort((a, b) =>
        a.start === b.start ? descending(a.end, b.end) : descending(b.start, a.start),
      );
    const points = new Map<bigint, number>([[0n, -1]]);
    const open: typeof spans = [];
    const closeUntil = (position: bigint): void => {
      for (let top = open.at(-1); top !== undefined && top.end <= position; top = open.at(-1)) {
        open.pop();
        points.set(top.end, open.at(-1)?.value ?? -1);
      }
    };
    for (const span of spans) {
      closeUntil(span.start);
      points.set(span.start, span.value);
      open.push(span);
    }
    closeUntil(1n << BigInt(bits));
    points.delete(1n << BigInt(bits));
    return pack([...points], bits / 32);
  }
}

function descending(left: bigint, right: bigint): number {
  return left < right ? 1 : left > right ? -1 : 0;
}

/** Points in ascending order (a map keeps first insertion, and the sweep moves upward). */
function pack(points: readonly (readonly [bigint, number])[], width: number): Intervals {
  const starts = new Uint32Array(points.length * width);
  const values = new Int32Array(points.length);
  points.forEach(([start, value], index) => {
    for (let word = 0; word < width; word++) {
      starts[index * width + word] = Number(
        (start >> BigInt(32 * (width - 1 - word))) & 0xffffffffn,
      );
    }
    values[index] = value;
  });
  return { starts, values };
}

function startsAtOrBefore(
  starts: Uint32Array,
  start: number,
  words: ArrayLike<number>,
  at: number,
): boolean {
  for (let index = 0; index < 4; index++) {
    const left = starts[start + index]!;
    const right = words[at + index]! >>> 0;
    if (left !== right) return left < right;
  }
  return true;
}
