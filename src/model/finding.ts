/**
 * Something in what was observed that deserves a look: what it is, why it matters, what to do, and
 * the numbers and packets it rests on. A finding never says more than its evidence; `otherwise`
 * names the harmless things that look the same.
 */
import type { FlowTransport } from './flow.ts';

/** From the least to the most urgent. `info` tells something without asking for anything. */
export const FINDING_SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

/** Who and what a finding is about; a member that is absent does not narrow it. */
export interface FindingSubject {
  /** For people: `10.0.2.31 → 10.0.2.10`. */
  readonly text: string;
  readonly client?: string;
  readonly server?: string;
  readonly transport?: FlowTransport;
  readonly port?: number;
}

/** A frame that shows it. */
export interface FindingEvidence {
  /** `lan.pcap#1042` */
  readonly locator: string;
  /** Whole seconds of the flow's first packet, ms since 1970; absent where it is not at hand. */
  readonly seenMs?: number;
  /** It begins a flow that was asked for, where a filter asked for some. */
  readonly asked?: boolean;
}

export interface Finding {
  readonly kind: 'finding';
  /** Which detector found it: `port-hopping`; docs/findings.md lists them. */
  readonly id: string;
  readonly severity: FindingSeverity;
  readonly subject: FindingSubject;
  /** One sentence. */
  readonly what: string;
  readonly why: string;
  readonly do: string;
  /** What else looks like this. */
  readonly otherwise: string;
  /** First frames that show it, in order; at most twenty. */
  readonly evidence: readonly FindingEvidence[];
  /** A capture filter (pcap-filter) that selects its packets; absent where none does. */
  readonly filter?: string;
  /** What was measured, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** The thresholds it was held against, by the name that `--threshold` takes. */
  readonly thresholds: Readonly<Record<string, number>>;
}
