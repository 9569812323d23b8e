/**
 * Traffic as it passes, for a view that is drawn again and again: flows are kept as for an
 * assessment, and folded into figures when somebody looks.
 *
 * Memory is bounded: flows beyond the limit go, the oldest that led nowhere first, and what they
 * carried stays in the sums. Looking costs time by the number of flows, so it happens as often as
 * keeps it below a share of one processor.
 */

import { Case } from '../analysis/findings/case.ts';
import { findings } from '../analysis/findings/find.ts';
import { thresholdsOf } from '../analysis/findings/thresholds.ts';
import { FlowFolder } from '../analysis/flow-folder.ts';
import { hostRoles } from '../analysis/host-roles.ts';
import { portUses, serviceUses, topConversations, topHosts } from '../analysis/port-use.ts';
import { sizeBins } from '../analysis/size-bins.ts';
import { SpokenView } from '../analysis/spoken.ts';
import { Traffic } from '../analysis/traffic.ts';
import { ZoneTable } from '../analysis/zones.ts';
import { DirectionLadder, type HeardServices } from '../flow/direction.ts';
import { CHUNK_MASK, CHUNK_SHIFT, R_LAST_SECONDS, ROW_WORDS } from '../flow/flow-row.ts';
import { type DecidedPart, decided, type FlowPart, type FlowVisitor } from '../flow/flow-set.ts';
import { FlowTable } from '../flow/flow-table.ts';
import { Listener } from '../flow/listener.ts';
import type { Finding } from '../model/finding.ts';
import type { HostRoles } from '../model/host-role.ts';
import type { ConversationUse, HostUse, PortUse, ServiceUse, SizeBin } from '../model/use.ts';
import { Decoder } from '../wire/decoder.ts';
import type { FrameSource } from '../wire/frame-batch.ts';

export interface WatchOptions {
  /** Flows in memory; 131,072. */
  readonly maxFlows?: number;
  readonly seed?: number;
  /** Conversations and hosts kept in a picture. */
  readonly top?: number;
  /** A filter lets only some packets through. */
  readonly filtered?: boolean;
}

/** Traffic at one moment, since the beginning. */
export interface Picture {
  readonly packets: number;
  readonly bytes: number;
  readonly flows: number;
  /** Flows that left memory; of these some had not ended. */
  readonly evicted: number;
  readonly evictedLive: number;
  readonly ports: readonly PortUse[];
  readonly services: readonly ServiceUse[];
  readonly hosts: readonly HostUse[];
  readonly hostCount: number;
  readonly conversations: readonly ConversationUse[];
  readonly sizes: readonly SizeBin[];
  /** How long making it took, ms. */
  readonly costMs: number;
}

const DEFAULT_MAX_FLOWS = 131_072;
const DEFAULT_TOP = 200;

/** What traffic says about risks, and about what hosts are for. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly roles: readonly HostRoles[];
}

/** `source` stays the caller's to close. A look counts all since the beginning. */
export class WatchSession {
  private readonly decoder: Decoder;
  private readonly table: FlowTable;
  private readonly past: Traffic;
  private readonly source: FrameSource;
  private readonly seed: number;
  private readonly top: number;
  private readonly filtered: boolean;
  private readonly zones = new ZoneTable();
  private readonly pastLadder: DirectionLadder;
  private pastFlows = 0;
  private readonly listener: Listener;
  private readonly serves: HeardServices;

  constructor(source: FrameSource, options: WatchOptions = {}) {
    this.source = source;
    this.seed = options.seed ?? 0;
    this.top = options.top ?? DEFAULT_TOP;
    this.filtered = options.filtered ?? false;
    this.decoder = new Decoder({ seed: this.seed, dropDuplicates: false });
    this.listener = new Listener(this.decoder);
    this.serves = this.listener.heard.serves.bind(this.listener.heard);
    this.decoder.listener = this.listener;
    this.pastLadder = new DirectionLadder(undefined, this.seed);
    this.past = new Traffic(this.decoder.addresses, this.zones, {}, this.seed);
    this.table = new FlowTable({
      maxFlows: options.maxFlows ?? DEFAULT_MAX_FLOWS,
      onEvict: (part) => this.remember(part),
    });
  }

  get packets(): number {
    return this.decoder.frames;
  }

  get bytes(): number {
    return this.decoder.octets;
  }

  /** Takes the next frames; false at the end. */
  async step(): Promise<boolean> {
    const batch = await this.source.next();
    if (batch === undefined) return false;
    const { decoder } = this;
    for (let index = 0; index < batch.count; ) {
      index = decoder.decode(batch, this.source.interfaces, index);
      this.table.consume(decoder.rows, decoder.rowCount);
      decoder.rowCount = 0;
    }
    return true;
  }

  /** Folds everything known into figures. */
  picture(): Picture {
    const startMs = performance.now();
    const { decoder, table, names } = this;
    const speech = new SpokenView(this.listener.heard, names);
    const traffic = new Traffic(decoder.addresses, this.zones, {}, this.seed);
    const part = table.peek();
    const ladder = new DirectionLadder(undefined, this.seed);
    visitUsed(decided(part, ladder, true, this.serves), traffic.add.bind(traffic));
    traffic.finish();
    this.past.finish();
    return {
      packets: decoder.frames,
      bytes: decoder.octets,
      flows: traffic.flows + this.pastFlows,
      evicted: table.evicted,
      evictedLive: table.evictedLive,
      ports: joined(portUses(traffic, speech), portUses(this.past, speech), portKey),
      services: joined(
        serviceUses(traffic, names, speech),
        serviceUses(this.past, names, speech),
        serviceKey,
      ),
      hosts: joined(
        topHosts(traffic, names, this.top, speech),
        topHosts(this.past, names, this.top, speech),
        ({ address }) => address,
      ),
      hostCount: Math.max(traffic.hostCount, this.past.hostCount),
      conversations: joined(
        topConversations(traffic, names, this.top),
        topConversations(this.past, names, this.top),
        ({ client, server, port, transport }) => `${client} ${server} ${port}/${transport}`,
      ),
      sizes: sizeBins(decoder.lengths),
      costMs: performance.now() - startMs,
    };
  }

  /** What the flows that are still in memory say about risks and about what hosts are for. */
  async judge(): Promise<Judged> {
    const { names, table, zones, seed } = this;
    const thresholds = thresholdsOf({});
    const folder = new FlowFolder({ zones, thresholds, seed, dark: [], overTime: false });
    const part = table.peek();
    const ladder = new DirectionLadder(undefined, seed);
    visitUsed(decided(part, ladder, true, this.serves), folder.visitor(names, this.listener.heard));
    const { traffic, clues, asked } = folder.finish();
    const speech = new SpokenView(this.listener.heard, names);
    const { packets, filtered } = this;
    const seen = new Case(traffic, clues, names, thresholds, packets, speech, asked, filtered);
    // Described here: the answer may go to another thread.
    const roles = hostRoles(traffic, names, speech).map(({ address, zone, roles, depends }) => {
      return { address, zone, roles, depends };
    });
    return { findings: findings(seen), roles };
  }

  private get names() {
    const { decoder, source } = this;
    return {
      addresses: decoder.addresses,
      contexts: decoder.contexts.list,
      interfaces: source.interfaces,
      paths: decoder.paths.list,
    };
  }

  /** Sums up flows that leave memory. */
  private remember(part: FlowPart): void {
    this.pastFlows += part.count;
    visitUsed(decided(part, this.pastLadder, false), this.past.add.bind(this.past));
  }
}

/** Visits the rows that hold a flow. */
function visitUsed(part: DecidedPart, visitor: FlowVisitor): void {
  for (let row = 0; row < part.count; row++) {
    const chunk = part.chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    if (chunk.words[base + R_LAST_SECONDS] === 0) continue;
    visitor(chunk, base, part.decisions[row]!, part.extensions);
  }
}

function portKey({ transport, port, direction }: PortUse): string {
  return `${port}/${transport}/${direction}`;
}

function serviceKey({ transport, server, port }: ServiceUse): string {
  return `${server} ${port}/${transport}`;
}

/** Fields of which the larger counts, since what they count may be in both. */
const LARGER = new Set(['serving', 'tried', 'clients', 'lastMs', 'services']);
const KEPT = new Set(['port', 'meanLength', 'firstMs']);

/** Adds up what is the same in both lists. */
function joined<Use extends object>(
  now: readonly Use[],
  past: readonly Use[],
  key: (use: Use) => string,
): Use[] {
  if (past.length === 0) return [...now];
  const all = new Map<string, Use>(past.map((use) => [key(use), use]));
  for (const use of now) {
    const before = all.get(key(use));
    all.set(key(use), before === undefined ? use : sumOf(use, before));
  }
  return [...all.values()];
}

function sumOf<Use extends object>(now: Use, before: Use): Use {
  const sum = { ...now } as Record<string, unknown>;
  for (const [name, value] of Object.entries(before)) {
    const other = sum[name];
    if (typeof value !== 'number' || typeof other !== 'number') continue;
    if (name === 'firstMs') sum[name] = Math.min(value, other);
    else if (LARGER.has(name)) sum[name] = Math.max(value, other);
    else if (!KEPT.has(name)) sum[name] = value + other;
  }
  return sum as Use;
}
