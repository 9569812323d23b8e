/**
 * The sockets of the Linux machine we run on: through netlink where it can be used, else from the
 * proc file system alone. Works without privilege and without any tool, and says what it therefore
 * cannot know. With privilege it looks into every network namespace in which a process lives.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Listener } from '../../model/listener.ts';
import { accountNames } from './accounts.ts';
import { readDiagTables, readOtherNetwork } from './diag-tables.ts';
import { blindSpotsOf } from './linux-blind-spots.ts';
import { buildView } from './linux-view.ts';
import { namedNetworks } from './networks.ts';
import { ownerFinder } from './owners.ts';
import { withPackages } from './package-names.ts';
import { type ProcFiles, procFiles } from './proc-files.ts';
import { findHolders, listProcesses, type OwnerSearch, readBootTime } from './proc-processes.ts';
import { readTables, type SocketTables } from './proc-tables.ts';
import { socketUnits } from './socket-units.ts';
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
  /** Ask the kernel through netlink. Default: where the real proc file system is looked at. */
  readonly netlink?: boolean;
  /** Sockets that talk to one peer too. Default: no. */
  readonly connections?: boolean;
  /** Name the packages that own the programs, which takes a while. Default: no. */
  readonly packages?: boolean;
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

/** All namespaces together. */
interface Tables extends SocketTables {
  /** Namespaces that could not be looked into. */
  readonly otherNetworks: number;
  readonly unknownNetworks: number;
}

/** Looks once. Throws `SocketTablesError` when there is nothing to look at. */
export function readLinuxSockets(options: LinuxSocketOptions = {}): SocketView {
  const root = options.root ?? '/proc';
  const seenMs = (options.now ?? Date.now)();
  const files = procFiles(options.netlink ?? root === '/proc');
  let tables = readAllTables(root, files, options);
  let search = findHolders(root, inodesOf(tables), files);
  if (seesAllProcesses(search) && hasOrphan(tables, search)) {
    // A socket without holder may have closed or changed hands while we walked: look again, so
    // that the kernel is named only for what really stays without a process.
    tables = readAllTables(root, files, options);
    search = findHolders(root, inodesOf(tables), files);
  }
  const userOf = accountNames(options.passwd ?? '/etc/passwd');
  const ownerOf = ownerFinder(root, search, { files, userOf, bootMs: readBootTime(root, files) });
  const bindV6Only = readSetting(`${root}/sys/net/ipv6/bindv6only`);
  const view = buildView({
    rows: tables.rows,
    seenMs,
    userOf,
    ownerOf,
    bindV6Only,
    source: tables.netlink ? 'netlink' : 'proc',
    placeOf: (table) =>
      tables.netlink && table !== 'sctp/eps' ? `sock_diag ${table}` : `${root}/net/${table}`,
  });
  const activated = activation(options.root === undefined);
  const plain = view.listeners.map(activated);
  const listeners = options.packages ? withPackages(plain) : plain;
  const asRoot = options.asRoot ?? process.geteuid?.() === 0;
  return {
    subject: 'this machine',
    means: [tables.netlink ? 'netlink' : 'proc'],
    listeners,
    connections: view.connections,
    blindSpots: blindSpotsOf({ listeners, tables, search, bindV6Only, asRoot }),
    connectedDatagram: tables.connectedDatagram,
  };
}

/** Our namespace first, then the others, as far as they can be entered. */
function readAllTables(root: string, files: ProcFiles, options: LinuxSocketOptions): Tables {
  const choices = {
    littleEndian: options.littleEndian ?? endianness() === 'LE',
    connections: options.connections ?? false,
  };
  const netlink = options.netlink ?? root === '/proc';
  const own =
    (netlink ? readDiagTables(root, choices) : undefined) ??
    readTables(root, choices.littleEndian, choices);
  if (own.read.length === 0) {
    throw new SocketTablesError(root, own.unreadable[0]?.code ?? 'they do not exist');
  }
  const { otherNetworks, unknownNetworks, ownNetwork } = listProcesses(root, files);
  if (!own.netlink) return { ...own, otherNetworks: otherNetworks.size, unknownNetworks };
  const named = namedNetworks();
  const paths = new Map<string, string>();
  for (const [network, pid] of otherNetworks) paths.set(network, `${root}/${pid}/ns/net`);
  for (const [network, { path }] of named) if (network !== ownNetwork) paths.set(network, path);
  const rows = [...own.rows];
  let closed = 0;
  for (const [network, path] of paths) {
    const name = named.get(network)?.name ?? network;
    const tables = readOtherNetwork(path, root, { ...choices, network: name });
    if (tables === undefined) closed++;
    else
      for (const row of tables.rows)
        rows.push(row.network === undefined ? { ...row, network: name } : row);
  }
  return { ...own, rows, otherNetworks: closed, unknownNetworks };
}

function inodesOf(tables: SocketTables): Set<number> {
  const inodes = new Set<number>();
  for (const { inode } of tables.rows) if (inode !== '0') inodes.add(Number(inode));
  return inodes;
}

function seesAllProcesses(search: OwnerSearch): boolean {
  return search.forbidden === 0 && !search.hidden;
}

function hasOrphan(tables: SocketTables, search: OwnerSearch): boolean {
  return tables.rows.some((row) => row.inode !== '0' && !search.holders.has(Number(row.inode)));
}

/** Adds the socket unit where systemd itself holds a socket. */
function activation(look: boolean): (listener: Listener) => Listener {
  if (!look) return (listener) => listener;
  const unitOf = socketUnits();
  return (listener) => {
    const { owner, local } = listener;
    if (owner.kind !== 'processes') return listener;
    const held = owner.processes.some(({ pid, name }) => pid === 1 && name === 'systemd');
    const unit = held ? unitOf(local.transport, local.port) : undefined;
    return unit === undefined ? listener : { ...listener, activation: unit };
  };
}

/** Content of a one-line setting; undefined when it does not exist or is not readable. */
function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}
