/** Makers of columns that many tables have: counts, octets, and what only machines are given. */
import { bytes, count } from './numbers.ts';
import type { Column } from './table.ts';

/** Spread into a column that people are not shown. */
export const MACHINE = { title: '', machineOnly: true } as const;

/** A column of whole numbers. */
export function figure<Row>(
  key: string,
  title: string,
  value: (row: Row) => number,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return { key, title, value, text: (row) => count(value(row)), align: 'right', ...more };
}

/** A column of octets. */
export function octets<Row>(
  key: string,
  title: string,
  value: (row: Row) => number,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return figure(key, title, value, { text: (row) => bytes(value(row)), ...more });
}
