/**
 * Gathers flows into conversations between zones, and sets aside what must not become a rule:
 * unknown direction, scans, backscatter, what never leaves its link. What is set aside stays
 * visible with its reason. An answered connection is evidence, a request alone is not.
 */

import type { Flow } from '../model/flow.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { type AddressClass, classifyAddress } from '../net/address-class.ts';
import { rangesHold } from '../net/address-range.ts';
import {
  type Conversation,
  conversationKey,
  type LearnedReason,
  type SourceKind,
  type Standing,
} from './conversation.ts';
import { type FlowService, flowService } from './flow-service.ts';
import type { Zone } from './intent.ts';
import { ScanWatch } from './scan-watch.ts';

const HOUR_MS = 3_600_000;

const SOURCES: readonly SourceKind[] = ['packets', 'log', 'sockets'];

/** No packet of these crosses a firewall between zones. */
const UNROUTED: readonly AddressClass[] = [
  ...(['unspecified', 'loopback', 'link-local', 'multicast', 'broadcast'] as const),
];

/** What is looked at of a flow. Logs give this much too, and say themselves who began. */
export interface LearnedFlow
  extends Pick<Flow, 'transport' | 'client' | 'clientPort' | 'server' | 'serverPort'>,
    Pick<Flow, 'toClient' | 'firstMs' | 'lastMs' | 'locator'> {
  readonly direction: Conversation['direction'];
  /** The protocol that payloads showed; null when they showed none. */
  readonly spoken?: string | null;
}

interface Record {
  readonly from: string;
  readonly to: string;
  readonly client: string;
  readonly server: string;
  readonly service: string;
  /** By kind of source, in the order of `SOURCES`. */
  readonly connections: number[];
  readonly answered: number[];
  denied: number;
  readonly hours: Set<number>;
  firstMs: number;
  lastMs: number;
  direction: Conversation['direction'];
  seen: string;
  spoken?: string;
  /** Best reason not to take it, from what the flows themselves said. */
  doubt: string | undefined;
  /** At least one flow gave no such reason. */
  sound: boolean;
}

export interface Learned {
  /** Sorted: best standing first, then by zones, server, service, client. */
  readonly conversations: readonly Conversation[];
  readonly flows: number;
  /** Flows within one zone or outside all: no firewall between the zones sees them. */
  readonly flowsWithinZone: number;
  readonly flowsOutside: number;
}

/**
 * Flows come roughly in the order of time, by which scans are told. `finish` once, when all were
 * added.
 */
export class Learner {
  private readonly zones: readonly Zone[];
  private readonly records = new Map<string, Record>();
  private readonly watch = new ScanWatch();
  private readonly services = new Map<string, FlowService>();
  private readonly zoneNames = new Map<string, string | undefined>();
  private flows = 0;
  private within = 0;
  private outside = 0;

  constructor(zones: readonly Zone[]) {
    this.zones = zones;
  }

  /**
   * Takes one flow. `answered`: its server answered so that it is known to serve. `denied`: a
   * firewall's log says it was stopped. `unknown`: an answer could not have been seen, so that its
   * absence says nothing about who asks.
   */
  add(flow: LearnedFlow, answered: boolean, fate?: 'denied' | 'unknown'): void {
    this.flows++;
    const from = this.zoneOf(flow.client);
    const to = this.zoneOf(flow.server);
    if (from === undefined || to === undefined) {
      this.outside++;
      return;
    }
    if (from === to) {
      this.within++;
      return;
    }
    const asked = this.serviceOf(flow);
    const key = `${flow.client} ${flow.server} ${asked.service}`;
    const doubt = asked.doubt ?? doubtOf(flow);
    let record = this.records.get(key);
    if (record === undefined) {
      record = {
        ...{ from, to, client: flow.client, server: flow.server, service: asked.service },
        ...{ connections: [0, 0, 0], answered: [0, 0, 0], denied: 0, hours: new Set<number>() },
        ...{ firstMs: flow.firstMs, lastMs: flow.lastMs, direction: flow.direction },
        ...{ seen: flow.locator, doubt, sound: doubt === undefined },
      };
      this.records.set(key, record);
    }
    this.count(record, flow, asked.portless ? flow.toClient.packets > 0 : answered, fate, doubt);
  }

  private count(
    record: Record,
    flow: LearnedFlow,
    answered: boolean,
    fate: 'denied' | 'unknown' | undefined,
    doubt: string | undefined,
  ): void {
    const kind = SOURCES.indexOf(sourceOf(flow.direction.reason));
    record.connections[kind]!++;
    if (doubt === undefined && !record.sound) {
      record.sound = true;
      record.direction = flow.direction;
      record.seen = flow.locator;
    }
    if (fate === 'denied') record.denied++;
    else if (answered) record.answered[kind]!++;
    if (typeof flow.spoken === 'string') record.spoken ??= flow.spoken;
    record.hours.add(Math.floor(flow.firstMs / HOUR_MS));
    record.firstMs = Math.min(record.firstMs, flow.firstMs);
    record.lastMs = Math.max(record.lastMs, flow.lastMs);
    this.watch.add(record, flow.firstMs, !answered && fate !== 'unknown');
  }

  private serviceOf(flow: LearnedFlow): FlowService {
    // Of messages of ICMP the client's field is the type; of all else it never counts.
    const field = flow.transport.startsWith('icmp') ? flow.clientPort : flow.serverPort;
    const key = `${flow.transport} ${field}`;
    let service = this.services.get(key);
    if (service === undefined) {
      service = flowService(flow);
      this.services.set(key, service);
    }
    return service;
  }

  /** Whether a firewall between the zones would see it. */
  crosses(client: string, server: string): boolean {
    const [from, to] = [this.zoneOf(client), this.zoneOf(server)];
    return from !== undefined && to !== undefined && from !== to;
  }

  private zoneOf(text: string): string | undefined {
    if (this.zoneNames.has(text)) return this.zoneNames.get(text);
    const address = parseAddress(text);
    const name = address === undefined ? undefined : this.zoneHolding(address);
    this.zoneNames.set(text, name);
    return name;
  }

  /** Zones may overlap; the one with the fewest addresses was meant to be the exception. */
  private zoneHolding(address: Address): string | undefined {
    if (UNROUTED.includes(classifyAddress(address))) return undefined;
    const known = this.zones.filter(({ addresses }) => rangesHold(addresses, address));
    return (known.find(({ isRest }) => !isRest) ?? known[0])?.name;
  }

  /** What is known by now; more may be added. */
  finish(): Learned {
    const conversations = [...this.records.values()].map((record) => this.judge(record));
    conversations.sort(byStanding);
    return {
      conversations,
      flows: this.flows,
      flowsWithinZone: this.within,
      flowsOutside: this.outside,
    };
  }

  private judge(record: Record): Conversation {
    const { hours, doubt, sound, connections, answered, ...plain } = record;
    const because = sound ? this.noise(record) : doubt;
    return {
      kind: 'conversation',
      ...plain,
      connections: Math.max(...connections),
      answered: Math.max(...answered),
      sources: SOURCES.filter((_, kind) => connections[kind]! > 0),
      hours: hours.size,
      standing: because === undefined ? standingOf(record) : 'quarantined',
      ...(because === undefined ? {} : { because }),
    };
  }

  /** Why an unanswered conversation is noise, if it is. What was answered is no noise. */
  private noise(record: Record): string | undefined {
    return Math.max(...record.answered) > 0 ? undefined : this.watch.noise(record);
  }
}

function sourceOf(reason: LearnedReason): SourceKind {
  if (reason === 'log') return 'log';
  const bySockets = reason === 'listener' || reason === 'no-listener' || reason === 'syn-sent';
  return bySockets ? 'sockets' : 'packets';
}

function doubtOf({ direction }: LearnedFlow): string | undefined {
  if (direction.confidence === 'unknown') return 'it is not known which end is the client';
  if (direction.reason === 'port-class') return 'only port numbers say which end is the client';
  return undefined;
}

function standingOf({ answered, hours }: Record): Standing {
  const most = Math.max(...answered);
  if (most === 0) return 'asked';
  return most >= 2 && hours.size >= 2 ? 'confirmed' : 'thin';
}

const ORDER: readonly Standing[] = ['confirmed', 'thin', 'asked', 'quarantined'];

function byStanding(left: Conversation, right: Conversation): number {
  const order = ORDER.indexOf(left.standing) - ORDER.indexOf(right.standing);
  if (order !== 0) return order;
  const [one, two] = [sortKey(left), sortKey(right)];
  return one < two ? -1 : one > two ? 1 : 0;
}

function sortKey(conversation: Conversation): string {
  const { from, to, server, service } = conversation;
  return `${from} ${to} ${server} ${service} ${conversationKey(conversation)}`;
}
