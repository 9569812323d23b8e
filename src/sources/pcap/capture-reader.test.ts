import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  concat,
  enhancedPacket,
  frameOf,
  interfaceBlock,
  pcapHeader,
  pcapRecord,
  sectionHeader,
} from '../../../test/builders/capture.ts';
import { copyFrames, readBytes, readCaptures } from '../../../test/builders/read-capture.ts';
import { openCaptures } from './capture-reader.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portreeve-captures-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function put(name: string, ...pieces: readonly Uint8Array[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, concat(...pieces));
  return path;
}

/** Records at the given seconds, each with a frame of `length` octets. */
const at = (length: number, ...seconds: readonly number[]) =>
  seconds.map((each) => pcapRecord(frameOf(length), { seconds: each }));

describe('one file', () => {
  it('counts octets and frames, and ends more than once', async () => {
    const path = await put('one.pcap', pcapHeader(), ...at(60, 1, 2, 3));
    const reader = await openCaptures([path]);
    expect(reader.bytesTotal).toBe(24 + 3 * 76);
    expect((await reader.next())?.count).toBe(3);
    expect(await reader.next()).toBeUndefined();
    expect(await reader.next()).toBeUndefined();
    expect([reader.frames, reader.bytesRead]).toEqual([3, 252]);
    await reader.close();
    await reader.close();
  });

  it('hands on batches of the buffer, without copying, across chunks of any size', async () => {
    const lengths = Array.from({ length: 9000 }, (_, i) => (i * 37) % 200);
    const records = lengths.map((length, i) => pcapRecord(frameOf(length), { fraction: i }));
    const path = await put('many.pcap', pcapHeader(), ...records);
    for (const chunkOctets of [64, 1000, 4096, 70_000, 4_194_304]) {
      const { frames } = await readCaptures([path], { chunkOctets });
      expect(frames.map(({ number }) => number)).toEqual(lengths.map((_, i) => i + 1));
      expect(
        frames.every(({ octets }, i) => Buffer.from(octets).equals(frameOf(lengths[i]!))),
      ).toBe(true);
    }
  });

  it('gathers records far larger than a chunk', async () => {
    const lengths = [200_000, 10, 262_144, 65_536, 65_520, 0, 131_072];
    const records = lengths.map((length) => pcapRecord(frameOf(length)));
    const path = await put('large.pcap', pcapHeader({ snapLength: 262_144 }), ...records);
    for (const chunkOctets of [64, 4096, 100_000]) {
      const { frames, reader } = await readCaptures([path], { chunkOctets });
      expect(frames.map(({ octets }) => octets.length)).toEqual(lengths);
      for (const { octets } of frames) {
        expect(Buffer.compare(octets, frameOf(octets.length))).toBe(0);
      }
      expect(reader.faults).toEqual([]);
    }
  });

  it('may be closed before and during reading', async () => {
    const path = await put('close.pcap', pcapHeader(), ...at(60, 1, 2));
    const unread = await openCaptures([path]);
    await unread.close();
    expect(await unread.next()).toBeUndefined();
    const reading = await openCaptures([path]);
    const pending = reading.next();
    await reading.close();
    await pending;
    expect(await reading.next()).toBeUndefined();
  });
});

describe('several inputs', () => {
  it('come by time, equal times in the order named, each in file order', async () => {
    const a = await put('a.pcap', pcapHeader({ linkType: 1 }), ...at(61, 10, 30, 20, 50));
    const b = await put('b.pcap', pcapHeader({ linkType: 101 }), ...at(62, 10, 15, 35));
    const c = await put(
      'c.pcapng',
      sectionHeader(),
      interfaceBlock({ resolution: 0 }),
      ...[5n, 50n, 60n].map((time) => enhancedPacket(frameOf(63), { time })),
    );
    const { frames, reader } = await readCaptures([b, a, c]);
    expect(frames.map(({ seconds, octets }) => [seconds, octets.length])).toEqual([
      [5, 63],
      [10, 62],
      [10, 61],
      [15, 62],
      [30, 61],
      [20, 61],
      [35, 62],
      [50, 61],
      [50, 63],
      [60, 63],
    ]);
    const sources = frames.map((frame) => reader.interfaces[frame.interface]?.source);
    expect(sources[0]).toBe(c);
    expect(sources[1]).toBe(b);
    expect(sources[2]).toBe(a);
    expect(frames.filter((_, i) => sources[i] === a).map(({ number }) => number)).toEqual([
      1, 2, 3, 4,
    ]);
    expect(reader.frames).toBe(10);
  });

  it('agree with a stable sort, over many interleaved files and batches', async () => {
    const all: { seconds: number; octets: number; order: number }[] = [];
    const paths: string[] = [];
    for (let order = 0; order < 7; order++) {
      const seconds = Array.from(
        { length: 3000 },
        (_, i) => 1000 + Math.floor((i * (order + 3)) / 5),
      );
      for (const each of seconds) all.push({ seconds: each, octets: 40 + order, order });
      paths.push(await put(`sorted${order}.pcap`, pcapHeader(), ...at(40 + order, ...seconds)));
    }
    all.sort((x, y) => x.seconds - y.seconds || x.order - y.order);
    for (const chunkOctets of [1000, 4_194_304]) {
      const { frames } = await readCaptures(paths, { chunkOctets });
      expect(frames.map(({ seconds, octets }) => [seconds, octets.length])).toEqual(
        all.map(({ seconds, octets }) => [seconds, octets]),
      );
    }
  });

  it('hand on whole batches of files that follow one another', async () => {
    const early = await put('early.pcap', pcapHeader(), ...at(60, 1, 2, 3));
    const late = await put('late.pcap', pcapHeader(), ...at(61, 4, 5));
    const reader = await openCaptures([late, early]);
    expect((await reader.next())?.count).toBe(3);
    expect((await reader.next())?.count).toBe(2);
    expect(await reader.next()).toBeUndefined();
    await reader.close();
  });

  it('merges frames larger than the room for gathered ones', async () => {
    const header = pcapHeader({ snapLength: 3_000_000 });
    const a = await put('big-a.pcap', header, ...at(1_500_000, 1, 3));
    const b = await put('big-b.pcap', header, ...at(2_000_000, 2, 4));
    const { frames } = await readCaptures([a, b]);
    expect(frames.map(({ octets }) => octets.length)).toEqual([
      1_500_000, 2_000_000, 1_500_000, 2_000_000,
    ]);
    expect(frames.map(({ octets }) => Buffer.from(octets).equals(frameOf(octets.length)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('go on when one cannot be read', async () => {
    const good = await put('good.pcap', pcapHeader(), ...at(60, 1));
    const cut = await put('cut.pcap', pcapHeader(), ...at(60, 2), new Uint8Array(5));
    const text = await put('notes.txt', new TextEncoder().encode('not a capture\n'));
    const missing = join(folder, 'missing.pcap');
    const { frames, reader } = await readCaptures([text, missing, cut, good]);
    expect(frames).toHaveLength(2);
    const found = reader.faults.map(({ source, code }) => [source, code]);
    expect(found).toContainEqual([text, 'not-a-capture']);
    expect(found).toContainEqual([missing, 'cannot-open']);
    expect(found).toContainEqual([cut, 'truncated-record']);
    expect(found).toHaveLength(3);
  });
});

describe('folders', () => {
  it('are searched to any depth; what is no capture is named', async () => {
    await put('tree/z.bin', pcapHeader(), ...at(60, 1));
    await put('tree/sub/deep/no-suffix', pcapHeader(), ...at(60, 2));
    await put('tree/sub/b.gz', new Uint8Array(gzipSync(concat(pcapHeader(), ...at(60, 3)))));
    await put('tree/sub/damaged', pcapHeader(), new Uint8Array(9));
    await put('tree/readme.pcap', new TextEncoder().encode('text in disguise'));
    await put('tree/empty.pcap');
    await put('tree/notes.gz', new Uint8Array(gzipSync('text in gzip')));
    await symlink(folder, join(folder, 'tree', 'loop'));
    const { frames, reader } = await readCaptures([join(folder, 'tree')]);
    expect(frames.map(({ seconds }) => seconds)).toEqual([1, 2, 3]);
    expect(reader.faults.map(({ code }) => code)).toEqual(['truncated-record']);
    const skipped = reader.skipped.map(({ source, why }) => [source.slice(folder.length + 6), why]);
    expect(skipped.sort()).toEqual([
      ['empty.pcap', 'the input is empty'],
      ['loop', 'a link to a folder'],
      ['notes.gz', 'this is text within gzip'],
      ['readme.pcap', 'this is text'],
    ]);
  });

  it('without any capture are a fault', async () => {
    await put('dull/a.txt', new TextEncoder().encode('text'));
    await mkdir(join(folder, 'void'));
    const { reader } = await readCaptures([join(folder, 'dull'), join(folder, 'void')]);
    expect(reader.faults.map(({ code }) => code)).toEqual(['no-captures', 'no-captures']);
  });

  it('are searched up to a limit', async () => {
    for (let i = 0; i < 5; i++) await put(`crowd/${i}.pcap`, pcapHeader(), ...at(60, i));
    const { frames, reader } = await readCaptures([join(folder, 'crowd')], { fileLimit: 3 });
    expect(frames).toHaveLength(3);
    expect(reader.skipped[0]?.why).toContain('3');
  });
});

describe('standard input', () => {
  it('yields what is complete before more arrives', async () => {
    const standardInput = new PassThrough();
    const reader = await openCaptures(['-'], { standardInput });
    expect(reader.bytesTotal).toBeUndefined();
    const [first, second] = at(60, 1, 2) as [Uint8Array, Uint8Array];
    standardInput.write(concat(pcapHeader(), first, second.subarray(0, 20)));
    expect((await reader.next())?.count).toBe(1);
    const pending = reader.next();
    standardInput.write(second.subarray(20));
    const batch = await pending;
    expect(copyFrames(batch!).map(({ seconds }) => seconds)).toEqual([2]);
    standardInput.end();
    expect(await reader.next()).toBeUndefined();
    expect(reader.faults).toEqual([]);
    await reader.close();
  });

  it('may be closed while nothing arrives', async () => {
    const standardInput = new PassThrough();
    const reader = await openCaptures(['-'], { standardInput });
    const pending = reader.next();
    await reader.close();
    expect(await pending).toBeUndefined();
    expect(standardInput.destroyed).toBe(true);
  });

  it('reports an error of the stream and keeps what came before', async () => {
    const standardInput = new PassThrough();
    standardInput.write(concat(pcapHeader(), ...at(60, 1, 2)));
    const reader = await openCaptures(['-'], { standardInput });
    expect((await reader.next())?.count).toBe(2);
    standardInput.destroy(Object.assign(new Error('gone'), { code: 'EIO' }));
    expect(await reader.next()).toBeUndefined();
    expect(reader.faults[0]).toMatchObject({ code: 'cannot-read', offset: 176, frames: 2 });
    expect(reader.faults[0]?.why).toContain('EIO');
  });
});

it.each([
  ['', 'empty-input', 'empty'],
  ['#!/bin/sh\nexit 0\n', 'not-a-capture', 'text'],
  ['\xfd7zXZ\x00rest of it', 'unsupported-format', 'xz'],
  ['BZh91AY&SY', 'unsupported-format', 'bzip2'],
  ['\x04\x22\x4d\x18....', 'unsupported-format', 'lz4'],
  ['PAR1\x15\x04\x15\x10', 'unsupported-format', 'Parquet'],
  ['snoop\x00\x00\x00\x00\x00\x00\x02', 'unsupported-format', 'snoop'],
  ['GMBU....', 'unsupported-format', 'Network Monitor'],
  ['\x00\x00\x01\x00\x00\xf0\x00\x00........', 'unsupported-format', 'ETL'],
  ['\x00\x01\x02\x03\x04', 'not-a-capture', 'no format'],
  ['\xd4\xc3\xb2', 'not-a-capture', 'no format'],
])('tells what %j is', async (text, code, word) => {
  const { frames, reader } = await readBytes(Uint8Array.from(text, (c) => c.charCodeAt(0)));
  expect(frames).toEqual([]);
  expect(reader.faults).toHaveLength(1);
  expect(reader.faults[0]?.code).toBe(code);
  expect(reader.faults[0]?.what).toContain(word);
});

it('refuses misuse', async () => {
  await expect(openCaptures([])).rejects.toThrow(TypeError);
  await expect(openCaptures(['x'], { chunkOctets: 1.5 })).rejects.toThrow(TypeError);
  await expect(openCaptures(['x'], { largestRecord: Number.NaN })).rejects.toThrow(TypeError);
});
