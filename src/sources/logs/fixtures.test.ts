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
import { LogReader } from './log-reader.ts';

const FOLDER = fileURLToPath(new URL('fixtures/', import.meta.url));
const FEWEST = 12;
/** Damaged lines tried for each format. */
const DAMAGED = 200;

/** Words that stand for ports and ICMP types in the fixtures. */
const WORDS = new Map([
  [8, ['request']],
  [128, ['request']],
  [129, ['reply']],
  [22, ['ssh']],
  [53, ['domain']],
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
