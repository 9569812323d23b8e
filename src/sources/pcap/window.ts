/**
 * A window of contiguous octets that slides over a source, with the next chunk read meanwhile
 * where that is worth it.
 *
 * Two buffers take turns: while records in one are walked, a pipe or decompressor fills the other.
 * A record cut by the end of a chunk is copied in front of the next chunk, into room kept there, so
 * that every record is contiguous and nothing else is ever copied. Only a record longer than that
 * room makes a third, larger buffer.
 */
import type { ByteSource } from './byte-source.ts';

/**
 * Room in front of each chunk for the rest of the one before: a full-size record and header.
 *
 * The odd 48 makes the kernel's copy a third faster: a buffer starts 16 octets into a page, and
 * at a chunk offset that keeps that distance the loads of the copy (from the page cache, at the
 * start of a page) seem to the processor to depend on its stores just before.
 */
const CARRY_OCTETS = 64 * 1024 + 48;

/** Octets behind the last one read that may be looked at, whatever they hold. */
const BEHIND_OCTETS = 512;

type ReadOutcome = { readonly count: number; readonly error?: Error };

/** Octets are borrowed until `require`, which may move or overwrite them. */
export class Window {
  /** The present buffer; unread octets are `bytes[start]` to `bytes[end - 1]`. */
  bytes: Uint8Array;
  view: DataView;
  /** May lie beyond `end` after `start` was raised to pass over octets not read yet. */
  start = 0;
  end = 0;
  /** Offset in the capture of `bytes[0]`; may be negative, `base + start` never is. */
  base = Number.NaN; // a float from the start: see LARGE in wire/decoder.ts
  /** True once the source has no more octets (or failed, see `error`). */
  ended = false;
  error: Error | undefined;

  readonly #source: ByteSource;
  readonly #chunkOctets: number;
  readonly #buffers: [Uint8Array, Uint8Array];
  #next = 0;
  #pending: Promise<ReadOutcome> | undefined;

  /** `chunkOctets`: how much to ask the source for at a time (at least 1). Borrows the source. */
  constructor(source: ByteSource, chunkOctets: number) {
    this.base = 0;
    this.#source = source;
    this.#chunkOctets = chunkOctets;
    const size = CARRY_OCTETS + chunkOctets + BEHIND_OCTETS;
    const first = new Uint8Array(size);
    this.#buffers = [first, source.readsAhead ? new Uint8Array(size) : first];
    this.bytes = this.#buffers[1];
    this.view = new DataView(this.bytes.buffer);
  }

  /** Offset in the capture of the first unread octet. */
  get offset(): number {
    return this.base + this.start;
  }

  /** Unread octets at hand; never negative. */
  get available(): number {
    return this.end > this.start ? this.end - this.start : 0;
  }

  /**
   * Slides until `needed` octets are at hand or the source ended. What the previous window held
   * is overwritten from here on. Never rejects: see `error`.
   */
  async require(needed: number): Promise<void> {
    while (this.end - this.start < needed && !this.ended) {
      if (!this.#source.readsAhead) {
        await this.#refill(needed);
        continue;
      }
      this.#pending ??= this.#read(this.#buffers[this.#next]!, CARRY_OCTETS, this.#chunkOctets);
      const { count, error } = await this.#pending;
      this.#pending = undefined;
      if (count === 0) {
        this.ended = true;
        this.error = error;
      } else if (this.end - this.start <= CARRY_OCTETS) {
        this.#slide(count);
      } else {
        await this.#enlarge(count, needed);
      }
    }
  }

  /** Waits for a read under way, so that the source may be closed. */
  async settle(): Promise<void> {
    await this.#pending;
  }

  async #read(target: Uint8Array, at: number, length: number): Promise<ReadOutcome> {
    try {
      return { count: await this.#source.read(target, at, length) };
    } catch (error) {
      return { count: 0, error: error as Error };
    }
  }

  /**
   * Reads the next chunk over the present one, behind the rest of it: a file's chunks then come
   * and go in one place that stays in the cache. A rest larger than the room kept for it, of a
   * long record, moves to a buffer of its own.
   */
  async #refill(needed: number): Promise<void> {
    const rest = this.end - this.start;
    const long = rest > CARRY_OCTETS;
    const at = long ? rest : CARRY_OCTETS;
    const target = long
      ? new Uint8Array(Math.max(needed, rest + this.#chunkOctets) + BEHIND_OCTETS)
      : this.#buffers[0];
    if (rest > 0) target.set(this.bytes.subarray(this.start, this.end), at - rest);
    this.#show(target, at - rest, at);
    const room = target.length - BEHIND_OCTETS;
    while (this.end - this.start < needed && this.end < room) {
      const { count, error } = await this.#read(target, this.end, room - this.end);
      this.end += count;
      if (count > 0) continue;
      this.ended = true;
      this.error = error;
      return;
    }
  }

  /** Makes the buffer just filled the present one, and starts filling the other. */
  #slide(count: number): void {
    const target = this.#buffers[this.#next]!;
    const rest = this.end - this.start;
    if (rest > 0) target.set(this.bytes.subarray(this.start, this.end), CARRY_OCTETS - rest);
    this.#show(target, CARRY_OCTETS - rest, CARRY_OCTETS + count);
    this.#next = 1 - this.#next;
    this.#prefetch();
  }

  /** Gathers one item larger than the room in front of a chunk into a buffer of its own. */
  async #enlarge(count: number, needed: number): Promise<void> {
    const rest = this.end - this.start;
    const target = new Uint8Array(Math.max(needed, rest + count) + BEHIND_OCTETS);
    if (rest > 0) target.set(this.bytes.subarray(this.start, this.end));
    const filled = this.#buffers[this.#next]!;
    target.set(filled.subarray(CARRY_OCTETS, CARRY_OCTETS + count), rest);
    this.#show(target, 0, rest + count);
    while (this.end < needed) {
      const room = target.length - BEHIND_OCTETS;
      const more = await this.#read(target, this.end, room - this.end);
      if (more.count === 0) {
        this.ended = true;
        this.error = more.error;
        return;
      }
      this.end += more.count;
    }
    this.#prefetch();
  }

  #show(bytes: Uint8Array, start: number, end: number): void {
    const offset = this.base + this.start;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.start = start;
    this.end = end;
    this.base = offset - start;
  }

  #prefetch(): void {
    if (!this.#source.readsAhead) return;
    this.#pending = this.#read(this.#buffers[this.#next]!, CARRY_OCTETS, this.#chunkOctets);
  }
}
