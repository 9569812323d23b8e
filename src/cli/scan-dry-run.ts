/** What a scan would ask and how long that takes, without asking. */
import type { PlannedScan } from '../pipeline/scan.ts';
import { count, counted, duration } from '../report/numbers.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Column, Table } from '../report/table.ts';

type Row = PlannedScan['estimate']['ports'][number];

const COLUMNS: readonly Column<Row>[] = [
  { key: 'transport', title: 'PROTO', value: ({ transport }) => transport },
  { key: 'count', title: 'COUNT', value: (row) => row.count, align: 'right' },
  { key: 'ports', title: 'PORTS', value: ({ ports }) => ports, grow: true },
];

const NEIGHBOURS = {
  what: 'how many IPv6 hosts there are on the links',
  because: 'only those that this machine talked to lately are counted; a scan calls all of them',
};

/** @param discovery whether hosts would be looked for before their ports are asked */
export function dryRunReport(plan: PlannedScan, discovery: boolean): Report {
  const { questions, shortestSeconds, longestSeconds } = plan.estimate;
  const [least, most] = [shortestSeconds, longestSeconds].map((seconds) =>
    duration(Math.max(1, Math.ceil(seconds)) * 1000),
  );
  const time = least === most ? `about ${least}` : `${least} to ${most}`;
  const table: Table<Row> = {
    key: 'ports',
    kind: 'ports',
    heading: 'PORTS OF EACH ADDRESS',
    columns: COLUMNS,
    rows: plan.estimate.ports,
  };
  return {
    kind: 'scan-plan',
    version: 1,
    verdict: {
      severity: 'info',
      text: `Nothing was sent. ${counted(questions, 'port')} would be asked, in ${time}.`,
    },
    facts: factsOf(plan, discovery),
    tables: [table],
    notes: [
      ...plan.unresolved.map((name) => ({
        what: name,
        because: 'the name has no address that can be asked',
      })),
      ...(plan.local ? [NEIGHBOURS] : []),
    ],
    next: [],
  };
}

function factsOf({ estimate, timing, seed, shard }: PlannedScan, discovery: boolean): Fact[] {
  const { addresses, questions, mostProbes, shortestSeconds, longestSeconds } = estimate;
  return [
    { key: 'addresses', value: addresses, text: `addresses: ${count(addresses)}` },
    { key: 'questions', value: questions },
    {
      key: 'mostProbes',
      value: mostProbes,
      text: `at most about ${counted(mostProbes, 'probe')}`,
    },
    { key: 'shortestSeconds', value: shortestSeconds },
    { key: 'longestSeconds', value: longestSeconds },
    {
      key: 'timing',
      value: timing.name,
      text: `timing ${timing.name}, at most ${counted(timing.ratePerSecond, 'probe')} a second`,
    },
    { key: 'seed', value: seed },
    {
      key: 'shard',
      value: shard === undefined ? null : `${shard.number}/${shard.of}`,
      ...(shard === undefined ? {} : { text: `part ${shard.number} of ${shard.of}` }),
    },
    {
      key: 'discovery',
      value: discovery,
      text: discovery
        ? 'hosts are looked for first (ARP, neighbour discovery, ICMP echo, a few TCP and UDP ports); only those found are asked'
        : 'every address is asked, host or not',
    },
  ];
}
