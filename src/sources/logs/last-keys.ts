/**
 * The key that events of one kind end in. Of formats in which nothing marks the end of a line this
 * tells a whole one from one that was cut off in a value, where a vendor writes the same keys each
 * time, in the same order.
 */
import type { KeyedValues } from './keyed-values.ts';

const SPACE = 0x20;
/** Kinds of events that are remembered. */
const MOST = 256;

export class LastKeys {
  /** Hash of the last key by hash of the head. */
  private readonly known = new Map<number, number>();

  /**
   * Whether an event with the head `bytes[start, end)` ended in another key before. Learned from the
   * first of its kind.
   * @param values of the line; @param mayBeCut its last value is one that must be whole
   */
  isUnusual(
    bytes: Uint8Array,
    start: number,
    end: number,
    values: KeyedValues,
    mayBeCut: boolean,
  ): boolean {
    const head = hash(bytes, start, end);
    const keyEnd = Math.max(end, values.lastStart - 1);
    let keyStart = keyEnd;
    while (keyStart > end && bytes[keyStart - 1]! > SPACE) keyStart--;
    const key = hash(bytes, keyStart, keyEnd);
    const usual = this.known.get(head);
    if (usual !== undefined) return mayBeCut && usual !== key;
    if (this.known.size < MOST) this.known.set(head, key);
    return false;
  }
}

function hash(bytes: Uint8Array, start: number, end: number): number {
  let sum = end - start;
  for (let at = start; at < end; at++) sum = Math.imul(sum ^ bytes[at]!, 0x01000193);
  return sum;
}
