/**
 * Figures per key in bounded memory: an open-addressing hash table from three words to one cache
 * line of figures. When it is full, the smallest three quarters go, so that what is left are the
 * largest; an entry that comes back starts anew, and `missing` says how much it may lack at most.
 */

import { FIRST_LINE } from '../net/cache-line.ts';
import { firstOf } from './heaviest.ts';

/** 32-bit words per entry: key (0–2), a word for the caller (3), then six floats. */
export const TALLY_WORDS = 16;
/** Index of an entry's first word in `words` and of its first float in `floats`. */
export const TALLY_NOTE = 3;
export const TALLY_FLOATS = 2;
const INITIAL = 1 << 10;
const SAMPLE = 1023;

/** Words and floats of an entry share a cache line: who counts in it says which is which. */
export class TallyTable {
  /** Entries are numbered from 0; numbers hold until the next `intern`. */
  count = 0;
  /** Whether the last `intern` made the entry. */
  fresh = false;
  /** Entries that went to make room. */
  pruned = 0;
  /** No entry's weight (its first two floats) is too low by more than this. */
  missing = Number.NaN; // a float from the start: see LARGE in wire/decoder.ts
  /** All entries, as integers and as floats. */
  words: Int32Array;
  floats: Float64Array;
  private slots = new Int32Array(2 * INITIAL);
  private readonly limit: number;
  private readonly seed: number;

  /** @param limit entries kept at most; 80 octets each */
  constructor(limit: number, seed: number) {
    this.missing = 0;
    this.limit = Math.max(16, limit);
    this.seed = seed | 0;
    const buffer = new ArrayBuffer(FIRST_LINE + 4 * TALLY_WORDS * INITIAL);
    this.words = new Int32Array(buffer, FIRST_LINE);
    this.floats = new Float64Array(buffer, FIRST_LINE);
  }

  /**
   * Reads what a look-up of the key will need, without a branch: done for many keys in a row, the
   * processor waits for their memory at the same time. The result means nothing.
   */
  touch(first: number, second: number, third: number): number {
    const slots = this.slots;
    const held = slots[this.hash(first, second, third) & (slots.length - 1)]!;
    const at = TALLY_WORDS * (held - (held === 0 ? 0 : 1));
    // The last word too, for where entries do not begin with a cache line.
    return this.words[at]! ^ this.words[at + TALLY_WORDS - 1]!;
  }

  /** The entry of a key, or -1. */
  find(first: number, second: number, third: number): number {
    return this.slots[this.probe(first, second, third)]! - 1;
  }

  /** The entry of a key, a new one of zeros if it has none; may renumber all others. */
  intern(first: number, second: number, third: number): number {
    const slot = this.probe(first, second, third);
    const held = this.slots[slot]!;
    this.fresh = held === 0;
    if (held !== 0) return held - 1;
    if (this.count < this.limit) return this.append(slot, first, second, third);
    this.prune();
    return this.append(this.probe(first, second, third), first, second, third);
  }

  /** Entries by weight, the heaviest first; at most `most`. */
  heaviest(most: number): number[] {
    return firstOf(this.count, most, (left, right) => {
      const more = this.weight(left) - this.weight(right);
      return more === 0 ? left < right : more > 0;
    });
  }

  /** The slot that holds the key, or the empty one where it belongs. */
  private probe(first: number, second: number, third: number): number {
    const slots = this.slots;
    const words = this.words;
    const mask = slots.length - 1;
    let slot = this.hash(first, second, third) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) return slot;
      const at = TALLY_WORDS * (held - 1);
      if (words[at] === first && words[at + 1] === second && words[at + 2] === third) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private append(slot: number, first: number, second: number, third: number): number {
    const entry = this.count++;
    const at = TALLY_WORDS * entry;
    if (at === this.words.length) this.grow();
    this.words[at] = first;
    this.words[at + 1] = second;
    this.words[at + 2] = third;
    this.slots[slot] = entry + 1;
    if (2 * this.count > this.slots.length) this.rehash(2 * this.slots.length);
    return entry;
  }

  private hash(first: number, second: number, third: number): number {
    let h = Math.imul(first ^ this.seed, 0x85ebca6b) ^ Math.imul(second + this.seed, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15) ^ third, 0x27d4eb2f);
    h ^= h >>> 13;
    h = Math.imul(h, 0x165667b1);
    return h ^ (h >>> 16);
  }

  private grow(): void {
    const length = Math.min(TALLY_WORDS * this.limit, 2 * this.words.length);
    const buffer = new ArrayBuffer(FIRST_LINE + 4 * length);
    const words = new Int32Array(buffer, FIRST_LINE);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(buffer, FIRST_LINE);
  }

  private rehash(length: number): void {
    const slots = length === this.slots.length ? this.slots.fill(0) : new Int32Array(length);
    const words = this.words;
    const mask = length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      const at = TALLY_WORDS * entry;
      let slot = this.hash(words[at]!, words[at + 1]!, words[at + 2]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.slots = slots;
  }

  private weight(entry: number): number {
    const at = (TALLY_WORDS / 2) * entry + TALLY_FLOATS;
    return this.floats[at]! + this.floats[at + 1]!;
  }

  /** Drops entries of the lowest weights: about three quarters, more when many are equal. */
  private prune(): void {
    const looked = Math.min(this.count, SAMPLE);
    const sample = new Float64Array(looked);
    for (let index = 0; index < looked; index++) {
      sample[index] = this.weight(Math.floor((index * this.count) / looked));
    }
    sample.sort();
    const threshold = sample[(looked * 3) >> 2]!;
    const before = this.count;
    const words = this.words;
    let kept = 0;
    for (let entry = 0; entry < before; entry++) {
      if (this.weight(entry) <= threshold) continue;
      const from = TALLY_WORDS * entry;
      const to = TALLY_WORDS * kept++;
      for (let word = 0; word < TALLY_WORDS; word++) words[to + word] = words[from + word]!;
    }
    words.fill(0, TALLY_WORDS * kept, TALLY_WORDS * before);
    this.count = kept;
    this.pruned += before - kept;
    this.missing += threshold;
    this.rehash(this.slots.length);
  }
}
