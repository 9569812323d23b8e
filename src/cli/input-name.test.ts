import { expect, it } from 'vitest';
import { unreadText } from './input-name.ts';

const fault = (source: string) => ({ source, what: 'it is damaged' });

it.each([
  ['one fault', ['a'], 'cannot read a: it is damaged'],
  ['two faults of one input', ['a', 'a'], 'cannot read a: it is damaged'],
  [
    'two inputs',
    ['-', 'b', 'b'],
    'cannot read standard input: it is damaged, and 1 more input likewise',
  ],
  ['three inputs', ['a', 'b', 'c'], 'cannot read a: it is damaged, and 2 more inputs likewise'],
])('says of %s what cannot be read', (_name, sources, text) => {
  const [first, ...others] = sources.map(fault);
  expect(unreadText(first!, others)).toBe(text);
});
