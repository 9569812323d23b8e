/**
 * A table that fits the screen. Too wide, it loses columns by priority, then the growing column is
 * shortened, or wrapped where it says so; what was left out the caller says. On a screen too narrow even for the columns that
 * must stay, the cells of a row flow over several lines: nothing of them is lost.
 */
import { type Column, cellText, type Severity, shownColumns, type Table } from './table.ts';
import type { Palette } from './terminal.ts';
import { displayWidth, shorten, wrapPieces, wrapText } from './width.ts';

const GAP = '  ';
/** The growing column may be squeezed to this before other columns are left out, unless it says. */
const GROW_MIN_WIDTH = 16;

/** A column with its safe, measured cells. One that stands in many rows is looked at once. */
interface Measured {
  readonly column: Column;
  readonly title: string;
  /** Which of the cells stands in each row. */
  readonly places: Uint32Array;
  readonly cells: readonly Cell[];
  /** Columns that the widest cell or the title takes. */
  readonly natural: number;
  /** No cell says anything. */
  readonly isBlank: boolean;
}

interface Cell {
  readonly text: string;
  /** Columns it takes. */
  readonly width: number;
  readonly tone: Severity | undefined;
}

/** So many rows make one piece of text: handing over each by itself takes longer than drawing it. */
const ROWS_AT_ONCE = 512;

/**
 * The table in pieces of one line or several, each without its last line end. Returns the titles of
 * columns that were left out, but of those in which nothing stands.
 */
export function* tableLines(
  table: Table,
  style: Palette,
): Generator<string, readonly string[], undefined> {
  const rows = Array.isArray(table.rows) ? table.rows : [...table.rows];
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
      const cells = kept.map(({ cells, places }) => cells[places[row]!]!.text);
      yield* wrapPieces(cells, GAP, style.width, 2);
    }
  }
  return all
    .filter((column) => !kept.includes(column) && !column.isBlank)
    .map(({ title }) => title);
}

function measure(column: Column, rows: readonly unknown[], style: Palette): Measured {
  const title = style.safe(column.title);
  const { places, cells } = distinctCells(column, rows, style);
  let natural = displayWidth(title);
  let isBlank = true;
  for (let place = 0; place < cells.length; place++) {
    const { text, width } = cells[place]!;
    isBlank &&= text === '' || text === '-';
    if (width > natural) natural = width;
  }
  return { column, title, places, cells, natural, isBlank };
}

/** A cell as its row gave it, still to be escaped. */
interface RawCell {
  readonly raw: string | undefined;
  readonly tone: Severity | undefined;
  readonly place: number;
}
const NO_CELL: RawCell = { raw: undefined, tone: undefined, place: -1 };

/**
 * Rows come sorted: a cell is often like the one above it, or like the one before that was different.
 * Each kept once, tens of thousands of rows have few cells.
 */
function distinctCells(
  column: Column,
  rows: readonly unknown[],
  style: Palette,
): Pick<Measured, 'places' | 'cells'> {
  const { about: subjectOf, text: textOf, tone: toneOf } = column;
  const places = new Uint32Array(rows.length);
  const cells: Cell[] = [];
  let subject: unknown;
  let last = NO_CELL;
  let before = NO_CELL;
  for (let at = 0; at < places.length; at++) {
    const row = rows[at];
    if (subjectOf !== undefined) {
      const above = subject;
      subject = subjectOf(row);
      if (subject === above && at > 0) {
        places[at] = last.place;
        continue;
      }
    }
    const raw = textOf === undefined ? cellText(column, row) : textOf(row);
    const tone = toneOf === undefined ? undefined : toneOf(row);
    if (raw !== last.raw || tone !== last.tone) {
      const other = before;
      before = last;
      last = other;
      if (raw !== last.raw || tone !== last.tone) {
        last = { raw, tone, place: cells.length };
        const text = style.safe(raw);
        cells.push({ text, width: displayWidth(text), tone });
      }
    }
    places[at] = last.place;
  }
  return { places, cells };
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
  const wrapped = kept.findIndex(
    ({ column, natural }, index) => column.wraps === true && natural > widths[index]!,
  );
  if (wrapped >= 0) return yield* drawWrapped(kept, widths, wrapped, count, style);
  const drawn = kept.map((column, index) => drawCells(column, index, kept, widths[index]!, style));
  const ragged = drawn.at(-1)?.some((text) => text.endsWith(' ')) ?? false;
  const stride = kept.length + 1;
  // The cells of each row and its line end, one after another: what is put together bit by bit is copied.
  let parts: string[] = [];
  for (let start = 0; start < count; start += ROWS_AT_ONCE) {
    const end = Math.min(count, start + ROWS_AT_ONCE);
    if (parts.length !== (end - start) * stride) {
      parts = new Array((end - start) * stride).fill('\n');
    }
    for (let index = 0; index < kept.length; index++) {
      const { places } = kept[index]!;
      const texts = drawn[index]!;
      for (let row = start, at = index; row < end; row++, at += stride) {
        parts[at] = texts[places[row]!]!;
      }
    }
    const text = parts.join('').slice(0, -1);
    yield ragged ? withoutLastBlanks(text) : text;
  }
}

/** The rows where one column takes as many lines as its cell needs; the others stand in the first. */
function* drawWrapped(
  kept: readonly Measured[],
  widths: readonly number[],
  wrapped: number,
  count: number,
  style: Palette,
): Generator<string> {
  for (let row = 0; row < count; row++) {
    const cells = kept.map(({ cells, places }) => cells[places[row]!]!);
    const lines = wrapText(cells[wrapped]!.text, widths[wrapped]!);
    for (const [number, line] of lines.entries()) {
      const texts = cells.map(({ text, tone }, index) => {
        const shown = index === wrapped ? line : number === 0 ? text : '';
        const cell = tone === undefined || shown === '' ? shown : style.tint(shown, tone);
        const blanks = widths[index]! - displayWidth(shown);
        return aligned(cell, blanks, kept[index]!.column, index, kept.length);
      });
      yield texts.join('').trimEnd();
    }
  }
}

function withoutLastBlanks(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Each cell of a column as it stands in a line, with the gap before it. */
function drawCells(
  { column, cells }: Measured,
  index: number,
  kept: readonly Measured[],
  width: number,
  style: Palette,
): string[] {
  return cells.map(({ text, width: natural, tone }) => {
    const fits = natural <= width;
    const cut = fits ? text : shorten(text, width, style.ellipsis);
    const used = fits ? natural : displayWidth(cut);
    const cell = tone === undefined ? cut : style.tint(cut, tone);
    return aligned(cell, width - used, column, index, kept.length);
  });
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
