/** A report for people at a terminal, and problems in the form what, why, do. */
import type { Note, Report } from './report.ts';
import type { Card, CardPart, Table } from './table.ts';
import { type Palette, palette, type TerminalAbility } from './terminal.ts';
import { tableLines } from './terminal-table.ts';
import { displayWidth, wrapPieces, wrapText } from './width.ts';

/** Why a command could not do what it was asked to. */
export interface Problem {
  /** What failed, in one clause: `cannot read lan.pcap: no such file`. */
  readonly what: string;
  readonly why?: string;
  /** What the reader can do, each a way of its own. */
  readonly ways?: readonly string[];
}

/** Lines of the report, each with its line end. `showAll` is the option that shows every column. */
export function* renderText(
  report: Report,
  ability: TerminalAbility,
  showAll = '--wide',
): Generator<string, void, undefined> {
  const style = palette(ability);
  for (const line of lines(report, style, showAll)) yield `${line}\n`;
}

function* lines(report: Report, style: Palette, showAll: string): Generator<string> {
  const { severity, text } = report.verdict;
  for (const line of wrapText(`${style.mark(severity)} ${style.safe(text)}`, style.width, 2)) {
    yield style.tint(line, severity);
  }
  const facts = report.facts.flatMap((fact) => (fact.text === undefined ? [] : [fact.text]));
  yield* wrapPieces(facts.map(style.safe), style.separator, style.width);
  const missing = new Map<string, readonly string[]>();
  for (const table of report.tables) {
    const titles = yield* section(table, style);
    if (titles.length > 0) missing.set(table.heading, titles);
  }
  if (report.notes.length > 0) {
    yield '';
    yield style.strong('NOT SEEN');
    for (const note of report.notes) yield* noteLines(note, style);
  }
  if (report.next.length > 0) {
    yield '';
    for (const { command, purpose } of report.next) {
      yield* labelled('next', `${style.command(command)}   ${style.safe(purpose)}`, '', style);
    }
  }
  if (missing.size > 0) {
    yield '';
    const text = leftOut(missing, style.width, showAll);
    for (const line of wrapText(text, style.width, 2)) yield style.faint(line);
  }
  if (report.closing !== undefined) {
    yield '';
    for (const line of wrapText(style.safe(report.closing), style.width)) yield style.strong(line);
  }
}

/** One sentence for all tables: which columns are missing, of several tables only how many. */
function leftOut(
  missing: ReadonlyMap<string, readonly string[]>,
  width: number,
  showAll: string,
): string {
  const all = [...missing.values()].flat().length;
  const what = all === 1 ? '1 column' : `${all} columns`;
  const which =
    missing.size === 1
      ? [...missing.values()].flat().join(', ')
      : [...missing].map(([heading, titles]) => `${titles.length} of ${heading}`).join(', ');
  return `${what} left out to fit ${width}: ${which} (${showAll} shows all)`;
}

/** Returns the titles of columns that were left out. */
function* section(table: Table, style: Palette): Generator<string, readonly string[]> {
  const rows = [...table.rows];
  if (rows.length === 0 && table.empty === undefined) return [];
  const cards = table.card !== undefined && rows.length > 0;
  let missing: readonly string[] = [];
  if (!cards || table.compact === true || table.headed === true) {
    yield '';
    for (const line of wrapText(style.safe(table.heading), style.width)) yield style.strong(line);
  }
  if (cards) {
    const compact = table.compact === true;
    // The body is indented by two.
    const inner = compact ? { ...style, width: style.width - 2 } : style;
    for (const row of rows) yield cardLines(table.card!(row), style, inner, compact).join('\n');
  } else if (rows.length > 0) missing = yield* tableLines({ ...table, rows }, style);
  else yield* wrapText(style.safe(table.empty ?? ''), style.width);
  if (table.footnote !== undefined) {
    for (const line of wrapText(style.safe(table.footnote), style.width)) yield style.faint(line);
  }
  return missing;
}

/** Commands are left whole: the terminal folds them, and copying gives one line. */
function cardLines(card: Card, style: Palette, inner: Palette, compact: boolean): string[] {
  const lines = compact ? [] : [''];
  const mark = card.mark === undefined ? '' : `${style.mark(card.mark)} `;
  for (const line of wrapText(mark + style.safe(card.heading), style.width, mark === '' ? 0 : 2)) {
    lines.push(card.mark === undefined ? style.strong(line) : style.tint(line, card.mark));
  }
  const margin = compact ? '  ' : '';
  if (card.lead !== '' || !compact) {
    for (const line of wrapText(style.safe(card.lead), inner.width)) lines.push(margin + line);
  }
  if (card.parts.length > 0 && !compact) lines.push('');
  let widest = 0;
  for (const { label } of card.parts) {
    widest = Math.max(widest, displayWidth(style.safe(label)));
  }
  const column = compact ? widest + 2 : Math.min(widest + 2, style.width >> 1);
  for (const part of card.parts) addPart(lines, margin, part, column, inner);
  return lines;
}

/** @param margin before every line @param column where the text begins behind it */
function addPart(
  lines: string[],
  margin: string,
  part: CardPart,
  column: number,
  style: Palette,
): void {
  const label = style.safe(part.label);
  const width = displayWidth(label);
  let start = label + ' '.repeat(Math.max(1, column - width));
  if (width + 1 > column) {
    for (const line of wrapText(label, style.width)) lines.push(margin + line);
    start = ' '.repeat(column);
  }
  let tone = part.tone;
  for (const line of part.lines) {
    const pieces =
      'run' in line
        ? [`  ${style.command(line.run)}`]
        : wrapText(style.safe(line.say), style.width - column);
    for (const piece of pieces) {
      lines.push(margin + start + (tone === undefined ? piece : style.tint(piece, tone)));
      start = ' '.repeat(column);
      tone = undefined;
    }
  }
}

function* noteLines(note: Note, style: Palette): Generator<string> {
  yield* wrapText(style.safe(note.what), style.width, 2);
  if (note.because !== undefined) yield* labelled('why', style.safe(note.because), '  ', style);
  if (note.remedy !== undefined) yield* labelled('do', style.safe(note.remedy), '  ', style);
}

/** `  why  text`, with further lines under the text. The text is safe already. */
function labelled(label: string, text: string, margin: string, style: Palette): string[] {
  const start = `${margin}${label.padEnd(3)}  `;
  const width = displayWidth(start);
  const [first = '', ...rest] = wrapText(text, style.width - width);
  return [start + first, ...rest.map((line) => ' '.repeat(width) + line)];
}

/** A word of more characters, or a line, is what somebody typed or pasted by mistake: its ends will do. */
const LONG_WORD = /\S{301,}/gu;
const LONG_LINE = /.{1501,}/gu;
const SHOWN_OF_WORD = 100;
const SHOWN_OF_LINE = 500;

/** Cut in the middle of long words and lines; whole names of files and traces of errors pass. */
function brief(text: string): string {
  const ends = (long: string, shown: number): string => {
    const characters = [...long];
    return `${characters.slice(0, shown).join('')}…${characters.slice(-shown).join('')}`;
  };
  return text
    .replace(LONG_WORD, (word) => ends(word, SHOWN_OF_WORD))
    .replace(LONG_LINE, (line) => ends(line, SHOWN_OF_LINE));
}

/** The problem for standard error, each line with its line end. */
export function renderProblem(problem: Problem, ability: TerminalAbility): string {
  const style = palette(ability);
  const said = style.safe(brief(problem.what));
  const what = wrapText(`${style.mark('error')} ${said}`, style.width, 2);
  const found = what.map((line) => style.tint(line, 'error'));
  if (problem.why !== undefined)
    found.push(...labelled('why', style.safe(brief(problem.why)), '  ', style));
  (problem.ways ?? []).forEach((way, index) => {
    found.push(...labelled(index === 0 ? 'do' : 'or', style.command(brief(way)), '  ', style));
  });
  return found.map((line) => `${line}\n`).join('');
}
