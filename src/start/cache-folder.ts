/**
 * Where code packs lie. A pack is run as it stands, so that its folder is used only when nobody
 * but the user who runs the program could have written to it: beside the program in a clone (who
 * may write there may change the program itself), else in the user's cache folder (XDG Base
 * Directory Specification). A set-user-ID program, root with another user's home and systems
 * without user ids have none.
 */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';

/** How long the packs of other versions are kept, ms. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

export interface CacheFolder {
  /** Octets of a file; undefined where there is none to be trusted. Throws what opening throws. */
  read(name: string): Buffer | undefined;
  /** Puts a file in place of the old one at once. Throws where it cannot. */
  write(name: string, octets: Buffer): void;
}

export interface CacheUser {
  /** Effective user id. */
  readonly id: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A folder in the program's own, which the build of a clone makes. Undefined: not here. */
export function folderBeside(path: string): CacheFolder | undefined {
  try {
    accessSync(path, constants.W_OK);
  } catch {
    return undefined;
  }
  return {
    read: (name) => readFileSync(`${path}/${name}`),
    write: (name, octets) => replace(`${path}/${name}`, octets, 0o644),
  };
}

/** `portreeve/<key>` in the user's cache folder. Undefined: the user has none. */
export function folderOfUser(key: string, user: CacheUser): CacheFolder | undefined {
  const { HOME: home = '', XDG_CACHE_HOME: caches = '' } = user.environment;
  let base: string;
  if (caches.startsWith('/')) base = caches;
  else if (/^\/[^/]/.test(home)) base = `${home}/.cache`;
  else return undefined;
  const program = `${base}/portreeve`;
  const path = `${program}/${key}`;
  const mine = (stats: Stats | undefined) => stats?.uid === user.id && (stats.mode & 0o022) === 0;
  const foldersAreMine = () =>
    mine(statSync(base, { throwIfNoEntry: false })) && [program, path].every(isFolderOfMine);
  function isFolderOfMine(folder: string): boolean {
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    return mine(stats) && stats!.isDirectory();
  }
  return {
    read(name) {
      if (!foldersAreMine()) return undefined;
      const file = openSync(`${path}/${name}`, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const stats = fstatSync(file);
        return stats.isFile() && mine(stats) ? readFileSync(file) : undefined;
      } finally {
        closeSync(file);
      }
    },
    write(name, octets) {
      if (base !== caches && mine(statSync(home)))
        mkdirSync(base, { recursive: true, mode: 0o700 });
      if (!mine(statSync(base))) return;
      if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) prune(program, key);
      if (foldersAreMine()) replace(`${path}/${name}`, octets, 0o600);
    },
  };
}

function replace(path: string, octets: Buffer, mode: number): void {
  // Threads of one process may write the same pack.
  const draft = `${path}.${Math.random().toString(36).slice(2)}.new`;
  try {
    writeFileSync(draft, octets as Uint8Array, { mode, flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Removes what other versions left, when none of it was renewed for long. */
function prune(program: string, key: string): void {
  for (const name of readdirSync(program)) {
    const path = `${program}/${name}`;
    const stats = lstatSync(path);
    if (name === key || !stats.isDirectory() || Date.now() - stats.mtimeMs < KEPT_MS) continue;
    rmSync(path, { recursive: true, force: true });
  }
}
