/**
 * Reports as Markdown with GitHub's tables, for issues, wikis and pull requests. Text from the
 * network is escaped so that it can make no table cell, markup, HTML, link, formula or mention.
 */
import { printable } from './escape.ts';
import type { Report } from './report.ts';
import { type Card, cellText, type Severity, shownColumns, type Table } from './table.ts';

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
  yield `**${MARKS[verdict.severity].replace('!', '\\!')} ${inline(verdict.text)}**\n`;
  const shown = facts.flatMap(({ text }) => (text === undefined ? [] : [block(text)]));
  if (shown.length > 0) yield `\n${shown.join(' · ')}\n`;
  for (const table of tables) yield* tableLines(table);
  if (notes.length > 0) yield '\n## Not seen\n\n';
  for (const { what, because, remedy } of notes) {
    yield `* ${block(what)}\n`;
    if (because !== undefined) yield `  * why: ${block(because)}\n`;
    if (remedy !== undefined) yield `  * do: ${block(remedy)}\n`;
  }
  if (next.length > 0) yield '\n## Next\n\n';
  for (const { command, purpose } of next) {
    yield `* ${codeSpan(command)}: ${block(purpose)}\n`;
  }
  if (report.closing !== undefined) yield `\n${block(report.closing)}\n`;
}

function* tableLines(table: Table): Generator<string> {
  if (table.card !== undefined) {
    yield* cards(table);
    return;
  }
  const columns = shownColumns(table);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  let any = false;
  for (const row of table.rows) {
    if (!any) {
      yield `\n## ${inline(table.heading)}\n\n`;
      yield line(columns.map(({ title }) => inline(title)));
      yield line(columns.map(({ align }) => (align === 'right' ? '--:' : '---')));
      any = true;
    }
    yield line(columns.map((column) => inline(cellText(column, row))));
  }
  if (!any && table.empty !== undefined) {
    yield `\n## ${inline(table.heading)}\n\n${block(table.empty)}\n`;
  }
  if (table.footnote !== undefined) yield `\n${block(table.footnote)}\n`;
}

function* cards(table: Table): Generator<string> {
  const compact = table.compact === true;
  let any = false;
  for (const row of table.rows) {
    if (!any && compact) yield `\n## ${inline(table.heading)}\n`;
    any = true;
    yield* cardLines(table.card!(row), compact ? '###' : '##');
  }
  if (!any && table.empty !== undefined) {
    yield `\n## ${inline(table.heading)}\n\n${block(table.empty)}\n`;
  }
  if (any && table.footnote !== undefined) yield `\n${block(table.footnote)}\n`;
}

function* cardLines({ heading, lead, parts, mark }: Card, level: string): Generator<string> {
  const before = mark === undefined ? '' : `${MARKS[mark].replace('!', '\\!')} `;
  yield `\n${level} ${before}${inline(heading)}\n\n`;
  if (lead !== '') yield `${block(lead)}\n\n`;
  for (const { label, lines } of parts) {
    yield `* **${inline(label)}**\n`;
    for (const line of lines) {
      yield 'run' in line ? `  * ${codeSpan(line.run)}\n` : `  * ${block(line.say)}\n`;
    }
  }
}

/** The text such that Markdown shows exactly it, within a line. */
function inline(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]|~$]/g, '\\$&')
    .replace(/[&<>@]/g, (sign) => ENTITIES[sign]!)
    .replace(/:\/\//g, '&#58;//')
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}&#46;`);
}

/** The same at the start of a block, where it must begin no heading, list, rule or quotation. */
function block(text: string): string {
  return inline(text.trim())
    .replace(/^[#+\-=]/, '\\$&')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
}

/** The text as code, fenced by more backticks than it has in a row. */
function codeSpan(text: string): string {
  const safe = printable(text);
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = safe.startsWith('`') || safe.endsWith('`') ? ' ' : '';
  return `${fence}${space}${safe}${space}${fence}`;
}
