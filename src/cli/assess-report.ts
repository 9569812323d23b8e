/** Puts an assessment into words: verdict, facts, tables, blind spots, what to do next. */

import type {
  ConversationUse,
  HostUse,
  PortUse,
  RemainderUse,
  ServiceUse,
  SizeBin,
} from '../model/use.ts';
import type { Assessment } from '../pipeline/assess.ts';
import type { SourceUse } from '../pipeline/assess-logs.ts';
import { shellWord } from '../report/escape.ts';
import { bytes, count, counted, duration, isoTime } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Severity, Table } from '../report/table.ts';
import {
  CONVERSATION_COLUMNS,
  HOST_COLUMNS,
  PORT_COLUMNS,
  REMAINDER_COLUMNS,
  SEEN_COLUMNS,
  SERVICE_COLUMNS,
  SIZE_COLUMNS,
  SOURCE_COLUMNS,
} from './assess-columns.ts';
import { explainedTable } from './assess-explained.ts';
import { findingsTable, severityCounts, toneOf } from './assess-findings.ts';
import { overTimeTable } from './assess-over-time.ts';
import { rolesTable } from './assess-roles.ts';
import type { Drill } from './drill-down.ts';
import { inputName } from './input-name.ts';

const VERSION = 1;
/** A limit that limits nothing. */
export const EVERYTHING = 2 ** 31;

export const SORTS = ['bytes', 'packets', 'flows', 'clients', 'port'] as const;
export type Sort = (typeof SORTS)[number];

export interface AssessWishes {
  readonly sort: Sort;
  /** With the table of packet lengths. */
  readonly sizes: boolean;
  /** Rows of each table; undefined: as many as a person wants to see first. */
  readonly limit: number | undefined;
  readonly drill: Drill;
  /** Whether the input is gone: packets that passed cannot be looked at again. */
  readonly live: boolean;
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

/** How many rows tables have is in `wishes`; facts and notes are always whole. */
export function assessReport(assessment: Assessment, wishes: AssessWishes): Report {
  return {
    kind: 'assess',
    version: VERSION,
    verdict: verdictOf(assessment, wishes.drill),
    facts: factsOf(assessment, wishes.drill),
    tables: tablesOf(assessment, wishes),
    mainTable: mainTableOf(wishes.drill),
    notes: assessment.notes,
    next: wishes.live ? [] : nextSteps(assessment, wishes.drill),
  };
}

/** The first table asked for, or that of ports. */
function mainTableOf({ sections }: Drill): string {
  const [first] = sections ?? [];
  return first ?? PORTS.key;
}

function verdictOf(assessment: Assessment, { filter }: Drill): Report['verdict'] {
  const { packets, serviceCount, ports, firstMs, lastMs, logs } = assessment;
  const severity = severityOf(assessment);
  if (packets === 0 && logs === null)
    return { severity, text: `No packets in ${inputText(assessment)}.` };
  if (filter !== undefined) {
    const { matchedFlows, flows } = assessment;
    const text = `${count(matchedFlows ?? 0)} of ${counted(flows, 'flow')} in ${inputText(assessment)}: ${filter}`;
    return { severity: 'info', text };
  }
  const read = readText(assessment);
  if (assessment.flows === 0) return { severity, text: `${read}, no IP traffic` };
  const span = firstMs !== null && lastMs! > firstMs ? `, ${duration(lastMs! - firstMs)}` : '';
  const whole = `${read}${span}, ${hostText(assessment)}`;
  const tried = ports.filter(({ status }) => status === 'tried' || status === 'refused').length;
  const parts = [`${counted(serviceCount, 'service')} answered`];
  if (tried > 0) parts.push(`${counted(tried, 'port')} only tried`);
  const found = severityCounts(assessment.findings);
  const findings = found === '' ? '' : `; findings: ${found}`;
  return { severity, text: `${whole}: ${parts.join(', ')}${findings}` };
}

/** `1,042 packets`, `312 log records`, or both. */
function readText({ packets, logs }: Assessment): string {
  const records = logs === null ? [] : [counted(logs.linesRead, 'log record')];
  return [...(packets > 0 || logs === null ? [counted(packets, 'packet')] : []), ...records].join(
    ', ',
  );
}

/** That of the gravest finding; a warning where something could not be seen. */
function severityOf({ findings, notes }: Assessment): Severity {
  const [gravest] = findings;
  const tone = gravest === undefined ? 'info' : toneOf(gravest.severity);
  return tone === 'info' && notes.some(({ missing }) => missing) ? 'warning' : tone;
}

function inputText({ inputs }: Assessment): string {
  if (inputs.length !== 1) return `${inputs.length} inputs`;
  return inputName(inputs[0]!);
}

function hostText({ hosts, hostsEstimated }: Assessment): string {
  return `${hostsEstimated ? 'about ' : ''}${counted(hosts, 'host')}`;
}

function factsOf(assessment: Assessment, { filter }: Drill): Fact[] {
  const { inputs, inputBytes, packets, firstMs, lastMs, flows, ports, logs } = assessment;
  const empty = packets === 0 && logs === null;
  const seconds = firstMs === null ? 0 : (lastMs! - firstMs) / 1000;
  const statuses = (status: PortUse['status']) =>
    ports.filter((port) => port.status === status).length;
  return [
    {
      key: 'inputs',
      value: inputs,
      ...(empty ? {} : { text: inputText(assessment) }),
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
    { key: 'flows', value: flows, ...(empty ? {} : { text: counted(flows, 'flow') }) },
    { key: 'hosts', value: assessment.hosts },
    { key: 'hostsEstimated', value: assessment.hostsEstimated },
    { key: 'services', value: assessment.serviceCount },
    { key: 'portsAnswered', value: statuses('answered') },
    { key: 'portsLikely', value: statuses('likely') },
    { key: 'portsRefused', value: statuses('refused') },
    { key: 'portsTried', value: statuses('tried') },
    { key: 'portsBackscatter', value: statuses('backscatter') },
    ...(logs === null
      ? []
      : [
          { key: 'portsLogged', value: statuses('logged') },
          { key: 'portsDenied', value: statuses('denied') },
          { key: 'logLines', value: logs.lines },
          { key: 'logRecords', value: logs.linesRead },
        ]),
    { key: 'conversations', value: assessment.conversationCount },
    { key: 'conversationBytesMissing', value: assessment.conversationBytesMissing },
    { key: 'findings', value: assessment.findings.length },
    { key: 'gravest', value: assessment.findings[0]?.severity ?? null },
    { key: 'filter', value: filter ?? null },
    { key: 'matchedFlows', value: assessment.matchedFlows },
    { key: 'passedOver', value: assessment.passedOver },
    { key: 'interrupted', value: assessment.interrupted },
  ];
}

function tablesOf(assessment: Assessment, wishes: AssessWishes): Table[] {
  const { sections } = wishes.drill;
  const tables = [...ownTables(assessment, wishes), ...wholeTables(assessment, wishes)];
  if (sections === undefined) return tables;
  return tables.filter(({ key }) => sections.has(key) || key === SIZES.key);
}

/** Rows of a table that is asked for alone. */
const FIRST_ALONE = 40;

/** Tables of what was asked for: everything, or the flows of a filter. */
function ownTables(assessment: Assessment, wishes: AssessWishes): Table[] {
  const { sort, limit, serviceLimit, drill, live } = wishes;
  const { ports, services, serviceCount, conversations, topHosts, findings, inputs } = assessment;
  const others = othersOf(wishes);
  const byOrder = sorted(ports, sort);
  const roles = assessment.roles.filter(
    ({ address }) =>
      drill.filter === undefined || topHosts.some((host) => host.address === address),
  );
  const explained = serviceLimit === undefined ? (limit ?? FIRST_EXPLAINED) : EXPLAINED_IN_TEXT;
  return [
    findingsTable(
      findings.filter((finding) => drill.concerns(finding, services)),
      live ? [] : inputs,
      limit ?? FIRST_FINDINGS,
    ),
    ...(assessment.overTime === null ? [] : [overTimeTable(assessment.overTime)]),
    ...(assessment.logs === null
      ? []
      : [cut(SOURCES, assessment.logs.sources, assessment.logs.sources.length, EVERY_SOURCE)]),
    cut(
      // Said of frames without ports; without frames the verdict says enough.
      assessment.packets > 0
        ? { ...portsOf(assessment), empty: emptyText(drill) }
        : portsOf(assessment),
      byOrder,
      ports.length,
      limit ?? FIRST_PORTS,
    ),
    explainedTable(byOrder, conversations, explained),
    cut(SERVICES, [...services].sort(byBytes), serviceCount, serviceLimit ?? others),
    rolesTable(roles, others),
    cut(CONVERSATIONS, conversations, assessment.conversationCount, others),
    cut(HOSTS, topHosts, assessment.hosts, others),
  ];
}

/** Rows of the tables of services, roles, conversations and hosts. */
function othersOf({ limit, drill }: AssessWishes): number {
  return limit ?? (drill.sections === undefined ? FIRST_OTHERS : FIRST_ALONE);
}

/** How many services the report tells of; undefined: it has to look at all of them. */
export function servicesTold(wishes: AssessWishes): number | undefined {
  if (wishes.drill.filter !== undefined) return undefined;
  const most = wishes.serviceLimit ?? othersOf(wishes);
  // The busiest one is named whatever is shown.
  return most >= EVERYTHING ? undefined : Math.max(1, most);
}

function emptyText({ filter }: Drill): string {
  return filter === undefined ? 'No packet had a port.' : 'No flow with ports is meant by that.';
}

/** Tables of the whole capture, which no filter narrows. */
function wholeTables(
  { remainder, sizes: bins }: Assessment,
  { sizes, limit, drill }: AssessWishes,
): Table[] {
  const whole = drill.filter === undefined;
  const heading = `${SIZES.heading}${whole ? '' : ' (of the whole capture)'}`;
  return [
    ...(whole ? [cut(REMAINDER, remainder, remainder.length, limit ?? FIRST_OTHERS)] : []),
    ...(sizes ? [cut({ ...SIZES, heading }, bins, bins.length, EVERY_SIZE)] : []),
  ];
}

type Frame<Row> = Omit<Table<Row>, 'rows' | 'footnote'>;

const PORTS: Frame<PortUse> = {
  key: 'ports',
  kind: 'port',
  heading: 'PORTS',
  columns: PORT_COLUMNS,
};
const SOURCES: Frame<SourceUse> = {
  key: 'sources',
  kind: 'source',
  heading: 'SOURCES',
  columns: SOURCE_COLUMNS,
};
const EVERY_SOURCE = 100;
const PORTS_BY_SOURCE: Frame<PortUse> = { ...PORTS, columns: [...PORT_COLUMNS, ...SEEN_COLUMNS] };

function portsOf({ logs }: Assessment): Frame<PortUse> {
  return logs === null ? PORTS : PORTS_BY_SOURCE;
}

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
    ...frame,
    rows: shown,
    ...(more > 0 ? { footnote: `… and ${count(more)} more (--all shows all)` } : {}),
  };
}

/** The service with the most bytes; of equals the first. */
function busiest(services: readonly ServiceUse[]): ServiceUse | undefined {
  let best = services[0];
  for (const each of services) if (byBytes(each, best!) < 0) best = each;
  return best;
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

function nextSteps(
  { inputs, packets, findings, services, logs }: Assessment,
  { filter }: Drill,
): NextStep[] {
  if ((packets === 0 && logs === null) || inputs.includes('-')) return [];
  const names = inputs.length > 3 ? '…' : inputs.map(shellWord).join(' ');
  const suspect = findings.find(({ subject }) => subject.client !== undefined)?.subject.client;
  const service = busiest(services);
  const closer: NextStep[] = [];
  if (filter === undefined && suspect !== undefined) {
    const purpose = 'all about the host of the first finding';
    closer.push({ command: `portreeve assess ${names} --host ${suspect}`, purpose });
  }
  if (filter === undefined && service !== undefined) {
    const command = `portreeve assess ${names} --port ${service.port}/${service.transport}`;
    closer.push({ command, purpose: 'all about the busiest service' });
  }
  return [
    ...closer,
    // Flows are listed of captures, verdicts of logs.
    logs === null
      ? {
          command: `portreeve flows ${names}`,
          purpose: 'every flow, with the reason of its direction',
        }
      : {
          command: `portreeve audit ${logs.inputs.map(shellWord).join(' ')}`,
          purpose: 'what passed and what was refused, by the logs',
        },
    { command: `portreeve assess ${names} --json`, purpose: 'the same for programs' },
  ];
}
