/**
 * Text in UTF-16, as Windows writes it (PowerShell's `>`, exports of its tools), as UTF-8:
 * recognised by its mark (U+FEFF), or without one by a zero in every second octet.
 */
import { type ByteSource, STREAM_OCTETS } from '../pcap/byte-source.ts';

export type Utf16 = 'utf-16le' | 'utf-16be';

/** Octets by which text without a mark is told, at least. */
const TELLING_OCTETS = 16;
/** Share of characters below U+0100, which have a zero. */
const MOSTLY = 0.9;

/** The encoding of a text that begins so; undefined when it is not UTF-16. */
export function utf16Of(head: Uint8Array): Utf16 | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head.length < TELLING_OCTETS) return undefined;
  const zeros = [0, 0];
  for (let at = 0; at < head.length; at++) if (head[at] === 0) zeros[at & 1]!++;
  const half = head.length / 2;
  const [even, odd] = zeros as [number, number];
  if (odd >= MOSTLY * half && even === 0) return 'utf-16le';
  return even >= MOSTLY * half && odd === 0 ? 'utf-16be' : undefined;
}

/** Owns `source`, and closes it. Halves of characters that have no other half become U+FFFD. */
export class Utf16Bytes implements ByteSource {
  readonly most = STREAM_OCTETS;
  readonly readsAhead: boolean;
  private readonly source: ByteSource;
  private readonly decoder = new TextDecoder('utf-16le');
  private readonly encoder = new TextEncoder();
  private readonly input = new Uint8Array(STREAM_OCTETS / 4);
  private readonly bigEndian: boolean;
  /** An octet whose other half has not come. */
  private half = 0;
  private output: Uint8Array = new Uint8Array(0);
  private ended = false;

  /** Takes over `source`. */
  constructor(source: ByteSource, encoding: Utf16) {
    this.source = source;
    this.readsAhead = source.readsAhead;
    this.bigEndian = encoding === 'utf-16be';
  }

  get consumed(): number {
    return this.source.consumed;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    while (this.output.length === 0) {
      if (this.ended) return 0;
      await this.fill();
    }
    const count = Math.min(length, this.output.length);
    target.set(this.output.subarray(0, count), start);
    this.output = this.output.subarray(count);
    return count;
  }

  private async fill(): Promise<void> {
    const { input, decoder } = this;
    const count = await this.source.read(input, this.half, input.length - this.half);
    if (count === 0) {
      this.ended = true;
      this.output = this.encoder.encode(decoder.decode(input.subarray(0, this.half)));
      return;
    }
    const octets = this.half + count;
    const whole = octets & ~1;
    if (this.bigEndian) swap(input, whole);
    this.output = this.encoder.encode(decoder.decode(input.subarray(0, whole), { stream: true }));
    this.half = octets - whole;
    if (this.half === 1) input[0] = input[whole]!;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** The other order of octets; not every build of the runtime knows both. */
function swap(bytes: Uint8Array, end: number): void {
  for (let at = 0; at < end; at += 2) {
    const kept = bytes[at]!;
    bytes[at] = bytes[at + 1]!;
    bytes[at + 1] = kept;
  }
}
