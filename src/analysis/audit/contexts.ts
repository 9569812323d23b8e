/**
 * What many log lines share: rule, interfaces, zones, declared direction, device, format. Each
 * combination gets a number, so that a row of the verdict table carries one word for all of them.
 */
import type { VerdictColumns } from '../../model/verdict-columns.ts';

const WORDS = 8;
const INITIAL = 64;
/** Contexts kept; further ones share number 0, which says nothing. */
const MOST = 200_000;

export interface Context {
  /** Numbers of names. */
  readonly rule: number;
  readonly inInterface: number;
  readonly outInterface: number;
  readonly inZone: number;
  readonly outZone: number;
  readonly device: number;
  readonly format: number;
  /** Index into `DIRECTIONS`. */
  readonly direction: number;
}

/** The contexts of a table as they go from one thread to another. */
export interface ContextsPart {
  readonly count: number;
  readonly words: Int32Array;
}

/** Contexts by their number, to look at. */
export type Contexts = Pick<ContextTable, 'count' | 'at'>;

/** The context of that number in the words of a table. */
export function contextAt(words: Int32Array, number: number): Context {
  const at = WORDS * number;
  const word = (index: number): number => words[at + index] ?? 0;
  return {
    ...{ rule: word(0), inInterface: word(1), outInterface: word(2), inZone: word(3) },
    ...{ outZone: word(4), device: word(5), format: word(6), direction: word(7) },
  };
}

export class ContextTable {
  /** Number 0 stands for contexts that found no room. */
  count = 1;
  /** Behind the last context there is always room for one to be looked up. */
  private words = new Int32Array(WORDS * INITIAL);
  private slots = new Int32Array(2 * INITIAL);

  /** Number of the row's context. */
  of(batch: VerdictColumns, row: number): number {
    const { words } = this;
    const wanted = WORDS * this.count;
    words[wanted] = batch.rule[row]!;
    words[wanted + 1] = batch.inInterface[row]!;
    words[wanted + 2] = batch.outInterface[row]!;
    words[wanted + 3] = batch.inZone[row]!;
    words[wanted + 4] = batch.outZone[row]!;
    words[wanted + 5] = batch.device[row]!;
    words[wanted + 6] = batch.format[row]!;
    words[wanted + 7] = batch.direction[row]!;
    return this.intern(wanted);
  }

  /** The number of the context that was put at `wanted`, behind the last one. */
  private intern(wanted: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = this.hash(wanted) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) return this.keep(slot);
      if (this.equal(WORDS * held, wanted)) return held;
      slot = (slot + 1) & mask;
    }
  }

  part(): ContextsPart {
    const { count, words } = this;
    return { count, words };
  }

  at(number: number): Context {
    return contextAt(this.words, number);
  }

  private hash(at: number): number {
    const { words } = this;
    // Products that do not wait for each other.
    const h =
      (Math.imul(words[at]!, 0x85ebca6b) ^ Math.imul(words[at + 1]!, 0xc2b2ae35)) +
      (Math.imul(words[at + 2]!, 0x27d4eb2f) ^ Math.imul(words[at + 3]!, 0x165667b1)) +
      (Math.imul(words[at + 4]!, 0x9e3779b1) ^ Math.imul(words[at + 5]!, 0x2c1b3c6d)) +
      (Math.imul(words[at + 6]!, 0x297a2d39) ^ Math.imul(words[at + 7]!, 0x7feb352d));
    return h ^ (h >>> 15);
  }

  private equal(left: number, right: number): boolean {
    const { words } = this;
    for (let index = 0; index < WORDS; index++) {
      if (words[left + index] !== words[right + index]) return false;
    }
    return true;
  }

  /** Makes the context that was looked up one of those held. */
  private keep(slot: number): number {
    if (this.count >= MOST) {
      return 0;
    }
    const number = this.count++;
    this.slots[slot] = number;
    if (WORDS * (this.count + 1) > this.words.length) {
      const larger = new Int32Array(2 * this.words.length);
      larger.set(this.words);
      this.words = larger;
    }
    if (2 * this.count > this.slots.length) this.rehash();
    return number;
  }

  private rehash(): void {
    this.slots = new Int32Array(2 * this.slots.length);
    const mask = this.slots.length - 1;
    for (let number = 1; number < this.count; number++) {
      let slot = this.hash(WORDS * number) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = number;
    }
  }
}
