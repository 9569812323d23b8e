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
  const times = timesOf(parts, count);
  let from = new Uint32Array(count);
  for (let row = 0; row < count; row++) from[row] = row;
  // Where runs of rows in order start, and where the last ends.
  let runs = [0];
  for (let row = 1; row < count; row++) if (times[row]! < times[row - 1]!) runs.push(row);
  if (runs.length === 1) return from;
  let to = new Uint32Array(count);
  while (runs.length > 1) {
    runs.push(count);
    const merged: number[] = [];
    for (let run = 0; run + 1 < runs.length; run += 2) {
      merged.push(runs[run]!);
      merge(times, from, to, runs[run]!, runs[run + 1]!, runs[run + 2] ?? count);
    }
    [from, to, runs] = [to, from, merged];
  }
  return from;
}

/** Merges `from[start, middle)` and `from[middle, end)`, each in order, into `to[start, end)`. */
function merge(
  times: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft =
      right === end || (left < middle && times[from[left]!]! <= times[from[right]!]!);
    to[at] = from[takeLeft ? left++ : right++]!;
  }
}

/** Nanoseconds since the earliest second, so that they stay exact over the first hundred days. */
function timesOf(parts: readonly FlowPart[], count: number): Float64Array {
  const times = new Float64Array(count);
  const start = earliestSecond(parts);
  let index = 0;
  for (const part of parts) {
    for (let row = 0; row < part.count; row++) {
      const words = part.chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      times[index++] =
        ((words[base + R_FIRST_SECONDS]! >>> 0) - start) * 1e9 + words[base + R_FIRST_NANOSECONDS]!;
    }
  }
  return times;
}

function earliestSecond(parts: readonly FlowPart[]): number {
  let earliest = 0xffffffff;
  for (const { chunks, count } of parts) {
    for (let row = 0; row < count; row++) {
      const words = chunks[row >>> CHUNK_SHIFT]!.words;
      const seconds = words[(row & CHUNK_MASK) * ROW_WORDS + R_FIRST_SECONDS]! >>> 0;
      if (seconds < earliest) earliest = seconds;
    }
  }
  return earliest;
}
