/**
 * The socket tables of one network namespace: through netlink, and from /proc/net those that this
 * kernel does not offer there.
 */
import { isRefusal, SystemCallError } from '../../native/libc.ts';
import { inNetwork } from '../../native/netlink.ts';
import { readTables, type SocketTables, type TableRow } from './proc-tables.ts';
import { DIAG_TABLES, SockDiag } from './sock-diag.ts';
import { socketCounts } from './socket-counts.ts';

export interface DiagChoices {
  /** Sockets with a peer too. */
  readonly connections: boolean;
  readonly littleEndian: boolean;
  /** What to call the namespace, when it is not ours. */
  readonly network?: string;
}

/**
 * Undefined when netlink cannot be used at all (no FFI, a sandbox, a big-endian machine): read
 * /proc instead.
 *
 * @param root where /proc is mounted, for tables that netlink lacks
 */
export function readDiagTables(root: string, choices: DiagChoices): SocketTables | undefined {
  if (!choices.littleEndian) return undefined;
  let diag: SockDiag;
  try {
    diag = new SockDiag(choices.network);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
  try {
    return readWith(diag, root, choices);
  } finally {
    diag.close();
  }
}

function readWith(
  diag: SockDiag,
  root: string,
  { connections, littleEndian }: DiagChoices,
): SocketTables | undefined {
  const rows: TableRow[] = [];
  const read: string[] = [];
  const lacking: string[] = ['sctp/eps'];
  let connectedDatagram = 0;
  const counts = socketCounts(root);
  for (const table of DIAG_TABLES) {
    // Connections that wait to end are in no count.
    if (counts.get(table.name) === 0 && !(connections && table.transport === 'tcp')) {
      read.push(table.name);
      continue;
    }
    try {
      const datagrams = table.name.startsWith('udp');
      diag.read(table, connections, (row) => {
        if (row.remote !== undefined && datagrams) connectedDatagram++;
        if (row.remote === undefined || connections) rows.push(row);
      });
      read.push(table.name);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      lacking.push(table.name);
    }
  }
  // A kernel without TCP over netlink has nothing to offer here.
  if (!read.includes('tcp') && !read.includes('tcp6')) return undefined;
  try {
    for (const row of diag.readPacket()) rows.push(row);
    read.push('packet');
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    lacking.push('packet');
  }
  const rest = readTables(root, littleEndian, { only: lacking, connections });
  return {
    rows: rest.rows.length === 0 ? rows : rows.concat(rest.rows),
    read: [...read, ...rest.read],
    unreadable: rest.unreadable,
    faults: rest.faults,
    connectedDatagram: connectedDatagram + rest.connectedDatagram,
    netlink: true,
  };
}

/** The same in another namespace; undefined where that is not permitted. */
export function readOtherNetwork(
  path: string,
  root: string,
  choices: DiagChoices,
): SocketTables | undefined {
  try {
    return inNetwork(path, () => readDiagTables(root, choices));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isRefusal(error) || code !== undefined) return undefined;
    throw error;
  }
}
