/**
 * Which flows leave a full table: those that are over first, then those that only one side ever
 * sent (scans, floods), then attempts that were answered but became no conversation, then the
 * longest idle.
 */
import { type Chunk, newChunk } from './chunk.ts';
import { Extensions } from './extensions.ts';
import {
  CHUNK_MASK,
  CHUNK_ROWS,
  CHUNK_SHIFT,
  MARK_ENDED,
  R_KIND,
  R_LAST_SECONDS,
  R_PACKETS_B,
  R_SEEN,
  R_STATE,
  ROW_WORDS,
} from './flow-row.ts';
import type { FlowPart } from './flow-set.ts';
import { isOver, type Timeouts } from './timeouts.ts';

/** Rows and worths are sorted together in one float: worth below 2^27, row below 2^26. */
export const MOST_ROWS = 2 ** 26;
/** One step of worth; times fit below it. */
const WORTH = 2 ** 25;
const AGE_SHIFT = 7;
const OVER = 0;
const ONE_SIDED = 1;
const ANSWERED = 2;
const CONVERSATION = 3;
/** History bits of a TCP end that went beyond a SYN: SYN-ACK, acknowledgment, data, FIN. */
const BEYOND_SYN = 2 | 4 | 8 | 16;

/** The eighth of rows `0` to `count - 1` worth least, and how many of them had not ended. */
export function leastWorth(
  chunks: readonly Chunk[],
  count: number,
  timeouts: Timeouts,
  seconds: number,
  nanoseconds: number,
): { readonly rows: Int32Array; readonly live: number } {
  const order = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const words = chunks[row >>> CHUNK_SHIFT]!.words;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    order[row] = worthOf(words, base, timeouts, seconds, nanoseconds) * MOST_ROWS + row;
  }
  order.sort();
  const rows = new Int32Array(Math.max(1, count >>> 3));
  let live = 0;
  for (let index = 0; index < rows.length; index++) {
    rows[index] = order[index]! % MOST_ROWS;
    if (order[index]! >= ONE_SIDED * WORTH * MOST_ROWS) live++;
  }
  return { rows, live };
}

/** By how far the flow came, then by its last packet (in 2-minute steps, enough to prefer old ones). */
function worthOf(
  words: Int32Array,
  base: number,
  timeouts: Timeouts,
  seconds: number,
  nanoseconds: number,
): number {
  const age = words[base + R_LAST_SECONDS]! >>> AGE_SHIFT;
  let worth = OVER;
  if (
    (words[base + R_STATE]! & MARK_ENDED) === 0 &&
    !isOver(timeouts, words, base, seconds, nanoseconds)
  ) {
    if (words[base + R_PACKETS_B] === 0) worth = ONE_SIDED;
    else worth = isConversation(words, base) ? CONVERSATION : ANSWERED;
  }
  return worth * WORTH + age;
}

/** Whether both ends took part: of TCP an RST, or a SYN-ACK that was left alone, is too little. */
function isConversation(words: Int32Array, base: number): boolean {
  if ((words[base + R_KIND]! & 0xff) !== 6) return true;
  const seen = words[base + R_SEEN]!;
  return (seen & BEYOND_SYN) !== 0 && ((seen >>> 8) & BEYOND_SYN) !== 0;
}

/** Copies of rows and their extensions, as a part of their own. */
export function copyRows(chunks: readonly Chunk[], held: Extensions, rows: Int32Array): FlowPart {
  const extensions = new Extensions();
  const copies: Chunk[] = [];
  for (let index = 0; index < rows.length; index++) {
    const at = index & CHUNK_MASK;
    if (at === 0) copies.push(newChunk(false, Math.min(CHUNK_ROWS, rows.length - index)));
    const to = copies[index >>> CHUNK_SHIFT]!.words;
    const from = chunks[rows[index]! >>> CHUNK_SHIFT]!.words;
    const base = (rows[index]! & CHUNK_MASK) * ROW_WORDS;
    for (let word = 0; word < ROW_WORDS; word++) to[at * ROW_WORDS + word] = from[base + word]!;
    extensions.copy(held, to, at * ROW_WORDS);
  }
  return { chunks: copies, count: rows.length, extensions };
}
