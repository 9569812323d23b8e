/**
 * Finds which processes hold given sockets open, by the links in /proc/PID/fd (`socket:[INODE]`),
 * and reads what those processes are (proc(5)). One walk serves all sockets. It does not stop at
 * the first holder: a socket inherited by workers belongs to each of them.
 *
 * Processes come and go while we look; what vanishes is passed over, what is forbidden is counted.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import type { Process } from '../../model/process.ts';
import type { User } from '../../model/user.ts';
import { parseCgroup } from './cgroup.ts';

/** Kernel constant PROC_PID_INIT_INO: the process namespace that has no parent. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';
const SOCKET_LINK = 'socket:[';

/** The processes that can be seen, and the network namespaces they live in. */
export interface ProcessList {
  /** Ascending. */
  readonly pids: readonly number[];
  /** Our network namespace: `net:[4026531992]`; another text where it is not readable. */
  readonly ownNetwork: string;
  /** The other ones, with a process of each. */
  readonly otherNetworks: ReadonlyMap<string, number>;
  /** Processes whose network namespace we may not learn. */
  readonly unknownNetworks: number;
}

export interface OwnerSearch {
  /** Process ids by inode, ascending. Inodes that nobody was seen to hold are absent. */
  readonly holders: ReadonlyMap<string, readonly number[]>;
  /** Processes whose files we may not list. */
  readonly forbidden: number;
  /** Whether other users' processes are hidden from the listing itself (proc option `hidepid`). */
  readonly hidden: boolean;
  /** Whether processes outside this process namespace (container) may exist unseen. */
  readonly inner: boolean;
}

/** @param root where the proc file system is mounted */
export function listProcesses(root: string): ProcessList {
  const ownNetwork = readLink(`${root}/self/ns/net`);
  const otherNetworks = new Map<string, number>();
  let unknownNetworks = 0;
  const pids = processIds(root);
  for (const pid of pids) {
    const network = readLink(`${root}/${pid}/ns/net`);
    if (network === 'forbidden') unknownNetworks++;
    else if (network !== 'gone' && network !== ownNetwork && !otherNetworks.has(network)) {
      otherNetworks.set(network, pid);
    }
  }
  return { pids, ownNetwork, otherNetworks, unknownNetworks };
}

/** @param root where the proc file system is mounted */
export function findHolders(root: string, inodes: ReadonlySet<string>): OwnerSearch {
  const holders = new Map<string, number[]>();
  let forbidden = 0;
  const pids = processIds(root);
  for (const pid of pids) {
    if (inodes.size === 0) break;
    if (!collectSockets(`${root}/${pid}/fd`, pid, inodes, holders)) forbidden++;
  }
  return {
    holders,
    forbidden,
    hidden: pids[0] !== 1,
    inner: readLink(`${root}/self/ns/pid`) !== FIRST_PID_NAMESPACE,
  };
}

function processIds(root: string): number[] {
  const pids: number[] = [];
  for (const name of readdirSync(root)) {
    const first = name.charCodeAt(0);
    if (first >= 0x31 && first <= 0x39 && /^\d{1,10}$/.test(name)) pids.push(Number(name));
  }
  return pids.sort((left, right) => left - right);
}

/** Adds `pid` to the holders of each wanted socket among its files. False: not permitted. */
function collectSockets(
  folder: string,
  pid: number,
  inodes: ReadonlySet<string>,
  holders: Map<string, number[]>,
): boolean {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    return !isForbidden(error);
  }
  for (const name of names) {
    const target = readLink(`${folder}/${name}`);
    if (target === 'forbidden') return false;
    if (!target.startsWith(SOCKET_LINK)) continue;
    const inode = target.slice(SOCKET_LINK.length, -1);
    if (!inodes.has(inode)) continue;
    const known = holders.get(inode);
    if (known === undefined) holders.set(inode, [pid]);
    else if (known.at(-1) !== pid) known.push(pid);
  }
  return true;
}

/** Target of a symbolic link; no target of a proc link is one of the two words. */
function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    return isForbidden(error) ? 'forbidden' : 'gone';
  }
}

function isForbidden(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EACCES' || code === 'EPERM';
}

/** Linux allows two megabytes of arguments and more; a person reads less. */
const MAX_COMMAND_OCTETS = 131_072;

export interface ProcessContext {
  /** Names a numeric user id. */
  readonly userOf: (uid: number) => User;
  /** When the machine started, ms since 1970; undefined: not known. */
  readonly bootMs: number | undefined;
}

/** Reads one process; undefined when it is gone. What is not readable is left out. */
export function readProcess(
  root: string,
  pid: number,
  { userOf, bootMs }: ProcessContext,
): Process | undefined {
  const folder = `${root}/${pid}`;
  const comm = readText(`${folder}/comm`);
  if (comm === undefined) return undefined;
  // The name in `status` is escaped, the one in `stat` is in unescaped parentheses; `comm` is plain.
  const status = readText(`${folder}/status`) ?? '';
  const parent = /^PPid:\t(\d+)$/m.exec(status)?.[1];
  const effective = /^Uid:\t\d+\t(\d+)\t/m.exec(status)?.[1];
  const executable = readLink(`${folder}/exe`);
  const startMs = bootMs === undefined ? undefined : startOf(readText(`${folder}/stat`), bootMs);
  return {
    pid,
    name: comm.endsWith('\n') ? comm.slice(0, -1) : comm,
    commandLine: readCommandLine(`${folder}/cmdline`),
    ...(effective === undefined ? {} : { user: userOf(Number(effective)) }),
    ...(parent === undefined ? {} : { parentPid: Number(parent) }),
    ...(startMs === undefined ? {} : { startMs }),
    ...parseCgroup(readText(`${folder}/cgroup`) ?? ''),
    ...(executable.startsWith('/') ? { executable } : {}),
  };
}

/** What Linux calls USER_HZ: ticks a second in proc, 100 on every architecture that Node runs on. */
const TICKS = 100;
/** `starttime` is the 22nd field; the name before may hold anything, so count from its end. */
const FIELDS_AFTER_NAME = 20;

function startOf(stat: string | undefined, bootMs: number): number | undefined {
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields?.[FIELDS_AFTER_NAME - 1];
  return ticks === undefined || !/^\d+$/.test(ticks)
    ? undefined
    : bootMs + Number(ticks) * (1000 / TICKS);
}

/** When the machine started (`btime` of /proc/stat), ms since 1970. */
export function readBootTime(root: string): number | undefined {
  const seconds = /^btime (\d+)$/m.exec(readText(`${root}/stat`) ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Arguments end with a NUL each; a program that rewrote its title leaves padding behind. */
function readCommandLine(path: string): string[] {
  let text: string;
  try {
    text = readHead(path, MAX_COMMAND_OCTETS);
  } catch {
    return [];
  }
  const bare = text.replace(/\0+$/, '');
  return bare === '' ? [] : bare.split('\0');
}

/** The first `limit` octets of a file as UTF-8, ill-formed octets replaced. */
function readHead(path: string, limit: number): string {
  const buffer = new Uint8Array(limit);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    while (length < limit) {
      const octets = readSync(file, buffer, length, limit - length, null);
      if (octets === 0) break;
      length += octets;
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
}
