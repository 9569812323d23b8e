/** Lines of a source, and of a stretch of a regular file, which is read in this thread. */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../pcap/byte-source.ts';
import { Window } from '../pcap/window.ts';
import type { LineReader } from './line-reader.ts';

/** Octets read before other events get their turn. */
const TURN_OCTETS = 8 * 1024 * 1024;
const CHUNK_OCTETS = 256 * 1024;
const SLACK_OCTETS = 64;
/** Octets that are searched for a newline at a time. */
const SEARCH_OCTETS = 64 * 1024;
const NEWLINE = 0x0a;

export class FileSpan implements ByteSource {
  consumed = 0;
  readonly most: number;
  readonly readsAhead = false;
  private readonly handle: FileHandle;
  private at: number;
  private readonly to: number;
  private turn = 0;

  /** Reads octets `from` to `to` of an open file, which stays the caller's; to its end at most. */
  constructor(handle: FileHandle, from: number, to: number) {
    this.handle = handle;
    this.at = from;
    this.to = to;
    this.most = Math.min(to - from, Number.MAX_SAFE_INTEGER);
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    if (this.consumed - this.turn >= TURN_OCTETS) {
      this.turn = this.consumed;
      await new Promise(setImmediate);
    }
    const wanted = Math.min(length, this.to - this.at);
    if (wanted <= 0) return 0;
    const count = readSync(this.handle.fd, target, start, wanted, this.at);
    this.at += count;
    this.consumed += count;
    return count;
  }

  async close(): Promise<void> {}
}

/** Opens a file of which several stretches are read. */
export function openForSpans(path: string): Promise<FileHandle> {
  return open(path, 'r');
}

/** Where the first line begins that starts at `from` or later, at most `most` octets on; or -1. */
export function lineStart(handle: FileHandle, from: number, most: number): number {
  if (from <= 0) return 0;
  const chunk = new Uint8Array(SEARCH_OCTETS);
  // The line starts at `from` when the octet before it ends one.
  for (let at = from - 1; at < from + most; ) {
    const count = readSync(handle.fd, chunk, 0, chunk.length, at);
    if (count === 0) return -1;
    const newline = chunk.subarray(0, count).indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
    at += count;
  }
  return -1;
}

/**
 * Gives the whole lines of a source to the reader. What is left in the window is the rest, without a
 * newline; the source's error is in it too.
 * @param goOn asked before each chunk
 */
export async function readSpan(
  lines: LineReader,
  source: ByteSource,
  goOn: () => boolean,
): Promise<Window> {
  // With room behind the last line, which readers that look ahead may touch.
  const window = new Window(source, Math.min(CHUNK_OCTETS, source.most + SLACK_OCTETS));
  while (goOn()) {
    await window.require(window.end - window.start + 1);
    const grown = window.end - window.start;
    window.start = lines.readLines(window.bytes, window.start, window.end);
    if (window.ended || grown === 0) break;
  }
  await window.settle();
  return window;
}
