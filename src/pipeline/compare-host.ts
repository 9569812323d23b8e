/**
 * Joins sockets, probes and traffic of one host: looks at both sides now, or reads what was saved
 * of them, compares, and asks again where they contradict each other before saying so.
 */
import type { BlindSpot } from '../model/blind-spot.ts';
import type {
  BindRefusal,
  ComparedEndpoint,
  CompareInput,
  HostSide,
  NetworkSide,
  ObservedPort,
  SeenService,
  Vantage,
} from '../model/comparison.ts';
import type { Listener } from '../model/listener.ts';
import type { PacketFilter } from '../model/packet-filter.ts';
import type { BesideNetwork } from '../sources/sockets/beside.ts';
import type { ProbePlace } from '../sources/sockets/probe.ts';
import type { SocketView } from '../sources/sockets/socket-view.ts';

export interface CompareChoices {
  /** The host's side: this machine, another one by ssh, or what was saved. */
  readonly view: SocketView;
  /** Whether the sockets are of this machine, now. */
  readonly local: boolean;
  /** Addresses of another host to ask, as the system resolves its name. */
  readonly address?: string;
  /** All addresses the host has, where they are known otherwise. */
  readonly has?: readonly string[];
  readonly traffic: readonly SeenService[];
  /** What scans saw of it; with any, nothing is asked now. */
  readonly scans: readonly NetworkSide[];
  /** Try to bind every port (this machine only). */
  readonly bindTest: boolean;
  /** Ask from a network namespace beside this machine, where that is permitted. */
  readonly beside: boolean;
  /** How long a port may take to answer, ms. */
  readonly timeoutMs: number;
  /** Is told each step before it begins, in words: `asking 1,040 ports from this machine itself`. */
  readonly onStep?: (step: string) => void;
}

export interface Comparison {
  readonly rows: readonly ComparedEndpoint[];
  readonly host: HostSide;
  readonly vantages: readonly Vantage[];
  /** Ports asked, over all vantage points. */
  readonly asked: number;
  readonly notes: readonly BlindSpot[];
}

/** Ports that are always asked besides those that listen: where hidden services like to be. */
const ALWAYS = 1024;
/** Endpoints asked at most from one vantage point. */
const MOST = 40_000;
const AGAIN_AFTER_MS = 150;

/**
 * Sends probes where `choices` ask for them, and takes away again what it made. Rejects with errors
 * of files that were named.
 */
export async function compareHost(choices: CompareChoices): Promise<Comparison> {
  const [{ compare, isMismatch }, { bindTest }] = await Promise.all([
    import('../analysis/compare/compare.ts'),
    import('../sources/sockets/probe.ts'),
  ]);
  const { host, notes } = await hostSide(choices);
  const beside = await openBeside(choices);
  try {
    const looked = await networkSides(choices, host, beside);
    const tryBinds = choices.local && choices.bindTest;
    if (tryBinds) choices.onStep?.('trying to bind every port');
    const refused = tryBinds ? bindTest() : [];
    const refusals = refused && (await stillThere(refused));
    if (refusals === undefined) looked.notes.push(NOT_BOUND);
    const input: CompareInput = {
      ...{ host, networks: looked.networks, traffic: choices.traffic },
      refusals: refusals ?? [],
    };
    let rows = compare(input);
    const doubted = rows.filter((row) => isMismatch(row) && row.vantages.length > 0);
    const live = choices.scans.length === 0 && (choices.local || choices.address !== undefined);
    if (doubted.length > 0 && live) {
      choices.onStep?.('asking once more where the two sides disagree');
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      rows = compare({
        ...input,
        networks: await askedAgain(looked.networks, doubted, choices, beside),
      });
    }
    return {
      rows,
      host,
      vantages: looked.networks.map(({ vantage }) => vantage),
      asked: looked.networks.reduce((sum, { ports }) => sum + ports.length, 0),
      notes: [...notes, ...looked.notes],
    };
  } finally {
    if (typeof beside === 'object') beside.close();
  }
}

/** Why it is not there, as text, where it is not. */
async function openBeside({
  local,
  beside,
  scans,
}: CompareChoices): Promise<BesideNetwork | string> {
  if (!local || !beside || scans.length > 0) return 'it was not asked for';
  const { BesideNetwork, BesideError } = await import('../sources/sockets/beside.ts');
  try {
    return new BesideNetwork();
  } catch (error) {
    if (error instanceof BesideError) return error.message;
    throw error;
  }
}

async function hostSide({
  view,
  local,
  bindTest,
  has,
  onStep,
}: CompareChoices): Promise<{ host: HostSide; notes: BlindSpot[] }> {
  const [{ ownAddresses }, { readFirewall }, { withFirewall }] = await Promise.all([
    import('../sources/sockets/probe.ts'),
    import('../sources/sockets/firewall/read-firewall.ts'),
    import('../analysis/firewalled-listeners.ts'),
  ]);
  const notes = view.blindSpots.filter(({ id }) => id !== 'firewall-rules');
  if (local) onStep?.('reading the firewall rules');
  const reading = local ? readFirewall() : undefined;
  let filter: PacketFilter | undefined;
  if (reading?.kind === 'read') filter = reading.filter;
  else {
    const because = reading?.because ?? 'only those of this machine are read';
    notes.push({
      id: 'firewall-rules',
      what: "whether the host's own firewall lets others in",
      because,
      ...(reading?.remedy === undefined ? {} : { remedy: reading.remedy }),
      missing: false,
    });
  }
  const host: HostSide = {
    name: view.subject,
    listeners: filter === undefined ? view.listeners : withFirewall(view.listeners, filter),
    connections: bindTest ? view.connections : [],
    ...(local ? { addresses: ownAddresses() } : has === undefined ? {} : { addresses: has }),
    whole: local && process.geteuid?.() === 0 && view.means.includes('netlink'),
    ...(filter === undefined ? {} : { filter }),
    seenMs: view.listeners[0]?.evidence.seenMs ?? Date.now(),
  };
  return { host, notes };
}

interface Looked {
  readonly networks: NetworkSide[];
  readonly notes: BlindSpot[];
}

const SELF: Vantage = { kind: 'self', name: 'this machine itself' };
const BESIDE: Vantage = { kind: 'beside', name: 'a namespace beside it' };
const HERE: Vantage = { kind: 'network', name: 'this machine' };

async function networkSides(
  choices: CompareChoices,
  host: HostSide,
  beside: BesideNetwork | string,
): Promise<Looked> {
  if (choices.scans.length > 0) return { networks: [...choices.scans], notes: [] };
  const { probe } = await import('../sources/sockets/probe.ts');
  const { local, address, timeoutMs } = choices;
  const notes: BlindSpot[] = [];
  const networks: NetworkSide[] = [];
  const addresses = local ? (host.addresses ?? []) : address === undefined ? [] : [address];
  if (addresses.length === 0) {
    if (local) notes.push(notAsked('it has no address but loopback'));
    return { networks, notes };
  }
  const [many, few] = await placesOf(host, addresses);
  const vantage = local ? SELF : HERE;
  const askedFrom = (from: Vantage, places: readonly ProbePlace[]): readonly ProbePlace[] => {
    const { asked, notes: left } = withinLimit(places, from);
    notes.push(...left);
    choices.onStep?.(`asking ${asked.length} ports from ${from.name}`);
    return asked;
  };
  const ports = probe(askedFrom(vantage, many), timeoutMs, vantage.name);
  if (ports === undefined) notes.push(notAsked('system calls cannot be used here'));
  else networks.push(sideOf(vantage, ports));
  if (typeof beside === 'string') {
    if (local) notes.push(besideNote(beside));
  } else {
    const seen = beside.ask(askedFrom(BESIDE, few), timeoutMs);
    if (typeof seen === 'string') notes.push(besideNote(seen));
    else networks.push(sideOf(BESIDE, seen));
  }
  return { networks, notes };
}

/** Without those of sockets that came since the host's side was looked at. */
async function stillThere(refused: readonly BindRefusal[]): Promise<readonly BindRefusal[]> {
  if (refused.length === 0) return refused;
  const { unexplained } = await import('../sources/sockets/probe.ts');
  const { viewSockets } = await import('./sockets.ts');
  return unexplained(refused, await viewSockets({ connections: true, brief: true }));
}

const NOT_BOUND: BlindSpot = {
  id: 'not-bound',
  what: 'ports that are in use and in no table',
  because: 'no port could be bound to find out: system calls cannot be used here',
  missing: true,
};

function notAsked(because: string): BlindSpot {
  return { id: 'not-asked', what: 'what the network sees of it', because, missing: true };
}

/** As many places as are asked from one vantage point, the first ones, and what is said of the rest. */
export function withinLimit(
  places: readonly ProbePlace[],
  { name }: Vantage,
): { readonly asked: readonly ProbePlace[]; readonly notes: readonly BlindSpot[] } {
  const left = places.length - MOST;
  if (left <= 0) return { asked: places, notes: [] };
  const note = {
    id: 'ports-not-asked',
    what: `${left} ports of its last addresses, from ${name}`,
    because: `at most ${MOST} are asked from one place; those that listen come first`,
    remedy: 'portreeve scan asks any number',
    missing: true,
  };
  return { asked: places.slice(0, MOST), notes: [note] };
}

/** From the machine itself its firewall is not crossed. */
function besideNote(because: string): BlindSpot {
  return {
    id: 'firewall-not-crossed',
    what: 'whether packets from outside really come through its firewall',
    because: `it was asked from its own addresses only: ${because}`,
    remedy: 'run the same command with sudo, or scan it from another machine',
    missing: false,
  };
}

function sideOf(vantage: Vantage, ports: readonly ObservedPort[]): NetworkSide {
  return {
    vantage,
    ports,
    uniform: uniformAddresses(ports),
    seenMs: ports[0]?.evidence.seenMs ?? Date.now(),
  };
}

/** Addresses on which nearly all of many ports are open: something answers for all. */
function uniformAddresses(ports: readonly ObservedPort[]): string[] {
  const counts = new Map<string, { open: number; all: number }>();
  for (const { address, transport, state } of ports) {
    if (transport !== 'tcp') continue;
    const count = counts.get(address) ?? { open: 0, all: 0 };
    count.all++;
    if (state === 'open') count.open++;
    counts.set(address, count);
  }
  return [...counts]
    .filter(([, { open, all }]) => all >= 100 && open >= all * 0.9)
    .map(([address]) => address);
}

/** What is asked from near, and the smaller part that is asked where silence costs time. */
async function placesOf(
  host: HostSide,
  addresses: readonly string[],
): Promise<[ProbePlace[], ProbePlace[]]> {
  const { redirectedPorts } = await import('../analysis/host-firewall.ts');
  const tcp = new Set<number>(host.filter === undefined ? [] : redirectedPorts(host.filter));
  const udp = new Set<number>();
  for (const listener of host.listeners) {
    const { transport, port } = listener.local;
    if (transport === 'tcp' && listener.state === 'listening') tcp.add(port);
    else if (transport === 'udp' && isAsked(listener)) udp.add(port);
  }
  const few: ProbePlace[] = [];
  const many: ProbePlace[] = [];
  for (const address of addresses) {
    for (const port of tcp) few.push({ address, transport: 'tcp', port });
    for (const port of udp) few.push({ address, transport: 'udp', port });
    for (let port = 1; port <= ALWAYS; port++)
      if (!tcp.has(port)) many.push({ address, transport: 'tcp', port });
  }
  return [[...few, ...many], few];
}

/** Ports of the ephemeral range that UDP clients hold for a while are no services. */
function isAsked({ local, exposure }: Listener): boolean {
  return local.port < 32768 || exposure !== 'every-address';
}

/** Ports of rows that contradict each other, asked once more; the new answer counts. */
async function askedAgain(
  networks: readonly NetworkSide[],
  doubted: readonly ComparedEndpoint[],
  { timeoutMs }: CompareChoices,
  beside: BesideNetwork | string,
): Promise<NetworkSide[]> {
  const { probe } = await import('../sources/sockets/probe.ts');
  return networks.map((network) => {
    const { vantage } = network;
    const places = doubted
      .filter((row) => row.vantages.includes(vantage.name))
      .flatMap(({ addresses, transport, port }): ProbePlace[] =>
        transport === 'tcp' || transport === 'udp'
          ? addresses.map((address) => ({ address, transport, port }))
          : [],
      );
    if (places.length === 0) return network;
    const again =
      vantage.kind === 'beside' && typeof beside === 'object'
        ? beside.ask(places, timeoutMs * 2)
        : (probe(places, timeoutMs * 2, vantage.name) ?? []);
    const keyOf = ({ address, transport, port }: ProbePlace | ObservedPort): string =>
      `${transport} ${port} ${address}`;
    const seen = typeof again === 'string' ? [] : again;
    const fresh = new Map(seen.map((port) => [keyOf(port), port]));
    return { ...network, ports: network.ports.map((port) => fresh.get(keyOf(port)) ?? port) };
  });
}

/** Addresses of this machine, without loopback. */
export async function localAddresses(): Promise<string[]> {
  const { ownAddresses } = await import('../sources/sockets/probe.ts');
  return ownAddresses();
}
