/**
 * `Get-NetTCPConnection | Export-Csv` and `ConvertTo-Csv`: RFC 4180 with quotes around each value,
 * a comma, semicolon or tab between, and in old versions a line `#TYPE …` on top.
 */
import { addRecord } from './records.ts';
import type { ForeignFormat, Gathered, Line } from './row.ts';
import { unread } from './row.ts';

const TYPE = /^#TYPE\s/;
const HEADING = /^"?\w+"?(?:[,;\t]"?\w+"?)*[,;\t]"?LocalPort"?(?:[,;\t]|\s*$)|^"?LocalPort"?[,;\t]/;

export const CSV_RECORDS: ForeignFormat = {
  id: 'csv',
  name: 'CSV of PowerShell',
  recognises: (line) => TYPE.test(line) || HEADING.test(line),
  read(lines, gathered) {
    let names: readonly string[] | undefined;
    let separator = ',';
    for (const line of lines) {
      if (TYPE.test(line.text)) continue;
      if (HEADING.test(line.text)) {
        separator = /[,;\t]/.exec(line.text)?.[0] ?? ',';
        names = cells(line.text, separator);
      } else readRow(line, names, separator, gathered);
    }
  },
};

function readRow(
  line: Line,
  names: readonly string[] | undefined,
  separator: string,
  gathered: Gathered,
): void {
  const values = cells(line.text, separator);
  if (names === undefined || values === undefined || values.length !== names.length) {
    unread(gathered, line, 'not as many values as headings');
    return;
  }
  addRecord(new Map(names.map((name, index) => [name, values[index]])), line, gathered);
}

/** Undefined when a quote does not end. */
function cells(text: string, separator: string): string[] | undefined {
  const found: string[] = [];
  let at = 0;
  for (;;) {
    let value = '';
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      if (end < 0) return undefined;
      value = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const end = text.indexOf(separator, at);
      value = text.slice(at, end < 0 ? undefined : end).trim();
      at = end < 0 ? text.length : end;
    }
    found.push(value);
    if (text[at] !== separator) return found;
    at++;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}
