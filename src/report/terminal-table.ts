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
  readonly tones: readonly (Severity | undefined)[];
  /** Columns that the widest cell or the title takes. */
  readonly natural: number;
  /** No cell says anything. */
  readonly isBlank: boolean;
}

/** So many rows make one piece of text: handing over each by itself takes longer than drawing it. */
const ROWS_AT_ONCE = 128;

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
  const cells: string[] = [];
  let natural = displayWidth(title);
  // Rows come sorted: a cell is often the one above it again.
  let above: string | undefined;
  let cell = '';
  let isBlank = true;
  for (const row of rows) {
    const text = cellText(column, row);
    if (text !== above) {
      above = text;
      cell = style.safe(text);
      isBlank &&= cell === '' || cell === '-';
      natural = Math.max(natural, displayWidth(cell));
    }
    cells.push(cell);
  }
  const tones = column.tone === undefined ? [] : rows.map((row) => column.tone?.(row));
  return { column, title, cells, tones, natural, isBlank };
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
  const columns = kept.map((column, index) => drawn(column, index, kept.length, widths, style));
  const last = columns.at(-1) ?? [];
  for (let start = 0; start < count; start += ROWS_AT_ONCE) {
    const pieces: string[] = [];
    const end = Math.min(count, start + ROWS_AT_ONCE);
    for (let row = start; row < end; row++) {
      if (row > start) pieces.push('\n');
      if (last[row]?.endsWith(' ')) {
        pieces.push(
          columns
            .map((cells) => cells[row]!)
            .join('')
            .trimEnd(),
        );
      } else for (const cells of columns) pieces.push(cells[row]!);
    }
    // Joined at once: a text put together bit by bit is copied when it is written.
    yield pieces.join('');
  }
}

/** The cells of a column with their blanks and tints; those like the one above are drawn once. */
function drawn(
  { column, cells, tones }: Measured,
  index: number,
  count: number,
  widths: readonly number[],
  style: Palette,
): string[] {
  const width = widths[index]!;
  const done: string[] = [];
  let above: string | undefined;
  let toneAbove: Severity | undefined;
  let text = '';
  for (let row = 0; row < cells.length; row++) {
    let cell = cells[row]!;
    const tone = tones[row];
    if (cell !== above || tone !== toneAbove) {
      above = cell;
      toneAbove = tone;
      let used = displayWidth(cell);
      if (used > width) {
        cell = shorten(cell, width, style.ellipsis);
        used = displayWidth(cell);
      }
      if (tone !== undefined) cell = style.tint(cell, tone);
      text = aligned(cell, width - used, column, index, count);
    }
    done.push(text);
  }
  return done;
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
