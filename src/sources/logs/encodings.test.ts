import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LogReader } from './log-reader.ts';

const line = (minute: number): string =>
  `2026-11-22T09:0${minute}:00Z gw kernel: FW-DROP IN=eth1 OUT=eth0 SRC=10.0.0.${minute} DST=192.0.2.80 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=50112 DPT=443 WINDOW=1 RES=0x00 SYN URGP=0\n`;
const TEXT = line(1) + line(2) + line(3);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const little = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf16le'));
const big = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf16le').swap16());
const zeros = (count: number): Uint8Array => new Uint8Array(count);

async function read(...pieces: readonly Uint8Array[]) {
  const sources: string[] = [];
  const reader = new LogReader(
    { nowMs: 0, seed: 1, standardInput: Readable.from(pieces.map((each) => Buffer.from(each))) },
    (batch) => {
      for (let row = 0; row < batch.count; row++) {
        const { source, timeMs } = batch.verdictAt(row, ['-']);
        sources.push(`${source} ${timeMs === null ? '?' : new Date(timeMs).getUTCMinutes()}`);
      }
    },
  );
  await reader.read(['-']);
  const { tally, faults } = reader;
  const unread = [...tally.faults.values()].map(({ what, lines }) => `${what} ${lines}`);
  return { sources, unread, faults: faults.map(({ code }) => code), lines: tally.lines };
}

const ALL = ['10.0.0.1 1', '10.0.0.2 2', '10.0.0.3 3'];

describe('a log', () => {
  it.each<[string, Uint8Array[]]>([
    ['of UTF-8 with a mark', [utf8(`\ufeff${TEXT}`)]],
    ['with the line ends of Windows', [utf8(TEXT.replaceAll('\n', '\r\n'))]],
    ['with returns alone', [utf8(TEXT.replaceAll('\n', '\r'))]],
    ['with returns alone, in UTF-16', [little(`\ufeff${TEXT.replaceAll('\n', '\r')}`)]],
    ['of UTF-16, little end first', [little(`\ufeff${TEXT}`)]],
    ['of UTF-16, big end first', [big(`\ufeff${TEXT}`)]],
    ['of UTF-16 without a mark', [little(TEXT)]],
    ['of UTF-16 without a mark, big end first', [big(TEXT)]],
    ['of UTF-16 in gzip', [Uint8Array.from(gzipSync(little(`\ufeff${TEXT}`)))]],
    [
      'of UTF-16 in pieces of odd length',
      [...little(`\ufeff${TEXT}`)].map((octet) => Uint8Array.of(octet)),
    ],
  ])('%s is read', async (_, pieces) => {
    expect(await read(...pieces)).toMatchObject({ sources: ALL, unread: [], faults: [], lines: 3 });
  });

  it('of UTF-16 that is cut within a character is read to there', async () => {
    const { sources, unread } = await read(little(`\ufeff${TEXT}`).subarray(0, -101));
    expect([sources, unread.length]).toEqual([ALL.slice(0, 2), 1]);
  });

  it.each<[string, Uint8Array[], number]>([
    ['at its begin', [zeros(5000), utf8(TEXT)], 1],
    ['at its begin, far', [zeros(3_000_000), utf8(TEXT)], 1],
    ['between lines', [utf8(line(1)), zeros(100_000), utf8(line(2) + line(3))], 1],
    ['at its end', [utf8(TEXT), zeros(4096)], 1],
    ['twice', [zeros(100), utf8(line(1) + line(2)), zeros(100), utf8(line(3))], 2],
  ])('with zeros %s is read, and they are counted', async (_, pieces, holes) => {
    expect(await read(...pieces)).toMatchObject({
      ...{ sources: ALL, unread: [`zeros ${holes}`], faults: [], lines: 3 + holes },
    });
  });

  it('with a zero within a line is read but for that line', async () => {
    const { sources, unread } = await read(utf8(TEXT.replace('10.0.0.2', '10.0\0.0.2')));
    expect([sources, unread]).toEqual([['10.0.0.1 1', '10.0.0.3 3'], ['bad-address 1']]);
  });

  it.each<[string, Uint8Array[]]>([
    ['zeros alone', [zeros(100)]],
    [
      'zeros before what is no text',
      [zeros(5000), Uint8Array.from({ length: 4000 }, (_, at) => (at * 7) & 31)],
    ],
    ['what is no text', [Uint8Array.from({ length: 4000 }, (_, at) => (at * 7) & 31)]],
  ])('is not %s', async (_, pieces) => {
    expect((await read(...pieces)).faults).toEqual(['not-a-log']);
  });
});
