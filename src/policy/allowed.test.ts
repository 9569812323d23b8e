import { describe, expect, it } from 'vitest';
import type { Verdict } from '../model/verdict.ts';
import { AllowedLines } from './allowed.ts';

const LINE: Verdict = {
  ...{ kind: 'verdict', format: 'netfilter', action: 'allow', event: 'packet', count: 1 },
  ...{ transport: 'tcp', source: '10.0.1.10', sourcePort: 50_000 },
  ...{ destination: '10.0.2.20', destinationPort: 1433, initiator: 'source', direction: 'none' },
  ...{ tcpFlags: null, group: false, rule: null, inInterface: null, outInterface: null },
  ...{ inZone: null, outZone: null, device: null, application: null, reason: null },
  ...{ packets: null, bytes: null, packetsBack: null, bytesBack: null, timeMs: 1000 },
  locator: 'fw.log:7',
};
/** The same connection as its server's packets tell it. */
const TURNED: Partial<Verdict> = {
  ...{ source: '10.0.2.20', sourcePort: 1433, destination: '10.0.1.10', destinationPort: 50_000 },
  initiator: 'destination',
};

function told(...lines: readonly Partial<Verdict>[]) {
  const flows: string[] = [];
  const allowed = new AllowedLines(
    (flow, answer) => {
      const { client, server, serverPort, firstMs, lastMs, locator } = flow;
      flows.push(`${client} ${server}:${serverPort} ${firstMs}-${lastMs} ${answer} ${locator}`);
    },
    7_000,
    2,
  );
  for (const line of lines) allowed.add({ ...LINE, ...line });
  allowed.finish();
  return { flows, allowed };
}

describe('AllowedLines', () => {
  it.each<[string, readonly Partial<Verdict>[], string]>([
    ['a first packet', [{ tcpFlags: 2 }], 'unknown'],
    ['a SYN-ACK from the server', [{ ...TURNED, tcpFlags: 18 }], 'seen'],
    ['a reset from the server', [{ ...TURNED, tcpFlags: 20 }], 'unknown'],
    ['an answer of UDP', [{ ...TURNED, transport: 'udp' }], 'seen'],
    ['a SYN, then its SYN-ACK', [{ tcpFlags: 2 }, { ...TURNED, tcpFlags: 18 }], 'seen'],
    ['packets back', [{ packetsBack: 4, bytesBack: 300 }], 'seen'],
    ['octets back', [{ bytesBack: 512 }], 'seen'],
    ['what three resets may be', [{ packetsBack: 3, bytesBack: 120 }], 'unknown'],
    ['one datagram back', [{ transport: 'udp', packetsBack: 1, bytesBack: 60 }], 'seen'],
    ['nothing back at the end', [{ event: 'end', packetsBack: 0, bytesBack: 0 }], 'none'],
    ['nothing back yet', [{ event: 'open', packetsBack: 0, bytesBack: 0 }], 'unknown'],
    ['both ends closed', [{ event: 'end', reason: 'TCP FINs from inside' }], 'seen'],
    ['closed, by another device', [{ event: 'end', reason: 'tcp-fin' }], 'seen'],
    ['a handshake in vain', [{ event: 'end', reason: 'SYN Timeout' }], 'unknown'],
    ['a word that only looks like it', [{ reason: 'unfinished' }], 'unknown'],
    ['open, then its end', [{ event: 'open' }, { event: 'end', reason: 'TCP FINs' }], 'seen'],
    ['an answer, then silence', [{ packetsBack: 9 }, { packetsBack: 0, event: 'end' }], 'seen'],
  ])('knows from %s whether the server answered', (_name, lines, answer) => {
    expect(told(...lines).flows).toEqual([`10.0.1.10 10.0.2.20:1433 1000-1000 ${answer} fw.log:7`]);
  });

  it('takes lines far apart as two connections, and hands on the oldest when full', () => {
    const later = { timeMs: 301_000, locator: 'fw.log:9' };
    expect(
      told({}, { timeMs: 5000 }, { timeMs: 305_000, ...{ locator: 'fw.log:8' } }).flows,
    ).toEqual([
      '10.0.1.10 10.0.2.20:1433 1000-5000 unknown fw.log:7',
      '10.0.1.10 10.0.2.20:1433 305000-305000 unknown fw.log:8',
    ]);
    const ports = [1, 2, 3].map((destinationPort) => ({ destinationPort }));
    expect(told(...ports, later).flows.map((text) => text.split(' ')[1])).toEqual([
      ...['10.0.2.20:1', '10.0.2.20:2', '10.0.2.20:3', '10.0.2.20:1433'],
    ]);
  });

  it('dates what names no time by the reading, and counts it', () => {
    const { flows, allowed } = told({ timeMs: null });
    expect(flows).toEqual(['10.0.1.10 10.0.2.20:1433 7000-7000 unknown fw.log:7']);
    expect(allowed.undated).toBe(1);
  });

  it('makes no connection of what does not say who began, and counts it', () => {
    const lines = [
      { initiator: 'unknown', locator: 'fw.log:3' },
      { initiator: 'unknown' },
      { action: 'deny' },
      { action: 'unknown' },
      ...[{ source: null }, { destination: null }, { transport: null }],
    ] as const;
    const { flows, allowed } = told(...lines);
    expect(flows).toEqual([]);
    const { denied, undirected, firstUndirected, unusable } = allowed;
    expect({ allowed: allowed.allowed, denied, undirected, firstUndirected, unusable }).toEqual({
      ...{ allowed: 5, denied: 1, undirected: 2, firstUndirected: 'fw.log:3', unusable: 3 },
    });
  });
});
