/** Refining a policy by what firewalls deny: once, and following a log. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, CLI, type Outcome, runCli } from './run-cli.ts';

describe.skipIf(!built)('policy refine', () => {
  let folder = '';
  const portreeve = (...words: string[]): Promise<Outcome> => runCli(words, { cwd: folder });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-refine-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('learns from a firewall log that denies, retries counted once', async () => {
    const line = (second: number, rest: string) =>
      `Oct  3 10:00:0${second} gw kernel: [12.3] PR-DENY IN=eth1 OUT=eth0 ${rest}\n`;
    const tcp = (port: number, flags: string) =>
      `SRC=10.0.1.10 DST=10.0.2.20 LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=4112 DF PROTO=TCP SPT=50112 DPT=${port} WINDOW=64240 RES=0x00 ${flags} URGP=0`;
    const udp =
      'SRC=10.0.1.10 DST=10.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=UDP SPT=40000 DPT=88 LEN=40';
    writeFileSync(
      join(folder, 'fw.log'),
      line(1, tcp(1433, 'SYN')) +
        line(2, tcp(1433, 'SYN')) +
        line(3, tcp(1433, 'ACK')) +
        line(4, udp),
    );
    writeFileSync(
      join(folder, 'deny.yaml'),
      'version: 1\nzones: {dmz: 10.0.1.0/24, servers: 10.0.2.0/24}\n',
    );
    const refine = ['policy', 'refine', '--deny-log', 'fw.log', '--policy', 'deny.yaml'];
    const shown = await portreeve(...refine, '--json');
    expect(shown.code, shown.err).toBe(0);
    const { open, facts, offers } = JSON.parse(shown.out);
    const texts = open.map(
      (each: Record<string, unknown>) => `${each.server} ${each.service} ${each.connections}`,
    );
    expect(texts).toEqual(['10.0.2.10 udp/88 1', '10.0.2.20 tcp/1433 1']);
    expect(facts).toMatchObject({ denied: 2, open: 2, unusable: 1, rounds: 0, unseenShare: 1 });
    expect(offers.map(({ set }: { set: string }) => set)).toContain('domain-member');
    const decided = await portreeve(
      ...[...refine, '--json', '--approve', '10.0.1.10 -> 10.0.2.20 tcp/1433'],
      ...['--with-set', '10.0.1.10 -> 10.0.2.10 kerberos'],
    );
    expect(JSON.parse(decided.out).facts).toMatchObject({ open: 0, decided: 5, rounds: 1 });
    const policy = readFileSync(join(folder, 'deny.yaml'), 'utf8');
    expect(policy).toMatch(/services: \[udp\/88\]/);
    expect(policy).toMatch(/services: \[tcp\/88, tcp\/464, udp\/464\][\s\S]*unobserved: true/);
  });

  it('follows a log across its rotation and renders after each round', async () => {
    const file = join(folder, 'follow.log');
    const line = (server: string, port: number) =>
      `2026-10-03T10:00:01+00:00 gw kernel: PR-DENY IN=eth1 OUT=eth0 SRC=10.0.1.10 DST=${server} LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=50112 DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0\n`;
    const zoneLines = 'zones:\n  dmz: 10.0.1.0/24\n  servers: 10.0.2.0/24\n';
    writeFileSync(join(folder, 'follow.yaml'), `version: 1\n${zoneLines}`);
    writeFileSync(file, line('10.0.2.20', 1433));
    const orders = ['--approve', 'any -> 10.0.2.20 tcp', '--deny', 'any -> 10.0.2.30 tcp/22'];
    const words = ['--follow', '--policy', 'follow.yaml', '--cycle', 'minute=60s', ...orders];
    const rules = ['--for', 'nftables', '--rules', 'follow.nft', '--by', 'alice', '--json'];
    const child = spawn(
      process.execPath,
      [CLI, 'policy', 'refine', '--deny-log', 'follow.log', ...words, ...rules],
      { cwd: folder },
    );
    const ended = new Promise((resolve) => child.on('close', resolve));
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      if (text.includes('round 2')) child.kill('SIGINT');
    });
    const written = async (name: string, wanted: string): Promise<void> => {
      while (!existsSync(join(folder, name)) || !readText(name).includes(wanted)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const readText = (name: string): string => readFileSync(join(folder, name), 'utf8');
    await written('follow.nft', 'dport 1433');
    renameSync(file, `${file}.1`);
    const next = [line('10.0.2.20', 443), line('10.0.2.30', 22), line('10.0.2.40', 25)];
    writeFileSync(file, next.join(''));
    expect(await ended, err).toBe(130);
    expect(err).toContain('round 1: 1 allowed, 0 denied; 1 rule; follow.nft written and proved');
    expect(err).toContain('round 2: 1 allowed, 1 denied');
    expect(err).toContain('denied, not decided: 10.0.1.10 -> 10.0.2.40 tcp/25');
    expect(readText('follow.nft')).toMatch(/dport \{ 443, 1433 \}/);
    const { facts, open, conditions } = JSON.parse(out);
    expect(facts).toMatchObject({ denied: 4, decided: 3, open: 1, rounds: 2, mayStop: false });
    expect(open.map(({ seen }: { seen: string }) => seen)).toEqual(['follow.log:3']);
    expect(conditions.map(({ holds }: { holds: boolean }) => holds)).toEqual([
      ...[false, true, false, false, true],
    ]);
  });

  it('follows a log until all conditions of stopping hold', async () => {
    const file = join(folder, 'done.log');
    let port = 50_000;
    const line = (service: string) =>
      `${new Date().toISOString()} gw kernel: PR-DENY IN=eth1 OUT=eth0 SRC=10.0.1.10 DST=10.0.2.20 LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=${port++} DPT=${service} WINDOW=64240 RES=0x00 SYN URGP=0\n`;
    writeFileSync(file, line('1433') + line('1433'));
    const zoneLines = 'zones:\n  dmz: 10.0.1.0/24\n  servers: 10.0.2.0/24\nlog-denied: 1000\n';
    writeFileSync(join(folder, 'done.yaml'), `version: 1\n${zoneLines}`);
    const words = ['--deny-log', 'done.log', '--follow', 'done', '--policy', 'done.yaml'];
    // Known denials go on, so that the log is alive while nothing new comes.
    const beat = setInterval(() => appendFileSync(file, line('22')), 200);
    const done = await portreeve(
      ...['policy', 'refine', ...words, '--cycle', 'moment=3s', '--json'],
      ...['--approve', 'any -> any tcp/1433', '--deny', 'any -> any tcp/22'],
    ).finally(() => clearInterval(beat));
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(done.err).toContain('done: all conditions of stopping hold');
    expect(JSON.parse(done.out).facts).toMatchObject({ mayStop: true, open: 0, decided: 2 });
    expect(readFileSync(join(folder, 'done.yaml'), 'utf8')).toContain('tcp/1433');
  });
});
