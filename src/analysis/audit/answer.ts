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

/** A port of one server inside, or of all servers outside. */
export interface IdleService extends Seen {
  readonly way: Way;
  /** Null for a service of servers outside, taken together. */
  readonly server: string | null;
  readonly zone: string;
  readonly transport: FlowTransport | null;
  readonly port: number | null;
  readonly clients: number;
  readonly locator: string;
}

export interface NewService extends IdleService {
  /** Others were reached on that port before, in that direction. */
  readonly portKnown: boolean;
}

/** A client inside that had not used a service that was there before. */
export interface NewClient extends Omit<IdleService, 'clients'> {
  readonly client: string;
}

export interface NewHost extends HostVerdicts, Omit<Seen, 'events'> {
  readonly locator: string;
}

export interface NewRefusal extends ConversationVerdicts {
  /** The same client reached that service of that server before. */
  readonly allowedBefore: boolean;
}

/** What two stretches of log must have in common to be compared. */
export interface Stretch extends Seen {
  /** Of these not denied. */
  readonly passed: number;
  readonly denied: number;
  readonly formats: readonly string[];
  readonly devices: readonly string[];
  /** Events of which the hosts are not known, for want of room. */
  readonly collapsed: number;
}

/** What is new compared with what was there before, and what is used no more. */
export interface Newness {
  readonly before: Stretch;
  readonly now: Stretch;
  readonly services: readonly NewService[];
  readonly serviceCount: number;
  readonly clients: readonly NewClient[];
  readonly clientCount: number;
  /** Clients outside that had not used a service that was there before, each for each service. */
  readonly strangers: number;
  readonly hosts: readonly NewHost[];
  readonly hostCount: number;
  /** Further hosts, seen in background noise alone. */
  readonly noiseHosts: number;
  readonly rules: readonly RuleVerdicts[];
  /** Denied, no noise, and not denied before. */
  readonly refused: readonly NewRefusal[];
  readonly refusedCount: number;
  /** Used before, and not once since. */
  readonly idle: readonly IdleService[];
  readonly idleCount: number;
}

export interface AuditAnswer {
  readonly events: number;
  readonly allowed: number;
  readonly denied: number;
  readonly unknown: number;
  /** Answers to conversations, seen as packets of their own: in no other number. */
  readonly answers: number;
  /** Packets let through within connections of whose opening nothing is known: their lower port is the server's. */
  readonly unopened: number;
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
  /** Where an earlier log, or a moment, was given to compare with. */
  readonly newness: Newness | null;
  /** Events kept by zones instead of addresses, for want of room, and events in no table at all. */
  readonly collapsed: number;
  readonly lost: number;
}
