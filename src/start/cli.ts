#!/usr/bin/env node
/**
 * The file that is started: loads the command line (`src/cli/main.ts`, bundled beside it) with
 * what earlier runs compiled of it. Whatever is wrong with that, the program runs without.
 */
import { setFlagsFromString } from 'node:v8';
import { type CacheFolder, folderBeside, folderOfUser } from './cache-folder.ts';
import { ChunkLoader } from './chunk-loader.ts';
import { type CodePack, pack, unpack } from './code-pack.ts';

/** Named by the build: the version, and what distinguishes these chunks from any others. */
const BUILD = `${process.env.PORTREEVE_VERSION}-${process.env.PORTREEVE_BUILD}-node${process.version}-${process.arch}`;

/** The first runs of a command go different ways; after these few, only new chunks are added. */
const GATHERED_RUNS = 4;

/**
 * Commands whose garbage is collected in a millisecond or two. With threads to help, the program waits
 * for them each time, up to 100 ms where other programs keep the processors busy.
 */
const BRIEF = /^(?:|sockets|surface|compare)$/;
/** The last version of Node.js of which it is known that it has the setting. */
const LAST_KNOWN_NODE = 24;
/**
 * They end before what V8 optimises on other threads is of use to them, so that it should begin later
 * (15 times its budget). Only this version has the setting under that name and needs it.
 */
const EAGER_NODE = 20;

/** Options after which a run says little about others. */
const ASKS_FOR_HELP = /^(?:-h|--help|-V|--version)$/;

/** The answer came, with or without findings, or was incomplete. */
const ANSWERED = new Set([0, 1, 5]);

function cacheFolder(userId: number | undefined): CacheFolder | undefined {
  // Coverage counts what is compiled.
  const { NODE_DISABLE_COMPILE_CACHE: off, NODE_V8_COVERAGE: coverage } = process.env;
  if (off !== undefined || coverage !== undefined) return undefined;
  if (userId === undefined || userId !== process.getuid?.()) return undefined;
  const user = { id: userId, environment: process.env };
  return folderBeside(`${__dirname}/code`) ?? folderOfUser(BUILD, user);
}

function readPack(folder: CacheFolder | undefined, name: string): CodePack | undefined {
  try {
    const octets = folder?.read(name);
    return octets && unpack(BUILD, octets);
  } catch {
    return undefined;
  }
}

const userId = process.geteuid?.();
const folder = cacheFolder(userId);
const [command = ''] = process.argv.slice(2);
const name = `${/^[a-z]{1,20}$/.test(command) ? command : 'default'}-${process.version}.pack`;
// Before anything is compiled: what was compiled with other settings is of no use.
const version = Number.parseInt(process.versions.node, 10);
if (BRIEF.test(command) && version <= LAST_KNOWN_NODE) {
  setFlagsFromString('--no-parallel-scavenge');
  if (version === EAGER_NODE) setFlagsFromString('--interrupt-budget=1000000');
}
const known = readPack(folder, name);
const loader = new ChunkLoader(`${__dirname}/`, known);

process.on('exit', (code) => {
  const runs = known?.runs ?? 0;
  if (folder === undefined || !(loader.grown || runs < GATHERED_RUNS)) return;
  if (!ANSWERED.has(code) || process.geteuid?.() !== userId) return;
  if (process.argv.some((word) => ASKS_FOR_HELP.test(word))) return;
  try {
    folder.write(name, pack(BUILD, { runs: runs + 1, chunks: loader.packed() }));
  } catch {
    // The next start takes longer; nothing else depends on it.
  }
});
loader.load('main.js');
