/** The live view as lines: a header, a table, a footer; from a picture of the traffic and a state. */
import { serviceName } from '../catalog/services.ts';
import type { ConversationUse, HostUse, PortUse } from '../model/use.ts';
import type { LiveCounts } from '../pipeline/live.ts';
import type { Picture } from '../pipeline/watch.ts';
import { bitRate, bytes, count, counted, duration, rate } from '../report/numbers.ts';
import { displayWidth, shorten } from '../report/width.ts';
import type { Line } from './watch-screen.ts';
import { type Rates, SORTS, VIEWS, type WatchState } from './watch-state.ts';

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

interface Row {
  readonly key: string;
  readonly cells: readonly string[];
}

interface Column {
  readonly title: string;
  readonly left?: boolean;
}

const PORT_COLUMNS: readonly Column[] = [
  { title: 'PORT' },
  { title: 'SERVICE', left: true },
  { title: 'RATE' },
  { title: '', left: true },
  { title: 'BYTES' },
  { title: 'HOSTS' },
  { title: 'CLIENTS' },
  { title: 'STATUS', left: true },
  { title: 'PACKETS' },
  { title: 'TO' },
  { title: 'FROM' },
];
const HOST_COLUMNS: readonly Column[] = [
  { title: 'HOST', left: true },
  { title: 'ZONE', left: true },
  { title: 'BYTES' },
  { title: 'SENT' },
  { title: 'RECEIVED' },
  { title: 'SERVICES' },
  { title: 'FLOWS OUT' },
  { title: 'FLOWS IN' },
];
const CONVERSATION_COLUMNS: readonly Column[] = [
  { title: 'CLIENT', left: true },
  { title: 'SERVER', left: true },
  { title: 'PORT', left: true },
  { title: 'BYTES' },
  { title: 'PACKETS' },
  { title: 'FLOWS' },
  { title: 'STATUS', left: true },
];
const SIZE_COLUMNS: readonly Column[] = [
  { title: 'OCTETS', left: true },
  { title: 'PACKETS' },
  { title: 'SHARE' },
  { title: '', left: true },
];

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BLOCKS = ['_', '.', '-', '=', '+', '*', '#', '@'];

/** Keys of the rows as they stand on the screen, for the cursor. */
export function rowKeys(state: WatchState, facts: WatchFacts): string[] {
  return rowsOf(state, facts).map(({ key }) => key);
}

/** All lines, no more than `height` of them. */
export function watchLines(
  state: WatchState,
  facts: WatchFacts,
  width: number,
  height: number,
): Line[] {
  if (state.help) return helpLines();
  const head = [header(state, facts), drops(facts), newsLine(facts)];
  const foot = footer(state, width);
  const room = height - head.length - 2;
  const rows = rowsOf(state, facts);
  const chosen = Math.min(state.row, Math.max(0, rows.length - 1));
  const body =
    state.detail === undefined
      ? table(state, facts, rows, chosen, width, room)
      : detail(state.detail, facts, room);
  const blank = Math.max(0, height - head.length - body.length - 1);
  return [...head, ...body, ...Array.from({ length: blank }, () => ({ text: '' })), foot].slice(
    0,
    height,
  );
}

function header(state: WatchState, facts: WatchFacts): Line {
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
    dropped === 0 ? `0 drops${full}` : `${count(dropped)} drops (${share.toFixed(2)} %)${full}`;
  const gone =
    picture.evicted === 0 ? '' : `  ${count(picture.evicted)} flows summed up and let go`;
  const text = `${lost}  ${count(picture.packets)} packets  ${bytes(picture.bytes)}  ${counted(picture.flows, 'flow')}  ${counted(picture.hostCount, 'host')}${gone}`;
  return dropped > 0 ? { text, look: 'warn' } : { text };
}

function newsLine({ news, event, unicode }: WatchFacts): Line {
  if (event !== undefined) return { text: `${unicode ? '▲' : '^'} ${event}`, look: 'warn' };
  const [first, ...more] = news;
  if (first === undefined) return { text: '' };
  const rest = more.length === 0 ? '' : `  and ${more.length} more`;
  return { text: `${unicode ? '▲' : '^'} NEW  ${first}${rest}`, look: 'warn' };
}

function footer(state: WatchState, width: number): Line {
  if (state.typing !== undefined) return { text: `/${state.typing}_`, look: 'inverse' };
  if (state.message !== '') return { text: state.message, look: 'inverse' };
  return { text: keyLine(SORTS[state.view][state.sort] ?? '', width), look: 'faint' };
}

/** What keys do, as many as there is room for; those needed to get away or to learn more stay. */
function keyLine(sort: string, width: number): string {
  const keys = [
    `[1-4] ${VIEWS.join(' ')}`,
    '[/] filter',
    `[s] sort: ${sort}`,
    '[Enter] detail',
    '[p] pause',
    '[w] save',
    '[?] help',
    '[q] quit',
  ];
  const fits = (): boolean => displayWidth(keys.join('  ')) <= width;
  if (!fits()) {
    keys[0] = '[1-4] view';
    keys[2] = `[s] ${sort}`;
  }
  for (const least of ['[w]', '[p]', '[1-4]', '[Enter]', '[s]', '[/]', '[?]']) {
    if (fits()) break;
    keys.splice(
      keys.findIndex((key) => key.startsWith(least)),
      1,
    );
  }
  return keys.join('  ');
}

function helpLines(): Line[] {
  return [
    { text: 'Keys', look: 'strong' },
    { text: '' },
    { text: '  1 2 3 4  ports, hosts, conversations, packet sizes; Tab: the next' },
    { text: '  j k      down and up (arrows too); g G: first and last' },
    { text: '  Enter    what is behind the row; Esc: back' },
    { text: '  /        show only rows with a text; Esc: all again' },
    { text: '  s        the next order' },
    { text: '  p        pause the view; capturing goes on' },
    { text: '  w        save what is known to a file' },
    { text: '  q        quit, and print the assessment' },
    { text: '' },
    { text: 'Nothing here changes anything on the network.' },
    { text: 'NEW: a service that answered for the first time since the start.' },
    { text: '' },
    { text: 'Esc or ? goes back.', look: 'faint' },
  ];
}

function columnsOf(state: WatchState): readonly Column[] {
  switch (state.view) {
    case 'ports':
      return PORT_COLUMNS;
    case 'hosts':
      return HOST_COLUMNS;
    case 'conversations':
      return CONVERSATION_COLUMNS;
    case 'sizes':
      return SIZE_COLUMNS;
  }
}

function rowsOf(state: WatchState, facts: WatchFacts): Row[] {
  const rows = allRows(state, facts);
  const wanted = state.filter.toLowerCase();
  if (wanted === '') return rows;
  return rows.filter(({ key, cells }) =>
    `${key} ${cells.join(' ')}`.toLowerCase().includes(wanted),
  );
}

function allRows(state: WatchState, facts: WatchFacts): Row[] {
  const { picture } = facts;
  const sort = SORTS[state.view][state.sort] ?? '';
  switch (state.view) {
    case 'ports':
      return sorted(picture.ports, portOrder(sort, facts)).map((use) => portRow(use, facts));
    case 'hosts':
      return sorted(picture.hosts, hostOrder(sort)).map(hostRow);
    case 'conversations':
      return sorted(picture.conversations, conversationOrder(sort)).map(conversationRow);
    case 'sizes':
      return sizeRows(facts);
  }
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

function portRow(use: PortUse, { rates, unicode }: WatchFacts): Row {
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

function hostRow(use: HostUse): Row {
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

function conversationRow(use: ConversationUse): Row {
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

function sizeRows({ picture, unicode }: WatchFacts): Row[] {
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

/** The table, its last columns left out where the screen is too narrow for them. */
function table(
  state: WatchState,
  facts: WatchFacts,
  rows: readonly Row[],
  chosen: number,
  width: number,
  room: number,
): Line[] {
  const columns = columnsOf(state);
  const first = Math.max(0, Math.min(chosen - (room >> 1), rows.length - room + 1));
  const visible = rows.slice(first, first + Math.max(0, room - 1));
  const widths = columns.map((column, index) =>
    Math.max(
      displayWidth(column.title),
      index === 3 && state.view === 'ports' ? 8 : 0,
      ...visible.map(({ cells }) => Math.min(39, displayWidth(cells[index] ?? ''))),
    ),
  );
  const shown = fitting(widths, width);
  const line = (cells: readonly string[]): string =>
    cells
      .slice(0, shown)
      .map((cell, index) => aligned(cell, widths[index]!, columns[index]!.left ?? false))
      .join('  ');
  const lines: Line[] = [{ text: line(columns.map(({ title }) => title)), look: 'faint' }];
  for (const [index, { cells }] of visible.entries()) {
    const text = line(cells);
    lines.push(first + index === chosen ? { text, look: 'inverse' } : { text });
  }
  if (rows.length === 0) lines.push({ text: nothing(state, facts) });
  return lines;
}

function nothing(state: WatchState, { picture }: WatchFacts): string {
  if (state.filter !== '') return `no row has “${state.filter}”; Esc shows all`;
  return picture.packets === 0 ? 'no packet so far' : 'nothing of this kind so far';
}

function fitting(widths: readonly number[], width: number): number {
  let used = 0;
  for (const [index, each] of widths.entries()) {
    used += each + (index === 0 ? 0 : 2);
    if (used > width) return Math.max(1, index);
  }
  return widths.length;
}

function aligned(text: string, width: number, left: boolean): string {
  const short = shorten(text, width, '…');
  const blank = ' '.repeat(Math.max(0, width - displayWidth(short)));
  return left ? short + blank : blank + short;
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
