/**
 * The sockets of the Linux machine we run on, from the proc file system alone: works without
 * privilege and without any tool, and says what it therefore cannot know.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { exposureOf } from '../../model/exposure.ts';
import type { AcceptsIPv4, Listener, Owner } from '../../model/listener.ts';
import type { Process } from '../../model/process.ts';
import type { User } from '../../model/user.ts';
import { formatAddress } from '../../net/address.ts';
import { accountNames } from './accounts.ts';
import { blindSpotsOf } from './linux-blind-spots.ts';
import { findHolders, type OwnerSearch, readProcess } from './proc-processes.ts';
import { readTables, type SocketTables, type TableRow } from './proc-tables.ts';
import type { SocketView } from './socket-view.ts';

export interface LinuxSocketOptions {
  /** Where the proc file system is mounted. Default `/proc`. */
  readonly root?: string;
  /** The account file. Default `/etc/passwd`. */
  readonly passwd?: string;
  /** Byte order of the kernel. Default: this machine's. */
  readonly littleEndian?: boolean;
  /** Whether we look as root. Default: by the effective user id. */
  readonly asRoot?: boolean;
  /** The clock, ms since 1970. */
  readonly now?: () => number;
}

/** No table of sockets could be read at all. */
export class SocketTablesError extends Error {
  readonly code = 'no-socket-tables';
  readonly root: string;

  constructor(root: string, detail: string) {
    super(`no socket table under ${root}/net could be read (${detail})`);
    this.name = 'SocketTablesError';
    this.root = root;
  }
}

/** Looks once. Throws `SocketTablesError` when there is nothing to look at. */
export function readLinuxSockets(options: LinuxSocketOptions = {}): SocketView {
  const root = options.root ?? '/proc';
  const littleEndian = options.littleEndian ?? endianness() === 'LE';
  const seenMs = (options.now ?? Date.now)();
  let tables = readTables(root, littleEndian);
  if (tables.read.length === 0) {
    throw new SocketTablesError(root, tables.unreadable[0]?.code ?? 'they do not exist');
  }
  let search = findHolders(root, inodesOf(tables));
  if (seesAllProcesses(search) && hasOrphan(tables, search)) {
    // A socket without holder may have closed or changed hands while we walked: look again, so
    // that the kernel is named only for what really stays without a process.
    tables = readTables(root, littleEndian);
    search = findHolders(root, inodesOf(tables));
  }
  const userOf = accountNames(options.passwd ?? '/etc/passwd');
  const ownerOf = ownerFinder(root, search, userOf);
  const bindV6Only = readSetting(`${root}/sys/net/ipv6/bindv6only`);
  const accepts = ipv4Judge(tables.rows, bindV6Only);
  const listeners = tables.rows.map(
    (row): Listener => ({
      kind: 'listener',
      local: { address: formatAddress(row.address), transport: row.transport, port: row.port },
      state: row.transport === 'tcp' || row.transport === 'sctp' ? 'listening' : 'bound',
      exposure: exposureOf(row.address),
      acceptsIPv4: accepts(row),
      owner: ownerOf(row.inode),
      user: userOf(row.uid),
      evidence: {
        source: 'proc',
        seenMs,
        locator: `${root}/net/${row.table} inode ${row.inode}`,
      },
    }),
  );
  const asRoot = options.asRoot ?? process.geteuid?.() === 0;
  const blindSpots = blindSpotsOf({ listeners, tables, search, bindV6Only, asRoot });
  return {
    subject: 'this machine',
    means: ['proc'],
    listeners,
    connections: [],
    blindSpots,
    connectedDatagram: tables.connectedDatagram,
  };
}

function inodesOf(tables: SocketTables): Set<string> {
  return new Set(tables.rows.map((row) => row.inode).filter((inode) => inode !== '0'));
}

function seesAllProcesses(search: OwnerSearch): boolean {
  return search.forbidden === 0 && !search.hidden;
}

function hasOrphan(tables: SocketTables, search: OwnerSearch): boolean {
  return tables.rows.some((row) => row.inode !== '0' && !search.holders.has(row.inode));
}

/** Reads each process once, however many sockets it holds. */
function ownerFinder(
  root: string,
  search: OwnerSearch,
  userOf: (uid: number) => User,
): (inode: string) => Owner {
  const known = new Map<number, Process | undefined>();
  const processOf = (pid: number): Process | undefined => {
    if (!known.has(pid)) known.set(pid, readProcess(root, pid, userOf));
    return known.get(pid);
  };
  return (inode) => {
    const pids = search.holders.get(inode);
    if (inode === '0') return { kind: 'kernel' };
    if (pids === undefined) return ownerUnseen(search);
    const processes = pids.map(processOf).filter((process) => process !== undefined);
    if (processes.length === 0) return { kind: 'unknown', because: 'gone' };
    return { kind: 'processes', processes: parentsFirst(processes) };
  };
}

/** Why no process was found for a socket that has a file. */
function ownerUnseen(search: OwnerSearch): Owner {
  if (search.hidden) return { kind: 'unknown', because: 'hidden-processes' };
  if (search.forbidden > 0) return { kind: 'unknown', because: 'privilege' };
  if (search.inner) return { kind: 'unknown', because: 'pid-namespace' };
  return { kind: 'kernel' };
}

/** Those whose parent holds the socket too come after those whose parent does not. */
function parentsFirst(processes: readonly Process[]): Process[] {
  const pids = new Set(processes.map((process) => process.pid));
  const isChild = (process: Process): number =>
    process.parentPid !== undefined && pids.has(process.parentPid) ? 1 : 0;
  return [...processes].sort((left, right) => isChild(left) - isChild(right));
}

/** Content of a one-line setting; undefined when it does not exist or is not readable. */
function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}

/**
 * Whether a socket takes IPv4. The tables lack the socket's IPV6_V6ONLY option (RFC 3493 section
 * 5.3). The system's default tells what a program gets that does not ask; and where the same port
 * is bound on 0.0.0.0 as well, the IPv6 socket most likely had to leave IPv4 alone.
 */
function ipv4Judge(
  rows: readonly TableRow[],
  bindV6Only: string | undefined,
): (row: TableRow) => AcceptsIPv4 {
  const everyIPv4 = new Set<string>();
  for (const { address, transport, port } of rows) {
    if (address.family === 4 && address.words[0] === 0) everyIPv4.add(`${transport} ${port}`);
  }
  return ({ address, transport, port }) => {
    if (address.family === 4) return 'yes';
    if (transport === 'raw' || exposureOf(address) !== 'every-address') return 'no';
    if (bindV6Only === '1' || everyIPv4.has(`${transport} ${port}`)) return 'probably-not';
    return bindV6Only === '0' ? 'probably' : 'unknown';
  };
}
