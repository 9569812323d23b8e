/** The flow worker's program, bundled from source, and others that go wrong in its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleFile } from '../../scripts/bundle.mjs';

const FLOWS = fileURLToPath(new URL('../../src/sources/flows/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../src/pipeline/flow-worker.ts', import.meta.url));

export interface WorkerPrograms {
  /** The real worker. */
  readonly worker: URL;
  /** A program from source text; `FLOWS` in it stands for the folder of row-ring.ts. */
  program(name: string, source: string): Promise<URL>;
  remove(): void;
}

export async function workerPrograms(): Promise<WorkerPrograms> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-worker-'));
  const bundle = async (name: string, entry: string): Promise<URL> => {
    const outfile = join(folder, `${name}.mjs`);
    await bundleFile(entry, outfile);
    return pathToFileURL(outfile);
  };
  return {
    worker: await bundle('worker', PROGRAM),
    program(name, source) {
      const entry = join(folder, `${name}.ts`);
      writeFileSync(entry, source.replaceAll('FLOWS', FLOWS));
      return bundle(name, entry);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
