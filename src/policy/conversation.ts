/**
 * Who talked to whom over what: the unit that people validate. One conversation is one client, one
 * server and one service (`tcp/1433`), over all its connections; the client's port never counts.
 */
import type { Confidence, DirectionReason } from '../model/flow.ts';

/** What a conversation is worth as evidence. */
export type Standing =
  /** Answered, twice or more, in two or more hours of the clock. */
  | 'confirmed'
  /** Answered, but only once or within one hour: perhaps rare, perhaps chance. */
  | 'thin'
  /** Asked for without any answer, or denied by a firewall: only a person knows. */
  | 'asked'
  /** Not to become a rule; `because` says why. */
  | 'quarantined';

export interface Conversation {
  readonly kind: 'conversation';
  /** Zones of client and server. */
  readonly from: string;
  readonly to: string;
  readonly client: string;
  readonly server: string;
  readonly service: string;
  readonly standing: Standing;
  /** Why it is quarantined. */
  readonly because?: string;
  /** Flows, log lines counted as they say. */
  readonly connections: number;
  readonly answered: number;
  readonly denied: number;
  /** Different hours of the clock (UTC) in which it was seen. */
  readonly hours: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly direction: { readonly reason: DirectionReason | 'log'; readonly confidence: Confidence };
  /** Where it was first seen: `lan.pcap#1042`. */
  readonly seen: string;
  /** Nobody saw it; a person or a known set of ports suggests it. */
  readonly unobserved?: boolean;
}

/** The same for the same client, server and service. */
export function conversationKey(of: Pick<Conversation, 'client' | 'server' | 'service'>): string {
  return `${of.client} ${of.server} ${of.service}`;
}

/** What a person decided about a conversation, and when. */
export interface Decision {
  readonly kind: 'decision';
  readonly decision: 'allow' | 'deny' | 'later';
  readonly by: string;
  readonly atMs: number;
  readonly reason?: string;
  readonly expiresMs?: number;
  readonly conversation: Conversation;
}

/** The last decision on each conversation, in the order of the first. */
export function standingDecisions(journal: readonly Decision[]): Decision[] {
  const last = new Map<string, Decision>();
  for (const decision of journal) last.set(conversationKey(decision.conversation), decision);
  return [...last.values()];
}
