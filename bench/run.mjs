/**
 * Starts the benchmarks with plain node: bundles them into a temporary folder and runs
 * them. `npm run bench -- --help` lists the options.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleFile } from '../scripts/bundle.mjs';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));
try {
  const outfile = join(folder, 'bench.mjs');
  await bundleFile(join(dirname(fileURLToPath(import.meta.url)), 'main.ts'), outfile);
  const { main } = await import(pathToFileURL(outfile).href);
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
