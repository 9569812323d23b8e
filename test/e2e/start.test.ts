/**
 * What is kept of a start for the next one: never more than speed. A copy of the package, as it
 * would be installed, with a home folder of its own.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built } from './run-cli.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const CAPTURE = fileURLToPath(new URL('../../examples/evening-office.pcapng', import.meta.url));
const CLI = join(DIST, 'cli.js');
const ASSESS = ['assess', CAPTURE, '--json'];

let folder = '';
let installed = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-start-'));
  if (!built) return;
  installed = join(folder, 'package');
  cpSync(DIST, installed, { recursive: true, filter: (path) => path !== join(DIST, 'code') });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(words: readonly string[], environment: Record<string, string>, cli?: string) {
  const program = cli ?? join(installed, 'cli.js');
  const env = { PATH: process.env.PATH, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  // Which flows are listened to for how long hangs on a seed that each run draws for its tables.
  return { status, stdout: stdout.replace(/("spoken":\[[^\]]*"flows":)\d+/g, '$1…'), stderr };
}

function packsIn(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pack'))
    .map((name) => join(home, name));
}

function newHome(name: string): string {
  const home = join(folder, name);
  mkdirSync(home, { mode: 0o700 });
  return home;
}

describe.runIf(built && process.platform === 'linux')('what is kept of a start', () => {
  let without: ReturnType<typeof run> | undefined;
  const plain = () => {
    without ??= run(ASSESS, { NODE_DISABLE_COMPILE_CACHE: '1' });
    return without;
  };

  it('changes nothing but the time: first run, second run, damaged, without', () => {
    const home = newHome('home');
    const expected = plain();
    expect([expected.status, expected.stderr]).toEqual([0, '']);
    expect(packsIn(folder)).toEqual([]);
    expect(run(ASSESS, { HOME: home })).toEqual(expected);
    const [pack = ''] = packsIn(home);
    expect(packsIn(home)).toEqual([pack]);
    expect(run(ASSESS, { HOME: home })).toEqual(expected);
    const octets = readFileSync(pack);
    for (const at of [40, octets.length >> 1]) {
      const damaged = Uint8Array.from(octets);
      damaged[at] = damaged[at]! ^ 0x55;
      writeFileSync(pack, damaged);
      expect(run(ASSESS, { HOME: home }), `octet ${at}`).toEqual(expected);
    }
    for (const left of [12, octets.length >> 1]) {
      writeFileSync(pack, Uint8Array.from(octets).subarray(0, left));
      expect(run(ASSESS, { HOME: home }), `${left} octets`).toEqual(expected);
    }
    // Put right by the last of those.
    expect(readFileSync(pack).length).toBeGreaterThan(octets.length / 2);
  });

  it.each([
    ['no home', () => ({})],
    ['a home that is not there', () => ({ HOME: '/does/not/exist' })],
    ['a home that others may write to', () => ({ HOME: openHome() })],
  ])('is nothing with %s', (_name, environment) => {
    const before = packsIn(folder);
    expect(run(ASSESS, environment())).toEqual(plain());
    expect(packsIn(folder)).toEqual(before);
  });

  function openHome(): string {
    const home = newHome('open');
    chmodSync(home, 0o777);
    return home;
  }

  it('is not gathered from what fails or asks for help', () => {
    const home = newHome('other');
    for (const words of [['--version'], ['assess', '--help'], ['assess', '/none'], ['none']]) {
      run(words, { HOME: home });
    }
    expect(packsIn(home)).toEqual([]);
  });

  it('lies beside the program in a clone', () => {
    const home = newHome('clone');
    expect(existsSync(join(DIST, 'code'))).toBe(true);
    expect(run(['explain', '53'], { HOME: home }, CLI).status).toBe(0);
    expect(existsSync(join(DIST, 'code', `explain-${process.version}.pack`))).toBe(true);
    expect(packsIn(home)).toEqual([]);
  });
});

describe.runIf(built)('the package', () => {
  it('is imported by programs, and needs no command line', async () => {
    const library = await import(join(DIST, 'index.mjs'));
    expect(Object.keys(library).sort()).toEqual([
      'FRAME_BATCH_CAPACITY',
      'FrameBatch',
      'flowOf',
      'observe',
      'openCaptures',
      'serviceName',
    ]);
    expect(library.serviceName('tcp', 22)).toBe('ssh');
  });
});
