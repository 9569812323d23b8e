import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { frameNumbers } from './frame-numbers.ts';

const among = (text: string) => {
  const numbers = frameNumbers(text);
  return [1, 2, 3, 26, 27, 28, 331, 335, 340, 341, 4_294_967_295].filter((n) => numbers.has(n));
};

describe('numbers of frames', () => {
  it.each<[string, number[], number]>([
    ['27', [27], 27],
    ['27,331-340', [27, 331, 335, 340], 340],
    ['340, 1 - 2', [1, 2, 340], 340],
    ['335-', [335, 340, 341, 4_294_967_295], 4_294_967_295],
    ['3-3', [3], 3],
  ])('%s', (text, expected, last) => {
    expect(among(text)).toEqual(expected);
    expect(frameNumbers(text).last).toBe(last);
  });

  it.each(['', '0', '-3', '5-2', '1,,2', 'a', '1-2-3', '1 2', '99999999999', '1-4294967296'])(
    'not “%s”',
    (text) => {
      expect(() => frameNumbers(text)).toThrow(InvalidArgumentError);
    },
  );
});
