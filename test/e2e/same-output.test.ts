/**
 * What is said of an input is the same in every run, octet for octet, whatever seed hash tables
 * have. The capture has more conversations than are remembered, more clients than are counted one
 * by one, more fragments than wait, and copies of packets.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcapHeader, pcapRecord } from '../builders/capture.ts';
import { START } from '../builders/conversation.ts';
import { fragment4, ipv4 } from '../builders/ip.ts';
import { ether } from '../builders/link.ts';
import { tcp, udp } from '../builders/transport.ts';
import { built, runCli } from './run-cli.ts';

const CLIENTS = 135_000;
/** Conversations with payload, each of which speaks twice, a while apart. */
const TALKS = 80_000;
const DATAGRAMS = 6000;
const SEEDS = [0.1, 0.7];
const SEEDED = 'const seed = Number(process.env.SEED); Math.random = () => seed;';

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const OFFICE = repository('examples/evening-office.pcapng');
const LOGS = repository('src/sources/logs/fixtures/cisco-asa');

let folder = '';
let crowd = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-same-'));
  crowd = join(folder, 'crowd.pcap');
  if (!built) return;
  writeFileSync(join(folder, 'seeded.cjs'), SEEDED);
  writeFileSync(crowd, crowdedCapture());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes records of a few shapes with times, addresses and ports of their own. */
class Writer {
  private file = new Uint8Array(40e6);
  private view = new DataView(this.file.buffer);
  private length = 0;
  private packets = 0;

  constructor() {
    this.length = pcapHeader().length;
    this.file.set(pcapHeader());
  }

  put(record: Uint8Array, client: number, server: number, port: number, id = 0): void {
    const { view, length: at } = this;
    const ip = at + 16 + 14;
    this.file.set(record, at);
    view.setUint32(at, START + Math.floor(this.packets / 10_000), true);
    view.setUint32(at + 4, (this.packets++ % 10_000) * 100, true);
    view.setUint16(ip + 4, id);
    view.setUint32(ip + 12, client);
    view.setUint32(ip + 16, server);
    if (port !== 0) view.setUint16(ip + 20, port);
    this.length += record.length;
  }

  finish(): Uint8Array {
    return this.file.subarray(0, this.length);
  }
}

const recordOf = (packet: Uint8Array) => pcapRecord(ether({}, packet));

function crowdedCapture(): Uint8Array {
  const syn = recordOf(ipv4({}, tcp({ flags: 'S', dport: 443 })));
  const line = (text: string) => recordOf(ipv4({}, tcp({ flags: 'PA', dport: 8080 }, text)));
  const [first, second] = [line('GET / HTTP/1.0\r\n\r\n'), line('what is this\r\n')];
  const parts = fragment4(ipv4({}, udp({ dport: 2049 }, 'x'.repeat(60))), 48).map(recordOf);
  const writer = new Writer();
  for (let at = 0; at < CLIENTS; at++) {
    writer.put(syn, 0x0a000000 + at * 7, 0x0b000001 + (at % 3), 1024 + at);
  }
  for (const record of [first, second]) {
    for (let at = 0; at < TALKS; at++) {
      const server = 0x0b010000 + (at % 5000);
      writer.put(record, 0x0a800000 + (at % 40_000), server, 1024 + at, at);
      // Some packets are copied by a mirror.
      if (at % 50 === 0) writer.put(record, 0x0a800000 + (at % 40_000), server, 1024 + at, at);
    }
  }
  for (let part = 0; part < parts.length; part++) {
    for (let at = 0; at < DATAGRAMS; at++) {
      const port = part === 0 ? 40_000 + (at % 97) : 0;
      writer.put(parts[part]!, 0x0a900000 + (at % 500), 0x0b020000 + (at % 7), port, at);
    }
  }
  return writer.finish();
}

describe.runIf(built)('the output', () => {
  it.each([
    { line: 'assess --json --all --drop-duplicates', inputs: () => [crowd] },
    { line: 'assess --over-time --sizes --all', inputs: () => [OFFICE] },
    { line: 'flows --format zeek', inputs: () => [OFFICE] },
    { line: 'audit --json', inputs: () => readdirSync(LOGS).map((name) => join(LOGS, name)) },
  ])('of $line is the same under every seed', async ({ line, inputs }) => {
    const words = line.split(' ');
    const outcomes = await Promise.all(
      SEEDS.map((seed) =>
        runCli([...words, ...inputs().filter((name) => !name.endsWith('.json'))], {
          node: ['--require', join(folder, 'seeded.cjs')],
          env: { SEED: `${seed}` },
        }),
      ),
    );
    expect(outcomes[0]!.out.length).toBeGreaterThan(1000);
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
});
