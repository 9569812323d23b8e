/**
 * Inputs that are the same log again: named twice, linked, copied, or packed beside the plain one, as
 * rotation leaves it for a while. Read again, everything in them would count twice.
 *
 * Contents are looked at only where their sizes agree, which gzip (RFC 1952 section 2.3.1) and zstd
 * (RFC 8878 section 3.1.1.1.4) state; most folders cost a few octets of the packed ones. Pipes and devices
 * are never opened: they can be read but once.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type ByteSource, openFile } from '../pcap/byte-source.ts';
import { GzipBytes } from '../pcap/gzip-bytes.ts';
import type { NamedInput } from '../pcap/inputs.ts';
import { type CaptureForm, recognise } from '../pcap/recognise.ts';
import { ZstdBytes } from '../pcap/zstd-bytes.ts';

/** Octets from the begin that are compared before all are. */
const HEAD_OCTETS = 64 * 1024;
const CHUNK_OCTETS = 256 * 1024;
/** What a file states may be wrong. */
const LEAST_OCTETS = 4096;
/** gzip states sizes modulo this. */
const SIZES = 2 ** 32;
/** Names of files that are opened for their size. */
const PACKED = /\.(?:gz|zst|zstd)$/i;

export interface Copy {
  /** What has the same contents, and is read. */
  readonly of: string;
  /** Size of the file that need not be read. */
  readonly octets: number;
}

interface Candidate {
  readonly input: NamedInput;
  readonly octets: number;
  /** The same for all names of a file. */
  readonly file: string;
}

interface Sized extends Candidate {
  readonly form: CaptureForm | undefined;
  /** Of the contents, unpacked, modulo `SIZES`. */
  readonly size: number;
}

/**
 * Those of the inputs that need not be read; of inputs with the same contents the first one is, or
 * `kept`. What cannot be read is no copy: it is read later, and what is wrong with it is said.
 */
export async function findCopies(
  inputs: readonly NamedInput[],
  kept: NamedInput | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<NamedInput, Copy>> {
  const copies = new Map<NamedInput, Copy>();
  // The first of each group is the one that is read.
  const first = kept === undefined ? inputs : [kept, ...inputs.filter((input) => input !== kept)];
  const note = (group: readonly Candidate[]): void => {
    const [original, ...others] = group;
    for (const { input, octets } of others) {
      copies.set(input, { of: original!.input.source, octets });
    }
  };
  const files = await alike(await each(first, candidateOf), 1, ({ file }) => file);
  files.forEach(note);
  const sized = await each(
    files.map(([original]) => original!),
    sizedOf,
  );
  for (const sizes of await alike(sized, 2, ({ size }) => String(size))) {
    for (const heads of await alike(sizes, 2, (file) => digestOf(file, HEAD_OCTETS, signal))) {
      const whole = (file: Sized) => digestOf(file, Number.POSITIVE_INFINITY, signal);
      (await alike(heads, 2, whole)).forEach(note);
    }
  }
  return copies;
}

/** What `make` gives of each, without what it gives nothing of. */
async function each<From, To>(
  list: readonly From[],
  make: (each: From) => Promise<To | undefined>,
): Promise<To[]> {
  const made: To[] = [];
  for (const from of list) {
    const to = await make(from).catch(() => undefined);
    if (to !== undefined) made.push(to);
  }
  return made;
}

/** Groups of at least `least` that have the same key. */
async function alike<Item>(
  list: readonly Item[],
  least: number,
  keyOf: (item: Item) => string | undefined | Promise<string | undefined>,
): Promise<Item[][]> {
  const groups = new Map<string, Item[]>();
  for (const item of list) {
    const key = await keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()].filter(({ length }) => length >= least);
}

async function candidateOf(input: NamedInput): Promise<Candidate | undefined> {
  if (input.source === '-') return undefined;
  const stats = await stat(input.source, { bigint: true });
  if (!stats.isFile() || stats.size === 0n) return undefined;
  return { input, octets: Number(stats.size), file: `${stats.dev} ${stats.ino}` };
}

async function sizedOf(candidate: Candidate): Promise<Sized | undefined> {
  // A packed file of another name is compared as it is.
  if (!PACKED.test(candidate.input.source)) {
    return { ...candidate, form: undefined, size: candidate.octets % SIZES };
  }
  const handle = await open(candidate.input.source);
  try {
    const head = await octetsAt(handle, 0, 18);
    const form = recognise(head);
    let size: number | undefined = candidate.octets % SIZES;
    if (form === 'gzip') {
      const trailer = await octetsAt(handle, candidate.octets - 4, 4);
      size = trailer.length < 4 ? undefined : wordAt(trailer, 0);
    } else if (form === 'zstd') size = sizeOfFrame(head);
    return size === undefined ? undefined : { ...candidate, form, size };
  } finally {
    await handle.close();
  }
}

async function octetsAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  const { bytesRead } = await handle.read(octets, 0, length, Math.max(0, position));
  return octets.subarray(0, bytesRead);
}

/** The size that the header of a zstd frame states; undefined without one. */
function sizeOfFrame(head: Uint8Array): number | undefined {
  if (head.length < 18 || wordAt(head, 0) !== 0xfd2fb528) return undefined;
  const descriptor = head[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const kind = descriptor >>> 6;
  if (kind === 0) return isSingle ? head[at]! : undefined;
  return kind === 1 ? (wordAt(head, at) & 0xffff) + 256 : wordAt(head, at);
}

/** 32 bits, the lowest octet first. */
function wordAt(octets: Uint8Array, at: number): number {
  return new DataView(octets.buffer, octets.byteOffset).getUint32(at, true);
}

/** Of the first `most` octets of the contents; undefined where they cannot be read. */
async function digestOf(
  { input, form, size }: Sized,
  most: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let source: ByteSource | undefined;
  try {
    source = unpacked(await openFile(input.source), form);
    const hash = createHash('sha256');
    // Of many small files room for each would cost more than reading them.
    const chunk = new Uint8Array(Math.min(most, Math.max(LEAST_OCTETS, size), CHUNK_OCTETS));
    for (let left = most; left > 0 && signal?.aborted !== true; ) {
      const count = await source.read(chunk, 0, Math.min(left, chunk.length));
      if (count === 0) break;
      hash.update(chunk.subarray(0, count));
      left -= count;
    }
    return signal?.aborted ? undefined : hash.digest('base64');
  } catch {
    return undefined;
  } finally {
    await source?.close();
  }
}

function unpacked(file: ByteSource, form: CaptureForm | undefined): ByteSource {
  if (form === 'gzip') return new GzipBytes(file);
  return form === 'zstd' ? new ZstdBytes(file) : file;
}
