/**
 * Octets out of a Zstandard file (RFC 8878) of one or several frames.
 *
 * The frames are taken apart here, so that each block is handed to the decoder whole: a fault is
 * then located, everything before it is kept, and the window a frame asks for is bounded before
 * any memory is spent on it. Content checksums are not verified. The decoder is loaded on use.
 *
 * Of a block that is cut, only what lies in it as it was can be had: a compressed one begins to be read
 * at its end (RFC 8878 section 3.1.1.3.2), so that without it not one octet is known.
 */
import type { Decompress } from 'fzstd';
import { type ByteSource, STREAM_OCTETS } from './byte-source.ts';
import { CompressionFault, OctetQueue } from './compression.ts';

/** The largest window accepted: what the zstd tool accepts without being told to use more. */
const LARGEST_WINDOW = 128 * 1024 * 1024;
const LARGEST_BLOCK = 128 * 1024;
const INPUT_OCTETS = 64 * 1024;
/** Kinds of blocks: octets as they are, one octet many times; others are compressed. */
const RAW = 0;
const REPEATED = 1;
const RESERVED = 3;

type Decoder = typeof Decompress;

/** Whether an error is located already, or the system's; else it is the decoder's. */
function isOfSource(error: unknown): error is Error {
  return (
    error instanceof CompressionFault || (error as NodeJS.ErrnoException).syscall !== undefined
  );
}

/** Owns `source`, and closes it. A fault of the file rejects, once all before it was read. */
export class ZstdBytes implements ByteSource {
  readonly most = STREAM_OCTETS;
  readonly readsAhead = true;
  readonly #source: ByteSource;
  readonly #queue = new OctetQueue();
  #decoder: Decoder | undefined;
  /** The frame under way; its header is kept until its first block. */
  #frame: Decompress | undefined;
  #header: Uint8Array | undefined;
  #checksumOctets = 0;
  #input = new Uint8Array(INPUT_OCTETS);
  #start = 0;
  #end = 0;
  /** Offset in the file of `#input[#start]`. */
  #offset = 0;
  #fault: Error | undefined;
  #done = false;

  /** Takes over `source`. */
  constructor(source: ByteSource) {
    this.#source = source;
  }

  get consumed(): number {
    return this.#source.consumed;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    this.#decoder ??= (await import('fzstd')).Decompress;
    while (this.#queue.empty) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#done) return 0;
      try {
        if (this.#frame === undefined) await this.#frameHeader(this.#decoder);
        else await this.#block(this.#frame);
      } catch (error) {
        this.#fault = isOfSource(error) ? error : this.#corrupt(error as Error);
      }
    }
    return this.#queue.take(target, start, length);
  }

  async close(): Promise<void> {
    this.#done = true;
    await this.#source.close();
  }

  /** Begins the next frame: magic 4, descriptor 1, window 0-1, dictionary 0-4, size 0-8. */
  async #frameHeader(decoder: Decoder): Promise<void> {
    if ((await this.#have(1)) === 0) {
      this.#done = true;
      return;
    }
    await this.#need(5);
    const view = this.#view();
    const magic = view.getUint32(0, true);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) return this.#skipFrame();
    if (magic !== 0xfd2fb528) throw this.#corrupt(new Error('what follows is no Zstandard frame'));
    const descriptor = view.getUint8(4);
    const single = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >>> 6;
    const sizeOctets = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    const dictionaryOctets = [0, 1, 2, 4][descriptor & 3]!;
    const octets = 5 + (single ? 0 : 1) + dictionaryOctets + sizeOctets;
    await this.#need(octets);
    this.#checkWindow(single, octets - sizeOctets, sizeOctets);
    this.#checksumOctets = (descriptor & 4) !== 0 ? 4 : 0;
    this.#header = this.#take(octets);
    const dictionary = this.#header.subarray(
      octets - sizeOctets - dictionaryOctets,
      octets - sizeOctets,
    );
    if (dictionary.some((octet) => octet !== 0)) {
      throw this.#corrupt(new Error('it was made with a dictionary'));
    }
    this.#frame = new decoder((chunk) => this.#queue.put(chunk));
  }

  #checkWindow(single: boolean, sizeAt: number, sizeOctets: number): void {
    const view = this.#view();
    let window: number;
    if (single) {
      if (sizeOctets === 1) window = view.getUint8(sizeAt);
      else if (sizeOctets === 2) window = view.getUint16(sizeAt, true) + 256;
      else if (sizeOctets === 4) window = view.getUint32(sizeAt, true);
      else window = Number(view.getBigUint64(sizeAt, true));
    } else {
      const octet = view.getUint8(5);
      window = 2 ** (10 + (octet >>> 3)) * (1 + (octet & 7) / 8);
    }
    if (window > LARGEST_WINDOW) {
      throw this.#corrupt(
        new Error(`a frame asks for a window of ${window} octets; ${LARGEST_WINDOW} are accepted`),
      );
    }
  }

  async #skipFrame(): Promise<void> {
    await this.#need(8);
    let left = 8 + this.#view().getUint32(4, true);
    while (left > 0) {
      const here = Math.min(left, INPUT_OCTETS);
      await this.#need(here);
      this.#take(here);
      left -= here;
    }
  }

  /** One block: header 3 octets (last 1 bit, type 2 bits, size 21 bits), then its content. */
  async #block(frame: Decompress): Promise<void> {
    await this.#need(3);
    const view = this.#view();
    const bits = view.getUint16(0, true) | (view.getUint8(2) << 16);
    const last = (bits & 1) !== 0;
    const type = (bits >>> 1) & 3;
    const size = bits >>> 3;
    if (type === RESERVED || size > LARGEST_BLOCK)
      throw this.#corrupt(new Error('a block has no valid header'));
    const whole = 3 + (type === REPEATED ? 1 : size);
    const octets = whole + (last ? this.#checksumOctets : 0);
    const there = await this.#have(octets);
    if (there < whole) throw this.#cut(type, whole, there);
    // A checksum that is cut is none of the decoder's business, but it counts its octets.
    const block = new Uint8Array(octets);
    block.set(this.#input.subarray(this.#start, this.#start + Math.min(octets, there)));
    const header = this.#header;
    this.#header = undefined;
    if (header === undefined) frame.push(block, last);
    else {
      const both = new Uint8Array(header.length + block.length);
      both.set(header);
      both.set(block, header.length);
      frame.push(both, last);
    }
    this.#take(Math.min(octets, there));
    if (there < octets) throw this.#missing(octets - whole, there - whole);
    if (last) this.#frame = undefined;
  }

  /** Keeps what can be had of a block that is cut; the fault for the rest. */
  #cut(type: number, whole: number, there: number): CompressionFault {
    const missing = this.#missing(whole, there);
    if (type === RAW) {
      this.#queue.put(this.#input.slice(this.#start + 3, this.#start + there));
      return missing;
    }
    const loss = `a block is unpacked whole or not at all: up to ${LARGEST_BLOCK} octets are lost`;
    return new CompressionFault('zstd', true, this.#offset, `${missing.message}; ${loss}`);
  }

  #missing(needed: number, there: number): CompressionFault {
    const message = `${needed} octets needed, ${there} left`;
    return new CompressionFault('zstd', true, this.#offset, message);
  }

  #corrupt(error: Error): CompressionFault {
    return new CompressionFault('zstd', false, this.#offset, error.message);
  }

  #view(): DataView {
    return new DataView(this.#input.buffer, this.#start, this.#end - this.#start);
  }

  /** A copy of the next `count` octets, which must be at hand, and past them. */
  #take(count: number): Uint8Array {
    const taken = this.#input.slice(this.#start, this.#start + count);
    this.#start += count;
    this.#offset += count;
    return taken;
  }

  /** Reads until `count` octets are at hand; throws if the file ends before. */
  async #need(count: number): Promise<void> {
    const there = await this.#have(count);
    if (there >= count) return;
    throw this.#missing(count, there);
  }

  async #have(count: number): Promise<number> {
    while (this.#end - this.#start < count) {
      if (this.#start > 0) {
        this.#input.copyWithin(0, this.#start, this.#end);
        this.#end -= this.#start;
        this.#start = 0;
      }
      if (count > this.#input.length) {
        const larger = new Uint8Array(count + INPUT_OCTETS);
        larger.set(this.#input.subarray(0, this.#end));
        this.#input = larger;
      }
      const room = this.#input.length - this.#end;
      const got = await this.#source.read(this.#input, this.#end, room);
      if (got === 0) break;
      this.#end += got;
    }
    return this.#end - this.#start;
  }
}
