/**
 * All flows of an input after it was read: one or more tables (one per worker), with the
 * direction ladder over all of them.
 */

import type { Chunk } from './chunk.ts';
import type { DirectionLadder, LearnedRows } from './direction.ts';
import type { ExtensionWords } from './extensions.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  ROW_WORDS,
} from './flow-row.ts';

/** The rows of one table. */
export interface FlowPart {
  readonly chunks: readonly Chunk[];
  /** Rows 0 to `count - 1` are flows. */
  readonly count: number;
  readonly extensions: ExtensionWords;
}

/** Receives flows: the row at `base` of `chunk`, and its direction (see direction.ts). */
export type FlowVisitor = (
  chunk: Chunk,
  base: number,
  decision: number,
  extensions: ExtensionWords,
) => void;

export class FlowSet {
  readonly count: number;
  private readonly parts: readonly DecidedPart[];

  /** Learns from all flows, and decides each. */
  constructor(parts: readonly FlowPart[], ladder: DirectionLadder) {
    this.count = parts.reduce((sum, part) => sum + part.count, 0);
    this.parts = parts.map(({ chunks, count, extensions }) => {
      return { chunks, count, extensions, decisions: ladder.learn(chunks, count) };
    });
    ladder.decide(this.parts, true);
  }

  /** What was decided, by row, where all flows are those of one table. Borrowed. */
  get soleDecisions(): Uint8Array | undefined {
    return this.parts.length === 1 ? this.parts[0]!.decisions : undefined;
  }

  /** Every flow, in no particular order. */
  visit(visitor: FlowVisitor): void {
    for (const part of this.parts) visitRows(part, visitor);
  }

  private earliestSecond(): number {
    let earliest = 0xffffffff;
    for (const { chunks, count } of this.parts) {
      for (let row = 0; row < count; row++) {
        const words = chunks[row >>> CHUNK_SHIFT]!.words;
        const seconds = words[(row & CHUNK_MASK) * ROW_WORDS + R_FIRST_SECONDS]! >>> 0;
        if (seconds < earliest) earliest = seconds;
      }
    }
    return earliest;
  }

  /** Every flow by the time of its first packet. Yields arguments for a `FlowVisitor`. */
  *inTimeOrder(): Generator<Parameters<FlowVisitor>> {
    const order = new Uint32Array(this.count);
    const times = new Float64Array(this.count);
    let index = 0;
    const start = this.earliestSecond();
    for (const part of this.parts) {
      for (let row = 0; row < part.count; row++, index++) {
        const words = part.chunks[row >>> CHUNK_SHIFT]!.words;
        const base = (row & CHUNK_MASK) * ROW_WORDS;
        // Since the earliest, so that nanoseconds stay exact over the first hundred days.
        times[index] =
          ((words[base + R_FIRST_SECONDS]! >>> 0) - start) * 1e9 +
          words[base + R_FIRST_NANOSECONDS]!;
        order[index] = index;
      }
    }
    order.sort((left, right) => times[left]! - times[right]! || left - right);
    for (const at of order) {
      let part = 0;
      let row = at;
      while (row >= this.parts[part]!.count) row -= this.parts[part++]!.count;
      const { chunks, extensions, decisions } = this.parts[part]!;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      yield [chunks[row >>> CHUNK_SHIFT]!, base, decisions[row]!, extensions];
    }
  }
}

/** A part of which the ladder decided every row. */
export type DecidedPart = FlowPart & LearnedRows;

/** Decides the rows of a part by their own packets and by what the ladder knows so far. */
export function decided(part: FlowPart, ladder: DirectionLadder, fanIn: boolean): DecidedPart {
  const { chunks, count, extensions } = part;
  const learned = { chunks, count, extensions, decisions: ladder.learn(chunks, count) };
  ladder.decide([learned], fanIn);
  return learned;
}

/** Visits the rows of one part. */
export function visitRows(part: DecidedPart, visitor: FlowVisitor): void {
  const { chunks, count, extensions, decisions } = part;
  for (let row = 0; row < count; row++) {
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    visitor(chunks[row >>> CHUNK_SHIFT]!, base, decisions[row]!, extensions);
  }
}
