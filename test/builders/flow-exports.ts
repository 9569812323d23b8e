/**
 * For tests: datagrams of flow export written as hexadecimal text with comments, as captures.
 *
 *   # what it is about
 *   @ 192.0.2.1 2026-10-03T10:02:00Z      who sends the next datagram, and when
 *   0005 0001  # version, count
 */
import { Readable } from 'node:stream';
import type { Verdict } from '../../src/model/verdict.ts';
import type { ExportDomain } from '../../src/sources/flowlogs/export-domains.ts';
import { logNotes } from '../../src/sources/logs/log-notes.ts';
import { LogReader } from '../../src/sources/logs/log-reader.ts';
import { concat, pcapHeader, pcapRecord } from './capture.ts';
import { ether, ipv4, udp } from './packet.ts';
import { brief } from './read-log.ts';

export interface SentDatagram {
  readonly exporter: string;
  readonly seconds: number;
  readonly bytes: Uint8Array;
}

export function parseDatagrams(text: string): SentDatagram[] {
  const parts = text.split(/^@ /m).slice(1);
  return parts.map((part) => {
    const [head = '', ...lines] = part.split('\n');
    const [exporter = '', time = ''] = head.split(' ');
    const hex = lines.map((line) => line.replace(/#.*/, '')).join('');
    return {
      exporter,
      seconds: Date.parse(time) / 1000,
      bytes: Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex')),
    };
  });
}

/** A pcap file of them, sent to the port of a collector. */
export function captureOf(datagrams: readonly SentDatagram[], port = 2055): Uint8Array {
  return concat(
    pcapHeader(),
    ...datagrams.map(({ exporter, seconds, bytes }, id) =>
      pcapRecord(
        ether({}, ipv4({ src: exporter, dst: '192.0.2.250', id }, udp({ dport: port }, bytes))),
        { seconds },
      ),
    ),
  );
}

/** What a twin holds. Members of a domain that are zero are left out. */
export interface ExportReading {
  readonly verdicts: readonly Partial<Verdict>[];
  readonly exporters: readonly Readonly<Record<string, unknown>>[];
  readonly faults: Readonly<Record<string, number>>;
  readonly others: Readonly<Record<string, number>>;
  /** Ids of what could not be seen. */
  readonly notes?: readonly string[];
}

/** Reads a capture; its locators begin with `datagrams.pcap`. */
export async function readExports(capture: Uint8Array, port?: number): Promise<ExportReading> {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LogReader(
    {
      ...{ nowMs: 0, seed: 5, standardInput: Readable.from([Buffer.from(capture)]) },
      ...(port === undefined ? {} : { flowPorts: [port] }),
    },
    (batch) => {
      for (let row = 0; row < batch.count; row++) {
        verdicts.push(brief(batch.verdictAt(row, ['datagrams.pcap'])));
      }
    },
  );
  await reader.read(['-']);
  const { faults, others } = reader.tally;
  const lines = (kinds: typeof faults) =>
    Object.fromEntries([...kinds].map(([key, kind]) => [key, kind.lines]));
  const notes = logNotes(reader)
    .map(({ id }) => id)
    .filter((id) => id !== 'unparsed-lines' && id !== 'no-flow-export');
  return {
    verdicts,
    exporters: (reader.flows?.exports.domains.list ?? []).map(briefDomain),
    faults: lines(faults),
    others: lines(others),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

const COUNTS = [
  ...['optionRecords', 'withoutTemplate', 'lost', 'late', 'restarts', 'counterSamples'],
  ...['sampleDrops', 'sampledRecords'],
] as const satisfies (keyof ExportDomain)[];

function briefDomain(domain: ExportDomain): Record<string, unknown> {
  const { exporter, protocol, id, datagrams, records, greatestRate } = domain;
  return {
    ...{ exporter, protocol, id, datagrams, records },
    ...(greatestRate > 1 ? { greatestRate } : {}),
    ...Object.fromEntries(COUNTS.flatMap((key) => (domain[key] === 0 ? [] : [[key, domain[key]]]))),
  };
}
