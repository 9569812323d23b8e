/**
 * The order of flows by the time of their first packets. Rows are mostly in that order as they lie:
 * a merge of the runs there are, in two columns of row numbers, takes little time and memory.
 */
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  ROW_WORDS,
} from './flow-row.ts';
import type { FlowPart } from './flow-set.ts';

/**
 * Numbers of the rows of all parts, counted on from part to part, the earliest first; of equal ones
 * the lower number.
 *
 * @param count rows of all parts
 */
export function timeOrder(parts: readonly FlowPart[], count: number): Uint32Array {
  const times = new Times(parts, count);
  let from = new Uint32Array(count);
  for (let row = 0; row < count; row++) from[row] = row;
  // Where runs of rows in order start.
  let runs = [0];
  for (let row = 1; row < count; row++) if (times.isLater(row - 1, row)) runs.push(row);
  if (runs.length === 1) return from;
  let to = new Uint32Array(count);
  while (runs.length > 1) {
    const merged: number[] = [];
    for (let run = 0; run < runs.length; run += 2) {
      merged.push(runs[run]!);
      merge(times, from, to, runs[run]!, runs[run + 1] ?? count, runs[run + 2] ?? count);
    }
    [from, to, runs] = [to, from, merged];
  }
  return from;
}

/** Merges `from[start, middle)` and `from[middle, end)`, each in order, into `to[start, end)`. */
function merge(
  times: Times,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft = right === end || (left < middle && !times.isLater(from[left]!, from[right]!));
    to[at] = from[takeLeft ? left++ : right++]!;
  }
}

/** First times of rows. */
class Times {
  private readonly seconds: Uint32Array;
  private readonly nanoseconds: Uint32Array;

  constructor(parts: readonly FlowPart[], count: number) {
    this.seconds = new Uint32Array(count);
    this.nanoseconds = new Uint32Array(count);
    let index = 0;
    for (const part of parts) {
      for (let row = 0; row < part.count; row++) {
        const words = part.chunks[row >>> CHUNK_SHIFT]!.words;
        const base = (row & CHUNK_MASK) * ROW_WORDS;
        this.seconds[index] = words[base + R_FIRST_SECONDS]!;
        this.nanoseconds[index++] = words[base + R_FIRST_NANOSECONDS]!;
      }
    }
  }

  isLater(one: number, other: number): boolean {
    const seconds = this.seconds[one]! - this.seconds[other]!;
    return seconds > 0 || (seconds === 0 && this.nanoseconds[one]! > this.nanoseconds[other]!);
  }
}
