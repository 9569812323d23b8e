/**
 * All flows of an input after it was read: one or more tables (one per worker), with the
 * direction ladder over all of them.
 */

import type { Chunk } from './chunk.ts';
import type { DirectionLadder } from './direction.ts';
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
  private readonly parts: readonly LearnedPart[];
  private readonly ladder: DirectionLadder;

  /** Learns from all flows, so that each can be decided. */
  constructor(parts: readonly FlowPart[], ladder: DirectionLadder) {
    this.ladder = ladder;
    this.count = parts.reduce((sum, part) => sum + part.count, 0);
    this.parts = parts.map(({ chunks, count, extensions }) => {
      return { chunks, count, extensions, own: ladder.learn(chunks, count) };
    });
    ladder.learnFanIn(this.parts);
  }

  /** Every flow, in no particular order. */
  visit(visitor: FlowVisitor): void {
    for (const part of this.parts) visitRows(part, this.ladder, visitor);
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
      const { chunks, extensions, own } = this.parts[part]!;
      const chunk = chunks[row >>> CHUNK_SHIFT]!;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      yield [chunk, base, this.ladder.decide(chunk.words, base, own[row]!), extensions];
    }
  }
}

/** A part after the ladder learned from it. */
export interface LearnedPart extends FlowPart {
  /** What the ladder's `learn` returned. */
  readonly own: Uint8Array;
}

/** Visits the rows of one part, deciding each by what the ladder knows so far. */
export function visitRows(part: LearnedPart, ladder: DirectionLadder, visitor: FlowVisitor): void {
  const { chunks, count, extensions, own } = part;
  for (let row = 0; row < count; row++) {
    const chunk = chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    visitor(chunk, base, ladder.decide(chunk.words, base, own[row]!), extensions);
  }
}
