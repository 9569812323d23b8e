/** Captures within gzip and zstd: whole, in several members, cut, and damaged. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  concat,
  frameOf,
  pcapHeader,
  pcapRecord,
  u32,
  u64,
} from '../../../test/builders/capture.ts';
import { readBytes, readCaptures } from '../../../test/builders/read-capture.ts';

const FRAMES = 400;
const capture = concat(
  pcapHeader(),
  ...Array.from({ length: FRAMES }, (_, i) =>
    pcapRecord(frameOf(60 + (i % 90), i), { fraction: i }),
  ),
);
const little = { big: false };

const gzip = (bytes: Uint8Array, level = 6) => new Uint8Array(gzipSync(bytes, { level }));

/** A Zstandard frame of raw blocks (RFC 8878): no compressor is needed to make one. */
function zstd(
  bytes: Uint8Array,
  blockOctets = 1000,
  descriptor: readonly number[] = [0x00, 0x38],
): Uint8Array {
  const blocks: Uint8Array[] = [u32(little, 0xfd2fb528), Uint8Array.from(descriptor)];
  for (let at = 0; at < bytes.length; at += blockOctets) {
    const piece = bytes.subarray(at, at + blockOctets);
    const last = at + blockOctets >= bytes.length ? 1 : 0;
    blocks.push(u32(little, (piece.length << 3) | last).subarray(0, 3), piece);
  }
  return concat(...blocks);
}

/** The tool of the format, where it is installed. */
const zstdTool = (level: string, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(execFileSync('zstd', ['-q', level, '-c'], { input: bytes }));
const hasZstd = spawnSync('zstd', ['--version']).status === 0;

/** How many frames lie whole in the first octets of a capture, and whether those read are they. */
async function expectKept(
  { frames }: { readonly frames: readonly { readonly octets: Uint8Array }[] },
  content: Uint8Array,
  sure: number,
): Promise<void> {
  const known = (await readBytes(content.subarray(0, sure))).frames;
  expect(frames.length).toBeGreaterThanOrEqual(known.length);
  const kept = known.every(({ octets }, i) => Buffer.compare(octets, frames[i]!.octets) === 0);
  expect(kept).toBe(true);
}

const skippable = concat(u32(little, 0x184d2a53, 5), new Uint8Array(5));
const half = Math.floor(capture.length / 2);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portreeve-packed-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe.each<[string, Uint8Array]>([
  ['gzip', gzip(capture)],
  ['gzip, stored', gzip(capture, 0)],
  ['gzip, two members', concat(gzip(capture.subarray(0, half)), gzip(capture.subarray(half)))],
  ['gzip, an empty member first', concat(gzip(new Uint8Array(0)), gzip(capture))],
  ['gzip, zeros behind', concat(gzip(capture), new Uint8Array(512))],
  ['zstd', zstd(capture)],
  ['zstd, two frames', concat(zstd(capture.subarray(0, half)), zstd(capture.subarray(half), 7000))],
  ['zstd, skippable frames', concat(skippable, zstd(capture), skippable)],
  ['zstd, content size stated', zstd(capture, 500, [0xe0, ...u64(little, BigInt(capture.length))])],
  ['zstd, small blocks', zstd(capture, 3)],
])('%s', (_, packed) => {
  it('gives what was packed, however it arrives', async () => {
    for (const pieceOctets of [1, 13, 1000, 1 << 20]) {
      if (pieceOctets === 1 && packed.length > 20_000) continue;
      const { frames, reader } = await readBytes(packed, {}, pieceOctets);
      expect(reader.faults).toEqual([]);
      expect(frames).toHaveLength(FRAMES);
      expect(
        frames.every(({ octets }, i) => Buffer.compare(octets, frameOf(60 + (i % 90), i)) === 0),
      ).toBe(true);
    }
  });
});

it.each([
  ['gzip', gzip(capture)],
  ['zstd', zstd(capture, 300)],
])('%s cut anywhere: keeps what can be unpacked and says so', async (layer, packed) => {
  let before = 0;
  for (let length = 4; length < packed.length; length += 97) {
    const { frames, reader } = await readBytes(packed.subarray(0, length));
    expect(reader.faults).toHaveLength(1);
    expect(reader.faults[0]).toMatchObject({
      code: 'truncated-compression',
      layer,
      frames: frames.length,
    });
    expect(reader.faults[0]!.offset).toBeLessThanOrEqual(length);
    expect(frames.length).toBeGreaterThanOrEqual(before);
    before = frames.length;
  }
  expect(before).toBeGreaterThan(FRAMES / 2);
});

it.each([
  ['the only block', zstd(capture, 1 << 17)],
  ['a later block', zstd(capture, 3000)],
])('keeps what lies as it was in %s of a zstd file that is cut', async (_, packed) => {
  const blockOctets = packed.length > capture.length + 10 ? 3000 : 1 << 17;
  for (const length of [700, 3100, 7000, packed.length - 1]) {
    const blocks = Math.ceil((length - 6) / (blockOctets + 3));
    const unpacked = await readBytes(capture.subarray(0, length - 6 - 3 * blocks));
    const { frames, reader } = await readBytes(packed.subarray(0, length));
    expect(frames).toHaveLength(unpacked.frames.length);
    expect(frames.length).toBeGreaterThan(3);
    expect(reader.faults).toMatchObject([{ code: 'truncated-compression', layer: 'zstd' }]);
  }
});

it.skipIf(!hasZstd)(
  'keeps all frames of a zstd file that lacks its checksum, and says what a cut block loses',
  async () => {
    const packed = zstdTool('-1', capture);
    const { frames, reader } = await readBytes(packed.subarray(0, -3));
    expect(frames).toHaveLength(FRAMES);
    expect(reader.faults).toMatchObject([{ code: 'truncated-compression', layer: 'zstd' }]);
    const early = await readBytes(packed.subarray(0, packed.length >> 1));
    expect(early.frames).toEqual([]);
    expect(early.reader.faults[0]!.why).toContain('a block is unpacked whole or not at all');
  },
);

it('keeps every frame before damage in a gzip file', async () => {
  // Stored blocks: an octet of the file is an octet of the capture, and damage is found at the
  // header of the next block, far into a piece.
  const packed = gzip(capture, 0);
  const path = join(folder, 'damaged.gz');
  const second = 10 + 5 + 65_535;
  const large = concat(
    capture,
    ...Array.from({ length: 900 }, (_, i) => pcapRecord(frameOf(100, i))),
  );
  const repacked = gzip(large, 0);
  expect(repacked.length).toBeGreaterThan(second);
  repacked[second] = 0x07; // a block type that does not exist
  await writeFile(path, repacked);
  const whole = await readBytes(large.subarray(0, 65_535));
  const { frames, reader } = await readCaptures([path]);
  expect(frames).toHaveLength(whole.frames.length);
  expect(reader.faults).toMatchObject([{ code: 'corrupt-compression', layer: 'gzip' }]);
  expect(reader.faults[0]!.offset).toBeGreaterThan(second - 16);
  expect(reader.faults[0]!.offset).toBeLessThanOrEqual(second);
  expect(packed.length).toBeGreaterThan(capture.length);
});

it('reports a wrong checksum and garbage behind, and keeps all frames', async () => {
  const wrong = gzip(capture);
  wrong[wrong.length - 6]! ^= 1;
  for (const bytes of [wrong, concat(gzip(capture), new TextEncoder().encode('garbage'))]) {
    const path = join(folder, 'wrong.gz');
    await writeFile(path, bytes);
    const { frames, reader } = await readCaptures([path]);
    expect(frames).toHaveLength(FRAMES);
    expect(reader.faults.map(({ code }) => code)).toEqual(['corrupt-compression']);
  }
});

it.each<[string, Uint8Array, string]>([
  ['a window of 2 GiB', zstd(capture, 1000, [0x00, 0xa8]), 'window'],
  [
    'a content of 16 EiB in one segment',
    zstd(capture, 1000, [0xe0, ...u64(little, 2n ** 64n - 1n)]),
    'window',
  ],
  ['a dictionary', zstd(capture, 1000, [0x01, 0x58, 7]), 'dictionary'],
  [
    'a block type that does not exist',
    concat(u32(little, 0xfd2fb528), Uint8Array.of(0, 0x38, 6, 0, 0)),
    'block',
  ],
  ['a block larger than may be', zstd(capture, 200_000).fill(0xff, 6, 9), 'block'],
])('zstd with %s', async (_, bytes, word) => {
  const { frames, reader } = await readBytes(bytes);
  expect(frames).toEqual([]);
  expect(reader.faults).toMatchObject([{ code: 'corrupt-compression', layer: 'zstd' }]);
  expect(reader.faults[0]!.why).toContain(word);
});

it('keeps the frames of the first zstd frame when garbage follows', async () => {
  const { frames, reader } = await readBytes(
    concat(zstd(capture), new TextEncoder().encode('garbage')),
  );
  expect(frames).toHaveLength(FRAMES);
  expect(reader.faults).toMatchObject([{ code: 'corrupt-compression', layer: 'zstd' }]);
});

it('unwraps one layer only', async () => {
  const { frames, reader } = await readBytes(gzip(gzip(capture)));
  expect(frames).toEqual([]);
  expect(reader.faults.map(({ code }) => code)).toEqual(['unsupported-format']);
});

it('reports text and nothing within gzip', async () => {
  const text = await readBytes(gzip(new TextEncoder().encode('hello there')));
  expect(text.reader.faults[0]).toMatchObject({ code: 'not-a-capture' });
  const nothing = await readBytes(gzip(new Uint8Array(0)));
  expect(nothing.reader.faults[0]).toMatchObject({ code: 'empty-input' });
});

/** Octets of content that the first octets of a gzip file hold, by the runtime's own decoder. */
function inflated(packed: Uint8Array): number {
  if (packed.length < 11) return 0;
  return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).length;
}

it('keeps what comes before a changed octet of gzip, and always ends', async () => {
  const packed = gzip(capture);
  const path = join(folder, 'changed.gz');
  for (let at = 4; at < packed.length; at += Math.ceil(packed.length / 9)) {
    const bytes = packed.slice();
    bytes[at]! ^= 0x55;
    await writeFile(path, bytes);
    const sure = inflated(packed.subarray(0, at));
    await expectKept(await readCaptures([path]), capture, sure);
    // What cannot be read twice loses a piece of the file at most.
    await readBytes(bytes);
  }
});

it('keeps what comes before a changed octet of zstd, and always ends', async () => {
  const packed = zstd(capture, 2000);
  for (let at = 4; at < packed.length; at += 211) {
    const bytes = packed.slice();
    bytes[at]! ^= 0x55;
    // Blocks of 2,000 octets as they are, behind three octets each.
    const sure = 2000 * Math.floor(Math.max(0, at - 6) / 2003);
    await expectKept(await readBytes(bytes), capture, sure);
  }
});

/** Blocks of a zstd frame that end before `at`, but for the last one (RFC 8878 section 3.1.1). */
function wholeBlocks(packed: Uint8Array, at: number): number {
  const descriptor = packed[4]!;
  const single = (descriptor & 0x20) !== 0;
  let next = 5 + (single ? 0 : 1) + [single ? 1 : 0, 2, 4, 8][descriptor >>> 6]!;
  for (let blocks = 0; ; blocks++) {
    const head = packed[next]! | (packed[next + 1]! << 8) | (packed[next + 2]! << 16);
    next += 3 + ((head & 6) === 2 ? 1 : head >>> 3);
    if (next > at || (head & 1) !== 0) return blocks;
  }
}

it.skipIf(!hasZstd).each(['-1', '-3', '-19', '--long=27'])(
  'reads what zstd %s makes, and keeps what comes before a change',
  async (level) => {
    const large = concat(
      capture,
      ...Array.from({ length: 4000 }, (_, i) => pcapRecord(frameOf(100, i))),
    );
    const packed = zstdTool(level, large);
    const { frames, reader } = await readBytes(packed);
    expect(reader.faults).toEqual([]);
    expect(frames).toHaveLength(FRAMES + 4000);
    // A window of 128 MiB makes each reading slow.
    const changes = level === '--long=27' ? 2 : 30;
    for (let at = 4; at < packed.length; at += Math.ceil(packed.length / changes)) {
      const bytes = packed.slice();
      bytes[at]! ^= 0x40;
      // Blocks of 128 KiB, but where the tool divides them.
      const sure = level === '-19' ? 0 : 2 ** 17 * wholeBlocks(packed, at);
      await expectKept(await readBytes(bytes), large, sure);
    }
    expect(wholeBlocks(packed, packed.length)).toBeGreaterThan(2);
  },
);
