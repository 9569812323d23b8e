/**
 * What a scan, our own or an imported one, says of one host: the ports worth a line each, and all
 * the others in groups, so that every port asked is in it once.
 */
import type { PortState, PortStateName } from './port-state.ts';
import type { Transport } from './transport.ts';

/** Ports of one host that share state and reason. */
export interface PortGroup {
  readonly transport: Transport;
  readonly state: PortStateName;
  readonly reason: string;
  readonly count: number;
  /** `1-21,23`; empty where an imported scan did not say which. */
  readonly ports: string;
}

/** A host on which everything seems open: a SYN proxy, a tarpit, or a firewall answering for it. */
export interface UniformAnswer {
  readonly transport: Transport;
  /** Ports that seemed open, of how many asked. */
  readonly open: number;
  readonly asked: number;
  /** Further ports, chosen by chance, that seemed open, of how many asked. */
  readonly controlOpen: number;
  readonly controlAsked: number;
}

export interface ScannedHost {
  readonly kind: 'host';
  readonly address: string;
  readonly names: readonly string[];
  /** `unknown`: nobody looked. */
  readonly status: 'up' | 'down' | 'unknown';
  /** Nmap's word: `arp-response`, `echo-reply`, `user-set`, … */
  readonly statusReason: string;
  readonly mac?: string;
  readonly vendor?: string;
  /** Open ports, and what an imported scan listed. In order of transport and port. */
  readonly ports: readonly PortState[];
  readonly groups: readonly PortGroup[];
  readonly uniform?: UniformAnswer;
  /** Ports of this host that nobody asked: interrupted. */
  readonly unasked?: number;
  /** It answered at first and, on the same ports, no more at the end: silence proves nothing. */
  readonly wentSilent?: boolean;
}

/** A whole scan. */
export interface ScanRecord {
  /** Program that made it: `portreeve`, `nmap`, `masscan`, `naabu`, `rustscan`. */
  readonly scanner: string;
  readonly version?: string;
  /** As it was called. */
  readonly command?: string;
  readonly startMs?: number;
  readonly endMs?: number;
  /** What was asked of every host, where it is known: ports by transport. */
  readonly asked: readonly {
    readonly transport: Transport;
    readonly ports: string;
    readonly method?: string;
  }[];
  readonly hosts: readonly ScannedHost[];
  /** Hosts that were looked for and are down. */
  readonly hostsDown: number;
  /** It was broken off. */
  readonly interrupted?: boolean;
}
