/**
 * The programs of worker threads, as they lie beside the bundled program. `worker` starts another
 * one, which its first argument names, with what earlier runs compiled of it.
 */
import { existsSync } from 'node:fs';

export type WorkerProgram = 'flow-worker' | 'worker' | 'ring-reader' | 'watch-worker';

/** Where a worker's program is; undefined where this runs from source, which has none. */
export function programOf(worker: WorkerProgram): URL | undefined {
  // This file is bundled into dist/ or into dist/chunks/.
  return [`./${worker}.js`, `../${worker}.js`]
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
}
