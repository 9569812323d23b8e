/**
 * The sockets of the Linux machine we run on: through netlink where it can be used, else from the
 * proc file system alone. Works without privilege and without any tool, and says what it therefore
 * cannot know. With privilege it looks into every network namespace in which a process lives.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Listener } from '../../model/listener.ts';
import { socketUnits } from '../systemd/socket-units.ts';
import { accountNames } from './accounts.ts';
import { cgroupReader } from './cgroup.ts';
import { type DiagChoices, readDiagTables, readOtherNetwork } from './diag-tables.ts';
import { blindSpotsOf } from './linux-blind-spots.ts';
import { buildView } from './linux-view.ts';
import { namedNetworks } from './networks.ts';
import { ownerFinder } from './owners.ts';
import { type ProcFiles, procFiles } from './proc-files.ts';
import { type ProcessWalk, readBootTime, walkProcesses } from './proc-processes.ts';
import { readTables, type SocketTables } from './proc-tables.ts';
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
  /** Of processes only what a table for people shows: no start, unit, container or file. */
  readonly brief?: boolean;
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

/** One look: the tables of all namespaces, and who holds what. */
interface Look {
  readonly tables: SocketTables;
  readonly walk: ProcessWalk;
  /** Namespaces that could not be looked into. */
  readonly closedNetworks: number;
}

/** Looks once. Throws `SocketTablesError` when there is nothing to look at. */
export function readLinuxSockets(options: LinuxSocketOptions = {}): SocketView {
  const root = options.root ?? '/proc';
  const netlink = options.netlink ?? root === '/proc';
  const files = procFiles(root, netlink);
  try {
    return viewWith(files, root, netlink, options);
  } finally {
    files.close();
  }
}

function viewWith(
  files: ProcFiles,
  root: string,
  netlink: boolean,
  options: LinuxSocketOptions,
): SocketView {
  const seenMs = (options.now ?? Date.now)();
  const choices = {
    littleEndian: options.littleEndian ?? endianness() === 'LE',
    connections: options.connections ?? false,
  };
  let look = lookOnce(root, files, netlink, choices);
  if (look.walk.forbidden === 0 && !look.walk.hidden && hasOrphan(look)) {
    // A socket without holder may have closed or changed hands while we walked: look again, so
    // that the kernel is named only for what really stays without a process.
    look = lookOnce(root, files, netlink, choices);
  }
  const { tables, walk, closedNetworks } = look;
  const userOf = accountNames(options.passwd ?? '/etc/passwd');
  const brief = options.brief === true;
  const bootMs = brief ? undefined : readBootTime(root);
  const context = { files, brief, userOf, groupsOf: cgroupReader(), bootMs };
  const bindV6Only = readSetting(`${root}/sys/net/ipv6/bindv6only`);
  const view = buildView({
    rows: tables.rows,
    seenMs,
    userOf,
    ownerOf: ownerFinder(walk, context),
    brief,
    bindV6Only,
    source: tables.netlink ? 'netlink' : 'proc',
    placeOf: (table) =>
      tables.netlink && table !== 'sctp/eps' ? `sock_diag ${table}` : `${root}/net/${table}`,
  });
  const listeners = options.root === undefined ? withActivation(view.listeners) : view.listeners;
  const asRoot = options.asRoot ?? process.geteuid?.() === 0;
  return {
    subject: 'this machine',
    means: [tables.netlink ? 'netlink' : 'proc'],
    listeners,
    connections: view.connections,
    blindSpots: blindSpotsOf({
      listeners,
      tables,
      closedNetworks,
      search: walk,
      bindV6Only,
      asRoot,
    }),
    connectedDatagram: tables.connectedDatagram,
  };
}

/** Our namespace first, then the processes, then the other namespaces, if they can be entered. */
function lookOnce(root: string, files: ProcFiles, netlink: boolean, choices: DiagChoices): Look {
  const own =
    (netlink ? readDiagTables(root, choices) : undefined) ??
    readTables(root, choices.littleEndian, choices);
  if (own.read.length === 0) {
    throw new SocketTablesError(root, own.unreadable[0]?.code ?? 'they do not exist');
  }
  const walk = walkProcesses(root, files);
  if (!own.netlink) return { tables: own, walk, closedNetworks: walk.otherNetworks.size };
  const named = namedNetworks();
  const paths = new Map<number, string>();
  for (const [network, pid] of walk.otherNetworks) paths.set(network, `${root}/${pid}/ns/net`);
  for (const [network, { path }] of named) {
    if (network !== walk.ownNetwork) paths.set(network, path);
  }
  let rows = own.rows;
  let closedNetworks = 0;
  for (const [number, path] of paths) {
    const network = named.get(number)?.name ?? `net:[${number}]`;
    const other = readOtherNetwork(path, root, { ...choices, network });
    if (other === undefined) closedNetworks++;
    else rows = rows.concat(other.rows.map((row) => (row.network ? row : { ...row, network })));
  }
  return { tables: { ...own, rows }, walk, closedNetworks };
}

function hasOrphan({ tables, walk }: Look): boolean {
  const { rows } = tables;
  for (let at = 0; at < rows.length; at++) {
    const { inode } = rows[at]!;
    if (inode !== 0 && !walk.holders.has(inode)) return true;
  }
  return false;
}

/** Adds the socket unit where systemd itself holds a socket. */
function withActivation(listeners: readonly Listener[]): readonly Listener[] {
  const bySystemd = ({ owner }: Listener): boolean =>
    owner.kind === 'processes' &&
    owner.processes.some(({ pid, name }) => pid === 1 && name === 'systemd');
  if (!listeners.some(bySystemd)) return listeners;
  const unitOf = socketUnits();
  return listeners.map((listener) => {
    const { local } = listener;
    const unit = bySystemd(listener) ? unitOf(local.transport, local.port) : undefined;
    return unit === undefined ? listener : { ...listener, activation: unit };
  });
}

/** Content of a one-line setting; undefined when it does not exist or is not readable. */
function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}
