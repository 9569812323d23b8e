/** Runs a TypeScript file of the project with node inside a namespace. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFile } from '../../scripts/bundle.mjs';
import type { Space } from './lab.ts';

/** Bundles `file` (beside this one) and returns a function that runs it; `remove` deletes it. */
export async function program(
  file: string,
): Promise<{ run: (space: Space, ...words: string[]) => string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-lab-'));
  const outfile = join(folder, 'main.mjs');
  await bundleFile(fileURLToPath(new URL(file, import.meta.url)), outfile);
  return {
    run: (space, ...words) => space.run(process.execPath, outfile, ...words),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
