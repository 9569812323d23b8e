/**
 * A code pack: the texts of the chunks that a command loads, each with what V8 compiled of it, in
 * one file that is read in one go. V8 checks its version, its flags and the text's length, but no
 * checksum: a pack brings its own, over everything that follows the magic number.
 *
 *   magic (8 octets)  CRC-32 (4)  length of the table (4)  table (JSON, padded)  texts and codes
 *
 * Texts are ASCII (the build sees to that), one octet per character. Codes begin at multiples of
 * eight octets; V8 would copy them otherwise.
 */
import { crc32 } from 'node:zlib';

declare module 'node:zlib' {
  /** Since Node 20.15 (https://nodejs.org/api/zlib.html#zlibcrc32data-value). */
  export function crc32(octets: ArrayLike<number>): number;
}

/** What is kept of a chunk. */
export interface PackedChunk {
  /** Its text, ASCII. */
  readonly source: string;
  /** What V8 compiled; a view into the pack's octets when it was read from one. */
  readonly code: Buffer;
}

export interface CodePack {
  /** Runs that this was gathered in. */
  readonly runs: number;
  readonly chunks: ReadonlyMap<string, PackedChunk>;
}

interface Table {
  readonly build: string;
  readonly runs: number;
  /** Name, length of the text, length of the code. */
  readonly chunks: readonly (readonly [string, number, number])[];
}

const MAGIC = 'PRTRVCP1';
const TABLE_AT = 16;

const padded = (length: number) => (length + 7) & ~7;

/** The octets of a pack. @param build what made the chunks, and the runtime: `unpack` compares it */
export function pack(build: string, { runs, chunks }: CodePack): Buffer {
  const rows: [string, number, number][] = [];
  let length = 0;
  for (const [name, { source, code }] of chunks) {
    rows.push([name, source.length, code.length]);
    length += padded(source.length) + padded(code.length);
  }
  const table = Buffer.from(JSON.stringify({ build, runs, chunks: rows } satisfies Table));
  const octets = Buffer.alloc(TABLE_AT + padded(table.length) + length);
  octets.write(MAGIC, 'latin1');
  octets.writeUInt32LE(table.length, 12);
  octets.set(table, TABLE_AT);
  let at = TABLE_AT + padded(table.length);
  for (const { source, code } of chunks.values()) {
    octets.write(source, at, 'latin1');
    at += padded(source.length);
    octets.set(code, at);
    at += padded(code.length);
  }
  octets.writeUInt32LE(crc32(octets.subarray(12)), 8);
  return octets;
}

/** Undefined: damaged, or made by or for another build. The octets must not change afterwards. */
export function unpack(build: string, octets: Buffer): CodePack | undefined {
  if (octets.length < TABLE_AT || octets.toString('latin1', 0, 8) !== MAGIC) return undefined;
  if (crc32(octets.subarray(12)) !== octets.readUInt32LE(8)) return undefined;
  let at = TABLE_AT + octets.readUInt32LE(12);
  const table = JSON.parse(octets.toString('utf8', TABLE_AT, at)) as Table;
  if (table.build !== build) return undefined;
  at = padded(at);
  const chunks = new Map<string, PackedChunk>();
  for (const [name, sourceLength, codeLength] of table.chunks) {
    const source = octets.toString('latin1', at, at + sourceLength);
    at += padded(sourceLength);
    chunks.set(name, { source, code: octets.subarray(at, at + codeLength) });
    at += padded(codeLength);
  }
  return { runs: table.runs, chunks };
}
