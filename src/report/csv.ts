/**
 * Tables as CSV (RFC 4180: CRLF, quotes doubled, a header line of machine names). One file holds
 * one table; verdict, facts and notes are left to the other formats.
 *
 * Spreadsheets run text that begins with `= + - @`, tab or carriage return as a formula, so a text
 * cell that does gets an apostrophe in front. Numbers are never touched.
 */
import { printable } from './escape.ts';
import type { Report } from './report.ts';
import { type Column, flat, type Plain } from './table.ts';

/** The full-width forms count too: some spreadsheets convert them while reading. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/**
 * Lines of one table, each with its line end: the one with the given key, or the report's sheet or
 * main one.
 * Throws `RangeError` naming the keys there are.
 */
export function* renderCsv(report: Report, tableKey?: string): Generator<string, void, undefined> {
  const wanted = tableKey ?? report.mainTable ?? report.tables[0]?.key;
  const named = report.tables.find(({ key }) => key === wanted);
  const table = tableKey === undefined ? (report.sheet ?? named) : named;
  if (table === undefined) {
    const keys = report.tables.map(({ key }) => key).join(', ') || 'none';
    throw new RangeError(`there is no table "${wanted ?? ''}" in this report; there is: ${keys}`);
  }
  yield csvHeader(table.columns);
  for (const row of table.rows) yield csvRow(table.columns, row);
}

/** Machine names, with the line end. */
export function csvHeader<Row>(columns: readonly Column<Row>[]): string {
  return `${columns.map(({ key }) => quote(key)).join(',')}\r\n`;
}

/** Exact values with the line end; empty for null, JSON text for lists and objects. */
export function csvRow<Row>(columns: readonly Column<Row>[], row: Row): string {
  return `${columns.map((column) => cell(column.value(row))).join(',')}\r\n`;
}

function cell(value: Plain): string {
  const text = flat(value);
  if (typeof value === 'number') return text;
  return quote(printable(FORMULA.test(text) ? `'${text}` : text));
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
