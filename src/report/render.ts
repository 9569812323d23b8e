/** The one door to all formats of a report. */
import { renderCsv } from './csv.ts';
import { renderJson, renderNdjson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderPlain } from './plain.ts';
import type { Report } from './report.ts';
import type { TerminalAbility } from './terminal.ts';
import { renderText } from './text.ts';

/** `text` is for a terminal, `plain` for a pipe: the same facts, see docs/output.md. */
export const FORMATS = ['text', 'plain', 'json', 'ndjson', 'csv', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

export interface RenderOptions {
  /** For `text`. */
  readonly ability: TerminalAbility;
  /** For `text`: the option that shows every column, named when some are left out. */
  readonly showAll?: string;
  /** For `csv`: key of the table; the report's first by default. */
  readonly table?: string;
}

/** The report in pieces that together end with a line end. Rows are read while it is consumed. */
export function renderReport(
  report: Report,
  format: Format,
  options: RenderOptions,
): Iterable<string> {
  switch (format) {
    case 'text':
      return renderText(report, options.ability, options.showAll);
    case 'plain':
      return renderPlain(report);
    case 'json':
      return renderJson(report);
    case 'ndjson':
      return renderNdjson(report);
    case 'csv':
      return renderCsv(report, options.table);
    case 'markdown':
      return renderMarkdown(report);
  }
}
