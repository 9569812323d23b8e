/** The command line of `portreeve scan`, against listeners of this machine. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

describe.runIf(built && process.platform === 'linux')('portreeve scan', () => {
  const servers: Server[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-scan-'));
  let open: number[] = [];
  let closed = 0;

  beforeAll(async () => {
    for (let index = 0; index < 4; index++) {
      const server = createServer((socket) => socket.on('error', () => {}).end('x'));
      servers.push(server.listen(0, '127.0.0.1'));
      await once(server, 'listening');
    }
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    // The last one is closed again, so that one port is known to be.
    closed = ports.pop()!;
    servers.pop()!.close();
    open = ports.sort((a, b) => a - b);
  });
  afterAll(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ports = (): string => [...open, closed].join(',');

  it('helps, examples first', async () => {
    const { code, out } = await runCli(['scan', '--help']);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot('help/scan.txt');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each(['auto', 'connect', 'node'])('finds what listens, by %s', async (engine) => {
    const words = ['scan', '127.0.0.1', '-p', ports(), '--engine', engine, '--json'];
    const { code, out, err } = await runCli(words);
    expect(err).toBe('');
    expect(code).toBe(0);
    const scan = JSON.parse(out);
    expect(scan.ports.map(({ port }: { port: number }) => port)).toEqual(open);
    expect(scan.hosts[0].groups).toMatchObject([{ state: 'closed', ports: String(closed) }]);
    expect(scan.notes.map(({ id }: { id: string }) => id)).toContain('own-machine');
  });

  it('streams a line for each open port, then the report', async () => {
    const { out } = await runCli(['scan', '127.0.0.1', '-p', ports(), '--ndjson']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const kinds = lines.map(({ kind }) => kind);
    expect(kinds.slice(0, 4)).toEqual(['port', 'port', 'port', 'report']);
    expect(kinds).toContain('host');
  });

  it('tells ports ahead where they are asked what they are, and each once for good', async () => {
    const { out } = await runCli(['scan', '127.0.0.1', '-p', ports(), '--services', '--ndjson']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (kind: string): number[] =>
      lines.filter((line) => line.kind === kind).map(({ port }) => port);
    expect(lines.slice(0, 3).map(({ kind }) => kind)).toEqual(['found', 'found', 'found']);
    expect(of('found').sort((a, b) => a - b)).toEqual(open);
    expect(of('port').sort((a, b) => a - b)).toEqual(open);
    const told = lines.filter(({ kind }) => kind === 'port').map(({ identified }) => identified);
    expect(told).toMatchObject(Array.from({ length: 3 }, () => ({ extra: 'x' })));
  });

  it('says what it would do, and sends nothing', async () => {
    const words = [
      'scan',
      '192.0.2.0/24',
      '2001:db8::/120',
      '-p',
      'top:100',
      '-t',
      'tcp,udp',
      '--dry-run',
      '--json',
    ];
    const { code, out } = await runCli(words);
    expect(code).toBe(0);
    const { facts } = JSON.parse(out);
    expect(facts).toMatchObject({ addresses: 512, questions: 102_400, mostProbes: 307_200 });
  });

  it('writes what Nmap would, and reads it back to compare', async () => {
    const words = ['scan', '127.0.0.1', '-p', ports()];
    const { out: xml } = await runCli([...words, '--format', 'nmap-xml']);
    expect(xml).toContain('<nmaprun scanner="portreeve"');
    const file = join(folder, 'old.xml');
    writeFileSync(file, xml);
    const same = await runCli([...words, '--diff', file, '--json']);
    expect(same.code).toBe(0);
    expect(JSON.parse(same.out).changes).toEqual([]);
    writeFileSync(
      file,
      xml.replace(
        `portid="${open[0]}"><state state="open"`,
        `portid="${open[0]}"><state state="closed"`,
      ),
    );
    const changed = await runCli([...words, '--diff', file, '--json']);
    expect(changed.code).toBe(1);
    expect(JSON.parse(changed.out).changes).toMatchObject([{ change: 'opened', port: open[0] }]);
    const { out: lines } = await runCli([...words, '--format', 'greppable']);
    expect(lines).toMatch(
      new RegExp(`^Host: 127\\.0\\.0\\.1 \\(\\)\tPorts: ${open[0]}/open/tcp/`, 'm'),
    );
    // Two lines a host, and what was asked: as Nmap's readers expect.
    expect(lines).toMatch(/^Host: 127\.0\.0\.1 \(\)\tStatus: Up$/m);
    expect(lines).toMatch(/^# Ports scanned: TCP\(\d+;[\d,-]+\) UDP\(0;\) SCTP\(0;\)$/m);
    writeFileSync(file, lines);
    expect((await runCli([...words, '--diff', file])).code).toBe(0);
  });

  it.each([
    ['--dry-run', 'nmap-xml'],
    ['--diff=old.xml', 'greppable'],
  ])('refuses %s in the format %s', async (option, format) => {
    const { code, err } = await runCli(['scan', '192.0.2.1', option, '--format', format]);
    expect(code).toBe(2);
    expect(err).toContain(`has no answer in the format ${format}`);
  });

  it('keeps notes to go on from, and refuses those of another scan', async () => {
    const notes = join(folder, 'notes.jsonl');
    const words = ['scan', '127.0.0.1', '-p', ports(), '--resume', notes, '--json'];
    await runCli(words);
    expect(readFileSync(notes, 'utf8')).toContain('"portreeve":"scan-resume/1"');
    const again = JSON.parse((await runCli(words)).out);
    expect(again.facts.probes).toBe(0);
    expect(again.ports.map(({ port }: { port: number }) => port)).toEqual(open);
    const other = await runCli(['scan', '127.0.0.1', '-p', '1-5', '--resume', notes]);
    expect(other.code).toBe(2);
    expect(other.err).toContain('other ports');
  });

  it.each([
    [[], /no target/],
    [['10.0.0.300'], /above 255/],
    [['2001:db8::/64'], /2\^64 addresses/],
    [['127.0.0.1', '-p', '70000'], /highest port/],
    [['127.0.0.1', '--shard', '9/8'], /no part of a scan/],
    [['127.0.0.1', '--timing', 'warp'], /no timing/],
    [['127.0.0.1', '--exclude', '127.0.0.0/8'], /nothing is left/],
    [['127.0.0.1', '-t', 'icmp'], /tcp, udp/],
  ])('refuses %j', async (words, message) => {
    const { code, err, out } = await runCli(['scan', ...words]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe('');
  });

  it('refuses to compare with what is no scan', async () => {
    const file = join(folder, 'no-scan');
    writeFileSync(file, 'hello\n');
    expect((await runCli(['scan', '127.0.0.1', '--diff', file])).code).toBe(3);
    expect((await runCli(['scan', '127.0.0.1', '--diff', join(folder, 'absent')])).code).toBe(3);
  });

  it('fails on what is open and should not be, when asked to', async () => {
    const server = createServer().listen(11211, '127.0.0.1');
    // Somebody else may hold the port: it is open all the same.
    await once(server, 'listening').catch(() => {});
    const words = ['scan', '127.0.0.1', '-p', '11211', '--from', 'outside'];
    expect((await runCli([...words, '--fail-on', 'misplaced'])).code).toBe(1);
    expect((await runCli([...words, '--fail-on', 'high'])).code).toBe(1);
    expect((await runCli([...words])).code).toBe(0);
    server.close();
  });
});
