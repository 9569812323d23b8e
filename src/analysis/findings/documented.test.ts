/** docs/findings.md says what the detectors do: every id, every threshold with its default. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { THRESHOLDS } from './thresholds.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DOCS = readFileSync(
  fileURLToPath(new URL('../../../docs/findings.md', import.meta.url)),
  'utf8',
);

it('documents every threshold with its default and meaning', () => {
  const rows = DOCS.split('\n').flatMap((line) => {
    const [, name, standard, what] = /^\| `([\w-]+)` +\| ([\d.]+) +\| (.+?) +\|$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, standard: Number(standard), what }];
  });
  expect(rows).toEqual(THRESHOLDS.map(({ name, standard, what }) => ({ name, standard, what })));
});

it('documents every finding', () => {
  const ids = new Set(['vertical-scan', 'horizontal-scan', 'block-scan']);
  for (const file of readdirSync(HERE)) {
    if (file.endsWith('.test.ts')) continue;
    const text = readFileSync(`${HERE}${file}`, 'utf8');
    for (const [, id] of text.matchAll(/\bid: '([a-z-]+)'/g)) ids.add(id!);
    for (const [, id] of text.matchAll(/\['([a-z-]+-across-zones)'/g)) ids.add(id!);
  }
  const documented = [...DOCS.matchAll(/^\| `([a-z-]+)` +\|(?! [\d.]+ +\|)/gm)].map(
    ([, id]) => id!,
  );
  expect(documented.sort()).toEqual([...ids].sort());
});

it('has thresholds within their own ranges', () => {
  for (const { standard, least, most } of THRESHOLDS) {
    expect(standard).toBeGreaterThanOrEqual(least);
    expect(standard).toBeLessThanOrEqual(most);
  }
});
