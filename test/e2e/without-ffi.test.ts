/** Where the package for system calls is missing, or has no build for the machine. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, CLI, runCli } from './run-cli.ts';

const CAPTURE = fileURLToPath(new URL('../../examples/small-office.pcapng', import.meta.url));

describe.skipIf(!built)('without system calls', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-plain-'));
    // Away from the folder with the packages.
    cpSync(dirname(CLI), join(folder, 'dist'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, string[], number]>([
    ['prints captures', ['capture', '-r', CAPTURE, '-c', '1'], 0],
    ['assesses captures', ['assess', CAPTURE, '--json'], 0],
    ['lists sockets', ['sockets', '--json'], 0],
    ['scans', ['scan', '127.0.0.1', '-p', '1', '--json'], 0],
    ['looks at this machine', ['--json'], 0],
    ['compares this machine', ['compare', '--json'], 0],
    ['compares without binding ports', ['compare', '--bind-test', '--json'], 0],
    ['says that it cannot capture', ['capture', '-i', 'lo', '-c', '1'], 5],
  ])('%s', async (_, words, expected) => {
    const { code, err } = await runCli(words, { cli: join(folder, 'dist', 'cli.js') });
    expect(err).not.toContain('a defect');
    expect(code).toBe(expected);
  });
});
