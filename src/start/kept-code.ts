/**
 * The chunks of one program with what earlier runs compiled of them, from and into the code pack of
 * that name. Whatever is wrong with that, the program runs without.
 */
import { type CacheFolder, folderBeside, folderOfUser } from './cache-folder.ts';
import { ChunkLoader } from './chunk-loader.ts';
import { type CodePack, pack, unpack } from './code-pack.ts';

/** Named by the build: the version, and what distinguishes these chunks from any others. */
const BUILD = `${process.env.PORTREEVE_VERSION}-${process.env.PORTREEVE_BUILD}-node${process.version}-${process.arch}`;

/** The first runs of a program go different ways; after these few, only new chunks are added. */
const GATHERED_RUNS = 4;

/** For one program; without a folder that is the user's own, nothing is kept. */
export class KeptCode {
  private readonly name: string;
  private readonly userId = process.geteuid?.();
  private readonly folder: CacheFolder | undefined;
  private readonly known: CodePack | undefined;
  private readonly loader: ChunkLoader;

  /** @param root the folder of the chunks @param program names the pack */
  constructor(root: string, program: string) {
    this.name = `${program}-${process.version}.pack`;
    this.folder = cacheFolder(root, this.userId);
    this.known = readPack(this.folder, this.name);
    this.loader = new ChunkLoader(`${root}/`, this.known);
  }

  /** What a chunk exports. @param name of its file below the root */
  load(name: string): unknown {
    return this.loader.load(name);
  }

  /** Writes what has been compiled so far, unless the process has become another user's. */
  keep(): void {
    const { folder, loader, known } = this;
    const runs = known?.runs ?? 0;
    if (folder === undefined || !(loader.grown || runs < GATHERED_RUNS)) return;
    if (process.geteuid?.() !== this.userId) return;
    try {
      folder.write(this.name, pack(BUILD, { runs: runs + 1, chunks: loader.packed() }));
    } catch {
      // The next start takes longer; nothing else depends on it.
    }
  }
}

function cacheFolder(root: string, userId: number | undefined): CacheFolder | undefined {
  // Coverage counts what is compiled.
  const { NODE_DISABLE_COMPILE_CACHE: off, NODE_V8_COVERAGE: coverage } = process.env;
  if (off !== undefined || coverage !== undefined) return undefined;
  if (userId === undefined || userId !== process.getuid?.()) return undefined;
  const user = { id: userId, environment: process.env };
  return folderBeside(`${root}/code`) ?? folderOfUser(BUILD, user);
}

function readPack(folder: CacheFolder | undefined, name: string): CodePack | undefined {
  try {
    const octets = folder?.read(name);
    return octets && unpack(BUILD, octets);
  } catch {
    return undefined;
  }
}
