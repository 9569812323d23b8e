/** What a term of a filter becomes: tests of flows and of packets, and what they look things up in. */
import type { Chunk } from '../../flow/chunk.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import type { FlowFacts } from '../flow-facts.ts';
import type { ZoneTable } from '../zones.ts';

/** A flow under test; the same object for every flow. */
export interface FlowRow {
  readonly facts: FlowFacts;
  readonly chunk: Chunk;
  readonly base: number;
  readonly decision: number;
}

/** A packet under test; likewise. */
export interface PacketRow {
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly family: number;
}

export type FlowTest = (flow: FlowRow) => boolean;
export type PacketTest = (packet: PacketRow) => boolean;

/** What values are looked up in. */
export interface FilterWorld {
  readonly addresses: AddressPool;
  readonly zones: ZoneTable;
  /** The protocol that payloads show at an endpoint, where somebody listened. */
  readonly protocolAt?: (
    address: number,
    family: number,
    transport: number,
    port: number,
  ) => string | undefined;
}

export interface Tests {
  readonly flow: FlowTest;
  /** Absent: one packet cannot tell. */
  readonly packet?: PacketTest;
}

/** IP protocol numbers by the words of filters. */
export const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  icmpv6: 58,
  sctp: 132,
  dccp: 33,
};
