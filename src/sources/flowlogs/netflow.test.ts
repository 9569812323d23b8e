import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brief } from '../../../test/builders/read-log.ts';
import type { Verdict } from '../../model/verdict.ts';
import { logNotes } from '../logs/log-notes.ts';
import { LogReader } from '../logs/log-reader.ts';
import { NetflowDecoder } from './netflow.ts';

const octets = (...parts: (readonly [size: number, value: number])[]): number[] =>
  parts.flatMap(([size, value]) =>
    Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256),
  );

/** A datagram of version 5 with one record that begins 60 s after the exporter did. */
const FIVE = [
  ...octets([2, 5], [2, 1], [4, 120_000], [4, 1_791_021_720], [4, 0], [4, 7], [2, 0], [2, 0]),
  ...[10, 0, 1, 10, 192, 0, 2, 80, 0, 0, 0, 0],
  ...octets([2, 3], [2, 4], [4, 5], [4, 420], [4, 60_000], [4, 61_000], [2, 50_112], [2, 443]),
  ...octets([1, 0], [1, 2], [1, 6], [1, 0], [2, 0], [2, 0], [2, 0], [2, 0]),
];

/** IPFIX: a template with addresses, ports, protocol and firewall event, and one denied flow. */
const TEMPLATE = octets(
  ...([
    [2, 2],
    [2, 32],
    [2, 256],
    [2, 6],
  ] as const),
  ...([
    [2, 8],
    [2, 4],
    [2, 12],
    [2, 4],
    [2, 7],
    [2, 2],
    [2, 11],
    [2, 2],
  ] as const),
  ...([
    [2, 4],
    [2, 1],
    [2, 233],
    [2, 1],
  ] as const),
);
const DATA = [
  ...octets([2, 256], [2, 18]),
  ...[198, 51, 100, 7, 10, 0, 2, 20, ...octets([2, 40_112], [2, 22]), 6, 3],
];
const ipfix = (...sets: number[][]): number[] => {
  const body = sets.flat();
  return [...octets([2, 10], [2, 16 + body.length], [4, 1_791_021_720], [4, 0], [4, 1]), ...body];
};

async function read(bytes: readonly number[]) {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LogReader(
    { nowMs: 0, seed: 1, standardInput: Readable.from([Buffer.from(bytes)]) },
    (batch) => {
      for (let row = 0; row < batch.count; row++) verdicts.push(brief(batch.verdictAt(row, ['-'])));
    },
  );
  await reader.read(['-']);
  return { verdicts, reader };
}

describe('files of datagrams', () => {
  it('of version 5', async () => {
    const { verdicts, reader } = await read([...FIVE, ...FIVE]);
    expect(verdicts).toHaveLength(2);
    expect(verdicts[1]).toEqual({
      ...{ format: 'netflow', action: 'unknown', event: 'summary', transport: 'tcp' },
      ...{ source: '10.0.1.10', sourcePort: 50_112, destination: '192.0.2.80' },
      ...{ destinationPort: 443, initiator: 'source', tcpFlags: 2, inInterface: 'if 3' },
      ...{ outInterface: 'if 4', packets: 5, bytes: 420, timeMs: 1_791_021_660_000 },
      locator: '-:2',
    });
    expect(reader.tally).toMatchObject({ lines: 2, read: 2 });
  });

  it('of IPFIX with a firewall event', async () => {
    const { verdicts } = await read([...ipfix(TEMPLATE), ...ipfix(DATA)]);
    expect(verdicts).toMatchObject([
      {
        ...{ action: 'deny', transport: 'tcp', source: '198.51.100.7', sourcePort: 40_112 },
        ...{ destination: '10.0.2.20', destinationPort: 22, initiator: 'source' },
      },
    ]);
  });

  it('without a template: the gap is said', async () => {
    const { verdicts, reader } = await read(ipfix(DATA));
    expect(verdicts).toEqual([]);
    expect(logNotes(reader)).toMatchObject([{ id: 'template-missing', missing: true }]);
  });

  it('cut short: what came before is kept, and the cut is said', async () => {
    const { verdicts, reader } = await read([...FIVE, ...FIVE.slice(0, 40)]);
    expect(verdicts).toHaveLength(1);
    expect([...reader.tally.faults.values()]).toMatchObject([{ what: 'cut-off', lines: 1 }]);
  });
});

it('keeps little of data that waits, and gives it out once', () => {
  // Every set of the smallest kind, with nothing or one octet in it, for each of the templates.
  const sets = (octetsEach: number): number[] =>
    Array.from({ length: 8000 }, (_, index) => [
      ...octets([2, 256 + index], [2, 4 + octetsEach]),
      ...Array.from({ length: octetsEach }, () => 1),
    ]).flat();
  let flows = 0;
  const decoder = new NetflowDecoder(() => flows++);
  const [empty, full] = [sets(0), sets(1)].map((each) => Uint8Array.from(ipfix(each)));
  for (let round = 0; round < 3; round++) {
    decoder.read(empty!);
    decoder.read(full!);
  }
  const [domain] = decoder.domains.list;
  const waiting = [...domain!.waiting.values()].reduce((sum, { length }) => sum + length, 0);
  expect(domain!.withoutTemplate).toBe(48_000);
  expect(waiting).toBeLessThan(20_000);
  const templates = Array.from({ length: 8000 }, (_, index) =>
    octets([2, 256 + index], [2, 1], [2, 4], [2, 1]),
  ).flat();
  const set = [...octets([2, 2], [2, 4 + templates.length]), ...templates];
  // A datagram has 65,535 octets at the most.
  decoder.read(Uint8Array.from(ipfix(set)));
  expect(flows).toBe(waiting);
  expect(domain!.waiting.size).toBe(0);
});

it('survives whatever is in a datagram', () => {
  const start = fc.constantFrom(5, 9, 10);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (version, rest) => {
      const decoder = new NetflowDecoder(() => {});
      const length = decoder.readAll(Uint8Array.from([0, version, ...rest]));
      expect(length).toBeLessThanOrEqual(rest.length + 2);
      decoder.readAll(Uint8Array.from([...ipfix(TEMPLATE), 0, version, ...rest]));
    }),
  );
});
