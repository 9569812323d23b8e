/**
 * All flows of an input after it was read: one or more tables (one per worker), with the
 * direction ladder over all of them.
 */

import { type Chunk, newChunk } from './chunk.ts';
import type { DirectionLadder, HeardServices, LearnedRows } from './direction.ts';
import type { ExtensionWords } from './extensions.ts';
import { CHUNK_MASK, CHUNK_ROWS, CHUNK_SHIFT, ROW_WORDS } from './flow-row.ts';
import { timeOrder } from './time-order.ts';

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

/** Told how many octets of rows a set has just forgotten. */
export type LetGo = (octets: number) => void;

/** In place of a chunk that was forgotten. */
const FORGOTTEN = newChunk(false, 0);

/**
 * Takes over the rows of the tables. They can be visited as often as wanted until `drain`, or
 * `inTimeOrder` with `letGo`, forgets them.
 */
export class FlowSet {
  readonly count: number;
  private readonly parts: readonly (DecidedPart & { readonly chunks: Chunk[] })[];

  /** Learns from all flows, and decides each. */
  constructor(parts: readonly FlowPart[], ladder: DirectionLadder, heard?: HeardServices) {
    this.count = parts.reduce((sum, part) => sum + part.count, 0);
    this.parts = parts.map(({ chunks, count, extensions }) => {
      return { chunks: [...chunks], count, extensions, decisions: ladder.learn(chunks, count) };
    });
    ladder.decide(this.parts, true, heard);
  }

  /** Every flow, in no particular order. */
  visit(visitor: FlowVisitor): void {
    for (const part of this.parts) visitRows(part, visitor);
  }

  /** Visits every flow for the last time: chunks are forgotten as soon as that is possible. */
  drain(visitor: FlowVisitor, letGo: LetGo): void {
    for (const { chunks, count, extensions, decisions } of this.parts) {
      for (let row = 0; row < count; ) {
        const at = row >>> CHUNK_SHIFT;
        const end = Math.min(count, row + CHUNK_ROWS);
        for (; row < end; row++) {
          visitor(chunks[at]!, (row & CHUNK_MASK) * ROW_WORDS, decisions[row]!, extensions);
        }
        forget(chunks, at, letGo);
      }
    }
  }

  /**
   * Every flow by the time of its first packet. Yields arguments for a `FlowVisitor`.
   *
   * @param letGo makes it the last time: chunks are forgotten, as by `drain`
   */
  *inTimeOrder(letGo?: LetGo): Generator<Parameters<FlowVisitor>> {
    const { parts } = this;
    const left = parts.map(({ chunks, count }) => rowsLeft(chunks.length, count));
    for (const at of timeOrder(parts, this.count)) {
      let part = 0;
      let row = at;
      while (row >= parts[part]!.count) row -= parts[part++]!.count;
      const { chunks, extensions, decisions } = parts[part]!;
      const chunk = row >>> CHUNK_SHIFT;
      yield [chunks[chunk]!, (row & CHUNK_MASK) * ROW_WORDS, decisions[row]!, extensions];
      if (--left[part]![chunk]! === 0 && letGo !== undefined) forget(chunks, chunk, letGo);
    }
  }
}

function forget(chunks: Chunk[], at: number, letGo: LetGo): void {
  const octets = chunks[at]!.words.byteLength;
  chunks[at] = FORGOTTEN;
  letGo(octets);
}

/** How many rows each of so many chunks has. */
function rowsLeft(chunks: number, count: number): Int32Array {
  return Int32Array.from({ length: chunks }, (_, at) =>
    Math.min(CHUNK_ROWS, count - at * CHUNK_ROWS),
  );
}

/** A part of which the ladder decided every row. */
export type DecidedPart = FlowPart & LearnedRows;

/** Decides the rows of a part by their own packets and by what the ladder knows so far. */
export function decided(
  part: FlowPart,
  ladder: DirectionLadder,
  fanIn: boolean,
  heard?: HeardServices,
): DecidedPart {
  const { chunks, count, extensions } = part;
  const learned = { chunks, count, extensions, decisions: ladder.learn(chunks, count) };
  ladder.decide([learned], fanIn, heard);
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
