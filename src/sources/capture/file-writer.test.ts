import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameBatch } from '../../wire/frame-batch.ts';
import { FileWriter, type WriterOptions } from './file-writer.ts';

const HEAD = 24;
const RECORD = 16;
const INTERFACES = [{ source: 'eth0', linkType: 1, snapLength: 0 }];

let folder: string;
let rotated: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-writer-'));
  rotated = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes frames of 84 octets (100 in a file) at given seconds; returns how many are in each file. */
function write(name: string, seconds: readonly number[], options: Partial<WriterOptions>) {
  const onRotated = (path: string) => rotated.push(path.slice(folder.length + 1));
  const writer = new FileWriter({
    path: join(folder, name),
    format: 'pcap',
    onRotated,
    ...options,
  });
  const batch = new FrameBatch();
  const bytes = new Uint8Array(84);
  batch.reset(bytes, new DataView(bytes.buffer));
  batch.captured[0] = 84;
  batch.original[0] = 84;
  for (const second of seconds) {
    batch.seconds[0] = second;
    writer.write(batch, 0, INTERFACES);
  }
  writer.close(0);
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((file) => [file, (readFileSync(join(folder, file)).length - HEAD) / (84 + RECORD)]),
  );
}

/** Seconds since 1970 of a local time of one day. */
const at = (hour: number, minute: number, second = 0) =>
  new Date(2026, 0, 2, hour, minute, second).getTime() / 1000;
const repeated = (count: number, second: number) => Array.from({ length: count }, () => second);

describe('files that rotate', () => {
  it('by size are numbered, and end once they are larger', () => {
    expect(write('x.pcap', repeated(10, 5), { rotateOctets: 324 })).toEqual({
      'x.pcap': 4,
      'x.pcap1': 4,
      'x.pcap2': 2,
    });
    expect(rotated).toEqual(['x.pcap', 'x.pcap1']);
  });

  it('by size and number go in a circle, padded', () => {
    const found = write('x', repeated(26, 5), { rotateOctets: 124, files: 11 });
    expect(Object.keys(found)).toHaveLength(11);
    expect(found).toMatchObject({ x00: 2, x01: 2, x02: 2, x10: 2 });
  });

  it('by size, and one of them, write it anew', () => {
    expect(write('x', repeated(5, 5), { rotateOctets: 124, files: 1 })).toEqual({ x: 1 });
  });

  it('by time have the time in their names', () => {
    const seconds = [at(9, 58), at(9, 59), at(10, 1), at(12, 0)];
    expect(write('x-%H%M.pcap', seconds, { rotateSeconds: 120 })).toEqual({
      'x-0958.pcap': 2,
      'x-1001.pcap': 1,
      'x-1200.pcap': 1,
    });
  });

  it('never write over a file of the same run, whatever the name says', () => {
    const seconds = [at(9, 1), at(9, 2), at(9, 3), at(10, 1)];
    expect(write('x-%H.pcap', seconds, { rotateSeconds: 60 })).toEqual({
      'x-09.pcap': 1,
      'x-09.pcap1': 1,
      'x-09.pcap2': 1,
      'x-10.pcap': 1,
    });
  });

  it('by time and size are numbered anew in each period', () => {
    const seconds = [...repeated(5, at(9, 0)), ...repeated(3, at(10, 0))];
    const options = { rotateSeconds: 3600, rotateOctets: 124 };
    expect(write('x-%H', seconds, options)).toEqual({
      'x-09': 2,
      'x-091': 2,
      'x-092': 1,
      'x-10': 2,
      'x-101': 1,
    });
  });

  it('end after so many where only time tells them apart', () => {
    const seconds = [1, 11, 21, 31, 41];
    expect(write('x', seconds, { rotateSeconds: 10, files: 3 })).toEqual({ x: 1, x1: 1, x2: 1 });
    expect(rotated).toEqual(['x', 'x1', 'x2']);
  });
});
