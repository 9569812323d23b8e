/** Turns rows of the flow table into plain `Flow` records, for everything off the hot path. */
import type { Counters, Flow, FlowTransport } from '../model/flow.ts';
import { formatIPv4, formatIPv6 } from '../net/address.ts';
import type { AddressPool } from '../net/address-pool.ts';
import type { Context } from '../wire/context.ts';
import type { CaptureInterface } from '../wire/frame-batch.ts';
import { ONE_WAY } from '../wire/icmp.ts';
import type { LinkPath } from '../wire/link-paths.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import type { Chunk } from './chunk.ts';
import { connectionState } from './connection-state.ts';
import { CLIENT_IS_B, confidenceOf, reasonOf } from './decision.ts';
import type { ExtensionWords } from './extensions.ts';
import {
  E_CARRIED_HIGH,
  E_CARRIED_LOW,
  E_CARRIED_PACKETS,
  E_ICMP_ERRORS,
  E_ICMP_KIND,
  E_RETRANSMITTED_A,
  E_RETRANSMITTED_B,
  EXTENSION_WORDS,
  F_OCTETS_A,
  F_PAYLOAD_A,
  R_A,
  R_EXTENSION,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_FRAME,
  R_INTERFACE,
  R_KIND,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_LENGTHS_A,
  R_PACKETS_A,
  R_PORTS,
} from './flow-row.ts';
import { historyText } from './history.ts';

/** What the numbers in rows refer to. */
export interface Names {
  readonly addresses: AddressPool;
  readonly contexts: readonly Context[];
  readonly interfaces: readonly CaptureInterface[];
  /** What stood between link headers and packets. */
  readonly paths: readonly LinkPath[];
}

const TRANSPORTS: ReadonlyMap<number, FlowTransport> = new Map<number, FlowTransport>([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
]);

/** The transport keyword of an IP protocol number. */
export function transportOf(protocol: number): FlowTransport {
  return TRANSPORTS.get(protocol) ?? `ip-${protocol}`;
}

/** Canonical text of an address word, of the family in `kind`. */
export function addressText(addresses: AddressPool, address: number, kind: number): string {
  return (kind & FAMILY_6) === 0
    ? formatIPv4(address >>> 0)
    : formatIPv6(addresses.words, 4 * address);
}

/** The flow in the row at `base`; `decision` comes from the direction ladder. */
export function flowOf(
  names: Names,
  extensions: ExtensionWords,
  chunk: Chunk,
  base: number,
  decision: number,
): Flow {
  const words = chunk.words;
  const clientIsB = (decision & CLIENT_IS_B) !== 0;
  const kind = words[base + R_KIND]!;
  const ports = words[base + R_PORTS]!;
  const portA = portField(kind, ports >>> 16);
  const portB = portField(kind, ports & 0xffff);
  const a = addressText(names.addresses, words[base + R_A]!, kind);
  const b = addressText(names.addresses, words[base + R_A + 1]!, kind);
  const countersA = countersOf(chunk, base, 0);
  const countersB = countersOf(chunk, base, 1);
  return {
    kind: 'flow',
    transport: transportOf(kind & 0xff),
    client: clientIsB ? b : a,
    clientPort: clientIsB ? portB : portA,
    server: clientIsB ? a : b,
    serverPort: clientIsB ? portA : portB,
    direction: { reason: reasonOf(decision), confidence: confidenceOf(decision) },
    toServer: clientIsB ? countersB : countersA,
    toClient: clientIsB ? countersA : countersB,
    firstMs: milliseconds(words[base + R_FIRST_SECONDS]!, words[base + R_FIRST_NANOSECONDS]!),
    lastMs: milliseconds(words[base + R_LAST_SECONDS]!, words[base + R_LAST_NANOSECONDS]!),
    state: connectionState(chunk, base, clientIsB),
    history: historyText(extensions, words, base, clientIsB),
    ...contextFields(names.contexts[kind >>> 16]),
    ...rareFields(extensions, words[base + R_EXTENSION]!),
    locator: locatorOf(names, words, base),
  };
}

/** Where a flow was first seen: `lan.pcap#1042`. */
export function locatorOf(names: Names, words: Int32Array, base: number): string {
  return placeOf(names, words[base + R_INTERFACE]! & 0xffff, words[base + R_FRAME]! >>> 0);
}

/** A frame of a capture, `lan.pcap#1042`, or a line of a log, `fw.log:8812`. */
export function placeOf({ interfaces }: Names, index: number, number: number): string {
  const { source, lines = false } = interfaces[index] ?? { source: '-' };
  return `${source}${lines ? ':' : '#'}${number}`;
}

/** A time in milliseconds since 1970, with a fraction. */
export function milliseconds(seconds: number, nanoseconds: number): number {
  return (seconds >>> 0) * 1000 + nanoseconds / 1e6;
}

/** One-way ICMP messages carry a mark in the port field, so that they cannot match their reverse. */
function portField(kind: number, port: number): number {
  const protocol = kind & 0xff;
  return protocol === 1 || protocol === 58 ? port & ~ONE_WAY : port;
}

function countersOf(chunk: Chunk, base: number, side: number): Counters {
  const half = base >>> 1;
  const lengths = chunk.words[base + R_LENGTHS_A + side]!;
  return {
    packets: chunk.words[base + R_PACKETS_A + side]! >>> 0,
    bytes: chunk.floats[half + F_OCTETS_A + side]!,
    payloadBytes: chunk.floats[half + F_PAYLOAD_A + side]!,
    minLength: lengths & 0xffff,
    maxLength: lengths >>> 16,
  };
}

function contextFields(
  context: Context | undefined,
): Pick<Flow, 'vlan' | 'innerVlan' | 'tunnel' | 'tunnelId'> {
  if (context === undefined) return {};
  return {
    ...(context.vlan === 0 ? {} : { vlan: context.vlan }),
    ...(context.innerVlan === 0 ? {} : { innerVlan: context.innerVlan }),
    ...(context.tunnel === 'none' ? {} : { tunnel: context.tunnel }),
    ...(context.tunnelId === 0 ? {} : { tunnelId: context.tunnelId }),
  };
}

function rareFields(
  extensions: ExtensionWords,
  index: number,
): Pick<Flow, 'carriedBytes' | 'carriedPackets' | 'icmpErrors' | 'icmpError' | 'retransmitted'> {
  if (index === 0) return { carriedBytes: 0, carriedPackets: 0, icmpErrors: 0, retransmitted: 0 };
  const words = extensions.words;
  const at = index * EXTENSION_WORDS;
  const error = words[at + E_ICMP_KIND]!;
  const errors = words[at + E_ICMP_ERRORS]!;
  return {
    carriedBytes: words[at + E_CARRIED_HIGH]! * 2 ** 32 + (words[at + E_CARRIED_LOW]! >>> 0),
    carriedPackets: words[at + E_CARRIED_PACKETS]!,
    icmpErrors: errors,
    ...(errors === 0 ? {} : { icmpError: `${error >>> 8}/${error & 0xff}` }),
    retransmitted: words[at + E_RETRANSMITTED_A]! + words[at + E_RETRANSMITTED_B]!,
  };
}
