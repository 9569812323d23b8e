/** `portreeve scan --diff`: what changed since an earlier scan; exit code 1 when anything did. */
import type { ComparedScan } from '../pipeline/scan.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Column, Table } from '../report/table.ts';

type PortChange = ComparedScan['difference']['ports'][number];
type HostChange = ComparedScan['difference']['hosts'][number];

const PORT_COLUMNS: readonly Column<PortChange>[] = [
  {
    key: 'change',
    title: 'CHANGE',
    value: ({ change }) => change,
    tone: ({ change }) => (change === 'opened' ? 'error' : 'ok'),
  },
  { key: 'address', title: 'HOST', value: ({ address }) => address },
  { key: 'port', title: 'PORT', value: ({ port }) => port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ transport }) => transport },
  { key: 'before', title: 'BEFORE', value: ({ before }) => before },
  { key: 'after', title: 'NOW', value: ({ after }) => after },
  { key: 'reason', title: 'REASON', value: ({ reason }) => reason, priority: 1 },
];

const HOST_COLUMNS: readonly Column<HostChange>[] = [
  { key: 'change', title: 'CHANGE', value: ({ change }) => change },
  { key: 'address', title: 'HOST', value: ({ address }) => address },
];

/** Ports that could not be compared are no change. */
export function hasChanged({ difference }: ComparedScan): boolean {
  return difference.ports.length > 0 || difference.hosts.length > 0;
}

export function differenceReport(compared: ComparedScan): Report {
  const { difference, earlier, file, notes } = compared;
  const { ports, hosts, notAsked } = difference;
  const opened = ports.filter(({ change }) => change === 'opened').length;
  const closed = ports.filter(({ change }) => change === 'closed').length;
  const text = hasChanged(compared)
    ? `${count(opened)} opened, ${count(closed)} closed, ${counted(hosts.length, 'host')} came or went`
    : 'Nothing changed.';
  const facts: Fact[] = [
    { key: 'earlierFile', value: file, text: `compared with ${file} (${earlier.format})` },
    { key: 'earlierScanner', value: earlier.record.scanner },
    { key: 'earlierStartMs', value: earlier.record.startMs ?? null },
    { key: 'opened', value: opened },
    { key: 'closed', value: closed },
    {
      key: 'notAsked',
      value: notAsked,
      ...(notAsked === 0
        ? {}
        : { text: `${counted(notAsked, 'earlier open port')} not asked this time` }),
    },
  ];
  const tables: Table[] = [
    {
      key: 'changes',
      kind: 'change',
      heading: 'PORTS THAT CHANGED',
      columns: PORT_COLUMNS as Column[],
      rows: ports,
    },
    {
      key: 'hosts',
      kind: 'host-change',
      heading: 'HOSTS THAT CAME OR WENT',
      columns: HOST_COLUMNS as Column[],
      rows: hosts,
    },
  ];
  return {
    kind: 'scan-difference',
    version: 1,
    verdict: { severity: opened > 0 ? 'error' : hasChanged(compared) ? 'warning' : 'ok', text },
    facts,
    tables,
    notes,
    next: [],
  };
}
