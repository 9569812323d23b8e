/**
 * Starts Portreeve from a clone: installs and builds when something is missing or out of date
 * (a few stat calls otherwise), then runs the command line in this same process.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Whether any source is newer than the last build. Folders count too: they show removals. */
function stale(built) {
  if (time(join(root, 'package-lock.json')) > built) return true;
  const folders = [join(root, 'src'), join(root, 'scripts')];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (time(folder) > built) return true;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (!entry.name.endsWith('.generated.ts') && time(path) > built) return true;
    }
  }
  return false;
}

const built = time(join(root, 'dist', '.stamp'));
if (built === 0 || (existsSync(join(root, 'src')) && stale(built))) {
  const { install } = await import('./prepare.mjs');
  install();
  process.stderr.write('portreeve: building …\n');
  const { build } = await import('./build.mjs');
  await build();
}
await import(pathToFileURL(join(root, 'dist', 'cli.js')).href);
