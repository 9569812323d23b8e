import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionState } from '../model/connection.ts';
import { exposureOf } from '../model/exposure.ts';
import type { Listener } from '../model/listener.ts';
import { parseAddress } from '../net/address.ts';
import { SocketFlows } from './socket-flows.ts';

const owner = { kind: 'unknown', because: 'not-shown' } as const;
let line = 0;

function end(text: string): { address: string; port: number } {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

function listening(local: string, more: Partial<Listener> = {}): Listener {
  const { address, port } = end(local);
  return {
    ...{ kind: 'listener', local: { address, port, transport: 'tcp' }, state: 'listening' },
    ...{ exposure: exposureOf(parseAddress(address)!), acceptsIPv4: 'yes', owner },
    evidence: { source: 'ss', seenMs: 0, locator: 'ss.txt:1' },
    ...more,
  } as Listener;
}

function talking(
  local: string,
  remote: string,
  state: ConnectionState = 'established',
  more: Partial<Connection> = {},
): Connection {
  return {
    ...{ kind: 'connection', local: { ...end(local), transport: 'tcp' }, remote: end(remote) },
    ...{ state, owner, evidence: { source: 'ss', seenMs: 1000, locator: `ss.txt:${++line}` } },
    ...more,
  };
}

function told(listeners: readonly Listener[], ...looks: (readonly Connection[])[]) {
  const lines: string[] = [];
  const flows = new SocketFlows(({ client, server, serverPort, direction }, answer) => {
    const { reason, confidence } = direction;
    lines.push(`${client} > ${server}:${serverPort} ${reason} ${confidence} ${answer}`);
  });
  for (const connections of looks) flows.add({ listeners, connections });
  flows.finish();
  return { lines, flows };
}

const WEB = listening('0.0.0.0:443');
const SIX = listening(':::443', { acceptsIPv4: 'no' });
const UDP = { local: { address: '10.0.1.10', port: 5353, transport: 'udp' } } as const;

describe('who talks to whom, by sockets', () => {
  it.each<[string, readonly Listener[], Connection, string]>([
    [
      'the listening end serves',
      [WEB],
      talking('10.0.1.10:443', '192.0.2.9:50000'),
      '192.0.2.9 > 10.0.1.10:443 listener certain seen',
    ],
    [
      'an end without a listener called',
      [WEB],
      talking('10.0.1.10:40112', '10.0.2.20:1433'),
      '10.0.1.10 > 10.0.2.20:1433 no-listener likely seen',
    ],
    [
      'nothing is known where no listeners were shown',
      [],
      talking('10.0.1.10:40112', '10.0.2.20:1433'),
      '10.0.1.10 > 10.0.2.20:1433 no-listener unknown seen',
    ],
    [
      'a listener of another address does not serve',
      [listening('127.0.0.1:443')],
      talking('10.0.1.10:443', '192.0.2.9:50000'),
      '192.0.2.9 > 10.0.1.10:443 no-listener unknown seen',
    ],
    [
      'an IPv6 listener that takes no IPv4 does not serve IPv4',
      [SIX],
      talking('10.0.1.10:8443', '192.0.2.9:443'),
      '10.0.1.10 > 192.0.2.9:443 no-listener likely seen',
    ],
    [
      'an IPv6 listener serves IPv6',
      [SIX],
      talking('2001:db8::1:443', '2001:db8::9:50000'),
      '2001:db8::9 > 2001:db8::1:443 listener certain seen',
    ],
    [
      'a listener in another network namespace does not serve',
      [listening('0.0.0.0:443', { network: 'c1' })],
      talking('10.0.1.10:443', '192.0.2.9:50000'),
      '192.0.2.9 > 10.0.1.10:443 no-listener unknown seen',
    ],
    [
      'who waits for the first answer called',
      [listening('0.0.0.0:40114')],
      talking('10.0.1.10:40114', '10.0.2.21:5432', 'syn-sent'),
      '10.0.1.10 > 10.0.2.21:5432 syn-sent certain none',
    ],
    [
      'a half-open connection comes from outside',
      [],
      talking('10.0.1.10:443', '192.0.2.9:50000', 'syn-received'),
      '192.0.2.9 > 10.0.1.10:443 listener certain unknown',
    ],
    [
      'an ended connection was one',
      [WEB],
      talking('10.0.1.10:40112', '10.0.2.20:1433', 'time-wait'),
      '10.0.1.10 > 10.0.2.20:1433 no-listener likely seen',
    ],
    [
      'a UDP socket with a peer proves no answer',
      [listening('0.0.0.0:53', { local: { address: '0.0.0.0', port: 53, transport: 'udp' } })],
      talking('10.0.1.10:1', '10.0.2.10:53', 'connected', UDP),
      '10.0.1.10 > 10.0.2.10:53 no-listener likely unknown',
    ],
    [
      'a mapped or scoped peer is written as others write it',
      [WEB],
      talking('10.0.1.10:443', '::ffff:192.0.2.9:50000'),
      '192.0.2.9 > 10.0.1.10:443 listener certain seen',
    ],
  ])('%s', (_, listeners, connection, expected) => {
    expect(told(listeners, [connection]).lines).toEqual([expected]);
  });

  it('counts what stays over several looks once, with its best answer', () => {
    const asked = talking('10.0.1.10:40114', '10.0.2.21:5432', 'syn-sent');
    const open = talking('10.0.1.10:40114', '10.0.2.21:5432');
    const { lines, flows } = told([WEB], [asked], [open], [open], [], [open]);
    expect(lines).toEqual([
      '10.0.1.10 > 10.0.2.21:5432 syn-sent certain seen',
      '10.0.1.10 > 10.0.2.21:5432 no-listener likely seen',
    ]);
    expect(flows.connections).toBe(2);
  });

  it('takes the two ends of a connection on one host for one connection', () => {
    const ends = [
      talking('10.0.1.10:40000', '10.0.1.11:443', 'established', { network: 'c1' }),
      talking('10.0.1.11:443', '10.0.1.10:40000'),
    ];
    expect(told([WEB], ends).lines).toEqual(['10.0.1.10 > 10.0.1.11:443 listener certain seen']);
  });

  it('counts what says nothing once, and where it stands', () => {
    const named = talking('10.0.1.10:40000', 'db.example:5432');
    const odd = talking('10.0.1.10:40001', '10.0.2.20:1433', 'unknown');
    const { lines, flows } = told([WEB], [named, odd], [named]);
    expect(lines).toEqual([]);
    expect(flows).toMatchObject({
      ...{ connections: 2, unusable: 2, undirected: 0 },
      firstUnusable: named.evidence.locator,
    });
  });
});
