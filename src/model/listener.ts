/**
 * A socket that waits for others to speak first: TCP or SCTP listening, UDP bound and connected
 * to nobody, raw. One record per socket, so several that share a port (SO_REUSEPORT) stay apart.
 */
import type { Endpoint } from './endpoint.ts';
import type { Evidence } from './evidence.ts';
import type { Exposure } from './exposure.ts';
import type { Reachability } from './packet-filter.ts';
import type { Process } from './process.ts';
import type { User } from './user.ts';

/** Why nobody can be named. */
export type OwnerUnknown =
  /** Some processes could not be looked into; the owner may be one of them. */
  | 'privilege'
  /** The system hides other users' processes altogether (`hidepid`). */
  | 'hidden-processes'
  /** Every visible process was looked into, but processes outside this container are not visible. */
  | 'pid-namespace'
  /** The process that held the socket was gone before it could be read. */
  | 'gone'
  /** Others' output, made without the option that shows processes. */
  | 'not-shown'
  /** Others' output that shows processes, but none here: privilege, or the kernel. */
  | 'not-named';

export type Owner =
  /** The processes that hold the socket open, parents before children. At least one. */
  | { readonly kind: 'processes'; readonly processes: readonly Process[] }
  /** No process holds it: the kernel itself serves it (NFS, WireGuard, VXLAN, …). */
  | { readonly kind: 'kernel' }
  | { readonly kind: 'unknown'; readonly because: OwnerUnknown };

/** Whether a socket takes IPv4 too. `probably…`: by the system's default, which it may override. */
export type AcceptsIPv4 = 'yes' | 'no' | 'probably' | 'probably-not' | 'unknown';

export interface Listener {
  readonly kind: 'listener';
  /** An IPv4-mapped address (`::ffff:192.0.2.1`) is given as the IPv4 address that it accepts. */
  readonly local: Endpoint;
  readonly state: 'listening' | 'bound';
  readonly exposure: Exposure;
  readonly acceptsIPv4: AcceptsIPv4;
  readonly owner: Owner;
  /** Who created the socket: known without privilege, and not always who serves it now. */
  readonly user?: User;
  /** Network interface it is tied to. */
  readonly device?: string;
  /** TCP: connections that may wait to be accepted. */
  readonly backlog?: number;
  /** The systemd unit that opened it on behalf of others: `ssh.socket`. */
  readonly activation?: string;
  /** Network namespace, when it is not the one of who looks. */
  readonly network?: string;
  /** Whether the host's own packet filter lets others reach it, by family; absent: not looked at. */
  readonly firewall?: { readonly ipv4?: Reachability; readonly ipv6?: Reachability };
  readonly evidence: Evidence;
}
