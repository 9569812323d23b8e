/** A small report with everything in it, for the tests of this folder. */
import { bytes, count, isoTime } from './numbers.ts';
import type { Report } from './report.ts';
import type { Card, Table } from './table.ts';

export interface Row {
  readonly port: number;
  readonly name: string | null;
  readonly packets: number;
  readonly octets: number;
  readonly confirmed: boolean;
  readonly process: string;
  readonly firstMs: number;
  readonly reason: string;
}

export const ROWS: readonly Row[] = [
  {
    port: 443,
    name: 'https',
    packets: 1_204_331,
    octets: 1.4e9,
    confirmed: true,
    process: 'nginx: worker process',
    firstMs: 1_763_800_000_123,
    reason: 'syn',
  },
  {
    port: 49_667,
    name: null,
    packets: 3,
    octets: 180,
    confirmed: false,
    process: '=évil\u001b[2J, "quoted" | <b>',
    firstMs: 1_763_800_000_999,
    reason: 'port class',
  },
];

export function portTable(rows: readonly Row[]): Table<Row> {
  return {
    key: 'ports',
    kind: 'port',
    heading: 'PORTS',
    rows,
    empty: 'no port was seen',
    columns: [
      {
        key: 'port',
        title: 'PORT',
        align: 'right',
        value: (row) => row.port,
        text: (row) => `${row.port}/tcp`,
      },
      { key: 'name', title: 'NAME', value: (row) => row.name },
      {
        key: 'packets',
        title: 'PACKETS',
        align: 'right',
        priority: 1,
        value: (row) => row.packets,
        text: (row) => count(row.packets),
      },
      {
        key: 'bytes',
        title: 'BYTES',
        align: 'right',
        priority: 2,
        value: (row) => row.octets,
        text: (row) => bytes(row.octets),
      },
      {
        key: 'confirmed',
        title: 'CONFIRMED',
        value: (row) => row.confirmed,
        tone: (row) => (row.confirmed ? 'ok' : 'warning'),
      },
      { key: 'process', title: 'PROCESS', grow: true, value: (row) => row.process },
      {
        key: 'firstMs',
        title: 'FIRST SEEN',
        priority: 3,
        value: (row) => row.firstMs,
        text: (row) => isoTime(row.firstMs),
      },
      {
        key: 'direction',
        title: 'DIRECTION',
        machineOnly: true,
        value: (row) => ({ reason: row.reason, confidence: undefined }),
      },
    ],
  };
}

export function report(rows: readonly Row[] = ROWS, text = 'tried'): Report {
  return {
    kind: 'assess',
    version: 1,
    verdict: { severity: 'warning', text: `1 of 2 ports was only ${text}, never answered` },
    facts: [
      { key: 'packets', value: 1_204_334, text: '1,204,334 packets' },
      { key: 'source', value: text, text: `from ${text}` },
      { key: 'durationMs', value: 2_280_000 },
    ],
    tables: [
      portTable(rows),
      {
        key: 'hosts',
        kind: 'host',
        heading: 'HOSTS',
        rows: [],
        columns: [{ key: 'address', title: 'ADDRESS', value: () => null }],
      },
    ],
    notes: [
      { what: `processes of ${text}`, because: `${text} needs root`, remedy: `sudo ${text}` },
    ],
    next: [{ command: `portreeve flows ${text}`, purpose: 'every flow' }],
  };
}

/** The same with its rows as cards. */
export function cardReport(rows: readonly Row[] = ROWS, text = 'tried'): Report {
  const card = ({ process, name, reason }: Row): Card => ({
    heading: `port ${process}`,
    lead: text,
    parts: [
      { label: 'name', tone: 'warning', lines: [{ say: name ?? reason }, { say: reason }] },
      { label: reason, lines: [{ run: `stop ${process}` }] },
    ],
  });
  return { ...report(rows, text), tables: [{ ...portTable(rows), card } as Table] };
}
