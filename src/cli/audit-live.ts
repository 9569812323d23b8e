/** What `portreeve audit` listens to instead of reading logs: flow export, and the kernel's packet log. */
import { InvalidArgumentError } from 'commander';
import {
  type KernelChoices,
  type ListenAddress,
  type ListenChoices,
  openKernelLog,
  openListener,
} from '../pipeline/audit.ts';
import { dropPrivilege } from '../pipeline/privilege.ts';
import { INPUT, PRIVILEGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Opens the ports, then gives up root. Throws `Failure`. */
export async function listenerOf(
  listen: readonly ListenAddress[] | undefined,
  count: number | undefined,
): Promise<ListenChoices | undefined> {
  if (listen === undefined) return undefined;
  const ports = [...new Set(listen.map(({ port }) => port))].join(', ');
  try {
    const listener = await openListener(listen);
    dropPrivilege();
    return {
      ...{ listener, name: `udp ${ports.replaceAll(', ', ',')}` },
      ...(count === undefined ? {} : { mostRecords: count }),
    };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const reason = code ?? message;
    throw new Failure(reason === 'EACCES' ? PRIVILEGE : INPUT, {
      what: `cannot listen on UDP port ${ports}: ${reason}`,
      why: LISTEN_REASONS[reason] ?? message,
      ways: [reason === 'EACCES' ? 'sudo portreeve audit …' : 'listen on another port or address'],
    });
  }
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there: portreeve sockets shows which',
  EACCES: 'ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine does not have that address',
};

/** Gathers `--nflog 5`, which may be repeated. */
export function parseGroup(text: string, groups: readonly number[] = []): readonly number[] {
  const group = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  if (group > 65_535) throw new InvalidArgumentError('It is a group from 0 to 65535.');
  return groups.includes(group) ? groups : [...groups, group];
}

/** Binds groups of the kernel's packet log, then gives up root. Throws `Failure`. */
export async function kernelLogOf(
  groups: readonly number[] | undefined,
  count: number | undefined,
): Promise<KernelChoices | undefined> {
  if (groups === undefined) return undefined;
  const names = groups.join(',');
  try {
    const log = await openKernelLog(groups);
    dropPrivilege();
    return {
      ...{ log, name: `nflog ${names}` },
      ...(count === undefined ? {} : { mostRecords: count }),
    };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const [why, way] = KERNEL_REASONS[code ?? ''] ?? [message, 'read the log as text instead'];
    throw new Failure(code === 'EPERM' ? PRIVILEGE : INPUT, {
      what: `cannot read group ${names} of the kernel's packet log: ${code ?? message}`,
      why,
      ways: [way],
    });
  }
}

const KERNEL_REASONS: Readonly<Record<string, readonly [why: string, way: string]>> = {
  EPERM: [
    'what packets the kernel logs is told to CAP_NET_ADMIN alone',
    'sudo portreeve audit --nflog …; the privilege is given up once the group is bound',
  ],
  EBUSY: ['another program, such as ulogd, reads that group', 'log to another group, or stop it'],
  EINVAL: ['this kernel has no nfnetlink_log', 'modprobe nfnetlink_log, or log as text instead'],
  EPROTONOSUPPORT: ['this kernel has no netfilter netlink', 'log as text instead'],
};
