import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWhole, readWholeText, UnreadableFile } from './whole-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-whole-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('readWhole', () => {
  it('gives the text as it stands, mark and all, whatever its length', () => {
    const text = `\ufeffé${'a'.repeat(200_000)}`;
    expect(readWholeText(file('long.txt', text))).toBe(text);
    expect(readWholeText(file('empty.txt', ''))).toBe('');
  });

  it.each(['utf16le', 'utf16be'] as const)(
    'reads %s by its mark, as Windows shells write it',
    (order) => {
      const octets = Buffer.from('\ufeffname: proxy é', 'utf16le');
      if (order === 'utf16be') octets.swap16();
      writeFileSync(join(folder, order), new Uint8Array(octets));
      expect(readWholeText(join(folder, order))).toBe('\ufeffname: proxy é');
    },
  );

  it.each([
    ['what is not there', 'none', 'ENOENT', 'there is no such file'],
    ['a folder', '.', 'EISDIR', 'it is a folder'],
    ['a path through a file', 'a.txt/b', 'ENOTDIR', 'a part of its path is no folder'],
  ])('refuses %s', (_what, name, code, message) => {
    file('a.txt', 'a');
    const path = `${folder}/${name}`;
    const failing = () => readWhole(path);
    expect(failing).toThrow(UnreadableFile);
    expect(failing).toThrow(expect.objectContaining({ code, message, file: path }));
  });

  it.skipIf(process.platform === 'win32')('refuses what has no end, before it fills memory', () => {
    expect(() => readWhole('/dev/zero', 1_000_000)).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  it('refuses a file beyond the limit, and takes one that just fits', () => {
    const path = file('six.txt', 'sixsix');
    expect(readWhole(path, 6).octets).toHaveLength(6);
    expect(() => readWhole(path, 5)).toThrow(UnreadableFile);
  });
});
