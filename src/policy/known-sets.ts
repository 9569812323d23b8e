/**
 * Services that come together: who needs one of them will soon ask for the others. They are offered
 * as one decision; what was not seen stays marked as such, and nothing is allowed by being offered.
 * Sources: Microsoft, “Service overview and network port requirements for Windows”; RFC 959.
 */

export interface KnownSet {
  readonly id: string;
  readonly name: string;
  readonly services: readonly string[];
  /** Seeing one of these towards a server suggests the set. */
  readonly hints: readonly string[];
  readonly note: string;
}

const RPC_RANGE = 'tcp/49152-65535';

export const KNOWN_SETS: readonly KnownSet[] = [
  {
    id: 'domain-member',
    name: 'a domain member and its controllers',
    services: [
      ...['udp/53', 'tcp/53', 'udp/88', 'tcp/88', 'udp/123', 'tcp/135', 'udp/389', 'tcp/389'],
      ...['tcp/445', 'udp/464', 'tcp/464', 'tcp/636', 'tcp/3268', 'tcp/3269', RPC_RANGE],
    ],
    hints: ['tcp/88', 'udp/88', 'tcp/464', 'udp/464', 'tcp/3268', 'udp/389'],
    note: 'pin the RPC services of the controllers to a few ports to narrow the last range',
  },
  {
    id: 'rpc',
    name: 'RPC through the endpoint mapper',
    services: ['tcp/135', RPC_RANGE],
    hints: ['tcp/135'],
    note: 'servers before Windows Server 2008 use tcp/1025-5000',
  },
  {
    id: 'rpc-legacy',
    name: 'RPC of Windows Server 2003 and older',
    services: ['tcp/135', 'tcp/1025-5000'],
    hints: [],
    note: 'only for servers that old',
  },
  {
    id: 'ftp-passive',
    name: 'FTP with passive data connections',
    services: ['tcp/21', 'tcp/1024-65535'],
    hints: ['tcp/21'],
    note: 'pin the server’s passive ports, or let the firewall follow FTP, to avoid the range',
  },
  {
    id: 'dns',
    name: 'DNS over both transports',
    services: ['udp/53', 'tcp/53'],
    hints: ['udp/53'],
    note: 'long answers come over TCP (RFC 7766)',
  },
  {
    id: 'kerberos',
    name: 'Kerberos over both transports',
    services: ['udp/88', 'tcp/88', 'udp/464', 'tcp/464'],
    hints: ['udp/88', 'tcp/88'],
    note: 'large tickets come over TCP (RFC 4120)',
  },
];

/** Undefined where there is none of that id. */
export function knownSet(id: string): KnownSet | undefined {
  return KNOWN_SETS.find((set) => set.id === id);
}

/** Sets that what was seen towards one server suggests, the largest share of hints first. */
export function setsSuggestedBy(services: ReadonlySet<string>): KnownSet[] {
  const found = KNOWN_SETS.map((set) => ({
    set,
    hits: set.hints.filter((hint) => services.has(hint)).length,
    open: set.services.filter((service) => !services.has(service)).length,
  }));
  return found
    .filter(({ hits, open }) => hits > 0 && open > 0)
    .sort((one, two) => two.hits - one.hits)
    .map(({ set }) => set);
}
