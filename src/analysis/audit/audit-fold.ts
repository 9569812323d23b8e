/**
 * What an audit gathers line by line: the rows of conversations, and events over time. It may be
 * done in a thread of its own, which then hands over what it has.
 */
import { ACTIONS } from '../../model/verdict.ts';
import type { VerdictColumns } from '../../model/verdict-columns.ts';
import type { ZoneRule } from '../zones.ts';
import { ZoneTable } from '../zones.ts';
import { type SeriesPart, TimeSeries } from './time-series.ts';
import type { RowsPart } from './verdict-rows.ts';
import { VerdictTable } from './verdict-table.ts';

export interface FoldOptions {
  readonly zones?: readonly ZoneRule[];
  readonly seed: number;
  /** What is folded will be handed over to another thread. */
  readonly shared?: boolean;
  /** Rows kept by address; 1,000,000. */
  readonly rowLimit?: number;
}

/** What one thread folded. */
export interface FoldedPart {
  readonly rows: RowsPart;
  readonly series: SeriesPart;
}

export class AuditFold {
  readonly table: VerdictTable;
  readonly series = new TimeSeries(ACTIONS.length);

  constructor({ zones, seed, rowLimit, shared }: FoldOptions) {
    this.table = new VerdictTable(new ZoneTable(zones), seed, rowLimit, shared);
  }

  /** Folds a batch; its rows may be overwritten afterwards. */
  add(batch: VerdictColumns): void {
    this.table.add(batch);
    const { series } = this;
    const { count, action, timeMs, events } = batch;
    for (let row = 0; row < count; row++) series.add(action[row]!, timeMs[row]!, events[row]!);
  }

  /** What was folded, for another thread; nothing may be added any more. */
  part(): FoldedPart {
    return { rows: this.table.part(), series: this.series.part() };
  }
}
