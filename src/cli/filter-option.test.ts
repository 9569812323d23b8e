import { expect, it } from 'vitest';
import { parseFilter } from '../wire/filter/parser.ts';
import type { Failure } from './failure.ts';
import { filterFailure } from './filter-option.ts';

const problemOf = (text: string) => {
  try {
    parseFilter(text);
  } catch (error) {
    return (filterFailure(error, text) as Failure).problem;
  }
  throw new Error('the filter has no fault');
};

it.each([
  ['host 10.0.0.1 blah', 'it is marked here: host 10.0.0.1 »blah«'],
  [
    `${'tcp or '.repeat(40)}blah 3${' or tcp'.repeat(40)}`,
    /^it is marked here: ….{60}».{1,60}«.{60}…$/,
  ],
  // A capture given where a filter belongs.
  ['\0'.repeat(200_000), /^it is marked here: .{0,300}$/s],
])('shows what is near the fault (%#)', (text, expected) => {
  const { why, ways } = problemOf(text);
  expect(why).toMatch(expected);
  expect(ways).not.toEqual([]);
});

it('hands on every other error', () => {
  const other = new Error('no');
  expect(filterFailure(other, 'tcp')).toBe(other);
});
