import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../../test/builders/pages.ts';
import { DETECTORS } from './detectors.ts';

describe.each(DETECTORS.map(({ protocol }) => protocol))('%s', (protocol) => {
  it('has a file, a test beside it and a row in the documentation by its name', () => {
    for (const file of [`./${protocol}.ts`, `./${protocol}.test.ts`]) {
      expect(existsSync(new URL(file, import.meta.url)), file).toBe(true);
    }
    expect(readPage('docs/identification.md')).toMatch(new RegExp(`^\\| \`${protocol}\` `, 'm'));
  });
});

it('stand upon protocols that there are', () => {
  const names = DETECTORS.map(({ protocol }) => protocol);
  const bases = DETECTORS.flatMap(({ over }) => over ?? []);
  expect(bases).not.toEqual([]);
  expect(bases.filter((base) => !names.includes(base))).toEqual([]);
});
