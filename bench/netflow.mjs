/**
 * Flow export as it comes, side by side: `portreeve audit --listen` and `nfcapd` take the same
 * datagrams on loopback, in turns. Prints for each rate how many records were sent, how many
 * arrived, and the processor seconds of the receiver.
 *
 *   node bench/netflow.mjs [--seconds N] [--rates 100000,300000] [--protocols 5,9,10]
 */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const PORT = 20_559;
const RECORDS = 30;
/** Different datagrams, sent round and round. */
const KINDS = 512;

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

const seconds = Number(option('seconds', 5));
const rates = option('rates', '100000,200000,400000').split(',').map(Number);
const protocols = option('protocols', '5,9,10').split(',').map(Number);

/** Fields of a template of version 9 or IPFIX: element and octets. */
const FIELDS = [
  ...[
    [8, 4],
    [12, 4],
    [7, 2],
    [11, 2],
    [4, 1],
    [6, 1],
    [2, 4],
    [1, 4],
  ],
  ...[
    [22, 4],
    [21, 4],
    [10, 2],
    [14, 2],
    [5, 1],
    [58, 2],
    [16, 4],
    [17, 4],
  ],
];
const RECORD = FIELDS.reduce((sum, [, octets]) => sum + octets, 0);

/** A client inside and one of 2,000 servers outside. */
function ends(index) {
  return {
    client: 0x0a000000 + 1 + (index % 5000),
    server: 0xc6336400 + ((index * 7) % 2000),
    sport: 1024 + ((index * 31) % 60_000),
    dport: [443, 80, 53, 22, 25][index % 5],
  };
}

function version5(kind) {
  const bytes = Buffer.alloc(24 + 48 * RECORDS);
  bytes.writeUInt16BE(5, 0);
  bytes.writeUInt16BE(RECORDS, 2);
  bytes.writeUInt32BE(600_000, 4);
  for (let index = 0; index < RECORDS; index++) {
    const at = 24 + 48 * index;
    const { client, server, sport, dport } = ends(kind * RECORDS + index);
    bytes.writeUInt32BE(client, at);
    bytes.writeUInt32BE(server, at + 4);
    bytes.writeUInt32BE(10, at + 16);
    bytes.writeUInt32BE(4200, at + 20);
    bytes.writeUInt32BE(500_000, at + 24);
    bytes.writeUInt32BE(501_000, at + 28);
    bytes.writeUInt16BE(sport, at + 32);
    bytes.writeUInt16BE(dport, at + 34);
    bytes.writeUInt8(0x1b, at + 37);
    bytes.writeUInt8(6, at + 38);
  }
  return bytes;
}

/** A set of records by the template 256. */
function dataSet(kind) {
  const bytes = Buffer.alloc(4 + RECORD * RECORDS);
  bytes.writeUInt16BE(256, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  for (let index = 0; index < RECORDS; index++) {
    const { client, server, sport, dport } = ends(kind * RECORDS + index);
    let at = 4 + RECORD * index;
    const values = [
      client,
      server,
      sport,
      dport,
      6,
      0x1b,
      10,
      4200,
      500_000,
      501_000,
      3,
      4,
      0,
      0,
      0,
      0,
    ];
    FIELDS.forEach(([, octets], field) => {
      bytes.writeUIntBE(values[field], at, octets);
      at += octets;
    });
  }
  return bytes;
}

function template(version) {
  const bytes = Buffer.alloc(8 + 4 * FIELDS.length);
  bytes.writeUInt16BE(version === 9 ? 0 : 2, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt16BE(256, 4);
  bytes.writeUInt16BE(FIELDS.length, 6);
  FIELDS.forEach(([element, octets], index) => {
    bytes.writeUInt16BE(element, 8 + 4 * index);
    bytes.writeUInt16BE(octets, 10 + 4 * index);
  });
  return bytes;
}

function datagram(version, sets) {
  const header = Buffer.alloc(version === 9 ? 20 : 16);
  header.writeUInt16BE(version, 0);
  if (version === 9) {
    header.writeUInt16BE(RECORDS, 2);
    header.writeUInt32BE(600_000, 4);
  } else header.writeUInt16BE(header.length + sets.reduce((sum, { length }) => sum + length, 0), 2);
  return Buffer.concat([header, ...sets]);
}

/** Puts sequence number and time where the version has them. */
function number(bytes, version, datagrams) {
  const now = Math.floor(Date.now() / 1000);
  bytes.writeUInt32BE(now, version === 10 ? 4 : 8);
  const sequence = version === 9 ? datagrams : (datagrams * RECORDS) >>> 0;
  bytes.writeUInt32BE(sequence, version === 5 ? 16 : version === 9 ? 12 : 8);
}

async function send(version, rate) {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.connect(PORT, '127.0.0.1', resolve));
  socket.setSendBufferSize(4 * 1024 * 1024);
  const kinds = Array.from({ length: KINDS }, (_, kind) =>
    version === 5 ? version5(kind) : datagram(version, [dataSet(kind)]),
  );
  let numbered = 0;
  if (version !== 5) {
    const first = datagram(version, [template(version)]);
    number(first, version, 0);
    await new Promise((resolve) => socket.send(first, resolve));
    if (version === 9) numbered++;
    await sleep(100);
  }
  const wanted = Math.round((rate * seconds) / RECORDS);
  const startMs = performance.now();
  let sent = 0;
  while (sent < wanted) {
    const due = Math.min(
      wanted,
      Math.ceil(((performance.now() - startMs) / 1000) * (rate / RECORDS)),
    );
    const last = Math.min(due, sent + 64);
    const pending = [];
    for (; sent < last; sent++) {
      // A copy: what is sent is read after this returns.
      const bytes = Buffer.from(kinds[sent % KINDS]);
      number(bytes, version, numbered++);
      pending.push(new Promise((resolve) => socket.send(bytes, resolve)));
    }
    if (pending.length > 0) await Promise.all(pending);
    else await sleep(1);
  }
  const took = (performance.now() - startMs) / 1000;
  socket.close();
  return { records: sent * RECORDS, took };
}

/** Processor seconds of a process so far: user and system. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function stopped(child, signal) {
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.kill(signal);
  await ended;
}

async function portreeve(version, rate) {
  const child = spawn(process.execPath, [CLI, 'audit', '--listen', `127.0.0.1:${PORT}`, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  await sleep(1500);
  const before = processorSeconds(child.pid);
  const sent = await send(version, rate);
  await sleep(300);
  const cpu = processorSeconds(child.pid) - before;
  await stopped(child, 'SIGINT');
  const answer = JSON.parse(text);
  return { ...sent, cpu, received: answer.facts.linesRead };
}

async function nfcapd(version, rate) {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-nfcapd-'));
  const words = ['-p', `${PORT}`, '-b', '127.0.0.1', '-w', folder, '-B', '33554432', '-t', '3600'];
  const child = spawn('nfcapd', words, { stdio: 'ignore' });
  await sleep(1500);
  const before = processorSeconds(child.pid);
  const sent = await send(version, rate);
  await sleep(300);
  const cpu = processorSeconds(child.pid) - before;
  await stopped(child, 'SIGTERM');
  const { stdout } = spawnSync('nfdump', ['-R', folder, '-I'], { encoding: 'utf8' });
  const received = Number(/^Flows: (\d+)/m.exec(stdout)?.[1] ?? 0);
  rmSync(folder, { recursive: true });
  return { ...sent, cpu, received };
}

console.log(
  'version  rate asked  rate sent  receiver   sent      received  lost  cpu s  cpu µs/record',
);
for (const version of protocols) {
  for (const rate of rates) {
    for (const [name, run] of [
      ['portreeve', portreeve],
      ['nfcapd', nfcapd],
    ]) {
      const { records, took, cpu, received } = await run(version, rate);
      console.log(
        [
          String(version).padEnd(7),
          String(rate).padStart(10),
          String(Math.round(records / took)).padStart(9),
          ` ${name.padEnd(9)}`,
          String(records).padStart(8),
          String(received).padStart(9),
          String(records - received).padStart(5),
          cpu.toFixed(2).padStart(6),
          ((cpu / records) * 1e6).toFixed(2).padStart(8),
        ].join('  '),
      );
    }
  }
}
