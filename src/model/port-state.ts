/**
 * What a scan learned of one port: one of Nmap's six states, with the reason in Nmap's words, how
 * often the port was asked and how long the answer took.
 *
 * A reason decides the state for a given way of asking, so hot loops keep one octet per port, the
 * index into `OUTCOMES`; `PortState` is for what leaves them.
 */
import type { Endpoint } from './endpoint.ts';

/** Nmap's states. `unfiltered` and `closed|filtered` come from imported scans only. */
export const PORT_STATES = [
  'open',
  'open|filtered',
  'closed',
  'filtered',
  'unfiltered',
  'closed|filtered',
] as const;
export type PortStateName = (typeof PORT_STATES)[number];

/** What answers on a port, as far as it said so itself. */
export interface ServiceId {
  readonly name: string;
  readonly product?: string;
  readonly version?: string;
  /** Further words of the service about itself; may be hostile. */
  readonly extra?: string;
  /** What carries it: `ssl`. */
  readonly tunnel?: string;
  /** `table`: by port number alone; `probed`: it said so. */
  readonly method: 'table' | 'probed';
  /** 0 to 10, as Nmap counts. */
  readonly confidence: number;
  readonly cpe?: readonly string[];
  /** Facts it told before any login; keys are listed in docs/scan-services.md. May be hostile. */
  readonly details?: readonly ServiceDetail[];
}

export interface ServiceDetail {
  readonly key: string;
  readonly value: string;
}

export interface PortState {
  readonly kind: 'port';
  readonly target: Endpoint;
  readonly state: PortStateName;
  /** Nmap's word: `syn-ack`, `reset`, `no-response`, `admin-prohibited`, … */
  readonly reason: string;
  /** Who sent the reason, where it was not the target itself. */
  readonly reasonFrom?: string;
  /** TTL or hop limit of the answer. */
  readonly ttl?: number;
  /** How often the port was asked; 0: not known (imported scans). */
  readonly attempts: number;
  readonly rttMs?: number;
  /** When the answer came, ms since 1970. */
  readonly seenMs?: number;
  readonly service?: ServiceId;
}

interface Outcome {
  readonly state: PortStateName;
  readonly reason: string;
}

function outcome(state: PortStateName, reason: string): Outcome {
  return { state, reason };
}

/** Outcomes by code. Codes go into resume files: append, never reorder. */
export const OUTCOMES: readonly (Outcome | undefined)[] = [
  undefined, // 0: nothing known yet
  outcome('open', 'syn-ack'),
  outcome('closed', 'reset'),
  outcome('filtered', 'no-response'),
  outcome('closed', 'conn-refused'),
  outcome('filtered', 'net-unreach'),
  outcome('filtered', 'host-unreach'),
  outcome('filtered', 'proto-unreach'),
  outcome('filtered', 'port-unreach'),
  outcome('filtered', 'net-prohibited'),
  outcome('filtered', 'host-prohibited'),
  outcome('filtered', 'admin-prohibited'),
  outcome('filtered', 'time-exceeded'),
  outcome('open', 'udp-response'),
  outcome('closed', 'port-unreach'),
  outcome('open|filtered', 'no-response'),
  outcome('open', 'init-ack'),
  outcome('closed', 'abort'),
  outcome('filtered', 'dest-unreach'),
  outcome('closed', 'proto-unreach'),
  outcome('filtered', 'param-problem'),
  outcome('filtered', 'no-route'),
  outcome('filtered', 'beyond-scope'),
  outcome('filtered', 'reject-route'),
];

export const PENDING = 0;
export const OPEN_SYN_ACK = 1;
export const CLOSED_RESET = 2;
export const FILTERED_SILENT = 3;
export const CLOSED_REFUSED = 4;
export const FILTERED_NET_UNREACH = 5;
export const FILTERED_HOST_UNREACH = 6;
export const FILTERED_PROTO_UNREACH = 7;
export const FILTERED_PORT_UNREACH = 8;
export const FILTERED_NET_PROHIBITED = 9;
export const FILTERED_HOST_PROHIBITED = 10;
export const FILTERED_ADMIN_PROHIBITED = 11;
export const FILTERED_TIME_EXCEEDED = 12;
export const OPEN_UDP = 13;
export const CLOSED_PORT_UNREACH = 14;
export const OPEN_OR_FILTERED = 15;
export const OPEN_INIT_ACK = 16;
export const CLOSED_ABORT = 17;
export const FILTERED_DEST_UNREACH = 18;
export const FILTERED_PARAM_PROBLEM = 20;
const FILTERED_NO_ROUTE = 21;
const FILTERED_BEYOND_SCOPE = 22;
const FILTERED_REJECT_ROUTE = 23;

/** Whether the code says that something listens for certain. */
export function isOpen(code: number): boolean {
  return OUTCOMES[code]?.state === 'open';
}

/**
 * Code for an ICMP error about a probe, as Nmap reads it: destination unreachable with a port
 * code means closed for UDP, everything else that a filter does. 0: says nothing of the port.
 * Types and codes: RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1.
 */
export function icmpOutcome(type: number, code: number, transport: string): number {
  if (type === 11) return FILTERED_TIME_EXCEEDED;
  if (type !== 3) return PENDING;
  switch (code) {
    case 0:
    case 6:
    case 11:
      return FILTERED_NET_UNREACH;
    case 1:
    case 5:
    case 7:
    case 8:
    case 12:
      return FILTERED_HOST_UNREACH;
    case 2:
      return FILTERED_PROTO_UNREACH;
    case 3:
      return transport === 'udp' ? CLOSED_PORT_UNREACH : FILTERED_PORT_UNREACH;
    case 9:
      return FILTERED_NET_PROHIBITED;
    case 10:
      return FILTERED_HOST_PROHIBITED;
    case 13:
    case 14:
    case 15:
      return FILTERED_ADMIN_PROHIBITED;
    default:
      // 4 is "fragmentation needed": the network's business.
      return code === 4 ? PENDING : FILTERED_DEST_UNREACH;
  }
}

/** The same for ICMPv6: RFC 4443 section 3.1 and 3.3. */
export function icmp6Outcome(type: number, code: number, transport: string): number {
  if (type === 3) return FILTERED_TIME_EXCEEDED;
  // The next header is unknown there: IPv6's word for what ICMP calls protocol unreachable.
  if (type === 4 && code === 1) return FILTERED_PARAM_PROBLEM;
  if (type !== 1) return PENDING;
  switch (code) {
    case 0:
      return FILTERED_NO_ROUTE;
    case 1:
    case 5:
      return FILTERED_ADMIN_PROHIBITED;
    case 2:
      return FILTERED_BEYOND_SCOPE;
    case 6:
      return FILTERED_REJECT_ROUTE;
    case 3:
      return FILTERED_HOST_UNREACH;
    case 4:
      return transport === 'udp' ? CLOSED_PORT_UNREACH : FILTERED_PORT_UNREACH;
    default:
      return FILTERED_DEST_UNREACH;
  }
}
