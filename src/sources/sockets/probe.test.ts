import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BindRefusal } from '../../model/comparison.ts';
import { probe, unexplained } from './probe.ts';
import type { SocketView } from './socket-view.ts';

describe.runIf(process.platform === 'linux')('probing', () => {
  const server = createServer();
  const silent = createSocket('udp4');
  const echo = createSocket('udp4');
  let open = 0;
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    open = (server.address() as { port: number }).port;
    echo.on('message', (_message, peer) => echo.send('x', peer.port, peer.address));
    await Promise.all([silent, echo].map((each) => once(each.bind(0, '127.0.0.1'), 'listening')));
  });
  afterAll(() => {
    server.close();
    silent.close();
    echo.close();
  });

  it('tells open from closed, and says nothing of what it could not ask', () => {
    const at = (transport: 'tcp' | 'udp', port: number, address = '127.0.0.1') => ({
      address,
      transport,
      port,
    });
    const places = [
      at('tcp', open),
      at('tcp', 1),
      at('udp', silent.address().port),
      at('udp', 1),
      at('tcp', 1, 'fe80::1'),
      at('tcp', 1, 'x'),
    ];
    const found = probe(places, 200, 'here') ?? [];
    expect(found.map(({ transport, state, reason }) => `${transport} ${state} ${reason}`)).toEqual([
      'tcp open syn-ack',
      'tcp closed conn-refused',
      'udp open|filtered no-response',
      'udp closed port-unreach',
    ]);
    expect(found[0]?.evidence.locator).toBe(`here to 127.0.0.1 tcp/${open}`);
  });

  it('asks many at once', () => {
    const places = Array.from({ length: 1000 }, (_, index) => ({
      address: '127.0.0.1',
      transport: 'tcp' as const,
      port: index + 1,
    }));
    expect(probe(places, 500, 'here')?.length).toBe(1000);
  });
});

describe('ports that could not be bound', () => {
  const refusal = (port: number, because: BindRefusal['because'] = 'in-use'): BindRefusal => ({
    ...{ transport: 'tcp', port, because },
  });
  const at = (port: number) => ({ local: { transport: 'tcp', address: '192.0.2.1', port } });
  const view = (listeners: number[], connections: number[]) =>
    ({ listeners: listeners.map(at), connections: connections.map(at) }) as unknown as SocketView;
  const ports = (found: readonly BindRefusal[]) => found.map(({ port }) => port);
  const still = (_: string, asked: Iterable<number>) =>
    [...asked].map((port) => ({ port, error: 'EADDRINUSE' }));

  it('are accounted for by sockets that came, or were left behind, since the first look', () => {
    const refused = [refusal(80), refusal(42_214), refusal(31_337)];
    expect(ports(unexplained(refused, view([80], [42_214]), still))).toEqual([31_337]);
  });

  it('are nothing once they can be bound', () => {
    const once = (_: string, asked: Iterable<number>) =>
      [...asked].filter((port) => port === 7).map((port) => ({ port, error: 'EADDRINUSE' }));
    expect(ports(unexplained([refusal(7), refusal(8)], view([], []), once))).toEqual([7]);
  });

  it('that the system sets aside are, whatever sockets there are', () => {
    expect(ports(unexplained([refusal(9, 'forbidden')], view([9], []), still))).toEqual([9]);
  });
});
