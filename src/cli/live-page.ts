/**
 * A live view as lines: a head, one of several tables or what is behind one of its rows, a line of
 * keys. What the tables are of is the page's; how they are drawn, filtered and walked is here.
 */
import { printable } from '../report/escape.ts';
import { displayWidth, shorten } from '../report/width.ts';
import type { Line } from './live-screen.ts';
import type { LiveState, ViewShape } from './live-state.ts';

export interface LiveRow {
  readonly key: string;
  readonly cells: readonly string[];
}

export interface LiveColumn {
  readonly title: string;
  readonly left?: boolean;
  /** Characters at least, so that the table stands still. */
  readonly least?: number;
}

export interface LiveView<Facts> extends ViewShape {
  /** The last ones go where the screen is too narrow. */
  readonly columns: readonly LiveColumn[];
  readonly rows: (facts: Facts, sort: string) => readonly LiveRow[];
}

export interface LivePage<Facts> {
  readonly views: readonly LiveView<Facts>[];
  readonly head: (state: LiveState, facts: Facts) => readonly Line[];
  /** What is behind the row of that key; `room` lines at most. */
  readonly detail: (key: string, facts: Facts, room: number) => readonly Line[];
  /** Said in place of rows. */
  readonly nothing: (facts: Facts) => string;
  /** Lines of help; keys that all pages have are added. */
  readonly help: readonly string[];
}

/** Widest cell. */
const WIDEST = 39;

/** Keys of the rows as they stand on the screen, for the cursor. */
export function rowKeys<Facts>(page: LivePage<Facts>, state: LiveState, facts: Facts): string[] {
  return rowsOf(page, state, facts).map(({ key }) => key);
}

/** All lines, no more than `height` of them. */
export function liveLines<Facts>(
  page: LivePage<Facts>,
  state: LiveState,
  facts: Facts,
  width: number,
  height: number,
): Line[] {
  if (state.help) return helpLines(page).slice(0, height);
  const head = page.head(state, facts);
  const foot = footer(page.views, state, width);
  const room = height - head.length - 2;
  const body =
    state.detail === undefined
      ? table(page, state, facts, width, room)
      : page.detail(state.detail, facts, room);
  const lines = [...head, ...body].slice(0, height - 1);
  while (lines.length < height - 1) lines.push({ text: '' });
  return [...lines, foot];
}

function footer(views: readonly ViewShape[], state: LiveState, width: number): Line {
  if (state.typing !== undefined) return { text: `/${state.typing}_`, look: 'inverse' };
  if (state.message !== '') return { text: state.message, look: 'inverse' };
  return { text: keyLine(views, state, width), look: 'faint' };
}

/** What keys do, as many as there is room for; those needed to get away or to learn more stay. */
function keyLine(views: readonly ViewShape[], state: LiveState, width: number): string {
  const sort = views[state.view]!.sorts[state.sort] ?? '';
  const numbers = `[1-${views.length}]`;
  const keys = [
    `${numbers} ${views.map(({ name }) => name).join(' ')}`,
    '[/] filter',
    `[s] sort: ${sort}`,
    '[Enter] detail',
    '[p] pause',
    '[w] save',
    '[?] help',
    '[q] quit',
  ];
  const fits = (): boolean => displayWidth(keys.join('  ')) <= width;
  if (!fits()) {
    keys[0] = `${numbers} view`;
    keys[2] = `[s] ${sort}`;
  }
  for (const least of ['[w]', '[p]', numbers, '[Enter]', '[s]', '[/]', '[?]']) {
    if (fits()) break;
    keys.splice(
      keys.findIndex((key) => key.startsWith(least)),
      1,
    );
  }
  return keys.join('  ');
}

function helpLines({ help }: { readonly help: readonly string[] }): Line[] {
  const [views = '', ...more] = help;
  return [
    { text: 'Keys', look: 'strong' },
    { text: '' },
    { text: views },
    { text: '  j k      down and up (arrows too); g G: first and last' },
    { text: '  Enter    what is behind the row; Esc: back' },
    { text: '  /        show only rows with a text; Esc: all again' },
    { text: '  s        the next order' },
    ...more.map((text) => ({ text })),
    { text: '' },
    { text: 'Esc or ? goes back.', look: 'faint' },
  ];
}

function rowsOf<Facts>(
  { views }: LivePage<Facts>,
  state: LiveState,
  facts: Facts,
): readonly LiveRow[] {
  const view = views[state.view]!;
  const rows = view.rows(facts, view.sorts[state.sort] ?? '');
  const wanted = state.filter.toLowerCase();
  if (wanted === '') return rows;
  return rows.filter(({ key, cells }) =>
    `${key} ${cells.join(' ')}`.toLowerCase().includes(wanted),
  );
}

/** The table, its last columns left out where the screen is too narrow for them. */
function table<Facts>(
  page: LivePage<Facts>,
  state: LiveState,
  facts: Facts,
  width: number,
  room: number,
): Line[] {
  const { columns } = page.views[state.view]!;
  const rows = rowsOf(page, state, facts);
  const chosen = Math.min(state.row, Math.max(0, rows.length - 1));
  const first = Math.max(0, Math.min(chosen - (room >> 1), rows.length - room + 1));
  const visible = rows
    .slice(first, first + Math.max(0, room - 1))
    .map(({ cells }) => cells.map(printable));
  const widths = columns.map(({ title, least = 0 }, index) =>
    Math.max(
      ...[displayWidth(title), least],
      ...visible.map((cells) => Math.min(WIDEST, displayWidth(cells[index] ?? ''))),
    ),
  );
  const shown = fitting(widths, width);
  const line = (cells: readonly string[]): string =>
    cells
      .slice(0, shown)
      .map((cell, index) => aligned(cell, widths[index]!, columns[index]!.left ?? false))
      .join('  ');
  const lines: Line[] = [{ text: line(columns.map(({ title }) => title)), look: 'faint' }];
  for (const [index, cells] of visible.entries()) {
    const text = line(cells);
    lines.push(first + index === chosen ? { text, look: 'inverse' } : { text });
  }
  if (rows.length > 0) return lines;
  const nothing =
    state.filter === '' ? page.nothing(facts) : `no row has “${state.filter}”; Esc shows all`;
  return [...lines, { text: nothing }];
}

function fitting(widths: readonly number[], width: number): number {
  let used = 0;
  for (const [index, each] of widths.entries()) {
    used += each + (index === 0 ? 0 : 2);
    if (used > width) return Math.max(1, index);
  }
  return widths.length;
}

function aligned(text: string, width: number, left: boolean): string {
  const short = shorten(text, width, '…');
  const blank = ' '.repeat(Math.max(0, width - displayWidth(short)));
  return left ? short + blank : blank + short;
}
