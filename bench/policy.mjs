/**
 * Times header space and the minimiser on generated rules: `node bench/policy.mjs [rules]`. Bundles
 * the sources itself, so it measures what is in the tree.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFile } from '../scripts/bundle.mjs';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));
try {
  const outfile = join(folder, 'policy.mjs');
  const entry = new URL('./policy-timings.ts', import.meta.url).pathname;
  await bundleFile(entry, outfile);
  const { main } = await import(pathToFileURL(outfile).href);
  main(Number(process.argv[2] ?? 100_000));
} finally {
  rmSync(folder, { recursive: true });
}
