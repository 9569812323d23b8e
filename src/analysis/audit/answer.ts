/** What an audit answers: every number is exact but for what found no room. */
import type { FlowTransport } from '../../model/flow.ts';
import type { Action } from '../../model/verdict.ts';
import type { NoiseClass } from './noise.ts';
import type { Way } from './places.ts';

/** Events are packets logged, or connections; see docs/audit.md. */
interface Seen {
  readonly events: number;
  /** ms since 1970; null when no line has a time. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

export interface WayTotal {
  readonly way: Way;
  readonly allowed: number;
  readonly denied: number;
  /** Of the denied: background noise. */
  readonly noise: number;
  readonly unknown: number;
}

/** What happened on one port in one direction. */
export interface ServiceVerdicts extends Seen {
  readonly way: Way;
  readonly action: Action;
  readonly transport: FlowTransport | null;
  /** Of ICMP the message type; null for transports without ports. */
  readonly port: number | null;
  /** Of the events: background noise. Only of denied ones. */
  readonly noise: number;
  readonly clients: number;
  readonly servers: number;
  readonly bytes: number;
  readonly locator: string;
}

/** One client, server and port with one outcome by one rule. */
export interface ConversationVerdicts extends Seen {
  readonly way: Way;
  readonly action: Action;
  readonly transport: FlowTransport | null;
  readonly port: number | null;
  readonly client: string;
  readonly clientZone: string;
  readonly server: string;
  readonly serverZone: string;
  readonly rule: string | null;
  readonly inInterface: string | null;
  readonly outInterface: string | null;
  readonly noise: NoiseClass | null;
  /** Denied again and again at a steady pace: mean ms between tries; null when it is no loop. */
  readonly loopMs: number | null;
  /** Other traffic between the two was allowed. */
  readonly partly: boolean;
  readonly bytes: number;
  readonly locator: string;
}

export interface HostVerdicts {
  readonly address: string;
  readonly zone: string;
  readonly allowedAsClient: number;
  readonly deniedAsClient: number;
  readonly allowedAsServer: number;
  readonly deniedAsServer: number;
}

export interface RuleVerdicts extends Seen {
  readonly rule: string | null;
  readonly device: string | null;
  readonly action: Action;
  /** Different transports and ports it decided on. */
  readonly services: number;
  /** The most frequent of them: `tcp/443`. */
  readonly topService: string;
}

export interface PathVerdicts {
  readonly from: string | null;
  readonly to: string | null;
  readonly allowed: number;
  readonly denied: number;
  readonly noise: number;
  readonly unknown: number;
}

export interface NoiseUse {
  readonly noise: NoiseClass;
  readonly events: number;
  readonly sources: number;
  /** The most frequent service: `tcp/23`. */
  readonly topService: string;
  readonly formula: string;
}

/** Events in equal stretches of time. */
export interface Timeline {
  readonly startMs: number | null;
  readonly widthMs: number;
  readonly allowed: readonly number[];
  readonly denied: readonly number[];
  readonly unknown: readonly number[];
}

export interface AuditAnswer {
  readonly events: number;
  readonly allowed: number;
  readonly denied: number;
  readonly unknown: number;
  /** Answers to conversations, seen as packets of their own: in no other number. */
  readonly answers: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly ways: readonly WayTotal[];
  readonly services: readonly ServiceVerdicts[];
  /** Denied, no noise: those outward first, the most frequent first. */
  readonly refused: readonly ConversationVerdicts[];
  readonly refusedCount: number;
  /** Inside hosts that were refused anything outward. */
  readonly refusedInside: number;
  /** All conversations, where a drill-down asks for them. */
  readonly conversations: readonly ConversationVerdicts[];
  readonly conversationCount: number;
  readonly hosts: readonly HostVerdicts[];
  readonly hostCount: number;
  readonly rules: readonly RuleVerdicts[];
  readonly paths: readonly PathVerdicts[];
  readonly noise: readonly NoiseUse[];
  readonly timeline: Timeline;
  /** Events kept by zones instead of addresses, for want of room, and events in no table at all. */
  readonly collapsed: number;
  readonly lost: number;
}
