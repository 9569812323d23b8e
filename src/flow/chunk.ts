/** Chunks of flow rows: the same octets seen as integers and as floats. */
import { FIRST_LINE } from '../net/cache-line.ts';
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
  const words = rows * ROW_WORDS;
  const octets = FIRST_LINE + 4 * words;
  const buffer = shared ? new SharedArrayBuffer(octets) : new ArrayBuffer(octets);
  return {
    words: new Int32Array(buffer, FIRST_LINE, words),
    floats: new Float64Array(buffer, FIRST_LINE, words / 2),
  };
}
