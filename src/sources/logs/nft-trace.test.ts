/** Traces of several packets at once: their lines mixed in any way, and some of them damaged. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged, inventions } from '../../../test/builders/log-lines.ts';
import { brief, FIXTURE_NOW_MS } from '../../../test/builders/read-log.ts';
import type { Verdict } from '../../model/verdict.ts';
import { LineReader } from './line-reader.ts';

/** Lines of traces, by fixture; each of the fixtures has one packet of its own. */
const TRACES = ['policy-drop', 'jump-drop', 'reject', 'translated', 'icmp'].map((name) =>
  readFileSync(fileURLToPath(new URL(`fixtures/nft-trace/${name}.log`, import.meta.url)), 'utf8')
    .trimEnd()
    .split('\n'),
);
/** Words of nft for numbers. */
const WORDS = new Map([
  [8, ['echo-request']],
  [135, ['nd-neighbor-solicit']],
]);

function read(lines: readonly string[]) {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LineReader({ seed: 1 }, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      verdicts.push({ ...brief(batch.verdictAt(row, ['-'])), locator: '' });
    }
  });
  reader.begin(0, '-', FIXTURE_NOW_MS);
  const bytes = new Uint8Array(Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
  reader.end(bytes, reader.readLines(bytes, 0, bytes.length), bytes.length);
  const { tally } = reader;
  const kinds = [tally.faults, tally.silent, tally.others].flatMap((each) => [...each.values()]);
  const unread = kinds.reduce((sum, kind) => sum + kind.lines, 0);
  expect(tally.read + tally.parts + tally.blank + unread).toBe(tally.lines);
  return verdicts;
}

const sorted = (verdicts: readonly object[]) =>
  verdicts.map((verdict) => JSON.stringify(verdict)).sort();

describe('nft-trace', () => {
  it('reads packets alike however their lines are mixed', () => {
    const whole = sorted(read(TRACES.flat()));
    const order = fc.shuffledSubarray(
      TRACES.flatMap((lines, trace) => lines.map(() => trace)),
      { minLength: TRACES.flat().length },
    );
    fc.assert(
      fc.property(order, (turns) => {
        const next = TRACES.map(() => 0);
        const mixed = turns.map((trace) => TRACES[trace]![next[trace]!++]!);
        expect(sorted(read(mixed))).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('says nothing that damaged lines do not say', () => {
    const text = fc
      .tuple(fc.constantFrom(...TRACES), fc.nat(40))
      .chain(([lines, at]) =>
        damaged([lines[at % lines.length]!]).map((line) => lines.with(at % lines.length, line)),
      );
    fc.assert(
      fc.property(text, (lines) => {
        for (const verdict of read(lines)) {
          expect(inventions(verdict, lines.join('\n'), WORDS)).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes a packet in more chains than there are for several', () => {
    const [packet] = TRACES[0]!;
    const lines = Array.from({ length: 5000 }, (_each, number) => [
      packet!.replace(/fw \S+ packet/, `fw c${number} packet`),
      packet!.replace(/fw \S+ packet: .*/, `fw c${number} policy accept `),
    ]);
    expect(read(lines.flat()).length).toBe(Math.ceil(5000 / 64));
  });

  it('lets go of packets when many others have begun', () => {
    const [packet, accepted] = TRACES[0]!.slice(0, 3).filter((line) => !/nftrace/.test(line));
    const id = (line: string, number: number): string =>
      line.replace(/trace id \S+/, `trace id ${number.toString(16).padStart(8, '0')}`);
    const lines = Array.from({ length: 500 }, (_each, number) => [
      id(packet!, number),
      id(accepted!, number),
    ]);
    expect(read(lines.flat())).toHaveLength(500);
  });
});
