/**
 * Gives each distinct name (rule, interface, device) a small number, straight from octets: a name
 * met before costs a hash and a comparison, and makes no string.
 */

const INITIAL_SLOTS = 256;
/** Names kept; any further one gets the number of `OTHER_NAMES`. */
const MOST_NAMES = 65_535;
/** Octets of a name that count; the rest is cut off. */
const LONGEST_NAME = 256;
const OTHER_NAMES = '(other names)';

/** Names by number. A number stays valid for the table's life; the octets are copied. */
export class NameTable {
  /** Text by number; 0 is no name. */
  readonly names: string[] = [''];
  /** Names that found no room: they all share the last number. */
  overflowed = 0;
  private octets = new Uint8Array(4096);
  private used = 0;
  /** Where a name's octets begin, by number; one more entry than names. */
  private starts = new Int32Array(INITIAL_SLOTS);
  private slots = new Int32Array(INITIAL_SLOTS);
  private readonly seed: number;
  private readonly most: number;
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();

  /**
   * @param seed mixed into the hash, so that strangers cannot choose names that collide
   * @param most names kept
   */
  constructor(seed = 0, most = MOST_NAMES) {
    this.seed = seed | 0;
    this.most = Math.max(2, most);
  }

  /** Number of the name in `bytes[start, end)`; 0 when it is empty. Borrows the octets. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end) return 0;
    const last = end - start > LONGEST_NAME ? start + LONGEST_NAME : end;
    let h = this.seed ^ (last - start);
    for (let at = start; at < last; at++) h = Math.imul(h ^ bytes[at]!, 0x01000193);
    h ^= h >>> 15;
    const mask = this.slots.length - 1;
    let slot = h & mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0) return this.add(slot, bytes, start, last);
      if (this.equals(held, bytes, start, last)) return held;
      slot = (slot + 1) & mask;
    }
  }

  /** Number of a name given as text. */
  internText(text: string): number {
    const bytes = this.encoder.encode(text);
    return this.intern(bytes, 0, bytes.length);
  }

  private equals(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[number]!;
    const length = end - start;
    if (this.starts[number + 1]! - from !== length) return false;
    const octets = this.octets;
    for (let index = 0; index < length; index++) {
      if (octets[from + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  private add(slot: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.names.length >= this.most) {
      this.overflowed++;
      if (this.names.length === this.most) this.names.push(OTHER_NAMES);
      return this.most;
    }
    const length = end - start;
    while (this.used + length > this.octets.length) {
      const larger = new Uint8Array(2 * this.octets.length);
      larger.set(this.octets);
      this.octets = larger;
    }
    this.octets.set(bytes.subarray(start, end), this.used);
    const number = this.names.length;
    this.names.push(this.decoder.decode(bytes.subarray(start, end)));
    if (number + 1 >= this.starts.length) {
      const larger = new Int32Array(2 * this.starts.length);
      larger.set(this.starts);
      this.starts = larger;
    }
    this.starts[number] = this.used;
    this.used += length;
    this.starts[number + 1] = this.used;
    this.slots[slot] = number;
    if (2 * number > this.slots.length) this.rehash();
    return number;
  }

  private rehash(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    for (let number = 1; number < this.names.length; number++) {
      const from = this.starts[number]!;
      const to = this.starts[number + 1]!;
      let h = this.seed ^ (to - from);
      for (let at = from; at < to; at++) h = Math.imul(h ^ this.octets[at]!, 0x01000193);
      h ^= h >>> 15;
      let slot = h & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.slots = slots;
  }
}
