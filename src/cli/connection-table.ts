/** The table of connections, as `netstat -an` shows them. */
import { serviceName } from '../catalog/services.ts';
import type { Connection } from '../model/connection.ts';
import type { Column, Table } from '../report/table.ts';
import { creator, pidText, plainOwner, processesOf, processText, userText } from './owner-words.ts';

export function connectionTable(connections: readonly Connection[]): Table {
  return {
    key: 'connections',
    kind: 'connection',
    heading: 'CONNECTIONS',
    columns: COLUMNS as Column[],
    rows: connections,
    empty: 'None.',
  };
}

const COLUMNS: readonly Column<Connection>[] = [
  { key: 'transport', title: 'PROTO', value: ({ local }) => local.transport },
  { key: 'localAddress', title: 'LOCAL ADDRESS', value: ({ local }) => local.address },
  { key: 'localPort', title: 'PORT', value: ({ local }) => local.port, align: 'right' },
  { key: 'remoteAddress', title: 'REMOTE ADDRESS', value: ({ remote }) => remote.address },
  { key: 'remotePort', title: 'PORT', value: ({ remote }) => remote.port, align: 'right' },
  {
    key: 'service',
    title: 'NAME',
    value: ({ local, remote }) => serviceName(local.transport, remote.port) ?? null,
    priority: 3,
  },
  {
    key: 'state',
    title: 'STATE',
    value: ({ state }) => state,
    text: ({ state, stateText }) => (state === 'unknown' ? (stateText ?? '-') : state),
    priority: 1,
  },
  {
    key: 'stateText',
    title: 'STATE',
    value: ({ stateText }) => stateText ?? null,
    machineOnly: true,
  },
  {
    key: 'owner',
    title: 'PROCESS',
    value: ({ owner }) => owner.kind,
    text: ({ owner }) => processText(owner),
    priority: 2,
  },
  {
    key: 'pids',
    title: 'PID',
    value: ({ owner }) => plainOwner(owner).pids,
    text: ({ owner }) => pidText(processesOf(owner)),
    align: 'right',
    priority: 2,
  },
  { key: 'user', title: 'USER', value: creator, text: userText, priority: 4 },
  {
    key: 'processes',
    title: 'COMMAND',
    value: ({ owner }) => plainOwner(owner).processes,
    machineOnly: true,
  },
  { key: 'network', title: 'NETWORK', value: ({ network }) => network ?? null, machineOnly: true },
  { key: 'seenMs', title: 'SEEN', value: ({ evidence }) => evidence.seenMs, machineOnly: true },
  {
    key: 'locator',
    title: 'EVIDENCE',
    value: ({ evidence }) => evidence.locator,
    machineOnly: true,
  },
];
