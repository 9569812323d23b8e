/**
 * What a device says it did with traffic: one line of a firewall log or one record of a flow log.
 * Everything here is stated by the device; what it does not state is null or `unknown`, never
 * guessed. Octets and packets are counted as the device counts them (docs/log-formats.md).
 */
import type { FlowTransport } from './flow.ts';

/** What the device did. `unknown`: the line does not say, or says only what it saw. */
export type Action = 'unknown' | 'allow' | 'deny';
export const ACTIONS: readonly Action[] = ['unknown', 'allow', 'deny'];
export const ALLOW = 1;
export const DENY = 2;

/**
 * What the line reports: a packet (or attempt), the opening of a connection, its end, or a summary
 * of traffic. A device that reports a connection when it opens and again when it ends reports one.
 */
export type VerdictEvent = 'packet' | 'open' | 'end' | 'summary';
export const EVENTS: readonly VerdictEvent[] = ['packet', 'open', 'end', 'summary'];
export const OPEN = 1;
export const END = 2;
export const SUMMARY = 3;

/** Which end began, where the line says so. */
export type Initiator = 'unknown' | 'source' | 'destination';
export const INITIATORS: readonly Initiator[] = ['unknown', 'source', 'destination'];
export const BY_SOURCE = 1;
export const BY_DESTINATION = 2;

/** The device's own word for the direction: to it or through it inward, or outward. */
export type DeclaredDirection = 'none' | 'inbound' | 'outbound' | 'forward' | 'local';
export const DIRECTIONS: readonly DeclaredDirection[] = [
  'none',
  'inbound',
  'outbound',
  'forward',
  'local',
];
export const INBOUND = 1;
export const OUTBOUND = 2;
export const FORWARD = 3;
export const LOCAL = 4;

export interface Verdict {
  readonly kind: 'verdict';
  /** Name of the log format: `netfilter`, `cisco-asa`, … */
  readonly format: string;
  readonly action: Action;
  readonly event: VerdictEvent;
  /** Packets, attempts or connections the line stands for; 0 where one is told of that goes on. */
  readonly count: number;
  readonly transport: FlowTransport | null;
  readonly source: string | null;
  /** Of ICMP the message type. */
  readonly sourcePort: number | null;
  readonly destination: string | null;
  /** Of ICMP the code. */
  readonly destinationPort: number | null;
  readonly initiator: Initiator;
  readonly direction: DeclaredDirection;
  /** TCP flags as in the header's octet: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  readonly tcpFlags: number | null;
  /** Sent to all or many stations, by its link address. */
  readonly group: boolean;
  readonly rule: string | null;
  readonly inInterface: string | null;
  readonly outInterface: string | null;
  readonly inZone: string | null;
  readonly outZone: string | null;
  /** The device's name. */
  readonly device: string | null;
  readonly application: string | null;
  /** Why, in the device's words. */
  readonly reason: string | null;
  /** Both ways together, or what the device counts. */
  readonly packets: number | null;
  readonly bytes: number | null;
  /** Of these, from the destination to the source. */
  readonly packetsBack: number | null;
  readonly bytesBack: number | null;
  /** ms since 1970-01-01T00:00Z. */
  readonly timeMs: number | null;
  /** `fw.log:8812`. */
  readonly locator: string;
}
