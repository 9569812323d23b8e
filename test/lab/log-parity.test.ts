/**
 * The same traffic through every source: a capture, a conn.log and an EVE log of it, flow export by
 * two exporters in three protocols, and what nftables logged meanwhile. Each must give the table of
 * ports that it can express; what it cannot is named in docs/assess.md, and held here.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Flow } from '../../src/model/flow.ts';
import type { PortUse } from '../../src/model/use.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { listFlows } from '../../src/pipeline/flows.ts';
import { connLogHead, connLogLine, connLogTail } from '../../src/report/conn-log.ts';
import { captureOf, type SentDatagram } from '../builders/flow-exports.ts';
import { KernelLog } from './kernel-log.ts';
import { describeLab, Lab, run } from './lab.ts';
import { Recording } from './recording.ts';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What is compared. */
type Row = Pick<
  PortUse,
  'status' | 'flows' | 'clients' | 'serving' | 'tried' | 'packetsToServer' | 'packetsToClient'
> & { readonly bytesToServer: number; readonly bytesToClient: number };

async function portsOf(...inputs: string[]): Promise<Record<string, Row>> {
  const { ports } = await assess(inputs, { top: 100, logs: { flowPorts: [2055] } });
  const rows = ports.map((port): [string, Row] => {
    const { status, flows, clients, serving, tried, packetsToServer, packetsToClient } = port;
    const { bytesToServer, bytesToClient } = port;
    const volume = { packetsToServer, packetsToClient, bytesToServer, bytesToClient };
    return [
      `${port.transport}/${port.port}`,
      { status, flows, clients, serving, tried, ...volume },
    ];
  });
  return Object.fromEntries(rows.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The same rows with some members changed. */
function changed(
  rows: Readonly<Record<string, Row>>,
  change: (row: Row, port: string) => Partial<Row>,
): Record<string, Row> {
  return Object.fromEntries(
    Object.entries(rows).map(([port, row]) => [port, { ...row, ...change(row, port) }]),
  );
}

function answeredDatagrams(_: Row, port: string): Partial<Row> {
  return port.startsWith('udp') ? { status: 'answered', serving: 1 } : {};
}

/** A flow as Suricata writes it: lengths with the link's header, flags by history. */
function eveLine(flow: Flow): string {
  const bits: Readonly<Record<string, number>> = { s: 2, h: 0x12, a: 0x10, d: 0x18, f: 0x11, r: 4 };
  const flags = (upper: boolean): string =>
    [...flow.history]
      .filter((letter) => (letter === letter.toUpperCase()) === upper)
      .reduce((sum, letter) => sum | (bits[letter.toLowerCase()] ?? 0), 0)
      .toString(16)
      .padStart(2, '0');
  const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000+0000`;
  return JSON.stringify({
    ...{ timestamp: stamp(flow.lastMs), flow_id: 1, event_type: 'flow', src_ip: flow.client },
    ...{ src_port: flow.clientPort, dest_ip: flow.server, dest_port: flow.serverPort },
    proto: flow.transport.toUpperCase(),
    flow: {
      pkts_toserver: flow.toServer.packets,
      pkts_toclient: flow.toClient.packets,
      bytes_toserver: flow.toServer.bytes + 14 * flow.toServer.packets,
      bytes_toclient: flow.toClient.bytes + 14 * flow.toClient.packets,
      ...{ start: stamp(flow.firstMs), end: stamp(flow.lastMs), state: 'closed' },
    },
    ...(flow.transport === 'tcp'
      ? { tcp: { tcp_flags_ts: flags(true), tcp_flags_tc: flags(false) } }
      : {}),
  });
}

/** What an exporter that reads a capture sends, as a capture. */
async function exported(version: number, capture: string): Promise<Uint8Array> {
  const collector = createSocket('udp4');
  const datagrams: SentDatagram[] = [];
  collector.on('message', (bytes, { address }) => {
    const seconds = Math.floor(Date.now() / 1000);
    datagrams.push({ exporter: address, seconds, bytes: new Uint8Array(bytes) });
  });
  await new Promise<void>((resolve) => collector.bind(0, '127.0.0.1', resolve));
  const to = `127.0.0.1:${collector.address().port}`;
  // It stands still while the exporter runs: the socket's buffer holds what is sent.
  run(
    'softflowd',
    '-r',
    capture,
    '-n',
    to,
    '-v',
    String(version),
    '-d',
    '-c',
    'none',
    // Removed at its end, whatever it is: not to be /dev/null.
    '-p',
    `${capture}.pid`,
  );
  // Each turn takes a few of them out.
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  await new Promise<void>((resolve) => collector.close(resolve));
  return captureOf(datagrams);
}

describeLab(
  'the same traffic through every source',
  ['ip', 'nft', 'tcpdump', 'softflowd', 'nfpcapd', 'nfdump', 'dmesg'],
  () => {
    const lab = new Lab();
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-parity-'));
    const path = (name: string): string => join(folder, name);
    let log: KernelLog;
    let wanted: Record<string, Row>;

    beforeAll(async () => {
      log = await KernelLog.open();
      const a = lab.space('a');
      const b = lab.space('b');
      lab.join(a, b, ['10.9.8.1/24'], ['10.9.8.2/24']);
      b.run(
        'nft',
        `table ip t {
          chain i {
            type filter hook input priority 0; policy accept
            tcp dport 8099 log prefix "${log.tag}-DROP " drop
            ct state new log prefix "${log.tag}-ACCEPT " accept
          }
        }`,
      );
      const server = b.start(process.execPath, [script('parity-server.mjs')]);
      await once(server.stdout!, 'data');
      const recording = await Recording.start(b, path('lan.pcap'), 'ip and not icmp');
      a.run(process.execPath, script('parity-client.mjs'));
      await recording.end();
      wanted = await portsOf(path('lan.pcap'));
    });

    afterAll(async () => {
      await lab.close();
      await log.close();
      rmSync(folder, { recursive: true });
    });

    async function flows(): Promise<Flow[]> {
      const { listed } = await listFlows([path('lan.pcap')], {}, () => {});
      return [...listed].map(({ flow }) => flow);
    }

    it('is what was sent, in the capture', () => {
      expect(wanted).toMatchObject({
        'tcp/8081': { status: 'answered', flows: 3, clients: 1, serving: 1 },
        'tcp/8082': { status: 'answered', flows: 2, clients: 1, serving: 1 },
        'tcp/8098': { status: 'refused', flows: 1, serving: 0, tried: 1 },
        'tcp/8099': { status: 'tried', flows: 1, serving: 0, tried: 1 },
        'udp/8053': { flows: 4, clients: 1 },
      });
    });

    it('by a conn.log', async () => {
      const lines = (await listFlows([path('lan.pcap')], {}, () => {})).listed;
      const text = [...lines].map(({ flow }) => connLogLine(flow, true, true)).join('');
      writeFileSync(path('conn.log'), connLogHead(0) + text + connLogTail(0));
      // Who sent first is its originator: a datagram that was answered has a server.
      expect(await portsOf(path('conn.log'))).toEqual(changed(wanted, answeredDatagrams));
    });

    it('by an EVE log', async () => {
      writeFileSync(path('eve.json'), `${(await flows()).map(eveLine).join('\n')}\n`);
      const withLinks = changed(wanted, (row, port) => ({
        ...answeredDatagrams(row, port),
        bytesToServer: row.bytesToServer + 14 * row.packetsToServer,
        bytesToClient: row.bytesToClient + 14 * row.packetsToClient,
      }));
      expect(await portsOf(path('eve.json'))).toEqual(withLinks);
    });

    it.each([5, 9, 10])('by softflowd, version %i', async (version) => {
      writeFileSync(path(`v${version}.pcap`), await exported(version, path('lan.pcap')));
      expect(await portsOf(path(`v${version}.pcap`))).toEqual(wanted);
    });

    it('by nfpcapd and nfdump', async () => {
      run('mkdir', path('nf'));
      run('nfpcapd', '-r', path('lan.pcap'), '-l', path('nf'));
      writeFileSync(path('nf.csv'), run('nfdump', '-R', path('nf'), '-o', 'csv'));
      expect(await portsOf(path('nf.csv'))).toEqual(wanted);
    });

    it('by what nftables logged', async () => {
      writeFileSync(path('kern.log'), await log.linesWith(log.tag, 11));
      // One packet of each connection, no answers, and the firewall's verdict.
      const logged = changed(wanted, ({ flows, bytesToServer }, port) => ({
        status: port === 'tcp/8099' ? 'denied' : 'logged',
        ...{ serving: 0, packetsToServer: flows, packetsToClient: 0, bytesToClient: 0 },
        bytesToServer: port.startsWith('tcp') ? 60 * flows : bytesToServer,
      }));
      expect(await portsOf(path('kern.log'))).toEqual(logged);
    });

    it('by all of them at once: each flow counts once', async () => {
      const names = ['lan.pcap', 'conn.log', 'v9.pcap', 'kern.log'].map(path);
      const { ports, logs } = await assess(names, { top: 10, logs: { flowPorts: [2055] } });
      expect(await portsOf(...names)).toEqual(wanted);
      expect(ports.map(({ port, sources }) => [port, sources.map(({ source }) => source)])).toEqual(
        expect.arrayContaining([[8081, ['capture', 'zeek', 'netflow', 'netfilter']]]),
      );
      expect(logs?.sources).toMatchObject([
        { source: 'capture', flows: 11, alsoSeen: 0 },
        { source: 'zeek', flows: 0, alsoSeen: 11 },
        { source: 'netflow', flows: 0, alsoSeen: 11 },
        { source: 'netfilter', flows: 0, alsoSeen: 11 },
      ]);
    });
  },
);
