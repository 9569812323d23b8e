/** Puts a comparison into words: what contradicts itself as cards, what agrees as a table. */
import { isMismatch } from '../analysis/compare/compare.ts';
import { serviceName } from '../catalog/services.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { ComparedEndpoint, SideView, VerdictName } from '../model/comparison.ts';
import type { Listener } from '../model/listener.ts';
import type { Comparison } from '../pipeline/compare-host.ts';
import { count } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
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

export function severityOf(row: ComparedEndpoint): Severity {
  if (row.verdict === 'hidden') return 'error';
  if (isMismatch(row)) return 'warning';
  return row.verdict === 'agree' || row.verdict === 'bind-scoped' ? 'ok' : 'info';
}

export function compareReport(
  { rows, host, vantages, asked, notes }: Comparison,
  more: readonly BlindSpot[],
): { report: Report; mismatches: number } {
  const doubted = rows.filter(isMismatch);
  const agreed = rows.filter((row) => !isMismatch(row));
  const report: Report = {
    kind: 'compare',
    version: VERSION,
    verdict: {
      severity: doubted.length > 0 ? 'warning' : 'ok',
      text: verdictText(rows.length, doubted.length),
    },
    facts: [
      { key: 'host', value: host.name, text: host.name },
      { key: 'endpoints', value: rows.length },
      { key: 'mismatches', value: doubted.length },
      { key: 'asked', value: asked, text: `${count(asked)} ports asked` },
      {
        key: 'vantages',
        value: vantages.map(({ kind, name }) => ({ kind, name })),
        ...(vantages.length === 0
          ? {}
          : { text: `from ${vantages.map(({ name }) => name).join(' and ')}` }),
      },
    ],
    tables: [mismatchTable(doubted), agreedTable(agreed)] as Table[],
    notes: [...notes, ...more],
    next: [],
  };
  return { report, mismatches: doubted.length };
}

function verdictText(all: number, doubted: number): string {
  if (all === 0) return 'Nothing listens, and nothing answers.';
  const endpoints = `${count(all)} endpoint${all === 1 ? '' : 's'}`;
  if (doubted === 0) return `${endpoints}: host and network tell the same`;
  return `${endpoints}: host and network contradict each other on ${count(doubted)}`;
}

function nameOf({ transport, port }: ComparedEndpoint): string | undefined {
  return serviceName(transport === 'udplite' ? 'udp' : transport, port);
}

const COLUMNS: readonly Column<ComparedEndpoint>[] = [
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

function mismatchTable(rows: readonly ComparedEndpoint[]): Table<ComparedEndpoint> {
  return {
    key: 'mismatches',
    kind: 'mismatch',
    heading: 'CONTRADICTIONS',
    columns: COLUMNS,
    rows,
    card,
  };
}

function agreedTable(rows: readonly ComparedEndpoint[]): Table<ComparedEndpoint> {
  return { key: 'endpoints', kind: 'endpoint', heading: 'AS EXPECTED', columns: COLUMNS, rows };
}

function card(row: ComparedEndpoint): Card {
  const name = nameOf(row);
  const part = (label: string, text: string, tone?: Severity): CardPart => ({
    label,
    ...(tone === undefined ? {} : { tone }),
    lines: [{ say: text }],
  });
  return {
    heading: `${row.port}/${row.transport}${name === undefined ? '' : ` ${name}`}: ${VERDICT_WORDS[row.verdict]} (${row.sure})`,
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
