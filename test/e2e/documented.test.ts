/** What the documentation says of the files in `examples/` can be typed, and ends as it says. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FENCE, PAGES, ROOT, readPage, shellLines } from '../builders/pages.ts';
import { built, CLI, runCli, runProgram } from './run-cli.ts';

describe.runIf(built && process.platform !== 'win32')('the documentation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-docs-'));
  symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
  writeFileSync(
    join(folder, 'portreeve'),
    `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`,
    { mode: 0o755 },
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  const typed = [
    ...new Set(
      PAGES.flatMap(shellLines).filter((line) => /\bexamples\/\S+\.(?:pcapng|yaml)/.test(line)),
    ),
  ];

  it('shows commands on the example files', () => expect(typed.length).toBeGreaterThan(12));

  it('has commands that end as it says', async () => {
    const env = { PATH: `${folder}${delimiter}${process.env.PATH}` };
    for (const line of typed) {
      const expected = Number(/# exit code (\d+)/.exec(line)?.[1] ?? 0);
      const { code, err } = await runProgram(['sh', '-c', `portreeve${line}`], {
        cwd: folder,
        env,
      });
      expect([line, code, err]).toEqual([line, expected, '']);
    }
  });

  it('shows in README.md what the program answers', async () => {
    const [, picture = ''] =
      [...readPage('README.md').matchAll(FENCE)].find(([block]) =>
        block.includes('$ ./portreeve'),
      ) ?? [];
    const [prompt = '', ...lines] = picture.trimEnd().split('\n');
    expect(prompt).toBe('$ ./portreeve assess examples/evening-office.pcapng');
    const { out } = await runCli(['assess', 'examples/evening-office.pcapng', '--width', '80'], {
      cwd: folder,
    });
    const parts = lines.join('\n').split(/\n?…\n?/);
    for (const part of parts.filter((each) => each !== '')) expect(out).toContain(part);
  });
});
