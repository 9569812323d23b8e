/**
 * A report for pipes: tables as tab-separated lines with one header line of machine names and
 * exact values, never shortened, no column dropped. All other lines begin with `# `; an empty
 * line stands between tables.
 */
import { printable } from './escape.ts';
import type { Report } from './report.ts';
import { type Column, flat, RowTexts, shownColumns } from './table.ts';

/** Lines of the report, each with its line end. */
export function* renderPlain(report: Report): Generator<string, void, undefined> {
  yield comment(`${report.verdict.severity}: ${report.verdict.text}`);
  for (const { text } of report.facts) if (text !== undefined) yield comment(text);
  let first = true;
  for (const table of report.tables) {
    const columns = shownColumns(table);
    if (!first) yield '\n';
    first = false;
    yield comment(table.heading);
    yield tsvHeader(columns);
    const texts = new RowTexts(columns, (value) => printable(flat(value)));
    for (const row of table.rows) yield tsvLine(texts.borrow(row));
    if (table.footnote !== undefined) yield comment(table.footnote);
  }
  for (const { what, because, remedy } of report.notes) {
    yield comment(
      `not seen: ${what}${because ? `; why: ${because}` : ''}${remedy ? `; do: ${remedy}` : ''}`,
    );
  }
  for (const { command, purpose } of report.next) yield comment(`next: ${command} (${purpose})`);
}

function comment(text: string): string {
  return `# ${printable(text)}\n`;
}

/** Machine names separated by tabs, with the line end. */
export function tsvHeader<Row>(columns: readonly Column<Row>[]): string {
  return `${columns.map(({ key }) => key).join('\t')}\n`;
}

/** With the line end; tabs and line ends inside are escaped. */
function tsvLine(texts: readonly string[]): string {
  const line = texts.join('\t');
  return line.startsWith('#') ? `\\x23${line.slice(1)}\n` : `${line}\n`;
}
