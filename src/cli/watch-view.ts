/** What `watch` shows live: traffic by port, host, conversation and size, drops and new services. */
import { serviceName } from '../catalog/services.ts';
import type { ConversationUse, HostUse, PortUse } from '../model/use.ts';
import type { LiveCounts } from '../pipeline/live.ts';
import type { Picture } from '../pipeline/watch.ts';
import { bitRate, bytes, count, counted, duration, rate } from '../report/numbers.ts';
import type { LiveColumn, LivePage, LiveRow } from './live-page.ts';
import type { Line } from './live-screen.ts';
import type { LiveState } from './live-state.ts';
import type { Rates } from './watch-rates.ts';

export interface WatchFacts {
  readonly picture: Picture;
  readonly rates: Rates;
  readonly counts: readonly LiveCounts[];
  readonly elapsedMs: number;
  readonly leftMs?: number;
  readonly filterText: string;
  /** Services that answered for the first time lately, the newest first. */
  readonly news: readonly string[];
  /** What happened to an interface lately. */
  readonly event?: string;
  readonly unicode: boolean;
}

const PORT_COLUMNS: readonly LiveColumn[] = [
  { title: 'PORT' },
  { title: 'SERVICE', left: true },
  { title: 'RATE' },
  { title: '', left: true, least: 8 },
  { title: 'BYTES' },
  { title: 'HOSTS' },
  { title: 'CLIENTS' },
  { title: 'STATUS', left: true },
  { title: 'PACKETS' },
  { title: 'TO' },
  { title: 'FROM' },
];
const HOST_COLUMNS: readonly LiveColumn[] = [
  { title: 'HOST', left: true },
  { title: 'ZONE', left: true },
  { title: 'BYTES' },
  { title: 'SENT' },
  { title: 'RECEIVED' },
  { title: 'SERVICES' },
  { title: 'FLOWS OUT' },
  { title: 'FLOWS IN' },
];
const CONVERSATION_COLUMNS: readonly LiveColumn[] = [
  { title: 'CLIENT', left: true },
  { title: 'SERVER', left: true },
  { title: 'PORT', left: true },
  { title: 'BYTES' },
  { title: 'PACKETS' },
  { title: 'FLOWS' },
  { title: 'STATUS', left: true },
];
const SIZE_COLUMNS: readonly LiveColumn[] = [
  { title: 'OCTETS', left: true },
  { title: 'PACKETS' },
  { title: 'SHARE' },
  { title: '', left: true },
];

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BLOCKS = ['_', '.', '-', '=', '+', '*', '#', '@'];

function header(state: LiveState, facts: WatchFacts): Line {
  const { counts, rates, elapsedMs, leftMs, filterText, unicode } = facts;
  const names = counts.map(({ name }) => name).join(',');
  const dot = state.paused ? 'paused' : unicode ? '● live' : 'live';
  const parts = [
    `${names} ${dot} ${duration(elapsedMs)}`,
    rate(rates.packets, 'pkt'),
    bitRate(rates.bytes * 8),
    ...(leftMs === undefined ? [] : [`${duration(leftMs)} left`]),
    ...(filterText === '' ? [] : [`filter: ${filterText}`]),
    ...(state.filter === '' ? [] : [`showing: ${state.filter}`]),
  ];
  return { text: parts.join('  '), look: 'strong' };
}

/** Drops stand there always, also when there are none. */
function drops({ counts, picture }: WatchFacts): Line {
  const received = counts.reduce((sum, each) => sum + each.received, 0);
  const dropped = counts.reduce((sum, each) => sum + each.dropped, 0);
  const share = received === 0 ? 0 : (dropped / received) * 100;
  const freezes = counts.reduce((sum, each) => sum + each.freezes, 0);
  const full =
    freezes === 0 ? '' : `, ring full ${freezes === 1 ? 'once' : `${count(freezes)} times`}`;
  const lost =
    dropped === 0 ? `0 drops${full}` : `${counted(dropped, 'drop')} (${share.toFixed(2)} %)${full}`;
  const gone =
    picture.evicted === 0 ? '' : `  ${counted(picture.evicted, 'flow')} summed up and let go`;
  const text = `${lost}  ${counted(picture.packets, 'packet')}  ${bytes(picture.bytes)}  ${counted(picture.flows, 'flow')}  ${counted(picture.hostCount, 'host')}${gone}`;
  return dropped > 0 ? { text, look: 'warn' } : { text };
}

function newsLine({ news, event, unicode }: WatchFacts): Line {
  if (event !== undefined) return { text: `${unicode ? '▲' : '^'} ${event}`, look: 'warn' };
  const [first, ...more] = news;
  if (first === undefined) return { text: '' };
  const rest = more.length === 0 ? '' : `  and ${more.length} more`;
  return { text: `${unicode ? '▲' : '^'} NEW  ${first}${rest}`, look: 'warn' };
}

/** The largest first. */
function sorted<Item>(items: readonly Item[], by: (item: Item) => number): Item[] {
  return [...items].sort((left, right) => by(right) - by(left));
}

function portOrder(sort: string, { rates }: WatchFacts): (use: PortUse) => number {
  switch (sort) {
    case 'bytes':
      return ({ bytes: octets }) => octets;
    case 'packets':
      return ({ packets }) => packets;
    case 'clients':
      return ({ clients }) => clients;
    case 'port':
      return ({ port }) => -port;
    default:
      // Without traffic just now, by what there was.
      return ({ port, transport, bytes: octets }) =>
        rates.of(`${port}/${transport}`) * 1e6 + octets / 1e9;
  }
}

function hostOrder(sort: string): (use: HostUse) => number {
  switch (sort) {
    case 'sent':
      return ({ bytesSent }) => bytesSent;
    case 'received':
      return ({ bytesReceived }) => bytesReceived;
    case 'services':
      return ({ services }) => services;
    default:
      return ({ bytes: octets }) => octets;
  }
}

function conversationOrder(sort: string): (use: ConversationUse) => number {
  switch (sort) {
    case 'packets':
      return ({ packets }) => packets;
    case 'last':
      return ({ lastMs }) => lastMs;
    default:
      return ({ bytes: octets }) => octets;
  }
}

function portRow(use: PortUse, { rates, unicode }: WatchFacts): LiveRow {
  const key = `${use.port}/${use.transport}`;
  return {
    key,
    cells: [
      key,
      serviceName(use.transport, use.port) ?? '',
      `${bytes(rates.of(key))}/s`,
      bars(rates.barsOf(key), unicode),
      bytes(use.bytes),
      count(use.serving),
      count(use.clients),
      use.direction === 'unknown' ? 'unknown' : use.status,
      count(use.packets),
      bytes(use.bytesToServer),
      bytes(use.bytesToClient),
    ],
  };
}

/** Rates as a row of bars, the highest of them full. */
function bars(values: readonly number[], unicode: boolean): string {
  const blocks = unicode ? BLOCKS : ASCII_BLOCKS;
  const most = Math.max(...values, 1);
  return values
    .map((value) => (value === 0 ? ' ' : blocks[Math.min(7, Math.floor((value / most) * 7.99))]))
    .join('');
}

function hostRow(use: HostUse): LiveRow {
  return {
    key: use.address,
    cells: [
      use.address,
      use.zone,
      bytes(use.bytes),
      bytes(use.bytesSent),
      bytes(use.bytesReceived),
      count(use.services),
      count(use.flowsAsClient),
      count(use.flowsAsServer),
    ],
  };
}

function conversationRow(use: ConversationUse): LiveRow {
  return {
    key: `${use.client} ${use.server} ${use.port}/${use.transport}`,
    cells: [
      use.client,
      use.server,
      `${use.port}/${use.transport}`,
      bytes(use.bytes),
      count(use.packets),
      count(use.flows),
      use.status ?? '',
    ],
  };
}

function sizeRows({ picture, unicode }: WatchFacts): LiveRow[] {
  const total = picture.sizes.reduce((sum, { packets }) => sum + packets, 0);
  const block = unicode ? '█' : '#';
  // Twenty bins would not fit a small terminal; most of them are empty in most networks.
  const used = picture.sizes.filter(({ packets }) => packets > 0);
  return used.map(({ least, most, packets }) => {
    const share = total === 0 ? 0 : packets / total;
    const name = most === null ? `${count(least)} and more` : `${count(least)} to ${count(most)}`;
    return {
      key: name,
      cells: [name, count(packets), `${(share * 100).toFixed(1)} %`, block.repeat(share * 30)],
    };
  });
}

/** What is behind a row: servers and clients of a port, or the talk of a host. */
function detail(key: string, { picture }: WatchFacts, room: number): Line[] {
  const [, portText = ''] = /(?:^| )(\d+\/\w+)$/.exec(key) ?? [];
  const host = portText === '' ? key : '';
  const services = picture.services.filter(
    ({ server, port, transport }) => server === host || `${port}/${transport}` === portText,
  );
  const talks = picture.conversations.filter(
    ({ client, server, port, transport }) =>
      client === host || server === host || `${port}/${transport}` === portText,
  );
  const half = Math.max(3, (room - 4) >> 1);
  const lines: Line[] = [
    { text: key, look: 'strong' },
    { text: 'ANSWERED', look: 'faint' },
  ];
  for (const use of sorted(services, ({ bytes: octets }) => octets).slice(0, half)) {
    lines.push({
      text: `  ${use.server}  ${use.port}/${use.transport}  ${counted(use.clients, 'client')}  ${bytes(use.bytes)}  by ${use.confirmed}`,
    });
  }
  if (services.length === 0) lines.push({ text: '  nobody so far' });
  lines.push({ text: 'CONVERSATIONS', look: 'faint' });
  for (const use of sorted(talks, ({ bytes: octets }) => octets).slice(0, half)) {
    lines.push({
      text: `  ${use.client} to ${use.server} ${use.port}/${use.transport}  ${bytes(use.bytes)}  ${use.status ?? ''}`,
    });
  }
  if (talks.length === 0) lines.push({ text: '  none among those with the most bytes' });
  return lines.slice(0, room);
}

export const WATCH_PAGE: LivePage<WatchFacts> = {
  views: [
    {
      name: 'ports',
      sorts: ['rate', 'bytes', 'packets', 'clients', 'port'],
      columns: PORT_COLUMNS,
      rows: (facts, sort) =>
        sorted(facts.picture.ports, portOrder(sort, facts)).map((use) => portRow(use, facts)),
    },
    {
      name: 'hosts',
      sorts: ['bytes', 'sent', 'received', 'services'],
      columns: HOST_COLUMNS,
      rows: ({ picture }, sort) => sorted(picture.hosts, hostOrder(sort)).map(hostRow),
    },
    {
      name: 'conversations',
      sorts: ['bytes', 'packets', 'last'],
      columns: CONVERSATION_COLUMNS,
      rows: ({ picture }, sort) =>
        sorted(picture.conversations, conversationOrder(sort)).map(conversationRow),
    },
    { name: 'sizes', sorts: ['size'], columns: SIZE_COLUMNS, rows: sizeRows },
  ],
  head: (state, facts) => [header(state, facts), drops(facts), newsLine(facts)],
  detail,
  nothing: ({ picture }) =>
    picture.packets === 0 ? 'no packet so far' : 'nothing of this kind so far',
  help: [
    '  1 2 3 4  ports, hosts, conversations, packet sizes; Tab: the next',
    '  p        pause the view; capturing goes on',
    '  w        save what is known to a file',
    '  q        quit, and print the assessment',
    '',
    'Nothing here changes anything on the network.',
    'NEW: a service that answered for the first time since the start.',
  ],
};
