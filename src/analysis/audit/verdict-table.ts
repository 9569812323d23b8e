/**
 * Verdicts folded by who, to whom, on what port, by which rule and interfaces, with what outcome.
 * One hash look-up per log line; all tables of an audit are made from these rows at the end.
 *
 * Memory is bounded: when there are more rows than the limit, what is new is kept by zones instead
 * of addresses, so that sums by service, rule and interface stay exact while hosts are missing.
 */

import { EndpointTable } from '../../flow/endpoint-table.ts';
import { END, OPEN } from '../../model/verdict.ts';
import { VERDICT_BATCH_CAPACITY, type VerdictBatch } from '../../model/verdict-batch.ts';
import { ContextTable } from './contexts.ts';
import {
  FAMILY_4,
  FAMILY_6,
  FAMILY_NAME,
  FAMILY_ZONE,
  isReversed,
  K_FAMILY,
  kindOf,
  shapeOf,
} from './verdict-kind.ts';

/**
 * 32-bit words of a row, which is one line of the processor's cache: four integers, then five floats,
 * then two integers. What most log lines touch comes first.
 */
const ROW_WORDS = 16;
export const R_CLIENT = 0;
export const R_SERVER = 1;
export const R_KIND = 2;
export const R_CONTEXT = 3;
/** Where the row was first seen: index of the input, and line. */
export const R_INPUT = 14;
export const R_LINE = 15;
/** Floats, counted from the row's first. */
const ROW_FLOATS = ROW_WORDS / 2;
const F_PACKETS_LOGGED = 2;
export const F_BYTES = 3;
export const F_FIRST = 4;
export const F_LAST = 5;
const F_OPENED = 6;

/** Of rows that are kept by zones, and have no hosts. */
export const NO_HOST = -1;
const INITIAL = 1 << 12;
/** In a slot: number of the row + 1, and above it the highest bits of its key's hash. */
const SLOT_ROW = (1 << 21) - 1;
/** Rows from which on the room for all of them is asked for at once: copies would take more. */
const LARGE = 1 << 16;
const ROW_LIMIT = 1_000_000;

/** Zone of an address: what a row keeps of it when there is no room for more. */
export interface ZoneFinder {
  of4(address: number): number;
  of6(words: ArrayLike<number>, at: number): number;
}

/** The rows of a table as they go from one thread to another. */
export interface TablePart {
  readonly count: number;
  readonly collapsed: number;
  readonly lost: number;
  readonly rows: ArrayBuffer;
  readonly ended: Float64Array<ArrayBuffer>;
  readonly clients: Int32Array<ArrayBuffer>;
  readonly servers: Int32Array<ArrayBuffer>;
  readonly hosts: Int32Array;
  readonly contexts: ReturnType<ContextTable['part']>;
}

/** What another reader's numbers are called here, and how many lines stand before its first. */
export interface PartMaps {
  readonly names: Int32Array;
  readonly addresses: Int32Array;
  readonly linesBefore: number;
}

export class VerdictTable {
  count = 0;
  /** Rows kept by zones instead of addresses, and events that found no room at all. */
  collapsed = 0;
  lost = 0;
  readonly contexts = new ContextTable();
  /** Every address met: word and family (as endpoints whose port is 0). */
  readonly hosts: EndpointTable;
  /** By row: numbers of its hosts, or `NO_HOST`. */
  clients = new Int32Array(INITIAL);
  servers = new Int32Array(INITIAL);
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

  /** @param limit rows by address, 80 octets each, at most 1,398,100; half as many more by zones */
  constructor(zones: ZoneFinder, seed: number, limit = ROW_LIMIT) {
    this.zones = zones;
    this.seed = seed | 0;
    this.hosts = new EndpointTable(seed);
    this.limit = Math.min(Math.max(16, limit), Math.floor((2 * SLOT_ROW) / 3));
    const buffer = new ArrayBuffer(4 * ROW_WORDS * INITIAL);
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
  }

  /** Hands over its rows: they must not be used here any more. */
  part(): TablePart {
    const { count, collapsed, lost, contexts, words, ended, clients, servers, hosts } = this;
    const rows = words.buffer;
    const shared = { contexts: contexts.part(), hosts: hosts.words };
    return { count, collapsed, lost, rows, ended, clients, servers, ...shared };
  }

  /**
   * Takes over the rows of a table that was filled with what comes later, as if all had been folded
   * here. False, with all rows as they were, when there is no room. The part's rows are rewritten.
   */
  absorb(part: TablePart, maps: PartMaps): boolean {
    if (part.collapsed + part.lost > 0) return false;
    const contexts = this.contexts.absorb(part.contexts, maps.names);
    if (contexts === undefined) return false;
    const words = new Int32Array(part.rows);
    const hashes = new Int32Array(part.count);
    for (let entry = 0; entry < part.count; entry++) {
      const at = ROW_WORDS * entry;
      const family = (words[at + R_KIND]! >>> K_FAMILY) & 3;
      words[at + R_CLIENT] = wordHere(maps, family, words[at + R_CLIENT]!);
      words[at + R_SERVER] = wordHere(maps, family, words[at + R_SERVER]!);
      words[at + R_CONTEXT] = contexts[words[at + R_CONTEXT]!]!;
      words[at + R_LINE]! += maps.linesBefore;
      hashes[entry] = this.hashAt(words, at);
    }
    if (this.count + part.count > this.limit && !this.hasRoomFor(words, hashes)) return false;
    const floats = new Float64Array(part.rows);
    this.reserve(this.count + part.count);
    const hosts = this.hostsHere(part, maps);
    for (let from = 0; from < part.count; from += VERDICT_BATCH_CAPACITY) {
      const to = Math.min(from + VERDICT_BATCH_CAPACITY, part.count);
      this.hashes.set(hashes.subarray(from, to));
      this.touched += this.touch(to - from);
      for (let entry = from; entry < to; entry++) {
        const count = this.count;
        const row = this.merge(words, floats, part.ended, entry, hashes[entry]!);
        if (row < count) continue;
        this.clients[row] = hosts[part.clients[entry]!] ?? NO_HOST;
        this.servers[row] = hosts[part.servers[entry]!] ?? NO_HOST;
      }
    }
    return true;
  }

  /** Numbers here of another table's hosts. */
  private hostsHere({ hosts }: TablePart, maps: PartMaps): Int32Array {
    const numbers = new Int32Array(hosts.length / 3);
    for (let host = 0; host < numbers.length; host++) {
      const family = hosts[3 * host + 2]!;
      numbers[host] = this.hosts.intern(wordHere(maps, family, hosts[3 * host]!), 0, family);
    }
    return numbers;
  }

  /** Whether the limit allows for all rows whose keys are not here yet. */
  private hasRoomFor(words: Int32Array, hashes: Int32Array): boolean {
    let room = this.limit - this.count;
    for (let entry = 0; entry < hashes.length && room >= 0; entry++) {
      if (this.rowAt(this.probeAt(hashes[entry]!, words, ROW_WORDS * entry)) < 0) room--;
    }
    return room >= 0;
  }

  private hashAt(words: Int32Array, at: number): number {
    return this.hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  private probeAt(hash: number, words: Int32Array, at: number): number {
    return this.probe(hash, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** Adds another table's row to the row of the same key, a new one if there is none; its number. */
  private merge(
    words: Int32Array,
    floats: Float64Array,
    ended: Float64Array,
    entry: number,
    hash: number,
  ): number {
    const from = ROW_WORDS * entry;
    const slot = this.probeAt(hash, words, from);
    const held = this.rowAt(slot);
    const row = held < 0 ? this.appendRow(slot, hash, words, from) : held;
    const ours = ROW_FLOATS * row;
    const theirs = ROW_FLOATS * entry;
    this.floats[ours + F_PACKETS_LOGGED]! += floats[theirs + F_PACKETS_LOGGED]!;
    this.floats[ours + F_OPENED]! += floats[theirs + F_OPENED]!;
    this.floats[ours + F_BYTES]! += floats[theirs + F_BYTES]!;
    this.ended[row]! += ended[entry]!;
    this.widen(ours, floats[theirs + F_FIRST]!);
    this.widen(ours, floats[theirs + F_LAST]!);
    return row;
  }

  private widen(at: number, time: number): void {
    if (Number.isNaN(time)) return;
    const { floats } = this;
    // The first time of a row is compared with NaN, which is always false.
    if (!(time >= floats[at + F_FIRST]!)) floats[at + F_FIRST] = time;
    if (!(time <= floats[at + F_LAST]!)) floats[at + F_LAST] = time;
  }

  /** Folds all rows of a batch; connections may be turned round in it. */
  add(batch: VerdictBatch): void {
    const { count } = batch;
    this.prepare(batch, count);
    this.touched += this.touch(count);
    const first = this.count;
    for (let row = 0; row < count; row++) this.addRow(batch, row);
    this.numberHosts(first);
  }

  /** Works out the keys of all rows. */
  private prepare(batch: VerdictBatch, count: number): void {
    const { kinds, places, hashes, contexts } = this;
    for (let row = 0; row < count; row++) {
      const protocol = batch.protocol[row]!;
      if (isReversed(batch, row)) batch.turn(row);
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
  private touch(count: number): number {
    const { slots, words, hashes } = this;
    const mask = slots.length - 1;
    let sum = 0;
    for (let row = 0; row < count; row++) sum ^= slots[hashes[row]! & mask]!;
    for (let row = 0; row < count; row++) {
      const held = slots[hashes[row]! & mask]! & SLOT_ROW;
      sum ^= words[ROW_WORDS * (held - (held === 0 ? 0 : 1))]!;
    }
    return sum & 1;
  }

  private addRow(batch: VerdictBatch, row: number): void {
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

  private intern(batch: VerdictBatch, row: number): number {
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
  private collapse(batch: VerdictBatch, row: number, kind: number, context: number): number {
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

  private zoneOf(batch: VerdictBatch, family: number, word: number): number {
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
    batch: VerdictBatch,
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

  /** Gives the hosts of new rows their numbers. */
  private numberHosts(first: number): void {
    const { hosts, words, clients, servers, count } = this;
    for (let entry = first; entry < count; entry++) {
      const at = ROW_WORDS * entry;
      const family = (words[at + R_KIND]! >>> K_FAMILY) & 3;
      this.touched ^= hosts.touch(words[at + R_CLIENT]!, 0, family);
      this.touched ^= hosts.touch(words[at + R_SERVER]!, 0, family);
    }
    for (let entry = first; entry < count; entry++) {
      const at = ROW_WORDS * entry;
      const family = (words[at + R_KIND]! >>> K_FAMILY) & 3;
      const zoned = family === FAMILY_ZONE;
      clients[entry] = zoned ? NO_HOST : hosts.intern(words[at + R_CLIENT]!, 0, family);
      servers[entry] = zoned ? NO_HOST : hosts.intern(words[at + R_SERVER]!, 0, family);
    }
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
    const clients = new Int32Array(rows);
    clients.set(this.clients);
    this.clients = clients;
    const servers = new Int32Array(rows);
    servers.set(this.servers);
    this.servers = servers;
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

  /** How often: packets logged, or connections that were reported on opening, ending or both. */
  events(entry: number): number {
    const at = ROW_FLOATS * entry;
    const { floats } = this;
    return Math.max(floats[at + F_PACKETS_LOGGED]!, floats[at + F_OPENED]!, this.ended[entry]!);
  }

  float(entry: number, which: number): number {
    return this.floats[ROW_FLOATS * entry + which]!;
  }

  word(entry: number, which: number): number {
    return this.words[ROW_WORDS * entry + which]!;
  }
}

/** The word of an address of another reader's. */
function wordHere(maps: PartMaps, family: number, word: number): number {
  if (family === FAMILY_6) return maps.addresses[word]!;
  return family === FAMILY_NAME ? maps.names[word]! : word;
}
