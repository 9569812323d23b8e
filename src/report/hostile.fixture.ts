/** Text as an attacker or a broken encoder would send it, for the tests of this folder. */
import fc from 'fast-check';

/** What must never come out of a renderer, first and last code points; written apart from escape.ts. */
const UNSAFE: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
];

/** Code points in the text that could harm or hide, but for those in `allowed`; hexadecimal. */
export function unsafeIn(text: string, allowed = ''): string[] {
  return [...text]
    .filter((character) => !allowed.includes(character))
    .map((character) => character.codePointAt(0)!)
    .filter((code) => UNSAFE.some(([first, last]) => code >= first && code <= last))
    .map((code) => code.toString(16));
}

const PIECES = [
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u007f',
  '\r',
  '\n',
  '\r\n',
  '\t',
  '\u0000',
  '\u202egnp.exe',
  '\u2066x\u2069',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\udc00',
  '=cmd()',
  '+1',
  '-1',
  '@x',
  '"',
  ',',
  '|',
  '`',
  '<b>',
  '&amp;',
  '\\',
  '#',
  '日本語',
  '한글',
  'ᄀᄀᄀ',
  '1⃣',
  '👩‍👩‍👧',
  '👍🏽',
  '🇦🇶',
  'e\u0301',
  '\u0301\u0301',
  'ﷺ',
  'https://x.example',
  ' ',
  '  ',
  'word',
];

/** Hostile pieces, any code points, any code units, mixed; up to a few screen widths long. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ maxLength: 30 }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 })
        .map((units) => String.fromCharCode(...units)),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''));
