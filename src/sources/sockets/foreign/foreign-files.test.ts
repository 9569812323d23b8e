import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnreadableFile } from '../../whole-file.ts';
import { ForeignInputError, readForeignFiles } from './foreign-files.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-foreign-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('files with others’ output', () => {
  it('joins owners across files, and takes the time of the file', () => {
    const netstat = file('n.txt', '  TCP  0.0.0.0:135  0.0.0.0:0  LISTENING  1012\r\n');
    const tasks = file('t.csv', '"svchost.exe","1012","RpcSs"\r\n');
    utimesSync(netstat, 1000, 1000);
    const view = readForeignFiles([netstat, tasks]);
    expect(view.listeners).toMatchObject([
      {
        local: { address: '0.0.0.0', transport: 'tcp', port: 135 },
        owner: { processes: [{ pid: 1012, name: 'svchost.exe', services: ['RpcSs'] }] },
        evidence: { seenMs: 1_000_000, locator: `${netstat}:1` },
      },
    ]);
    expect(view.means).toEqual(['netstat of Windows', 'tasklist of Windows']);
  });

  it.each([
    ['a file that does not exist', 'none.txt', undefined, UnreadableFile, /no such file/],
    ['a folder', '.', undefined, UnreadableFile, /folder/],
    ['an empty file', 'e.txt', '', ForeignInputError, /empty/],
    [
      'a brace among rubbish',
      'b.txt',
      '{\u0001\u0002 x\n}{ y\n',
      ForeignInputError,
      /form that is known/,
    ],
    ['a letter', 'l.txt', 'Dear all,\n', ForeignInputError, /form that is known/],
  ])('refuses %s', (_what, name, text, kind, message) => {
    const path = text === undefined ? join(folder, name) : file(name, text);
    const failing = () => readForeignFiles([path]);
    expect(failing).toThrow(kind);
    expect(failing).toThrow(message);
  });
});
