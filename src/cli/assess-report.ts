/** Puts an assessment into words: verdict, facts, tables, blind spots, what to do next. */
import type {
  ConversationUse,
  HostUse,
  PortUse,
  RemainderUse,
  ServiceUse,
  SizeBin,
} from '../model/use.ts';
import type { Assessment } from '../pipeline.ts';
import { bytes, count, duration, isoTime } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Severity, Table } from '../report/table.ts';
import {
  CONVERSATION_COLUMNS,
  HOST_COLUMNS,
  PORT_COLUMNS,
  REMAINDER_COLUMNS,
  SERVICE_COLUMNS,
  SIZE_COLUMNS,
} from './assess-columns.ts';
import { explainedTable } from './assess-explained.ts';
import { findingsTable, severityCounts, toneOf } from './assess-findings.ts';
import { rolesTable } from './assess-roles.ts';
import { quoted } from './capture-options.ts';

const VERSION = 1;

export const SORTS = ['bytes', 'packets', 'flows', 'clients', 'port'] as const;
export type Sort = (typeof SORTS)[number];

export interface AssessWishes {
  readonly sort: Sort;
  /** With the table of packet lengths. */
  readonly sizes: boolean;
  /** Rows of each table; undefined: as many as a person wants to see first. */
  readonly limit: number | undefined;
  /** Rows of the table of services, when not as the others. */
  readonly serviceLimit?: number;
}

/** Rows of a table on a terminal. */
const FIRST_PORTS = 15;
const FIRST_OTHERS = 8;
const FIRST_EXPLAINED = 10;
const FIRST_FINDINGS = 12;
/** Ports explained in aligned text in a pipe. */
const EXPLAINED_IN_TEXT = 25;

export function assessReport(assessment: Assessment, wishes: AssessWishes): Report {
  return {
    kind: 'assess',
    version: VERSION,
    verdict: verdictOf(assessment),
    facts: factsOf(assessment),
    tables: tablesOf(assessment, wishes),
    mainTable: PORTS.key,
    notes: assessment.notes,
    next: nextSteps(assessment),
  };
}

function verdictOf(assessment: Assessment): Report['verdict'] {
  const { packets, services, ports, firstMs, lastMs } = assessment;
  const severity = severityOf(assessment);
  if (packets === 0) return { severity, text: `No packets in ${inputText(assessment)}.` };
  if (assessment.flows === 0)
    return { severity, text: `${plural(packets, 'packet')}, no IP traffic` };
  const span = firstMs !== null && lastMs! > firstMs ? `, ${duration(lastMs! - firstMs)}` : '';
  const whole = `${plural(packets, 'packet')}${span}, ${hostText(assessment)}`;
  const tried = ports.filter(({ status }) => status === 'tried' || status === 'refused').length;
  const parts = [`${plural(services.length, 'service')} answered`];
  if (tried > 0) parts.push(`${plural(tried, 'port')} only tried`);
  const found = severityCounts(assessment.findings);
  const findings = found === '' ? '' : `; findings: ${found}`;
  return { severity, text: `${whole}: ${parts.join(', ')}${findings}` };
}

/** That of the gravest finding; a warning where something could not be seen. */
function severityOf({ findings, notes }: Assessment): Severity {
  const [gravest] = findings;
  const tone = gravest === undefined ? 'info' : toneOf(gravest.severity);
  return tone === 'info' && notes.some(({ missing }) => missing) ? 'warning' : tone;
}

function inputText({ inputs }: Assessment): string {
  return inputs.length === 1 ? `${inputs[0]}` : `${inputs.length} inputs`;
}

function hostText({ hosts, hostsEstimated }: Assessment): string {
  return `${hostsEstimated ? 'about ' : ''}${plural(hosts, 'host')}`;
}

/** `1 host`, `1,204 hosts`. */
function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function factsOf(assessment: Assessment): Fact[] {
  const { inputs, inputBytes, packets, firstMs, lastMs, flows, services, ports } = assessment;
  const seconds = firstMs === null ? 0 : (lastMs! - firstMs) / 1000;
  const statuses = (status: PortUse['status']) =>
    ports.filter((port) => port.status === status).length;
  return [
    {
      key: 'inputs',
      value: inputs,
      ...(packets === 0 ? {} : { text: inputText(assessment) }),
    },
    { key: 'inputBytes', value: inputBytes },
    { key: 'packets', value: packets },
    {
      key: 'bytes',
      value: assessment.bytes,
      ...(packets === 0 ? {} : { text: `${bytes(assessment.bytes)} on the wire` }),
    },
    { key: 'capturedBytes', value: assessment.capturedBytes },
    {
      key: 'firstMs',
      value: firstMs,
      ...(firstMs === null ? {} : { text: `from ${isoTime(firstMs)}` }),
    },
    { key: 'lastMs', value: lastMs },
    { key: 'seconds', value: seconds },
    { key: 'flows', value: flows, ...(packets === 0 ? {} : { text: plural(flows, 'flow') }) },
    { key: 'hosts', value: assessment.hosts },
    { key: 'hostsEstimated', value: assessment.hostsEstimated },
    { key: 'services', value: services.length },
    { key: 'portsAnswered', value: statuses('answered') },
    { key: 'portsLikely', value: statuses('likely') },
    { key: 'portsRefused', value: statuses('refused') },
    { key: 'portsTried', value: statuses('tried') },
    { key: 'portsBackscatter', value: statuses('backscatter') },
    { key: 'conversations', value: assessment.conversationCount },
    { key: 'conversationBytesMissing', value: assessment.conversationBytesMissing },
    { key: 'findings', value: assessment.findings.length },
    { key: 'gravest', value: assessment.findings[0]?.severity ?? null },
    { key: 'interrupted', value: assessment.interrupted },
  ];
}

function tablesOf(
  assessment: Assessment,
  { sort, sizes, limit, serviceLimit }: AssessWishes,
): Table[] {
  const { ports, services, conversations, topHosts, remainder } = assessment;
  const others = limit ?? FIRST_OTHERS;
  const byOrder = sorted(ports, sort);
  return [
    findingsTable(assessment.findings, assessment.inputs, limit ?? FIRST_FINDINGS),
    cut(
      // Said of frames without ports; without frames the verdict says enough.
      assessment.packets > 0 ? { ...PORTS, empty: 'No packet had a port.' } : PORTS,
      byOrder,
      ports.length,
      limit ?? FIRST_PORTS,
    ),
    explainedTable(
      byOrder,
      conversations,
      serviceLimit === undefined ? (limit ?? FIRST_EXPLAINED) : EXPLAINED_IN_TEXT,
    ),
    cut(SERVICES, [...services].sort(byBytes), services.length, serviceLimit ?? others),
    rolesTable(assessment.roles, others),
    cut(CONVERSATIONS, conversations, assessment.conversationCount, others),
    cut(HOSTS, topHosts, assessment.hosts, others),
    cut(REMAINDER, remainder, remainder.length, others),
    ...(sizes ? [cut(SIZES, assessment.sizes, assessment.sizes.length, EVERY_SIZE)] : []),
  ];
}

type Frame<Row> = Omit<Table<Row>, 'rows' | 'footnote'>;

const PORTS: Frame<PortUse> = {
  key: 'ports',
  kind: 'port',
  heading: 'PORTS',
  columns: PORT_COLUMNS,
};
const SERVICES: Frame<ServiceUse> = {
  key: 'services',
  kind: 'service',
  heading: 'SERVICES THAT ANSWERED',
  columns: SERVICE_COLUMNS,
};
const CONVERSATIONS: Frame<ConversationUse> = {
  key: 'conversations',
  kind: 'conversation',
  heading: 'TOP CONVERSATIONS',
  columns: CONVERSATION_COLUMNS,
};
const HOSTS: Frame<HostUse> = {
  key: 'hosts',
  kind: 'host',
  heading: 'TOP HOSTS',
  columns: HOST_COLUMNS,
};
const REMAINDER: Frame<RemainderUse> = {
  key: 'remainder',
  kind: 'remainder',
  heading: 'NOT ON ANY PORT',
  columns: REMAINDER_COLUMNS,
};
const SIZES: Frame<SizeBin> = {
  key: 'sizes',
  kind: 'size',
  heading: 'LENGTHS OF PACKETS ON THE WIRE',
  columns: SIZE_COLUMNS,
};
const EVERY_SIZE = 20;

/** The first rows of a table of `whole` rows, and how many more there are. */
function cut<Row>(frame: Frame<Row>, rows: readonly Row[], whole: number, limit: number): Table {
  const shown = rows.slice(0, limit);
  const more = whole - shown.length;
  return {
    ...(frame as Frame<unknown>),
    rows: shown,
    ...(more > 0 ? { footnote: `… and ${count(more)} more (--all shows all)` } : {}),
  };
}

function byBytes(left: ServiceUse, right: ServiceUse): number {
  return right.bytes - left.bytes;
}

function sorted(ports: readonly PortUse[], sort: Sort): PortUse[] {
  const by: Readonly<Record<Sort, (port: PortUse) => number>> = {
    bytes: (port) => port.bytes,
    packets: (port) => port.packets,
    flows: (port) => port.flows,
    clients: (port) => port.clients,
    port: (port) => -port.port,
  };
  const value = by[sort];
  return [...ports].sort(
    (left, right) =>
      value(right) - value(left) ||
      left.port - right.port ||
      (left.transport < right.transport ? -1 : left.transport > right.transport ? 1 : 0),
  );
}

function nextSteps({ inputs, packets }: Assessment): NextStep[] {
  if (packets === 0 || inputs.includes('-')) return [];
  const names = inputs.length > 3 ? '…' : inputs.map(quoted).join(' ');
  return [
    {
      command: `portreeve flows ${names}`,
      purpose: 'every flow, with the reason of its direction',
    },
    { command: `portreeve assess ${names} --json`, purpose: 'the same for programs' },
  ];
}
