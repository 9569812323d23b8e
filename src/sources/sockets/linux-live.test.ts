/** The real proc file system: sockets that this test opens must be found, and `ss` must agree. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Listener } from '../../model/listener.ts';
import { readLinuxSockets } from './linux.ts';

const linux = process.platform === 'linux';
const ipv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');
const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

async function listen(host: string, ipv6Only = false): Promise<number> {
  const server: Server = createServer().listen({ port: 0, host, ipv6Only });
  closers.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function bind(type: SocketType, host: string): Promise<number> {
  const socket: Socket = createSocket(type).bind(0, host);
  closers.push(() => socket.close());
  await once(socket, 'listening');
  return socket.address().port;
}

const find = (transport: string, port: number): Listener | undefined =>
  readLinuxSockets().listeners.find(
    ({ local }) => local.transport === transport && local.port === port,
  );

describe.runIf(linux)('sockets of this process', () => {
  it.each<[string, () => Promise<number>, string, Partial<Listener>]>([
    ['tcp 127.0.0.1', () => listen('127.0.0.1'), 'tcp', { exposure: 'loopback' }],
    ['tcp 0.0.0.0', () => listen('0.0.0.0'), 'tcp', { exposure: 'every-address' }],
    ['udp 127.0.0.1', () => bind('udp4', '127.0.0.1'), 'udp', { exposure: 'loopback' }],
    ['udp 0.0.0.0', () => bind('udp4', '0.0.0.0'), 'udp', { exposure: 'every-address' }],
    ...(ipv6
      ? ([
          ['tcp ::1', () => listen('::1'), 'tcp', { exposure: 'loopback', acceptsIPv4: 'no' }],
          ['tcp ::', () => listen('::'), 'tcp', { exposure: 'every-address' }],
          ['tcp mapped', () => listen('::ffff:127.0.0.1'), 'tcp', { acceptsIPv4: 'yes' }],
          ['udp ::1', () => bind('udp6', '::1'), 'udp', { exposure: 'loopback' }],
        ] as [string, () => Promise<number>, string, Partial<Listener>][])
      : []),
  ])('finds %s', async (_name, open, transport, expected) => {
    const found = find(transport, await open());
    expect(found).toMatchObject({ ...expected, user: { uid: process.getuid?.() } });
    expect(found?.owner).toMatchObject({ kind: 'processes', processes: [{ pid: process.pid }] });
  });

  it('does not list a UDP socket that talks to one peer', async () => {
    const socket = createSocket('udp4');
    socket.connect(9, '127.0.0.1');
    await once(socket, 'connect');
    closers.push(() => socket.close());
    expect(find('udp', socket.address().port)).toBeUndefined();
    expect(readLinuxSockets().connectedDatagram).toBeGreaterThan(0);
  });

  it('reads the name and arguments of a hostile process', async () => {
    const script = `process.title = 'x) (\\n\\x1b[2J'; require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
    const child: ChildProcess = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    closers.push(() => child.kill());
    const [chunk] = await once(child.stdout!, 'data');
    const owner = find('tcp', Number(String(chunk)))?.owner;
    expect(owner).toMatchObject({
      kind: 'processes',
      processes: [{ pid: child.pid, name: 'x) (\n\x1b[2J', parentPid: process.pid }],
    });
  });
});

const ss = linux && spawnSync('ss', ['-V']).status === 0;

describe.runIf(ss)('compared with ss', () => {
  it('lists the same TCP and UDP sockets with the same processes', async () => {
    await listen('127.0.0.1');
    await bind('udp4', '0.0.0.0');
    if (ipv6) await listen('::', true);
    // Other programs open and close sockets too: compare what stayed, and try again when unlucky.
    await vi.waitFor(() => {
      const before = ours();
      const theirs = parseSs(spawnSync('ss', ['-H', '-tulpn'], { encoding: 'utf8' }).stdout);
      const after = ours();
      const stayed = before.filter((each) => after.includes(each));
      expect(stayed.length).toBeGreaterThan(1);
      expect(stayed.filter((each) => !theirs.includes(each))).toEqual([]);
      expect(theirs.filter((each) => !before.includes(each) && !after.includes(each))).toEqual([]);
    });
  });
});

function ours(): string[] {
  return readLinuxSockets()
    .listeners.filter(({ network }) => network === undefined)
    .filter(({ local }) => local.transport === 'tcp' || local.transport === 'udp')
    .map(({ local, owner }) => {
      const pids = owner.kind === 'processes' ? owner.processes.map(({ pid }) => pid!) : [];
      return describeSocket(local.transport, local.address, local.port, pids);
    });
}

function describeSocket(transport: string, address: string, port: number, pids: number[]): string {
  return `${transport} ${address} ${port} ${[...pids].sort((a, b) => a - b).join()}`;
}

/** `tcp LISTEN 0 511 *:443 *:* users:(("nginx",pid=901,fd=6),…)`. */
function parseSs(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [transport = '', , , , local = ''] = line.split(/\s+/);
      const colon = local.lastIndexOf(':');
      const bare = local
        .slice(0, colon)
        .replace(/%.*$/, '')
        .replace(/^\[(.*)\]$/, '$1');
      const address = (bare === '*' ? '::' : bare).replace(/^::ffff:/, '');
      const pids = new Set([...line.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1])));
      return describeSocket(transport, address, Number(local.slice(colon + 1)), [...pids]);
    });
}
