/**
 * What `policy.yaml` says, read and checked: who may talk to whom, over what, seen where and
 * allowed by whom. Everything not allowed is denied. See docs/policy.md for the file.
 */
import type { AddressRange } from '../net/address-range.ts';
import type { IcmpMatch } from '../net/header-match.ts';
import type { PortRange } from '../net/port-range.ts';

/** A part of the network behind one side of the firewall. */
export interface Zone {
  readonly name: string;
  /** Merged ranges. `rest` in the file stands for what no other zone holds. */
  readonly addresses: readonly AddressRange[];
  readonly isRest: boolean;
  /** Interfaces of the firewall (or the platform's zone names) behind which it lies, if known. */
  readonly interfaces: readonly string[];
}

export interface Group {
  readonly name: string;
  readonly addresses: readonly AddressRange[];
  readonly about?: string;
}

/** One protocol with what is asked of it. */
export interface PolicyService {
  /** IP protocol number. */
  readonly protocol: number;
  /** Ports of the server; undefined for protocols without ports, or for all of them. */
  readonly ports?: readonly PortRange[];
  /** Message types of ICMP; the answers come back by themselves. */
  readonly icmp?: readonly IcmpMatch[];
}

export interface ServiceGroup {
  readonly name: string;
  readonly services: readonly PolicyService[];
  readonly about?: string;
}

/** One side of a rule. */
export interface Party {
  /** As written: names of groups and zones, addresses, prefixes, or `any`. */
  readonly names: readonly string[];
  /** Merged; undefined = any address. */
  readonly addresses: readonly AddressRange[] | undefined;
}

/** What was seen of the conversations that a rule allows, in sum, and some of them. */
export interface RuleEvidence {
  readonly conversations: number;
  readonly connections: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly samples: readonly EvidenceSample[];
}

export interface EvidenceSample {
  readonly client: string;
  readonly server: string;
  /** `tcp/1433`. */
  readonly service: string;
  /** Something a person can follow: `lan.pcap#1042`. */
  readonly seen: string;
}

export interface Approval {
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly reason?: string;
}

export interface Rule {
  /** Stays with the rule for as long as it means the same to people: `R001`. */
  readonly id: string;
  readonly action: 'allow' | 'deny';
  readonly from: Party;
  readonly to: Party;
  /** As written: names of service groups, or `tcp/1433`. */
  readonly serviceNames: readonly string[];
  readonly services: readonly PolicyService[];
  readonly because?: string;
  /** Nobody saw this traffic; a person wanted it allowed all the same. */
  readonly unobserved: boolean;
  readonly log: boolean;
  readonly evidence?: RuleEvidence;
  readonly approved?: Approval;
  /** After this moment (milliseconds since 1970) the rule is no longer rendered. */
  readonly expiresMs?: number;
}

export interface Policy {
  readonly version: 1;
  readonly name: string;
  readonly zones: readonly Zone[];
  readonly groups: readonly Group[];
  readonly services: readonly ServiceGroup[];
  /** In order: a `deny` holds against the rules after it. */
  readonly rules: readonly Rule[];
  readonly default: 'deny';
  /** Lines per second at most for denied packets; 0 = they are not logged. */
  readonly logDeniedPerSecond: number;
}
