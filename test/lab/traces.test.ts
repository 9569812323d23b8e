/**
 * What programs beside the kernel write of packets: `nft monitor trace`, and ulogd2 in two of its forms,
 * all of the same packets. (Its JSON is a package of its own: real lines of it are among the fixtures.) Each must be read exactly, and say the same.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Verdict } from '../../src/model/verdict.ts';
import { LogReader } from '../../src/sources/logs/log-reader.ts';
import { brief } from '../builders/read-log.ts';
import { describeLab, Lab, type Space } from './lab.ts';

const A = '10.9.8.1';
const B = '10.9.8.2';
const A6 = 'fd00:98::1';
const B6 = 'fd00:98::2';
const RULES = `table inet t {
 chain i {
  type filter hook input priority 0; policy accept
  meta l4proto { tcp, udp } th dport 4001-4003 meta nftrace set 1
  udp dport 4001 log group 7 prefix "T-DROP " drop
  tcp dport 4002 log group 7 prefix "T-DENY: " reject with tcp reset
  tcp dport 4003 ct state new log group 7 prefix "T-ALLOW: all" accept comment "for all"
 }
}`;

async function read(text: string) {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LogReader(
    { nowMs: Date.now(), seed: 1, standardInput: Readable.from([Buffer.from(text)]) },
    (batch) => {
      for (let row = 0; row < batch.count; row++) verdicts.push(brief(batch.verdictAt(row, ['-'])));
    },
  );
  await reader.read(['-']);
  expect([...reader.tally.faults.values(), ...reader.tally.others.values()]).toEqual([]);
  return verdicts;
}

/** What every form can express. */
const common = (verdicts: readonly Partial<Verdict>[]) =>
  verdicts
    .map(
      ({ action, transport, source, sourcePort, destination, destinationPort, inInterface }) => ({
        ...{ action, transport, source, sourcePort, destination, destinationPort, inInterface },
      }),
    )
    .sort((left, right) => left.sourcePort! - right.sourcePort!);

const packet = (sourcePort: number, destinationPort: number, six = false) => ({
  action: destinationPort === 4003 ? 'allow' : 'deny',
  transport: destinationPort === 4001 ? 'udp' : 'tcp',
  ...{ source: six ? A6 : A, sourcePort, destination: six ? B6 : B, destinationPort },
  inInterface: 'eth0',
});
const SENT = [
  packet(41_001, 4001),
  packet(41_002, 4002),
  packet(41_003, 4003),
  packet(41_004, 4001, true),
  packet(41_005, 4003, true),
];

/** Sends one datagram or one attempt to connect for each. */
const SENDER = `
for (const { transport, source, sourcePort, destination, destinationPort } of JSON.parse(process.argv[1])) {
  if (transport === 'udp') {
    const socket = require('dgram').createSocket(source.includes(':') ? 'udp6' : 'udp4');
    socket.bind(sourcePort, source, () =>
      socket.send('x', destinationPort, destination, () => socket.close()));
  } else {
    const socket = require('net').connect({
      port: destinationPort, host: destination, localAddress: source, localPort: sourcePort });
    socket.on('error', () => {});
  }
}`;

describeLab('traces of packets', ['ip', 'nft', 'ulogd'], () => {
  const lab = new Lab();
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-traces-'));
  const file = (name: string): string => join(folder, name);
  let a: Space;
  let b: Space;
  let trace = '';

  beforeAll(async () => {
    a = lab.space('a');
    b = lab.space('b');
    lab.join(a, b, [`${A}/24`, `${A6}/64`], [`${B}/24`, `${B6}/64`]);
    b.run('nft', RULES);
    const packets = 'log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR';
    const flows = 'ct1:NFCT,ip2str1:IP2STR';
    const outputs = ['p2:GPRINT', 'f2:GPRINT', 'f4:LOGEMU', 'p4:LOGEMU'];
    writeFileSync(
      file('ulogd.conf'),
      [
        `[global]\nloglevel=3\nlogfile="${file('messages')}"`,
        `stack=${packets},p2:GPRINT`,
        `stack=${packets},print1:PRINTPKT,p4:LOGEMU`,
        `stack=${flows},f2:GPRINT\nstack=${flows},print2:PRINTFLOW,f4:LOGEMU`,
        '[log1]\ngroup=7\n[ct1]\nhash_enable=0',
        ...outputs.map(
          (each) => `[${each.split(':')[0]}]\nfile="${file(each.slice(0, 2))}"\nsync=1`,
        ),
        '',
      ].join('\n'),
    );
    b.start('ulogd', ['-c', file('ulogd.conf')], { stdio: 'ignore' });
    const monitor = b.start('nft', ['monitor', 'trace']);
    monitor.stdout?.on('data', (chunk) => {
      trace += chunk;
    });
    const text = (name: string): string => {
      try {
        return readFileSync(file(name), 'utf8');
      } catch {
        return '';
      }
    };
    await until(() => text('messages').includes('initialization finished'));
    // The monitor says nothing before its first packet.
    await new Promise((resolve) => setTimeout(resolve, 500));
    a.run(process.execPath, '-e', SENDER, JSON.stringify(SENT));
    await until(() => text('p4').includes('SPT=41005') && trace.includes('sport 41005'));
    const decided = (): number => trace.match(/verdict (drop|accept)/g)?.length ?? 0;
    await until(() => text('f4').split('DPT=4003').length > 2 && decided() >= SENT.length);
  }, 30_000);

  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('by nft monitor say the rule that decided', async () => {
    const verdicts = await read(trace);
    const opened = verdicts.filter(({ sourcePort }) => sourcePort! > 41_000);
    expect(common(opened)).toEqual(SENT);
    expect(opened.map(({ rule }) => rule?.replace(/^inet t i rule /, '')).sort()).toEqual(
      [
        ...Array(2).fill(
          'tcp dport 4003 ct state new log prefix "T-ALLOW: all" group 7 accept comment "for all"',
        ),
        'tcp dport 4002 log prefix "T-DENY: " group 7 reject with tcp reset',
        ...Array(2).fill('udp dport 4001 log prefix "T-DROP " group 7 drop'),
      ].sort(),
    );
  });

  it.each(['p2', 'p4'])('by ulogd say the same (%s)', async (name) => {
    const verdicts = await read(readFileSync(file(name), 'utf8'));
    expect(common(verdicts)).toEqual(SENT);
    expect(new Set(verdicts.map(({ rule }) => rule))).toEqual(
      new Set(['T-DROP', 'T-DENY', 'T-ALLOW: all']),
    );
  });

  it.each(['f2', 'f4'])('by ulogd tell of the connections (%s)', async (name) => {
    const verdicts = await read(readFileSync(file(name), 'utf8'));
    const opened = verdicts.filter(
      (each) => each.event === 'open' && each.destinationPort === 4003,
    );
    expect(common(opened).map(({ source, sourcePort }) => [source, sourcePort])).toEqual([
      [A, 41_003],
      [A6, 41_005],
    ]);
    expect(
      opened.every(({ action, initiator }) => action === 'allow' && initiator === 'source'),
    ).toBe(true);
  });
});

/** Waits for it, ten seconds at the most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !isSo(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(isSo()).toBe(true);
}
