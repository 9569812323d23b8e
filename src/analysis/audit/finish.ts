/**
 * Makes the answer of an audit from its verdict table: every row is judged and counted in each
 * table where it belongs. The table is only read, so that a live view may ask again and again.
 */
import type { NameTable } from '../../model/name-table.ts';
import { ACTIONS, ALLOW, DENY } from '../../model/verdict.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import type { ZoneTable } from '../zones.ts';
import type { AuditAnswer, ConversationVerdicts, Newness, WayTotal } from './answer.ts';
import type { Earlier } from './audit.ts';
import { Cells } from './cells.ts';
import { ContextPlaces } from './context-places.ts';
import { type AuditFilter, RowFilter } from './filter.ts';
import { HostTotals } from './host-totals.ts';
import { NewnessTotals } from './newness.ts';
import { MEANS, NOISE_CLASSES, NoiseJudge } from './noise.ts';
import { type Past, pastOf } from './past.ts';
import { type InterfaceRule, OUTWARD, Places, WAYS } from './places.ts';
import { portOfKey, serviceKey, transportShown } from './port-shown.ts';
import { BLOCK, RowBlock } from './row-block.ts';
import { RowIndex } from './row-index.ts';
import { placeText, RowTexts } from './row-texts.ts';
import { pathRows, ruleRows } from './rule-totals.ts';
import { noiseRows, serviceRows } from './service-totals.ts';
import { finite, type GroupSums } from './sums.ts';
import type { TimeSeries } from './time-series.ts';
import { K_ACTION, SHAPE_ANSWER, SHAPE_WITHIN } from './verdict-kind.ts';
import {
  F_BYTES,
  F_FIRST,
  F_LAST,
  NO_HOST,
  R_CLIENT,
  R_KIND,
  R_SERVER,
  type VerdictRows,
} from './verdict-rows.ts';
import { WeighedRows } from './weighed-rows.ts';

/** Denied at least so often, for at least so long, at most so far apart: a retry loop. */
const LOOP_TRIES = 10;
const LOOP_MS = 60_000;
const LOOP_GAP_MS = 3_600_000;
/** Order of what was refused, by `WAYS`: outward, within, through, inward. */
const REFUSED_WEIGHTS = [0, 3, 2, 1];
const TCP = 6;
/** Stretches of time, at most. */
const STRETCHES = 24;

/** What an answer is made from. */
export interface Folded {
  readonly table: VerdictRows;
  readonly series: TimeSeries;
  readonly zones: ZoneTable;
  readonly interfaces: readonly InterfaceRule[];
  readonly addresses: AddressPool;
  readonly names: NameTable;
  /** The names that locators begin with. */
  readonly inputs: readonly string[];
  readonly top: number;
  readonly where: AuditFilter | undefined;
  readonly seed: number;
  /** What an earlier log was found to hold; or a moment. */
  readonly before: Earlier | undefined;
  readonly sinceMs: number | undefined;
  readonly visit: RowVisit | undefined;
}

/** Is handed every row that counts, whatever else is asked for; `locator` says where it was seen. */
export type RowVisit = (block: RowBlock, index: number, locator: () => string) => void;

/** For one answer; made anew for the next. */
export class Finish {
  private readonly from: Folded;
  private readonly names: readonly string[];
  private readonly texts: RowTexts;
  private readonly block: RowBlock;
  private readonly judge: NoiseJudge;
  private readonly filter: RowFilter | undefined;
  private readonly places: Places;
  /** What there was before; undefined when there is nothing to compare with. */
  private readonly past: Past | undefined;
  private readonly newness: NewnessTotals | undefined;
  private readonly index: RowIndex;
  private readonly contexts: ContextPlaces;
  private readonly cells: Cells;
  /** Cell + 1 by row, 0 for those that do not count or have no hosts. */
  private readonly cellOf: Int32Array;
  private readonly hosts: HostTotals;
  /** By host: a bit for each class of noise of which it is a source. */
  private readonly noiseClasses: Uint8Array;
  /** By host: 1 for those inside that were refused anything outward. */
  private readonly refusedInside: Uint8Array;
  /** Rows that were refused and are no noise, weighed by way. */
  private readonly refused: WeighedRows;
  /** Rows that were asked for. */
  private readonly wanted: WeighedRows;
  private answers = 0;
  private unopened = 0;
  private conversations = 0;

  constructor(from: Folded) {
    const { table, zones, interfaces, addresses, seed, where } = from;
    this.from = from;
    this.refused = new WeighedRows(from.top);
    this.wanted = new WeighedRows(from.top);
    this.names = from.names.names;
    this.texts = new RowTexts({
      ...{ table, addresses, zones: zones.names, names: this.names, inputs: from.inputs },
    });
    this.places = new Places(zones, interfaces, this.names, () => addresses.words);
    const contexts = new ContextPlaces(table.contexts, this.places);
    const index = new RowIndex(table, this.places, seed);
    this.contexts = contexts;
    this.index = index;
    this.block = new RowBlock(table, this.places, contexts, index);
    this.judge = new NoiseJudge(table, index);
    this.filter = where === undefined ? undefined : new RowFilter(where, addresses, this.names);
    this.past = from.before?.past ?? this.pastOf();
    this.newness =
      this.past === undefined ? undefined : new NewnessTotals(table, this.past, index, seed);
    this.cells = new Cells(table, seed);
    this.cellOf = new Int32Array(table.count);
    this.hosts = new HostTotals(table.hosts, seed);
    this.noiseClasses = new Uint8Array(index.hostCount);
    this.refusedInside = new Uint8Array(index.hostCount);
  }

  answer(): AuditAnswer {
    this.count();
    const { table, series, zones, top } = this.from;
    const { cells, index, names } = this;
    const { contexts } = this.contexts;
    const locator = (entry: number): string => this.texts.locator(entry);
    const refused = this.refused.first();
    const partly = this.partlyAllowed(refused);
    const sums = cells.by((cell) => groupOf(cells.way(cell), cells.action(cell)));
    const ways = waysOf(sums);
    const total = (action: 'allowed' | 'denied' | 'unknown'): number =>
      ways.reduce((sum, way) => sum + way[action], 0);
    const { startMs, widthMs, counts } = series.columns(STRETCHES);
    return {
      events: total('allowed') + total('denied') + total('unknown'),
      allowed: total('allowed'),
      denied: total('denied'),
      unknown: total('unknown'),
      answers: this.answers,
      unopened: this.unopened,
      ...sums.span(),
      ways,
      services: serviceRows(cells, this.cellOf, index, locator),
      refused: refused.map((entry) => this.conversation(entry, partly)),
      refusedCount: this.refused.count,
      refusedInside: this.refusedInside.reduce((sum, each) => sum + each, 0),
      conversations: this.wanted.first().map((entry) => this.conversation(entry, new Map())),
      conversationCount: this.conversations,
      hosts: this.hosts.rows(
        top,
        (kind, word, isClient) =>
          isClient ? this.texts.address(kind, word) : this.texts.server(kind, word),
        zones.names,
      ),
      hostCount: this.hosts.size,
      rules: ruleRows(cells, contexts, index, names),
      paths: pathRows(cells, contexts, names),
      noise: noiseRows(cells, index, this.noiseClasses),
      newness: this.newnessAnswer(),
      timeline: {
        ...{ startMs: finite(startMs), widthMs },
        ...{ unknown: counts[0]!, allowed: counts[ALLOW]!, denied: counts[DENY]! },
      },
      collapsed: table.collapsed,
      lost: table.lost,
    };
  }

  /** Two passes: what is noise can be told only once all rows were seen. */
  private count(): void {
    const { block, judge } = this;
    for (let first = 0; block.loadClients(first); first += BLOCK) judge.learn(block);
    judge.endLearning();
    const wanted = new Uint8Array(BLOCK);
    for (let first = 0; block.load(first); first += BLOCK) {
      judge.judge(block);
      for (let index = 0; index < block.count; index++) {
        wanted[index] = this.isCounted(index) ? 1 : 0;
        if (wanted[index] === 1) this.countRow(index);
      }
      this.hosts.add(block, wanted);
    }
  }

  private isCounted(index: number): boolean {
    const { block } = this;
    this.visit(index);
    if (this.filter !== undefined && !this.filter.passes(block, index)) return false;
    if (block.shape[index] === SHAPE_ANSWER && block.action[index] !== DENY) {
      if (this.isNew(index)) this.answers += block.events[index]!;
      return false;
    }
    if (!this.isCompared(index)) return false;
    this.newness?.add(block, index);
    return this.isNew(index);
  }

  private visit(index: number): void {
    const { block } = this;
    if (this.from.visit === undefined) return;
    if (block.shape[index] === SHAPE_ANSWER && block.action[index] !== DENY) return;
    const entry = block.entry[index]!;
    this.from.visit(block, index, () => this.texts.locator(entry));
  }

  /** Whether the row holds anything of the time that is compared with what was before. */
  private isCompared(index: number): boolean {
    const { sinceMs, table } = this.from;
    if (sinceMs === undefined) return true;
    return table.float(this.block.entry[index]!, F_LAST) >= sinceMs;
  }

  /** Whether the conversation is one to be counted: all are where nothing was before. */
  private isNew(index: number): boolean {
    const { block, past } = this;
    const { sinceMs, table } = this.from;
    if (sinceMs !== undefined) return table.float(block.entry[index]!, F_FIRST) >= sinceMs;
    return past === undefined || !past.hasConversation(block, index, block.action[index] === DENY);
  }

  /** The rows that began before the moment. */
  private pastOf(): Past | undefined {
    const { sinceMs, table, seed } = this.from;
    if (sinceMs === undefined) return undefined;
    const { filter } = this;
    const wanted = (block: RowBlock, index: number): boolean =>
      filter === undefined || filter.passes(block, index);
    const { names } = this;
    return pastOf(table, this.places, { wanted, untilMs: sinceMs, names, seed });
  }

  private newnessAnswer(): Newness | null {
    const { newness, past, block } = this;
    if (newness === undefined || past === undefined) return null;
    const { zones, before, inputs, top } = this.from;
    return newness.answer({
      ...{ address: (kind, word) => this.texts.address(kind, word), zones: zones.names, top },
      ...{ contexts: this.contexts.contexts },
      ...{ names: this.names, locator: (entry) => this.texts.locator(entry) },
      place: (input, line) => placeText(inputs, input, line),
      pastPlace: (input, line) => placeText(before?.inputs ?? inputs, input, line),
      figures: (host) => this.hosts.figuresOf(host, zones.names.length),
      refusal: (entry) => {
        const row = this.conversation(entry, new Map());
        // The row is the block's first now.
        return { ...row, allowedBefore: past.hasConversation(block, 0, false) };
      },
    });
  }

  private countRow(index: number): void {
    const { block } = this;
    const entry = block.entry[index]!;
    const action = block.action[index]!;
    const noise = block.noise[index]!;
    const client = block.client[index]!;
    const cell = this.cells.add(block, index);
    if (block.shape[index] === SHAPE_WITHIN && block.protocol[index] === TCP) {
      if (!this.index.openings.isOpened(entry)) this.unopened += block.events[index]!;
    }
    if (client !== NO_HOST) {
      this.cellOf[entry] = cell + 1;
      if (noise !== MEANS) this.noiseClasses[client]! |= 1 << noise;
    }
    if (noise === MEANS && action === DENY && block.family[index] !== 0) this.refuse(index, entry);
    this.conversations++;
    if (this.filter !== undefined || this.past !== undefined)
      this.wanted.add(entry, 0, block.events[index]!);
  }

  /** Rows kept by zones are many conversations, of which nothing can be said. */
  private refuse(index: number, entry: number): void {
    const { block } = this;
    // An inside host that is refused outward is what one looks for first.
    this.refused.add(entry, REFUSED_WEIGHTS[block.way[index]!]!, block.events[index]!);
    if (block.way[index] === OUTWARD) this.refusedInside[block.client[index]!] = 1;
  }

  /** Of the clients of these entries: the servers that they were allowed anything with. */
  private partlyAllowed(entries: readonly number[]): ReadonlyMap<number, ReadonlySet<number>> {
    const { table } = this.from;
    const allowed = new Map<number, Set<number>>();
    for (const entry of entries) allowed.set(table.word(entry, R_CLIENT), new Set());
    if (allowed.size === 0) return allowed;
    const { rows, starts } = this.index.byClient;
    for (const host of new Set(entries.map((entry) => table.clients[entry]!))) {
      for (let at = starts[host]!; at < starts[host + 1]!; at++) {
        const entry = rows[at]!;
        if (((table.word(entry, R_KIND) >>> K_ACTION) & 3) !== ALLOW) continue;
        allowed.get(table.word(entry, R_CLIENT))?.add(table.word(entry, R_SERVER));
      }
    }
    return allowed;
  }

  private conversation(
    entry: number,
    partly: ReadonlyMap<number, ReadonlySet<number>>,
  ): ConversationVerdicts {
    const { block } = this;
    const { table, zones } = this.from;
    block.loadOne(entry);
    const context = block.contextAt(block.context[0]!);
    const [kind, client, server] = [block.kind[0]!, block.clientWord[0]!, block.serverWord[0]!];
    const [protocol, events] = [block.protocol[0]!, block.events[0]!];
    this.judge.judge(block);
    const noise = block.noise[0]!;
    const firstMs = finite(table.float(entry, F_FIRST));
    const lastMs = finite(table.float(entry, F_LAST));
    const denied = block.action[0] === DENY;
    const name = (number: number): string | null => this.names[number] || null;
    return {
      way: WAYS[block.way[0]!]!,
      action: ACTIONS[block.action[0]!]!,
      transport: transportShown(protocol),
      port: portOfKey(serviceKey(protocol, block.port[0]!)),
      client: this.texts.address(kind, client),
      clientZone: zones.names[block.clientZone[0]!]!,
      server: this.texts.server(kind, server),
      serverZone: zones.names[block.serverZone[0]!]!,
      rule: name(context.rule),
      inInterface: name(context.inInterface) ?? name(context.inZone),
      outInterface: name(context.outInterface) ?? name(context.outZone),
      noise: noise === MEANS ? null : NOISE_CLASSES[noise]!,
      loopMs: denied && noise === MEANS ? loopOf(events, firstMs, lastMs) : null,
      partly: partly.get(client)?.has(server) ?? false,
      bytes: table.float(entry, F_BYTES),
      events,
      firstMs,
      lastMs,
      locator: this.texts.locator(entry),
    };
  }
}

function waysOf(sums: GroupSums): WayTotal[] {
  const events = (group: number): number => (group < sums.count ? sums.events(group) : 0);
  return WAYS.map((way, index) => ({
    way,
    allowed: events(groupOf(index, ALLOW)),
    denied: events(groupOf(index, DENY)),
    noise: groupOf(index, DENY) < sums.count ? sums.noise(groupOf(index, DENY)) : 0,
    unknown: events(groupOf(index, 0)),
  }));
}

/** Number of the sum of a way and an action. */
function groupOf(way: number, action: number): number {
  return ACTIONS.length * way + action;
}

function loopOf(events: number, firstMs: number | null, lastMs: number | null): number | null {
  if (events < LOOP_TRIES || firstMs === null || lastMs === null) return null;
  const span = lastMs - firstMs;
  const gap = span / (events - 1);
  return span >= LOOP_MS && gap <= LOOP_GAP_MS ? gap : null;
}
