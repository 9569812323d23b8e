/**
 * Finds which processes hold given sockets open, by the links in /proc/PID/fd (`socket:[INODE]`),
 * and reads what those processes are (proc(5)). One walk serves all sockets. It does not stop at
 * the first holder: a socket inherited by workers belongs to each of them.
 *
 * Processes come and go while we look; what vanishes is passed over, what is forbidden is counted.
 */
import { readdirSync } from 'node:fs';
import type { Process } from '../../model/process.ts';
import type { User } from '../../model/user.ts';
import { parseCgroup } from './cgroup.ts';
import type { ProcFiles } from './proc-files.ts';

/** Kernel constant PROC_PID_INIT_INO: the process namespace that has no parent. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

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
  readonly holders: ReadonlyMap<number, readonly number[]>;
  /** Processes whose files we may not list. */
  readonly forbidden: number;
  /** Whether other users' processes are hidden from the listing itself (proc option `hidepid`). */
  readonly hidden: boolean;
  /** Whether processes outside this process namespace (container) may exist unseen. */
  readonly inner: boolean;
}

/** @param root where the proc file system is mounted */
export function listProcesses(root: string, files: ProcFiles): ProcessList {
  const ownNetwork = files.readLink(`${root}/self/ns/net`);
  const otherNetworks = new Map<string, number>();
  let unknownNetworks = 0;
  const pids = processIds(root);
  for (const pid of pids) {
    const network = files.readLink(`${root}/${pid}/ns/net`);
    if (network === 'forbidden') unknownNetworks++;
    else if (network !== 'gone' && network !== ownNetwork && !otherNetworks.has(network)) {
      otherNetworks.set(network, pid);
    }
  }
  return { pids, ownNetwork, otherNetworks, unknownNetworks };
}

/** @param root where the proc file system is mounted */
export function findHolders(
  root: string,
  inodes: ReadonlySet<number>,
  files: ProcFiles,
): OwnerSearch {
  const holders = new Map<number, number[]>();
  let forbidden = 0;
  const pids = processIds(root);
  let pid = 0;
  const hold = (inode: number): void => {
    if (!inodes.has(inode)) return;
    const known = holders.get(inode);
    if (known === undefined) holders.set(inode, [pid]);
    else if (known.at(-1) !== pid) known.push(pid);
  };
  if (inodes.size > 0) {
    for (pid of pids) if (!files.eachSocket(`${root}/${pid}/fd`, hold)) forbidden++;
  }
  return {
    holders,
    forbidden,
    hidden: pids[0] !== 1,
    inner: files.readLink(`${root}/self/ns/pid`) !== FIRST_PID_NAMESPACE,
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

export interface ProcessContext {
  readonly files: ProcFiles;
  /** Names a numeric user id. */
  readonly userOf: (uid: number) => User;
  /** When the machine started, ms since 1970; undefined: not known. */
  readonly bootMs: number | undefined;
}

/** Reads one process; undefined when it is gone. What is not readable is left out. */
export function readProcess(
  root: string,
  pid: number,
  { files, userOf, bootMs }: ProcessContext,
): Process | undefined {
  const folder = `${root}/${pid}`;
  const stat = parseStat(files.readText(`${folder}/stat`));
  const name = stat?.name ?? files.readText(`${folder}/comm`)?.replace(/\n$/, '');
  if (name === undefined) return undefined;
  const status = files.readText(`${folder}/status`) ?? '';
  const effective = /^Uid:\t\d+\t(\d+)\t/m.exec(status)?.[1];
  const parent = stat?.parent ?? /^PPid:\t(\d+)$/m.exec(status)?.[1];
  const executable = files.readLink(`${folder}/exe`);
  return {
    pid,
    name,
    commandLine: commandLineOf(files.readText(`${folder}/cmdline`) ?? ''),
    ...(effective === undefined ? {} : { user: userOf(Number(effective)) }),
    ...(parent === undefined ? {} : { parentPid: Number(parent) }),
    ...(stat === undefined || bootMs === undefined ? {} : { startMs: bootMs + stat.startMs }),
    ...parseCgroup(files.readText(`${folder}/cgroup`) ?? ''),
    ...(executable.startsWith('/') ? { executable } : {}),
  };
}

/** What Linux calls USER_HZ: ticks a second in proc, 100 on every architecture that Node runs on. */
const TICKS = 100;

interface Stat {
  readonly name: string;
  readonly parent: string | undefined;
  /** After the machine started. */
  readonly startMs: number;
}

/**
 * `42 (name) S 1 …`: the name is as it is, parentheses and all, so it ends at the last one. The
 * parent is the 4th field, the start the 22nd.
 */
function parseStat(text: string | undefined): Stat | undefined {
  if (text === undefined) return undefined;
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const start = fields[19];
  if (open < 0 || close < open || start === undefined || !/^\d+$/.test(start)) return undefined;
  return {
    name: text.slice(open + 1, close),
    parent: fields[1],
    startMs: Number(start) * (1000 / TICKS),
  };
}

/** When the machine started (`btime` of /proc/stat), ms since 1970. */
export function readBootTime(root: string, files: ProcFiles): number | undefined {
  const seconds = /^btime (\d+)$/m.exec(files.readText(`${root}/stat`) ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Arguments end with a NUL each; a program that rewrote its title leaves padding behind. */
function commandLineOf(text: string): string[] {
  const bare = text.replace(/\0+$/, '');
  return bare === '' ? [] : bare.split('\0');
}
