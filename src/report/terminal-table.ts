/**
 * A table that fits the screen. Too wide, it loses columns by priority, then the growing column is
 * shortened; what was left out the caller says. On a screen too narrow even for the columns that
 * must stay, the cells of a row flow over several lines: nothing of them is lost.
 */
import { type Column, cellText, type Severity, shownColumns, type Table } from './table.ts';
import type { Palette } from './terminal.ts';
import { displayWidth, shorten, wrapPieces } from './width.ts';

const GAP = '  ';
/** The growing column may be squeezed to this before other columns are left out, unless it says. */
const GROW_MIN_WIDTH = 16;

/** A column with its safe, measured cells. */
interface Measured {
  readonly column: Column;
  readonly title: string;
  readonly cells: readonly string[];
  /** Each character of each cell takes one column. */
  readonly plain: boolean;
  readonly tones: readonly (Severity | undefined)[];
  /** Columns that the widest cell or the title takes. */
  readonly natural: number;
  /** No cell says anything. */
  readonly isBlank: boolean;
}

/** So many rows make one piece of text: handing over each by itself takes longer than drawing it. */
const ROWS_AT_ONCE = 128;
const CELLS_AT_ONCE = 1024;
const PLAIN_ASCII = /^[\x20-\x7e]*$/;

/**
 * The table in pieces of one line or several, each without its last line end. Returns the titles of
 * columns that were left out, but of those in which nothing stands.
 */
export function* tableLines(
  table: Table,
  style: Palette,
): Generator<string, readonly string[], undefined> {
  const rows = [...table.rows];
  const all = shownColumns(table).map((column) => measure(column, rows, style));
  const kept = keepFitting(all, style.width);
  const widths = settle(kept, style.width);
  const titles = kept.map(({ title }) => title);
  if (total(widths) <= style.width) {
    yield style.strong(heading(kept, widths));
    yield* drawRows(kept, widths, rows.length, style);
  } else {
    for (const line of wrapPieces(titles, GAP, style.width, 2)) yield style.strong(line);
    for (let row = 0; row < rows.length; row++) {
      const cells = kept.map(({ cells }) => cells[row]!);
      yield* wrapPieces(cells, GAP, style.width, 2);
    }
  }
  return all
    .filter((column) => !kept.includes(column) && !column.isBlank)
    .map(({ title }) => title);
}

function measure(column: Column, rows: readonly unknown[], style: Palette): Measured {
  const title = style.safe(column.title);
  const cells = textsOf(column, rows);
  const plain = arePlain(cells);
  if (!plain) for (let row = 0; row < cells.length; row++) cells[row] = style.safe(cells[row]!);
  let natural = displayWidth(title);
  let isBlank = true;
  for (const cell of cells) {
    isBlank &&= cell === '' || cell === '-';
    const width = plain ? cell.length : displayWidth(cell);
    if (width > natural) natural = width;
  }
  const tones = column.tone === undefined ? [] : rows.map((row) => column.tone?.(row));
  return { column, title, cells, plain, tones, natural, isBlank };
}

/** What is written in each row; still to be escaped. */
function textsOf(column: Column, rows: readonly unknown[]): string[] {
  const { text } = column;
  return rows.map(text === undefined ? (row) => cellText(column, row) : (row) => text(row));
}

/** Whether all are printable ASCII, as nearly always: looked at together, they take a tenth. */
function arePlain(cells: readonly string[]): boolean {
  for (let start = 0; start < cells.length; start += CELLS_AT_ONCE) {
    if (!PLAIN_ASCII.test(cells.slice(start, start + CELLS_AT_ONCE).join(''))) return false;
  }
  return true;
}

/**
 * Leaves out columns until the rest fits: those first in which nothing stands, then by highest
 * priority, the last of equals first.
 */
function keepFitting(all: readonly Measured[], width: number): readonly Measured[] {
  const kept = [...all];
  const rank = ({ column: { priority = 0 }, isBlank }: Measured): number =>
    priority > 0 && isBlank ? Number.POSITIVE_INFINITY : priority;
  while (total(kept.map(leastWidth)) > width) {
    let worst = -1;
    kept.forEach((column, index) => {
      if (rank(column) > 0 && rank(column) >= (worst < 0 ? 0 : rank(kept[worst]!))) worst = index;
    });
    if (worst < 0) break;
    kept.splice(worst, 1);
  }
  return kept;
}

function leastWidth({ column, title, natural }: Measured): number {
  if (column.grow !== true) return natural;
  return Math.min(natural, Math.max(column.least ?? GROW_MIN_WIDTH, displayWidth(title)));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * Math.max(0, widths.length - 1));
}

/** Natural widths, but the growing column's cut to what is left (at least its title). */
function settle(kept: readonly Measured[], width: number): readonly number[] {
  const widths = kept.map(({ natural }) => natural);
  const grow = kept.findIndex(({ column }) => column.grow === true);
  const excess = total(widths) - width;
  if (grow >= 0 && excess > 0) {
    const least = Math.max(1, displayWidth(kept[grow]!.title));
    widths[grow] = Math.max(least, widths[grow]! - excess);
  }
  return widths;
}

function* drawRows(
  kept: readonly Measured[],
  widths: readonly number[],
  count: number,
  style: Palette,
): Generator<string> {
  for (let start = 0; start < count; start += ROWS_AT_ONCE) {
    const piece = new Piece(kept.length, start, Math.min(count, start + ROWS_AT_ONCE));
    for (let index = 0; index < kept.length; index++) {
      piece.draw(kept[index]!, index, widths[index]!, style);
    }
    yield piece.text();
  }
}

/** Some rows, drawn column by column: a cell like the one above it is drawn once. */
class Piece {
  private readonly columns: number;
  private readonly start: number;
  private readonly end: number;
  /** The cells of a row, and its line end, one after another. */
  private readonly parts: string[];
  /** Rows that would end with a blank. */
  private readonly ragged: number[] = [];

  constructor(columns: number, start: number, end: number) {
    this.columns = columns;
    this.start = start;
    this.end = end;
    this.parts = new Array((end - start) * (columns + 1)).fill('\n');
  }

  draw({ column, cells, plain, tones }: Measured, index: number, width: number, style: Palette) {
    const { columns, end, parts, ragged } = this;
    const last = index === columns - 1;
    let above: string | undefined;
    let toneAbove: Severity | undefined;
    let text = '';
    let blank = false;
    for (let row = this.start, at = index; row < end; row++, at += columns + 1) {
      let cell = cells[row]!;
      const tone = tones[row];
      if (cell !== above || tone !== toneAbove) {
        above = cell;
        toneAbove = tone;
        let used = plain ? cell.length : displayWidth(cell);
        if (used > width) {
          cell = shorten(cell, width, style.ellipsis);
          used = displayWidth(cell);
        }
        if (tone !== undefined) cell = style.tint(cell, tone);
        text = aligned(cell, width - used, column, index, columns);
        blank = last && text.endsWith(' ');
      }
      parts[at] = text;
      if (blank) ragged.push(at - index);
    }
  }

  /** The lines without the last line end, joined at once: what is put together bit by bit is copied. */
  text(): string {
    const { columns, parts, ragged } = this;
    for (const at of ragged) {
      const line = parts.slice(at, at + columns).join('');
      parts.fill('', at, at + columns);
      parts[at] = line.trimEnd();
    }
    parts.pop();
    return parts.join('');
  }
}

function heading(kept: readonly Measured[], widths: readonly number[]): string {
  return kept
    .map(({ column, title }, index) =>
      aligned(title, widths[index]! - displayWidth(title), column, index, kept.length),
    )
    .join('')
    .trimEnd();
}

/** The cell with the gap before it and its blanks; the last of a line needs none behind it. */
function aligned(
  cell: string,
  blanks: number,
  { align }: Column,
  index: number,
  count: number,
): string {
  const gap = index === 0 ? '' : GAP;
  if (align === 'right') return gap + ' '.repeat(blanks) + cell;
  return index === count - 1 ? gap + cell : gap + cell + ' '.repeat(blanks);
}
