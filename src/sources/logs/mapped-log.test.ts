/** Logs read by mappings: fixtures with the mapping (`.yaml`) and the twin (`.json`) beside them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged, inventions } from '../../../test/builders/log-lines.ts';
import { brief, FIXTURE_NOW_MS, readFixture } from '../../../test/builders/read-log.ts';
import type { Verdict } from '../../model/verdict.ts';
import { parseYaml } from '../documents/yaml.ts';
import { LogReader } from './log-reader.ts';
import { type Mapping, readMapping } from './mapping.ts';

const FOLDER = fileURLToPath(new URL('mapped/', import.meta.url));
const FEWEST = 12;
const names = readdirSync(FOLDER).flatMap((file) =>
  file.endsWith('.log') ? [file.slice(0, -4)] : [],
);

function faultsOf(text: string) {
  const { root, faults } = parseYaml(text);
  const mapping = root === undefined ? faults : readMapping(root);
  return 'fields' in mapping
    ? mapping
    : mapping.map(({ line, column, what }) => `${line}:${column} ${what}`);
}

function mappingOf(name: string): Mapping {
  const mapping = faultsOf(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8'));
  if (!('fields' in mapping)) throw new Error(mapping.join(' '));
  return mapping;
}

describe('logs read by mappings', () => {
  it('have enough fixtures', () => {
    expect(names.length).toBeGreaterThanOrEqual(FEWEST);
  });

  it.each(names)('%s reads as its twin says', async (name) => {
    const twin = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
    expect(await readFixture(join(FOLDER, `${name}.log`), mappingOf(name))).toEqual(twin);
  });

  it.each(names)('%s damaged says nothing that it does not hold', async (name) => {
    const lines = readFileSync(join(FOLDER, `${name}.log`), 'latin1')
      .split('\n')
      .filter(Boolean);
    const mapping = mappingOf(name);
    await fc.assert(
      fc.asyncProperty(damaged(lines), async (line) => {
        const verdicts: Partial<Verdict>[] = [];
        const text = mapping.columns === undefined ? `${lines[0]}\n${line}` : line;
        const reader = new LogReader(
          {
            ...{ nowMs: FIXTURE_NOW_MS, seed: 1, mappings: [mapping] },
            standardInput: Readable.from([Buffer.from(text, 'latin1')]),
          },
          (batch) => {
            for (let row = 0; row < batch.count; row++) {
              verdicts.push(brief(batch.verdictAt(row, ['-'])));
            }
          },
        );
        await reader.read(['-']);
        // The transport may be said by the mapping.
        for (const verdict of verdicts)
          expect(inventions({ ...verdict, transport: null }, text)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

const WHOLE = 'format: csv\nfields: { source: a, destination: b }\n';

describe('faults of a mapping', () => {
  it.each([
    ['no document', '', ['1:1 Here belong keys and values.']],
    ['a list', '- a\n', ['1:1 Here belong keys and values.']],
    [
      'nothing in it',
      '{}\n',
      ['1:1 It needs format: csv or json.', '1:1 It needs fields: which column or key holds what.'],
    ],
    [
      'a key misspelt',
      `${WHOLE}seperator: ;\n`,
      ['3:1 There is no key seperator here. Did you mean separator?'],
    ],
    [
      'a field misspelt',
      'format: csv\nfields:\n  source: a\n  destination: b\n  sourceport: c\n',
      ['5:3 There is no key sourceport here. Did you mean sourcePort?'],
    ],
    [
      'no destination',
      'format: json\nfields: { source: a }\n',
      ['2:9 It does not say which column is the destination.'],
    ],
    [
      'another format',
      'format: xml\nfields: { source: a, destination: b }\n',
      ['1:9 It is one of csv, json.'],
    ],
    [
      'a long separator',
      `${WHOLE}separator: "::"\n`,
      ['3:12 It is one character, or tab, space or comma.'],
    ],
    [
      'a column that is not there',
      `${WHOLE}columns: [a, c]\n`,
      ['3:10 There is no column b in it.'],
    ],
    [
      'an action without meaning',
      'format: csv\nfields: { source: a, destination: b, action: c }\n',
      ['1:1 The field action and verdicts (what its values mean) go together.'],
    ],
    [
      'a value that means two things',
      'format: csv\nfields: { source: a, destination: b, action: c }\nverdicts: { allow: [yes], deny: [YES] }\n',
      ['3:34 The value yes stands here twice.'],
    ],
    ['a time without a column', `${WHOLE}time: epoch\n`, ['3:7 No field is the time.']],
    [
      'a pattern that is no time',
      'format: csv\nfields: { source: a, destination: b, time: c }\ntime: "%H:%M"\n',
      ['3:7 It has no %Y: a time needs year, month and day.'],
    ],
    [
      'a letter that is none',
      'format: csv\nfields: { source: a, destination: b, time: c }\ntime: "%Y-%m-%d %Q"\n',
      ['3:7 %Q is none of %Y %m %b %d %e %H %I %p %M %S %f %z %s %%.'],
    ],
    [
      'a protocol that is none',
      `${WHOLE}transport: tpc\n`,
      ['3:12 tpc is no IP protocol: tcp, udp, 47.'],
    ],
    [
      'columns of JSON',
      'format: json\ncolumns: [a, b]\nfields: { source: a, destination: b }\n',
      ['2:10 JSON has no columns.'],
    ],
    [
      'both sums',
      'format: csv\nfields: { source: a, destination: b, bytes: c, bytesSent: d }\n',
      ['2:9 bytes is of both ways and bytesSent of one: give one of them.'],
    ],
    ['broken YAML', 'format: [csv\n', [expect.stringMatching(/^2:1 /)]],
  ])('%s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });
});
