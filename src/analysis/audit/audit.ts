/**
 * Turns verdicts into an answer: which traffic passed and which was refused, in which direction,
 * by service, host, rule and interface, with background noise set apart.
 */
import type { NameTable } from '../../model/name-table.ts';
import type { VerdictColumns } from '../../model/verdict-columns.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import type { ZoneRule } from '../zones.ts';
import { ZoneTable } from '../zones.ts';
import type { AuditAnswer } from './answer.ts';
import { AuditFold, type FoldedPart, type FoldOptions } from './audit-fold.ts';
import { type AuditFilter, RowFilter } from './filter.ts';
import { Finish, type RowVisit } from './finish.ts';
import { type Past, pastOf } from './past.ts';
import { type InterfaceRule, Places } from './places.ts';
import type { RowBlock } from './row-block.ts';
import { TimeSeries } from './time-series.ts';
import { FoldedRows, type VerdictRows } from './verdict-rows.ts';

export interface AuditOptions extends FoldOptions {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  /** Rows of hosts, refused and other conversations wanted at most. */
  readonly top: number;
  /** Which conversations count; all by default. */
  readonly where?: AuditFilter;
  /** Only conversations first seen then or later count; ms since 1970. */
  readonly sinceMs?: number;
}

/** An earlier log to compare with. */
export interface Earlier {
  readonly past: Past;
  /** The names that its locators begin with. */
  readonly inputs: readonly string[];
}

/** `add` until all is read, then `finish`, which may be asked again when more was added. */
export class Audit {
  private rows: VerdictRows;
  private series: TimeSeries;
  private readonly fold: AuditFold;
  private readonly zones: ZoneTable;
  private readonly options: AuditOptions;
  private before: Earlier | undefined;

  constructor(options: AuditOptions) {
    this.options = options;
    this.zones = new ZoneTable(options.zones);
    this.fold = new AuditFold(options);
    this.rows = this.fold.table;
    this.series = this.fold.series;
  }

  /** What was folded so far, to be looked at until more is added. */
  get table(): VerdictRows {
    this.fold.table.settle();
    return this.rows;
  }

  /** Folds a batch; its rows may be overwritten afterwards. */
  add(batch: VerdictColumns): void {
    this.fold.add(batch);
  }

  /** Takes what another thread folded in place of what was folded here; nothing may follow it. */
  adopt(part: FoldedPart): void {
    this.rows = new FoldedRows(part.rows);
    this.series = TimeSeries.of(part.series);
  }

  /**
   * Only what an earlier log does not have is to count. Its lines were read with the same addresses
   * and names, and are complete.
   */
  compareWith(before: Earlier): void {
    this.before = before;
  }

  /** What was folded, as what a later log can be compared with; it holds none of the rows. */
  toPast(addresses: AddressPool, { names }: NameTable): Past {
    const { table, zones } = this;
    const { interfaces = [], where, seed } = this.options;
    const places = new Places(zones, interfaces, names, () => addresses.words);
    const filter = where === undefined ? undefined : new RowFilter(where, addresses, names);
    const wanted = (block: RowBlock, index: number): boolean =>
      filter === undefined || filter.passes(block, index);
    return pastOf(table, places, { wanted, untilMs: undefined, names, seed });
  }

  /** The answer so far. `inputs` are the names that locators begin with. */
  finish(
    addresses: AddressPool,
    names: NameTable,
    inputs: readonly string[],
    visit?: RowVisit,
  ): AuditAnswer {
    const { table, series, zones } = this;
    const { interfaces = [], where, sinceMs, top, seed } = this.options;
    const finish = new Finish({
      ...{ table, series, zones, interfaces, addresses, names, inputs, top, where, seed },
      ...{ before: this.before, sinceMs, visit },
    });
    return finish.answer();
  }
}
