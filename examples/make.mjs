/** Makes the example captures anew. They are kept in the repository: this is how they came to be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleFile } from '../scripts/bundle.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portreeve-examples-'));
try {
  for (const [name, make] of [
    ['small-office', 'smallOffice'],
    ['evening-office', 'eveningOffice'],
  ]) {
    const outfile = join(folder, `${name}.mjs`);
    await bundleFile(here(`${name}.ts`), outfile);
    const module = await import(pathToFileURL(outfile).href);
    writeFileSync(join(process.argv[2] ?? here('.'), `${name}.pcapng`), module[make]());
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
