/** An answer that could not be written whole must not look like one that was given. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

const CAPTURE = fileURLToPath(new URL('../../examples/small-office.pcapng', import.meta.url));
const wrapper = ['sh', '-c', 'exec "$0" "$@" > /dev/full'];

describe.skipIf(!built || !existsSync('/dev/full'))('standard output that takes nothing', () => {
  it.each([
    ['explain', '80'],
    ['assess', CAPTURE, '--json'],
    ['flows', CAPTURE],
    ['mirror', '--list'],
    ['--help'],
  ])('is said by %s', async (...words) => {
    const { code, err } = await runCli(words, { wrapper });
    expect(err).toContain('cannot write standard output');
    expect(err).toContain('ENOSPC');
    expect(err).not.toContain('node:');
    expect(code).toBe(3);
  });

  it('shows control characters of a file name escaped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-name-'));
    try {
      const name = join(folder, '\u001b[31m.pcapng');
      const { err } = await runCli(['capture', '-i', 'lo', '-w', name, '--for', '1s']);
      expect(err).not.toContain('\u001b[31m');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
