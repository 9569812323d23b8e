/** What a scan is asked for, what it tells under way, and what it returns. */

import type { PortState } from '../../model/port-state.ts';
import type { ScannedHost } from '../../model/scanned-host.ts';
import type { TcpEngineChoice } from './engine-choice.ts';
import type { Journal, JournalWriter } from './journal.ts';
import type { Shard } from './permutation.ts';
import type { PortChoice, ScannedTransport } from './ports.ts';
import type { TimeLeft } from './slow-asking.ts';
import type { TargetSet } from './targets.ts';
import type { Timing } from './timing.ts';

export interface ScanRequest {
  readonly targets: TargetSet;
  readonly ports: PortChoice;
  readonly timing: Timing;
  /** Order of hosts and ports; the same seed gives the same order. */
  readonly seed: number;
  readonly shard?: Shard;
  readonly tcpEngine: TcpEngineChoice;
  /** False: every address counts as a host. */
  readonly discovery: boolean;
  /** How long silent UDP ports are asked slowly, where a host limits its answers. */
  readonly patienceSeconds: number;
  /** Payloads also for devices that data may harm. */
  readonly fragile: boolean;
  readonly signal: AbortSignal;
  /** What an earlier run learned. */
  readonly journal?: Journal;
  readonly writer?: JournalWriter;
  readonly namesOf: (address: string) => readonly string[];
  /** An open port, at once. */
  readonly onOpen?: (state: PortState) => void;
  readonly onProgress?: (progress: ScanProgress) => void;
}

export interface ScanProgress {
  readonly phase: string;
  /** Probes sent, of those that will be, as far as is known now: 0 to 1. */
  readonly share: number;
  /** How long it will still take; undefined: not known yet. */
  readonly left?: TimeLeft;
  readonly hostsUp: number;
  readonly open: number;
  readonly probes: number;
  readonly elapsedMs: number;
}

export interface UsedEngine {
  readonly transport: ScannedTransport;
  readonly name: string;
  readonly because: string;
}

export interface ScanResult {
  readonly hosts: readonly ScannedHost[];
  readonly engines: readonly UsedEngine[];
  readonly discovery: readonly string[];
  readonly hostsDown: number;
  /** Of those, the ones that this machine has no route to: nothing was sent. */
  readonly hostsUnrouted: number;
  /** Addresses that nobody had looked at when it was interrupted. */
  readonly hostsUnknown: number;
  /** Ports that belong to other shards. */
  readonly otherShards: number;
  /** Ports by state and reason, `open syn-ack`; those not asked under `not asked`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly probes: number;
  readonly localWaits: number;
  /** Answers that came faster than they could be read, by the kernel's count. */
  readonly drops: number;
  /** Hosts that answer only so many times a second: address, transport, answers a second. */
  readonly limited: readonly LimitedHost[];
  /** Hosts to which only so many probes a second came through, and that have silent ports. */
  readonly throttled: readonly ThrottledHost[];
  readonly startMs: number;
  readonly endMs: number;
  readonly interrupted: boolean;
}

export interface LimitedHost {
  readonly address: string;
  readonly transport: ScannedTransport;
  readonly perSecond: number;
  /** Ports of which silence may be the limit's work. */
  readonly undecided: number;
}

export interface ThrottledHost {
  readonly address: string;
  readonly transport: ScannedTransport;
  readonly perSecond: number;
  readonly silent: number;
}
