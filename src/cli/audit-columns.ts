/** The columns of an audit's tables; docs/audit.md describes them. */
import type {
  ConversationVerdicts,
  HostVerdicts,
  IdleService,
  NewClient,
  NewHost,
  NewRefusal,
  NewService,
  NoiseUse,
  PathVerdicts,
  RuleVerdicts,
  ServiceVerdicts,
  WayTotal,
} from '../analysis/audit/answer.ts';
import type { FlowTransport } from '../model/flow.ts';
import type { Action } from '../model/verdict.ts';
import type { ExporterUse, LineKind, PrefixUse } from '../pipeline/audit.ts';
import { figure, MACHINE } from '../report/columns.ts';
import { count, duration, isoTime } from '../report/numbers.ts';
import type { Column, Severity } from '../report/table.ts';
import { portNameOf, transportText } from './port-words.ts';

const TONES: Readonly<Record<Action, Severity>> = {
  allow: 'ok',
  deny: 'warning',
  unknown: 'info',
};

/** Zeros say nothing in a wide table of counts. */
function sparse<Row>(
  key: string,
  title: string,
  value: (row: Row) => number,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return figure(key, title, value, {
    text: (row) => (value(row) === 0 ? '-' : count(value(row))),
    ...more,
  });
}

function time<Row>(key: string, title: string, value: (row: Row) => number | null): Column<Row> {
  return {
    key,
    title,
    value,
    text: (row) => timeText(value(row)),
    priority: 5,
  };
}

/** `2026-11-22 10:30:00`, UTC. */
export function timeText(timeMs: number | null): string {
  return timeMs === null ? '-' : isoTime(timeMs).slice(0, 19).replace('T', ' ');
}

interface OnPort {
  readonly transport: FlowTransport | null;
  readonly port: number | null;
}

const PROTOCOL: Column<OnPort> = {
  key: 'transport',
  title: 'PROTO',
  value: ({ transport }) => transport,
  text: ({ transport }) => (transport === null ? '?' : transportText(transport)),
};
const PORT: Column<OnPort> = {
  key: 'port',
  title: 'PORT',
  value: ({ port }) => port,
  align: 'right',
};
const NAME: Column<OnPort> = {
  key: 'service',
  title: 'NAME',
  value: ({ transport, port }) =>
    transport === null || port === null ? null : portNameOf(transport, port),
  priority: 2,
};

const ACTION: Column<{ readonly action: Action }> = {
  key: 'action',
  title: 'ACTION',
  value: ({ action }) => action,
  tone: ({ action }) => TONES[action],
};

export const WAY_COLUMNS: readonly Column<WayTotal>[] = [
  { key: 'way', title: 'DIRECTION', value: ({ way }) => way },
  figure('allowed', 'ALLOWED', ({ allowed }) => allowed),
  figure('denied', 'DENIED', ({ denied }) => denied),
  figure('noise', 'OF THAT NOISE', ({ noise }) => noise),
  figure('meaning', 'LEFT', ({ denied, noise }) => denied - noise),
  figure('unknown', 'UNKNOWN', ({ unknown }) => unknown),
];

/** Without the direction and action that the heading says. */
export const SERVICE_COLUMNS: readonly Column<ServiceVerdicts>[] = [
  { key: 'way', value: ({ way }) => way, ...MACHINE },
  { ...ACTION, ...MACHINE },
  PORT,
  PROTOCOL,
  NAME,
  figure('events', 'EVENTS', ({ events }) => events),
  sparse('noise', 'NOISE', ({ noise }) => noise, { priority: 1 }),
  figure('clients', 'CLIENTS', ({ clients }) => clients),
  figure('servers', 'SERVERS', ({ servers }) => servers),
  figure('bytes', '', ({ bytes }) => bytes, MACHINE),
  time('firstMs', 'FIRST SEEN', ({ firstMs }) => firstMs),
  time('lastMs', 'LAST SEEN', ({ lastMs }) => lastMs),
  { key: 'locator', title: 'EVIDENCE', value: ({ locator }) => locator, priority: 7 },
];

export const CONVERSATION_COLUMNS: readonly Column<ConversationVerdicts>[] = conversationColumns({
  key: 'partly',
  title: 'ALSO ALLOWED',
  value: ({ partly }) => partly,
  text: ({ partly }) => (partly ? 'yes' : '-'),
  priority: 4,
});

export const NEW_REFUSAL_COLUMNS = conversationColumns<NewRefusal>({
  key: 'allowedBefore',
  title: 'BEFORE',
  value: ({ allowedBefore }) => allowedBefore,
  text: ({ allowedBefore }) => (allowedBefore ? 'allowed' : '-'),
  tone: ({ allowedBefore }) => (allowedBefore ? 'error' : undefined),
});

/** Columns of conversations, with one of what else there was between the two. */
function conversationColumns<Row extends ConversationVerdicts>(
  besides: Column<Row>,
): readonly Column<Row>[] {
  return [
    { key: 'client', title: 'CLIENT', value: ({ client }) => client },
    { key: 'clientZone', value: ({ clientZone }) => clientZone, ...MACHINE },
    {
      key: 'server',
      title: 'SERVER',
      value: ({ server }) => server,
      text: ({ server }) => `→ ${server}`,
    },
    { key: 'serverZone', value: ({ serverZone }) => serverZone, ...MACHINE },
    PORT,
    PROTOCOL,
    NAME,
    { key: 'way', title: 'DIRECTION', value: ({ way }) => way, priority: 3 },
    { ...ACTION, priority: 5 },
    figure('events', 'EVENTS', ({ events }) => events),
    {
      key: 'loopMs',
      title: 'LOOP',
      value: ({ loopMs }) => loopMs,
      text: ({ loopMs }) => (loopMs === null ? '-' : `every ${duration(loopMs)}`),
      tone: ({ loopMs }) => (loopMs === null ? undefined : 'warning'),
      priority: 1,
    },
    besides,
    { key: 'noise', title: 'NOISE', value: ({ noise }) => noise, priority: 8 },
    { key: 'rule', title: 'RULE', value: ({ rule }) => rule, priority: 2 },
    { key: 'inInterface', title: 'IN', value: ({ inInterface }) => inInterface, priority: 6 },
    { key: 'outInterface', title: 'OUT', value: ({ outInterface }) => outInterface, priority: 6 },
    figure('bytes', '', ({ bytes }) => bytes, MACHINE),
    time('firstMs', 'FIRST SEEN', ({ firstMs }) => firstMs),
    time('lastMs', 'LAST SEEN', ({ lastMs }) => lastMs),
    { key: 'locator', title: 'EVIDENCE', value: ({ locator }) => locator, priority: 5 },
  ];
}

const LOCATOR: Column<{ readonly locator: string }> = {
  key: 'locator',
  title: 'EVIDENCE',
  value: ({ locator }) => locator,
  priority: 7,
};

/** A port of one server inside, or of all servers outside. */
export const IDLE_COLUMNS: readonly Column<IdleService>[] = [
  {
    key: 'server',
    title: 'SERVER',
    value: ({ server }) => server,
    text: ({ server }) => server ?? '(any outside)',
  },
  { key: 'zone', title: 'ZONE', value: ({ zone }) => zone, priority: 4 },
  PORT,
  PROTOCOL,
  NAME,
  { key: 'way', title: 'DIRECTION', value: ({ way }) => way, priority: 1 },
  figure('clients', 'CLIENTS', ({ clients }) => clients),
  figure('events', 'EVENTS', ({ events }) => events),
  time('firstMs', 'FIRST SEEN', ({ firstMs }) => firstMs),
  { ...time('lastMs', 'LAST SEEN', ({ lastMs }) => lastMs), priority: 3 },
  LOCATOR,
];

export const NEW_SERVICE_COLUMNS: readonly Column<NewService>[] = [
  ...IDLE_COLUMNS.slice(0, 5),
  {
    key: 'portKnown',
    title: 'PORT BEFORE',
    value: ({ portKnown }) => portKnown,
    text: ({ portKnown }) => (portKnown ? 'of others' : 'no'),
    priority: 2,
  },
  ...IDLE_COLUMNS.slice(5),
];

export const NEW_CLIENT_COLUMNS: readonly Column<NewClient>[] = [
  { key: 'client', title: 'CLIENT', value: ({ client }) => client },
  {
    key: 'server',
    title: 'SERVER',
    value: ({ server }) => server,
    text: ({ server }) => `→ ${server ?? '(any outside)'}`,
  },
  PORT,
  PROTOCOL,
  NAME,
  { key: 'way', title: 'DIRECTION', value: ({ way }) => way, priority: 1 },
  figure('events', 'EVENTS', ({ events }) => events),
  { ...time('firstMs', 'FIRST SEEN', ({ firstMs }) => firstMs), priority: 3 },
  time('lastMs', 'LAST SEEN', ({ lastMs }) => lastMs),
  LOCATOR,
];

export const HOST_COLUMNS: readonly Column<HostVerdicts>[] = [
  { key: 'address', title: 'HOST', value: ({ address }) => address },
  { key: 'zone', title: 'ZONE', value: ({ zone }) => zone },
  sparse('allowedAsClient', 'ALLOWED BY IT', ({ allowedAsClient }) => allowedAsClient),
  sparse('deniedAsClient', 'DENIED BY IT', ({ deniedAsClient }) => deniedAsClient),
  sparse('allowedAsServer', 'ALLOWED TO IT', ({ allowedAsServer }) => allowedAsServer),
  sparse('deniedAsServer', 'DENIED TO IT', ({ deniedAsServer }) => deniedAsServer),
];

export const NEW_HOST_COLUMNS: readonly Column<NewHost>[] = [
  ...HOST_COLUMNS,
  time('firstMs', 'FIRST SEEN', ({ firstMs }) => firstMs),
  LOCATOR,
];

export const RULE_COLUMNS: readonly Column<RuleVerdicts>[] = [
  {
    key: 'rule',
    title: 'RULE',
    value: ({ rule }) => rule,
    text: ({ rule }) => rule ?? '(none named)',
    // The text of a rule, where the log has that: its end says what it does.
    ...{ grow: true, wraps: true, least: 24 },
  },
  { key: 'device', title: 'DEVICE', value: ({ device }) => device, priority: 3 },
  ACTION,
  figure('events', 'HITS', ({ events }) => events),
  figure('services', 'PORTS', ({ services }) => services, { priority: 2 }),
  { key: 'topService', title: 'MOST ON', value: ({ topService }) => topService, priority: 1 },
  time('firstMs', 'FIRST HIT', ({ firstMs }) => firstMs),
  time('lastMs', 'LAST HIT', ({ lastMs }) => lastMs),
];

export const PATH_COLUMNS: readonly Column<PathVerdicts>[] = [
  {
    key: 'from',
    title: 'FROM',
    value: ({ from }) => from,
    text: ({ from }) => from ?? '-',
  },
  { key: 'to', title: 'TO', value: ({ to }) => to, text: ({ to }) => to ?? '-' },
  sparse('allowed', 'ALLOWED', ({ allowed }) => allowed),
  sparse('denied', 'DENIED', ({ denied }) => denied),
  sparse('noise', 'OF THAT NOISE', ({ noise }) => noise),
  sparse('unknown', 'UNKNOWN', ({ unknown }) => unknown, { priority: 1 }),
];

export const NOISE_COLUMNS: readonly Column<NoiseUse>[] = [
  { key: 'noise', title: 'KIND', value: ({ noise }) => noise },
  figure('events', 'EVENTS', ({ events }) => events),
  figure('sources', 'SOURCES', ({ sources }) => sources),
  { key: 'topService', title: 'MOST ON', value: ({ topService }) => topService, priority: 1 },
  {
    key: 'formula',
    title: 'COUNTED AS SUCH',
    value: ({ formula }) => formula,
    ...{ grow: true, wraps: true },
    priority: 2,
  },
];

/** Events in one stretch of time. */
export interface TimeRow {
  readonly startMs: number;
  readonly allowed: number;
  readonly denied: number;
  readonly unknown: number;
  readonly bar: string;
}

export const TIME_COLUMNS: readonly Column<TimeRow>[] = [
  {
    key: 'startMs',
    title: 'FROM (UTC)',
    value: ({ startMs }) => startMs,
    text: ({ startMs }) => timeText(startMs),
  },
  sparse('allowed', 'ALLOWED', ({ allowed }) => allowed),
  sparse('denied', 'DENIED', ({ denied }) => denied),
  sparse('unknown', 'UNKNOWN', ({ unknown }) => unknown, { priority: 2 }),
  {
    key: 'bar',
    title: 'CHART',
    value: ({ bar }) => bar.length,
    text: ({ bar }) => bar,
    priority: 1,
  },
];

export const PREFIX_COLUMNS: readonly Column<PrefixUse>[] = [
  { key: 'prefix', title: 'PREFIX', value: ({ prefix }) => prefix },
  { ...(ACTION as Column<PrefixUse>), title: 'TAKEN FOR' },
  {
    key: 'because',
    title: 'BECAUSE',
    value: ({ because }) => because,
    text: ({ because }) => PREFIX_REASONS[because],
    ...{ grow: true, wraps: true },
  },
];

const PREFIX_REASONS: Readonly<Record<PrefixUse['because'], string>> = {
  told: 'you said so with --prefix',
  ufw: 'ufw writes it',
  firewalld: 'firewalld writes it',
  shorewall: 'Shorewall writes it',
  vyos: 'VyOS, EdgeOS or UniFi writes it: A, D or R',
  word: 'it says so in a word',
  'two-words': 'its words contradict each other',
  'no-word': 'it names no verdict; say it with --prefix',
};

export const LINE_COLUMNS: readonly Column<LineKind>[] = [
  { key: 'format', title: 'FORMAT', value: ({ format }) => format },
  {
    key: 'what',
    title: 'WHAT',
    value: ({ what }) => what,
    text: ({ what }) => what || '(no program)',
  },
  figure('lines', 'LINES', ({ lines }) => lines),
  { key: 'missed', value: ({ missed }) => missed, ...MACHINE },
  {
    key: 'samples',
    title: 'FIRST AT',
    value: ({ samples }) => samples.map(({ locator, text }) => ({ locator, text })),
    text: ({ samples: [first] }) => first?.locator ?? '-',
    priority: 1,
  },
  {
    key: 'text',
    title: 'SAMPLE',
    value: ({ samples: [first] }) => first?.text ?? null,
    grow: true,
    priority: 2,
  },
];

/** Of lines that no format knows there is only the program. */
export const PROGRAM_COLUMNS: readonly Column<LineKind>[] = LINE_COLUMNS.map((column) => {
  if (column.key === 'format') return { key: 'format', value: column.value, ...MACHINE };
  return column.key === 'what' ? { ...column, title: 'PROGRAM' } : column;
});

export const EXPORTER_COLUMNS: readonly Column<ExporterUse>[] = [
  {
    key: 'exporter',
    title: 'EXPORTER',
    value: ({ exporter }) => exporter || null,
    text: ({ exporter }) => exporter || '-',
  },
  { key: 'protocol', title: 'PROTOCOL', value: ({ protocol }) => protocol },
  figure('id', 'DOMAIN', ({ id }) => id, { text: ({ id }) => String(id), priority: 4 }),
  figure('datagrams', 'DATAGRAMS', ({ datagrams }) => datagrams, { priority: 3 }),
  figure('records', 'FLOWS', ({ records }) => records),
  {
    key: 'sampling',
    title: 'SAMPLED',
    value: ({ greatestRate }) => greatestRate,
    text: ({ leastRate, greatestRate }) => rateText(leastRate, greatestRate),
    align: 'right',
  },
  { key: 'leastSampling', value: ({ leastRate }) => leastRate, ...MACHINE },
  sparse('lost', 'LOST', ({ lost }) => lost),
  sparse('withoutTemplate', 'NO TEMPLATE', ({ withoutTemplate }) => withoutTemplate, {
    priority: 1,
  }),
  sparse('counterSamples', 'COUNTERS', ({ counterSamples }) => counterSamples, { priority: 5 }),
  { key: 'sampledRecords', value: ({ sampledRecords }) => sampledRecords, ...MACHINE },
  { key: 'sampleDrops', value: ({ sampleDrops }) => sampleDrops, ...MACHINE },
];

/** `1:100`, `1:1-512`; a dash where every packet counts. */
function rateText(least: number, greatest: number): string {
  if (greatest <= 1) return '-';
  return least === greatest ? `1:${count(greatest)}` : `1:${count(least)}-${count(greatest)}`;
}
