/**
 * Bundles `src/` into `dist/`: one entry for the command line, one for programs that import the
 * package, one per worker. Commands are separate chunks, so that each start reads only its own.
 * `--types` also writes declarations and checks types.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { INPUT, TARGET } from './bundle.mjs';
import { generate, root } from './prepare.mjs';

const ENTRIES = {
  cli: 'src/cli/main.ts',
  index: 'src/index.ts',
  'flow-worker': 'src/sources/flows/worker.ts',
  'ring-reader': 'src/sources/capture/ring-reader.ts',
  'watch-worker': 'src/pipeline/watch-worker.ts',
  'audit-worker': 'src/pipeline/audit-worker.ts',
};

/** Texts from this length on (characters) are read from a file instead of compiled. */
const LONG = 10_000;

/**
 * The long texts of generated tables become files in `dist/data`. Compiling a string of a megabyte
 * takes Node 18 ms at every start; reading it from a file takes less than one.
 */
const longTexts = {
  name: 'long-texts',
  transform: {
    filter: { id: /\.generated\.ts$/ },
    async handler(source, path) {
      const { transform } = await import('rolldown/experimental');
      const { code } = await transform(path, source);
      const table = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      const lines = ["import { readFileSync } from 'node:fs';"];
      for (const [name, text] of Object.entries(table)) {
        if (typeof text !== 'string' || text.length < LONG) {
          lines.push(`export const ${name} = ${JSON.stringify(text)};`);
          continue;
        }
        const file = `${basename(path, '.generated.ts')}-${name.toLowerCase()}.txt`;
        writeFileSync(join(root, 'dist', 'data', file), text);
        const encoding = /^[\0-\x7f]*$/.test(text) ? 'latin1' : 'utf8';
        // Tables are shared by commands, so that their chunk lies in dist/chunks.
        const url = `new URL('../data/${file}', import.meta.url)`;
        lines.push(`export const ${name} = readFileSync(${url}, '${encoding}');`);
      }
      return { code: lines.join('\n'), moduleType: 'js' };
    },
  },
};

/**
 * Commander starts subcommands that are programs of their own, and for that loads what starts
 * programs, which takes Node 8 ms. Ours are none.
 */
const noPrograms = {
  name: 'no-programs',
  resolveId: {
    filter: { id: /^node:child_process$/ },
    handler: (_, importer) => (/[\\/]commander[\\/]/.test(importer ?? '') ? '\0none' : null),
  },
  load: { filter: { id: /^\0none$/ }, handler: () => 'export default {};' },
};

const PROGRAMS = new Set(Object.values(ENTRIES));

/** Rooms of which a command takes this or that: no chunk of the whole. */
const BY_COMMAND = new Set(['cli', 'acl', 'native', 'pipeline']);
/** Parts of rooms that many commands do without. */
const PARTS = new Set([
  'analysis/audit',
  'analysis/compare',
  'analysis/firewalled-listeners.ts',
  'analysis/host-firewall.ts',
  'analysis/socket-changes.ts',
  'analysis/surface.ts',
  'analysis/surface-changes.ts',
  'catalog/mirror',
  'wire/filter',
  'wire/print',
]);

/** What is always used together. */
const TOGETHER = new Map([
  ['net', 'base'],
  ['model', 'base'],
  ['wire-filter-fault', 'base'],
  ['wire', 'traffic'],
  ['flow', 'traffic'],
  ['sources-pcap', 'traffic'],
  ['sources-flows', 'traffic'],
]);

/**
 * A chunk for each library and each room, or for each part of it that is used by itself. Every module that Node
 * loads costs a third of a millisecond, so that a start with a hundred would take twice as long.
 */
function chunkOf(path) {
  const place = path.replaceAll('\\', '/');
  const [, library] = /\/node_modules\/([^/]+)\/[^\0]*$/.exec(place) ?? [];
  if (library !== undefined) return library;
  const [, inside] = /\/src\/(.+\.ts)$/.exec(place) ?? [];
  const [room, part, ...deeper] = inside?.split('/') ?? [];
  if (part === undefined || BY_COMMAND.has(room) || PROGRAMS.has(`src/${inside}`)) return null;
  if (part.startsWith('vendors')) return 'vendors';
  const apart = room === 'sources' || PARTS.has(`${room}/${part}`);
  let name = apart ? `${room}-${part.replace('.ts', '')}` : room;
  if ((room === 'sources' && deeper.length > 1) || deeper[0] === 'fault.ts') {
    name += `-${deeper[0].replace('.ts', '')}`;
  }
  return TOGETHER.get(name) ?? name;
}

export async function build({ types = false } = {}) {
  await generate();
  const { build: bundle } = await import('rolldown');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const dist = join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, 'data'), { recursive: true });
  await bundle({
    ...INPUT,
    cwd: root,
    input: ENTRIES,
    preserveEntrySignatures: 'allow-extension',
    logLevel: 'warn',
    plugins: [longTexts, noPrograms],
    transform: {
      target: TARGET,
      define: { 'process.env.PORTREEVE_VERSION': JSON.stringify(version) },
    },
    output: {
      dir: dist,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      // Comments and blanks are a third of what would have to be read at every start; names stay,
      // for stack traces.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          { name: chunkOf, debugName: 'rooms' },
          // What most commands share of their own room.
          { name: 'cli', test: /[\\/]src[\\/]cli[\\/]/, minShareCount: 5 },
        ],
      },
    },
  });
  chmodSync(join(dist, 'cli.js'), 0o755);
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
