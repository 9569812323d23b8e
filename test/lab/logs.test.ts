/**
 * Log lines of a real kernel: rules in a namespace log real packets, and what is read from
 * /dev/kmsg must be exactly what was sent.
 */
import { randomInt } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Verdict } from '../../src/model/verdict.ts';
import { LogReader } from '../../src/sources/logs/log-reader.ts';
import { brief } from '../builders/read-log.ts';
import { KernelLog } from './kernel-log.ts';
import { describeLab, Lab, type Space } from './lab.ts';

const A = '10.9.7.1';
const B = '10.9.7.2';
const A6 = 'fd00:97::1';
const B6 = 'fd00:97::2';

async function read(text: string): Promise<Partial<Verdict>[]> {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LogReader(
    { nowMs: Date.now(), seed: 1, standardInput: Readable.from([Buffer.from(text)]) },
    (batch) => {
      for (let row = 0; row < batch.count; row++) verdicts.push(brief(batch.verdictAt(row, ['-'])));
    },
  );
  await reader.read(['-']);
  expect([...reader.tally.faults.values()]).toEqual([]);
  return verdicts;
}

/** A client's port that no line of an earlier run has. */
function unusedPort(): number {
  for (;;) {
    const port = 30_000 + randomInt(20_000);
    if (KernelLog.linesWith(`SPT=${port} DPT=5002`).length === 0) return port;
  }
}

/** Sends one datagram or one connection attempt from the space; answers do not matter. */
function send(
  space: Space,
  target: string,
  port: number,
  sport: number,
  kind: 'tcp' | 'udp',
): void {
  const family = target.includes(':') ? 6 : 4;
  const script =
    kind === 'udp'
      ? `const s=require('dgram').createSocket('udp${family}');s.bind(${sport},()=>s.send('x',${port},'${target}',()=>s.close()))`
      : `const s=require('net').connect({port:${port},host:'${target}',localPort:${sport},family:${family}});s.on('error',()=>{});setTimeout(()=>process.exit(),300)`;
  space.run(process.execPath, '-e', script);
}

describeLab('log lines of this kernel', ['ip', 'nft', 'iptables', 'dmesg', 'ping'], () => {
  const lab = new Lab();
  let log: KernelLog;
  let tag = '';
  let a: Space;
  let b: Space;

  beforeAll(async () => {
    log = await KernelLog.open();
    tag = log.tag;
    a = lab.space('a');
    b = lab.space('b');
    lab.join(a, b, [`${A}/24`, `${A6}/64`], [`${B}/24`, `${B6}/64`]);
  });

  afterAll(async () => {
    await lab.close();
    await log.close();
  });

  it('of nftables are read exactly', async () => {
    const rules = `table inet t {
 chain i {
 type filter hook input priority 0; policy accept
      udp dport 4001 log prefix "${tag}-NFT-DROP " drop
      tcp dport 4002 log prefix "${tag}-NFT-REJECT: " reject
      icmp type echo-request log prefix "${tag}-NFT-ACCEPT" accept
    }
}`;
    b.run('nft', rules);
    send(a, B, 4001, 40_001, 'udp');
    send(a, B, 4002, 40_002, 'tcp');
    send(a, B6, 4001, 40_003, 'udp');
    a.run('ping', '-c1', '-W2', B);
    const verdicts = await read(await log.linesWith(`${tag}-NFT`, 4));
    const common = { format: 'netfilter', direction: 'inbound', inInterface: 'eth0', packets: 1 };
    expect(verdicts).toMatchObject([
      {
        ...{ ...common, action: 'deny', rule: `${tag}-NFT-DROP`, transport: 'udp', source: A },
        ...{ sourcePort: 40_001, destination: B, destinationPort: 4001, bytes: 29 },
      },
      {
        ...{ ...common, action: 'deny', rule: `${tag}-NFT-REJECT`, transport: 'tcp', source: A },
        ...{
          sourcePort: 40_002,
          destination: B,
          destinationPort: 4002,
          initiator: 'source',
          tcpFlags: 2,
        },
      },
      {
        ...{ ...common, action: 'deny', rule: `${tag}-NFT-DROP`, transport: 'udp', source: A6 },
        ...{ sourcePort: 40_003, destination: B6, destinationPort: 4001, bytes: 49 },
      },
      {
        ...{ ...common, action: 'allow', rule: `${tag}-NFT-ACCEPT`, transport: 'icmp', source: A },
        ...{ sourcePort: 8, destination: B, destinationPort: 0, bytes: 84 },
      },
    ]);
    expect(verdicts).toHaveLength(4);
    b.run('nft', 'flush', 'ruleset');
  });

  it('of nftables with all flags are read in fragments too', async () => {
    b.run(
      'nft',
      `table inet t {
 chain raw {
 type filter hook prerouting priority -500
      ip6 saddr ${A6} ip6 nexthdr ipv6-frag log prefix "${tag}-ALL-DROP " flags all
      ip saddr ${A} log prefix "${tag}-ALL-DROP " flags all
    }
}`,
    );
    a.run('ping', '-6', '-c1', '-W2', '-s', '3000', B6);
    a.run('ping', '-c1', '-W2', '-s', '3000', B);
    // Of each three fragments, of which the first one has the type.
    const verdicts = await read(await log.linesWith(`${tag}-ALL`, 6));
    const brief = verdicts.map(({ action, transport, source, sourcePort, destination }) =>
      [action, transport, source, sourcePort, destination].join(' '),
    );
    const later = (transport: string, from: string, to: string): string =>
      `deny ${transport} ${from}  ${to}`;
    expect(brief).toEqual([
      `deny icmpv6 ${A6} 128 ${B6}`,
      ...[later('icmpv6', A6, B6), later('icmpv6', A6, B6)],
      `deny icmp ${A} 8 ${B}`,
      ...[later('icmp', A, B), later('icmp', A, B)],
    ]);
    b.run('nft', 'flush', 'ruleset');
  });

  it('of iptables, and with the prefixes of ufw, are read exactly', async () => {
    const rule = (...words: string[]): string => b.run('iptables-legacy', '-A', 'INPUT', ...words);
    rule('-p', 'udp', '--dport', '5001', '-j', 'LOG', '--log-prefix', `${tag}-IPT-DROP `);
    rule(
      '-p',
      'tcp',
      '--dport',
      '5002',
      '-j',
      'LOG',
      '--log-prefix',
      '[UFW BLOCK] ',
      '--log-tcp-options',
      '--log-tcp-sequence',
    );
    b.run('iptables-legacy', '-A', 'INPUT', '-p', 'tcp', '--dport', '5002', '-j', 'DROP');
    const port = unusedPort();
    send(a, B, 5001, port, 'udp');
    send(a, B, 5002, port, 'tcp');
    const [datagram] = await read(await log.linesWith(`${tag}-IPT`, 1));
    expect(datagram).toMatchObject({
      ...{ action: 'deny', rule: `${tag}-IPT-DROP`, transport: 'udp', source: A, sourcePort: port },
      ...{ destination: B, destinationPort: 5001, bytes: 29, inInterface: 'eth0' },
    });
    const [attempt] = await read(await log.linesWith(`SPT=${port} DPT=5002`, 1));
    expect(attempt).toMatchObject({
      ...{ action: 'deny', rule: '[UFW BLOCK]', transport: 'tcp', source: A, sourcePort: port },
      ...{ destination: B, destinationPort: 5002, tcpFlags: 2, initiator: 'source' },
    });
  });
});
