/** Listening on real sockets of this machine, by system calls and by the runtime. */
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { LogReader } from '../logs/log-reader.ts';
import { type FlowListener, NativeListener, RuntimeListener } from './flow-listener.ts';

const LOOPBACK = 0x7f000001;

/** A datagram of NetFlow version 5 with `count` records. */
function datagram(sequence: number, count: number): Uint8Array {
  const bytes = Buffer.alloc(24 + 48 * count);
  bytes.writeUInt16BE(5, 0);
  bytes.writeUInt16BE(count, 2);
  bytes.writeUInt32BE(sequence, 16);
  for (let index = 0; index < count; index++) {
    const at = 24 + 48 * index;
    bytes.writeUInt32BE(0x0a000001, at);
    bytes.writeUInt32BE(0xc0000250, at + 4);
    bytes.writeUInt16BE(443, at + 34);
    bytes.writeUInt8(6, at + 38);
  }
  return new Uint8Array(bytes);
}

/** A port that nobody has; another program may be faster, which no test depends on. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function send(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const each of datagrams) {
    await new Promise((resolve) => socket.send(each, port, '127.0.0.1', resolve));
  }
  socket.close();
}

function readerOf(signal: AbortSignal): LogReader {
  return new LogReader({ nowMs: 0, seed: 1, signal }, () => {});
}

const kinds: [string, (port: number) => Promise<FlowListener>][] = [
  ['the runtime', (port) => RuntimeListener.open([{ words: [LOOPBACK], port }])],
];
if (process.platform === 'linux') {
  kinds.push([
    'system calls',
    (port) => Promise.resolve(new NativeListener([{ words: [LOOPBACK], port }])),
  ]);
}

describe.each(kinds)('listening by %s', (_, open) => {
  it('takes what comes, until the signal', async () => {
    const port = await freePort();
    const listener = await open(port);
    const controller = new AbortController();
    const reader = readerOf(controller.signal);
    const listening = reader.listen({ listener }, `udp ${port}`);
    await send(port, [
      datagram(0, 30),
      datagram(30, 30),
      new TextEncoder().encode('hello'),
      datagram(70, 2),
    ]);
    while (reader.tally.lines < 63) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await listening;
    listener.close();
    expect(reader.tally.read).toBe(62);
    expect([...reader.tally.others.values()]).toMatchObject([{ what: 'no flow export', lines: 1 }]);
    expect(reader.flows!.exports.domains.list).toMatchObject([
      { exporter: '127.0.0.1', protocol: 'NetFlow v5', datagrams: 3, records: 62, lost: 10 },
    ]);
    expect(listener.dropped() ?? 0).toBe(0);
  });

  it('stops after so many records', async () => {
    const port = await freePort();
    const listener = await open(port);
    const reader = readerOf(new AbortController().signal);
    const listening = reader.listen({ listener, mostRecords: 40 }, 'udp');
    await send(port, [datagram(0, 30), datagram(30, 30), datagram(60, 30)]);
    await listening;
    listener.close();
    // A datagram is taken whole.
    expect(reader.tally.read).toBe(60);
  });

  it('says that a port is taken', async () => {
    const port = await freePort();
    const first = await open(port);
    await expect(async () => open(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    first.close();
  });
});
