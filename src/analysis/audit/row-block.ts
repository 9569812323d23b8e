/**
 * Rows of the verdict table, a block at a time, with what the tables of an audit ask of each:
 * hosts, zones, direction, events. As columns, so that every table walks the block by itself.
 */
import { GROUP, OUTSIDE } from '../zones.ts';
import type { ContextPlaces } from './context-places.ts';
import type { Context } from './contexts.ts';
import { INTERNAL, INWARD, OUTWARD, type Places, zoneOf } from './places.ts';
import type { RowIndex } from './row-index.ts';
import {
  FAMILY_ZONE,
  K_ACTION,
  K_FAMILY,
  K_GROUP,
  K_SHAPE,
  SHAPE_ANSWER,
  SHAPE_WITHIN,
} from './verdict-kind.ts';
import {
  NO_HOST,
  R_CLIENT,
  R_CONTEXT,
  R_KIND,
  R_SERVER,
  type VerdictRows,
} from './verdict-rows.ts';

/** Rows of a block. */
export const BLOCK = 512;

/** One block at a time: loading the next overwrites it. */
export class RowBlock {
  /** Rows at hand. */
  count = 0;
  /** Of each row its number in the table, and the words that stand there. */
  readonly entry = new Int32Array(BLOCK);
  readonly clientWord = new Int32Array(BLOCK);
  readonly serverWord = new Int32Array(BLOCK);
  readonly kind = new Int32Array(BLOCK);
  readonly context = new Int32Array(BLOCK);
  /** Numbers of its hosts, or `NO_HOST`, and of its service. */
  readonly client = new Int32Array(BLOCK);
  readonly server = new Int32Array(BLOCK);
  readonly service = new Int32Array(BLOCK);
  readonly family = new Uint8Array(BLOCK);
  readonly action = new Uint8Array(BLOCK);
  readonly shape = new Uint8Array(BLOCK);
  readonly protocol = new Uint8Array(BLOCK);
  /** -1 where the line states none that belongs there. */
  readonly port = new Int32Array(BLOCK);
  readonly clientZone = new Uint8Array(BLOCK);
  readonly serverZone = new Uint8Array(BLOCK);
  /** Index into `WAYS`. */
  readonly way = new Uint8Array(BLOCK);
  readonly events = new Float64Array(BLOCK);
  /** Index into `NOISE_CLASSES`, or `MEANS`: set by who judges. */
  readonly noise = new Int8Array(BLOCK);
  private readonly table: VerdictRows;
  private readonly places: Places;
  private readonly contexts: ContextPlaces;
  private readonly index: RowIndex;

  constructor(table: VerdictRows, places: Places, contexts: ContextPlaces, index: RowIndex) {
    this.table = table;
    this.places = places;
    this.contexts = contexts;
    this.index = index;
  }

  /** Takes the rows from `first` on; false when there are none. */
  load(first: number): boolean {
    const count = this.loadClients(first) ? this.count : 0;
    for (let at = 0; at < count; at++) this.lookAtServer(at);
    return count > 0;
  }

  /** The same of columns that tell of clients alone: not of ways, servers, ports and events. */
  loadClients(first: number): boolean {
    const count = Math.min(BLOCK, this.table.count - first);
    this.count = Math.max(0, count);
    for (let at = 0; at < count; at++) this.lookAtClient(at, first + at);
    return count > 0;
  }

  /** Takes one row by its number in the table. */
  loadOne(entry: number): void {
    this.count = 1;
    this.lookAtClient(0, entry);
    this.lookAtServer(0);
  }

  contextAt(number: number): Context {
    return this.contexts.contexts[number]!;
  }

  private lookAtClient(at: number, entry: number): void {
    const { table, places, contexts, index } = this;
    const kind = table.word(entry, R_KIND);
    const context = table.word(entry, R_CONTEXT);
    const word = table.word(entry, R_CLIENT);
    const client = index.clients[entry]!;
    this.entry[at] = entry;
    this.kind[at] = kind;
    this.context[at] = context;
    this.clientWord[at] = word;
    this.client[at] = client;
    this.service[at] = index.services[entry]!;
    this.family[at] = (kind >>> K_FAMILY) & 3;
    this.action[at] = (kind >>> K_ACTION) & 3;
    const shape = (kind >>> K_SHAPE) & 3;
    const answers = shape === SHAPE_WITHIN && index.openings.isAnswer(entry);
    this.shape[at] = answers ? SHAPE_ANSWER : shape;
    this.clientZone[at] = zoneOf(
      client === NO_HOST ? places.byAddress(FAMILY_ZONE, word) : index.zones[client]!,
      contexts.fromZone[context]!,
    );
  }

  /** The rest of a row whose client was looked at. */
  private lookAtServer(at: number): void {
    const { table, places, contexts, index } = this;
    const entry = this.entry[at]!;
    const kind = this.kind[at]!;
    const context = this.context[at]!;
    const word = table.word(entry, R_SERVER);
    const server = index.servers[entry]!;
    const zone =
      (kind >>> K_GROUP) & 1
        ? GROUP
        : zoneOf(
            server === NO_HOST ? places.byAddress(FAMILY_ZONE, word) : index.zones[server]!,
            contexts.toZone[context]!,
          );
    this.serverWord[at] = word;
    this.server[at] = server;
    this.serverZone[at] = zone;
    this.protocol[at] = (kind >>> 16) & 255;
    this.port[at] = kind < 0 ? -1 : kind & 0xffff;
    this.events[at] = table.events(entry);
    const inside = this.clientZone[at] !== OUTSIDE;
    if (zone !== OUTSIDE) this.way[at] = inside ? INTERNAL : INWARD;
    else this.way[at] = inside ? OUTWARD : contexts.throughWay[context]!;
  }
}
