/**
 * Turns verdicts into an answer: which traffic passed and which was refused, in which direction,
 * by service, host, rule and interface, with background noise set apart.
 */
import type { NameTable } from '../../model/name-table.ts';
import { ACTIONS } from '../../model/verdict.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import type { ZoneRule } from '../zones.ts';
import { ZoneTable } from '../zones.ts';
import type { AuditAnswer } from './answer.ts';
import type { AuditFilter } from './filter.ts';
import { Finish, type RowVisit } from './finish.ts';
import type { Past } from './past.ts';
import type { InterfaceRule } from './places.ts';
import { type SeriesPart, TimeSeries } from './time-series.ts';
import { type PartMaps, type TablePart, VerdictTable } from './verdict-table.ts';

export interface AuditOptions {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  /** Rows of hosts, refused and other conversations wanted at most. */
  readonly top: number;
  /** Which conversations count; all by default. */
  readonly where?: AuditFilter;
  /** Only conversations first seen then or later count; ms since 1970. */
  readonly sinceMs?: number;
  readonly seed: number;
  /** Rows kept by address; 1,000,000. */
  readonly rowLimit?: number;
}

/** An earlier log to compare with. */
export interface Earlier {
  readonly table: VerdictTable;
  /** The names that its locators begin with. */
  readonly inputs: readonly string[];
}

/** What one thread folded. */
export interface AuditPart {
  readonly table: TablePart;
  readonly series: SeriesPart;
}

export class Audit {
  readonly table: VerdictTable;
  private readonly series = new TimeSeries(ACTIONS.length);
  private readonly zones: ZoneTable;
  private readonly options: AuditOptions;
  private before: Earlier | undefined;
  private past: Past | undefined;

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

  /** What was folded, for another thread; nothing may be added any more. */
  part(): AuditPart {
    return { table: this.table.part(), series: this.series.part() };
  }

  /**
   * Takes over what another audit with the same options folded of later lines, as if they had been
   * folded here. False, with nothing changed that shows, when there is no room for it.
   */
  absorb(part: AuditPart, maps: PartMaps): boolean {
    if (!this.table.absorb(part.table, maps)) return false;
    this.series.absorb(part.series);
    return true;
  }

  /**
   * Only what an earlier log does not have is to count. Its lines were read with the same addresses
   * and names, and are complete.
   */
  compareWith(before: Earlier): void {
    this.before = before;
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
      ...{ before: this.before, past: this.past, sinceMs, visit },
    });
    const answer = finish.answer();
    if (this.before !== undefined) this.past = finish.past;
    return answer;
  }
}
