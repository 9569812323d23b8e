/**
 * The packet filter of one host, as far as it decides what may reach the host itself: chains of
 * rules at the hooks where packets come in. Readers of nftables and iptables translate into this;
 * what they cannot translate becomes a condition that nobody knows, never one that is ignored.
 */

import type { PortRange } from '../net/port-range.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Transport } from './transport.ts';

export type Condition =
  | { readonly kind: 'family'; readonly family: 4 | 6; readonly not: boolean }
  | { readonly kind: 'transport'; readonly transports: readonly string[]; readonly not: boolean }
  | { readonly kind: 'port'; readonly ports: readonly PortRange[]; readonly not: boolean }
  | { readonly kind: 'destination'; readonly prefixes: readonly Prefix[]; readonly not: boolean }
  | {
      readonly kind: 'source';
      readonly prefixes: readonly Prefix[];
      readonly not: boolean;
      readonly text: string;
    }
  | { readonly kind: 'interface'; readonly names: readonly string[]; readonly not: boolean }
  /** States of connection tracking: `new`, `established`, … */
  | { readonly kind: 'state'; readonly states: readonly string[]; readonly not: boolean }
  /** Always so for a new connection to the host itself, or never. */
  | { readonly kind: 'fixed'; readonly holds: boolean }
  /** What cannot be known beforehand, in words: `the source address`, `a rate limit`. */
  | { readonly kind: 'unknown'; readonly what: string };

export type Action =
  | { readonly kind: 'accept' | 'drop' | 'reject' | 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** Sent on to another place: DNAT, redirection, a transparent proxy. */
  | { readonly kind: 'redirect' }
  /** Decided by a program. */
  | { readonly kind: 'queue' };

export interface FilterRule {
  readonly conditions: readonly Condition[];
  readonly action: Action;
  /** For people, so that they find it: `inet filter input handle 12`, `filter INPUT rule 3`. */
  readonly name: string;
}

export interface FilterChain {
  /** Unique: with its table. */
  readonly id: string;
  readonly rules: readonly FilterRule[];
}

/** A chain that packets enter at a hook. */
export interface BaseChain extends FilterChain {
  /** Families that pass through it. */
  readonly families: readonly (4 | 6)[];
  readonly policy: 'accept' | 'drop';
  /** NAT chains do not drop; they send packets elsewhere. */
  readonly nat: boolean;
}

export interface PacketFilter {
  readonly bases: readonly BaseChain[];
  readonly chains: readonly FilterChain[];
}

/** Whether a new connection from another machine comes through. */
export interface Reachability {
  readonly answer: 'yes' | 'no' | 'depends';
  /** The rule or policy that decides, or the rules on which it depends. */
  readonly rules: readonly string[];
  /** With `depends`: on what, in words. */
  readonly on: readonly string[];
}

/** Where a packet wants to go. Without an address: any of the host's own of that family. */
export interface FilterQuestion {
  readonly family: 4 | 6;
  readonly address?: string;
  readonly transport: Transport;
  readonly port: number;
}
