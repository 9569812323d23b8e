import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probe } from './probe.ts';

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
