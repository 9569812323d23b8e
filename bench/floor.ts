/** Builds the yardstick of `floor.c`: what a native program needs for the first part of the job. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let built: string | undefined;

/** Path of the program, built on first use and removed when this process ends; without cc a name that cannot be started. */
export function floorProgram(): string {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-floor-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  built = join(folder, 'floor');
  spawnSync('cc', ['-O2', '-o', built, 'bench/floor.c'], { stdio: 'ignore' });
  return built;
}
