import { describe, expect, it } from 'vitest';
import type { ScannedHost, ScanRecord } from '../../model/scanned-host.ts';
import { scanSide } from './from-scan.ts';

const host = (address: string, more: Partial<ScannedHost> = {}): ScannedHost => ({
  kind: 'host',
  address,
  names: [],
  status: 'up',
  statusReason: 'user-set',
  ports: [
    {
      kind: 'port',
      target: { address, transport: 'tcp', port: 22 },
      state: 'open',
      reason: 'syn-ack',
      ttl: 64,
      attempts: 1,
    },
  ],
  groups: [{ transport: 'tcp', state: 'closed', reason: 'reset', count: 4, ports: '21-24' }],
  ...more,
});
const record = (...hosts: ScannedHost[]): ScanRecord => ({
  scanner: 'nmap',
  asked: [],
  hosts,
  hostsDown: 0,
  endMs: 5000,
});

describe('a scan as one side', () => {
  it('has each port once, with where to look again', () => {
    const { network } = scanSide(record(host('192.0.2.1')), 'scan.xml', undefined, 0) ?? {};
    expect(network?.ports.map(({ port, state, ttl }) => [port, state, ttl])).toEqual([
      [22, 'open', 64],
      [21, 'closed', undefined],
      [23, 'closed', undefined],
      [24, 'closed', undefined],
    ]);
    expect(network?.ports[0]?.evidence).toEqual({
      source: 'scan',
      seenMs: 5000,
      locator: 'scan.xml 192.0.2.1 tcp/22',
    });
    expect(network?.vantage).toEqual({ kind: 'unknown', name: 'scan.xml' });
  });

  it.each<[string, ScannedHost[], string[] | undefined, string[] | undefined]>([
    ['the only host', [host('192.0.2.1')], undefined, ['192.0.2.1']],
    ['one of two', [host('192.0.2.1'), host('192.0.2.2')], ['192.0.2.2'], ['192.0.2.2']],
    [
      'both addresses of a host',
      [host('192.0.2.1'), host('2001:db8::1')],
      ['192.0.2.1', '2001:db8::1'],
      ['192.0.2.1', '2001:db8::1'],
    ],
    [
      'nobody when two could be meant',
      [host('192.0.2.1'), host('192.0.2.2')],
      undefined,
      undefined,
    ],
    ['nobody when none is meant', [host('192.0.2.1')], ['192.0.2.9'], undefined],
    [
      'the one that is up',
      [host('192.0.2.1'), host('192.0.2.2', { status: 'down', ports: [] })],
      undefined,
      ['192.0.2.1'],
    ],
  ])('is of %s', (_what, hosts, addresses, expected) => {
    expect(scanSide(record(...hosts), 's', addresses, 0)?.addresses).toEqual(expected);
  });

  it('knows where everything answers', () => {
    const uniform = {
      transport: 'tcp',
      open: 9,
      asked: 9,
      controlOpen: 9,
      controlAsked: 9,
    } as const;
    expect(
      scanSide(record(host('192.0.2.1', { uniform })), 's', undefined, 0)?.network.uniform,
    ).toEqual(['192.0.2.1']);
  });
});
