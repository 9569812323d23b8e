import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

const linux = process.platform === 'linux';
/** Everything that could drive a terminal, except line ends and tabs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

describe.runIf(built && linux)('portreeve alone', () => {
  let server: ChildProcess;
  let port = 0;
  beforeAll(async () => {
    const script = `process.title = 'evil\\x1b[31m'; require('node:net').createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
    server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = await once(server.stdout!, 'data');
    port = Number(String(chunk));
  });
  afterAll(() => server.kill());

  it('says what is offered to whom, by any of its names', async () => {
    for (const args of [['--json'], ['surface', '--json']]) {
      const { code, out, err } = await runCli([...args, '--no-beside']);
      expect([code, err]).toEqual([0, '']);
      const answer = JSON.parse(out);
      expect(answer.schema).toBe('portreeve/surface/1');
      const all = [...answer.attention, ...answer.services];
      const mine = all.find((row: { port: number }) => row.port === port);
      expect(mine).toMatchObject({
        transport: 'tcp',
        reach: 'this-machine',
        concern: 'ok',
        addresses: ['127.0.0.1'],
      });
      expect(mine.process[0].name).toContain('evil\x1b[31m');
      const { anywhere, localNetwork, thisMachine, services } = answer.facts;
      expect(anywhere + localNetwork + thisMachine).toBe(services);
      expect(services).toBe(all.length);
    }
  });

  it.each(['table', 'plain', 'json', 'ndjson', 'csv', 'markdown'])(
    'is safe to look at as %s',
    async (format) => {
      const words = format === 'csv' ? [] : ['--no-beside'];
      const { code, out } = await runCli(['surface', '--no-beside', ...words, '--format', format]);
      expect(code).toBe(0);
      expect(out.replaceAll('\r\n', '\n')).not.toMatch(CONTROL);
    },
  );

  it('has every service in a spreadsheet, not only those to look at', async () => {
    const { out } = await runCli(['surface', '--no-beside', '--csv']);
    expect(out).toMatch(new RegExp(`\\r\\n${port},tcp,this-machine,`));
  });

  it('ends with the attack surface in one line', async () => {
    const { out } = await runCli(['surface', '--no-beside']);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(
      /^attack surface: services reachable \d+ from anywhere, \d+ from the local network, \d+ from this machine only$/,
    );
  });

  it('says what changed since the last run, or since one that was saved', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-surface-'));
    try {
      const env = { XDG_STATE_HOME: folder };
      const look = async (...words: string[]) => {
        const { code, out, err } = await runCli(['--no-beside', ...words], { env });
        expect([code, err]).toEqual([0, '']);
        return out;
      };
      const first = await look('--json');
      expect(JSON.parse(first).facts).toMatchObject({ sinceMs: null, changes: 0 });
      writeFileSync(join(folder, 'first.json'), first);
      const opened = createServer().listen(0, '127.0.0.1');
      await once(opened, 'listening');
      const added = (opened.address() as { port: number }).port;
      const changesOf = (text: string): object[] => JSON.parse(text).changes;
      const expected = expect.objectContaining({ change: 'new', port: added, transport: 'tcp' });
      expect(changesOf(await look('--json', '--no-remember'))).toContainEqual(expected);
      expect(await look()).toMatch(/; since \d.*Z: \d+ new \(/);
      expect(changesOf(await look('--json'))).not.toContainEqual(expected);
      const baseline = ['--baseline', join(folder, 'first.json')];
      expect(changesOf(await look('--json', ...baseline))).toContainEqual(expected);
      opened.close();
      await once(opened, 'close');
      expect(changesOf(await look('--json'))).toContainEqual(
        expect.objectContaining({ change: 'gone', port: added }),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('refuses a run to compare with that is none', async () => {
    const { code, err } = await runCli(['--baseline', 'package.json']);
    expect([code, err.includes('portreeve --json > monday.json')]).toEqual([3, true]);
  });

  it.each([80, 40])('fits %i columns', async (width) => {
    const { out } = await runCli(['surface', '--no-beside', '--width', String(width)]);
    expect(Math.max(...out.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(width);
  });

  it('compares, too', async () => {
    const { code, out } = await runCli(['compare', '--no-beside', '--json']);
    expect(code).toBe(0);
    const answer = JSON.parse(out);
    expect(answer.schema).toBe('portreeve/compare/1');
    const row = [...answer.mismatches, ...answer.endpoints].find(
      (each: { port: number }) => each.port === port,
    );
    expect(['bind-scoped', 'not-probed']).toContain(row.verdict);
  });

  it('refuses to compare with nothing', async () => {
    const nothing = await runCli(['compare', '--sockets', 'package.json']);
    expect([nothing.code, nothing.err.includes('nothing to compare')]).toEqual([2, true]);
    const { code, err } = await runCli([
      ...['compare', '--sockets', 'package.json', '--address', '127.0.0.1'],
    ]);
    expect([code, err.includes('package.json')]).toEqual([3, true]);
  });

  describe('of several machines', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'portreeve-several-'));
      const line = (port: number): string => `tcp LISTEN 0 5 0.0.0.0:${port} 0.0.0.0:*\n`;
      writeFileSync(join(folder, 'web1'), line(22) + line(80));
      writeFileSync(join(folder, 'web2'), line(22));
      writeFileSync(join(folder, 'broken'), 'nothing of that kind\n');
      const port = (id: number, state: string): string =>
        `<port protocol="tcp" portid="${id}"><state state="${state}" reason="x"/></port>`;
      const host = (address: string, ports: string): string =>
        `<host><status state="up"/><address addr="${address}" addrtype="ipv4"/><ports>${ports}</ports></host>`;
      writeFileSync(
        join(folder, 'scan.xml'),
        `<nmaprun scanner="nmap" start="1767225600">${host('192.0.2.7', port(22, 'open') + port(80, 'filtered'))}${host('192.0.2.8', port(22, 'open') + port(4444, 'open'))}</nmaprun>`,
      );
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const ask = (names: readonly string[], ...words: string[]) =>
      runCli([
        'compare',
        '--sockets',
        ...names.map((name) => name.replace('=', `=${folder}/`)),
        '--scan',
        join(folder, 'scan.xml'),
        ...words,
      ]);

    it('has one table, and each row says whose it is', async () => {
      const { code, out } = await ask(['192.0.2.7=web1', '192.0.2.8=web2'], '--json');
      expect(code).toBe(0);
      const { mismatches, endpoints, facts } = JSON.parse(out);
      const words = (row: { machine: string; port: number; verdict: string }): string =>
        `${row.machine} ${row.port} ${row.verdict}`;
      expect(mismatches.map(words)).toEqual(['192.0.2.8 4444 hidden']);
      expect(endpoints.map(words)).toEqual([
        '192.0.2.7 80 firewalled',
        '192.0.2.7 22 agree',
        '192.0.2.8 22 agree',
      ]);
      expect(facts.hosts).toMatchObject([
        { name: '192.0.2.7', endpoints: 2, mismatches: 0 },
        { name: '192.0.2.8', endpoints: 2, mismatches: 1 },
      ]);
    });

    it.each(['table', 'plain', 'csv', 'markdown', 'ndjson'])('names them as %s', async (format) => {
      const { code, out } = await ask(['192.0.2.7=web1', '192.0.2.8=web2'], '--format', format);
      expect([code, out.includes('192.0.2.8')]).toEqual([0, true]);
    });

    it('goes on without one that cannot be read, and says so', async () => {
      const { code, out } = await ask(['192.0.2.7=web1', '192.0.2.8=broken'], '--json');
      expect(code).toBe(3);
      const { endpoints, notes } = JSON.parse(out);
      expect(endpoints).toHaveLength(2);
      expect(notes.at(-1)).toMatchObject({ id: 'machine-not-seen', missing: true });
    });

    it.each([
      [['192.0.2.7=web1', 'web2'], [], '192.0.2.7=web2'],
      [['192.0.2.7=web1', '192.0.2.8=web2'], ['--address', '192.0.2.9'], '--address is of one'],
      [['192.0.2.7=web1', '192.0.2.8=web2'], ['--bind-test'], '--bind-test'],
    ])('refuses %j %j', async (names, words, expected) => {
      const { code, err } = await ask(names, ...words);
      expect([code, err.includes(expected)]).toEqual([2, true]);
    });
  });
});
