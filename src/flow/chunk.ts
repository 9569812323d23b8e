/** Chunks of flow rows: the same octets seen as integers and as floats. */
import { CHUNK_ROWS, ROW_WORDS } from './flow-row.ts';

export interface Chunk {
  readonly words: Int32Array;
  readonly floats: Float64Array;
}

/**
 * A chunk of zeros.
 *
 * @param shared in shared memory, so that another thread can read it
 */
export function newChunk(shared: boolean, rows = CHUNK_ROWS): Chunk {
  const length = rows * ROW_WORDS * 4;
  const buffer = shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length);
  return { words: new Int32Array(buffer), floats: new Float64Array(buffer) };
}
