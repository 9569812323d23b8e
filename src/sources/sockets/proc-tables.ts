/** Reads the kernel's socket tables under /proc/net, all at once and each row once. */
import { readFileSync } from 'node:fs';
import { parseProcNet } from './proc-net.ts';
import { parsePackets } from './proc-packet.ts';
import { parseSctpEndpoints } from './proc-sctp.ts';
import type { LineFault, SocketRow, SocketText } from './socket-row.ts';

const TABLES = [
  'tcp',
  'tcp6',
  'udp',
  'udp6',
  'udplite',
  'udplite6',
  'raw',
  'raw6',
  'packet',
  'sctp/eps',
];

type TableName = string;

export interface TableRow extends SocketRow {
  readonly table: TableName;
  /** Network namespace, when it is not ours. */
  readonly network?: string | undefined;
}

export interface SocketTables {
  readonly rows: readonly TableRow[];
  /** Tables that were read. A kernel without IPv6 or SCTP has no such table. */
  readonly read: readonly TableName[];
  /** Tables that exist and could not be read, with the reason (`EACCES`, …). */
  readonly unreadable: readonly { readonly table: TableName; readonly code: string }[];
  readonly faults: readonly (LineFault & { readonly table: TableName })[];
  /** Sockets of UDP and its kin that talk to one peer only, and so are not among the rows. */
  readonly connectedDatagram: number;
  /** Read through netlink, not from the proc file system alone. */
  readonly netlink: boolean;
}

export interface TableChoices {
  /** Names under `net/`; all that are known. */
  readonly only?: readonly string[];
  /** Sockets with a peer too. */
  readonly connections?: boolean;
}

/**
 * @param root where the proc file system is mounted
 * @param littleEndian byte order of the kernel that prints the tables
 */
export function readTables(
  root: string,
  littleEndian: boolean,
  { only = TABLES, connections = false }: TableChoices = {},
): SocketTables {
  const texts = new Map<TableName, string>();
  const unreadable: { table: TableName; code: string }[] = [];
  for (const table of only) {
    try {
      texts.set(table, readFileSync(`${root}/net/${table}`, 'latin1'));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      if (code !== 'ENOENT') unreadable.push({ table, code });
    }
  }
  return { ...parseTables(texts, littleEndian, connections), unreadable };
}

/** The same from texts, by the tables' names under `net/`. */
export function parseTables(
  texts: ReadonlyMap<TableName, string>,
  littleEndian: boolean,
  connections: boolean,
): SocketTables {
  const rows: TableRow[] = [];
  const faults: (LineFault & { table: TableName })[] = [];
  // The kernel prints a table piece by piece: a socket may move and be printed twice.
  const seen = new Set<string>();
  let connectedDatagram = 0;
  for (const [table, text] of texts) {
    const parsed = parseTable(table, text, littleEndian, connections);
    for (const fault of parsed.faults) faults.push({ ...fault, table });
    if (table.startsWith('udp')) connectedDatagram += parsed.connected;
    for (const row of parsed.rows) {
      const key = `${table} ${row.inode} ${row.port} ${row.address.words} ${row.remotePort ?? ''}`;
      if (row.inode !== 0 && seen.has(key)) continue;
      seen.add(key);
      rows.push({ ...row, table });
    }
  }
  const read = [...texts.keys()];
  return { rows, read, unreadable: [], faults, connectedDatagram, netlink: false };
}

function parseTable(
  table: TableName,
  text: string,
  littleEndian: boolean,
  connections: boolean,
): SocketText {
  const transport = table.replace('6', '');
  switch (transport) {
    case 'tcp':
    case 'udp':
    case 'udplite':
    case 'raw':
      return parseProcNet(text, transport, littleEndian, connections);
    case 'packet':
      return parsePackets(text);
    default:
      return parseSctpEndpoints(text);
  }
}
