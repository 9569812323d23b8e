import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const linux = process.platform === 'linux';
const asRoot = process.getuid?.() === 0;
const separateNetwork = linux && spawnSync('unshare', ['--net', 'true']).status === 0;

/** Everything that could drive a terminal, except line ends and tabs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

describe.runIf(built)('the program', () => {
  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await runCli(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it.each([
    ['program', [['--help'], ['-h'], ['help']]],
    [
      'sockets',
      [
        ['sockets', '--help'],
        ['help', 'sockets'],
        ['sockets', '-h'],
      ],
    ],
    [
      'surface',
      [
        ['surface', '--help'],
        ['help', 'surface'],
      ],
    ],
    [
      'compare',
      [
        ['compare', '--help'],
        ['help', 'compare'],
      ],
    ],
    [
      'assess',
      [
        ['assess', '--help'],
        ['help', 'assess'],
      ],
    ],
    [
      'flows',
      [
        ['flows', '--help'],
        ['help', 'flows'],
      ],
    ],
  ])('helps with %s, examples first', async (name, ways) => {
    const [first, ...others] = await Promise.all(ways.map((way) => runCli(way)));
    expect(first).toMatchObject({ code: 0, err: '' });
    for (const other of others) expect(other).toEqual(first);
    await expect(first!.out).toMatchFileSnapshot(`help/${name}.txt`);
    expect(Math.max(...first!.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each([
    [
      'an unknown command',
      ['sokets'],
      /there is no command “sokets”\n.*portreeve sockets, if that/,
    ],
    ['a command like no other', ['zzz'], /“zzz”\n {2}do {3}portreeve --help lists/],
    ['an unknown command to help with', ['help', 'zzz'], /there is no command “zzz”/],
    ['a hostile command', ['\x1b[2J'], /“\\x1b\[2J”/],
    ['an unknown option', ['--jsno'], /unknown option '--jsno'\n.*--json, if that/],
    ['an unknown option of a command', ['sockets', '--port'], /unknown option '--port'/],
    ['an unknown format', ['--format', 'xml'], /'xml' is invalid/],
    ['two formats', ['--json', '--csv'], /cannot be both json and csv/],
    ['a width too small', ['--width', '5'], /from\s+20 to 10000/],
    ['a width that is no number', ['--width', '8e1'], /from\s+20 to 10000/],
    [
      'an option of ssh alone',
      ['sockets', '--ssh-config', 'x'],
      /--ssh-config says how .*\n.*--ssh anna@web1/,
    ],
    ['another such', ['compare', '--ssh-sudo'], /--ssh-sudo says how to reach another machine/],
    ['two machines', ['sockets', '--ssh', 'a', '--ssh', 'b'], /one machine at a time/],
  ])('refuses %s', async (_what, args, message) => {
    const { code, out, err } = await runCli(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).toMatch(/^✖ /);
    expect(err).not.toMatch(CONTROL);
  });

  it('says what is missing on other systems', async () => {
    const pretend =
      'data:text/javascript,Object.defineProperty(process,"platform",{value:"sunos"})';
    const { code, out, err } = await runCli([], { node: ['--import', pretend] });
    expect([code, out]).toEqual([5, '']);
    expect(err).toMatch(
      /^✖ cannot look at the sockets of this machine \(sunos\) yet\n {2}why .+\n {2}do /s,
    );
  });
});

describe.runIf(built && linux)('sockets of this machine', () => {
  let server: ChildProcess;
  let port = 0;

  beforeAll(async () => {
    const script = `process.title = 'evil\\x1b[31m\\n) \\u202e'; require('node:net').createServer((socket) => socket.on('error', () => {})).listen(0, '0.0.0.0', function () { console.log(this.address().port); });`;
    server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = await once(server.stdout!, 'data');
    port = Number(String(chunk));
  });
  afterAll(() => server.kill());

  it('answers in JSON', async () => {
    for (const args of [
      ['sockets', '--json'],
      ['sockets', '--format', 'json'],
    ]) {
      const { code, out, err } = await runCli(args);
      expect([code, err]).toEqual([0, '']);
      const answer = JSON.parse(out);
      expect(answer.schema).toBe('portreeve/sockets/1');
      const row = answer.sockets.find((each: { port: number }) => each.port === port);
      expect(row).toMatchObject({
        transport: 'tcp',
        address: '0.0.0.0',
        exposure: 'every-address',
        owner: 'processes',
        pids: [server.pid],
        user: { uid: process.getuid?.() },
      });
      expect(row.processes[0].name).toContain('evil\x1b[31m');
      expect(answer.facts.sockets).toBe(answer.sockets.length);
      // Root reads the firewall's rules; others are told that they could not.
      const ids = answer.notes.map((note: { id: string }) => note.id);
      expect(ids.includes('firewall-rules') || asRoot).toBe(true);
    }
  });

  it.each(['table', 'plain', 'json', 'ndjson', 'csv', 'markdown'])(
    'shows a hostile name safely as %s',
    async (format) => {
      const { code, out, err } = await runCli(['sockets', '--format', format]);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(String(port));
      expect(out).toContain('evil');
      expect(out.replaceAll('\r\n', '\n')).not.toMatch(CONTROL);
      expect(out).not.toContain('\u202e');
    },
  );

  it('gives the verdict first and leaves nothing out in a pipe', async () => {
    const { out } = await runCli(['sockets']);
    expect(out).toMatch(/^· \d+ listening sockets?: \d+ reachable on every address/);
    expect(out).toMatch(/^ *PORT {2}PROTO .* ADDRESS .* USER {2,}COMMAND$/m);
    expect(out).not.toContain('left out');
  });

  it.each([80, 40])('fits %i columns', async (width) => {
    const { out } = await runCli(['sockets', '--width', String(width)]);
    expect(Math.max(...out.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(width);
    expect(out).toMatch(/\d+ columns? left\s+out/);
    expect(out).toContain(`${server.pid}`);
  });

  it('is quiet when nobody reads on', async () => {
    expect(await runCli(['sockets', '--json'], { deaf: true })).toEqual({
      code: 0,
      out: '',
      err: '',
    });
  });

  it.runIf(separateNetwork)('has little to say where no socket is', async () => {
    const { code, out } = await runCli(['sockets', '--json'], { wrapper: ['unshare', '--net'] });
    expect(code).toBe(0);
    // Root sees other namespaces too; ours is empty.
    const { sockets } = JSON.parse(out) as { sockets: { network: string | null }[] };
    expect(sockets.filter(({ network }) => network === null)).toEqual([]);
  });

  it.runIf(asRoot)('names the user and the reason where privilege is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-dist-'));
    try {
      chmodSync(folder, 0o755);
      cpSync(join(root, 'dist'), folder, { recursive: true });
      const options = { cli: join(folder, 'cli.js'), uid: 65534 };
      const { code, out } = await runCli(['sockets', '--json', '--complete'], options);
      expect(code).toBe(5);
      const answer = JSON.parse(out);
      expect(answer.sockets.find((each: { port: number }) => each.port === port)).toMatchObject({
        owner: 'unknown',
        ownerUnknownBecause: 'privilege',
        user: { uid: 0, name: 'root' },
        pids: [],
      });
      const note = answer.notes.find((each: { id: string }) => each.id === 'owner-privilege');
      expect(note).toMatchObject({ remedy: 'run the same command with sudo', missing: true });
      expect((await runCli(['sockets'], options)).code).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
