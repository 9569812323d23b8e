/**
 * Rows of the verdict table, a block at a time, with what the tables of an audit ask of each: zones,
 * direction, events. As columns, so that every table walks the block by itself and first touches
 * the memory it will need (see `TallyTable.touch`).
 */
import { DIRECTIONS } from '../../model/verdict.ts';
import { OUTSIDE } from '../zones.ts';
import type { Context } from './contexts.ts';
import { INTERNAL, INWARD, OUTWARD, type Places, THROUGH } from './places.ts';
import {
  K_ACTION,
  K_FAMILY,
  K_SHAPE,
  R_CLIENT,
  R_CONTEXT,
  R_KIND,
  R_SERVER,
  type VerdictTable,
} from './verdict-table.ts';

/** Rows of a block. */
export const BLOCK = 512;

export class RowBlock {
  /** Rows at hand, and the number of the first of them in the table. */
  count = 0;
  first = 0;
  readonly client = new Int32Array(BLOCK);
  readonly server = new Int32Array(BLOCK);
  readonly kind = new Int32Array(BLOCK);
  readonly context = new Int32Array(BLOCK);
  readonly family = new Uint8Array(BLOCK);
  readonly action = new Uint8Array(BLOCK);
  readonly shape = new Uint8Array(BLOCK);
  readonly protocol = new Uint8Array(BLOCK);
  readonly port = new Int32Array(BLOCK);
  readonly clientZone = new Uint8Array(BLOCK);
  readonly serverZone = new Uint8Array(BLOCK);
  /** Index into `WAYS`. */
  readonly way = new Uint8Array(BLOCK);
  readonly events = new Float64Array(BLOCK);
  /** Index into `NOISE_CLASSES`, or `MEANS`: set by who judges. */
  readonly noise = new Int8Array(BLOCK);
  private readonly table: VerdictTable;
  private readonly places: Places;
  private readonly contexts: Context[] = [];
  /** By number of the context: the zones that its interfaces tell, -1 for none; declared way. */
  private readonly fromZone: number[] = [];
  private readonly toZone: number[] = [];
  private readonly throughWay: number[] = [];

  constructor(table: VerdictTable, places: Places) {
    this.table = table;
    this.places = places;
  }

  /** Takes the rows from `first` on, `most` of them; false when there are none. */
  load(first: number, most = BLOCK): boolean {
    const { table } = this;
    const count = Math.min(most, table.count - first);
    this.first = first;
    this.count = Math.max(0, count);
    for (let index = 0; index < count; index++) this.look(index, first + index);
    return count > 0;
  }

  contextAt(number: number): Context {
    this.contexts[number] ??= this.learn(number);
    return this.contexts[number];
  }

  private look(index: number, entry: number): void {
    const { table, places } = this;
    const kind = table.word(entry, R_KIND);
    const client = table.word(entry, R_CLIENT);
    const server = table.word(entry, R_SERVER);
    const context = table.word(entry, R_CONTEXT);
    if (this.contexts[context] === undefined) this.contextAt(context);
    const clientZone = places.client(client, kind, this.fromZone[context]!);
    const serverZone = places.server(server, kind, this.toZone[context]!);
    this.client[index] = client;
    this.server[index] = server;
    this.kind[index] = kind;
    this.context[index] = context;
    this.family[index] = (kind >>> K_FAMILY) & 3;
    this.action[index] = (kind >>> K_ACTION) & 3;
    this.shape[index] = (kind >>> K_SHAPE) & 3;
    this.protocol[index] = (kind >>> 16) & 255;
    this.port[index] = kind & 0xffff;
    this.clientZone[index] = clientZone;
    this.serverZone[index] = serverZone;
    this.events[index] = table.events(entry);
    const inside = clientZone !== OUTSIDE;
    if (serverZone !== OUTSIDE) this.way[index] = inside ? INTERNAL : INWARD;
    else this.way[index] = inside ? OUTWARD : this.throughWay[context]!;
  }

  private learn(number: number): Context {
    const { places } = this;
    const context = this.table.contexts.at(number);
    this.fromZone[number] = places.told(context.inInterface, context.inZone);
    this.toZone[number] = places.told(context.outInterface, context.outZone);
    const declared = DIRECTIONS[context.direction];
    this.throughWay[number] =
      declared === 'inbound' ? INWARD : declared === 'outbound' ? OUTWARD : THROUGH;
    return context;
  }
}
