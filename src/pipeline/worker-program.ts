/** Where the programs of worker threads lie. */
import { existsSync } from 'node:fs';

/** The program of a worker by its name in `dist/`; undefined when this runs from source. */
export function workerProgram(name: string): URL | undefined {
  // This file is bundled into dist/ or into dist/chunks/.
  return [`./${name}.js`, `../${name}.js`]
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
}
