/** Conversations where this process has no turn for a while. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { askDatagram, Conversation } from './exchange.ts';

/** Keeps this thread busy. */
function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('takes what came while it had no turn', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const limits = { connectMs: 1000, totalMs: 100, octets: 4096 };
  const conversation = await Conversation.open({ address: '127.0.0.1', port }, limits);
  const [far] = await accepted;
  try {
    far.write('hello');
    const reading = conversation.read(50);
    stall(150);
    expect(new TextDecoder().decode(await reading)).toBe('hello');
  } finally {
    conversation.close();
    far.destroy();
    server.close();
  }
});

it('takes a datagram that came while it had no turn', async () => {
  const server = createSocket('udp4');
  server.on('message', (_question, { address, port }) => {
    server.send('hello', port, address);
    stall(150);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const target = { address: '127.0.0.1', port: server.address().port };
    const answer = await askDatagram(target, Uint8Array.of(1), 50);
    expect(new TextDecoder().decode(answer)).toBe('hello');
  } finally {
    server.close();
  }
});

it('waits no longer than it should for what does not come', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const conversation = await Conversation.open({ address: '127.0.0.1', port });
  try {
    expect(await conversation.read(20)).toEqual(new Uint8Array(0));
    expect(conversation.ended).toBe(false);
  } finally {
    conversation.close();
    server.close();
  }
});
