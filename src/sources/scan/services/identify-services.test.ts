import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { PortState } from '../../../model/port-state.ts';
import type { ScannedHost } from '../../../model/scanned-host.ts';
import { type IdentifiedHosts, identifyServices } from './identify-services.ts';

/** Asks `count` open ports, all of them the one of a server on loopback that behaves so. */
async function identify(
  count: number,
  behave: (socket: Socket) => void,
  signal = new AbortController().signal,
): Promise<IdentifiedHosts> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const target = { address: '127.0.0.1', transport: 'tcp', port } as const;
  const open = { kind: 'port', target, state: 'open', reason: 'syn-ack', attempts: 1 } as const;
  const host: ScannedHost = {
    kind: 'host',
    address: target.address,
    names: [],
    status: 'up',
    statusReason: 'user-set',
    ports: Array.from({ length: count }, (): PortState => ({ ...open })),
    groups: [],
  };
  try {
    return await identifyServices([host], { signal, fragile: false });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const names = ({ hosts }: IdentifiedHosts): (string | undefined)[] =>
  hosts[0]!.ports.map(({ service }) => service?.name);

it('asks no more ports of a host when hundreds of them told the same', async () => {
  const answer = await identify(300, (socket) => socket.end('@RSYNCD: 31.0\n'));
  expect(answer.unasked).toEqual([{ address: '127.0.0.1', ports: expect.any(Number) }]);
  const asked = names(answer).filter((name) => name === 'rsync').length;
  expect(asked + answer.unasked[0]!.ports).toBe(300);
  expect(asked).toBeGreaterThanOrEqual(256);
});

it('asks every port of a host whose ports tell this and that', async () => {
  let turn = 0;
  const answer = await identify(300, (socket) => socket.end(`@RSYNCD: ${turn++ % 3}.0\n`));
  expect(answer.unasked).toEqual([]);
  expect(names(answer)).toEqual(Array.from({ length: 300 }, () => 'rsync'));
});

it('ends with the signal, whatever servers do', async () => {
  const ending = new AbortController();
  let opened = 0;
  const answer = await identify(
    100,
    () => {
      if (++opened === 4) ending.abort();
    },
    ending.signal,
  );
  expect(names(answer)).toEqual(Array.from({ length: 100 }, () => undefined));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(opened).toBe(4);
});
