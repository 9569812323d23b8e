/**
 * Log lines of the real ufw: it runs in a namespace, on a copy of its own configuration, and what
 * the kernel logs by its rules must be read exactly.
 */

import { randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Verdict } from '../../src/model/verdict.ts';
import { LogReader } from '../../src/sources/logs/log-reader.ts';
import { brief } from '../builders/read-log.ts';
import { KernelLog } from './kernel-log.ts';
import { describeLab, Lab } from './lab.ts';

// The kernel keeps lines of earlier runs: each has addresses of its own.
const NET = `10.${64 + randomInt(64)}.${randomInt(256)}`;
const A = `${NET}.1`;
const B = `${NET}.2`;
const PAIR = `SRC=${A} DST=${B}`;
/** Seven connections to a limited port, one to an allowed one, one that is blocked, a datagram. */
const CLIENT = `
const net=require('net');const dgram=require('dgram');
const ask=(port,localPort)=>new Promise(done=>{const s=net.connect({port,host:'${B}',localPort});
  s.on('error',()=>{});s.on('close',done);setTimeout(()=>s.destroy(),80)});
(async()=>{
  await ask(6001,46001);await ask(6002,46002);
  const u=dgram.createSocket('udp4');await new Promise(r=>u.bind(46003,r));
  await new Promise(r=>u.send('x',6003,'${B}',r));u.close();
  for(let i=0;i<7;i++)await ask(6004,46010+i);
})()`;

describeLab('log lines of ufw', ['ip', 'ufw', 'unshare', 'mount', 'dmesg'], () => {
  const lab = new Lab();
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-ufw-'));
  let log: KernelLog;
  let verdicts: Partial<Verdict>[] = [];

  beforeAll(async () => {
    log = await KernelLog.open();
    const a = lab.space('a');
    const b = lab.space('b');
    lab.join(a, b, [`${A}/24`], [`${B}/24`]);
    cpSync('/etc/ufw', join(folder, 'ufw'), { recursive: true });
    // Modules and kernel settings are the machine's, not the namespace's.
    const settings = readFileSync('/etc/default/ufw', 'utf8').replace(
      /^(IPT_SYSCTL|IPT_MODULES)=.*/gm,
      '$1=',
    );
    writeFileSync(join(folder, 'default'), settings);
    const orders = [
      `mount --bind ${folder}/ufw /etc/ufw`,
      `mount --bind ${folder}/default /etc/default/ufw`,
      'ufw logging high',
      'ufw default deny incoming',
      'ufw allow log-all 6001/tcp',
      'ufw limit 6004/tcp',
      'ufw --force enable',
    ];
    b.run('unshare', '-m', 'sh', '-e', '-c', orders.join('\n'));
    a.run(process.execPath, '-e', CLIENT);
    // The last attempt is the last that is logged.
    for (let tries = 0; !KernelLog.linesWith(PAIR).some((line) => line.includes('SPT=46016')); ) {
      if (++tries > 100) throw new Error('the kernel logged too little');
      await sleep(100);
    }
    const text = KernelLog.linesWith(PAIR).join('\n');
    const reader = new LogReader(
      { nowMs: Date.now(), seed: 1, standardInput: Readable.from([Buffer.from(`${text}\n`)]) },
      (batch) => {
        for (let row = 0; row < batch.count; row++) {
          verdicts.push(brief(batch.verdictAt(row, ['-'])));
        }
      },
    );
    await reader.read(['-']);
    expect([...reader.tally.faults.values()]).toEqual([]);
    verdicts = verdicts.filter(({ sourcePort }) => (sourcePort ?? 0) >= 46_001);
  });

  afterAll(async () => {
    await lab.close();
    await log.close();
    rmSync(folder, { recursive: true });
  });

  const of = (port: number, rule: string): Partial<Verdict>[] =>
    verdicts.filter((each) => each.destinationPort === port && each.rule === rule);
  const common = {
    ...{ format: 'netfilter', source: A, destination: B, inInterface: 'eth0', packets: 1 },
    direction: 'inbound',
  };
  const syn = { transport: 'tcp', tcpFlags: 2, initiator: 'source', bytes: 60 };

  it('that allow', () => {
    expect(of(6001, '[UFW ALLOW]')).toMatchObject([
      { ...common, ...syn, action: 'allow', sourcePort: 46_001 },
    ]);
  });

  it.each([
    ['a connection', 6002, 46_002, syn],
    ['a datagram', 6003, 46_003, { transport: 'udp', bytes: 29 }],
  ])('that block %s', (_, port, sourcePort, fields) => {
    expect(of(port, '[UFW BLOCK]')).toMatchObject([
      { ...common, ...fields, action: 'deny', sourcePort },
    ]);
  });

  it('that limit', () => {
    const limited = of(6004, '[UFW LIMIT BLOCK]');
    expect(limited.length).toBeGreaterThanOrEqual(1);
    expect(limited.at(-1)).toMatchObject({ ...common, ...syn, action: 'deny' });
  });

  it('that watch, without a verdict', () => {
    const watched = verdicts.filter(({ rule }) => rule === '[UFW AUDIT]');
    expect(new Set(watched.map(({ action }) => action))).toEqual(new Set(['unknown']));
  });
});
