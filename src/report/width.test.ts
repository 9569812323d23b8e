import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { printable } from './escape.ts';
import { hostileText } from './hostile.fixture.ts';
import { displayWidth, shorten, wrapPieces, wrapText } from './width.ts';

const shown = hostileText.map(printable);
const withoutBlanks = (text: string) => text.replaceAll(' ', '');

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['naïve · …', 9],
    ['✔ ✖ →', 5],
    ['日本語', 6],
    ['한글', 4],
    ['ｱｲｳ', 3],
    ['e\u0301', 1],
    ['👍', 2],
    ['🇦🇶', 2],
    ['1⃣', 2],
    ['Привет', 6],
    ['שלום', 4],
  ])('%s takes %i', (text, width) => expect(displayWidth(text)).toBe(width));

  it('agrees with the reference about assigned, printable code points', () => {
    const unassigned = /\p{Cn}/u;
    const wrong: string[] = [];
    for (let code = 0x20; code < 0x40000; code++) {
      const ideographs = (code > 0x3400 && code < 0xd7a0) || code > 0x20000;
      if (ideographs && code % 64 !== 0) continue;
      const character = String.fromCodePoint(code);
      if (character === '\u20e3' || unassigned.test(character)) continue;
      if (printable(character) !== character) continue;
      if (displayWidth(character) !== stringWidth(character)) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('never takes text for narrower than the reference does', () => {
    fc.assert(
      fc.property(shown, (text) => {
        // What is not assigned yet, the two may guess differently.
        fc.pre(!/\p{Cn}/u.test(text));
        expect(displayWidth(text)).toBeGreaterThanOrEqual(stringWidth(text));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('shorten', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['ae\u0301ie', 3, 'ae\u0301…'],
  ])('%s in %i columns is %s', (text, width, short) => {
    expect(shorten(text, width, '…')).toBe(short);
  });

  it('fits, and keeps a start of the text', () => {
    fc.assert(
      fc.property(shown, fc.integer({ min: 1, max: 40 }), (text, width) => {
        const short = shorten(text, width, '…');
        expect(displayWidth(short)).toBeLessThanOrEqual(width);
        if (short !== text) expect(text.startsWith(short.slice(0, -1))).toBe(true);
      }),
    );
  });
});

describe('wrapText', () => {
  it.each([
    ['one two three', 9, 0, ['one two', 'three']],
    ['one two three', 9, 2, ['one two', '  three']],
    ['abcdefghijkl', 5, 0, ['abcde', 'fghij', 'kl']],
    ['abcdefghijkl', 5, 2, ['abcde', '  fgh', '  ijk', '  l']],
    ['日本語日本', 5, 0, ['日本', '語日', '本']],
    ['', 10, 0, ['']],
    ['a', Number.POSITIVE_INFINITY, 2, ['a']],
  ])('%s at %d, indented %i', (text, width, indent, lines) => {
    expect(wrapText(text, width, indent)).toEqual(lines);
  });

  it('fits and loses nothing but blanks', () => {
    fc.assert(
      fc.property(shown, fc.integer({ min: 4, max: 60 }), fc.nat(8), (text, width, indent) => {
        const lines = wrapText(text, width, indent);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(withoutBlanks(lines.join(''))).toBe(withoutBlanks(text));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['\u2003', '\u3000', 'a\u2003', '\u2003 \u2003'])(
    'keeps the blanks of the text (%j)',
    (text) => {
      expect(wrapText(text, 8)).toEqual([text]);
    },
  );

  it('is quick with one word of a million characters', () => {
    for (const word of ['x'.repeat(1_000_000), '語'.repeat(500_000), 'ᄀ'.repeat(500_000)]) {
      expect(wrapText(word, 80)).toHaveLength(12_500);
    }
  });

  it('keeps pieces whole where they fit', () => {
    expect(wrapPieces(['a b', 'c d', 'e f'], ' · ', 9)).toEqual(['a b · c d', 'e f']);
    expect(wrapPieces([], ' · ', 9)).toEqual([]);
  });

  it('breaks a piece that takes more than a line at its blanks', () => {
    expect(wrapPieces(['a b', 'cc dd eeee ff', 'g'], ' · ', 9)).toEqual([
      'a b',
      'cc dd',
      'eeee ff',
      'g',
    ]);
    expect(wrapPieces(['cc dd eeee f', 'g'], ' · ', 9)).toEqual(['cc dd', 'eeee f', 'g']);
    expect(wrapPieces(['cc dddddddddddd e', 'g'], ' · ', 9)).toEqual([
      'cc',
      'ddddddddd',
      'ddd e · g',
    ]);
  });
});
