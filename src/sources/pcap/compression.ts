/** What decompressing sources share: their fault, and the queue of octets not asked for yet. */

/** Thrown by `read` of a decompressing source, after every octet before the fault was given. */
export class CompressionFault extends Error {
  readonly code: 'truncated-compression' | 'corrupt-compression';
  readonly layer: 'gzip' | 'zstd';
  /** Octets into the compressed file at which the fault lies, or the piece that has it begins. */
  readonly offset: number;

  constructor(layer: 'gzip' | 'zstd', truncated: boolean, offset: number, message: string) {
    super(message);
    this.layer = layer;
    this.code = truncated ? 'truncated-compression' : 'corrupt-compression';
    this.offset = offset;
  }
}

/** Octets waiting to be read, in order. Borrows what is put in. */
export class OctetQueue {
  readonly #chunks: Uint8Array[] = [];
  #at = 0;

  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  put(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** Moves up to `length` octets into `target` from `start`; returns how many. */
  take(target: Uint8Array, start: number, length: number): number {
    let taken = 0;
    while (taken < length) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const count = Math.min(length - taken, chunk.length - this.#at);
      target.set(chunk.subarray(this.#at, this.#at + count), start + taken);
      taken += count;
      this.#at += count;
      if (this.#at < chunk.length) break;
      this.#chunks.shift();
      this.#at = 0;
    }
    return taken;
  }
}
