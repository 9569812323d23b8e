/**
 * A flow: all packets between two endpoints, in both directions, until it ended.
 *
 * Octets are those of the IP packets, headers included, link headers and padding not. Client and
 * server are Zeek's originator and responder. ICMP has no ports: its fields hold the message type
 * and that of its answer, or type and code, as in Zeek's conn.log.
 */
import type { Transport } from './transport.ts';

/** How the direction was found; see docs/direction.md. */
export type DirectionReason =
  | 'first-packet'
  | 'syn'
  | 'syn-ack'
  | 'init'
  | 'known-service'
  | 'group-destination'
  | 'message'
  | 'learned-service'
  | 'fan-in'
  | 'port-class'
  | 'declared';

export type Confidence = 'certain' | 'likely' | 'unknown';

export interface Direction {
  readonly reason: DirectionReason;
  readonly confidence: Confidence;
}

/** Zeek's connection states. */
export type ConnectionState =
  | 'S0'
  | 'S1'
  | 'SF'
  | 'REJ'
  | 'S2'
  | 'S3'
  | 'RSTO'
  | 'RSTR'
  | 'RSTOS0'
  | 'RSTRH'
  | 'SH'
  | 'SHR'
  | 'OTH';

/** Transport of a flow: a keyword, or `ip-N` for IP protocol N without a name here. */
export type FlowTransport = Transport | 'icmp' | 'icmpv6' | `ip-${number}`;

/** What one side sent. */
export interface Counters {
  readonly packets: number;
  /** IP octets. */
  readonly bytes: number;
  /** Octets above the transport header; for protocols without one, above the IP header. */
  readonly payloadBytes: number;
  /** Shortest and longest IP packet, octets; 65,535 may stand for more. */
  readonly minLength: number;
  readonly maxLength: number;
}

export interface Flow {
  readonly kind: 'flow';
  readonly transport: FlowTransport;
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly direction: Direction;
  readonly toServer: Counters;
  readonly toClient: Counters;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly state: ConnectionState;
  readonly history: string;
  /** Outer VLAN id, and the inner one of double tags. */
  readonly vlan?: number;
  readonly innerVlan?: number;
  /** The tunnel the packets came in, with its network identifier where it has one. */
  readonly tunnel?: string;
  readonly tunnelId?: number;
  /** IP octets and packets of this flow that carried the packets of other flows. */
  readonly carriedBytes: number;
  readonly carriedPackets: number;
  /** ICMP errors that quoted packets of this flow, and the last one's type and code. */
  readonly icmpErrors: number;
  readonly icmpError?: string;
  readonly retransmitted: number;
  /** Where it was first seen: `lan.pcap#1042`. */
  readonly locator: string;
}
