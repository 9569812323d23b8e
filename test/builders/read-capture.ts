/** Reads captures to the end and keeps copies of what came out, for tests to compare. */
import { Readable } from 'node:stream';
import { type CaptureReader, openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import type { CaptureOptions } from '../../src/sources/pcap/limits.ts';
import type { FrameBatch } from '../../src/wire/frame-batch.ts';

export interface ReadFrame {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly number: number;
  readonly interface: number;
  readonly original: number;
  readonly octets: Uint8Array;
}

export interface ReadCapture {
  readonly frames: readonly ReadFrame[];
  readonly reader: CaptureReader;
}

/** Copies the frames of a batch; throws when one lies outside its buffer. */
export function copyFrames(batch: FrameBatch): ReadFrame[] {
  return Array.from({ length: batch.count }, (_, i) => {
    const offset = batch.offset[i]!;
    const captured = batch.captured[i]!;
    const inside = offset >= 0 && captured >= 0 && offset + captured <= batch.bytes.length;
    if (!inside || batch.original[i]! < captured || batch.nanoseconds[i]! > 999_999_999) {
      throw new Error(`frame ${i} breaks a promise of FrameBatch`);
    }
    return {
      seconds: batch.seconds[i]!,
      nanoseconds: batch.nanoseconds[i]!,
      number: batch.number[i]!,
      interface: batch.interface[i]!,
      original: batch.original[i]!,
      octets: batch.bytes.slice(offset, offset + captured),
    };
  });
}

/** Reads inputs to the end and closes them. */
export async function readCaptures(
  inputs: readonly string[],
  options: CaptureOptions = {},
): Promise<ReadCapture> {
  const reader = await openCaptures(inputs, options);
  const frames: ReadFrame[] = [];
  for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
    frames.push(...copyFrames(batch));
  }
  await reader.close();
  return { frames, reader };
}

/** Reads octets as standard input, in pieces of `pieceOctets`. */
export function readBytes(
  bytes: Uint8Array,
  options: CaptureOptions = {},
  pieceOctets = 65_536,
): Promise<ReadCapture> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceOctets) {
    pieces.push(bytes.subarray(at, at + pieceOctets));
  }
  const standardInput = Readable.from(pieces, { objectMode: false });
  return readCaptures(['-'], { ...options, standardInput });
}
