/** Servers that mean harm, or are broken: every identification ends, bounded, without a fault. */
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Limits } from './exchange.ts';
import { type Identity, identifyStream } from './identify.ts';
import { hex, octetsOf } from './octets.ts';

/** Short, so that the tests are; the rules are the same. */
const QUICK: Limits = { connectMs: 500, totalMs: 600, octets: 4096 };

/** Serves connections on loopback with `behave`, for as long as `use` takes. */
async function serving<T>(
  behave: (socket: Socket) => void,
  use: (port: number, server: Server) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    return await use(typeof address === 'object' && address !== null ? address.port : 0, server);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function identify(behave: (socket: Socket) => void): Promise<Identity> {
  return serving(behave, (port) =>
    identifyStream({ address: '127.0.0.1', port }, undefined, { limits: QUICK, questions: 2 }),
  );
}

describe.concurrent('a server that', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.end()],
    ['resets at once', (socket) => socket.resetAndDestroy()],
    ['says nothing', () => {}],
    ['resets when it is asked', (socket) => socket.on('data', () => socket.resetAndDestroy())],
    [
      'claims a TLS record of 64 KiB and a handshake of 16 MiB',
      (socket) => socket.on('data', () => socket.write(hex('16 0303 ffff 02 ffffff 0303'))),
    ],
    [
      'answers TLS with an endless certificate',
      (socket) =>
        socket.on('data', () => {
          const flood = (): void => {
            while (socket.writable && socket.write(octetsOf('\x16\x03\x03\x40\0'.repeat(2000))));
            if (socket.writable) socket.once('drain', flood);
          };
          flood();
        }),
    ],
    [
      'sends one octet now and then',
      (socket) => {
        const timer = setInterval(() => socket.write('x'), 50);
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ])('%s is not recognised, and does not hold us', async (_, behave) => {
    expect((await identify(behave)).found).toBeUndefined();
  });

  it('greets without end is cut off, and its first words are kept', async () => {
    const identity = await identify((socket) => {
      const flood = (): void => {
        while (socket.writable && socket.write('Lorem ipsum '.repeat(500)));
        if (socket.writable) socket.once('drain', flood);
      };
      flood();
    });
    expect(identity.found).toBeUndefined();
    expect(identity.unrecognised).toMatch(/^Lorem ipsum/);
    expect(identity.unrecognised?.length).toBeLessThanOrEqual(200);
  });

  it('sends terminal controls: they stay in the value, for the report to escape', async () => {
    const identity = await identify((socket) => socket.write('SSH-2.0-Evil_1.0\x1b[2J\r\n'));
    expect(identity.found).toMatchObject({ name: 'ssh', product: 'Evil', version: '1.0\x1b[2J' });
  });

  it('claims an SSH packet of 4 GiB tells its greeting, and no more', async () => {
    const identity = await identify((socket) => {
      socket.write('SSH-2.0-OpenSSH_9.9\r\n');
      socket.on('data', () => socket.write(hex('ffffffff 00 14')));
    });
    expect(identity.found).toMatchObject({ name: 'ssh', product: 'OpenSSH', version: '9.9' });
    expect(identity.details).toEqual([]);
  });

  it('echoes is an echo', async () => {
    const identity = await identify((socket) => socket.pipe(socket));
    expect(identity.found?.name).toBe('echo');
  });

  it('is gone is not recognised', async () => {
    const port = await serving(
      () => {},
      (port, server) => new Promise<number>((resolve) => server.close(() => resolve(port))),
    );
    const target = { address: '127.0.0.1', port };
    const identity = await identifyStream(target, undefined, { limits: QUICK });
    expect(identity).toEqual({ tls: false, details: [] });
  });

  it('sits on a port of printers or of industrial devices is asked nothing', async () => {
    const heard: string[] = [];
    const identity = await serving(
      (socket) => socket.on('data', (octets) => heard.push(`${octets}`)),
      (port) =>
        identifyStream({ address: '127.0.0.1', port }, undefined, {
          limits: QUICK,
          quiet: new Set([port]),
        }),
    );
    expect(identity.found).toBeUndefined();
    expect(heard).toEqual([]);
  });
});
