/**
 * What a host says of its ports, held against what the network says of them. One verdict for each
 * endpoint, with what each side saw, from where, how sure it is and what to do.
 */
import type { Connection } from './connection.ts';
import type { Evidence } from './evidence.ts';
import type { Listener } from './listener.ts';
import type { PacketFilter } from './packet-filter.ts';
import type { Transport } from './transport.ts';

/** In order of what deserves attention first. */
export const VERDICTS = [
  /** Open, and the host knows nothing of it: hidden process, or something else answers. */
  'hidden',
  /** Open on an address that is not, or no longer, the host's. */
  'stale-address',
  /** Something in front answers for the host, whatever it has. */
  'proxy',
  /** One family is let in, the other is not, though the socket takes both. */
  'firewall-asymmetry',
  /** Reset or refused although a socket listens: a rule that rejects, or a race. */
  'rejected',
  /** Traffic was answered, but neither side knows the endpoint now. */
  'traffic-only',
  /** Sent on to another place by address translation: a published container, a forwarded port. */
  'nat',
  /** The socket is a container runtime's; the service is in the container. */
  'container-proxy',
  /** Listens in another network namespace of the same machine. */
  'other-namespace',
  /** IPv6 answers, IPv4 does not, since the socket takes IPv6 alone. */
  'family-gap',
  /** A program may not bind it although nothing holds it: set aside by the system. */
  'reserved',
  /** Listens where the firewall lets nobody in. */
  'firewalled',
  /** Bound, and silent to who does not speak its protocol. */
  'bound-silent',
  /** Served by the kernel itself: open, or choosy about whom it answers. */
  'kernel',
  /** Open, and a socket listens there: as it should be. */
  'agree',
  /** Listens on other addresses only, so that nothing answers on this one: as it should be. */
  'bind-scoped',
  /** Listens, and nobody looked from outside. */
  'not-probed',
] as const;
export type VerdictName = (typeof VERDICTS)[number];

/** Where the network side looked from. */
export interface Vantage {
  readonly kind: 'self' | 'beside' | 'network' | 'unknown';
  /** For people: `this machine itself`, `scan.xml`. */
  readonly name: string;
}

/** What a probe or scan saw of one port. The states and reasons are Nmap's. */
export interface ObservedPort {
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
  readonly state:
    | 'open'
    | 'closed'
    | 'filtered'
    | 'open|filtered'
    | 'unfiltered'
    | 'closed|filtered';
  readonly reason: string;
  readonly ttl?: number;
  readonly evidence: Evidence;
}

export interface HostSide {
  readonly name: string;
  readonly listeners: readonly Listener[];
  readonly connections: readonly Connection[];
  /** All addresses the host has; absent: not known. */
  readonly addresses?: readonly string[];
  /** Whether the host's own tables were seen whole, with root. */
  readonly whole: boolean;
  /** Its packet filter, where it could be read. */
  readonly filter?: PacketFilter;
  readonly seenMs: number;
}

export interface NetworkSide {
  readonly vantage: Vantage;
  readonly ports: readonly ObservedPort[];
  /** Addresses on which everything seemed open. */
  readonly uniform: readonly string[];
  readonly seenMs: number;
}

/** A service that traffic proved: it answered. */
export interface SeenService {
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
  readonly clients: number;
  readonly evidence: Evidence;
}

/** Ports that a program may not bind though no socket is shown there. */
export interface BindRefusal {
  readonly transport: Transport;
  readonly port: number;
  /** `in-use`: something holds it. `forbidden`: the system sets it aside. */
  readonly because: 'in-use' | 'forbidden';
}

export interface CompareInput {
  readonly host: HostSide;
  readonly networks: readonly NetworkSide[];
  readonly traffic: readonly SeenService[];
  readonly refusals: readonly BindRefusal[];
}

/** What one side saw, in words. */
export interface SideView {
  readonly says: string;
  readonly evidence: readonly Evidence[];
}

export interface ComparedEndpoint {
  readonly kind: 'endpoint';
  /** One, or all that share the verdict. */
  readonly addresses: readonly string[];
  readonly transport: Transport;
  readonly port: number;
  readonly verdict: VerdictName;
  /** `open`: more than one explanation is left. */
  readonly sure: 'certain' | 'likely' | 'open';
  readonly why: string;
  /** What to do; empty where all is as it should be. */
  readonly do: readonly string[];
  readonly host: SideView;
  readonly network: SideView;
  readonly traffic?: SideView;
  readonly vantages: readonly string[];
  readonly listener?: Listener;
}
