/**
 * What a machine offers to others: each service once, however many sockets and addresses it has,
 * with how far it can be reached, what the catalogue says of it, and whether that is too far. The
 * gravest first. Reach is what the machine itself can know: a router or a provider's firewall may
 * allow less.
 */
import { entriesOnPorts, entryOf } from '../catalog/entries.ts';
import type { PortEntry } from '../catalog/entry.ts';
import type { ComparedEndpoint, HostSide } from '../model/comparison.ts';
import type { Listener } from '../model/listener.ts';
import type { Transport } from '../model/transport.ts';
import { parseAddress } from '../net/address.ts';
import { classifyAddress } from '../net/address-class.ts';
import { isMismatch } from './compare/compare.ts';
import { isServing } from './compare/endpoints.ts';

/** From the widest. */
export const REACHES = ['anywhere', 'local-network', 'this-machine'] as const;
export type Reach = (typeof REACHES)[number];

export type Concern = 'error' | 'warning' | 'info' | 'ok';
const CONCERNS: readonly Concern[] = ['error', 'warning', 'info', 'ok'];

export interface SurfaceItem {
  readonly transport: Transport;
  readonly port: number;
  readonly reach: Reach;
  /** Why it is no wider, or on what it depends. */
  readonly because: string;
  readonly concern: Concern;
  /** Why it deserves attention; empty when it does not. */
  readonly reasons: readonly string[];
  readonly listeners: readonly Listener[];
  /** What was compared of it. */
  readonly rows: readonly ComparedEndpoint[];
  /** The likeliest entry of the catalogue for the port; what runs there may be another thing. */
  readonly entry?: PortEntry;
}

/**
 * Sockets of other network namespaces are left out. `rows` are what `compare` made of the same
 * host.
 */
export function surfaceOf(host: HostSide, rows: readonly ComparedEndpoint[]): SurfaceItem[] {
  const groups = new Map<string, { listeners: Listener[]; rows: ComparedEndpoint[] }>();
  const groupAt = (transport: string, port: number, holder: string) => {
    const key = `${transport} ${port} ${holder}`;
    const group = groups.get(key) ?? { listeners: [], rows: [] };
    groups.set(key, group);
    return group;
  };
  for (const listener of host.listeners) {
    const { transport, port } = listener.local;
    if (listener.network !== undefined || !isServing(listener)) continue;
    if (transport === 'raw' || transport === 'packet') continue;
    groupAt(transport, port, holderOf(listener)).listeners.push(listener);
  }
  for (const row of rows) {
    const own = row.listener !== undefined && row.listener.network === undefined;
    groupAt(row.transport, row.port, own ? holderOf(row.listener) : row.verdict).rows.push(row);
  }
  return [...groups.values()].map((group) => itemOf(host, group)).sort(byConcern);
}

/** Sockets of the same processes are one service. */
function holderOf({ owner }: Listener): string {
  return owner.kind === 'processes' ? owner.processes.map(({ pid }) => pid).join() : owner.kind;
}

function itemOf(
  host: HostSide,
  { listeners, rows }: { listeners: Listener[]; rows: ComparedEndpoint[] },
): SurfaceItem {
  const [row] = rows;
  const transport = listeners[0]?.local.transport ?? row?.transport ?? 'tcp';
  const port = listeners[0]?.local.port ?? row?.port ?? 0;
  const { reach, because } =
    listeners.length === 0 ? reachOfRows(rows) : reachOf(host, listeners, rows);
  const [summary] = entriesOnPorts({ first: port, last: port, transport });
  const entry = summary === undefined ? undefined : entryOf(summary);
  const { concern, reasons } = concernOf(reach, entry, rows);
  return {
    transport,
    port,
    reach,
    because,
    concern,
    reasons,
    listeners,
    rows,
    ...(entry === undefined ? {} : { entry }),
  };
}

interface Reached {
  readonly reach: Reach;
  readonly because: string;
}

/** Something answers, and no socket tells how far. */
function reachOfRows(rows: readonly ComparedEndpoint[]): Reached {
  const reaches = rows.flatMap(({ addresses }) => addresses.map(reachOfAddress));
  return { reach: widest(reaches), because: rows[0]?.why ?? '' };
}

function reachOf(
  host: HostSide,
  listeners: readonly Listener[],
  rows: readonly ComparedEndpoint[],
): Reached {
  const found = listeners.map((listener) => reachOfListener(host, listener, rows));
  const reach = widest(found.map((each) => each.reach));
  return { reach, because: found.find((each) => each.reach === reach)?.because ?? '' };
}

function reachOfListener(
  host: HostSide,
  listener: Listener,
  rows: readonly ComparedEndpoint[],
): Reached {
  const { exposure, local, firewall } = listener;
  if (exposure === 'loopback') return { reach: 'this-machine', because: 'bound to loopback' };
  if (exposure === 'link-local')
    return { reach: 'local-network', because: 'bound to a link-local address' };
  if (exposure === 'group') return { reach: 'local-network', because: 'bound to a group' };
  const four = !local.address.includes(':') || listener.acceptsIPv4 !== 'no';
  const six = local.address.includes(':');
  const own = exposure === 'one-address' ? [local.address] : (host.addresses ?? []);
  const shut = new Set(
    rows
      .filter((row) => row.verdict === 'firewalled' && row.listener === listener)
      .flatMap(({ addresses }) => addresses),
  );
  const open = own.filter((address) => {
    const family = address.includes(':')
      ? six && firewall?.ipv6?.answer !== 'no'
      : four && firewall?.ipv4?.answer !== 'no';
    return family && !shut.has(address);
  });
  if (own.length === 0) {
    return host.addresses === undefined
      ? { reach: 'local-network', because: 'bound to every address; which those are is not known' }
      : { reach: 'this-machine', because: 'the machine has no address but loopback' };
  }
  if (open.length === 0)
    return { reach: 'this-machine', because: `shut off by ${ruleOf(listener) ?? 'a firewall'}` };
  return { reach: widest(open.map(reachOfAddress)), because: conditionOf(listener) };
}

function ruleOf({ firewall }: Listener): string | undefined {
  return firewall?.ipv4?.rules[0] ?? firewall?.ipv6?.rules[0];
}

/** On what the machine's own firewall makes it depend. */
function conditionOf({ firewall, exposure, local }: Listener): string {
  const depends = [firewall?.ipv4, firewall?.ipv6].find((each) => each?.answer === 'depends');
  if (depends !== undefined)
    return `depends on ${depends.on.join(', ')} (${depends.rules[0] ?? ''})`;
  return exposure === 'one-address' ? `bound to ${local.address}` : 'bound to every address';
}

function reachOfAddress(address: string): Reach {
  const parsed = parseAddress(address);
  if (parsed === undefined) return 'local-network';
  switch (classifyAddress(parsed)) {
    case 'loopback':
      return 'this-machine';
    case 'global':
      return 'anywhere';
    default:
      return 'local-network';
  }
}

function widest(reaches: readonly Reach[]): Reach {
  return REACHES.find((reach) => reaches.includes(reach)) ?? 'this-machine';
}

const TOO_FAR: Readonly<Record<Reach, readonly string[]>> = {
  anywhere: ['inside', 'host', 'nowhere'],
  'local-network': ['host', 'nowhere'],
  'this-machine': [],
};
const PLACE_WORDS = {
  perimeter: 'may face the Internet',
  inside: 'belongs inside the own network',
  host: 'belongs on the machine itself',
  nowhere: 'belongs nowhere',
} as const;

function concernOf(
  reach: Reach,
  entry: PortEntry | undefined,
  rows: readonly ComparedEndpoint[],
): { concern: Concern; reasons: string[] } {
  const reasons: string[] = [];
  let concern: Concern = reach === 'this-machine' ? 'ok' : 'info';
  const raise = (to: Concern, reason: string): void => {
    if (CONCERNS.indexOf(to) < CONCERNS.indexOf(concern)) concern = to;
    reasons.push(reason);
  };
  for (const row of rows.filter(isMismatch))
    raise(row.verdict === 'hidden' ? 'error' : 'warning', row.why);
  if (entry === undefined || reach === 'this-machine') return { concern, reasons };
  const { level, because } = entry.risk;
  const grave = level === 'high' || level === 'critical';
  if (TOO_FAR[reach].includes(entry.belongs.place)) {
    raise(grave ? 'error' : 'warning', `${entry.name} ${PLACE_WORDS[entry.belongs.place]}`);
  }
  if (grave) raise('warning', `${level} risk: ${because}`);
  return { concern, reasons };
}

function byConcern(left: SurfaceItem, right: SurfaceItem): number {
  return (
    CONCERNS.indexOf(left.concern) - CONCERNS.indexOf(right.concern) ||
    REACHES.indexOf(left.reach) - REACHES.indexOf(right.reach) ||
    left.port - right.port ||
    (left.transport < right.transport ? -1 : left.transport > right.transport ? 1 : 0)
  );
}

/** How many services each reach has. */
export function countReaches(items: readonly SurfaceItem[]): Readonly<Record<Reach, number>> {
  const counts = { anywhere: 0, 'local-network': 0, 'this-machine': 0 };
  for (const { reach } of items) counts[reach]++;
  return counts;
}
