import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DatagramReader, ERROR_QUEUE_OPTION, ORIGIN_ICMP } from './datagrams.ts';
import { Epoll } from './epoll.ts';
import { lastErrno, SystemCallError } from './libc.ts';
import { MappedMemory } from './mapped-memory.ts';
import { MessageBatch } from './message-batch.ts';
import {
  ADDRESS_LENGTH,
  AF_INET,
  AF_INET6,
  closeSocket,
  ERRNO,
  interfaceIndex,
  localAddress,
  openSocket,
  raiseDescriptorLimit,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  setOption,
  socketCalls,
  takeError,
  waitReadable,
  writeSocketAddress,
} from './sockets.ts';

const LOOPBACK = [0x7f000001];

describe.runIf(process.platform === 'linux')('sockets of the C library', () => {
  it('lay out addresses as the kernel has them', () => {
    const bytes = Buffer.alloc(ADDRESS_LENGTH + 4, 0xff);
    expect(writeSocketAddress(bytes, 0, [0xc0000201], 443)).toBe(16);
    expect(bytes.toString('hex', 0, 17)).toBe('020001bbc00002010000000000000000ff');
    expect(writeSocketAddress(bytes, 4, [0x20010db8, 0, 0, 1], 53, 7)).toBe(28);
    const expected = '0a000035' + '00000000' + '20010db8000000000000000000000001' + '07000000';
    expect(bytes.toString('hex', 4)).toBe(expected);
  });

  it('connect without waiting, and hear of it once', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const epoll = new Epoll();
    const fd = openSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const address = Buffer.alloc(ADDRESS_LENGTH);
    const length = writeSocketAddress(address, 0, LOOPBACK, port);
    const begun = socketCalls().connect(fd, address, length) as number;
    expect(begun === 0 || lastErrno() === ERRNO.EINPROGRESS).toBe(true);
    epoll.watch(fd);
    expect(epoll.wait(1000)).toBe(1);
    expect(epoll.ready(0)).toBe(fd);
    expect(takeError(fd)).toBe(0);
    expect(localAddress(fd).words).toEqual(LOOPBACK);
    expect(epoll.wait(0)).toBe(0);
    closeSocket(fd);
    epoll.close();
    server.close();
  });

  it('send many datagrams in one call, and read what comes back', async () => {
    const peer = createSocket('udp4');
    const heard: string[] = [];
    peer.on('message', (message, { port, address }) => {
      heard.push(message.toString());
      peer.send(`to ${message}`, port, address);
    });
    await once(peer.bind(0, '127.0.0.1'), 'listening');
    const batch = new MessageBatch(3, 64);
    for (let index = 0; index < 3; index++) {
      const length = batch.packets.write(`word ${index}`, 64 * index);
      const target = batch.addressSize * index;
      const size = writeSocketAddress(batch.addresses, target, LOOPBACK, peer.address().port);
      batch.setLengths(index, length, size);
    }
    const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    expect(batch.send(fd, 1, 2)).toBe(2);
    expect(batch.send(fd, 0, 1)).toBe(1);
    await expect.poll(() => heard.length).toBe(3);
    expect(heard).toEqual(['word 1', 'word 2', 'word 0']);
    const reader = new DatagramReader();
    waitReadable([fd], 1000);
    expect(reader.receive(fd)).toBe(9);
    expect(reader.packet.toString('latin1', 0, 9)).toBe('to word 1');
    expect([reader.words[0], reader.port]).toEqual([LOOPBACK[0], peer.address().port]);
    reader.close();
    batch.close();
    closeSocket(fd);
    peer.close();
  });

  it('read ICMP errors with type and code, and whose datagram they are about', async () => {
    const free = createSocket('udp4');
    await once(free.bind(0, '127.0.0.1'), 'listening');
    const { port } = free.address();
    await new Promise<void>((resolve) => {
      free.close(resolve);
    });
    const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setOption(fd, ...ERROR_QUEUE_OPTION[4], 1);
    const batch = new MessageBatch(1, 64);
    batch.setLengths(0, 0, writeSocketAddress(batch.addresses, 0, LOOPBACK, port));
    expect(batch.send(fd, 0, 1)).toBe(1);
    const reader = new DatagramReader();
    await expect.poll(() => reader.receiveError(fd)).toBe(true);
    const { origin, type, code, words } = reader;
    expect({ origin, type, code, word: words[0], port: reader.port }).toEqual({
      origin: ORIGIN_ICMP,
      type: 3,
      code: 3,
      word: LOOPBACK[0],
      port,
    });
    expect(reader.receiveError(fd)).toBe(false);
    reader.close();
    batch.close();
    closeSocket(fd);
  });

  it('tell what failed', () => {
    expect(() => openSocket(9999, SOCK_STREAM, 0)).toThrow(SystemCallError);
    expect(() => setOption(-1, 1, 2, 1)).toThrow(/EBADF/);
    expect(takeError(-1)).toBeGreaterThan(0);
    const batch = new MessageBatch(1, 8);
    expect(batch.send(-1, 0, 1)).toBe(-9);
    batch.close();
  });

  it('know interfaces, and how many descriptors may be open', () => {
    expect(interfaceIndex('lo')).toBe(1);
    expect(interfaceIndex('7')).toBe(7);
    expect(interfaceIndex('no-such-link')).toBe(0);
    expect(raiseDescriptorLimit()).toBeGreaterThan(100);
    const fd = openSocket(AF_INET6, SOCK_DGRAM, 0);
    expect(localAddress(fd)).toEqual({ words: [0, 0, 0, 0], port: 0 });
    closeSocket(fd);
  });

  it('share memory that is given back once', () => {
    const size = 1 << 26;
    const memory = new MappedMemory(size);
    new Uint8Array(memory.buffer)[size - 1] = 7;
    expect(memory.buffer.byteLength).toBe(size);
    const middle = memory.address + BigInt(size >> 1);
    expect(isMapped(middle)).toBe(true);
    memory.release();
    expect(isMapped(middle)).toBe(false);
    // The same addresses, most likely: they are another's now.
    const next = new MappedMemory(size);
    memory.release();
    expect(isMapped(next.address)).toBe(true);
    next.release();
    expect(() => new MappedMemory(4096, 99_999)).toThrow(/mmap: EBADF/);
  });
});

/** Whether this process has memory at that address (proc(5), maps). */
function isMapped(address: bigint): boolean {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.some((line) => {
    const [, from, to] = /^([\da-f]+)-([\da-f]+) /.exec(line) ?? [];
    return from !== undefined && BigInt(`0x${from}`) <= address && address < BigInt(`0x${to}`);
  });
}
