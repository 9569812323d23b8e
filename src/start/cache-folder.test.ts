import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderBeside, folderOfUser } from './cache-folder.ts';

const id = process.geteuid?.() ?? -1;
const KEY = '1.0.0-abc';
const OCTETS = Buffer.from('octets');
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'portreeve-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What is read after it was written; undefined where nothing was, or is not trusted. */
function writeAndRead(environment: Record<string, string>, user = id): string | undefined {
  const folder = folderOfUser(KEY, { id: user, environment });
  try {
    folder?.write('a.pack', OCTETS);
    return folder?.read('a.pack')?.toString();
  } catch {
    return undefined;
  }
}

describe.runIf(id >= 0)('the cache folder of a user', () => {
  const mode = (path: string) => statSync(path).mode & 0o777;

  it('is made below the home folder, closed to others', () => {
    expect(writeAndRead({ HOME: home })).toBe('octets');
    expect(mode(join(home, '.cache'))).toBe(0o700);
    expect(mode(join(home, '.cache/portreeve', KEY))).toBe(0o700);
    expect(mode(join(home, '.cache/portreeve', KEY, 'a.pack'))).toBe(0o600);
    expect(readdirSync(join(home, '.cache/portreeve', KEY))).toEqual(['a.pack']);
  });

  it('is where XDG_CACHE_HOME says', () => {
    expect(writeAndRead({ HOME: '/root/none', XDG_CACHE_HOME: home })).toBe('octets');
    expect(existsSync(join(home, 'portreeve', KEY, 'a.pack'))).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['no home', {}],
    ['an empty one', { HOME: '' }],
    ['a relative one', { HOME: 'home', XDG_CACHE_HOME: 'caches' }],
    ['the root folder', { HOME: '/' }],
    ['one that does not exist', { HOME: '/does/not/exist' }],
    ['a cache folder that does not exist', { XDG_CACHE_HOME: '/does/not/exist' }],
  ])('is not used with %s', (_name, environment) => {
    expect(writeAndRead(environment)).toBeUndefined();
  });

  it('is not used in the home of another user', () => {
    expect(writeAndRead({ HOME: home }, id + 1)).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });

  it.each<[string, (path: string) => void]>([
    ['the file', (path) => chmodSync(join(path, 'portreeve', KEY, 'a.pack'), 0o620)],
    ['its folder', (path) => chmodSync(join(path, 'portreeve', KEY), 0o777)],
    ['the folder above', (path) => chmodSync(join(path, 'portreeve'), 0o770)],
    ['the cache folder', (path) => chmodSync(path, 0o777)],
  ])('is not read where others may write: %s', (_name, open) => {
    const environment = { XDG_CACHE_HOME: home };
    expect(writeAndRead(environment)).toBe('octets');
    open(home);
    expect(folderOfUser(KEY, { id, environment })?.read('a.pack')).toBeUndefined();
  });

  it('follows no link within it', () => {
    const elsewhere = join(home, 'elsewhere');
    mkdirSync(join(elsewhere, KEY), { recursive: true });
    writeFileSync(join(elsewhere, KEY, 'a.pack'), 'octets');
    const caches = join(home, 'caches');
    mkdirSync(caches);
    symlinkSync(elsewhere, join(caches, 'portreeve'));
    const folder = folderOfUser(KEY, { id, environment: { XDG_CACHE_HOME: caches } });
    expect(folder?.read('a.pack')).toBeUndefined();
    folder?.write('b.pack', OCTETS);
    expect(existsSync(join(elsewhere, KEY, 'b.pack'))).toBe(false);
  });

  it('loses what other versions left long ago, and nothing else', () => {
    const program = join(home, 'portreeve');
    const old = new Date(Date.now() - 40 * 24 * 3600 * 1000);
    for (const name of ['old', 'recent']) {
      mkdirSync(join(program, name), { recursive: true });
      writeFileSync(join(program, name, 'a.pack'), 'octets');
    }
    writeFileSync(join(program, 'file'), '');
    for (const name of ['old', 'file']) utimesSync(join(program, name), old, old);
    expect(writeAndRead({ XDG_CACHE_HOME: home })).toBe('octets');
    expect(readdirSync(program).sort()).toEqual([KEY, 'file', 'recent']);
  });
});

describe('the folder beside the program', () => {
  it('is used where it is, and may be written', () => {
    expect(folderBeside(join(home, 'code'))).toBeUndefined();
    const folder = folderBeside(home);
    folder?.write('a.pack', OCTETS);
    expect(folder?.read('a.pack')).toEqual(OCTETS);
    expect(() => folder?.write('none/b.pack', OCTETS)).toThrow('ENOENT');
  });
});
