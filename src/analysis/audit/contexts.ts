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

/**
 * Numbers hold for the table's life; names in a context are numbers of the reader's `NameTable`.
 */
export class ContextTable {
  /** Number 0 stands for contexts that found no room. */
  count = 1;
  private words = new Int32Array(WORDS * INITIAL);
  private slots = new Int32Array(2 * INITIAL);

  /** Number of the row's context. */
  of(batch: VerdictColumns, row: number): number {
    const { words, slots } = this;
    const rule = batch.rule[row]!;
    const inInterface = batch.inInterface[row]!;
    const outInterface = batch.outInterface[row]!;
    const inZone = batch.inZone[row]!;
    const outZone = batch.outZone[row]!;
    const device = batch.device[row]!;
    const format = batch.format[row]!;
    const direction = batch.direction[row]!;
    const mask = slots.length - 1;
    let slot =
      mask & hashOf(rule, inInterface, outInterface, inZone, outZone, device, format, direction);
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) return this.keep(slot, batch, row);
      const at = WORDS * held;
      if (
        words[at] === rule &&
        words[at + 1] === inInterface &&
        words[at + 2] === outInterface &&
        words[at + 3] === inZone &&
        words[at + 4] === outZone &&
        words[at + 5] === device &&
        words[at + 6] === format &&
        words[at + 7] === direction
      ) {
        return held;
      }
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

  /** Makes the row's context one of those held. */
  private keep(slot: number, batch: VerdictColumns, row: number): number {
    if (this.count >= MOST) return 0;
    const number = this.count++;
    this.slots[slot] = number;
    if (WORDS * this.count > this.words.length) {
      const larger = new Int32Array(2 * this.words.length);
      larger.set(this.words);
      this.words = larger;
    }
    const { words } = this;
    const at = WORDS * number;
    words[at] = batch.rule[row]!;
    words[at + 1] = batch.inInterface[row]!;
    words[at + 2] = batch.outInterface[row]!;
    words[at + 3] = batch.inZone[row]!;
    words[at + 4] = batch.outZone[row]!;
    words[at + 5] = batch.device[row]!;
    words[at + 6] = batch.format[row]!;
    words[at + 7] = batch.direction[row]!;
    if (2 * this.count > this.slots.length) this.rehash();
    return number;
  }

  private rehash(): void {
    this.slots = new Int32Array(2 * this.slots.length);
    const mask = this.slots.length - 1;
    for (let number = 1; number < this.count; number++) {
      const { rule, inInterface, outInterface, inZone, outZone, device, format, direction } =
        this.at(number);
      let slot =
        mask & hashOf(rule, inInterface, outInterface, inZone, outZone, device, format, direction);
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = number;
    }
  }
}

/** Of products that do not wait for each other. */
function hashOf(
  rule: number,
  inInterface: number,
  outInterface: number,
  inZone: number,
  outZone: number,
  device: number,
  format: number,
  direction: number,
): number {
  const sum =
    (Math.imul(rule, 0x85ebca6b) ^ Math.imul(inInterface, 0xc2b2ae35)) +
    (Math.imul(outInterface, 0x27d4eb2f) ^ Math.imul(inZone, 0x165667b1)) +
    (Math.imul(outZone, 0x9e3779b1) ^ Math.imul(device, 0x2c1b3c6d)) +
    (Math.imul(format, 0x297a2d39) ^ Math.imul(direction, 0x7feb352d));
  return sum ^ (sum >>> 15);
}
