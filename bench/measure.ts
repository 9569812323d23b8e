/** One run of one program: wall time here, CPU time and memory by GNU time where it is installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender } from './contenders.ts';

const GNU_TIME = '/usr/bin/time';

export interface Sample {
  readonly wallSeconds: number;
  /** User and system time of the process and its threads; NaN when unknown. */
  readonly cpuSeconds: number;
  /** Largest resident set, octets; NaN when unknown. */
  readonly residentBytes: number;
}

/** Runs the contender on `file` to its end; throws when it fails. Output goes to /dev/null. */
export function measure(contender: Contender, file: string): Sample {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-run-'));
  const accounts = join(folder, 'accounts');
  const work = mkdtempSync(join(folder, 'work-'));
  try {
    const command = contender.command(file, work);
    const timed = existsSync(GNU_TIME)
      ? [GNU_TIME, '-q', '-o', accounts, '-f', '%U %S %M', ...command]
      : command;
    const [program = '', ...rest] = timed;
    const begin = performance.now();
    const done = spawnSync(program, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...contender.environment },
      encoding: 'utf8',
    });
    const wallSeconds = (performance.now() - begin) / 1000;
    if (done.status !== 0)
      throw new Error(`${command.join(' ')}: ${done.error?.message ?? done.stderr.slice(-400)}`);
    const [user, system, kibibytes] = existsSync(accounts)
      ? readFileSync(accounts, 'utf8').trim().split(' ').map(Number)
      : [];
    return {
      wallSeconds,
      cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN),
      residentBytes: (kibibytes ?? Number.NaN) * 1024,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
