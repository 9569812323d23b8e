/** Puts a comparison into words: what contradicts itself as cards, what agrees as a table. */
import { isMismatch } from '../analysis/compare/compare.ts';
import { serviceName } from '../catalog/services.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import {
  type ComparedEndpoint,
  type SideView,
  VERDICTS,
  type VerdictName,
} from '../model/comparison.ts';
import type { Listener } from '../model/listener.ts';
import type { Comparison } from '../pipeline/compare-host.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Card, CardPart, Column, Plain, Severity, Table } from '../report/table.ts';
import { pidText, plainProcess, processesOf, processText } from './owner-words.ts';

const VERSION = 1;

export const VERDICT_WORDS: Readonly<Record<VerdictName, string>> = {
  hidden: 'hidden',
  'stale-address': 'stale address',
  proxy: 'proxy in front',
  'firewall-asymmetry': 'firewall asymmetry',
  rejected: 'rejected',
  'traffic-only': 'traffic only',
  nat: 'address translation',
  'container-proxy': 'container',
  'other-namespace': 'other namespace',
  'family-gap': 'IPv6 only',
  reserved: 'reserved',
  firewalled: 'firewalled',
  'bound-silent': 'silent',
  kernel: 'kernel',
  agree: 'agree',
  'bind-scoped': 'bound elsewhere',
  'not-probed': 'not asked',
};

/** `error` only for what hides from the host's own tools. */
export function severityOf(row: ComparedEndpoint): Severity {
  if (row.verdict === 'hidden') return 'error';
  if (isMismatch(row)) return 'warning';
  return row.verdict === 'agree' || row.verdict === 'bind-scoped' ? 'ok' : 'info';
}

/** One host of a comparison. */
export interface Compared {
  readonly name: string;
  readonly comparison: Comparison;
}

/** A row, and whose it is. */
type Row = ComparedEndpoint & { readonly machine: string };

/** @param more what is to be said of none of the hosts alone */
export function compareReport(
  compared: readonly Compared[],
  more: readonly BlindSpot[],
): { report: Report; mismatches: number } {
  const several = compared.length + more.filter(isMachine).length > 1;
  const rows = compared.flatMap(({ name, comparison }): Row[] =>
    comparison.rows.map((row) => ({ ...row, machine: name })),
  );
  // Those of one host are sorted already, and stay together within a verdict.
  if (several) rows.sort((left, right) => rank(left) - rank(right));
  const doubted = rows.filter(isMismatch);
  const agreed = rows.filter((row) => !isMismatch(row));
  const columns = several ? COLUMNS : COLUMNS.map(hideMachine);
  const report: Report = {
    kind: 'compare',
    version: VERSION,
    verdict: verdictOf(rows, doubted),
    facts: factsOf(compared, rows, doubted, several),
    tables: [mismatchTable(doubted, columns, several), agreedTable(agreed, columns)],
    notes: [
      ...compared.flatMap(({ name, comparison: { notes } }) =>
        several ? notes.map((note) => ({ ...note, what: `${name}: ${note.what}` })) : notes,
      ),
      ...more,
    ],
    next: [],
  };
  return { report, mismatches: doubted.length };
}

function isMachine({ id }: BlindSpot): boolean {
  return id === 'machine-not-seen';
}

function rank({ verdict }: Row): number {
  return VERDICTS.indexOf(verdict);
}

function hideMachine(column: Column<Row>): Column<Row> {
  return column.key === 'machine' ? { ...column, machineOnly: true } : column;
}

function factsOf(
  compared: readonly Compared[],
  rows: readonly Row[],
  doubted: readonly Row[],
  several: boolean,
): Fact[] {
  const asked = compared.reduce((sum, { comparison }) => sum + comparison.asked, 0);
  const vantages = new Map(
    compared.flatMap(({ comparison }) => comparison.vantages.map((each) => [each.name, each])),
  );
  const names = compared.map(({ name }) => name);
  const names3 = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  return [
    {
      key: 'host',
      value: several ? null : (names[0] ?? null),
      text: several ? `${count(names.length)} machines: ${names3}` : (names[0] ?? ''),
    },
    {
      key: 'hosts',
      value: compared.map(({ name, comparison }) => ({
        name,
        endpoints: comparison.rows.length,
        mismatches: comparison.rows.filter(isMismatch).length,
        asked: comparison.asked,
      })),
    },
    { key: 'endpoints', value: rows.length },
    { key: 'mismatches', value: doubted.length },
    { key: 'asked', value: asked, text: `${counted(asked, 'port')} asked` },
    {
      key: 'vantages',
      value: [...vantages.values()].map(({ kind, name }) => ({ kind, name })),
      ...(vantages.size === 0 ? {} : { text: `from ${[...vantages.keys()].join(' and ')}` }),
    },
  ];
}

function verdictOf(rows: readonly Row[], doubted: readonly Row[]): Report['verdict'] {
  if (rows.length === 0) return { severity: 'ok', text: 'Nothing listens, and nothing answers.' };
  const endpoints = counted(rows.length, 'endpoint');
  const silent = rows.filter(({ verdict }) => verdict === 'not-probed').length;
  if (silent === rows.length) {
    return { severity: 'info', text: `${endpoints}: the network was asked of none` };
  }
  const open = silent === 0 ? '' : `; ${count(silent)} not asked`;
  if (doubted.length === 0) {
    return { severity: 'ok', text: `${endpoints}: host and network tell the same${open}` };
  }
  const machines = new Set(doubted.map(({ machine }) => machine)).size;
  const where = machines > 1 ? ` on ${count(machines)} machines` : '';
  const told = `host and network contradict each other on ${count(doubted.length)}${where}`;
  return { severity: 'warning', text: `${endpoints}: ${told}${open}` };
}

function nameOf({ transport, port }: ComparedEndpoint): string | undefined {
  return serviceName(transport === 'udplite' ? 'udp' : transport, port);
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'machine', title: 'MACHINE', value: ({ machine }) => machine },
  { key: 'port', title: 'PORT', value: ({ port }) => port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ transport }) => transport },
  { key: 'service', title: 'NAME', value: (row) => nameOf(row) ?? null, priority: 2 },
  {
    key: 'verdict',
    title: 'VERDICT',
    value: ({ verdict }) => verdict,
    text: ({ verdict }) => VERDICT_WORDS[verdict],
    tone: severityOf,
  },
  { key: 'sure', title: 'SURE', value: ({ sure }) => sure, priority: 3 },
  {
    key: 'addresses',
    title: 'ADDRESS',
    value: ({ addresses }) => addresses,
    text: ({ addresses: [first = '-', ...others] }) =>
      others.length === 0 ? first : `${first} +${others.length}`,
    priority: 2,
  },
  {
    key: 'process',
    title: 'PROCESS',
    value: ({ listener }) =>
      listener === undefined ? [] : processesOf(listener.owner).map(plainProcess),
    text: ({ listener }) => (listener === undefined ? '-' : ownerText(listener)),
    priority: 1,
  },
  { key: 'why', title: 'WHY', value: ({ why }) => why, priority: 4, grow: true },
  { key: 'do', title: 'DO', value: (row) => row.do, machineOnly: true },
  { key: 'host', title: 'HOST', value: ({ host }) => plainSide(host), machineOnly: true },
  {
    key: 'network',
    title: 'NETWORK',
    value: ({ network }) => plainSide(network),
    machineOnly: true,
  },
  {
    key: 'traffic',
    title: 'TRAFFIC',
    value: ({ traffic }) => (traffic === undefined ? null : plainSide(traffic)),
    machineOnly: true,
  },
  { key: 'vantages', title: 'FROM', value: ({ vantages }) => vantages, machineOnly: true },
];

function plainSide({ says, evidence }: SideView): Plain {
  return {
    says,
    evidence: evidence.map(({ source, seenMs, locator }) => ({ source, seenMs, locator })),
  };
}

function mismatchTable(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  several: boolean,
): Table<Row> {
  return {
    key: 'mismatches',
    kind: 'mismatch',
    heading: 'CONTRADICTIONS',
    columns,
    rows,
    card: (row) => card(row, several),
    headed: true,
  };
}

function agreedTable(rows: readonly Row[], columns: readonly Column<Row>[]): Table<Row> {
  return { key: 'endpoints', kind: 'endpoint', heading: 'AS EXPECTED', columns, rows };
}

function card(row: Row, several: boolean): Card {
  const name = nameOf(row);
  const part = (label: string, text: string, tone?: Severity): CardPart => ({
    label,
    ...(tone === undefined ? {} : { tone }),
    lines: [{ say: text }],
  });
  return {
    heading: `${several ? `${row.machine} ` : ''}${row.port}/${row.transport}${name === undefined ? '' : ` ${name}`}: ${VERDICT_WORDS[row.verdict]} (${row.sure})`,
    lead: `${row.why}.`,
    parts: [
      part('host', row.host.says),
      part('network', `${row.addresses.join(', ')}: ${row.network.says}`),
      ...(row.traffic === undefined ? [] : [part('traffic', row.traffic.says)]),
      ...(row.do.length === 0 ? [] : [{ label: 'do', lines: row.do.map((say) => ({ say })) }]),
    ],
  };
}

function ownerText({ owner }: Listener): string {
  const processes = processesOf(owner);
  return processes.length === 0
    ? processText(owner)
    : `${processText(owner)} ${pidText(processes)}`;
}
