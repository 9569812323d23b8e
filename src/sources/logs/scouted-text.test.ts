/** Reading with a scout gives what reading without one gives, however far the scout comes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LogReader } from './log-reader.ts';
import { Scout } from './scout.ts';
import {
  C_STATE,
  CONTROL_WORDS,
  DONE,
  KNOWN,
  LINE_WORDS,
  newlineIn,
  newSharedText,
  PLACE_OCTETS,
  PLACES,
  placesOf,
  type SharedText,
  W_SOURCE,
} from './scouted-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-scout-'));
afterAll(() => rmSync(folder, { recursive: true }));

const usual = (index: number, end = 'WINDOW=64240 RES=0x00 SYN URGP=0'): string =>
  `2026-11-22T09:${String(Math.floor(index / 60) % 60).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}Z gw kernel: ${['FW-DROP', 'ok'][index % 2]} IN=eth1 OUT=eth0 SRC=10.0.${index % 7}.${index % 200} DST=192.0.2.${index % 251} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${index % 9000} DF PROTO=${index % 5 === 0 ? 'UDP' : 'TCP'} SPT=${1024 + (index % 50_000)} DPT=${index % 1000} ${end}`;
const OTHERS: readonly ((index: number) => string)[] = [
  (index) => `${usual(index)}\r`,
  (index) => usual(index, ''),
  (index) => usual(index).slice(0, 60 + (index % 200)),
  (index) =>
    usual(index)
      .replace('FW-DROP', 'SRC=1.2.3.4 DROP')
      .replace(/SRC=10\S+/, 'SRC=2001:db8::1'),
  (index) => usual(index).replace('kernel: ', 'kernel: message repeated 3 times: [ ').concat(']'),
  () => '',
  () => 'Nov 22 10:00:00 gw sshd[1]: SRC=10.0.0.1 is no firewall line',
  (index) => JSON.stringify({ MESSAGE: usual(index).slice(32), __REALTIME_TIMESTAMP: '1' }),
  () => '\0\0\0',
  (index) => `${'x'.repeat(70_000 + (index % 3))} SRC=`,
];

function textOf(lines: number, oddEvery: number): string {
  const all = Array.from({ length: lines }, (_, index) =>
    index % oddEvery === 0 ? OTHERS[(index / oddEvery) % OTHERS.length]!(index) : usual(index),
  );
  return all.join('\n');
}

/** Lines of a scout's work that the reader may know, of so many: all, some or none. */
type Reach = (known: number) => number;

async function read(path: string, reach?: Reach, touch?: (shared: SharedText) => void) {
  const rows: unknown[] = [];
  const reader = new LogReader({ seed: 3, nowMs: 0 }, (batch) => {
    for (let row = 0; row < batch.count; row++) rows.push(batch.verdictAt(row, ['log']));
  });
  let looked = 0;
  if (reach !== undefined) {
    const shared = newSharedText();
    const scout = new Scout(shared);
    reader.share(shared, () => {
      while (scout.work()) looked++;
      touch?.(shared);
      for (let place = 0; place < PLACES; place++) {
        const at = CONTROL_WORDS * place + C_STATE;
        const state = shared.control[at]!;
        if (state !== DONE) shared.control[at] = (state & ~KNOWN) | reach(state & KNOWN);
      }
    });
  }
  await reader.read([path]);
  const { tally, faults, clocks } = reader;
  const { lines, read: linesRead, blank, parts } = tally;
  const kinds = [tally.faults, tally.silent, tally.others, tally.gaps].map((map) => [...map]);
  return {
    looked,
    read: { rows, ...{ lines, linesRead, blank, parts, kinds, faults, clocks } },
  };
}

function fileOf(text: string): string {
  const path = join(folder, 'text.log');
  writeFileSync(path, text, 'latin1');
  return path;
}

describe('reading with a scout', () => {
  const reaches: readonly [string, Reach][] = [
    ['everything', (known) => known],
    ['half of each chunk', (known) => known >> 1],
    ['all but a line', (known) => Math.max(0, known - 1)],
    ['nothing', () => 0],
  ];
  it.each(reaches)('is the same when it found %s', async (_what, reach) => {
    const path = fileOf(textOf(7000, 97));
    const { read: expected } = await read(path);
    const { looked, read: result } = await read(path, reach);
    expect(result).toEqual(expected);
    expect(result.rows.length).toBeGreaterThan(6000);
    expect(looked).toBeGreaterThan(2);
  });

  it('is the same where lines are longer than a chunk', async () => {
    const long = [400_000, 70_000, 2_000_000].map((length) => 'y'.repeat(length));
    const parts = [textOf(3000, 1e9), long[0], textOf(3000, 1e9), ...long.slice(1), usual(1)];
    const path = fileOf(parts.join('\n'));
    const { read: expected } = await read(path);
    expect((await read(path, (known) => known)).read).toEqual(expected);
    expect(expected.rows).toHaveLength(6001);
  });

  it('takes what the scout found', async () => {
    const path = fileOf(textOf(7000, 1e9));
    const { read: result } = await read(
      path,
      (known) => known,
      (shared) => {
        for (const { words } of placesOf(shared)) {
          for (let at = W_SOURCE; at < words.length; at += LINE_WORDS) words[at] = 0x01020304;
        }
      },
    );
    const altered = result.rows.filter((row) => (row as { source: string }).source === '1.2.3.4');
    expect(altered.length).toBeGreaterThan(3000);
  });
});

describe('newlineIn', () => {
  it('finds the first newline and none behind the end', () => {
    const [place] = placesOf(newSharedText());
    const octets = fc.uint8Array({ maxLength: 60 });
    const odd = fc.array(fc.constantFrom(0x0a, 0x0b, 0x8a, 0, 0x8b, 0x61), { maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(octets, odd), fc.nat(9), fc.nat(69), (text, from, to) => {
        const { bytes } = place!;
        bytes.fill(0x0a, 0, 80);
        bytes.set(text, 0);
        const wanted = bytes.subarray(0, to).indexOf(0x0a, from);
        expect(newlineIn(place!, from, to)).toBe(wanted);
      }),
    );
    expect(PLACE_OCTETS % 4).toBe(0);
  });
});
