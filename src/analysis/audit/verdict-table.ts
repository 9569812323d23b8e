/**
 * Verdicts folded by who, to whom, on what port, by which rule and interfaces, with what outcome.
 * One hash look-up per log line; all tables of an audit are made from these rows at the end.
 *
 * Memory is bounded: when there are more rows than the limit, what is new is kept by zones instead
 * of addresses, so that sums by service, rule and interface stay exact while hosts are missing.
 */

import { EndpointTable } from '../../flow/endpoint-table.ts';
import { END, OPEN } from '../../model/verdict.ts';
import { VERDICT_BATCH_CAPACITY } from '../../model/verdict-batch.ts';
import { turnRow, type VerdictColumns } from '../../model/verdict-columns.ts';
import { ContextTable } from './contexts.ts';
import { serviceKey } from './port-shown.ts';
import { findOrder, newOrders, type OrdersPart } from './row-order.ts';
import {
  FAMILY_4,
  FAMILY_6,
  FAMILY_ZONE,
  isReversed,
  K_FAMILY,
  kindOf,
  shapeOf,
} from './verdict-kind.ts';
import {
  eventsAt,
  F_BYTES,
  F_FIRST,
  F_LAST,
  F_OPENED,
  F_PACKETS_LOGGED,
  NO_HOST,
  R_CLIENT,
  R_CONTEXT,
  R_INPUT,
  R_KIND,
  R_LINE,
  R_SERVER,
  ROW_FLOATS,
  ROW_WORDS,
  type RowsPart,
  type VerdictRows,
} from './verdict-rows.ts';

/** Few, so that making room is known to the compilers before they turn to what is called for each line. */
const INITIAL = 1 << 8;
/** In a slot: number of the row + 1, and above it the highest bits of its key's hash. */
const SLOT_ROW = (1 << 21) - 1;
/** Rows from which on the room for all of them is asked for at once: copies would take more. */
const LARGE = 1 << 16;
const ROW_LIMIT = 1_000_000;
/** Rows that wait for memory at the same time: what they brought must be in the cache still when it is needed. */
const AT_ONCE = 64;
/** New rows whose hosts are numbered together: in between, lines drive the table of hosts out of the cache. */
const NUMBERED_AT_ONCE = 16_384;
/** But not the first ones, for the sake of the compilers. */
const NUMBERED_FIRST = 128;

/** Zone of an address: what a row keeps of it when there is no room for more. */
export interface ZoneFinder {
  of4(address: number): number;
  of6(words: ArrayLike<number>, at: number): number;
}

/** Rows keep their numbers. Hosts and services of the newest rows have none until `settle`. */
export class VerdictTable implements VerdictRows {
  count = 0;
  collapsed = 0;
  lost = 0;
  /** Leading rows whose hosts and services have numbers. */
  private numbered = 0;
  private numberedAtOnce = NUMBERED_FIRST;
  readonly contexts = new ContextTable();
  /** Every address met: word and family (as endpoints whose port is 0). */
  readonly hosts: EndpointTable;
  clients: Int32Array;
  servers: Int32Array;
  services = new Int32Array(INITIAL);
  readonly serviceKeys: number[] = [];
  /** Numbers of services + 1 by port, by protocol. */
  private readonly ports: (Int32Array | undefined)[] = [];
  private words: Int32Array<ArrayBuffer>;
  private floats: Float64Array<ArrayBuffer>;
  /** Ends of connections by row: few devices log any. */
  private ended = new Float64Array(INITIAL);
  /** 0 = empty. */
  private slots = new Int32Array(2 * INITIAL);
  /** Of each row of the batch under way: kind, context, hash. */
  private readonly kinds = new Int32Array(VERDICT_BATCH_CAPACITY);
  private readonly places = new Int32Array(VERDICT_BATCH_CAPACITY);
  private readonly hashes = new Int32Array(VERDICT_BATCH_CAPACITY);
  /** Keeps `touch` from being optimised away. */
  private touched = 0;
  /** The integers of a row to be appended. */
  private readonly key = new Int32Array(ROW_WORDS);
  private readonly limit: number;
  private readonly seed: number;
  private readonly zones: ZoneFinder;
  /** Hosts of rows lie in shared memory. */
  private readonly shared: boolean;

  /**
   * @param limit rows by address, 84 octets each, at most 1,398,100; half as many more by zones
   * @param shared whether the rows will be handed over to another thread
   */
  constructor(zones: ZoneFinder, seed: number, limit = ROW_LIMIT, shared = false) {
    this.shared = shared;
    this.clients = this.column(INITIAL);
    this.servers = this.column(INITIAL);
    this.zones = zones;
    this.seed = seed | 0;
    this.hosts = new EndpointTable(seed);
    this.limit = Math.min(Math.max(16, limit), Math.floor((2 * SLOT_ROW) / 3));
    const buffer = new ArrayBuffer(4 * ROW_WORDS * INITIAL);
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
  }

  private column(length: number): Int32Array {
    return this.shared ? new Int32Array(new SharedArrayBuffer(4 * length)) : new Int32Array(length);
  }

  /** Finds the orders that were handed over with the rows. */
  findOrders(orders: OrdersPart): void {
    findOrder(orders, 0, this.clients.subarray(0, this.count));
    findOrder(orders, 1, this.servers.subarray(0, this.count));
  }

  /** Hands over its rows: only `findOrders` may be used here afterwards. */
  part(): RowsPart {
    this.settle();
    const { count, collapsed, lost, contexts, words, ended, clients, servers, hosts } = this;
    const { services, serviceKeys } = this;
    const orders = this.shared ? newOrders(count, hosts.count) : undefined;
    const rows = words.buffer;
    const shared = { contexts: contexts.part(), hosts: hosts.words.slice(), orders };
    return {
      count,
      collapsed,
      lost,
      rows,
      ended,
      clients,
      servers,
      services,
      serviceKeys,
      ...shared,
    };
  }

  private hashAt(words: Int32Array, at: number): number {
    return this.hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  private widen(at: number, time: number): void {
    if (Number.isNaN(time)) return;
    const { floats } = this;
    // The first time of a row is compared with NaN, which is always false.
    if (!(time >= floats[at + F_FIRST]!)) floats[at + F_FIRST] = time;
    if (!(time <= floats[at + F_LAST]!)) floats[at + F_LAST] = time;
  }

  /** Folds all rows of a batch; connections may be turned round in it. */
  add(batch: VerdictColumns): void {
    const { count } = batch;
    this.prepare(batch, count);
    const ends = batch.event.indexOf(END) >= 0;
    for (let first = 0; first < count; first += AT_ONCE) {
      const end = Math.min(count, first + AT_ONCE);
      this.touched ^= this.touch(first, end, ends);
      for (let row = first; row < end; row++) this.addRow(batch, row);
    }
    if (this.count - this.numbered >= this.numberedAtOnce) {
      this.settle();
      this.numberedAtOnce = NUMBERED_AT_ONCE;
    }
  }

  /** Gives hosts and services of the newest rows their numbers, before rows are looked at. */
  settle(): void {
    while (this.numbered < this.count) {
      const end = Math.min(this.count, this.numbered + VERDICT_BATCH_CAPACITY);
      this.numberHosts(this.numbered, end);
      this.numberServices(this.numbered, end);
      this.numbered = end;
    }
  }

  /** Works out the keys of all rows. */
  private prepare(batch: VerdictColumns, count: number): void {
    const { kinds, places, hashes, contexts } = this;
    for (let row = 0; row < count; row++) {
      const protocol = batch.protocol[row]!;
      if (isReversed(batch, row)) turnRow(batch, row);
      const kind = kindOf(batch, row, protocol, shapeOf(batch, row, protocol));
      const context = contexts.of(batch, row);
      kinds[row] = kind;
      places[row] = context;
      hashes[row] = this.hash(batch.source[row]!, batch.destination[row]!, kind, context);
    }
  }

  /**
   * Reads what the look-ups will need, without a branch, so that the processor waits for the memory
   * of many rows at the same time. The result means nothing.
   */
  private touch(first: number, end: number, ends: boolean): number {
    const { slots, words, hashes, ended } = this;
    const mask = slots.length - 1;
    let sum = 0;
    for (let row = first; row < end; row++) sum ^= slots[hashes[row]! & mask]!;
    for (let row = first; row < end; row++) {
      const held = slots[hashes[row]! & mask]! & SLOT_ROW;
      sum ^= words[ROW_WORDS * (held + ((0 - held) >> 31))]!;
    }
    if (!ends) return sum & 1;
    for (let row = first; row < end; row++) {
      const held = slots[hashes[row]! & mask]! & SLOT_ROW;
      sum ^= ended[held + ((0 - held) >> 31)]!;
    }
    return sum & 1;
  }

  private addRow(batch: VerdictColumns, row: number): void {
    const entry = this.intern(batch, row);
    if (entry < 0) {
      this.lost += batch.events[row]!;
      return;
    }
    const { floats } = this;
    const at = ROW_FLOATS * entry;
    const event = batch.event[row]!;
    if (event === END) this.ended[entry]! += batch.events[row]!;
    else floats[at + (event === OPEN ? F_OPENED : F_PACKETS_LOGGED)]! += batch.events[row]!;
    const bytes = batch.bytes[row]!;
    if (bytes > 0) floats[at + F_BYTES]! += bytes;
    this.widen(at, batch.timeMs[row]!);
  }

  private intern(batch: VerdictColumns, row: number): number {
    const client = batch.source[row]!;
    const server = batch.destination[row]!;
    const kind = this.kinds[row]!;
    const context = this.places[row]!;
    const hash = this.hashes[row]!;
    const slot = this.probe(hash, client, server, kind, context);
    const held = this.rowAt(slot);
    if (held >= 0) return held;
    if (this.count >= this.limit) return this.collapse(batch, row, kind, context);
    return this.append(slot, hash, batch, row, client, server, kind, context);
  }

  /** A row of zones in place of addresses. */
  private collapse(batch: VerdictColumns, row: number, kind: number, context: number): number {
    this.collapsed++;
    const family = (kind >>> K_FAMILY) & 3;
    const client = 1 + this.zoneOf(batch, family, batch.source[row]!);
    const server = 1 + this.zoneOf(batch, family, batch.destination[row]!);
    const plain = kind & ~(3 << K_FAMILY);
    const hash = this.hash(client, server, plain, context);
    const slot = this.probe(hash, client, server, plain, context);
    const held = this.rowAt(slot);
    if (held >= 0) return held;
    if (this.count >= this.limit + (this.limit >> 1)) return -1;
    return this.append(slot, hash, batch, row, client, server, plain, context);
  }

  private zoneOf(batch: VerdictColumns, family: number, word: number): number {
    if (family === FAMILY_4) return this.zones.of4(word);
    return family === FAMILY_6 ? this.zones.of6(batch.addresses.words, 4 * word) : 0;
  }

  /** Index of the slot that holds the key, or of the empty one where it belongs. */
  private probe(
    hash: number,
    client: number,
    server: number,
    kind: number,
    context: number,
  ): number {
    const { slots, words } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot]!;
      if (held === 0) return slot;
      // Rows of other keys are hardly ever looked at.
      if (((held ^ hash) & ~SLOT_ROW) !== 0) continue;
      const at = ROW_WORDS * ((held & SLOT_ROW) - 1);
      if (
        words[at] === client &&
        words[at + 1] === server &&
        words[at + 2] === kind &&
        words[at + 3] === context
      ) {
        return slot;
      }
    }
  }

  /** The row that a slot holds, or -1. */
  private rowAt(slot: number): number {
    return (this.slots[slot]! & SLOT_ROW) - 1;
  }

  private hash(client: number, server: number, kind: number, context: number): number {
    let h = Math.imul(client ^ this.seed, 0x85ebca6b) ^ Math.imul(server + this.seed, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15) ^ kind, 0x27d4eb2f) + context;
    h ^= h >>> 13;
    h = Math.imul(h, 0x165667b1);
    return h ^ (h >>> 16);
  }

  private append(
    slot: number,
    hash: number,
    batch: VerdictColumns,
    row: number,
    client: number,
    server: number,
    kind: number,
    context: number,
  ): number {
    const { key } = this;
    key[R_CLIENT] = client;
    key[R_SERVER] = server;
    key[R_KIND] = kind;
    key[R_CONTEXT] = context;
    key[R_INPUT] = batch.inputIndex;
    key[R_LINE] = batch.line[row]!;
    return this.appendRow(slot, hash, key, 0);
  }

  /** Gives the hosts of rows their numbers. */
  private numberHosts(first: number, end: number): void {
    const { hosts, words, clients, servers } = this;
    for (let entry = first; entry < end; entry++) {
      const at = ROW_WORDS * entry;
      const family = (words[at + R_KIND]! >>> K_FAMILY) & 3;
      this.touched ^= hosts.touch(words[at + R_CLIENT]!, 0, family);
      this.touched ^= hosts.touch(words[at + R_SERVER]!, 0, family);
    }
    for (let entry = first; entry < end; entry++) {
      const at = ROW_WORDS * entry;
      const family = (words[at + R_KIND]! >>> K_FAMILY) & 3;
      const zoned = family === FAMILY_ZONE;
      clients[entry] = zoned ? NO_HOST : hosts.intern(words[at + R_CLIENT]!, 0, family);
      servers[entry] = zoned ? NO_HOST : hosts.intern(words[at + R_SERVER]!, 0, family);
    }
  }

  /** Gives the services of rows their numbers. */
  private numberServices(first: number, end: number): void {
    const { words, services } = this;
    for (let entry = first; entry < end; entry++) {
      const kind = words[ROW_WORDS * entry + R_KIND]!;
      const port = kind < 0 ? -1 : kind & 0xffff;
      services[entry] = this.serviceOf(serviceKey((kind >>> 16) & 255, port));
    }
  }

  private serviceOf(key: number): number {
    const protocol = key >>> 16;
    this.ports[protocol] ??= new Int32Array(65_536);
    const ports = this.ports[protocol];
    const known = ports[key & 0xffff]!;
    if (known !== 0) return known - 1;
    ports[key & 0xffff] = this.serviceKeys.push(key);
    return this.serviceKeys.length - 1;
  }

  /** A new row with the integers at `from`; its counters are 0. */
  private appendRow(slot: number, hash: number, words: Int32Array, from: number): number {
    const entry = this.count++;
    const at = ROW_WORDS * entry;
    if (entry === this.ended.length) this.grow();
    const held = this.words;
    held[at] = words[from]!;
    held[at + 1] = words[from + 1]!;
    held[at + 2] = words[from + 2]!;
    held[at + 3] = words[from + 3]!;
    held[at + R_INPUT] = words[from + R_INPUT]!;
    held[at + R_LINE] = words[from + R_LINE]!;
    this.floats[ROW_FLOATS * entry + F_FIRST] = Number.NaN;
    this.floats[ROW_FLOATS * entry + F_LAST] = Number.NaN;
    this.slots[slot] = (hash & ~SLOT_ROW) | (entry + 1);
    this.reserve(this.count);
    return entry;
  }

  /** Makes room: from some size on for all rows there may be, which cost nothing until used. */
  private grow(): void {
    const most = this.limit + (this.limit >> 1);
    const rows = this.ended.length >= LARGE ? most : Math.min(most, 4 * this.ended.length);
    const buffer = new ArrayBuffer(4 * ROW_WORDS * rows);
    const words = new Int32Array(buffer);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(buffer);
    const ended = new Float64Array(rows);
    ended.set(this.ended);
    this.ended = ended;
    const clients = this.column(rows);
    clients.set(this.clients);
    this.clients = clients;
    const servers = this.column(rows);
    servers.set(this.servers);
    this.servers = servers;
    const services = new Int32Array(rows);
    services.set(this.services);
    this.services = services;
  }

  /** Makes slots for so many rows. */
  private reserve(rows: number): void {
    let length = this.slots.length;
    while (2 * rows > length) length *= 4;
    if (length === this.slots.length) return;
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let row = 0; row < this.count; row++) {
      const hash = this.hashAt(this.words, ROW_WORDS * row);
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = (hash & ~SLOT_ROW) | (row + 1);
    }
    this.slots = slots;
  }

  events(entry: number): number {
    return eventsAt(this.floats, this.ended, entry);
  }

  float(entry: number, which: number): number {
    return this.floats[ROW_FLOATS * entry + which]!;
  }

  word(entry: number, which: number): number {
    return this.words[ROW_WORDS * entry + which]!;
  }

  memory(): ArrayBuffer[] {
    return [this.words.buffer, this.ended.buffer, this.services.buffer, this.slots.buffer];
  }
}
