/**
 * A log that is still written to: its octets from the start, then what is added, until its name
 * stands for another file (rotated by renaming) or it was emptied (rotated by copying). Then the
 * source ends, with `rotated` true, and whoever reads opens the name again.
 *
 * Looks at the file every quarter of a second: notices of the system neither cross network file
 * systems nor tell of a file that comes into being under an old name.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type ByteSource, STREAM_OCTETS } from '../pcap/byte-source.ts';

const LOOK_EVERY_MS = 250;
/** Looks without growth after which nobody writes to a renamed file any more. */
const LAST_LOOKS = 4;
/** Octets at the start by which a file is known: one that was emptied may have grown again. */
const KNOWN_OCTETS = 128;
/** Octets read before other events get their turn. */
const TURN_OCTETS = 8 * 1024 * 1024;

/**
 * Owns the handle. `read` waits for what is added, and ends with 0 when the file was rotated or
 * closed.
 */
export class FollowedFile implements ByteSource {
  consumed = 0;
  readonly most = STREAM_OCTETS;
  readonly readsAhead = false;
  /** The name stands for another text from here on. */
  rotated = false;
  private readonly path: string;
  private readonly handle: FileHandle;
  private readonly onWait: () => void;
  private known = new Uint8Array(0);
  private turn = 0;
  private quiet = 0;
  private closed: Promise<void> | undefined;
  private wake: (() => void) | undefined;

  /** @param onWait called before each wait: all that was written so far was read */
  constructor(path: string, handle: FileHandle, onWait: () => void) {
    this.path = path;
    this.handle = handle;
    this.onWait = onWait;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    if (this.consumed - this.turn >= TURN_OCTETS) {
      this.turn = this.consumed;
      await new Promise(setImmediate);
    }
    for (;;) {
      if (this.closed !== undefined || this.rotated) return 0;
      const count = readSync(this.handle.fd, target, start, length, this.consumed);
      if (count > 0) return this.took(target, start, count);
      this.onWait();
      await this.pause();
      if (this.closed === undefined) this.rotated = await this.isOver();
    }
  }

  private took(target: Uint8Array, start: number, count: number): number {
    const missing = Math.min(count, KNOWN_OCTETS - this.known.length);
    if (missing > 0 && this.consumed === this.known.length) {
      const known = new Uint8Array(this.known.length + missing);
      known.set(this.known);
      known.set(target.subarray(start, start + missing), this.known.length);
      this.known = known;
    }
    this.quiet = 0;
    this.consumed += count;
    return count;
  }

  /** Whether all of this text was read and the name stands for another one. */
  private async isOver(): Promise<boolean> {
    const own = await this.handle.stat();
    if (own.size < this.consumed) return true;
    // What was emptied and has grown since begins otherwise.
    if (own.size > this.consumed) return !this.beginsAsKnown();
    const named = await stat(this.path).catch(() => undefined);
    // Between renaming and creating there is no such file.
    if (named === undefined || (named.ino === own.ino && named.dev === own.dev)) return false;
    return ++this.quiet >= LAST_LOOKS;
  }

  private beginsAsKnown(): boolean {
    const head = new Uint8Array(this.known.length);
    const count = readSync(this.handle.fd, head, 0, head.length, 0);
    return count === head.length && head.every((octet, at) => octet === this.known[at]);
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): Promise<void> {
    this.closed ??= this.handle.close();
    this.wake?.();
    return this.closed;
  }
}

/** Opens a file to be followed. Rejects with the system's error. */
export async function openFollowed(path: string, onWait: () => void): Promise<FollowedFile> {
  return new FollowedFile(path, await open(path, 'r'), onWait);
}

/** A pipe, with a notice when nothing comes for a while: `read` may then wait for long. */
export class NoticedBytes implements ByteSource {
  private readonly source: ByteSource;
  private readonly onWait: () => void;

  constructor(source: ByteSource, onWait: () => void) {
    this.source = source;
    this.onWait = onWait;
  }

  get consumed(): number {
    return this.source.consumed;
  }

  get most(): number {
    return this.source.most;
  }

  get readsAhead(): boolean {
    return this.source.readsAhead;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    const timer = setInterval(this.onWait, LOOK_EVERY_MS);
    try {
      return await this.source.read(target, start, length);
    } finally {
      clearInterval(timer);
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
