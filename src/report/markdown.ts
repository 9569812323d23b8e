/**
 * Reports as Markdown with GitHub's tables, for issues, wikis and pull requests. Text from the
 * network is escaped so that it can make no table cell, markup, HTML, link, formula or mention.
 */
import { printable } from './escape.ts';
import type { Report } from './report.ts';
import { cellText, type Severity, shownColumns, type Table } from './table.ts';

const MARKS: Readonly<Record<Severity, string>> = { error: '✖', warning: '!', ok: '✔', info: '·' };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '@': '&#64;',
};

/** Lines of the report, each with its line end. */
export function* renderMarkdown(report: Report): Generator<string, void, undefined> {
  const { verdict, facts, tables, notes, next } = report;
  yield `**${MARKS[verdict.severity].replace('!', '\\!')} ${markdownText(verdict.text)}**\n`;
  const shown = facts.flatMap(({ text }) => (text === undefined ? [] : [markdownText(text)]));
  if (shown.length > 0) yield `\n${shown.join(' · ')}\n`;
  for (const table of tables) yield* tableLines(table);
  if (notes.length > 0) yield '\n## Not seen\n\n';
  for (const { what, because, remedy } of notes) {
    yield `* ${markdownText(what)}\n`;
    if (because !== undefined) yield `  * why: ${markdownText(because)}\n`;
    if (remedy !== undefined) yield `  * do: ${markdownText(remedy)}\n`;
  }
  if (next.length > 0) yield '\n## Next\n\n';
  for (const { command, purpose } of next) {
    yield `* ${codeSpan(command)}: ${markdownText(purpose)}\n`;
  }
}

function* tableLines(table: Table): Generator<string> {
  const columns = shownColumns(table);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  let any = false;
  for (const row of table.rows) {
    if (!any) {
      yield `\n## ${markdownText(table.heading)}\n\n`;
      yield line(columns.map(({ title }) => markdownText(title)));
      yield line(columns.map(({ align }) => (align === 'right' ? '--:' : '---')));
      any = true;
    }
    yield line(columns.map((column) => markdownText(cellText(column, row))));
  }
  if (!any && table.empty !== undefined) {
    yield `\n## ${markdownText(table.heading)}\n\n${markdownText(table.empty)}\n`;
  }
  if (table.footnote !== undefined) yield `\n${markdownText(table.footnote)}\n`;
}

/** The text such that Markdown shows exactly it (with unsafe characters made visible). */
export function markdownText(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]|~$]/g, '\\$&')
    .replace(/[&<>@]/g, (sign) => ENTITIES[sign]!)
    .replace(/^(\s*)([#+\-=]|\d+(?=[.)]))/, (_, blanks, sign) => blanks + lineStart(sign))
    .replace(/:\/\//g, '&#58;//')
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}&#46;`);
}

/** A character that would begin a heading or list; numbers of a list are told by what follows. */
function lineStart(sign: string): string {
  return /\d/.test(sign) ? `&#${sign.charCodeAt(0)};${sign.slice(1)}` : `\\${sign}`;
}

/** The text as code, fenced by more backticks than it has in a row. */
function codeSpan(text: string): string {
  const safe = printable(text);
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = safe.startsWith('`') || safe.endsWith('`') ? ' ' : '';
  return `${fence}${space}${safe}${space}${fence}`;
}
