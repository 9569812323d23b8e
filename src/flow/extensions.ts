/**
 * Rare counters of flows, kept out of their rows: most flows never need them. An extension is a
 * fixed run of words in one growing array; index 0 is never used, so 0 means none.
 */
import { EXTENSION_WORDS, R_EXTENSION } from './flow-row.ts';

const INITIAL = 256;

/** The words of extensions, for reading: what survives a message to another thread. */
export interface ExtensionWords {
  readonly words: Int32Array;
}

/**
 * Belongs to the table whose rows point into it; a row's extension goes with the row (`release`).
 */
export class Extensions implements ExtensionWords {
  /** All extensions, `EXTENSION_WORDS` each; replaced when it grows. */
  words = new Int32Array(INITIAL * EXTENSION_WORDS);
  private count = 1;
  private readonly free: number[] = [];

  /** First word of the extension of the row at `base`, which is given one if it has none. */
  of(row: Int32Array, base: number): number {
    let index = row[base + R_EXTENSION]!;
    if (index === 0) {
      index = this.free.pop() ?? this.count++;
      if (this.count * EXTENSION_WORDS > this.words.length) {
        const larger = new Int32Array(2 * this.words.length);
        larger.set(this.words);
        this.words = larger;
      }
      row[base + R_EXTENSION] = index;
    }
    return index * EXTENSION_WORDS;
  }

  /** Copies the extension that the row at `base` has in `from`, and points the row to the copy. */
  copy(from: Extensions, row: Int32Array, base: number): void {
    const index = row[base + R_EXTENSION]!;
    if (index === 0) return;
    row[base + R_EXTENSION] = 0;
    const to = this.of(row, base);
    const at = index * EXTENSION_WORDS;
    this.words.set(from.words.subarray(at, at + EXTENSION_WORDS), to);
  }

  /** Takes back the extension of a row that goes. */
  release(row: Int32Array, base: number): void {
    const index = row[base + R_EXTENSION]!;
    if (index === 0) return;
    this.words.fill(0, index * EXTENSION_WORDS, (index + 1) * EXTENSION_WORDS);
    this.free.push(index);
    row[base + R_EXTENSION] = 0;
  }
}
