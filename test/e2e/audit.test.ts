/** `portreeve audit` as built: what people and scripts see of it. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, CLI, runCli, runProgram } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const rest = 'WINDOW=64240 RES=0x00 SYN URGP=0';
const packet = (time: string, prefix: string, src: string, dst: string, dport: number) =>
  `Nov 22 ${time} gw kernel: ${prefix} IN=eth1 OUT=eth0 SRC=${src} DST=${dst} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=50112 DPT=${dport} ${rest}`;

const LINES = [
  ...Array.from({ length: 12 }, (_, index) =>
    packet(`09:${String(index).padStart(2, '0')}:00`, 'FW-DROP', '10.0.0.7', '192.0.2.25', 25),
  ),
  packet('09:20:00', 'FW-ACCEPT', '10.0.0.7', '192.0.2.80', 443),
  packet('09:21:00', 'FW-DROP', '198.51.100.7', '10.0.0.5', 23),
  packet('09:22:00', 'web', '198.51.100.8', '10.0.0.5', 443),
  'Nov 22 09:23:00 gw sshd[7]: Accepted publickey for root',
];

/** Stamps name no year: it is that of the file's own time. */
function write(name: string, content: string | Uint8Array): void {
  writeFileSync(path(name), content);
  utimesSync(path(name), 1_795_400_000, 1_795_400_000);
}

beforeAll(() => {
  write('fw.log', `${LINES.join('\n')}\n`);
  write(
    'fw.log.1.gz',
    new Uint8Array(gzipSync(`${packet('08:00:00', 'FW-DROP', '10.0.0.8', '192.0.2.25', 25)}\n`)),
  );
  write('cut.log', `${LINES[0]}\n${LINES[0]!.slice(0, 90)}\n`);
  write('empty.log', '');
  write('other.log', 'nothing of interest\n');
  write('zero.bin', new Uint8Array(100));
});

describe.runIf(built)('audit', () => {
  it('helps, examples first', async () => {
    const { code, out } = await runCli(['audit', '--help']);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot('help/audit.txt');
  });

  it('calls its input what it is', async () => {
    const words = ['sh', '-c', `exec "$0" "$1" audit - < fw.log`, process.execPath, CLI];
    const { out } = await runProgram(words, { cwd: folder });
    expect(out.split('\n')[1]).toMatch(/^standard input · netfilter · /);
  });

  it.each([
    ['80-columns', ['--width', '80', '--top', '8']],
    ['a-pipe', []],
    ['Markdown', ['--markdown']],
  ])('answers in %s', async (name, words) => {
    const { code, out, err } = await runCli(['audit', 'fw.log', ...words], { cwd: folder });
    expect([code, err]).toEqual([0, '']);
    await expect(out).toMatchFileSnapshot(`golden/audit-in-${name}.txt`);
  });

  it.each([
    [[], 'way,action,port,transport,service,events', 4],
    [['--denied'], 'client,clientZone,server', 2],
  ])('gives a spreadsheet what was asked for: %j', async (words, head, rows) => {
    const { out } = await runCli(['audit', 'fw.log', '--csv', ...words], { cwd: folder });
    const lines = out.trimEnd().split('\r\n');
    expect(lines[0]).toContain(head);
    expect(lines).toHaveLength(1 + rows);
  });

  it.each([
    [['--allowed'], '15 lines; only allowed: 1 allowed'],
    [
      ['--host', '10.0.0.7', '--way', 'outward', '--denied'],
      'only host 10.0.0.7, outward, denied: 12',
    ],
    [['--port', 'udp/53'], '15 lines read, nothing matches port udp/53'],
  ])('says of %j that it is a part', async (words, verdict) => {
    const { out } = await runCli(['audit', 'fw.log', '--json', ...words], { cwd: folder });
    expect(JSON.parse(out).verdict.text).toContain(verdict);
  });

  it('says the same to programs', async () => {
    const { out } = await runCli(['audit', path('fw.log'), '--json']);
    const answer = JSON.parse(out);
    expect(answer.schema).toBe('portreeve/audit/1');
    expect(answer.facts).toMatchObject({
      ...{ lines: 16, linesRead: 15, linesOther: 1, allowed: 1, denied: 13, unknown: 1, noise: 1 },
      firstMs: Date.UTC(2026, 10, 22, 9),
    });
    expect(answer.refused).toMatchObject([
      { client: '10.0.0.7', port: 25, way: 'outward', loopMs: 60_000 },
    ]);
    expect(answer.notes.map(({ id }: { id: string }) => id)).toEqual([
      ...['year-inferred', 'zone-inferred', 'prefix-unknown'],
    ]);
  });

  it('reads rotated files oldest first, whatever their order', async () => {
    const { out } = await runCli(['audit', path('fw.log'), path('fw.log.1.gz'), '--json']);
    const { facts } = JSON.parse(out);
    expect(facts).toMatchObject({ linesRead: 16, firstMs: Date.UTC(2026, 10, 22, 8) });
  });

  it('takes a prefix for what it is told', async () => {
    const words = ['--prefix', 'web=allow', '--zone', 'dmz=eth0', '--utc-offset', '+01:00'];
    const { out } = await runCli(['audit', path('fw.log'), ...words, '--json']);
    const { facts, prefixes } = JSON.parse(out);
    expect(facts).toMatchObject({ allowed: 2, unknown: 0, firstMs: Date.UTC(2026, 10, 22, 8) });
    expect(prefixes).toContainEqual({ prefix: 'web', action: 'allow', because: 'told' });
  });

  it.each<[string, string[], number]>([
    ['a line that cannot be read', ['cut.log'], 5],
    ['no file', ['nowhere.log'], 3],
    ['no text', ['zero.bin'], 3],
    ['one file of two', ['fw.log', 'nowhere.log'], 3],
    ['nothing', ['empty.log'], 3],
    ['no firewall log', ['other.log'], 5],
    ['an impossible zone', ['fw.log', '--zone', 'x'], 2],
    ['an impossible prefix', ['fw.log', '--prefix', 'x=maybe'], 2],
    ['an impossible offset', ['fw.log', '--utc-offset', '2'], 2],
    ['an impossible port', ['fw.log', '--port', 'tcp/99999'], 2],
    ['an impossible time', ['fw.log', '--new-since', '2026-13-01'], 2],
    ['neither logs nor a port', [], 2],
    ['logs and a port', ['fw.log', '--listen', '2055'], 2],
    ['a time without a port', ['fw.log', '--for', '1s'], 2],
    ['an impossible port to listen on', ['--listen', '192.0.2.300:2055'], 2],
    ['an address of another machine', ['--listen', '192.0.2.1:2055'], 3],
    ['a mapping that is not there', ['fw.log', '--map', 'nowhere.yaml'], 3],
    ['a mapping with a fault', ['fw.log', '--map', 'other.log'], 3],
  ])('given %s exits as documented', async (_, words, code) => {
    expect((await runCli(['audit', ...words], { cwd: folder })).code).toBe(code);
  });

  it('listens for flow export, and ends after so many records', async () => {
    const socket = createSocket('udp4');
    // A header of version 5, and one record of zeros with a port.
    const datagram = new Uint8Array(72);
    datagram.set([0, 5, 0, 1]);
    datagram.set([198, 51, 100, 7, 10, 0, 0, 5], 24);
    datagram.set([0x9c, 0x40, 0, 22], 56);
    datagram[62] = 6;
    // One that is free: it was until now.
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address();
    holder.close();
    await once(holder, 'close');
    const sending = setInterval(() => socket.send(datagram, port, '127.0.0.1'), 50);
    const words = ['--listen', `127.0.0.1:${port}`, '--count', '2', '--json'];
    const { code, out } = await runCli(['audit', ...words]);
    clearInterval(sending);
    socket.close();
    expect(code).toBe(0);
    const { facts, exporters, unknownVerdict } = JSON.parse(out);
    expect(facts).toMatchObject({ inputs: [`udp ${port}`], linesRead: 2, interrupted: false });
    expect(exporters).toMatchObject([
      { exporter: '127.0.0.1', protocol: 'NetFlow v5', records: 2 },
    ]);
    expect(unknownVerdict).toMatchObject([{ transport: 'tcp', port: 22, events: 2 }]);
  });

  it('says what an earlier log does not have', async () => {
    write('old.log', `${LINES.slice(0, 12).join('\n')}\n`);
    const words = ['audit', path('fw.log'), '--json', '--new-since'];
    const { code, out } = await runCli([...words, path('old.log')]);
    expect(code).toBe(0);
    const { facts, newServices } = JSON.parse(out);
    expect(facts).toMatchObject({ linesBefore: 12, newServices: 2, newRefusals: 0, events: 3 });
    expect(newServices).toMatchObject([{ server: null, port: 443 }, { server: '10.0.0.5' }]);
    expect(out).toContain('allowed traffic was not logged');
    const nothing = await runCli([...words, path('empty.log')]);
    expect([nothing.code, nothing.err]).toEqual([3, expect.stringContaining('earlier')]);
  });

  it('says which rules nothing used', async () => {
    const rule = (port: number): string =>
      `-A FORWARD -p tcp --dport ${port} -j LOG --log-prefix "FW-ACCEPT "\n-A FORWARD -p tcp --dport ${port} -j ACCEPT\n`;
    write(
      'rules.v4',
      `# Generated by iptables-save\n*filter\n:FORWARD DROP [0:0]\n${rule(443)}${rule(8443)}COMMIT\n`,
    );
    const words = ['audit', path('fw.log'), '--rules', path('rules.v4'), '--json'];
    const { code, out } = await runCli(words);
    expect(code).toBe(0);
    const { facts, unusedRules, ruleUse } = JSON.parse(out);
    expect(facts).toMatchObject({ rulesPlatform: 'iptables', ruleLines: 2, unusedLines: 1 });
    expect(unusedRules).toMatchObject([{ line: 7, unused: null }]);
    expect(ruleUse).toMatchObject([
      { line: 5, hits: 2, status: 'used' },
      { line: 7, hits: 0, status: 'unused', logged: true },
      { line: null, action: 'drop', hits: 13 },
    ]);
    const wrong = await runCli([...words.slice(0, 4), '--for', 'cisco-asa']);
    expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('rules.v4:')]);
  });

  it('counts with assess in the table of ports', async () => {
    const { code, out } = await runCli(['assess', path('fw.log'), '--json']);
    expect(code).toBe(0);
    const { ports, sources, facts } = JSON.parse(out);
    expect(facts).toMatchObject({ packets: 0, logLines: 16, logRecords: 15 });
    expect(sources).toMatchObject([{ source: 'netfilter', records: 15, flows: 4 }]);
    expect(ports).toMatchObject([
      { port: 25, status: 'denied', packets: 12, sources: [{ source: 'netfilter', flows: 1 }] },
      { port: 443, status: 'logged' },
      { port: 23, status: 'denied' },
    ]);
  });
});
