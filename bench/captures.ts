/**
 * The files that are measured: generated once into `bench/data/` (or the folder named by
 * PORTREEVE_BENCH_DATA), remembered by a small JSON file beside each, and cut for slow programs.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { type CaptureName, generate, RECIPES } from './generate.ts';

/** Raise this when a recipe or a frame changes: older files are then made again. */
const GENERATION = 2;
const CHUNK_BYTES = 4 << 20;

export interface Capture {
  readonly path: string;
  readonly packets: number;
  readonly bytes: number;
  readonly generation: number;
}

export const dataFolder = (): string => resolve(process.env.PORTREEVE_BENCH_DATA ?? 'bench/data');

function remembered(path: string): Capture | undefined {
  if (!existsSync(path) || !existsSync(`${path}.json`)) return undefined;
  const capture = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Capture;
  return capture.generation === GENERATION ? { ...capture, path } : undefined;
}

function remember(path: string, packets: number, bytes: number): Capture {
  const capture = { path, packets, bytes, generation: GENERATION };
  writeFileSync(`${path}.json`, `${JSON.stringify(capture)}\n`);
  return capture;
}

/** The capture of that name, generated unless it is there already. `tiny` is never scaled. */
export async function prepareCapture(name: CaptureName, scale: number): Promise<Capture> {
  const factor = name === 'tiny' ? 1 : scale;
  const folder = dataFolder();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, factor === 1 ? `${name}.pcap` : `${name}-${factor}.pcap`);
  const known = remembered(path);
  if (known) return known;
  const begin = performance.now();
  const { packets, bytes, conversations } = await generate(path, RECIPES[name], factor);
  const seconds = (performance.now() - begin) / 1000;
  const rate = Math.round(bytes / seconds / 1e6);
  console.error(`${name}: ${packets} packets, ${conversations} conversations, ${rate} MB/s`);
  return remember(path, packets, bytes);
}

/** The first `packets` packets of a capture as a file of their own. */
export function cutCapture(capture: Capture, packets: number): Capture {
  if (packets >= capture.packets) return capture;
  const path = capture.path.replace(/\.pcap$/, `-first-${packets}.pcap`);
  const known = remembered(path);
  if (known) return known;
  const input = openSync(capture.path, 'r');
  const output = openSync(path, 'w');
  const chunk = new Uint8Array(CHUNK_BYTES);
  const view = new DataView(chunk.buffer);
  let left = packets;
  for (let at = 0; left > 0; ) {
    const size = readSync(input, chunk, 0, CHUNK_BYTES, at);
    let end = at === 0 ? 24 : 0;
    while (left > 0 && end + 16 <= size) {
      const next = end + 16 + view.getUint32(end + 8, true);
      if (next > size) break;
      end = next;
      left--;
    }
    writeSync(output, chunk, 0, end);
    at += end;
    if (end === 0) throw new Error(`${capture.path} ends before packet ${packets}`);
    if (left === 0) {
      closeSync(input);
      closeSync(output);
      return remember(path, packets, at);
    }
  }
  throw new RangeError('a cut needs at least one packet');
}

/** Reads a file through, so that every contender finds it in the page cache. */
export function warm(path: string): void {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(CHUNK_BYTES);
  while (readSync(file, chunk, 0, CHUNK_BYTES, null) > 0);
  closeSync(file);
}
