/**
 * One description of a table for people and machines alike. Machines get `value` under `key`,
 * exact and stable; people get `text` under `title`, in as many columns as fit.
 */

/** What JSON can hold. An undefined member of an object is left out. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

/** Plain data that an interface describes: it has no index signature, which alone would show it. */
export function plain(data: object): Plain {
  return data as Plain;
}

/** How good or bad something is. It is always shown by a mark or a word, never by colour alone. */
export type Severity = 'error' | 'warning' | 'ok' | 'info';

export interface Column<Row = unknown> {
  /** Machine name: camelCase, unique in the table, part of the schema. */
  readonly key: string;
  /** Heading for people. */
  readonly title: string;
  /** The exact value for machines; null when there is none. */
  value(row: Row): Plain;
  /** For people; without it `value` is written plainly. Need not be safe: renderers escape. */
  text?(row: Row): string;
  /** Tint of the cell where colours are on; the text must say the same. */
  tone?(row: Row): Severity | undefined;
  /**
   * What of the row alone decides the cell: where it is the same object as in the row above, so is the
   * cell, and its text is not asked for.
   */
  about?(row: Row): unknown;
  /** Numbers belong at the right. Default: left. */
  readonly align?: 'left' | 'right';
  /** 0 (the default) is always shown; of the others the highest goes first on a narrow screen. */
  readonly priority?: number;
  /** This column takes what the others leave, and is the only one ever shortened. One a table. */
  readonly grow?: boolean;
  /** A growing column keeps this width while there are others to leave out. Default: 16. */
  readonly least?: number;
  /** With `grow`: what does not fit goes on in the next lines, and is not cut. */
  readonly wraps?: boolean;
  /** In JSON, NDJSON and CSV only. */
  readonly machineOnly?: boolean;
}

/** A line of prose, or a command to copy: that is never wrapped or shortened. */
export type CardLine = { readonly say: string } | { readonly run: string };

/** One labelled part of a card. */
export interface CardPart {
  /** A word or two. */
  readonly label: string;
  /** Tint of its first line; the text must say the same. */
  readonly tone?: Severity;
  readonly lines: readonly CardLine[];
}

/** A row that takes a screen: more text than a table has room for. */
export interface Card {
  readonly heading: string;
  /** Mark before the heading; the heading must say the same in words. */
  readonly mark?: Severity;
  /** What it is, in a few sentences; may be empty. */
  readonly lead: string;
  readonly parts: readonly CardPart[];
}

export interface Table<Row = unknown> {
  /** Name of the list in JSON, and of the table for CSV: camelCase plural, like `ports`. */
  readonly key: string;
  /** Name of one row in NDJSON, like `port`. */
  readonly kind: string;
  /** Heading for people. */
  readonly heading: string;
  readonly columns: readonly Column<Row>[];
  /** Read once by each rendering. */
  readonly rows: Iterable<Row>;
  /** Said to people instead of a table without rows; none: such a table is not shown to them. */
  readonly empty?: string;
  /** Shows rows to people as cards, where the format has room; machines get columns as ever. */
  card?(row: Row): Card;
  /** Cards of a few lines each, under the table's heading. Default: each takes a screen. */
  readonly compact?: boolean;
  /** The heading stands above large cards too. Default: these speak for themselves. */
  readonly headed?: boolean;
  /** Said to people below the rows, such as how many more there are and how to see them. */
  readonly footnote?: string;
}

/**
 * Puts the values of rows into text, one row after another. Rows come sorted: a value is often the
 * one above it again, and its text is kept.
 */
export class RowTexts<Row> {
  private readonly columns: readonly Column<Row>[];
  private readonly textOf: (value: Plain, column: Column<Row>) => string;
  private readonly above: (Plain | undefined)[];
  private readonly texts: string[];

  constructor(
    columns: readonly Column<Row>[],
    textOf: (value: Plain, column: Column<Row>) => string,
  ) {
    this.columns = columns;
    this.textOf = textOf;
    this.above = columns.map(() => undefined);
    this.texts = columns.map(() => '');
  }

  /** In order of columns; valid until the next row. */
  borrow(row: Row): readonly string[] {
    const { columns, above, texts } = this;
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      const value = column.value(row);
      if (value === above[index]) continue;
      above[index] = value;
      texts[index] = this.textOf(value, column);
    }
    return texts;
  }
}

/** The columns that people get. */
export function shownColumns<Row>(table: Table<Row>): readonly Column<Row>[] {
  return table.columns.filter((column) => column.machineOnly !== true);
}

/** What people read in a cell; still to be escaped. */
export function cellText<Row>(column: Column<Row>, row: Row): string {
  if (column.text !== undefined) return column.text(row);
  const value = column.value(row);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return flat(value) || '-';
}

/**
 * The exact value as one piece of text: nothing for null and for numbers that JSON cannot hold,
 * JSON text for lists and objects.
 */
export function flat(value: Plain): string {
  if (value === null || (typeof value === 'number' && !Number.isFinite(value))) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
