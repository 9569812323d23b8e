/** What the live view shows and how keys change it: pure, so that tests can press keys. */
import type { Picture } from '../pipeline/watch.ts';

export const VIEWS = ['ports', 'hosts', 'conversations', 'sizes'] as const;
export type View = (typeof VIEWS)[number];

export const SORTS: Readonly<Record<View, readonly string[]>> = {
  ports: ['rate', 'bytes', 'packets', 'clients', 'port'],
  hosts: ['bytes', 'sent', 'received', 'services'],
  conversations: ['bytes', 'packets', 'last'],
  sizes: ['size'],
};

export interface WatchState {
  view: View;
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

export function newState(): WatchState {
  return {
    view: 'ports',
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

/** Changes the state by one key; says what the caller is to do. */
export function press(state: WatchState, key: string, rows: readonly string[]): Wish {
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
      state.sort = (state.sort + 1) % SORTS[state.view].length;
      return undefined;
    case '\x1b':
      back(state);
      return undefined;
    case '\r':
    case '\n':
      state.detail = rows[state.row];
      return undefined;
    default:
      move(state, key, rows.length);
      return undefined;
  }
}

function type(state: WatchState, key: string): void {
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
function back(state: WatchState): void {
  if (state.help) state.help = false;
  else if (state.detail !== undefined) state.detail = undefined;
  else if (state.filter !== '') state.filter = '';
}

function move(state: WatchState, key: string, rows: number): void {
  const number = '1234'.indexOf(key);
  if (number >= 0 && key.length === 1) return show(state, VIEWS[number]!);
  const last = Math.max(0, rows - 1);
  switch (key) {
    case '\t':
      return show(state, VIEWS[(VIEWS.indexOf(state.view) + 1) % VIEWS.length]!);
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

function show(state: WatchState, view: View): void {
  state.view = view;
  state.sort = 0;
  state.row = 0;
  state.detail = undefined;
}

/** Rates of ports, from one picture to the next, with those before as bars. */
export class Rates {
  private before = new Map<string, number>();
  private readonly history = new Map<string, number[]>();
  private atMs = 0;
  /** Of everything, per second. */
  packets = 0;
  bytes = 0;
  private lastPackets = 0;
  private lastBytes = 0;

  /** Takes a picture that was made at a time (ms). */
  take(picture: Picture, nowMs: number): void {
    const seconds = this.atMs === 0 ? 0 : (nowMs - this.atMs) / 1000;
    this.atMs = nowMs;
    const now = new Map<string, number>();
    for (const { transport, port, bytes } of picture.ports) {
      const key = `${port}/${transport}`;
      now.set(key, (now.get(key) ?? 0) + bytes);
    }
    for (const [key, bytes] of now) {
      const rate = seconds === 0 ? 0 : Math.max(0, bytes - (this.before.get(key) ?? 0)) / seconds;
      const list = this.history.get(key) ?? [];
      list.push(rate);
      if (list.length > BARS) list.shift();
      this.history.set(key, list);
    }
    this.before = now;
    if (seconds > 0) {
      this.packets = Math.max(0, picture.packets - this.lastPackets) / seconds;
      this.bytes = Math.max(0, picture.bytes - this.lastBytes) / seconds;
    }
    this.lastPackets = picture.packets;
    this.lastBytes = picture.bytes;
  }

  /** Octets per second of a port at the last picture. */
  of(key: string): number {
    return this.history.get(key)?.at(-1) ?? 0;
  }

  /** The last rates of a port, oldest first. */
  barsOf(key: string): readonly number[] {
    return this.history.get(key) ?? [];
  }
}

const BARS = 8;
