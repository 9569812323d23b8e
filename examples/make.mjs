/** Makes the example captures anew. They are kept in the repository: this is how they came to be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portreeve-examples-'));
try {
  const outfile = join(folder, 'small-office.mjs');
  await build({
    entryPoints: [here('small-office.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
  });
  const { smallOffice } = await import(pathToFileURL(outfile).href);
  writeFileSync(process.argv[2] ?? here('small-office.pcapng'), smallOffice());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
