/**
 * Makes a clone ready to run: installs the packages named by the lockfile when they are missing
 * or older than it, and compiles the generated tables. Nothing here runs in the shipped program.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Modification time in ms, or 0 when there is no such file. */
export function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

/** Whether npm may keep its cache where it wants to: accounts of services have no home. */
function hasPlaceForCache({ npm_config_cache: given }) {
  try {
    let folder = given ?? join(homedir(), '.npm');
    while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs npm quietly; on failure shows what it printed and exits with its status. */
function npm(...args) {
  const windows = process.platform === 'win32';
  const { env } = process;
  const cache = hasPlaceForCache(env) ? undefined : mkdtempSync(join(tmpdir(), 'portreeve-npm-'));
  const done = spawnSync(windows ? 'npm.cmd' : 'npm', args, {
    cwd: root,
    encoding: 'utf8',
    env: cache === undefined ? env : { ...env, npm_config_cache: cache },
    shell: windows,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (cache !== undefined) rmSync(cache, { recursive: true, force: true });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  process.stderr.write(`✖ npm ${args.join(' ')} failed\n`);
  process.stderr.write('  why  the packages in package-lock.json could not be installed\n');
  process.stderr.write('  do   check the network and the npm registry setting, then try again\n');
  process.exit(done.status ?? 1);
}

/** Installs dependencies unless the installed tree is at least as new as the lockfile. */
export function install() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`✖ Portreeve needs Node 20.19 or newer; this is ${process.version}\n`);
    process.exit(2);
  }
  const installed = modified(join(root, 'node_modules', '.package-lock.json'));
  if (installed > 0 && installed >= modified(join(root, 'package-lock.json'))) return;
  process.stderr.write('portreeve: installing packages (first run, or the lockfile changed) …\n');
  // Not `npm ci`: npm 11 refuses a lockfile without entries for optional packages of other
  // platforms when the registry in use does not carry them (npm/cli#9846). This installs the same
  // locked versions, checks the same hashes and leaves the lockfile alone.
  npm('install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts');
}

/** Compiles the tables in `src/**.generated.ts` that are older than what they are made from. */
export async function generate() {
  const { compileCatalog } = await import('./compile-catalog.mjs');
  await compileCatalog(root);
  const { compileVendors } = await import('./compile-vendors.mjs');
  compileVendors(root);
}

export async function prepare() {
  install();
  await generate();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await prepare();
