/** What a look through the proc file system leaves open, in words for people. */
import type { BlindSpot } from '../../model/blind-spot.ts';
import type { Listener, OwnerUnknown } from '../../model/listener.ts';
import type { Unseen } from './owners.ts';
import type { ProcessWalk } from './proc-processes.ts';
import type { SocketTables } from './proc-tables.ts';

export interface LinuxLook {
  readonly listeners: readonly Listener[];
  readonly tables: SocketTables;
  /** Network namespaces that could not be looked into. */
  readonly closedNetworks: number;
  readonly search: Unseen & Pick<ProcessWalk, 'unknownNetworks'>;
  /** /proc/sys/net/ipv6/bindv6only. */
  readonly bindV6Only: string | undefined;
  /** Whether we look as root: then asking for root is no remedy. */
  readonly asRoot: boolean;
  /** How more can be seen of a machine that we are not on. Default: as this one, with sudo. */
  readonly withRights?: string;
}

const WITH_SUDO = 'run the same command with sudo';

/** What is missing first, then the limits that remain. */
export function blindSpotsOf(look: LinuxLook): BlindSpot[] {
  return [
    ...unreadableTables(look.tables),
    ...unreadableLines(look.tables),
    ...maskedProcesses(look),
    ...unknownOwners(look),
    ...otherNetworks(look),
    ...ipv4OnIPv6(look),
    {
      id: 'firewall-rules',
      what: 'firewall rules',
      because: 'what a socket is open to is judged by the address it is bound to',
      missing: false,
    },
  ];
}

function unreadableTables(tables: SocketTables): BlindSpot[] {
  return tables.unreadable.map(({ table, code }) => ({
    id: 'table-unreadable',
    what: `the sockets in /proc/net/${table}`,
    because: `the file could not be read (${code})`,
    missing: true,
  }));
}

function unreadableLines({ faults }: SocketTables): BlindSpot[] {
  const [first] = faults;
  if (first === undefined) return [];
  return [
    {
      id: 'lines-unreadable',
      what: `${count(faults.length, 'line')} of the socket tables`,
      because: `not of the form that Linux documents; the first is /proc/net/${first.table} line ${first.line}: ${JSON.stringify(first.text.trim())}`,
      missing: true,
    },
  ];
}

const OWNER_TEXT: Readonly<
  Record<OwnerUnknown, { readonly because: string; readonly remedy?: string }>
> = {
  privilege: {
    because: "looking into other users' processes needs root or CAP_SYS_PTRACE",
    remedy: WITH_SUDO,
  },
  'hidden-processes': {
    because: 'this system hides processes from us (proc is mounted with hidepid, or covered)',
    remedy: WITH_SUDO,
  },
  'pid-namespace': {
    because: 'no process in this container does: one outside may, or the kernel',
    remedy: 'look from the host',
  },
  gone: { because: 'the process ended while we looked', remedy: 'look again' },
  'not-shown': { because: 'the output was made without processes' },
  'not-named': { because: 'the output names none: privilege, or the kernel' },
};

function maskedProcesses({ search }: LinuxLook): BlindSpot[] {
  const { masked } = search;
  if (masked.length === 0) return [];
  const shown = masked.slice(0, 3).join(', ');
  return [
    {
      id: 'processes-masked',
      what: masked.length === 1 ? `process ${shown}` : `${masked.length} processes`,
      because: `something is mounted over ${masked.length === 1 ? `/proc/${shown}` : `their folders in /proc (${shown}${masked.length > 3 ? ', …' : ''})`}: a way to hide`,
      remedy: `findmnt --submounts /proc shows by whom; umount /proc/${masked[0]} shows it again`,
      missing: true,
    },
  ];
}

/** Where asking for root is no remedy. */
const AS_ROOT: Partial<typeof OWNER_TEXT> = {
  // A container, a sandbox or a security module may forbid it even to root.
  privilege: {
    because: 'even root may not look into every process here (container or security module)',
    remedy: 'look from the host, or grant CAP_SYS_PTRACE',
  },
  'hidden-processes': {
    because: 'not every process can be seen here (what /proc shows is cut down)',
    remedy: 'look from the host, or mount a proc file system of your own',
  },
};

function unknownOwners({ listeners, asRoot, withRights }: LinuxLook): BlindSpot[] {
  const counts = new Map<OwnerUnknown, number>();
  for (let at = 0; at < listeners.length; at++) {
    const { owner } = listeners[at]!;
    if (owner.kind === 'unknown') counts.set(owner.because, (counts.get(owner.because) ?? 0) + 1);
  }
  return [...counts].map(([because, unknown]) => ({
    id: `owner-${because}`,
    what: `which process holds ${share(unknown, listeners.length)}`,
    ...ownerText(because, asRoot, withRights),
    missing: true,
  }));
}

function ownerText(
  because: OwnerUnknown,
  asRoot: boolean,
  withRights = WITH_SUDO,
): Pick<BlindSpot, 'because' | 'remedy'> {
  if (asRoot && AS_ROOT[because] !== undefined) return AS_ROOT[because];
  const text = OWNER_TEXT[because];
  return text.remedy === WITH_SUDO ? { ...text, remedy: withRights } : text;
}

/** Why other network namespaces stayed closed, and what helps. */
function closedText({
  tables,
  asRoot,
}: LinuxLook): Required<Pick<BlindSpot, 'because' | 'remedy'>> {
  const because = 'the tables show one namespace only; containers usually have their own';
  if (!tables.netlink) {
    return { because, remedy: 'run this inside each: nsenter --net --target PID portreeve' };
  }
  if (!asRoot) return { because, remedy: WITH_SUDO };
  return {
    because: 'even root may not enter them from here (container or security module)',
    remedy: 'look from the host, or grant CAP_SYS_ADMIN',
  };
}

function otherNetworks(look: LinuxLook): BlindSpot[] {
  const { hidden, inner, unknownNetworks } = look.search;
  const { closedNetworks } = look;
  if (closedNetworks > 0) {
    return [
      {
        id: 'network-namespaces',
        what: `sockets in ${count(closedNetworks, 'other network namespace')} on this machine`,
        ...closedText(look),
        missing: true,
      },
    ];
  }
  if (unknownNetworks === 0 && !hidden && !inner) return [];
  return [
    {
      id: 'network-namespaces',
      what: 'sockets in other network namespaces (containers), if there are any',
      because: inner
        ? 'only this container is visible'
        : 'not every process lets us see its namespace',
      missing: false,
    },
  ];
}

function ipv4OnIPv6({ listeners, bindV6Only }: LinuxLook): BlindSpot[] {
  let unsure = 0;
  for (let at = 0; at < listeners.length; at++) {
    const { acceptsIPv4 } = listeners[at]!;
    if (acceptsIPv4 !== 'yes' && acceptsIPv4 !== 'no') unsure++;
  }
  if (unsure === 0) return [];
  const setting =
    bindV6Only === '0'
      ? 'yes unless the program asked otherwise (bindv6only = 0)'
      : bindV6Only === '1'
        ? 'no unless the program asked otherwise (bindv6only = 1)'
        : 'the default (bindv6only) is not readable';
  return [
    {
      id: 'ipv6-only-unknown',
      what: `whether ${count(unsure, 'socket')} on [::] take IPv4 too`,
      because: `the kernel's tables do not say; ${setting}`,
      remedy: 'ss -ltun shows * for both and [::] for IPv6 alone',
      missing: false,
    },
  ];
}

function share(part: number, whole: number): string {
  if (whole === 1) return 'the socket';
  return part === whole ? `any of the ${whole} sockets` : `${part} of the ${whole} sockets`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
