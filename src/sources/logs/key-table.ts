/**
 * Recognises the keys of `key=value` logs straight from octets: a hash and a comparison per key, no
 * strings. Keys that are not wanted have number -1. A key may have several spellings, by release.
 */
import { octetsOf } from './scan.ts';

/** Made once for a format; looking up makes nothing. */
export class KeyTable {
  private readonly keys: readonly Uint8Array[];
  /** A key's number, by spelling. */
  private readonly numbers: readonly number[];
  private readonly slots: Int32Array;

  /**
   * @param keys the wanted ones; a key's number is its place here. `sent|bytes_sent` are two
   *   spellings of one
   */
  constructor(keys: readonly string[]) {
    const spellings = keys.map((key) => key.split('|'));
    this.keys = spellings.flat().map(octetsOf);
    this.numbers = spellings.flatMap((all, number) => all.map(() => number));
    let size = 64;
    while (size < 4 * this.keys.length) size *= 2;
    this.slots = new Int32Array(size);
    this.keys.forEach((key, index) => {
      let slot = hash(key, 0, key.length) & (size - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (size - 1);
      this.slots[slot] = index + 1;
    });
  }

  /** Number of the key in `bytes[start, end)`, or -1. */
  of(bytes: Uint8Array, start: number, end: number): number {
    const { slots, keys } = this;
    const mask = slots.length - 1;
    let slot = hash(bytes, start, end) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) return -1;
      const key = keys[held - 1]!;
      if (key.length === end - start && equal(key, bytes, start)) return this.numbers[held - 1]!;
      slot = (slot + 1) & mask;
    }
  }
}

function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = end - start;
  for (let at = start; at < end; at++) h = Math.imul(h ^ bytes[at]!, 0x01000193);
  return h ^ (h >>> 15);
}

function equal(key: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < key.length; index++) {
    if (key[index] !== bytes[start + index]) return false;
  }
  return true;
}
