/**
 * Gives every flow to the tables that want it: traffic with its clues, the flows a filter means,
 * the chart over time. Made before addresses are known; fed by `visitor` and `rows`.
 */

import { R_FIRST_NANOSECONDS, R_FIRST_SECONDS, R_FRAME, R_INTERFACE } from '../flow/flow-row.ts';
import type { FlowVisitor } from '../flow/flow-set.ts';
import type { Names } from '../flow/flow-view.ts';
import { milliseconds } from '../flow/flow-view.ts';
import type { Heard } from '../flow/heard.ts';
import type { AddressPool } from '../net/address-pool.ts';
import type { Prefix } from '../net/prefix.ts';
import { AskedFrames } from './asked-frames.ts';
import type { FlowFilter } from './filter/compile.ts';
import type { FilterWorld } from './filter/row-tests.ts';
import { Clues } from './findings/clues.ts';
import type { Thresholds } from './findings/thresholds.ts';
import { OverTime } from './over-time.ts';
import { Rehearsal } from './rehearsal.ts';
import { SpokenView } from './spoken.ts';
import { type SeenBy, Traffic } from './traffic.ts';
import type { ZoneTable } from './zones.ts';

export interface FolderChoices {
  readonly zones: ZoneTable;
  readonly thresholds: Thresholds;
  readonly seed: number;
  readonly dark: readonly Prefix[];
  /** With a chart over time. */
  readonly overTime: boolean;
  /** Counts for each table what each kind of source saw. */
  readonly seenBy?: () => SeenBy;
  /** Makes the filter; it may throw. */
  readonly filterFor?: (world: Omit<FilterWorld, 'zones'>) => FlowFilter;
}

/** See `RowVisitor` of sources/flows/observe.ts. */
type RowVisitor = (rows: Int32Array, count: number, ahead: boolean) => void;

interface Tables {
  readonly traffic: Traffic;
  readonly clues: Clues;
  readonly filter: FlowFilter | undefined;
  readonly view: Traffic;
  /** First frames of the flows that the filter means; undefined without one. */
  readonly asked: AskedFrames | undefined;
  readonly overTime: OverTime | undefined;
}

/**
 * For one input. Its tables are made when addresses are known, so that both ask for the same ones.
 */
export class FlowFolder {
  private readonly choices: FolderChoices;
  private tables: Tables | undefined;
  /** What payloads said so far; known from the first flow on. */
  private spoken: SpokenView | undefined;

  constructor(choices: FolderChoices) {
    this.choices = choices;
  }

  /** Receives flows. */
  readonly visitor = (names: Names, heard: Heard | null): FlowVisitor => {
    this.spoken = new SpokenView(heard, names);
    const { traffic, view, filter, asked, overTime } = this.tablesFor(names.addresses);
    if (filter === undefined && overTime === undefined) return traffic.add.bind(traffic);
    return (chunk, base, decision, extensions) => {
      traffic.add(chunk, base, decision, extensions);
      const { words } = chunk;
      if (filter !== undefined) {
        if (!filter.accepts(chunk, base, decision, extensions)) return;
        view.add(chunk, base, decision, extensions);
        asked?.add(words[base + R_INTERFACE]! & 0xffff, words[base + R_FRAME]! >>> 0);
      }
      overTime?.takeFlow(
        milliseconds(words[base + R_FIRST_SECONDS]!, words[base + R_FIRST_NANOSECONDS]!),
      );
    };
  };

  /** Receives packet rows while they are read. */
  readonly rows = ({ addresses }: Names): RowVisitor => {
    const { overTime, filter } = this.tablesFor(addresses);
    const { zones, thresholds, seed } = this.choices;
    const rehearsal = new Rehearsal(addresses, zones, thresholds, seed);
    if (overTime === undefined || filter?.knowsPackets === false) {
      return rehearsal.take.bind(rehearsal);
    }
    return (rows, count, ahead) => {
      rehearsal.take(rows, count, ahead);
      overTime.takeRows(rows, count);
    };
  };

  /** The tables that count ports, for flows that were seen once more; none before the first flow. */
  get traffics(): readonly Traffic[] {
    if (this.tables === undefined) return [];
    const { traffic, view } = this.tables;
    return view === traffic ? [traffic] : [traffic, view];
  }

  /** The tables, complete. */
  finish(): Omit<Tables, 'filter'> & { readonly packetsOverTime: boolean } {
    const { filter, ...tables } = this.tables!;
    tables.traffic.finish();
    if (tables.view !== tables.traffic) tables.view.finish();
    return { ...tables, packetsOverTime: filter?.knowsPackets !== false };
  }

  private tablesFor(addresses: AddressPool): Tables {
    this.tables ??= this.make(addresses);
    return this.tables;
  }

  private make(addresses: AddressPool): Tables {
    const { zones, thresholds, seed, dark, filterFor, seenBy } = this.choices;
    const protocolAt: FilterWorld['protocolAt'] = (...at) => this.spoken?.protocolAt(...at);
    const filter = filterFor?.({ addresses, protocolAt });
    const clues = new Clues(addresses, thresholds, dark, seed);
    const traffic = new Traffic(addresses, zones, {}, seed, clues);
    const view = filter === undefined ? traffic : new Traffic(addresses, zones, {}, seed);
    if (seenBy !== undefined) traffic.seenBy = seenBy();
    if (seenBy !== undefined && view !== traffic) view.seenBy = seenBy();
    const accepts =
      filter === undefined
        ? undefined
        : (words: Int32Array, at: number) => filter.acceptsPacket(words, at);
    const overTime = this.choices.overTime ? new OverTime(accepts) : undefined;
    const asked = filter === undefined ? undefined : new AskedFrames();
    return { traffic, clues, filter, view, asked, overTime };
  }
}
