/**
 * Gives each distinct IPv6 address a small integer, so that hot loops compare one word instead
 * of four. An open-addressing hash table over typed arrays: nothing is allocated per look-up.
 *
 * IPv4 addresses need no pool: they are their own 32-bit integer.
 */

const INITIAL_CAPACITY = 1024;
/** A flood of forged addresses must not grow the pool for ever: 4 million take 100 MB. */
const MOST_ADDRESSES = 4_000_000;

/** Numbers stay valid for the pool's life; number 0 is `::`. Not for two threads at once. */
export class AddressPool {
  /** Number of addresses held; indices run from 0 to `size - 1`. */
  size = 0;
  /** Four big-endian 32-bit words per address, in index order. Owned by the pool. */
  words = new Int32Array(4 * INITIAL_CAPACITY);
  /** Look-ups of new addresses when the pool was full: they all got the index of `::`. */
  overflowed = 0;
  private slots = new Int32Array(2 * INITIAL_CAPACITY);
  private readonly seed: number;
  private readonly most: number;

  /**
   * @param seed mixed into the hash, so that strangers cannot choose addresses that collide
   * @param most addresses kept; any further one is taken for `::`
   */
  constructor(seed = 0, most = MOST_ADDRESSES) {
    this.seed = seed | 0;
    this.most = Math.max(1, most);
    this.intern(0, 0, 0, 0);
  }

  /** The index of an address given as four 32-bit words; added when it is new. */
  intern(w0: number, w1: number, w2: number, w3: number): number {
    const words = this.words;
    const mask = this.slots.length - 1;
    let slot = this.hash(w0, w1, w2, w3) & mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0) break;
      const at = (held - 1) << 2;
      if (
        words[at] === w0 &&
        words[at + 1] === w1 &&
        words[at + 2] === w2 &&
        words[at + 3] === w3
      ) {
        return held - 1;
      }
      slot = (slot + 1) & mask;
    }
    return this.add(slot, w0, w1, w2, w3);
  }

  private hash(w0: number, w1: number, w2: number, w3: number): number {
    let h = Math.imul(w0 ^ this.seed, 0x85ebca6b) ^ Math.imul(w1 + this.seed, 0xc2b2ae35);
    h ^= h >>> 15;
    h = Math.imul(h ^ w2, 0x27d4eb2f) ^ Math.imul(w3, 0x165667b1);
    h ^= h >>> 13;
    h = Math.imul(h, 0x9e3779b1);
    return h ^ (h >>> 16);
  }

  private add(slot: number, w0: number, w1: number, w2: number, w3: number): number {
    if (this.size >= this.most) {
      this.overflowed++;
      return 0;
    }
    const index = this.size++;
    if (4 * index === this.words.length) {
      const larger = new Int32Array(2 * this.words.length);
      larger.set(this.words);
      this.words = larger;
    }
    const at = 4 * index;
    this.words[at] = w0;
    this.words[at + 1] = w1;
    this.words[at + 2] = w2;
    this.words[at + 3] = w3;
    this.slots[slot] = index + 1;
    if (2 * this.size > this.slots.length) this.rehash();
    return index;
  }

  private rehash(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    const words = this.words;
    for (let index = 0; index < this.size; index++) {
      const at = 4 * index;
      let slot = this.hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.slots = slots;
  }
}
