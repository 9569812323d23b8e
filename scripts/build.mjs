/**
 * Bundles `src/` into `dist/`: one entry for the command line, one for programs that import the
 * package, one per worker. Commands are separate chunks, so that each start reads only its own.
 * The bundles are CommonJS, which Node loads sooner and `cli.js` can keep compiled. `--types` also
 * writes declarations and checks types.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { INPUT, TARGET } from './bundle.mjs';
import { generate, root } from './prepare.mjs';

const ENTRIES = {
  main: 'src/cli/main.ts',
  library: 'src/index.ts',
  'flow-worker': 'src/sources/flows/worker.ts',
  'ring-reader': 'src/sources/capture/ring-reader.ts',
  'watch-worker': 'src/pipeline/watch-worker.ts',
  'audit-worker': 'src/pipeline/audit-worker.ts',
};

/** Texts from this length on (characters) are read from a file instead of compiled. */
const LONG = 10_000;

/**
 * The long texts of generated tables become files in `dist/data`, read when a text is asked for.
 * Compiling a string of a megabyte takes Node 18 ms at every start; reading it from a file takes less
 * than one.
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
      for (const [name, make] of Object.entries(table)) {
        const text = make();
        if (text.length < LONG) {
          lines.push(`export const ${name} = () => ${JSON.stringify(text)};`);
          continue;
        }
        const file = `${basename(path, '.generated.ts')}-${name.replace('Text', '')}.txt`;
        writeFileSync(join(root, 'dist', 'data', file), text);
        const encoding = /^[\0-\x7f]*$/.test(text) ? 'latin1' : 'utf8';
        // Tables are shared by commands, so that their chunk lies in dist/chunks.
        const url = `new URL('../data/${file}', import.meta.url)`;
        lines.push(`export const ${name} = () => readFileSync(${url}, '${encoding}');`);
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

/**
 * A chunk in ASCII, so that an octet of its file is a character: nothing to decode, half the
 * memory. Only strings, templates and patterns have other characters; comments are gone.
 */
function ascii(code) {
  return code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const GETTER =
  /Object\.defineProperty\(exports,("[^"]+"),\{enumerable:true,get:function\(\)\{return ([\w$]+)\}\}\);/g;

/**
 * A chunk whose exports are values. A getter, which is called at every use in a hot loop of another
 * chunk, is for what is assigned again, and nothing of ours is.
 */
function withPlainExports(code) {
  return code.replace(GETTER, (getter, name, value) => {
    const escaped = value.replaceAll('$', '\\$');
    const assigned = code.match(
      new RegExp(`(?<![.\\w$])${escaped}(?:[-+*/%&|^]?=(?![=>])|\\+\\+|--)`, 'g'),
    );
    return (assigned?.length ?? 0) > 1 ? getter : `exports[${name}]=${value};`;
  });
}

const PROGRAMS = new Set(Object.values(ENTRIES));

/** Rooms of which a command takes this or that, with modules that few others need. */
const BY_COMMAND = new Set(['cli', 'acl', 'pipeline']);
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
  'policy/socket-flows.ts',
  'wire/filter',
  'wire/print',
]);

/**
 * Parts of rooms that start programs or take random numbers: getting ready for that takes Node three
 * milliseconds, so that each is a chunk of those who ask for it.
 */
const APART = /^sources\/sockets\/(?:beside|far-side|package-names|packages|ssh)\.ts$/;

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
 * A chunk for each library and each room, or for each part of it that is used by itself: every file
 * that a first start loads costs a third of a millisecond, and later ones keep whole chunks.
 */
function chunkOf(path) {
  if (path === '\0none') return 'commander';
  const place = path.replaceAll('\\', '/');
  const [, library] = /\/node_modules\/([^/]+)\/[^\0]*$/.exec(place) ?? [];
  if (library !== undefined) return library;
  const [, inside] = /\/src\/(.+\.ts)$/.exec(place) ?? [];
  const [room, part, ...deeper] = inside?.split('/') ?? [];
  if (part === undefined || BY_COMMAND.has(room) || PROGRAMS.has(`src/${inside}`)) return null;
  if (APART.test(inside)) return null;
  if (part.startsWith('vendors')) return 'vendors';
  const apart = room === 'sources' || room === 'native' || PARTS.has(`${room}/${part}`);
  let name = apart ? `${room}-${part.replace('.ts', '')}` : room;
  if ((room === 'sources' && deeper.length > 1) || deeper[0] === 'fault.ts') {
    name += `-${deeper[0].replace('.ts', '')}`;
  }
  return TOGETHER.get(name) ?? name;
}

/** Blanks are a part of what would have to be read at every start; names stay, for stack traces. */
const DENSE = { compress: false, mangle: false, codegen: { removeWhitespace: true } };

/**
 * Throws where chunks load each other in a circle: what one takes from a chunk that is not done is
 * not there yet. Rooms have no circles; a cut that joins the wrong modules makes one.
 */
function refuseCircles(chunks) {
  const importsOf = new Map(chunks.map(({ fileName, imports }) => [fileName, imports]));
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) {
      throw new Error(`chunks load each other: ${[...path, name].join(' -> ')}`);
    }
    if (done.has(name)) return;
    done.add(name);
    for (const other of importsOf.get(name) ?? []) visit(other, [...path, name]);
  };
  for (const name of importsOf.keys()) visit(name, []);
}

/** Bundles the rooms and writes them to `dist`. Returns what tells these chunks from others. */
async function bundleRooms(bundle, dist, version) {
  const { output } = await bundle({
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
    write: false,
    output: {
      dir: dist,
      format: 'cjs',
      strict: true,
      dynamicImportInCjs: false,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      minify: DENSE,
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
  refuseCircles(output);
  const hash = createHash('sha256');
  mkdirSync(join(dist, 'chunks'));
  for (const { fileName, code } of output) {
    const text = ascii(withPlainExports(code));
    hash.update(`${fileName}\0${text}\0`);
    writeFileSync(join(dist, fileName), text);
  }
  return hash.digest('hex').slice(0, 12);
}

/** A file that is started. One by itself, since it loads all others in its own way. */
async function bundleStart(bundle, dist, version, id, name) {
  await bundle({
    ...INPUT,
    cwd: root,
    input: `src/start/${name}.ts`,
    logLevel: 'warn',
    transform: {
      target: TARGET,
      define: {
        'process.env.PORTREEVE_VERSION': JSON.stringify(version),
        'process.env.PORTREEVE_BUILD': JSON.stringify(id),
      },
    },
    output: {
      file: join(dist, `${name}.js`),
      format: 'cjs',
      strict: true,
      codeSplitting: false,
      minify: DENSE,
    },
  });
}

/** Programs import an ES module, which takes its names from the bundle. */
function writeLibrary(dist) {
  const names = Object.keys(createRequire(import.meta.url)(join(dist, 'library.js')));
  const lines = [
    "import library from './library.js';",
    `export const { ${names.sort().join(', ')} } = library;`,
  ];
  writeFileSync(join(dist, 'index.mjs'), `${lines.join('\n')}\n`);
}

function writeTypes(dist) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) process.exit(done.status ?? 1);
  writeFileSync(join(dist, 'types', 'package.json'), '{ "type": "module" }\n');
}

export async function build({ types = false } = {}) {
  await generate();
  const { build: bundle } = await import('rolldown');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const dist = join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, 'data'), { recursive: true });
  writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
  const id = await bundleRooms(bundle, dist, version);
  await bundleStart(bundle, dist, version, id, 'cli');
  await bundleStart(bundle, dist, version, id, 'worker');
  chmodSync(join(dist, 'cli.js'), 0o755);
  // Here a clone keeps what was compiled of the chunks; the package has none.
  mkdirSync(join(dist, 'code'));
  writeLibrary(dist);
  if (types) writeTypes(dist);
  writeFileSync(join(dist, '.stamp'), `${Date.now()}\n`);
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
