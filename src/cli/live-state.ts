/**
 * What a live view of several tables shows and how keys change it: pure, so that tests can press keys.
 */

/** One of the tables that a live view switches between. */
export interface ViewShape {
  readonly name: string;
  /** Orders its rows may have; the first to begin with. */
  readonly sorts: readonly string[];
}

export interface LiveState {
  /** Index of the table. */
  view: number;
  sort: number;
  /** Row under the cursor, from 0. */
  row: number;
  filter: string;
  /** Typing a filter: what is typed so far. */
  typing: string | undefined;
  paused: boolean;
  help: boolean;
  /** The row that is looked at in detail: its key. */
  detail: string | undefined;
  message: string;
}

export type Wish = 'quit' | 'save' | undefined;

/** The first view, nothing filtered. */
export function newState(): LiveState {
  return {
    view: 0,
    sort: 0,
    row: 0,
    filter: '',
    typing: undefined,
    paused: false,
    help: false,
    detail: undefined,
    message: '',
  };
}

/** Splits what a terminal sent into keys: escape sequences are one. */
export function keysOf(input: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send escape sequences.
  return input.match(/\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|[\s\S]/g) ?? [];
}

/** Changes the state by one key; says what the caller is to do. `rows` are keys of the rows. */
export function press(
  state: LiveState,
  key: string,
  rows: readonly string[],
  views: readonly ViewShape[],
): Wish {
  state.message = '';
  if (key === '\x03') return 'quit';
  if (state.typing !== undefined) {
    type(state, key);
    return undefined;
  }
  switch (key) {
    case 'q':
      return 'quit';
    case 'w':
      return 'save';
    case '/':
      state.typing = state.filter;
      return undefined;
    case 'p':
    case ' ':
      state.paused = !state.paused;
      return undefined;
    case '?':
    case 'h':
      state.help = !state.help;
      return undefined;
    case 's':
      state.sort = (state.sort + 1) % views[state.view]!.sorts.length;
      return undefined;
    case '\x1b':
      back(state);
      return undefined;
    case '\r':
    case '\n':
      state.detail = rows[state.row];
      return undefined;
    default:
      move(state, key, rows.length, views.length);
      return undefined;
  }
}

function type(state: LiveState, key: string): void {
  if (key === '\r' || key === '\n') {
    state.filter = state.typing!.trim();
    state.typing = undefined;
    state.row = 0;
  } else if (key === '\x1b') state.typing = undefined;
  else if (key === '\x7f' || key === '\b') state.typing = state.typing!.slice(0, -1);
  else if (key === '\x15') state.typing = '';
  else if (key.length === 1 && key >= ' ' && state.typing!.length < 60) state.typing += key;
}

/** Esc undoes the last thing that narrows the view. */
function back(state: LiveState): void {
  if (state.help) state.help = false;
  else if (state.detail !== undefined) state.detail = undefined;
  else if (state.filter !== '') state.filter = '';
}

function move(state: LiveState, key: string, rows: number, views: number): void {
  const number = /^[1-9]$/.test(key) ? Number(key) : 0;
  if (number > 0 && number <= views) return show(state, number - 1);
  const last = Math.max(0, rows - 1);
  switch (key) {
    case '\t':
      return show(state, (state.view + 1) % views);
    case 'j':
    case '\x1b[B':
    case '\x1bOB':
      state.row = Math.min(last, state.row + 1);
      return;
    case 'k':
    case '\x1b[A':
    case '\x1bOA':
      state.row = Math.max(0, state.row - 1);
      return;
    case '\x1b[6~':
      state.row = Math.min(last, state.row + 10);
      return;
    case '\x1b[5~':
      state.row = Math.max(0, state.row - 10);
      return;
    case 'g':
      state.row = 0;
      return;
    case 'G':
      state.row = last;
  }
}

function show(state: LiveState, view: number): void {
  state.view = view;
  state.sort = 0;
  state.row = 0;
  state.detail = undefined;
}
