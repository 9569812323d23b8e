/**
 * The rows of a verdict table, to be looked at: who, to whom, on what port, by which rule and
 * interfaces, with what outcome and how often. The table that they were folded in may have been in
 * another thread: they come from there as they lie in memory.
 */

import { type Context, type Contexts, type ContextsPart, contextAt } from './contexts.ts';
import type { OrdersPart } from './row-order.ts';

/**
 * 32-bit words of a row, which is one line of the processor's cache: four integers, then five floats,
 * then two integers. What most log lines touch comes first.
 */
export const ROW_WORDS = 16;
export const R_CLIENT = 0;
export const R_SERVER = 1;
export const R_KIND = 2;
export const R_CONTEXT = 3;
/** Where the row was first seen: index of the input, and line. */
export const R_INPUT = 14;
export const R_LINE = 15;
/** Floats, counted from the row's first. */
export const ROW_FLOATS = ROW_WORDS / 2;
export const F_PACKETS_LOGGED = 2;
export const F_BYTES = 3;
export const F_FIRST = 4;
export const F_LAST = 5;
export const F_OPENED = 6;

/** Of rows that are kept by zones, and have no hosts. */
export const NO_HOST = -1;
/** Address, port (0) and family of a host. */
const HOST_WORDS = 3;

/** Hosts by their number. */
export interface Hosts {
  readonly count: number;
  /** The family, as `verdict-kind.ts` has it. */
  kind(host: number): number;
  address(host: number): number;
}

/** The rows of a table as they go from one thread to another. */
export interface RowsPart {
  readonly count: number;
  readonly collapsed: number;
  readonly lost: number;
  readonly rows: ArrayBuffer;
  readonly ended: Float64Array<ArrayBuffer>;
  readonly clients: Int32Array;
  readonly servers: Int32Array;
  readonly services: Int32Array<ArrayBuffer>;
  readonly serviceKeys: readonly number[];
  /** Address, port and family of each host. */
  readonly hosts: Int32Array<ArrayBuffer>;
  readonly contexts: ContextsPart;
  readonly orders: OrdersPart | undefined;
}

export interface VerdictRows {
  readonly count: number;
  /** Rows kept by zones instead of addresses, and events that found no room at all. */
  readonly collapsed: number;
  readonly lost: number;
  readonly contexts: Contexts;
  /** Every address met. */
  readonly hosts: Hosts;
  /** By row: numbers of its hosts, or `NO_HOST`. */
  readonly clients: Int32Array;
  readonly servers: Int32Array;
  /** By row the number of its service; by that what `serviceKey` gives. */
  readonly services: Int32Array;
  readonly serviceKeys: readonly number[];
  /** Orders of the rows that another thread finds. */
  readonly orders?: OrdersPart | undefined;
  /** How often: packets logged, or connections that were reported on opening, ending or both. */
  events(entry: number): number;
  float(entry: number, which: number): number;
  word(entry: number, which: number): number;
  /** What takes the most memory, for whoever gives it back: the rows are not asked for any more. */
  memory(): ArrayBuffer[];
}

/** Rows that were folded in another thread. */
export class FoldedRows implements VerdictRows {
  readonly count: number;
  readonly collapsed: number;
  readonly lost: number;
  readonly contexts: Contexts;
  readonly hosts: Hosts;
  readonly clients: Int32Array;
  readonly servers: Int32Array;
  readonly services: Int32Array<ArrayBuffer>;
  readonly serviceKeys: readonly number[];
  readonly orders: OrdersPart | undefined;
  private readonly words: Int32Array<ArrayBuffer>;
  private readonly floats: Float64Array;
  private readonly ended: Float64Array<ArrayBuffer>;

  /** Takes over all that the part holds. */
  constructor(part: RowsPart) {
    this.count = part.count;
    this.collapsed = part.collapsed;
    this.lost = part.lost;
    this.clients = part.clients;
    this.servers = part.servers;
    this.services = part.services;
    this.serviceKeys = part.serviceKeys;
    this.orders = part.orders;
    this.words = new Int32Array(part.rows);
    this.floats = new Float64Array(part.rows);
    this.ended = part.ended;
    const { hosts, contexts } = part;
    this.hosts = {
      count: hosts.length / HOST_WORDS,
      kind: (host) => hosts[HOST_WORDS * host + 2]!,
      address: (host) => hosts[HOST_WORDS * host]!,
    };
    this.contexts = {
      count: contexts.count,
      at: (number): Context => contextAt(contexts.words, number),
    };
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
    return [this.words.buffer, this.ended.buffer, this.services.buffer];
  }
}

/** `VerdictRows.events`, of the columns of a table. What only ever goes on is one connection at least. */
export function eventsAt(floats: Float64Array, ended: Float64Array, entry: number): number {
  const at = ROW_FLOATS * entry;
  return Math.max(floats[at + F_PACKETS_LOGGED]!, floats[at + F_OPENED]!, ended[entry]!, 1);
}
