/** Sums that the tables of an audit are made of: by group of rows, as columns, so that no number is boxed. */
import { F_BYTES, F_FIRST, F_LAST, type VerdictRows } from './verdict-rows.ts';

/** Columns: events, those that are noise, octets, first and last time. */
const WIDTH = 5;
const EVENTS = 0;
const NOISE = 1;
const BYTES = 2;
const FIRST = 3;
const LAST = 4;
const INITIAL = 64;

/** A group is made by `open` before anything is added to it. */
export class GroupSums {
  /** Groups are numbered from 0. */
  count = 0;
  readonly table: VerdictRows;
  private floats = new Float64Array(WIDTH * INITIAL);
  /** By group: its first row. */
  private rows = new Int32Array(INITIAL);

  constructor(table: VerdictRows) {
    this.table = table;
  }

  /** A new group's number. */
  open(): number {
    const group = this.count++;
    if (group === this.rows.length) {
      const floats = new Float64Array(2 * this.floats.length);
      floats.set(this.floats);
      this.floats = floats;
      const rows = new Int32Array(2 * this.rows.length);
      rows.set(this.rows);
      this.rows = rows;
    }
    this.floats[WIDTH * group + FIRST] = Number.POSITIVE_INFINITY;
    this.floats[WIDTH * group + LAST] = Number.NEGATIVE_INFINITY;
    this.rows[group] = -1;
    return group;
  }

  /** Counts a row of the table. */
  add(group: number, row: number, events: number, isNoise: boolean): void {
    const { floats, table } = this;
    const at = WIDTH * group;
    floats[at + EVENTS]! += events;
    if (isNoise) floats[at + NOISE]! += events;
    floats[at + BYTES]! += table.float(row, F_BYTES);
    const firstMs = table.float(row, F_FIRST);
    const lastMs = table.float(row, F_LAST);
    if (firstMs < floats[at + FIRST]!) floats[at + FIRST] = firstMs;
    if (lastMs > floats[at + LAST]!) floats[at + LAST] = lastMs;
    if (this.rows[group] === -1) this.rows[group] = row;
  }

  /** Counts the rows of another one's group. Of several their first rows must come in order. */
  addGroup(group: number, from: GroupSums, other: number): void {
    const { floats } = this;
    const at = WIDTH * group;
    const of = WIDTH * other;
    floats[at + EVENTS]! += from.floats[of + EVENTS]!;
    floats[at + NOISE]! += from.floats[of + NOISE]!;
    floats[at + BYTES]! += from.floats[of + BYTES]!;
    floats[at + FIRST] = Math.min(floats[at + FIRST]!, from.floats[of + FIRST]!);
    floats[at + LAST] = Math.max(floats[at + LAST]!, from.floats[of + LAST]!);
    if (this.rows[group] === -1) this.rows[group] = from.row(other);
  }

  /** Numbers of the groups, those with most events first. */
  inOrder(): number[] {
    const groups = Array.from({ length: this.count }, (_, group) => group);
    return groups.sort((a, b) => this.events(b) - this.events(a) || this.row(a) - this.row(b));
  }

  events(group: number): number {
    return this.floats[WIDTH * group + EVENTS]!;
  }

  noise(group: number): number {
    return this.floats[WIDTH * group + NOISE]!;
  }

  bytes(group: number): number {
    return this.floats[WIDTH * group + BYTES]!;
  }

  /** ms since 1970; null when no row has a time. */
  firstMs(group: number): number | null {
    return finite(this.floats[WIDTH * group + FIRST]!);
  }

  lastMs(group: number): number | null {
    return finite(this.floats[WIDTH * group + LAST]!);
  }

  /** When the first and the last row of all groups were seen. */
  span(): { firstMs: number | null; lastMs: number | null } {
    let firstMs = Number.POSITIVE_INFINITY;
    let lastMs = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < WIDTH * this.count; at += WIDTH) {
      firstMs = Math.min(firstMs, this.floats[at + FIRST]!);
      lastMs = Math.max(lastMs, this.floats[at + LAST]!);
    }
    return { firstMs: finite(firstMs), lastMs: finite(lastMs) };
  }

  /** The first row. */
  row(group: number): number {
    return this.rows[group]!;
  }
}

/** Null for what is infinite or no number. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The key of the largest sum above 0, the lowest of equals; -1 without any. */
export function mostOf(keys: ArrayLike<number>, sums: ArrayLike<number>): number {
  let best = -1;
  let most = 0;
  for (let index = 0; index < keys.length; index++) {
    const sum = sums[index]!;
    if (sum < most || sum === 0 || (sum === most && keys[index]! > best)) continue;
    best = keys[index]!;
    most = sum;
  }
  return best;
}
