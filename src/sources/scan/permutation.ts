/**
 * A permutation of the numbers below n without a table: a Feistel network over the smallest even
 * number of bits that holds n, walked on until it lands below n again (cycle walking, Black and
 * Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). The order looks random, depends on the
 * seed alone, and any position of it can be computed, so that a scan can be resumed and shared.
 *
 * It hides nothing from anybody: it spreads probes, it is no encryption.
 */

const ROUNDS = 4;
/** Both halves are at most 26 bits, so that every number stays an exact integer. */
const MOST = 2 ** 52;

/** Holds no more than its keys, whatever its size. */
export class Permutation {
  readonly size: number;
  private readonly halfBits: number;
  private readonly half: number;
  private readonly mask: number;
  private readonly keys: readonly number[];

  /**
   * @param size how many numbers, 1 to 2^52
   * @param seed any integers; the same ones give the same order
   */
  constructor(size: number, ...seed: readonly number[]) {
    if (!Number.isInteger(size) || size < 1 || size > MOST) {
      throw new TypeError(`a permutation has 1 to 2^52 numbers, not ${size}`);
    }
    this.size = size;
    let halfBits = 1;
    while (4 ** halfBits < size) halfBits++;
    this.halfBits = halfBits;
    this.half = 2 ** halfBits;
    this.mask = this.half - 1;
    this.keys = Array.from({ length: ROUNDS }, (_, round) => mix(round + 1, seed));
  }

  /** The number at `position`; both are 0 to size - 1. */
  at(position: number): number {
    let value = position;
    do {
      value = this.encrypt(value);
    } while (value >= this.size);
    return value;
  }

  private encrypt(value: number): number {
    let left = Math.floor(value / this.half);
    let right = value - left * this.half;
    for (let round = 0; round < ROUNDS; round++) {
      let h = Math.imul(right ^ this.keys[round]!, 0x85ebca6b);
      h ^= h >>> 15;
      h = Math.imul(h, 0xc2b2ae35);
      h ^= h >>> (32 - this.halfBits);
      const next = (left ^ h) & this.mask;
      left = right;
      right = next;
    }
    return left * this.half + right;
  }
}

/** A 32-bit word from numbers, for keys and hashes. */
export function mix(start: number, numbers: readonly number[]): number {
  let h = start | 0;
  for (const number of numbers) {
    h = Math.imul(h ^ number, 0x9e3779b1);
    h ^= h >>> 16;
    h = Math.imul(h + Math.floor(number / 2 ** 32), 0x85ebca6b);
    h ^= h >>> 13;
  }
  return h | 0;
}

/** One part of a scan that several machines share. */
export interface Shard {
  /** 1 to `of`. */
  readonly number: number;
  readonly of: number;
}

/**
 * Which numbers below `size` belong to a shard. Shards of one size and seed are disjoint, and
 * together hold every number; their sizes differ by at most one.
 */
export class ShardFilter {
  private readonly order: Permutation;
  private readonly shard: Shard;

  constructor(size: number, shard: Shard, seed: number) {
    this.order = new Permutation(size, seed, 0x5a4d);
    this.shard = shard;
  }

  has(number: number): boolean {
    return this.order.at(number) % this.shard.of === this.shard.number - 1;
  }
}
