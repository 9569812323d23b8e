/** Puts a machine's sockets into words: verdict, table, blind spots. */
import { serviceName } from '../catalog/services.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { EXPOSURES, type Exposure } from '../model/exposure.ts';
import type { Listener, Owner } from '../model/listener.ts';
import type { SocketView } from '../pipeline/sockets.ts';
import { count } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Column, Severity } from '../report/table.ts';
import { connectionTable } from './connection-table.ts';
import { firewallText, plainFirewall } from './firewall-words.ts';
import {
  pidText,
  placeOf,
  plainCreator,
  plainOwner,
  processesOf,
  processText,
  userText,
} from './owner-words.ts';

const VERSION = 1;

export interface SocketReportOptions {
  /** List connections too. */
  readonly connections: boolean;
}

/** The report; our own network first, and in each the sockets that more can reach. */
export function socketReport(view: SocketView, options: SocketReportOptions): Report {
  const { listeners, connections, blindSpots, subject, means } = view;
  const rows = inOrder(listeners);
  const local = subject === 'this machine';
  return {
    kind: 'sockets',
    version: VERSION,
    verdict: { severity: 'info', text: verdictOf(rows, local) },
    facts: [
      ...(local
        ? []
        : [
            { key: 'subject', value: subject, text: `of ${subject}` },
            { key: 'means', value: means.join(', '), text: means.join(', ') },
          ]),
      ...factsOf(rows, view, options),
    ],
    tables: [
      { key: 'sockets', kind: 'socket', heading: 'SOCKETS', columns: columnsFor(rows), rows },
      ...(options.connections ? [connectionTable(connections, listeners)] : []),
    ],
    notes: blindSpots,
    next: nextSteps(local, options),
  };
}

function nextSteps(local: boolean, { connections }: SocketReportOptions): NextStep[] {
  if (!local) return [];
  return [
    { command: 'portreeve sockets --wide', purpose: 'all columns, full command lines' },
    connections
      ? { command: 'portreeve sockets --json', purpose: 'the same for programs' }
      : { command: 'portreeve sockets --all', purpose: 'established connections too' },
  ];
}

const RANKS = new Map<Exposure, number>(EXPOSURES.map((exposure, rank) => [exposure, rank]));
/** Of a sorting key: factors of network, exposure and port; what is below is the row's place. */
const PORT = 2 ** 24;
const EXPOSURE = PORT * 2 ** 16;
const NETWORK = EXPOSURE * 2 ** 3;

/**
 * By network (ours first), exposure and port, as numbers, since comparing tens of thousands of rows
 * with each other takes longer than finding them; the few of one port by transport and address.
 */
function inOrder(listeners: readonly Listener[]): Listener[] {
  const names = new Set<string>();
  for (let place = 0; place < listeners.length; place++) {
    const { network } = listeners[place]!;
    if (network !== undefined) names.add(network);
  }
  const networks = new Map([...names].sort().map((name, rank) => [name, rank + 1]));
  const keys = new Float64Array(listeners.length);
  for (let place = 0; place < keys.length; place++) {
    const { network, exposure, local } = listeners[place]!;
    const group = network === undefined ? 0 : networks.get(network)!;
    keys[place] = group * NETWORK + RANKS.get(exposure)! * EXPOSURE + local.port * PORT + place;
  }
  keys.sort();
  const rows: Listener[] = [];
  for (let rank = 0; rank < keys.length; rank++) rows.push(listeners[keys[rank]! % PORT]!);
  for (let start = 0, end = 1; end <= rows.length; end++) {
    if (end < rows.length && Math.floor(keys[end]! / PORT) === Math.floor(keys[start]! / PORT)) {
      continue;
    }
    if (end - start > 1) {
      const few = rows.slice(start, end).sort(compare);
      for (let at = start; at < end; at++) rows[at] = few[at - start]!;
    }
    start = end;
  }
  return rows;
}

/** Of the same network, exposure and port. */
function compare({ local: left }: Listener, { local: right }: Listener): number {
  return order(left.transport, right.transport) || order(left.address, right.address);
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

const VERDICT_WORDS: Readonly<Record<Exposure, string>> = {
  'every-address': 'reachable on every address',
  'one-address': 'on one address',
  group: 'for a group',
  'link-local': 'from the same link',
  loopback: 'only from this machine',
};

/** Sockets of other network namespaces are reached in other ways: they are counted apart. */
function verdictOf(all: readonly Listener[], local: boolean): string {
  const rows = all.filter(({ network }) => network === undefined);
  const away = all.length - rows.length;
  const more = away === 0 ? '' : `, and ${away} in other network namespaces`;
  if (rows.length === 0) {
    const here = `No socket ${local ? 'on this machine' : 'there'} waits for others`;
    return more === '' ? `${here}.` : `${here}${more}`;
  }
  const counts = countByExposure(rows);
  const parts = EXPOSURES.flatMap((exposure) => {
    const count = counts.get(exposure) ?? 0;
    return count === 0 ? [] : [`${count} ${VERDICT_WORDS[exposure]}`];
  });
  const sockets = rows.length === 1 ? 'listening socket' : 'listening sockets';
  return `${rows.length} ${sockets}: ${parts.join(', ')}${more}`;
}

function countByExposure(rows: readonly Listener[]): ReadonlyMap<Exposure, number> {
  const counts = new Map<Exposure, number>();
  // Rows are in order: most are of the same kind as the one above.
  for (let start = 0, end = 0; start < rows.length; start = end) {
    const { exposure } = rows[start]!;
    while (end < rows.length && rows[end]!.exposure === exposure) end++;
    counts.set(exposure, (counts.get(exposure) ?? 0) + end - start);
  }
  return counts;
}

function factsOf(
  rows: readonly Listener[],
  { connections, connectedDatagram }: SocketView,
  options: SocketReportOptions,
): Fact[] {
  const facts: Fact[] = [{ key: 'sockets', value: rows.length }];
  const counts = countByExposure(rows);
  for (const exposure of EXPOSURES) {
    const value = counts.get(exposure) ?? 0;
    const key = exposure.replace(/-./, (match) => match.slice(1).toUpperCase());
    facts.push({ key, value });
  }
  if (options.connections) {
    const text = `${count(connections.length)} connection${connections.length === 1 ? '' : 's'}`;
    facts.push({ key: 'connections', value: connections.length, text });
    return facts;
  }
  const sockets = connectedDatagram === 1 ? 'socket' : 'sockets';
  const connected = `not listed: ${connectedDatagram} UDP ${sockets} with a fixed peer`;
  facts.push({
    key: 'connectedDatagram',
    value: connectedDatagram,
    ...(connectedDatagram === 0 ? {} : { text: connected }),
  });
  return facts;
}

/** People see a column only where some row has something in it. */
function columnsFor(rows: readonly Listener[]): Column[] {
  const filled: Record<string, boolean> = { firewall: false, network: false, place: false };
  let above: Owner | undefined;
  for (let at = 0; at < rows.length; at++) {
    const { firewall, network, owner } = rows[at]!;
    if (firewall !== undefined) filled.firewall = true;
    if (network !== undefined) filled.network = true;
    if (owner === above || filled.place === true) continue;
    above = owner;
    filled.place = processesOf(owner).some(placeOf);
  }
  return (COLUMNS as Column[]).map((column) => {
    const shown = filled[column.key];
    return shown === undefined ? column : { ...column, machineOnly: !shown };
  });
}

const COLUMNS: readonly Column<Listener>[] = [
  {
    key: 'port',
    title: 'PORT',
    value: ({ local }) => local.port,
    // A raw socket has no port: the number is that of the IP protocol it receives.
    text: ({ local }) => (local.transport === 'raw' ? `ip ${local.port}` : String(local.port)),
    align: 'right',
  },
  { key: 'transport', title: 'PROTO', value: ({ local }) => local.transport },
  { key: 'service', title: 'NAME', value: ({ local }) => nameOf(local) ?? null, priority: 1 },
  {
    key: 'exposure',
    title: 'OPEN TO',
    value: ({ exposure }) => exposure,
    text: openTo,
    tone: ({ exposure }): Severity | undefined =>
      exposure === 'every-address' ? 'warning' : exposure === 'loopback' ? 'ok' : undefined,
  },
  {
    key: 'firewall',
    title: 'FIREWALL',
    value: ({ firewall }) => plainFirewall(firewall),
    text: ({ firewall }) => firewallText(firewall),
    priority: 2,
  },
  {
    key: 'network',
    title: 'NETWORK',
    about: ({ network }) => network,
    value: ({ network }) => network ?? null,
  },
  { key: 'address', title: 'ADDRESS', value: ({ local }) => local.address, priority: 4 },
  { key: 'state', title: 'STATE', value: ({ state }) => state, machineOnly: true },
  {
    key: 'acceptsIPv4',
    title: 'IPV4',
    value: ({ acceptsIPv4 }) => acceptsIPv4,
    machineOnly: true,
  },
  {
    key: 'owner',
    title: 'PROCESS',
    about: ({ owner }) => owner,
    value: ({ owner }) => owner.kind,
    text: ({ owner }) => processText(owner),
  },
  {
    key: 'ownerUnknownBecause',
    title: 'WHY',
    value: ({ owner }) => (owner.kind === 'unknown' ? owner.because : null),
    machineOnly: true,
  },
  {
    key: 'pids',
    title: 'PID',
    about: ({ owner }) => owner,
    value: ({ owner }) => plainOwner(owner).pids,
    text: ({ owner }) => pidText(processesOf(owner)),
    align: 'right',
  },
  {
    key: 'place',
    title: 'UNIT OR CONTAINER',
    about: ({ owner }) => owner,
    value: ({ owner }) => plainOwner(owner).places,
    text: ({ owner }) => plainOwner(owner).places.join(', ') || '-',
    priority: 5,
  },
  { key: 'user', title: 'USER', value: plainCreator, text: userText, priority: 2 },
  {
    key: 'processes',
    title: 'COMMAND',
    about: ({ owner }) => owner,
    value: ({ owner }) => plainOwner(owner).processes,
    text: ({ owner }) => processesOf(owner)[0]?.commandLine.join(' ') || '-',
    priority: 3,
    grow: true,
  },
  { key: 'device', title: 'DEVICE', value: ({ device }) => device ?? null, machineOnly: true },
  { key: 'backlog', title: 'BACKLOG', value: ({ backlog }) => backlog ?? null, machineOnly: true },
  {
    key: 'activation',
    title: 'OPENED BY',
    value: ({ activation }) => activation ?? null,
    machineOnly: true,
  },
  { key: 'seenMs', title: 'SEEN', value: ({ evidence }) => evidence.seenMs, machineOnly: true },
  {
    key: 'locator',
    title: 'EVIDENCE',
    value: ({ evidence }) => evidence.locator,
    machineOnly: true,
  },
];

function nameOf({ transport, port }: Endpoint): string | undefined {
  // UDP-Lite shares UDP's port names (RFC 3828 section 6).
  return serviceName(transport === 'udplite' ? 'udp' : transport, port);
}

/** A question mark where IPv4 is likely but not certain; the blind spots say why. */
function openTo({ exposure, local, acceptsIPv4 }: Listener): string {
  switch (exposure) {
    case 'every-address':
      if (!local.address.includes(':')) return 'every IPv4 address';
      if (acceptsIPv4 === 'yes') return 'every address';
      return acceptsIPv4.startsWith('probably-') || acceptsIPv4 === 'no'
        ? 'every IPv6 address'
        : 'every address (?)';
    case 'one-address':
      return local.address;
    case 'group':
      return `group ${local.address}`;
    case 'link-local':
      return 'the same link';
    case 'loopback':
      return 'this machine';
  }
}
