/** From the holders of sockets to owners: each process read once, however many sockets it holds. */
import type { Owner } from '../../model/listener.ts';
import type { Process } from '../../model/process.ts';
import {
  type ProcessContext,
  type ProcessWalk,
  readBriefProcess,
  readProcess,
} from './proc-processes.ts';

/** What may have been out of sight. */
export type Unseen = Pick<ProcessWalk, 'hidden' | 'forbidden' | 'inner' | 'masked'>;

/** Who holds the socket with that inode, or why nobody can be named. */
export function ownerFinder(
  search: ProcessWalk,
  context: ProcessContext,
): (inode: number) => Owner {
  const known = new Map<number, Process | undefined>();
  const processOf = (pid: number): Process | undefined => {
    if (!known.has(pid)) known.set(pid, readProcess(pid, context));
    return known.get(pid);
  };
  const unseen = ownerUnseen(search);
  const ownerOf = (pids: readonly number[]): Owner => {
    const processes = pids.map(processOf).filter((process) => process !== undefined);
    if (processes.length === 0) return { kind: 'unknown', because: 'gone' };
    return { kind: 'processes', processes: parentsFirst(processes) };
  };
  // Most processes hold several sockets alone: one owner serves them all, and needs no parent.
  const single = new Map<number, Owner>();
  const singleOwner = (pid: number): Owner => {
    const process = context.brief ? readBriefProcess(pid, context) : processOf(pid);
    if (process === undefined) return { kind: 'unknown', because: 'gone' };
    return { kind: 'processes', processes: [process] };
  };
  return (inode) => {
    if (inode === 0) return { kind: 'kernel' };
    const holder = search.holders.get(inode);
    if (holder === undefined) return unseen;
    if (typeof holder === 'object') return ownerOf(holder);
    let owner = single.get(holder);
    if (owner === undefined) {
      owner = singleOwner(holder);
      single.set(holder, owner);
    }
    return owner;
  };
}

/** The same where the processes came with their sockets. */
export function ownerOfFar(
  held: readonly { readonly process: Process; readonly inodes: readonly number[] }[],
  search: Unseen,
): (inode: number) => Owner {
  const holders = new Map<number, Process[]>();
  for (const { process, inodes } of held) {
    for (const inode of inodes) holders.set(inode, [...(holders.get(inode) ?? []), process]);
  }
  const unseen = ownerUnseen(search);
  return (inode) => {
    const processes = holders.get(inode);
    if (inode === 0) return { kind: 'kernel' };
    return processes === undefined
      ? unseen
      : { kind: 'processes', processes: parentsFirst(processes) };
  };
}

/** Why no process was found for a socket that has a file. */
function ownerUnseen(search: Unseen): Owner {
  if (search.hidden || search.masked.length > 0)
    return { kind: 'unknown', because: 'hidden-processes' };
  if (search.forbidden > 0) return { kind: 'unknown', because: 'privilege' };
  if (search.inner) return { kind: 'unknown', because: 'pid-namespace' };
  return { kind: 'kernel' };
}

/** Those whose parent holds the socket too come after those whose parent does not. */
function parentsFirst(processes: readonly Process[]): readonly Process[] {
  if (processes.length === 1) return processes;
  const pids = new Set(processes.map((process) => process.pid));
  const isChild = (process: Process): number =>
    process.parentPid !== undefined && pids.has(process.parentPid) ? 1 : 0;
  return [...processes].sort((left, right) => isChild(left) - isChild(right));
}
