/** Tables of an audit: a shape, and as many of its rows as are wanted. */
import { count } from '../report/numbers.ts';
import type { Column, Table } from '../report/table.ts';

type Frame<Row> = Omit<Table<Row>, 'rows' | 'footnote'>;

/** A table without its rows. */
export function frame<Row>(
  key: string,
  kind: string,
  heading: string,
  columns: readonly Column<Row>[],
): Frame<Row> {
  return { key, kind, heading, columns };
}

/** The first rows of a table of `whole` rows, and how many more there are. */
export function cut<Row>(
  shape: Frame<Row>,
  rows: readonly Row[],
  limit: number,
  whole = rows.length,
): Table {
  const shown = rows.slice(0, limit);
  const more = whole - shown.length;
  return {
    ...shape,
    rows: shown,
    ...(more > 0 ? { footnote: `… and ${count(more)} more (--all shows all)` } : {}),
  };
}
