/** The table of connections, as `netstat -an` shows them. */
import { serviceName } from '../catalog/services.ts';
import type { Connection } from '../model/connection.ts';
import type { Listener } from '../model/listener.ts';
import { type Way, wayFinder } from '../policy/socket-flows.ts';
import type { Column, Table } from '../report/table.ts';
import {
  pidText,
  plainCreator,
  plainOwner,
  processesOf,
  processText,
  userText,
} from './owner-words.ts';

interface Row extends Connection {
  readonly way: Way;
}

/** @param listeners of the same hosts: they tell which way a connection goes */
export function connectionTable(
  connections: readonly Connection[],
  listeners: readonly Listener[],
): Table {
  const wayOf = wayFinder(listeners);
  const rows = connections.map((connection): Row => ({ ...connection, way: wayOf(connection) }));
  // Our own network first; people see the column only where there are others.
  rows.sort(({ network: left = '' }, { network: right = '' }) =>
    left < right ? -1 : left > right ? 1 : 0,
  );
  const apart = rows.some(({ network }) => network !== undefined);
  return {
    key: 'connections',
    kind: 'connection',
    heading: 'CONNECTIONS',
    columns: (COLUMNS as Column[]).map((column) =>
      column.key === 'network' ? { ...column, machineOnly: !apart } : column,
    ),
    rows,
    empty: 'None.',
  };
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'transport', title: 'PROTO', value: ({ local }) => local.transport },
  { key: 'localAddress', title: 'LOCAL ADDRESS', value: ({ local }) => local.address },
  { key: 'localPort', title: 'PORT', value: ({ local }) => local.port, align: 'right' },
  { key: 'remoteAddress', title: 'REMOTE ADDRESS', value: ({ remote }) => remote.address },
  { key: 'remotePort', title: 'PORT', value: ({ remote }) => remote.port, align: 'right' },
  {
    key: 'direction',
    title: 'WAY',
    value: ({ way }) => way,
    text: ({ way }) => (way === 'unknown' ? '?' : way),
  },
  { key: 'service', title: 'NAME', value: (row) => nameOf(row) ?? null, priority: 3 },
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
  { key: 'user', title: 'USER', value: plainCreator, text: userText, priority: 4 },
  {
    key: 'processes',
    title: 'COMMAND',
    value: ({ owner }) => plainOwner(owner).processes,
    machineOnly: true,
  },
  { key: 'network', title: 'NETWORK', value: ({ network }) => network ?? null },
  { key: 'seenMs', title: 'SEEN', value: ({ evidence }) => evidence.seenMs, machineOnly: true },
  {
    key: 'locator',
    title: 'EVIDENCE',
    value: ({ evidence }) => evidence.locator,
    machineOnly: true,
  },
];

/** Of the end that serves; where that is not known, of the far one. */
function nameOf({ local, remote, way }: Row): string | undefined {
  return serviceName(local.transport, way === 'in' ? local.port : remote.port);
}
