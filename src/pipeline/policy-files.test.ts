import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PolicyFileError, replaceFile } from './policy-files.ts';

describe.skipIf(process.platform === 'win32')('replaceFile', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-replace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps a link and the permissions of what it replaces', () => {
    const target = join(folder, 'policy.yaml');
    const link = join(folder, 'link.yaml');
    writeFileSync(target, 'old');
    chmodSync(target, 0o600);
    symlinkSync(target, link);
    replaceFile(link, 'new');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('new');
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['link.yaml', 'policy.yaml']);
  });

  // A pipe stands for everything that is no plain file: with root, a test that fails on /dev/null
  // would destroy it. Opened for both, it takes a short text without anybody reading.
  it('writes to a pipe and never puts a file in its place', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const both = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      replaceFile(pipe, 'text');
      const got = new Uint8Array(8);
      expect(readSync(both, got)).toBe(4);
      expect(new TextDecoder().decode(got.subarray(0, 4))).toBe('text');
    } finally {
      closeSync(both);
    }
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it('says what it could not write, and leaves nothing behind', () => {
    expect(() => replaceFile(folder, 'text')).toThrow(PolicyFileError);
    expect(readdirSync(folder)).toEqual([]);
  });
});
