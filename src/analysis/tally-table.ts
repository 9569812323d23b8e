/**
 * Figures per key in bounded memory: an open-addressing hash table from three words to a row of
 * numbers. When it is full, the smallest three quarters go, so that what is left are the largest;
 * an entry that comes back starts anew, and `missing` says how much it may lack at most.
 */

/** Numbers per entry: one cache line. The first two together are an entry's weight. */
export const TALLY_COLUMNS = 8;
const KEY_WORDS = 3;
const INITIAL = 1 << 10;
const SAMPLE = 1023;

export class TallyTable {
  /** Entries are numbered from 0; numbers hold until the next `intern`. */
  count = 0;
  /** Entries that went to make room. */
  pruned = 0;
  /** No entry's weight is too low by more than this. */
  missing = 0;
  /** `TALLY_COLUMNS` numbers per entry. */
  values = new Float64Array(TALLY_COLUMNS * INITIAL);
  private keys = new Int32Array(KEY_WORDS * INITIAL);
  private slots = new Int32Array(2 * INITIAL);
  private readonly limit: number;
  private readonly seed: number;

  /** @param limit entries kept at most; 100 octets each. */
  constructor(limit: number, seed: number) {
    this.limit = Math.max(16, limit);
    this.seed = seed | 0;
  }

  /** Word `index` (0 to 2) of an entry's key. */
  key(entry: number, index: number): number {
    return this.keys[KEY_WORDS * entry + index]!;
  }

  /** The entry of a key, a new one of zeros if it has none; may renumber all others. */
  intern(first: number, second: number, third: number): number {
    const slots = this.slots;
    const keys = this.keys;
    const mask = slots.length - 1;
    let slot = this.hash(first, second, third) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) break;
      const at = KEY_WORDS * (held - 1);
      if (keys[at] === first && keys[at + 1] === second && keys[at + 2] === third) return held - 1;
      slot = (slot + 1) & mask;
    }
    if (this.count < this.limit) return this.append(slot, first, second, third);
    this.prune();
    return this.intern(first, second, third);
  }

  private append(slot: number, first: number, second: number, third: number): number {
    const entry = this.count++;
    if (KEY_WORDS * this.count > this.keys.length) this.grow();
    const at = KEY_WORDS * entry;
    this.keys[at] = first;
    this.keys[at + 1] = second;
    this.keys[at + 2] = third;
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
    const capacity = Math.min(this.limit, 2 * (this.keys.length / KEY_WORDS));
    const keys = new Int32Array(KEY_WORDS * capacity);
    keys.set(this.keys);
    this.keys = keys;
    const values = new Float64Array(TALLY_COLUMNS * capacity);
    values.set(this.values);
    this.values = values;
  }

  private rehash(length: number): void {
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      const at = KEY_WORDS * entry;
      let slot = this.hash(this.keys[at]!, this.keys[at + 1]!, this.keys[at + 2]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.slots = slots;
  }

  private weight(entry: number): number {
    return this.values[TALLY_COLUMNS * entry]! + this.values[TALLY_COLUMNS * entry + 1]!;
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
    let kept = 0;
    for (let entry = 0; entry < before; entry++) {
      if (this.weight(entry) <= threshold) continue;
      this.keys.copyWithin(KEY_WORDS * kept, KEY_WORDS * entry, KEY_WORDS * (entry + 1));
      this.values.copyWithin(
        TALLY_COLUMNS * kept,
        TALLY_COLUMNS * entry,
        TALLY_COLUMNS * (entry + 1),
      );
      kept++;
    }
    this.values.fill(0, TALLY_COLUMNS * kept, TALLY_COLUMNS * before);
    this.count = kept;
    this.pruned += before - kept;
    this.missing += threshold;
    this.rehash(this.slots.length);
  }

  /** Entries by weight, the heaviest first; at most `most`. */
  heaviest(most: number): number[] {
    const order = Array.from({ length: this.count }, (_, entry) => entry);
    order.sort((left, right) => this.weight(right) - this.weight(left) || left - right);
    return order.slice(0, most);
  }
}
