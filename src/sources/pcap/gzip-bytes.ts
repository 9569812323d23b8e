/**
 * Octets out of a gzip file (RFC 1952) of one or several members, by the zlib of the runtime.
 *
 * zlib drops what it made of a piece of input in which it finds an error. So that nothing before
 * a fault is lost, a file is then read a second time up to that piece, and the piece itself in
 * crumbs. Standard input cannot be read twice: there up to one piece is lost.
 */
import { createGunzip, type Gunzip } from 'node:zlib';
import { type ByteSource, STREAM_OCTETS } from './byte-source.ts';
import { CompressionFault, OctetQueue } from './compression.ts';

/** Compressed octets given to zlib at a time: at most 1032 times as much comes out, 16 MiB. */
const PIECE_OCTETS = 16 * 1024;
const CRUMB_OCTETS = 1;
const OUTPUT_OCTETS = 128 * 1024;

/** Owns `source`, and closes it. A fault of the file rejects, once all before it was read. */
export class GzipBytes implements ByteSource {
  readonly most = STREAM_OCTETS;
  readonly readsAhead = true;
  #source: ByteSource;
  #gunzip: Gunzip;
  readonly #reopen: (() => Promise<ByteSource>) | undefined;
  readonly #queue = new OctetQueue();
  readonly #piece = new Uint8Array(PIECE_OCTETS);
  /** Octets made so far; a second reading makes them again. */
  #made = 0;
  /** Compressed octets taken so far, and where the second reading turns to crumbs. */
  #taken = 0;
  #crumbsFrom = Number.POSITIVE_INFINITY;
  #settled: ((error?: Error | null) => void) | undefined;
  #fault: Error | undefined;
  #done = false;

  /** Takes over `source`; `reopen` gives the same octets once more, from the start. */
  constructor(source: ByteSource, reopen?: () => Promise<ByteSource>) {
    this.#source = source;
    this.#reopen = reopen;
    this.#gunzip = this.#start();
  }

  get consumed(): number {
    return this.#source.consumed;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    while (this.#queue.empty) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#done) return 0;
      await this.#feed();
    }
    return this.#queue.take(target, start, length);
  }

  async close(): Promise<void> {
    this.#done = true;
    this.#gunzip.destroy();
    await this.#source.close();
  }

  #start(): Gunzip {
    const gunzip = createGunzip({ chunkSize: OUTPUT_OCTETS });
    let made = 0;
    gunzip.on('data', (chunk: Uint8Array) => {
      made += chunk.length;
      const fresh = Math.min(chunk.length, made - this.#made);
      if (fresh <= 0) return;
      this.#made = made;
      this.#queue.put(chunk.subarray(chunk.length - fresh));
    });
    const settled = (error?: Error) => {
      if (this.#gunzip === gunzip) this.#settled?.(error);
    };
    gunzip.on('error', settled);
    gunzip.on('end', () => settled());
    gunzip.on('close', () => settled()); // closed while a piece was under way
    return gunzip;
  }

  /** Gives zlib one more piece, or its end. */
  async #feed(): Promise<void> {
    const crumbs = this.#taken >= this.#crumbsFrom;
    const most = Math.min(PIECE_OCTETS, this.#crumbsFrom - this.#taken);
    const count = await this.#source.read(this.#piece, 0, crumbs ? CRUMB_OCTETS : most);
    if (this.#done) return; // closed meanwhile: zlib would answer no more
    const gunzip = this.#gunzip;
    try {
      await this.#give(gunzip, count);
      this.#taken += count;
      if (count === 0) this.#done = true;
    } catch (error) {
      await this.#failed(error as NodeJS.ErrnoException, count);
    }
  }

  /** Settles when zlib has made all it can of the piece, or at the end of everything. */
  #give(gunzip: Gunzip, count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settled = (error) => (error ? reject(error) : resolve());
      if (count === 0) gunzip.end();
      else gunzip.write(this.#piece.subarray(0, count), this.#settled);
    });
  }

  async #failed(error: NodeJS.ErrnoException, count: number): Promise<void> {
    const truncated = error.code === 'Z_BUF_ERROR';
    if (!truncated && count > CRUMB_OCTETS && this.#reopen !== undefined) {
      await this.#source.close();
      this.#source = await this.#reopen();
      this.#crumbsFrom = this.#taken;
      this.#taken = 0;
      this.#gunzip = this.#start();
      return;
    }
    this.#done = true;
    this.#fault = new CompressionFault('gzip', truncated, this.#taken, error.message);
  }
}
