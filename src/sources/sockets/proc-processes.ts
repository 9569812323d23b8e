/**
 * Finds which processes hold given sockets open, by the links in /proc/PID/fd (`socket:[INODE]`),
 * and reads what those processes are (proc(5)). One walk serves all sockets. It does not stop at
 * the first holder: a socket inherited by workers belongs to each of them.
 *
 * Processes come and go while we look; what vanishes is passed over, what is forbidden is counted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Process } from '../../model/process.ts';
import type { User } from '../../model/user.ts';
import type { Membership } from './cgroup.ts';
import { FORBIDDEN, GONE, type ProcFiles } from './proc-files.ts';

/** Kernel constant PROC_PID_INIT_INO: the process namespace that has no parent. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** One walk over the processes that can be seen. */
export interface ProcessWalk {
  /** By inode of a socket: the process that holds it, or all that do, ascending. */
  readonly holders: ReadonlyMap<number, number | readonly number[]>;
  /** Processes whose files we may not list. */
  readonly forbidden: number;
  /** Processes that are hidden by something mounted over their folders. */
  readonly masked: readonly number[];
  /** Whether other users' processes are hidden from the listing itself (proc option `hidepid`). */
  readonly hidden: boolean;
  /** Whether processes outside this process namespace (container) may exist unseen. */
  readonly inner: boolean;
  /** Number of our network namespace; 0: not known. */
  readonly ownNetwork: number;
  /** The other ones by number, with a process of each. */
  readonly otherNetworks: ReadonlyMap<number, number>;
  /** Processes whose network namespace we may not learn. */
  readonly unknownNetworks: number;
}

/** @param root where the proc file system is mounted */
export function walkProcesses(root: string, files: ProcFiles): ProcessWalk {
  files.enter('self');
  const ownNetwork = Math.max(files.network(), 0);
  const inner = files.readLink('ns/pid') !== FIRST_PID_NAMESPACE;
  const holders = new Map<number, number | number[]>();
  const otherNetworks = new Map<number, number>();
  let forbidden = 0;
  const masked: number[] = [];
  let unknownNetworks = 0;
  let pid = 0;
  const hold = (inode: number): void => {
    const known = holders.get(inode);
    if (known === undefined) holders.set(inode, pid);
    else if (typeof known === 'object') {
      if (known.at(-1) !== pid) known.push(pid);
    } else if (known !== pid) holders.set(inode, [known, pid]);
  };
  const pids = processIds(root);
  for (pid of pids) {
    files.enter(pid);
    const network = files.network();
    if (network === FORBIDDEN) unknownNetworks++;
    else if (network !== GONE && network !== ownNetwork && !otherNetworks.has(network)) {
      otherNetworks.set(network, pid);
    }
    const looked = files.eachSocket(hold);
    if (looked === FORBIDDEN) forbidden++;
    else if (looked === GONE && isMasked(files)) masked.push(pid);
  }
  const hidden = pids[0] !== 1;
  return { holders, forbidden, masked, hidden, inner, ownNetwork, otherNetworks, unknownNetworks };
}

/** The folder of a process that is there, and has nothing of what the kernel puts into it. */
function isMasked(files: ProcFiles): boolean {
  // Asked last, since a process may end while we look.
  return files.readText('stat') === undefined && files.exists();
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
  /** Leave out what a table for people does not show: start, unit, container, program's file. */
  readonly brief: boolean;
  /** What a process's control groups say: `cgroupReader`. */
  readonly groupsOf: (text: string) => Membership;
  /** Names a numeric user id. */
  readonly userOf: (uid: number) => User;
  /** When the machine started, ms since 1970; undefined: not known. */
  readonly bootMs: number | undefined;
}

/** Reads one process; undefined when it is gone. What is not readable is left out. */
export function readProcess(pid: number, context: ProcessContext): Process | undefined {
  const { files } = context;
  files.enter(pid);
  const stat = parseStat(files.readText('stat'));
  if (stat === undefined) return undefined;
  // Some kernels escape the name there; where that may be so, this file has it as it is.
  const name = stat.name.includes('\\') ? (shortName(files) ?? stat.name) : stat.name;
  const process = namedProcess(pid, name, context);
  process.parentPid = stat.parent;
  if (!context.brief) addDetails(process, stat, context);
  return process;
}

/**
 * The same without its parent, start and all that is left out of a brief one. Those cost the kernel
 * more than the rest, since it adds up the times of all threads for the file that has them.
 */
export function readBriefProcess(pid: number, context: ProcessContext): Process | undefined {
  context.files.enter(pid);
  const name = shortName(context.files);
  return name === undefined ? undefined : namedProcess(pid, name, context);
}

function namedProcess(
  pid: number,
  name: string,
  { files, userOf }: ProcessContext,
): Mutable<Process> {
  const commandLine = commandLineOf(files.readText('cmdline') ?? '');
  const uid = files.effectiveUser();
  return uid === undefined
    ? { pid, name, commandLine }
    : { pid, name, commandLine, user: userOf(uid) };
}

function addDetails(
  process: Mutable<Process>,
  { startMs }: Stat,
  { files, groupsOf, bootMs }: ProcessContext,
): void {
  if (bootMs !== undefined) process.startMs = bootMs + startMs;
  const { unit, unitOf, container } = groupsOf(files.readText('cgroup') ?? '');
  if (unit !== undefined) process.unit = unit;
  if (unitOf !== undefined) process.unitOf = unitOf;
  if (container !== undefined) process.container = container;
  const executable = files.readLink('exe');
  if (executable.startsWith('/')) process.executable = executable;
}

function shortName(files: ProcFiles): string | undefined {
  return files.readText('comm')?.replace(/\n$/, '');
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What Linux calls USER_HZ: ticks a second in proc, 100 on every architecture that Node runs on. */
const TICKS = 100;

interface Stat {
  readonly name: string;
  readonly parent: number;
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
  if (open < 0 || close < open) return undefined;
  // After the name: the state, the parent, and the start as the 20th.
  let at = close + 2;
  for (let field = 0; field < 19; field++) {
    at = text.indexOf(' ', at) + 1;
    if (at === 0) return undefined;
  }
  const parent = Number.parseInt(text.slice(text.indexOf(' ', close + 2)), 10);
  const start = Number.parseInt(text.slice(at, at + 20), 10);
  if (!(parent >= 0 && start >= 0)) return undefined;
  return { name: text.slice(open + 1, close), parent, startMs: start * (1000 / TICKS) };
}

/** When the machine started (`btime` of /proc/stat), ms since 1970. */
export function readBootTime(root: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(`${root}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const seconds = /^btime (\d+)$/m.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Arguments end with a NUL each; a program that rewrote its title leaves padding behind. */
function commandLineOf(text: string): string[] {
  const bare = text.replace(/\0+$/, '');
  return bare === '' ? [] : bare.split('\0');
}
