import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LogReader } from './log-reader.ts';
import { octetsOf } from './scan.ts';

const parent = mkdtempSync(join(tmpdir(), 'portreeve-copies-'));
afterAll(() => rmSync(parent, { recursive: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'));
});

const line = (port: number): string =>
  `FW-DROP IN=eth0 OUT= SRC=198.51.100.7 DST=10.0.0.5 LEN=40 TOS=0x00 PREC=0x00 TTL=60 ID=1 PROTO=TCP SPT=50000 DPT=${port} WINDOW=1 RES=0x00 SYN URGP=0\n`;
const LOG = line(22) + line(23);
const LONG = LOG.repeat(1000);
const packed = (text: string, level = 6): Uint8Array => new Uint8Array(gzipSync(text, { level }));
/** A frame of zstd that states its size, with one block of octets as they are. */
const zstd = (text: string): Uint8Array => {
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x60, (text.length - 256) & 255, (text.length - 256) >> 8];
  const block = ((text.length << 3) | 1) >>> 0;
  const blockHead = [block & 255, (block >> 8) & 255, block >> 16];
  return Uint8Array.of(...head, ...blockHead, ...octetsOf(text));
};
/** Octets in gzip, with another header than the tools of the runtime write. */
const named = (text: string): Uint8Array => {
  const head = [0x1f, 0x8b, 8, 8, 1, 2, 3, 4, 0, 3];
  return Uint8Array.of(...head, ...octetsOf('fw.log\0'), ...packed(text).subarray(10));
};

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

async function read(inputs: readonly string[], follow = false): Promise<LogReader> {
  const ending = new AbortController();
  const reader = new LogReader(
    {
      ...{ nowMs: 0, seed: 1, signal: ending.signal },
      ...(follow ? { onWait: () => ending.abort() } : {}),
    },
    () => {},
  );
  await reader.read(inputs);
  return reader;
}

const short = (path: string): string => path.replaceAll(`${folder}/`, '');
const shown = ({ inputs, skipped }: LogReader): [string[], string[]] => [
  inputs.map(short),
  skipped.map(({ source, why }) => `${short(source)}: ${short(why).split(':')[0]}`),
];

describe('the same log again', () => {
  it.each<[string, Readonly<Record<string, string | Uint8Array>>, string[], string[]]>([
    [
      'copied',
      { 'a.log': LOG, 'b.log': LOG, 'c.log': LOG.replace('=22', '=25') },
      ['a.log', 'c.log'],
      ['b.log: its contents are those of a.log'],
    ],
    [
      'packed beside the plain one',
      {
        'fw.log': line(1),
        'fw.log.1': LONG,
        'fw.log.1.gz': named(LONG),
        'fw.log.2.gz': named(LOG),
      },
      ['fw.log.2.gz', 'fw.log.1', 'fw.log'],
      ['fw.log.1.gz: its contents are those of fw.log.1'],
    ],
    [
      'packed twice',
      { 'a.gz': packed(LOG, 1), 'b.gz': named(LOG), 'b.zst': zstd(LOG) },
      ['a.gz'],
      ['b.gz: its contents are those of a.gz', 'b.zst: its contents are those of a.gz'],
    ],
    [
      'but for its last line',
      { 'a.log': LONG + line(24), 'b.log': LONG + line(25) },
      ['a.log', 'b.log'],
      [],
    ],
    ['empty', { 'a.log': '', 'b.log': '', 'c.log': LOG }, ['a.log', 'b.log', 'c.log'], []],
    [
      'damaged',
      {
        'a.gz': packed(LOG),
        'b.gz': Uint8Array.of(...packed(LOG).subarray(0, 60), ...packed(LOG).subarray(-8)),
      },
      ['a.gz', 'b.gz'],
      [],
    ],
  ])('%s is told, and read once', async (_, files, inputs, skipped) => {
    write(files);
    expect(shown(await read([folder]))).toEqual([inputs, skipped]);
  });

  it('is told under its other names', async () => {
    write({ 'a.log': LOG });
    linkSync(join(folder, 'a.log'), join(folder, 'b.log'));
    symlinkSync('a.log', join(folder, 'current'));
    const reader = await read([folder, join(folder, 'a.log')]);
    expect(shown(reader)).toEqual([
      ['a.log'],
      [
        'a.log: it is named twice',
        'b.log: its contents are those of a.log',
        'current: its contents are those of a.log',
      ],
    ]);
    expect([reader.tally.lines, reader.bytesRead]).toEqual([2, reader.bytesTotal]);
  });

  it('that is followed is the one that is read', async () => {
    write({ 'a.log': LOG, 'b.log': LOG });
    expect(shown(await read([join(folder, 'a.log'), join(folder, 'b.log')], true))).toEqual([
      ['b.log'],
      ['a.log: its contents are those of b.log'],
    ]);
  });
});
