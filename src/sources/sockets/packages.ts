/**
 * Which installed package a program file belongs to: from dpkg's lists of files, or by asking rpm.
 * The lists are many; those that are likely by name are read first, and reading ends when all
 * files have an owner.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const DPKG_LISTS = '/var/lib/dpkg/info';
const RPM_DATABASES = ['/usr/lib/sysimage/rpm', '/var/lib/rpm'];
const RPM_TIMEOUT_MS = 3000;

/** Package by path; paths that no package owns are absent. */
export function packagesOf(paths: readonly string[], lists = DPKG_LISTS): Map<string, string> {
  const wanted = [...new Set(paths)].filter(
    (path) => path.startsWith('/') && !path.endsWith(' (deleted)'),
  );
  if (wanted.length === 0) return new Map();
  const found = existsSync(lists) ? fromDpkg(wanted, lists) : new Map<string, string>();
  const left = wanted.filter((path) => !found.has(path));
  if (left.length > 0 && RPM_DATABASES.some((path) => existsSync(path))) {
    for (const [path, name] of fromRpm(left)) found.set(path, name);
  }
  return found;
}

function fromDpkg(paths: readonly string[], folder: string): Map<string, string> {
  // Where /usr was merged, a file of a package's /bin is found in /usr/bin.
  const left = new Map<string, string>();
  for (const path of paths) {
    left.set(path, path);
    if (path.startsWith('/usr/')) left.set(path.slice(4), path);
  }
  const found = new Map<string, string>();
  for (const name of likelyFirst(folder, paths)) {
    if (found.size === paths.length) break;
    const text = readText(`${folder}/${name}`);
    for (const [listed, path] of left) {
      if (found.has(path) || !hasLine(text, listed)) continue;
      found.set(path, name.slice(0, -'.list'.length).replace(/:.*$/, ''));
    }
  }
  return found;
}

/** `openssh-server.list` is looked at early for `/usr/sbin/sshd`, whose name begins alike. */
function likelyFirst(folder: string, paths: readonly string[]): string[] {
  const starts = paths.map((path) => basename(path).slice(0, 3));
  const names = listFolder(folder).filter((name) => name.endsWith('.list'));
  const likely = (name: string): boolean => starts.some((start) => name.includes(start));
  return [...names.filter(likely), ...names.filter((name) => !likely(name))];
}

function hasLine(text: string, line: string): boolean {
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + 1)) {
    const before = at === 0 || text.charCodeAt(at - 1) === 10;
    const after = at + line.length === text.length || text.charCodeAt(at + line.length) === 10;
    if (before && after) return true;
  }
  return false;
}

function fromRpm(paths: readonly string[]): Map<string, string> {
  const words = ['-q', '--qf', '%{NAME}\n', '-f', '--', ...paths];
  const { stdout } = spawnSync('rpm', words, { encoding: 'utf8', timeout: RPM_TIMEOUT_MS });
  const found = new Map<string, string>();
  // One line a file, in order; a sentence with blanks where no package owns it.
  (stdout ?? '').split('\n').forEach((line, index) => {
    const path = paths[index];
    if (path !== undefined && /^[\w.+-]+$/.test(line)) found.set(path, line);
  });
  return found;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
