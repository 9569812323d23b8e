/** From the holders of sockets to owners: each process read once, however many sockets it holds. */
import type { Owner } from '../../model/listener.ts';
import type { Process } from '../../model/process.ts';
import { type OwnerSearch, type ProcessContext, readProcess } from './proc-processes.ts';

/** Who holds the socket with that inode, or why nobody can be named. */
export function ownerFinder(
  root: string,
  search: OwnerSearch,
  context: ProcessContext,
): (inode: string) => Owner {
  const known = new Map<number, Process | undefined>();
  const processOf = (pid: number): Process | undefined => {
    if (!known.has(pid)) known.set(pid, readProcess(root, pid, context));
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
