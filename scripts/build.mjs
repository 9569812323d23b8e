/**
 * Bundles `src/` into `dist/`: one entry for the command line, one for programs that import the
 * package, one per worker. Commands are separate chunks, so that each start reads only its own.
 * `--types` also writes declarations and checks types.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generate, root } from './prepare.mjs';

const ENTRIES = {
  cli: 'src/cli/main.ts',
  index: 'src/index.ts',
  'flow-worker': 'src/sources/flows/worker.ts',
  'ring-reader': 'src/sources/capture/ring-reader.ts',
  'watch-worker': 'src/pipeline/watch-worker.ts',
};

export async function build({ types = false } = {}) {
  await generate();
  const { build: bundle } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await bundle({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).filter(([, file]) => existsSync(join(root, file))),
    ),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Holds a compiled library, which cannot be bundled; loaded on first use.
    external: ['koffi'],
    target: 'node20.19',
    // Inlines numeric constants across modules: the hot loops read them per packet.
    minifySyntax: true,
    define: { 'process.env.PORTREEVE_VERSION': JSON.stringify(version) },
    sourcemap: false,
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  if (types) {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const done = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], {
      cwd: root,
      stdio: 'inherit',
    });
    if (done.status !== 0) process.exit(done.status ?? 1);
  }
  writeFileSync(join(root, 'dist', '.stamp'), `${Date.now()}\n`);
}

/** Newest modification time under a folder, ms. */
export function newest(folder, modified) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    latest = Math.max(latest, modified(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return latest;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build({ types: process.argv.includes('--types') });
}
