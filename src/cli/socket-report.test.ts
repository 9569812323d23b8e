import { describe, expect, it } from 'vitest';
import type { Connection } from '../model/connection.ts';
import type { Listener, Owner } from '../model/listener.ts';
import type { Process } from '../model/process.ts';
import { renderReport } from '../report/render.ts';
import { socketReport } from './socket-report.ts';

const process_ = (pid: number, name: string, more: Partial<Process> = {}): Process => ({
  pid,
  name,
  commandLine: [`/bin/${name}`],
  user: { uid: 0, name: 'root' },
  ...more,
});
const heldBy = (...processes: Process[]): Owner => ({ kind: 'processes', processes });

const listener = (address: string, port: number, more: Partial<Listener> = {}): Listener => ({
  kind: 'listener',
  local: { address, transport: 'tcp', port },
  state: 'listening',
  exposure: 'every-address',
  acceptsIPv4: 'yes',
  owner: heldBy(process_(7, 'web')),
  user: { uid: 0, name: 'root' },
  evidence: { source: 'proc', seenMs: 0, locator: '/proc/net/tcp inode 1' },
  ...more,
});
const loopback = { exposure: 'loopback' } as const;

const viewOf = (listeners: Listener[], connectedDatagram = 0) => ({
  subject: 'this machine',
  means: ['proc'],
  listeners,
  connections: [],
  blindSpots: [],
  connectedDatagram,
});

const reportOf = (...listeners: Listener[]) =>
  socketReport(viewOf(listeners), { connections: false });

const PLAIN = { width: Number.POSITIVE_INFINITY, colour: false, unicode: true };

/** The cells of the table's rows, as people read them in a terminal of unlimited width. */
function lines(...listeners: Listener[]): string[] {
  const text = [...renderReport(reportOf(...listeners), 'text', { ability: PLAIN })].join('');
  const all = text.split('\n');
  const start = all.findIndex((line) => line.includes('PROTO')) + 1;
  return all.slice(start, start + listeners.length).map((line) => line.trim());
}

describe('connections', () => {
  it('say which way they go, and what the end that serves is meant for', () => {
    const talking = (port: number, remotePort: number, more: Partial<Connection> = {}) => ({
      kind: 'connection' as const,
      local: { address: '192.0.2.1', transport: 'tcp' as const, port },
      remote: { address: '198.51.100.7', port: remotePort },
      state: 'established' as const,
      owner: heldBy(process_(7, 'web')),
      evidence: { source: 'proc', seenMs: 0, locator: '/proc/net/tcp inode 1' },
      ...more,
    });
    const connections = [
      talking(443, 45966),
      talking(45967, 5432),
      talking(80, 45968),
      talking(443, 45969, { network: 'blue' }),
    ];
    const view = { ...viewOf([listener('0.0.0.0', 443)]), connections };
    const text = [
      ...renderReport(socketReport(view, { connections: true }), 'json', { ability: PLAIN }),
    ];
    const rows = JSON.parse(text.join('')).connections as { direction: string; service: string }[];
    expect(rows.map(({ direction, service }) => `${direction} ${service}`)).toEqual([
      'in https',
      'out postgresql',
      'unknown null',
      'unknown null',
    ]);
  });
});

describe('verdict', () => {
  it.each<[string, Listener[], string]>([
    ['none', [], 'No socket on this machine waits for others.'],
    ['one', [listener('0.0.0.0', 1)], '1 listening socket: 1 reachable on every address'],
    [
      'all kinds',
      [
        listener('127.0.0.1', 5, loopback),
        listener('fe80::1', 4, { exposure: 'link-local' }),
        listener('224.0.0.1', 3, { exposure: 'group' }),
        listener('192.0.2.1', 2, { exposure: 'one-address' }),
        listener('::', 1),
        listener('::1', 6, loopback),
      ],
      '6 listening sockets: 1 reachable on every address, 1 on one address, 1 for a group, 1 from the same link, 2 only from this machine',
    ],
  ])('counts %s', (_name, listeners, expected) => {
    expect(reportOf(...listeners).verdict).toEqual({ severity: 'info', text: expected });
  });
});

it('puts what more can reach first, then goes by port', () => {
  const shown = lines(
    listener('127.0.0.1', 80, loopback),
    listener('192.0.2.1', 80, { exposure: 'one-address' }),
    listener('::', 443),
    listener('0.0.0.0', 443),
    listener('0.0.0.0', 22),
  );
  expect(shown.map((line) => line.split(/ {2,}/).slice(0, 5).join('|'))).toEqual([
    '22|tcp|ssh|every IPv4 address|0.0.0.0',
    '443|tcp|https|every IPv4 address|0.0.0.0',
    '443|tcp|https|every address|::',
    '80|tcp|http|192.0.2.1|192.0.2.1',
    '80|tcp|http|this machine|127.0.0.1',
  ]);
});

it.each<[Partial<Listener>, string]>([
  [{ acceptsIPv4: 'yes' }, 'every address'],
  [{ acceptsIPv4: 'probably' }, 'every address (?)'],
  [{ acceptsIPv4: 'unknown' }, 'every address (?)'],
  [{ acceptsIPv4: 'probably-not' }, 'every IPv6 address'],
  [{ acceptsIPv4: 'no' }, 'every IPv6 address'],
])('a socket on [::] with %j is open to %s', (more, expected) => {
  expect(lines(listener('::', 443, more))[0]!.split(/ {2,}/)[3]).toBe(expected);
});

it.each<[string, Partial<Listener>, string]>([
  ['one process', {}, 'web|7|root|/bin/web'],
  [
    'a parent and its workers',
    {
      owner: heldBy(
        process_(7, 'nginx', { commandLine: ['nginx:', 'master'] }),
        process_(8, 'nginx', { user: { uid: 33, name: 'www-data' } }),
        process_(9, 'nginx', { user: { uid: 1234 } }),
      ),
    },
    'nginx|7 +2|root, www-data, 1234|nginx: master',
  ],
  [
    'a process that dropped its rights',
    { owner: heldBy(process_(7, 'ntpd', { user: { uid: 101, name: 'ntp' } })) },
    'ntpd|7|ntp|/bin/ntpd',
  ],
  ['no command line', { owner: heldBy(process_(7, 'web', { commandLine: [] })) }, 'web|7|root|-'],
  ['the kernel', { owner: { kind: 'kernel' } }, '(kernel)|-|root|-'],
  [
    'an unknown owner',
    { owner: { kind: 'unknown', because: 'privilege' }, user: { uid: 12 } },
    '(not permitted)|-|12|-',
  ],
  ['an ended owner', { owner: { kind: 'unknown', because: 'gone' } }, '(ended)|-|root|-'],
])('names %s', (_what, more, expected) => {
  expect(
    lines(listener('0.0.0.0', 443, more))[0]!
      .split(/ {2,}/)
      .slice(5)
      .join('|'),
  ).toBe(expected);
});

it('shows the protocol of a raw socket, which has no port', () => {
  const local = { address: '0.0.0.0', transport: 'raw', port: 1 } as const;
  expect(lines(listener('', 0, { local }))[0]).toMatch(/^ip 1 +raw +- +every IPv4 address/);
});

it('gives programs every field', () => {
  const report = reportOf(
    listener('::1', 53, {
      ...loopback,
      acceptsIPv4: 'no',
      owner: { kind: 'unknown', because: 'hidden-processes' },
    }),
  );
  const json = JSON.parse(
    [
      ...renderReport(report, 'json', { ability: { width: 80, colour: false, unicode: true } }),
    ].join(''),
  );
  expect(json).toMatchObject({ schema: 'portreeve/sockets/1', facts: { sockets: 1, loopback: 1 } });
  expect(json.sockets).toEqual([
    {
      port: 53,
      transport: 'tcp',
      service: 'domain',
      exposure: 'loopback',
      firewall: null,
      network: null,
      address: '::1',
      state: 'listening',
      acceptsIPv4: 'no',
      owner: 'unknown',
      ownerUnknownBecause: 'hidden-processes',
      pids: [],
      place: [],
      user: { uid: 0, name: 'root' },
      processes: [],
      device: null,
      backlog: null,
      activation: null,
      seenMs: 0,
      locator: '/proc/net/tcp inode 1',
    },
  ]);
});

it('lists our own network first, then each other one by itself', () => {
  const rows = reportOf(
    listener('0.0.0.0', 1, { network: 'blue' }),
    listener('127.0.0.1', 2, loopback),
    listener('0.0.0.0', 3, { network: 'amber' }),
    listener('127.0.0.1', 4, { ...loopback, network: 'amber' }),
    listener('0.0.0.0', 5),
  ).tables[0]!.rows as Iterable<Listener>;
  expect([...rows].map(({ local }) => local.port)).toEqual([5, 2, 3, 4, 1]);
});
