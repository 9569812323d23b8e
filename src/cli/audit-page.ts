/** What `audit --follow` shows live: what is refused, by service, host and rule, as the log grows. */
import type {
  ConversationVerdicts,
  HostVerdicts,
  RuleVerdicts,
  ServiceVerdicts,
} from '../analysis/audit/answer.ts';
import { serviceName } from '../catalog/services.ts';
import type { LogAudit } from '../pipeline/audit.ts';
import { count, counted, duration, percent, rate } from '../report/numbers.ts';
import { timeText } from './audit-columns.ts';
import type { LiveColumn, LivePage, LiveRow } from './live-page.ts';
import type { Line } from './live-screen.ts';
import type { LiveState } from './live-state.ts';

export interface AuditFacts {
  /** Undefined until the first lines were read. */
  readonly answer: LogAudit | undefined;
  /** Names of what is followed. */
  readonly name: string;
  readonly elapsedMs: number;
  /** Read so far. */
  readonly lines: number;
  /** Lines per second lately. */
  readonly linesPerSecond: number;
  /** Conversations refused for the first time lately, the newest first. */
  readonly news: readonly string[];
  readonly unicode: boolean;
}

const CONVERSATION_COLUMNS: readonly LiveColumn[] = [
  { title: 'CLIENT', left: true },
  { title: 'SERVER', left: true },
  { title: 'PORT', left: true },
  { title: 'EVENTS' },
  { title: 'LOOP', left: true },
  { title: 'LAST SEEN', left: true },
  { title: 'DIRECTION', left: true },
  { title: 'RULE', left: true },
];
const SERVICE_COLUMNS: readonly LiveColumn[] = [
  { title: 'PORT', left: true },
  { title: 'NAME', left: true },
  { title: 'DIRECTION', left: true },
  { title: 'ACTION', left: true },
  { title: 'EVENTS' },
  { title: 'NOISE' },
  { title: 'CLIENTS' },
  { title: 'SERVERS' },
  { title: 'LAST SEEN', left: true },
];
const HOST_COLUMNS: readonly LiveColumn[] = [
  { title: 'HOST', left: true },
  { title: 'ZONE', left: true },
  { title: 'ALLOWED BY IT' },
  { title: 'DENIED BY IT' },
  { title: 'ALLOWED TO IT' },
  { title: 'DENIED TO IT' },
];
const RULE_COLUMNS: readonly LiveColumn[] = [
  { title: 'RULE', left: true },
  { title: 'ACTION', left: true },
  { title: 'HITS' },
  { title: 'MOST ON', left: true },
  { title: 'LAST HIT', left: true },
  { title: 'DEVICE', left: true },
];

export const AUDIT_PAGE: LivePage<AuditFacts> = {
  views: [
    {
      name: 'refused',
      sorts: ['weight', 'events', 'last'],
      columns: CONVERSATION_COLUMNS,
      rows: ({ answer }, sort) => sorted(answer?.refused, refusedOrder(sort)).map(refusedRow),
    },
    {
      name: 'services',
      sorts: ['events', 'clients', 'last'],
      columns: SERVICE_COLUMNS,
      rows: ({ answer }, sort) => sorted(answer?.services, serviceOrder(sort)).map(serviceRow),
    },
    {
      name: 'hosts',
      sorts: ['denied', 'allowed'],
      columns: HOST_COLUMNS,
      rows: ({ answer }, sort) => sorted(answer?.hosts, hostOrder(sort)).map(hostRow),
    },
    {
      name: 'rules',
      sorts: ['hits', 'last'],
      columns: RULE_COLUMNS,
      rows: ({ answer }, sort) =>
        sorted(answer?.rules, sort === 'last' ? lastOf : ({ events }) => events).map(ruleRow),
    },
  ],
  head: (state, facts) => [header(state, facts), verdicts(facts), newsLine(facts)],
  detail,
  nothing: ({ answer }) =>
    answer === undefined
      ? 'reading what there is …'
      : answer.linesRead === 0
        ? 'no line of a firewall log so far'
        : 'nothing of this kind so far',
  help: [
    '  1 2 3 4  refused (without noise), services, hosts, rules; Tab: the next',
    '  p        pause the view; reading goes on',
    '  w        save the answer so far to a file',
    '  q        quit, and print the answer',
    '',
    'Nothing here changes anything: the log is only read.',
    'NEW: a conversation that was refused for the first time since the start.',
  ],
};

/** The largest first; as they were where nothing is said. */
function sorted<Item>(
  items: readonly Item[] | undefined,
  by: ((item: Item) => number) | undefined,
): readonly Item[] {
  if (items === undefined || by === undefined) return items ?? [];
  return [...items].sort((left, right) => by(right) - by(left));
}

function lastOf({ lastMs }: { readonly lastMs: number | null }): number {
  return lastMs ?? 0;
}

/** The answer has those first that inside hosts were refused outward. */
function refusedOrder(sort: string): ((row: ConversationVerdicts) => number) | undefined {
  if (sort === 'last') return lastOf;
  return sort === 'events' ? ({ events }) => events : undefined;
}

function serviceOrder(sort: string): (row: ServiceVerdicts) => number {
  if (sort === 'last') return lastOf;
  return sort === 'clients' ? ({ clients }) => clients : ({ events }) => events;
}

function hostOrder(sort: string): (row: HostVerdicts) => number {
  return sort === 'allowed'
    ? ({ allowedAsClient, allowedAsServer }) => allowedAsClient + allowedAsServer
    : ({ deniedAsClient, deniedAsServer }) => deniedAsClient + deniedAsServer;
}

/** `443/tcp`; the protocol alone where it has no ports. */
function portText({ port, transport }: Pick<ServiceVerdicts, 'port' | 'transport'>): string {
  return port === null ? (transport ?? '?') : `${port}/${transport}`;
}

/** Names a conversation in the view and in its news. */
export function conversationKey(row: ConversationVerdicts): string {
  return `${row.client} ${row.server} ${portText(row)}`;
}

function refusedRow(row: ConversationVerdicts): LiveRow {
  const { client, server, events, loopMs, lastMs, way, rule } = row;
  const loop = loopMs === null ? '' : `every ${duration(loopMs)}`;
  const cells = [client, server, portText(row), count(events), loop, timeText(lastMs), way];
  return { key: `${conversationKey(row)} ${rule ?? ''}`, cells: [...cells, rule ?? ''] };
}

function serviceRow(row: ServiceVerdicts): LiveRow {
  const { transport, port, way, action, events, noise, clients, servers, lastMs } = row;
  const name = transport === null || port === null ? undefined : serviceName(transport, port);
  const told = [portText(row), name ?? '', way, action];
  const figures = [events, noise, clients, servers].map(count);
  return { key: told.join(' '), cells: [...told, ...figures, timeText(lastMs)] };
}

function hostRow(row: HostVerdicts): LiveRow {
  const { address, zone, allowedAsClient, deniedAsClient, allowedAsServer, deniedAsServer } = row;
  const figures = [allowedAsClient, deniedAsClient, allowedAsServer, deniedAsServer].map(count);
  return { key: `${address} ${zone}`, cells: [address, zone, ...figures] };
}

function ruleRow({ rule, device, action, events, topService, lastMs }: RuleVerdicts): LiveRow {
  const name = rule ?? '(none named)';
  const cells = [name, action, count(events), topService, timeText(lastMs), device ?? ''];
  return { key: `${name} ${device} ${action}`, cells };
}

function header(state: LiveState, facts: AuditFacts): Line {
  const { name, elapsedMs, lines, linesPerSecond, unicode } = facts;
  const dot = state.paused ? 'paused' : unicode ? '● live' : 'live';
  const parts = [
    `${name} ${dot} ${duration(elapsedMs)}`,
    counted(lines, 'line'),
    rate(linesPerSecond, 'lines'),
    ...(state.filter === '' ? [] : [`showing: ${state.filter}`]),
  ];
  return { text: parts.join('  '), look: 'strong' };
}

/** What is missing stands there as well. */
function verdicts({ answer }: AuditFacts): Line {
  if (answer === undefined) return { text: '' };
  const { allowed, denied, unknown, refusedInside, notes } = answer;
  const noise = answer.noise.reduce((sum, { events }) => sum + events, 0);
  const missing = notes.filter((note) => note.missing);
  const [first] = missing;
  const parts = [
    `${count(allowed)} allowed`,
    `${count(denied)} denied${denied > 0 ? ` (${percent(noise, denied)} noise)` : ''}`,
    ...(unknown > 0 ? [`${count(unknown)} unknown`] : []),
    ...(refusedInside > 0 ? [`${counted(refusedInside, 'inside host')} refused outward`] : []),
    ...(first === undefined
      ? []
      : [`not seen: ${first.what}${missing.length > 1 ? ` and ${missing.length - 1} more` : ''}`]),
  ];
  const text = parts.join('  ');
  return first === undefined ? { text } : { text, look: 'warn' };
}

function newsLine({ news, unicode }: AuditFacts): Line {
  const [first, ...more] = news;
  if (first === undefined) return { text: '' };
  const rest = more.length === 0 ? '' : `  and ${more.length} more`;
  return { text: `${unicode ? '▲' : '^'} NEW  ${first}${rest}`, look: 'warn' };
}

/** What is behind a row: refused conversations and services that have to do with it. */
function detail(key: string, { answer }: AuditFacts, room: number): Line[] {
  const words = key.split(' ');
  const refused = (answer?.refused ?? []).filter((row) =>
    isAbout(words, [row.client, row.server, portText(row), row.rule ?? '']),
  );
  const services = (answer?.services ?? []).filter((row) => words.includes(portText(row)));
  const hosts = (answer?.hosts ?? []).filter(({ address }) => words.includes(address));
  const lines: Line[] = [{ text: key.trim(), look: 'strong' }];
  for (const host of hosts) {
    const { address, zone, allowedAsClient, deniedAsClient } = host;
    const asServer = `${count(host.allowedAsServer)} allowed, ${count(host.deniedAsServer)} denied`;
    lines.push({
      text: `  ${address} (${zone})  by it: ${count(allowedAsClient)} allowed, ${count(deniedAsClient)} denied  to it: ${asServer}`,
    });
  }
  if (services.length > 0) lines.push({ text: 'ON THIS PORT', look: 'faint' });
  for (const service of services) {
    const { way, action, events, clients, servers } = service;
    lines.push({
      text: `  ${action} ${way}  ${counted(events, 'event')}  ${counted(clients, 'client')}  ${counted(servers, 'server')}  ${service.locator}`,
    });
  }
  lines.push({ text: 'REFUSED AND NO NOISE', look: 'faint' });
  for (const row of refused.slice(0, Math.max(3, room - lines.length))) {
    const loop = row.loopMs === null ? '' : `  every ${duration(row.loopMs)}`;
    lines.push({
      text: `  ${row.client} to ${row.server} ${portText(row)}  ${counted(row.events, 'time')}${loop}  ${row.rule ?? ''}  ${row.locator}`,
    });
  }
  if (refused.length === 0) lines.push({ text: '  nothing' });
  return lines.slice(0, room);
}

/** Whether a conversation is the one that is named, or of the host, port or rule that is. */
function isAbout(
  words: readonly string[],
  [client, server, port, rule]: readonly string[],
): boolean {
  if (words[0] === client && words[1] === server) return words[2] === port;
  const [first] = words;
  return first === client || first === server || first === port || first === rule;
}
