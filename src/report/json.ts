/**
 * Reports as JSON and NDJSON. Both are exact; characters that could drive a terminal are `\u`
 * escapes. Rows take one line each, so that large answers can be streamed, searched and compared.
 */
import { escapeJson, safeJson } from './escape.ts';
import { factValues, type Report, schemaName } from './report.ts';
import { type Column, RowTexts, type Table } from './table.ts';

const OWN_KEYS = ['schema', 'verdict', 'facts', 'notes', 'next'];

/** One JSON document in pieces. Throws `TypeError` when two parts would have the same name. */
export function* renderJson(report: Report): Generator<string, void, undefined> {
  const keys = [...OWN_KEYS, ...report.tables.map(({ key }) => key)];
  if (new Set(keys).size < keys.length) {
    throw new TypeError(`two parts of a report have one name among ${keys.join(', ')}`);
  }
  yield `{\n  "schema": ${safeJson(schemaName(report))},\n`;
  yield `  "verdict": ${safeJson(report.verdict)},\n`;
  yield `  "facts": ${safeJson(factValues(report))},\n`;
  for (const table of report.tables) {
    yield* list(table.key, records(table));
    yield ',\n';
  }
  yield* list('notes', report.notes.map(safeJson));
  yield ',\n';
  yield* list('next', report.next.map(safeJson));
  yield '\n}\n';
}

function* records(table: Table): Generator<string> {
  const texts = memberTexts(table.columns);
  for (const row of table.rows) yield escapeJson(`{${texts.borrow(row).join(',')}}`);
}

/** Members of an object, `"key":value` each. */
function memberTexts<Row>(columns: readonly Column<Row>[]): RowTexts<Row> {
  return new RowTexts(columns, (value, { key }) => `"${key}":${JSON.stringify(value)}`);
}

function* list(key: string, items: Iterable<string>): Generator<string> {
  yield `  ${safeJson(key)}: [`;
  let separator = '\n';
  for (const item of items) {
    yield `${separator}    ${item}`;
    separator = ',\n';
  }
  yield separator === '\n' ? ']' : '\n  ]';
}

/**
 * One line for the report itself (`kind` is `report`, with schema, verdict and facts), then one a
 * row with the table's `kind`, then one a note (`note`) and next step (`next`).
 */
export function* renderNdjson(report: Report): Generator<string, void, undefined> {
  const { verdict, tables, notes, next } = report;
  const schema = schemaName(report);
  yield `${safeJson({ kind: 'report', schema, verdict, facts: factValues(report) })}\n`;
  for (const table of tables) {
    const texts = memberTexts(table.columns);
    for (const row of table.rows) yield line(table.kind, texts, row);
  }
  for (const note of notes) yield `${safeJson({ kind: 'note', ...note })}\n`;
  for (const step of next) yield `${safeJson({ kind: 'next', ...step })}\n`;
}

/** The row on one line with its line end, `kind` first. No column may have the key `kind`. */
export function ndjsonRow<Row>(kind: string, columns: readonly Column<Row>[], row: Row): string {
  return line(kind, memberTexts(columns), row);
}

function line<Row>(kind: string, texts: RowTexts<Row>, row: Row): string {
  return `${escapeJson(`{${[`"kind":"${kind}"`, ...texts.borrow(row)].join(',')}}`)}\n`;
}
