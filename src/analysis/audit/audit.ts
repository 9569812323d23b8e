/**
 * Turns verdicts into an answer: which traffic passed and which was refused, in which direction,
 * by service, host, rule and interface, with background noise set apart.
 */

import type { NameTable } from '../../model/name-table.ts';
import { ACTIONS, ALLOW, DENY } from '../../model/verdict.ts';
import { transportOf, type VerdictBatch } from '../../model/verdict-batch.ts';
import { formatIPv4, formatIPv6 } from '../../net/address.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import { DistinctCounts } from '../distinct-counts.ts';
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from '../tally-table.ts';
import type { ZoneRule } from '../zones.ts';
import { ZoneTable } from '../zones.ts';
import type {
  AuditAnswer,
  ConversationVerdicts,
  HostVerdicts,
  NoiseUse,
  PathVerdicts,
  RuleVerdicts,
  ServiceVerdicts,
} from './answer.ts';
import type { Context } from './contexts.ts';
import { MEANS, NOISE_CLASSES, NOISE_FORMULAS, NoiseJudge } from './noise.ts';
import { type InterfaceRule, OUTWARD, Places, WAYS } from './places.ts';
import { TimeSeries } from './time-series.ts';
import {
  F_BYTES,
  F_FIRST,
  F_LAST,
  FAMILY_4,
  FAMILY_6,
  FAMILY_NAME,
  K_ACTION,
  K_FAMILY,
  K_SHAPE,
  R_CLIENT,
  R_CONTEXT,
  R_INPUT,
  R_KIND,
  R_LINE,
  R_SERVER,
  SHAPE_ANSWER,
  VerdictTable,
} from './verdict-table.ts';

/** Denied at least so often, for at least so long, at most so far apart: a retry loop. */
const LOOP_TRIES = 10;
const LOOP_MS = 60_000;
const LOOP_GAP_MS = 3_600_000;
/** Order of what was refused, by `WAYS`: outward, within, through, inward. */
const REFUSED_WEIGHTS = [0, 3, 2, 1];
const DISTINCT_LIMIT = 500_000;
const MOST_HOSTS = 200_000;
const CHART_COLUMNS = 60;
/** Columns of the host table. */
const HOST_FLOATS = 4;
const NO_PROTOCOL = 255;

export interface AuditOptions {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  /** Rows of hosts, refused and other conversations wanted at most. */
  readonly top: number;
  /** Which conversations count; all by default. */
  readonly where?: AuditFilter;
  readonly seed: number;
  /** Rows kept by address; 1,000,000. */
  readonly rowLimit?: number;
}

/** What a drill-down keeps. Every condition given must hold. */
export interface AuditFilter {
  /** Zone table of the addresses wanted, as client or server. */
  readonly hosts?: ZoneRule['prefix'][];
  readonly ports?: readonly { readonly port: number; readonly protocol: number | undefined }[];
  readonly rule?: string;
  readonly action?: (typeof ACTIONS)[number];
  readonly way?: (typeof WAYS)[number];
  readonly sinceMs?: number;
}

/** One row of the verdict table, judged. */
interface Judged {
  entry: number;
  client: number;
  server: number;
  kind: number;
  clientZone: number;
  serverZone: number;
  shape: number;
  protocol: number;
  port: number;
  events: number;
  denied: boolean;
  allowed: boolean;
  action: number;
  way: number;
  noise: number;
}

interface ServiceSum {
  readonly group: number;
  readonly way: number;
  readonly action: number;
  readonly protocol: number;
  readonly port: number;
  events: number;
  noise: number;
  bytes: number;
  firstMs: number;
  lastMs: number;
  entry: number;
}

type PathSum = { -readonly [Key in keyof PathVerdicts]: PathVerdicts[Key] };

interface RuleSum {
  readonly context: Context;
  readonly action: number;
  events: number;
  firstMs: number;
  lastMs: number;
  readonly services: Map<number, number>;
}

export class Audit {
  readonly table: VerdictTable;
  private readonly series = new TimeSeries(ACTIONS.length);
  private readonly zones: ZoneTable;
  private readonly options: AuditOptions;

  constructor(options: AuditOptions) {
    this.options = options;
    this.zones = new ZoneTable(options.zones);
    this.table = new VerdictTable(this.zones, options.seed, options.rowLimit);
  }

  /** Folds a batch; its rows may be overwritten afterwards. */
  add(batch: VerdictBatch): void {
    this.table.add(batch);
    const { series } = this;
    for (let row = 0; row < batch.count; row++) {
      series.add(batch.action[row]!, batch.timeMs[row]!, batch.events[row]!);
    }
  }

  /** The answer. `inputs` are the names that locators begin with. */
  finish(addresses: AddressPool, names: NameTable, inputs: readonly string[]): AuditAnswer {
    return new Finish(
      this.table,
      this.series,
      this.zones,
      this.options,
      addresses,
      names,
      inputs,
    ).answer();
  }
}

class Finish {
  private readonly table: VerdictTable;
  private readonly series: TimeSeries;
  private readonly zones: ZoneTable;
  private readonly options: AuditOptions;
  private readonly addresses: AddressPool;
  private readonly names: readonly string[];
  private readonly inputs: readonly string[];
  private readonly places: Places;
  private readonly judge: NoiseJudge;
  private readonly contexts: Context[] = [];
  private readonly sums = WAYS.map(() => ({ actions: [0, 0, 0], noise: 0 }));
  private readonly services = new Map<string, ServiceSum>();
  private readonly clients: DistinctCounts;
  private readonly servers: DistinctCounts;
  private readonly noiseSources: DistinctCounts;
  private readonly noiseServices = NOISE_CLASSES.map(() => new Map<number, number>());
  private readonly noiseEvents = NOISE_CLASSES.map(() => 0);
  private readonly hosts: TallyTable;
  private readonly rules = new Map<string, RuleSum>();
  private readonly paths = new Map<string, PathSum>();
  /** Entries of the verdict table: denied without being noise, and all that are wanted. */
  private readonly refused: number[] = [];
  private readonly wanted: number[] = [];
  private readonly noises: Int8Array;
  private readonly weights: Int8Array;
  private readonly refusedInside: DistinctCounts;
  private answers = 0;
  private conversations = 0;
  private firstMs = Number.POSITIVE_INFINITY;
  private lastMs = Number.NEGATIVE_INFINITY;
  private readonly row: Judged = {
    ...{ entry: 0, client: 0, server: 0, kind: 0, clientZone: 0, serverZone: 0, shape: 0 },
    ...{ protocol: 0, port: 0, events: 0, denied: false, allowed: false, action: 0, way: 0 },
    noise: MEANS,
  };

  constructor(
    table: VerdictTable,
    series: TimeSeries,
    zones: ZoneTable,
    options: AuditOptions,
    addresses: AddressPool,
    names: NameTable,
    inputs: readonly string[],
  ) {
    this.table = table;
    this.series = series;
    this.zones = zones;
    this.options = options;
    this.addresses = addresses;
    this.names = names.names;
    this.inputs = inputs;
    const { seed } = options;
    this.judge = new NoiseJudge(seed);
    this.clients = new DistinctCounts(DISTINCT_LIMIT, seed);
    this.servers = new DistinctCounts(DISTINCT_LIMIT, seed);
    this.noiseSources = new DistinctCounts(DISTINCT_LIMIT, seed);
    this.hosts = new TallyTable(MOST_HOSTS, seed);
    this.noises = new Int8Array(table.count);
    this.weights = new Int8Array(table.count);
    this.refusedInside = new DistinctCounts(DISTINCT_LIMIT, seed);
    this.places = new Places(zones, options.interfaces ?? [], this.names, () => addresses.words);
  }

  answer(): AuditAnswer {
    for (let entry = 0; entry < this.table.count; entry++) this.judge.learn(this.look(entry));
    for (let entry = 0; entry < this.table.count; entry++) this.take(this.look(entry));
    const { top } = this.options;
    const byEvents = (left: number, right: number): number =>
      this.table.events(right) - this.table.events(left) || left - right;
    // An inside host that is refused outward is what one looks for first.
    this.refused.sort(
      (left, right) => this.weights[right]! - this.weights[left]! || byEvents(left, right),
    );
    this.wanted.sort(byEvents);
    const refused = this.refused.slice(0, top);
    const partly = this.partlyAllowed(refused);
    const total = (action: number): number =>
      this.sums.reduce((sum, { actions }) => sum + actions[action]!, 0);
    return {
      events: total(0) + total(ALLOW) + total(DENY),
      allowed: total(ALLOW),
      denied: total(DENY),
      unknown: total(0),
      answers: this.answers,
      firstMs: finite(this.firstMs),
      lastMs: finite(this.lastMs),
      ways: WAYS.map((way, index) => {
        const { actions, noise } = this.sums[index]!;
        return {
          way,
          allowed: actions[ALLOW]!,
          denied: actions[DENY]!,
          noise,
          unknown: actions[0]!,
        };
      }),
      services: this.serviceRows(),
      refused: refused.map((entry) => this.conversation(entry, partly)),
      refusedCount: this.refused.length,
      refusedInside: this.refusedInside.count(0),
      conversations:
        this.options.where === undefined
          ? []
          : this.wanted.slice(0, top).map((entry) => this.conversation(entry, new Map())),
      conversationCount: this.conversations,
      hosts: this.hostRows(top),
      hostCount: this.hosts.count + this.hosts.pruned,
      rules: this.ruleRows(),
      paths: [...this.paths.values()].sort(
        (left, right) => right.denied + right.allowed - left.denied - left.allowed,
      ),
      noise: this.noiseRows(),
      timeline: this.timeline(),
      collapsed: this.table.collapsed,
      lost: this.table.lost,
    };
  }

  /** Aims the one row record at an entry. */
  private look(entry: number): Judged {
    const { row, table } = this;
    const kind = table.word(entry, R_KIND);
    row.entry = entry;
    row.client = table.word(entry, R_CLIENT);
    row.server = table.word(entry, R_SERVER);
    row.kind = kind;
    const context = this.contextOf(entry);
    row.clientZone = this.places.client(row.client, kind, context);
    row.serverZone = this.places.server(row.server, kind, context);
    row.shape = (kind >>> K_SHAPE) & 3;
    row.protocol = (kind >>> 16) & 255;
    row.port = kind & 0xffff;
    row.events = table.events(entry);
    row.action = (kind >>> K_ACTION) & 3;
    row.denied = row.action === DENY;
    row.allowed = row.action === ALLOW;
    row.way = this.places.way(row.clientZone, row.serverZone, context);
    return row;
  }

  private contextOf(entry: number): Context {
    const number = this.table.word(entry, R_CONTEXT);
    this.contexts[number] ??= this.table.contexts.at(number);
    return this.contexts[number];
  }

  /** Second pass over an entry: counts it everywhere it belongs. */
  private take(row: Judged): void {
    const { entry, action, events } = row;
    row.noise = this.judge.judge(row);
    this.noises[entry] = row.noise;
    if (!this.passes(row)) return;
    if (row.shape === SHAPE_ANSWER && !row.denied) {
      this.answers += events;
      return;
    }
    const first = this.table.float(entry, F_FIRST);
    const last = this.table.float(entry, F_LAST);
    if (first < this.firstMs) this.firstMs = first;
    if (last > this.lastMs) this.lastMs = last;
    const sum = this.sums[row.way]!;
    sum.actions[action]! += events;
    if (row.noise !== MEANS) {
      sum.noise += events;
      this.noiseEvents[row.noise]! += events;
      add(this.noiseServices[row.noise]!, serviceKey(row), events);
      const family = (row.kind >>> K_FAMILY) & 3;
      if (family !== 0) this.noiseSources.add(row.noise, row.client, family);
    } else {
      this.countHosts(row);
      // Rows kept by zones are many conversations, of which nothing can be said.
      const family = (row.kind >>> K_FAMILY) & 3;
      if (row.denied && family !== 0) {
        this.refused.push(entry);
        if (row.way === OUTWARD) this.refusedInside.add(0, row.client, family);
        this.weights[entry] = REFUSED_WEIGHTS[row.way]!;
      }
    }
    this.conversations++;
    if (this.options.where !== undefined) this.wanted.push(entry);
    this.countService(row);
    this.countRule(row);
    this.countPath(row);
  }

  private countService(row: Judged): void {
    const { way, action, protocol, kind, entry } = row;
    const port = portShown(row);
    const key = `${way} ${action} ${protocol} ${port}`;
    let sum = this.services.get(key);
    if (sum === undefined) {
      const group = this.services.size;
      sum = {
        ...{ group, way, action, protocol, port, events: 0, noise: 0, bytes: 0, entry },
        ...{ firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY },
      };
      this.services.set(key, sum);
    }
    sum.events += row.events;
    if (row.noise !== MEANS) sum.noise += row.events;
    sum.bytes += this.table.float(entry, F_BYTES);
    this.extend(sum, entry);
    const family = (kind >>> K_FAMILY) & 3;
    if (family === 0) return;
    this.clients.add(sum.group, row.client, family);
    this.servers.add(sum.group, row.server, family);
  }

  private extend(sum: { firstMs: number; lastMs: number }, entry: number): void {
    const first = this.table.float(entry, F_FIRST);
    const last = this.table.float(entry, F_LAST);
    if (first < sum.firstMs) sum.firstMs = first;
    if (last > sum.lastMs) sum.lastMs = last;
  }

  private countRule(row: Judged): void {
    const context = this.contextOf(row.entry);
    const key = `${context.rule} ${context.device} ${row.action}`;
    let sum = this.rules.get(key);
    if (sum === undefined) {
      sum = {
        ...{ context, action: row.action, events: 0, services: new Map() },
        ...{ firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY },
      };
      this.rules.set(key, sum);
    }
    sum.events += row.events;
    add(sum.services, serviceKey(row), row.events);
    this.extend(sum, row.entry);
  }

  private countPath(row: Judged): void {
    const context = this.contextOf(row.entry);
    const from = context.inInterface || context.inZone;
    const to = context.outInterface || context.outZone;
    const key = `${from} ${to}`;
    let path = this.paths.get(key);
    if (path === undefined) {
      const [fromName, toName] = [this.names[from] || null, this.names[to] || null];
      path = { from: fromName, to: toName, allowed: 0, denied: 0, noise: 0, unknown: 0 };
      this.paths.set(key, path);
    }
    if (row.allowed) path.allowed += row.events;
    else if (row.denied) path.denied += row.events;
    else path.unknown += row.events;
    if (row.noise !== MEANS) path.noise += row.events;
  }

  private countHosts(row: Judged): void {
    if (row.action === 0) return;
    const family = (row.kind >>> K_FAMILY) & 3;
    if (family === 0) return;
    const client = this.hosts.intern(row.client, family, row.clientZone);
    this.hosts.floats[hostAt(client) + (row.allowed ? 0 : 1)]! += row.events;
    const server = this.hosts.intern(row.server, family, row.serverZone);
    this.hosts.floats[hostAt(server) + (row.allowed ? 2 : 3)]! += row.events;
  }

  /** Of the clients of these entries: the servers that they were allowed anything with. */
  private partlyAllowed(entries: readonly number[]): ReadonlyMap<number, ReadonlySet<number>> {
    const allowed = new Map<number, Set<number>>();
    for (const entry of entries) allowed.set(this.table.word(entry, R_CLIENT), new Set());
    for (let entry = 0; entry < this.table.count; entry++) {
      if (((this.table.word(entry, R_KIND) >>> K_ACTION) & 3) !== ALLOW) continue;
      allowed.get(this.table.word(entry, R_CLIENT))?.add(this.table.word(entry, R_SERVER));
    }
    return allowed;
  }

  private conversation(
    entry: number,
    partly: ReadonlyMap<number, ReadonlySet<number>>,
  ): ConversationVerdicts {
    const row = this.look(entry);
    const context = this.contextOf(entry);
    const noise = this.noises[entry]!;
    const firstMs = finite(this.table.float(entry, F_FIRST));
    const lastMs = finite(this.table.float(entry, F_LAST));
    const name = (number: number): string | null => this.names[number] || null;
    return {
      way: WAYS[row.way]!,
      action: ACTIONS[row.action]!,
      transport: transportOf(row.protocol === NO_PROTOCOL ? -1 : row.protocol),
      port: hasPort(row.protocol) ? portShown(row) : null,
      client: this.addressText(row.kind, row.client),
      clientZone: this.zones.names[row.clientZone]!,
      server: this.addressText(row.kind, row.server),
      serverZone: this.zones.names[row.serverZone]!,
      rule: name(context.rule),
      inInterface: name(context.inInterface) ?? name(context.inZone),
      outInterface: name(context.outInterface) ?? name(context.outZone),
      noise: noise === MEANS ? null : NOISE_CLASSES[noise]!,
      loopMs: row.denied && noise === MEANS ? loopOf(row.events, firstMs, lastMs) : null,
      partly: partly.get(row.client)?.has(row.server) ?? false,
      bytes: this.table.float(entry, F_BYTES),
      events: row.events,
      firstMs,
      lastMs,
      locator: this.locator(entry),
    };
  }

  private locator(entry: number): string {
    const input = this.inputs[this.table.word(entry, R_INPUT)] ?? '';
    return `${input}:${this.table.word(entry, R_LINE) >>> 0}`;
  }

  private addressText(kind: number, word: number): string {
    const family = (kind >>> K_FAMILY) & 3;
    if (family === FAMILY_4) return formatIPv4(word);
    if (family === FAMILY_6) return formatIPv6(this.addresses.words, 4 * word);
    if (family === FAMILY_NAME) return this.names[word] ?? '';
    return word > 0 ? `(others, ${this.zones.names[word - 1] ?? ''})` : '(none)';
  }

  private passes(row: Judged): boolean {
    const { where } = this.options;
    if (where === undefined) return true;
    if (where.action !== undefined && ACTIONS[row.action] !== where.action) return false;
    if (where.way !== undefined && WAYS[row.way] !== where.way) return false;
    if (where.ports !== undefined) {
      const port = portShown(row);
      const { protocol } = row;
      if (!hasPort(protocol)) return false;
      if (
        !where.ports.some((each) => each.port === port && (each.protocol ?? protocol) === protocol)
      ) {
        return false;
      }
    }
    if (where.rule !== undefined && this.names[this.contextOf(row.entry).rule] !== where.rule) {
      return false;
    }
    if (where.sinceMs !== undefined && !(this.table.float(row.entry, F_FIRST) >= where.sinceMs)) {
      return false;
    }
    return where.hosts === undefined || this.isHost(row, where.hosts);
  }

  private isHost(row: Judged, prefixes: readonly ZoneRule['prefix'][]): boolean {
    this.hostZones ??= new ZoneTable(prefixes.map((prefix) => ({ name: WANTED, prefix })));
    const wanted = this.hostZones.names.indexOf(WANTED);
    const family = (row.kind >>> K_FAMILY) & 3;
    const zone = (word: number): number =>
      family === FAMILY_4
        ? this.hostZones!.of4(word)
        : family === FAMILY_6
          ? this.hostZones!.of6(this.addresses.words, 4 * word)
          : -1;
    return zone(row.client) === wanted || zone(row.server) === wanted;
  }
  private hostZones: ZoneTable | undefined;

  private serviceRows(): ServiceVerdicts[] {
    const rows = [...this.services.values()].sort(
      (a, b) => b.events - a.events || a.group - b.group,
    );
    return rows.map((sum) => ({
      way: WAYS[sum.way]!,
      action: ACTIONS[sum.action]!,
      transport: transportOf(sum.protocol === NO_PROTOCOL ? -1 : sum.protocol),
      port: hasPort(sum.protocol) ? sum.port : null,
      events: sum.events,
      noise: sum.noise,
      clients: this.clients.count(sum.group),
      clientsEstimated: this.clients.isEstimate(sum.group),
      servers: this.servers.count(sum.group),
      serversEstimated: this.servers.isEstimate(sum.group),
      bytes: sum.bytes,
      firstMs: finite(sum.firstMs),
      lastMs: finite(sum.lastMs),
      locator: this.locator(sum.entry),
    }));
  }

  private hostRows(top: number): HostVerdicts[] {
    return this.hosts.heaviest(top).map((entry) => {
      const { words, floats } = this.hosts;
      const at = hostAt(entry);
      const [word, family, zone] = words.subarray(TALLY_WORDS * entry, TALLY_WORDS * entry + 3);
      const [allowedAsClient, deniedAsClient, allowedAsServer, deniedAsServer] = floats.subarray(
        at,
        at + HOST_FLOATS,
      );
      return {
        address: this.addressText(family! << K_FAMILY, word!),
        zone: this.zones.names[zone!] ?? '',
        allowedAsClient: allowedAsClient!,
        deniedAsClient: deniedAsClient!,
        allowedAsServer: allowedAsServer!,
        deniedAsServer: deniedAsServer!,
      };
    });
  }

  private ruleRows(): RuleVerdicts[] {
    const rows = [...this.rules.values()].sort((left, right) => right.events - left.events);
    return rows.map(({ context, action, events, firstMs, lastMs, services }) => ({
      rule: this.names[context.rule] || null,
      device: this.names[context.device] || null,
      action: ACTIONS[action]!,
      events,
      firstMs: finite(firstMs),
      lastMs: finite(lastMs),
      services: services.size,
      topService: serviceText(most(services)),
    }));
  }

  private noiseRows(): NoiseUse[] {
    return NOISE_CLASSES.map((noise, index) => ({
      noise,
      events: this.noiseEvents[index]!,
      sources: this.noiseSources.count(index),
      sourcesEstimated: this.noiseSources.isEstimate(index),
      topService: serviceText(most(this.noiseServices[index]!)),
      formula: NOISE_FORMULAS[noise],
    })).filter(({ events }) => events > 0);
  }

  private timeline(): AuditAnswer['timeline'] {
    const { startMs, widthMs, counts } = this.series.columns(CHART_COLUMNS);
    return {
      startMs: finite(startMs),
      widthMs,
      unknown: counts[0]!,
      allowed: counts[ALLOW]!,
      denied: counts[DENY]!,
    };
  }
}

const WANTED = 'wanted';

function hostAt(entry: number): number {
  return (TALLY_WORDS / 2) * entry + TALLY_FLOATS;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function add(sums: Map<number, number>, key: number, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function most(sums: ReadonlyMap<number, number>): number {
  let best = -1;
  let events = -1;
  for (const [key, sum] of sums) {
    if (sum <= events) continue;
    best = key;
    events = sum;
  }
  return best;
}

function hasPort(protocol: number): boolean {
  return [1, 6, 17, 33, 58, 132, 136].includes(protocol);
}

/** Of ICMP the type alone: rows also hold the code. */
function portShown({ protocol, port }: Pick<Judged, 'protocol' | 'port'>): number {
  return protocol === 1 || protocol === 58 ? port >>> 8 : port;
}

function serviceKey(row: Judged): number {
  return (row.protocol << 16) | portShown(row);
}

/** `tcp/443`, `icmp/8`, `ip-47`. */
function serviceText(key: number): string {
  if (key < 0) return '';
  const protocol = (key >>> 16) & 255;
  const transport = transportOf(protocol === NO_PROTOCOL ? -1 : protocol) ?? 'unknown';
  return hasPort(protocol) ? `${transport}/${key & 0xffff}` : transport;
}

function loopOf(events: number, firstMs: number | null, lastMs: number | null): number | null {
  if (events < LOOP_TRIES || firstMs === null || lastMs === null) return null;
  const span = lastMs - firstMs;
  const gap = span / (events - 1);
  return span >= LOOP_MS && gap <= LOOP_GAP_MS ? gap : null;
}
