import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableAscii, safeJson, safeXml } from './escape.ts';
import { hostileText, unsafeIn } from './hostile.fixture.ts';

describe('printable', () => {
  it.each([
    ['', ''],
    ['plain text ~!', 'plain text ~!'],
    ['C:\\Windows\\x1b', 'C:\\Windows\\x1b'],
    ['\u001b[2J', '\\x1b[2J'],
    ['a\tb\r\nc', 'a\\x09b\\x0d\\x0ac'],
    ['\u0000\u007f\u0080\u009f', '\\x00\\x7f\\x80\\x9f'],
    ['\u202egnp.exe\u202c', '\\u{202e}gnp.exe\\u{202c}'],
    ['\u2066\u2069\u200e\u061c', '\\u{2066}\\u{2069}\\u{200e}\\u{61c}'],
    ['a\u200bb\u200dc\ufeff', 'a\\u{200b}b\\u{200d}c\\u{feff}'],
    ['so\u00adft', 'so\\xadft'],
    ['\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['\ud800x\udc00', '\\u{d800}x\\u{dc00}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['é 日本語 👍 Ω', 'é 日本語 👍 Ω'],
    ['e\u0301', 'e\u0301'],
  ])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));

  it('escapes exactly the code points that are listed', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      const escaped = printable(character) !== character;
      if (escaped !== unsafeIn(character).length > 0) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('leaves nothing unsafe, keeps what is safe, and has nothing to do the second time', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const shown = printable(text);
        expect(unsafeIn(shown)).toEqual([]);
        expect(printable(shown)).toBe(shown);
        expect(printableAscii(text)).toMatch(/^[\x20-\x7e]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('safeJson', () => {
  it.each([
    ['\u001b\u007f\u009b', '"\\u001b\\u007f\\u009b"'],
    ['\u202e日', '"\\u202e日"'],
    ['\u{e0041}', '"\\udb40\\udc41"'],
    ['\ud800', '"\\ud800"'],
  ])('%j becomes %s', (text, json) => expect(safeJson(text)).toBe(json));

  it('is exact', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileText, hostileText), (value) => {
        const json = safeJson(value);
        expect(unsafeIn(json)).toEqual([]);
        expect({ ...(JSON.parse(json) as object) }).toEqual({ ...value });
      }),
    );
  });
});

describe('safeXml', () => {
  it.each([
    ['<a href="x">&</a>', '&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;'],
    ['\u202egnp.exe', '&#8238;gnp.exe'],
    ['a\tb\r\nc', 'a&#9;b&#13;&#10;c'],
    ['\u0000\u001b\ud800\uffff', '????'],
    ['\u007f\u009b\u200b\u{e0041}', '&#127;&#155;&#8203;&#917569;'],
    ['é 日本語 👍', 'é 日本語 👍'],
  ])('%j becomes %s', (text, xml) => expect(safeXml(text)).toBe(xml));

  it('leaves nothing unsafe', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(unsafeIn(safeXml(text))).toEqual([]);
      }),
    );
  });
});
