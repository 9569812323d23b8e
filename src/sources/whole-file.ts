/**
 * Small files that are read at once: policies, mappings, filters, saved scans, listings. What is named
 * by mistake (a device, a disk image, a pipe without an end) is refused before it fills the memory.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** More than any such file ever takes. */
const MOST_OCTETS = 256 * 1024 * 1024;
const CHUNK = 1 << 16;

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'a part of its path is no folder'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'its permissions forbid it'],
  ['EPERM', 'the system forbids it'],
  ['ELOOP', 'its links go round in a circle'],
  ['EIO', 'the disk reported an error (EIO)'],
]);

/** A file that cannot be read; the message says why, in a clause. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly file: string;
  /** The system's, or `too-large`. */
  readonly code: string;

  constructor(file: string, code: string) {
    super(
      code === 'too-large' ? 'it is too large for what it should be' : (REASONS.get(code) ?? code),
    );
    this.file = file;
    this.code = code;
  }
}

export interface WholeFile {
  readonly octets: Uint8Array;
  /** When it was last written, in ms since 1970; of standard input, which has no time: now. */
  readonly modifiedMs: number;
}

/** `-` is standard input. Throws `UnreadableFile`. */
export function readWhole(name: string, mostOctets = MOST_OCTETS): WholeFile {
  let file = 0;
  try {
    if (name !== '-') file = openSync(name, 'r');
    const { mtimeMs, size } = fstatSync(file);
    if (size > mostOctets) throw new UnreadableFile(name, 'too-large');
    const octets = readToEnd(file, name, mostOctets);
    return { octets, modifiedMs: name === '-' ? Date.now() : Math.trunc(mtimeMs) };
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new UnreadableFile(name, code);
  } finally {
    if (file > 0) closeSync(file);
  }
}

/**
 * The text of a file in UTF-8, or in UTF-16 with its mark, as Windows shells write it. `-` is standard
 * input. Throws `UnreadableFile`.
 */
export function readWholeText(name: string): string {
  const { octets } = readWhole(name);
  const mark = octets.length < 2 ? 0 : octets[0]! * 256 + octets[1]!;
  const coding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(coding, { ignoreBOM: true }).decode(octets);
}

function readToEnd(file: number, name: string, mostOctets: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = new Uint8Array(CHUNK);
    const octets = readSome(file, part);
    if (octets === 0) break;
    parts.push(part.subarray(0, octets));
    length += octets;
    if (length > mostOctets) throw new UnreadableFile(name, 'too-large');
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Standard input may be a terminal or a pipe that has nothing yet. */
function readSome(file: number, part: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, part, 0, part.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 10);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
