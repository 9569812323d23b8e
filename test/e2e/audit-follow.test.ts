/** `portreeve audit` as built, on logs that grow and are rotated, and on one read by two threads. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portreeve-follow-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (index: number): string =>
  `2026-11-22T09:${String(Math.floor(index / 60) % 60).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}Z gw kernel: FW-DROP IN=eth1 OUT=eth0 MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=10.0.${index % 7}.${index % 200} DST=192.0.2.${index % 251} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${index % 9000} DF PROTO=TCP SPT=${1024 + (index % 50_000)} DPT=${index % 1000} WINDOW=64240 RES=0x00 SYN URGP=0\n`;

/** Reports as they come, by the number of lines they say were read. */
async function followed(path: string, steps: readonly ((read: number) => void)[], wanted: number) {
  const words = ['audit', '--follow', path, '--interval', '0.2s', '--ndjson', '--for', '60s'];
  const child = spawn(process.execPath, [CLI, ...words]);
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  let rest = '';
  let step = 0;
  const read: number[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const each of lines) {
      const { kind, facts } = JSON.parse(each) as { kind: string; facts?: { linesRead: number } };
      if (kind !== 'report') continue;
      read.push(facts!.linesRead);
      if (facts!.linesRead >= wanted) child.kill('SIGINT');
      // The next step once what the one before wrote was read.
      else if (read.at(-2) === read.at(-1)) steps[step++]?.(facts!.linesRead);
    }
  });
  return { code: await closed, read };
}

describe.runIf(built)('audit --follow', () => {
  it('goes on where a log was renamed and created anew', async () => {
    const path = join(folder, 'renamed.log');
    writeFileSync(path, line(1) + line(2));
    const { code, read } = await followed(
      path,
      [
        () => appendFileSync(path, line(3).slice(0, 40)),
        () => appendFileSync(path, line(3).slice(40)),
        () => {
          renameSync(path, `${path}.1`);
          // The device writes to the old one for a while.
          appendFileSync(`${path}.1`, line(4));
          writeFileSync(path, line(5) + line(6));
        },
        () => appendFileSync(path, line(7)),
      ],
      7,
    );
    expect([code, read.at(-1)]).toEqual([0, 7]);
  });

  it('goes on where a log was copied and emptied', async () => {
    const path = join(folder, 'emptied.log');
    writeFileSync(path, line(1) + line(2) + line(3));
    const { code, read } = await followed(
      path,
      [
        () => {
          copyFileSync(path, `${path}.1`);
          truncateSync(path);
        },
        () => appendFileSync(path, line(4)),
      ],
      4,
    );
    expect([code, read.at(-1)]).toEqual([0, 4]);
  });

  it('waits for the first lines, and ends after so many answers', async () => {
    writeFileSync(join(folder, 'empty.log'), '');
    const words = ['--follow', '--interval', '0.2s', '--count', '2'];
    const { code, out, err } = await runCli(['audit', ...words, 'empty.log'], { cwd: folder });
    expect([code, err, out.split('none of a firewall log').length]).toEqual([5, '', 3]);
  });

  it.each([
    ['no log', ['--follow'], 'missing required argument'],
    ['an interval without it', ['--interval', '5s', 'empty.log'], '--interval is for --follow'],
    ['the network', ['--follow', '--listen', '2055'], '--follow is for logs'],
  ])('refuses %s', async (_, words, message) => {
    const { code, err } = await runCli(['audit', ...words], { cwd: folder });
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe.runIf(built)('audit with a second thread', () => {
  it('answers as with one', async () => {
    const path = join(folder, 'large.log');
    const file = openSync(path, 'w');
    const block = Array.from({ length: 5000 }, (_, index) => line(7 * index)).join('');
    for (let octets = 0; octets < 6e6; octets += block.length) writeSync(file, block);
    closeSync(file);
    // The second of those with two threads may take over what the first one compiled.
    const [one, ...two] = await Promise.all(
      ['0', '1', '1'].map((workers) => runCli(['audit', path, '--json', '--workers', workers])),
    );
    expect(one!.code).toBe(0);
    for (const { code, out } of two) expect([code, out === one!.out]).toEqual([0, true]);
  });
});
