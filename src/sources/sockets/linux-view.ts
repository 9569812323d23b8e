/** From the rows of Linux's tables to listeners and connections, wherever the rows came from. */
import type { Connection, ConnectionState } from '../../model/connection.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type Exposure, exposureOf } from '../../model/exposure.ts';
import type { AcceptsIPv4, Listener, Owner } from '../../model/listener.ts';
import type { User } from '../../model/user.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import type { TableRow } from './proc-tables.ts';

export interface LinuxRows {
  readonly rows: readonly TableRow[];
  readonly seenMs: number;
  readonly userOf: (uid: number) => User;
  readonly ownerOf: (inode: number) => Owner;
  /** /proc/sys/net/ipv6/bindv6only. */
  readonly bindV6Only: string | undefined;
  /** For evidence: what looked, and where a table lies. */
  readonly source: string;
  readonly placeOf: (table: string) => string;
  /** Evidence names the table alone, without the socket's number: for answers that do not show it. */
  readonly brief?: boolean;
}

interface Context extends LinuxRows {
  /** Where a table lies, up to the number of the socket. */
  readonly accepts: (row: TableRow, exposure: Exposure) => AcceptsIPv4;
  readonly places: PlaceOf;
  /** By table, where brief. */
  readonly evidences: Map<string, Evidence> | undefined;
}

/** An address in words, once for all sockets that have it. */
interface Place {
  readonly text: string;
  readonly exposure: Exposure;
}
type PlaceOf = (address: Address) => Place;

function placeFinder(): PlaceOf {
  const known = new Map<Address, Place>();
  return (address) => {
    let place = known.get(address);
    if (place === undefined) {
      place = { text: formatAddress(address), exposure: exposureOf(address) };
      known.set(address, place);
    }
    return place;
  };
}

/** Sockets with a peer among the rows become connections. */
export function buildView(rows: LinuxRows): { listeners: Listener[]; connections: Connection[] } {
  const places = placeFinder();
  const tables = new Map<string, string>();
  const placeOf = (table: string): string => {
    let place = tables.get(table);
    if (place === undefined) {
      place = `${rows.placeOf(table)} inode `;
      tables.set(table, place);
    }
    return place;
  };
  const accepts = ipv4Judge(rows.rows, rows.bindV6Only);
  const evidences = rows.brief ? new Map<string, Evidence>() : undefined;
  const context = { ...rows, placeOf, accepts, places, evidences };
  const listeners: Listener[] = [];
  const connections: Connection[] = [];
  for (let at = 0; at < rows.rows.length; at++) {
    const row = rows.rows[at]!;
    const connection = connectionOf(row, context);
    if (connection === undefined) listeners.push(listenerOf(row, context));
    else connections.push(connection);
  }
  return { listeners, connections };
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function listenerOf(row: TableRow, context: Context): Listener {
  const { text, exposure } = context.places(row.address);
  const listener: Mutable<Listener> = {
    kind: 'listener',
    local: localOf(row, text),
    state: row.transport === 'tcp' || row.transport === 'sctp' ? 'listening' : 'bound',
    exposure: exposureAt(row, exposure),
    acceptsIPv4: context.accepts(row, exposure),
    owner: context.ownerOf(row.inode),
    user: context.userOf(row.uid),
    evidence: evidenceOf(row, context),
  };
  if (row.device !== undefined) listener.device = row.device;
  if (row.backlog !== undefined) listener.backlog = row.backlog;
  if (row.network !== undefined) listener.network = row.network;
  return listener;
}

function exposureAt({ transport, address, device }: TableRow, byAddress: Exposure): Exposure {
  const exposure = device === undefined ? byAddress : exposureOf(address, device);
  // Frames reach a packet socket from the link alone, whatever their addresses are.
  return transport === 'packet' && exposure !== 'loopback' ? 'link-local' : exposure;
}

/** Numbers of the kernel's states (include/net/tcp_states.h), from 1. */
const STATES: readonly ConnectionState[] = [
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'unknown',
  'closing',
  'syn-received',
];

function connectionOf(row: TableRow, context: Context): Connection | undefined {
  const { remote, remotePort = 0, transport, state = 0 } = row;
  if (remote === undefined) return undefined;
  return {
    kind: 'connection',
    local: localOf(row, context.places(row.address).text),
    owner: context.ownerOf(row.inode),
    user: context.userOf(row.uid),
    ...(row.network === undefined ? {} : { network: row.network }),
    remote: { address: context.places(remote).text, port: remotePort },
    state: transport === 'tcp' ? (STATES[state - 1] ?? 'unknown') : 'connected',
    evidence: evidenceOf(row, context),
  };
}

function localOf({ transport, port }: TableRow, address: string): Listener['local'] {
  return { address, transport, port };
}

function evidenceOf(row: TableRow, { source, evidences, placeOf, seenMs }: Context): Evidence {
  if (evidences === undefined) return { source, seenMs, locator: placeOf(row.table) + row.inode };
  let shared = evidences.get(row.table);
  if (shared === undefined) {
    shared = { source, seenMs, locator: placeOf(row.table).replace(/ inode $/, '') };
    evidences.set(row.table, shared);
  }
  return shared;
}

/**
 * Whether a socket takes IPv4. Netlink tells the socket's IPV6_V6ONLY option (RFC 3493 section
 * 5.3); /proc does not. The system's default tells what a program gets that does not ask; and where the same port
 * is bound on 0.0.0.0 as well, the IPv6 socket most likely had to leave IPv4 alone.
 */
function ipv4Judge(
  rows: readonly TableRow[],
  bindV6Only: string | undefined,
): (row: TableRow, exposure: Exposure) => AcceptsIPv4 {
  let everyIPv4: Set<string> | undefined;
  return ({ address, transport, port, v6Only }, exposure) => {
    if (address.family === 4) return 'yes';
    if (transport === 'raw' || exposure !== 'every-address') return 'no';
    if (v6Only !== undefined) return v6Only ? 'no' : 'yes';
    everyIPv4 ??= portsOnEveryIPv4(rows);
    if (bindV6Only === '1' || everyIPv4.has(`${transport} ${port}`)) return 'probably-not';
    return bindV6Only === '0' ? 'probably' : 'unknown';
  };
}

function portsOnEveryIPv4(rows: readonly TableRow[]): Set<string> {
  const ports = new Set<string>();
  for (const { address, transport, port, remote } of rows) {
    if (remote === undefined && address.family === 4 && address.words[0] === 0)
      ports.add(`${transport} ${port}`);
  }
  return ports;
}
