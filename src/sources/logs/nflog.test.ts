import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brief } from '../../../test/builders/read-log.ts';
import type { Verdict } from '../../model/verdict.ts';
import { LineReader } from './line-reader.ts';
import { NflogRows } from './nflog.ts';

/** One attribute, padded: length and type in the machine's order. */
function attribute(type: number, value: readonly number[]): number[] {
  const length = 4 + value.length;
  const padding = Array.from({ length: (4 - (length & 3)) & 3 }, () => 0);
  return [length & 255, length >> 8, type & 255, type >> 8, ...value, ...padding];
}

const big = (value: number, octets = 4): number[] =>
  Array.from({ length: octets }, (_, at) => Math.floor(value / 256 ** (octets - 1 - at)) % 256);
const text = (value: string): number[] => [...new TextEncoder().encode(value), 0];
const header = (hook: number, protocol = 0x0800): number[] =>
  attribute(1, [...big(protocol, 2), hook, 0]);
const group5 = [2, 0, 0, 5];

const ports = [...big(50_112, 2), ...big(443, 2)];
const tcp = (flags: number): number[] => [
  ...ports,
  ...big(1),
  ...big(0),
  0x50,
  flags,
  0,
  0,
  0,
  0,
  0,
  0,
];
const four = (protocol: number, rest: readonly number[], fragment = 0): number[] => [
  ...[0x45, 0, ...big(20 + rest.length, 2), 0, 1, ...big(fragment, 2), 64, protocol, 0, 0],
  ...[10, 0, 0, 7, 192, 0, 2, 80, ...rest],
];
const six = (next: number, rest: readonly number[]): number[] => [
  ...[0x60, 0, 0, 0, ...big(rest.length, 2), next, 64],
  ...[0xfd, ...Array.from({ length: 14 }, () => 0), 7, 0x20, 1, 0x0d, 0xb8],
  ...[...Array.from({ length: 11 }, () => 0), 1, ...rest],
];
const message = (...attributes: readonly number[][]): Uint8Array =>
  Uint8Array.from([...group5, ...attributes.flat()]);

function read(...messages: readonly Uint8Array[]) {
  const verdicts: Partial<Verdict>[] = [];
  const lines = new LineReader({ seed: 1 }, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      verdicts.push(brief(batch.verdictAt(row, ['nflog 5'])));
    }
  });
  const rows = new NflogRows(lines, (index) => `eth${index}`, 'nflog 5');
  for (const bytes of messages) {
    rows.read(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, 1000);
  }
  lines.flush();
  return { verdicts, tally: lines.tally, lost: rows.lost };
}

const SYN = message(
  header(2),
  attribute(4, big(1)),
  attribute(5, big(2)),
  attribute(9, four(6, tcp(2))),
  attribute(10, text('FW-DROP: ')),
  attribute(12, big(0)),
);

describe('packets that the kernel logs', () => {
  it.each<[string, Uint8Array, Partial<Verdict>]>([
    [
      'a forwarded connection attempt',
      SYN,
      {
        ...{ format: 'nflog', action: 'deny', rule: 'FW-DROP', direction: 'forward' },
        ...{ transport: 'tcp', source: '10.0.0.7', sourcePort: 50_112, destinationPort: 443 },
        ...{ destination: '192.0.2.80', tcpFlags: 2, initiator: 'source', bytes: 40, packets: 1 },
        ...{ inInterface: 'eth1', outInterface: 'eth2', timeMs: 1000, locator: 'nflog 5:1' },
      },
    ],
    [
      'a datagram of a local socket, with its time and owner',
      message(
        header(3),
        attribute(3, [...big(1_790_000_000, 8), ...big(250_999, 8)]),
        attribute(5, big(2)),
        attribute(9, four(17, [...ports, 0, 8, 0, 0])),
        attribute(10, text('ACCEPT')),
        attribute(11, big(33)),
        attribute(14, big(34)),
      ),
      {
        ...{ action: 'allow', direction: 'outbound', transport: 'udp', destinationPort: 443 },
        ...{ timeMs: 1_790_000_000_250, inZone: 'uid 33 gid 34' },
      },
    ],
    [
      'a SYN-ACK before it is routed',
      message(header(0), attribute(4, big(1)), attribute(9, four(6, tcp(18)))),
      { action: 'unknown', tcpFlags: 18, initiator: 'destination', inInterface: 'eth1' },
    ],
    [
      'an echo request, sent to a group of stations',
      message(
        header(1),
        attribute(9, four(1, [8, 0, 0, 0])),
        attribute(16, [1, 0, 0x5e, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8, 0]),
      ),
      { transport: 'icmp', sourcePort: 8, destinationPort: 0, group: true, direction: 'inbound' },
    ],
    [
      'a later fragment, which has no ports',
      message(header(2), attribute(9, four(17, [1, 2, 3, 4], 185))),
      { transport: 'udp', source: '10.0.0.7' },
    ],
    [
      'IPv6 behind extension headers',
      message(
        header(2, 0x86dd),
        attribute(9, six(0, [60, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, ...tcp(2)])),
      ),
      {
        transport: 'tcp',
        source: 'fd00::7',
        destination: '2001:db8::1',
        destinationPort: 443,
        bytes: 76,
      },
    ],
    [
      'a later fragment of IPv6',
      message(header(2, 0x86dd), attribute(9, six(44, [17, 0, 0, 8, 0, 0, 0, 1, 9, 9, 9, 9]))),
      { transport: 'udp', source: 'fd00::7' },
    ],
    [
      'another protocol',
      message(header(2), attribute(9, four(47, [0, 0, 8, 0]))),
      { transport: 'ip-47' },
    ],
  ])('%s', (_, bytes, wanted) => {
    const { verdicts, tally } = read(bytes);
    expect(verdicts).toMatchObject([wanted]);
    if (!('destinationPort' in wanted || 'tcpFlags' in wanted))
      expect(verdicts[0]!.destinationPort ?? null).toBeNull();
    expect([tally.lines, tally.read]).toEqual([1, 1]);
  });

  it.each<[string, Uint8Array, 'silent' | 'faults']>([
    ['ARP', message(header(1, 0x0806), attribute(9, [0, 1, 8, 0])), 'silent'],
    ['no packet', message(header(1)), 'silent'],
    ['a cut header', message(header(1), attribute(9, four(6, tcp(2)).slice(0, 19))), 'faults'],
    ['cut ports', message(header(1), attribute(9, four(6, [1, 2]))), 'faults'],
    ['an attribute beyond the end', SYN.subarray(0, SYN.length - 5), 'faults'],
    ['an attribute cut within its value', SYN.subarray(0, SYN.length - 2), 'faults'],
    ['nothing', new Uint8Array(0), 'faults'],
  ])('%s is counted', (_, bytes, kind) => {
    const { verdicts, tally } = read(bytes);
    expect(verdicts).toEqual([]);
    expect([tally[kind].size, tally.lines]).toEqual([1, 1]);
  });

  it('that sequence numbers skip are counted, round the end too', () => {
    const numbered = (number: number) =>
      message(header(1), attribute(9, four(6, tcp(2))), attribute(12, big(number)));
    expect(read(...[0, 1, 5, 6, 0].map(numbered)).lost).toBe(3);
    const { lost } = read(...[2 ** 31 - 1, 2 ** 32 - 2, 2 ** 32 - 1, 0, 1].map(numbered));
    expect(lost).toBe(2 ** 31 - 1 + 2 ** 31 - 2);
  });

  it('are never beyond the message, whatever it holds', () => {
    const mutated = fc.tuple(
      fc.nat(SYN.length),
      fc.array(fc.tuple(fc.nat(SYN.length - 1), fc.nat(255)), { maxLength: 4 }),
    );
    fc.assert(
      fc.property(mutated, ([length, changes]) => {
        const bytes = SYN.slice(0, length);
        for (const [at, octet] of changes) if (at < length) bytes[at] = octet;
        const { tally } = read(bytes);
        const counted = [...tally.faults.values(), ...tally.silent.values()];
        expect(tally.read + counted.reduce((sum, { lines }) => sum + lines, 0)).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});
