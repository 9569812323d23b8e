/**
 * A table that fits the screen. Too wide, it loses columns by priority, then the growing column is
 * shortened; what was left out the caller says. On a screen too narrow even for the columns that
 * must stay, the cells of a row flow over several lines: nothing of them is lost.
 */
import { type Column, cellText, type Severity, shownColumns, type Table } from './table.ts';
import type { Palette } from './terminal.ts';
import { displayWidth, shorten, wrapPieces } from './width.ts';

const GAP = '  ';
/** The growing column may be squeezed to this before other columns are left out. */
const GROW_MIN_WIDTH = 16;

/** A column with its safe, measured cells. */
interface Measured {
  readonly column: Column;
  readonly title: string;
  readonly cells: readonly string[];
  readonly tones: readonly (Severity | undefined)[];
  /** Columns that the widest cell or the title takes. */
  readonly natural: number;
}

/** Lines of the table, without line ends. Returns the titles of columns that were left out. */
export function* tableLines(
  table: Table,
  style: Palette,
): Generator<string, readonly string[], undefined> {
  const rows = [...table.rows];
  const all = shownColumns(table).map((column) => measure(column, rows, style));
  const kept = keepFitting(all, style.width);
  const widths = settle(kept, style.width);
  const fits = total(widths) <= style.width;
  const titles = kept.map(({ title }) => title);
  if (fits) yield style.strong(aligned(titles, kept, widths));
  else for (const line of wrapPieces(titles, GAP, style.width, 2)) yield style.strong(line);
  for (let row = 0; row < rows.length; row++) {
    if (fits) {
      yield drawRow(kept, widths, row, style);
    } else {
      const cells = kept.map(({ cells }) => cells[row]!);
      yield* wrapPieces(cells, GAP, style.width, 2);
    }
  }
  return all.filter((column) => !kept.includes(column)).map(({ title }) => title);
}

function measure(column: Column, rows: readonly unknown[], style: Palette): Measured {
  const title = style.safe(column.title);
  const cells = rows.map((row) => style.safe(cellText(column, row)));
  let natural = displayWidth(title);
  for (const cell of cells) natural = Math.max(natural, displayWidth(cell));
  const tones = column.tone === undefined ? [] : rows.map((row) => column.tone?.(row));
  return { column, title, cells, tones, natural };
}

/** Leaves out the columns of highest priority, the last of equals first, until the rest fits. */
function keepFitting(all: readonly Measured[], width: number): readonly Measured[] {
  const kept = [...all];
  while (total(kept.map(leastWidth)) > width) {
    let worst = -1;
    kept.forEach(({ column }, index) => {
      const priority = column.priority ?? 0;
      if (priority > 0 && priority >= (kept[worst]?.column.priority ?? 0)) worst = index;
    });
    if (worst < 0) break;
    kept.splice(worst, 1);
  }
  return kept;
}

function leastWidth({ column, title, natural }: Measured): number {
  if (column.grow !== true) return natural;
  return Math.min(natural, Math.max(GROW_MIN_WIDTH, displayWidth(title)));
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

function drawRow(
  kept: readonly Measured[],
  widths: readonly number[],
  row: number,
  style: Palette,
): string {
  const cells = kept.map(({ cells }, index) =>
    shorten(cells[row]!, widths[index]!, style.ellipsis),
  );
  return aligned(cells, kept, widths, (text, index) => {
    const tone = kept[index]!.tones[row];
    return tone === undefined ? text : style.tint(text, tone);
  });
}

/** One line; no blanks at its end. */
function aligned(
  cells: readonly string[],
  kept: readonly Measured[],
  widths: readonly number[],
  finish: (text: string, index: number) => string = (text) => text,
): string {
  const padded = cells.map((cell, index) => {
    const align = kept[index]!.column.align ?? 'left';
    const last = index === cells.length - 1 && align === 'left';
    const blanks = last ? '' : ' '.repeat(widths[index]! - displayWidth(cell));
    const text = finish(cell, index);
    return align === 'right' ? blanks + text : text + blanks;
  });
  return padded.join(GAP).trimEnd();
}
