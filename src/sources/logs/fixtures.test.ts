/**
 * Every fixture of every log format against its `.json` twin, so that a new fixture needs no code;
 * and the same lines damaged: nothing may crash, hang, or say what the line does not say.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged, inventions } from '../../../test/builders/log-lines.ts';
import { brief, FIXTURE_NOW_MS, readFixture } from '../../../test/builders/read-log.ts';
import type { Verdict } from '../../model/verdict.ts';
import { logFormats } from './formats.ts';
import { LineReader } from './line-reader.ts';
import { LogReader } from './log-reader.ts';

const FOLDER = fileURLToPath(new URL('fixtures/', import.meta.url));
const FEWEST = 12;
/** Damaged lines tried for each format. */
const DAMAGED = 200;

/** Pairs of a line and the same one damaged. */
const ALIKE = 100;
/** Formats of which each line says all by itself. Of CEF and LEEF the key that lines end in is kept. */
const BY_LINE = [
  ...['check-point', 'cisco-asa', 'cisco-ios', 'filterlog', 'fortigate', 'juniper-srx'],
  ...['mikrotik', 'netfilter', 'pan-os', 'sonicwall', 'sophos'],
];

/** Words that stand for ports and ICMP types in the fixtures. */
const WORDS = new Map([
  [2, ['unreachproto']],
  [3, ['unreach', 'needfrag']],
  [4, ['needfrag']],
  [5, ['redirect']],
  [8, ['request', 'Echo Request']],
  [11, ['Time Exceeded', 'timexceed']],
  [12, ['paramprob']],
  [13, ['tstamp']],
  [14, ['tstampreply']],
  [18, ['maskreply']],
  [128, ['request', 'Echo Request']],
  [129, ['reply']],
  [22, ['ssh']],
  [53, ['domain']],
  [135, ['nd-neighbor-solicit']],
  [67, ['bootps']],
  [68, ['bootpc']],
  [80, ['www', 'http']],
  [443, ['https']],
]);

const formats = readdirSync(FOLDER).sort();

function fixturesOf(format: string): string[] {
  return readdirSync(join(FOLDER, format))
    .filter((file) => !file.endsWith('.json'))
    .sort();
}

/** What the second of two lines says, and the place of the format that read the last of them. */
function readSecond(lines: readonly [string, string], format = 0): [Partial<Verdict>[], number] {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LineReader({ seed: 1 }, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      // What a stamp without a year means may depend on the line before.
      if (batch.line[row] !== 2) continue;
      verdicts.push({ ...brief(batch.verdictAt(row, ['-'])), timeMs: null });
    }
  });
  reader.begin(0, '-', FIXTURE_NOW_MS, format);
  const bytes = new Uint8Array(Buffer.from(`${lines.join('\n')}\n${' '.repeat(64)}`, 'latin1'));
  const end = bytes.length - 64;
  reader.end(bytes, reader.readLines(bytes, 0, end), end);
  return [verdicts, reader.format];
}

async function readText(text: string): Promise<Partial<Verdict>[]> {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LogReader(
    { nowMs: FIXTURE_NOW_MS, seed: 1, standardInput: Readable.from([Buffer.from(text, 'latin1')]) },
    (batch) => {
      for (let row = 0; row < batch.count; row++) verdicts.push(brief(batch.verdictAt(row, ['-'])));
    },
  );
  await reader.read(['-']);
  const { tally } = reader;
  const sum = [tally.faults, tally.silent, tally.gaps, tally.others].reduce(
    (lines, kinds) => lines + [...kinds.values()].reduce((all, kind) => all + kind.lines, 0),
    tally.read + tally.blank + tally.parts,
  );
  // Every line is counted once, whatever it holds.
  expect(sum).toBe(tally.lines);
  return verdicts;
}

it('counts what begins like an export of flows', async () => {
  expect(await readText('\0\ttime\tstring\tad')).toEqual([]);
});

it('has fixtures for every format', () => {
  expect(formats).toEqual(expect.arrayContaining(logFormats().map(({ name }) => name)));
});

describe.each(formats)('%s', (format) => {
  const files = fixturesOf(format);

  it('has enough fixtures', () => {
    expect(files.length).toBeGreaterThanOrEqual(FEWEST);
  });

  it.each(files)('%s reads as its twin says', async (file) => {
    const path = join(FOLDER, format, file);
    const twin = path.replace(/\.[^.]+$/, '.json');
    expect(await readFixture(path)).toEqual(JSON.parse(readFileSync(twin, 'utf8')));
  });

  it('says nothing that a damaged line does not say', async () => {
    const lines = files.flatMap((file) =>
      readFileSync(join(FOLDER, format, file), 'latin1')
        .split('\n')
        // A message that is a list of octets shows none of what it says.
        .filter((line) => !line.includes('"MESSAGE": ['))
        .filter((line) => line.length > 20 && line.length < 3000),
    );
    await fc.assert(
      fc.asyncProperty(damaged(lines), async (line) => {
        for (const verdict of await readText(line))
          expect(inventions(verdict, line, WORDS)).toEqual([]);
      }),
      { numRuns: DAMAGED },
    );
  });
});

describe.each(BY_LINE)('%s', (format) => {
  // Connections of an ASA are remembered on purpose.
  const lines = fixturesOf(format)
    .flatMap((file) => readFileSync(join(FOLDER, format, file), 'latin1').split('\n'))
    .filter((line) => line.length > 20 && line.length < 3000 && !line.includes('Built '));

  it('reads a line alike whatever was kept of the one before', () => {
    const pairs = fc
      .constantFrom(...lines)
      .chain((line) => fc.tuple(fc.constant(line), damaged([line])));
    fc.assert(
      fc.property(pairs, ([line, next]) => {
        const [, place] = readSecond(['', line]);
        expect(readSecond([line, next], place)[0]).toEqual(readSecond(['', next], place)[0]);
      }),
      { numRuns: ALIKE },
    );
  });
});
