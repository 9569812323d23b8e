/**
 * Who talked to whom over what: the unit that people validate. One conversation is one client, one
 * server and one service (`tcp/1433`), over all its connections; the client's port never counts.
 */
import type { Confidence, DirectionReason } from '../model/flow.ts';

/** Besides what packets tell: a log's line, or the sockets of one end. */
export type LearnedReason = DirectionReason | 'log' | 'listener' | 'no-listener' | 'syn-sent';

export type SourceKind = 'packets' | 'log' | 'sockets';

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
  /**
   * Flows; connections that logs tell of, or sockets. Where several kinds of source saw it, the most
   * that one of them saw, since they may have seen the same ones.
   */
  readonly connections: number;
  readonly answered: number;
  readonly denied: number;
  /** Different hours of the clock (UTC) in which it was seen. */
  readonly hours: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly direction: { readonly reason: LearnedReason; readonly confidence: Confidence };
  /** Where it was first seen: `lan.pcap#1042`, `fw.log:8812`, `sock_diag tcp inode 88`. */
  readonly seen: string;
  /** The kinds of source that saw it. */
  readonly sources?: readonly SourceKind[];
  /** The protocol that payloads showed, whatever the port. */
  readonly spoken?: string;
  /** Nobody saw it; a person or a known set of ports suggests it. */
  readonly unobserved?: boolean;
  /**
   * What the ends are for, by the services they answered anywhere: ids of the catalogue's roles
   * (`domain-controller`), the surest first. Left out where nothing shows it.
   */
  readonly clientRoles?: readonly string[];
  readonly serverRoles?: readonly string[];
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
