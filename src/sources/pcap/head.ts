/** The first octets of an input, by which it is recognised. */
import type { ByteSource } from './byte-source.ts';
import { CompressionFault } from './compression.ts';

/** Octets read to recognise an input; a pipe may give fewer. */
const HEAD_OCTETS = 4096;

/**
 * The first octets of a source: at least four, unless it ends before. A fresh copy. Rejects as
 * `read` does when nothing at all could be read.
 */
export async function readHead(source: ByteSource): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_OCTETS);
  let length = 0;
  while (length < 4) {
    let count = 0;
    try {
      count = await source.read(head, length, HEAD_OCTETS - length);
    } catch (error) {
      // A damaged archive may still have given enough to tell what is in it.
      if (length === 0 || !(error instanceof CompressionFault)) throw error;
    }
    if (count === 0) break;
    length += count;
  }
  return head.subarray(0, length);
}
