/** Puts an assessment into words: verdict, facts, tables, blind spots, what to do next. */
import type { PortUse } from '../model/use.ts';
import type { Assessment } from '../pipeline.ts';
import { bytes, count, duration, isoTime } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Column, Severity, Table } from '../report/table.ts';
import {
  CONVERSATION_COLUMNS,
  HOST_COLUMNS,
  PORT_COLUMNS,
  REMAINDER_COLUMNS,
  SERVICE_COLUMNS,
} from './assess-columns.ts';

const VERSION = 1;

export const SORTS = ['bytes', 'packets', 'flows', 'clients', 'port'] as const;
export type Sort = (typeof SORTS)[number];

export interface AssessWishes {
  readonly sort: Sort;
  /** Rows of each table; undefined: as many as a person wants to see first. */
  readonly limit: number | undefined;
}

/** Rows of a table on a terminal. */
const FIRST_PORTS = 15;
const FIRST_OTHERS = 8;

export function assessReport(assessment: Assessment, wishes: AssessWishes): Report {
  return {
    kind: 'assess',
    version: VERSION,
    verdict: verdictOf(assessment),
    facts: factsOf(assessment),
    tables: tablesOf(assessment, wishes),
    notes: assessment.notes,
    next: nextSteps(assessment),
  };
}

function verdictOf(assessment: Assessment): Report['verdict'] {
  const { packets, services, ports, firstMs, lastMs, notes } = assessment;
  const severity: Severity = notes.some(({ missing }) => missing) ? 'warning' : 'info';
  if (packets === 0) return { severity, text: 'No packets were captured.' };
  const span = firstMs !== null && lastMs! > firstMs ? `, ${duration(lastMs! - firstMs)}` : '';
  const whole = `${plural(packets, 'packet')}${span}, ${hostText(assessment)}`;
  const tried = ports.filter(({ status }) => status === 'tried' || status === 'refused').length;
  const parts = [`${plural(services.length, 'service')} answered`];
  if (tried > 0) parts.push(`${plural(tried, 'port')} only tried`);
  return { severity, text: `${whole}: ${parts.join(', ')}` };
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
      text: inputs.length === 1 ? inputs[0]! : `${inputs.length} inputs`,
    },
    { key: 'inputBytes', value: inputBytes },
    { key: 'packets', value: packets },
    { key: 'bytes', value: assessment.bytes, text: `${bytes(assessment.bytes)} on the wire` },
    { key: 'capturedBytes', value: assessment.capturedBytes },
    {
      key: 'firstMs',
      value: firstMs,
      ...(firstMs === null ? {} : { text: `from ${isoTime(firstMs)}` }),
    },
    { key: 'lastMs', value: lastMs },
    { key: 'seconds', value: seconds },
    { key: 'flows', value: flows, text: plural(flows, 'flow') },
    { key: 'hosts', value: assessment.hosts },
    { key: 'hostsEstimated', value: assessment.hostsEstimated },
    { key: 'services', value: services.length },
    { key: 'portsAnswered', value: statuses('answered') },
    { key: 'portsLikely', value: statuses('likely') },
    { key: 'portsRefused', value: statuses('refused') },
    { key: 'portsTried', value: statuses('tried') },
    { key: 'portsBackscatter', value: statuses('backscatter') },
    { key: 'conversations', value: assessment.conversationCount + assessment.conversationsDropped },
    { key: 'interrupted', value: assessment.interrupted },
  ];
}

function tablesOf(assessment: Assessment, { sort, limit }: AssessWishes): Table[] {
  const { ports, services, conversations, topHosts, remainder } = assessment;
  const conversationCount = assessment.conversationCount + assessment.conversationsDropped;
  return [
    table(
      'ports',
      'port',
      'PORTS',
      PORT_COLUMNS,
      sorted(ports, sort),
      ports.length,
      limit ?? FIRST_PORTS,
    ),
    table(
      'services',
      'service',
      'SERVICES THAT ANSWERED',
      SERVICE_COLUMNS,
      [...services].sort((left, right) => right.bytes - left.bytes),
      services.length,
      limit ?? FIRST_OTHERS,
    ),
    table(
      'conversations',
      'conversation',
      'TOP CONVERSATIONS',
      CONVERSATION_COLUMNS,
      conversations,
      conversationCount,
      limit ?? FIRST_OTHERS,
    ),
    table(
      'hosts',
      'host',
      'TOP HOSTS',
      HOST_COLUMNS,
      topHosts,
      assessment.hosts,
      limit ?? FIRST_OTHERS,
    ),
    table(
      'remainder',
      'remainder',
      'NOT ON ANY PORT',
      REMAINDER_COLUMNS,
      remainder,
      remainder.length,
      limit ?? FIRST_OTHERS,
    ),
  ];
}

function table<Row>(
  key: string,
  kind: string,
  heading: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  whole: number,
  limit: number,
): Table {
  const shown = rows.slice(0, limit);
  const more = whole - shown.length;
  return {
    key,
    kind,
    heading,
    columns: columns as Column[],
    rows: shown,
    ...(more > 0 ? { footnote: `… and ${count(more)} more (--all shows all)` } : {}),
  };
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

/** As a POSIX shell takes it. */
function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
