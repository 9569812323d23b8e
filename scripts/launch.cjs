/**
 * Starts Portreeve from a clone: installs and builds when something is missing or out of date
 * (a few stat calls otherwise), then runs the command line in this same process. CommonJS: Node
 * takes a tenth of a whole short run to get its loader of ES modules ready.
 */
const { accessSync, constants, existsSync, readdirSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = dirname(__dirname);

// For npm and whatever else is started from here: `portreeve` keeps them from this process.
const { PORTREEVE_EXTRA_CA_CERTS: certificates } = process.env;
if (certificates !== undefined) {
  process.env.NODE_EXTRA_CA_CERTS = certificates;
  delete process.env.PORTREEVE_EXTRA_CA_CERTS;
}

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * Whether any source is newer than the last build. Folders count too: they show removals. Only
 * what goes into a build is looked at, by name where that will do: this is a part of every start.
 */
function stale(built) {
  for (const file of ['package-lock.json', 'package.json']) {
    if (time(`${root}/${file}`) > built) return true;
  }
  const folders = [`${root}/src`, `${root}/scripts`];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (time(folder) > built) return true;
    for (const name of readdirSync(folder)) {
      if (!name.includes('.')) {
        if (name !== 'fixtures') folders.push(`${folder}/${name}`);
      } else if (!/\.(?:test|fixture|generated)\.ts$/.test(name)) {
        if (time(`${folder}/${name}`) > built) return true;
      }
    }
  }
  return false;
}

/** Whether this user may install and build here. */
function writable() {
  try {
    for (const path of [root, join(root, 'dist'), join(root, 'node_modules')]) {
      if (existsSync(path)) accessSync(path, constants.W_OK);
    }
    return true;
  } catch {
    return false;
  }
}

async function installAndBuild() {
  const { install } = await import('./prepare.mjs');
  install();
  process.stderr.write('portreeve: building …\n');
  const { build } = await import('./build.mjs');
  await build();
}

/** Makes sure of a build, or says why there is none and ends. */
async function ensureBuilt(built) {
  if (writable()) {
    await installAndBuild();
  } else if (built > 0) {
    process.stderr.write(`portreeve: ${root} is not writable; running the earlier build\n`);
  } else {
    process.stderr.write('✖ Portreeve is not built yet\n');
    process.stderr.write(`  why  this user may not write to ${root}\n`);
    process.stderr.write('  do   run it once as the owner of that folder, or clone it anew\n');
    process.exit(4);
  }
}

// `npm start` names the program that lies in the folder it was started for.
if (process.env.npm_lifecycle_event === 'start') {
  const here = process.env.INIT_CWD === root;
  process.env.PORTREEVE_PROGRAM ??= here ? './portreeve' : join(root, 'portreeve');
}
const run = () => require('../dist/cli.js');
const built = time(join(root, 'dist', '.stamp'));
if (built === 0 || (existsSync(join(root, 'src')) && stale(built))) ensureBuilt(built).then(run);
else run();
