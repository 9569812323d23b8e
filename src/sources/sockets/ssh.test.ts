import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSocketsBySsh } from './ssh.ts';

describe.skipIf(process.platform === 'win32')('a machine by ssh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-ssh-'));
  const { PATH } = process.env;
  beforeAll(() => {
    process.env.PATH = `${folder}${delimiter}${PATH}`;
  });
  afterAll(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });

  /** What comes of a program in place of ssh. */
  function failureOf(script: string): Promise<unknown> {
    const path = join(folder, 'ssh');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return readSocketsBySsh({ destination: 'web1', deadlineMs: 1000 });
  }

  it.each([
    ['does not answer in time', 'exec sleep 60', 'ssh', 'no answer within 1 s'],
    ['cannot be reached', 'echo no route >&2; exit 255', 'ssh', 'no route'],
    ['ends at once', 'exit 255', 'ssh', 'ssh ended without a word'],
    ['has no shell', 'echo not found >&2; exit 127', 'far-side', 'not found'],
    ['is no Linux', 'cat >/dev/null; exit 0', 'far-side', 'no socket table there'],
  ])('that %s is told why', async (_name, script, code, message) => {
    await expect(failureOf(script)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
