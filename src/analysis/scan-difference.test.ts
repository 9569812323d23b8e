import { describe, expect, it } from 'vitest';
import type { PortStateName } from '../model/port-state.ts';
import type { ScannedHost, ScanRecord } from '../model/scanned-host.ts';
import { compareScans } from './scan-difference.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';

function host(
  address: string,
  open: readonly number[],
  closed = '',
  state: PortStateName = 'closed',
): ScannedHost {
  return {
    kind: 'host',
    address,
    names: [],
    status: 'up',
    statusReason: 'echo-reply',
    ports: open.map((port) => ({
      kind: 'port',
      target: { address, transport: 'tcp', port },
      state: 'open',
      reason: 'syn-ack',
      attempts: 1,
    })),
    groups:
      closed === '' ? [] : [{ transport: 'tcp', state, reason: 'reset', count: 1, ports: closed }],
  };
}

function record(hosts: readonly ScannedHost[], asked = '1-100', scanner = 'portreeve'): ScanRecord {
  return {
    scanner,
    asked: asked === '' ? [] : [{ transport: 'tcp', ports: asked }],
    hosts,
    hostsDown: 0,
  };
}

function changes(before: ScanRecord, after: ScanRecord, targets = [A, B]): string[] {
  const { ports, hosts } = compareScans(before, after, (address) => targets.includes(address));
  return [
    ...ports.map(
      (each) => `${each.change} ${each.address}:${each.port} ${each.before}>${each.after}`,
    ),
    ...hosts.map((each) => `${each.change} ${each.address}`),
  ];
}

describe('two scans', () => {
  it.each([
    ['of the same', [host(A, [22], '1-21,23-100')], [host(A, [22], '1-21,23-100')], []],
    ['with a new port', [host(A, [22], '80')], [host(A, [22, 80])], [`opened ${A}:80 closed>open`]],
    ['with one less', [host(A, [22, 80])], [host(A, [22], '80')], [`closed ${A}:80 open>closed`]],
    [
      'with a port that fell silent',
      [host(A, [22])],
      [host(A, [], '22', 'filtered')],
      [`closed ${A}:22 open>filtered`],
    ],
    [
      'with a host that came',
      [],
      [host(A, [22])],
      [`opened ${A}:22 host-down>open`, `appeared ${A}`],
    ],
    [
      'with a host that went',
      [host(A, [22])],
      [],
      [`closed ${A}:22 open>host-down`, `vanished ${A}`],
    ],
    [
      'with other silence',
      [host(A, [22], '80', 'filtered')],
      [host(A, [22], '80', 'open|filtered')],
      [],
    ],
  ])('%s', (_name, before, after, expected) => {
    expect(changes(record(before), record(after))).toEqual(expected);
  });

  it('say nothing of ports that one of them did not ask', () => {
    const before = record([host(A, [22])], '22');
    expect(changes(before, record([host(A, [22, 80])], '1-100'))).toEqual([]);
    const { ports, notAsked } = compareScans(
      record([host(A, [22, 80])]),
      record([host(A, [22])], '22'),
      () => true,
    );
    expect(ports).toEqual([]);
    expect(notAsked).toBe(1);
  });

  it('say nothing of addresses that are no target now', () => {
    const { hosts, notAsked } = compareScans(
      record([host(A, [1, 2]), host(B, [3])]),
      record([host(B, [3])]),
      (address) => address === B,
    );
    expect(hosts).toEqual([]);
    expect(notAsked).toBe(2);
  });

  it('take a list of open ports for a scan of everything', () => {
    const before = record([host(A, [22])], '', 'masscan');
    expect(changes(before, record([host(A, [22, 80])]))).toEqual([
      `opened ${A}:80 not-listed>open`,
    ]);
    expect(changes(record([], '', 'masscan'), record([host(A, [80])]))).toEqual([
      `opened ${A}:80 host-down>open`,
      `appeared ${A}`,
    ]);
  });

  it('stand what is no list of ports', () => {
    const odd = host(A, [22], 'x-y,,99999');
    expect(changes(record([odd], 'nonsense'), record([host(A, [22])]))).toEqual([]);
  });
});
