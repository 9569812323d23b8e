/**
 * What a line of `key=value` pairs says under the keys that are wanted: where each value stands. Of
 * a key that comes twice the first value counts. The same object is filled line after line.
 */
import { Fields, numberIn } from './fields.ts';
import type { Line } from './format.ts';
import { KeyTable } from './key-table.ts';
import type { Scan } from './scan.ts';

const QUOTE = 0x22;
/** The key is there, but what it holds is no number that fits. */
export const NO_NUMBER = -2;

export class KeyedValues<Key extends string> {
  /** Where values stand in the line, by number of their key; -1 = it is not there. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The wanted key whose value may be cut short by the end of the line, or -1. */
  cutKey = -1;
  /** The last pair, wanted or not, may be cut short; and its quote is not closed. */
  cut = false;
  open = false;
  private readonly keys: readonly Key[];
  private readonly fields: Fields;

  /** @param equals octet between key and value; @param separator between pairs */
  constructor(keys: readonly Key[], equals?: number, separator?: number) {
    this.keys = keys;
    this.starts = new Int32Array(keys.length);
    this.ends = new Int32Array(keys.length);
    this.fields = new Fields(new KeyTable(keys), equals, separator);
  }

  /** The number of a key. */
  key(name: Key): number {
    return this.keys.indexOf(name);
  }

  /** Takes the line apart from the cursor to its end. */
  read(scan: Scan): void {
    const { fields, starts, ends } = this;
    starts.fill(-1);
    this.cutKey = -1;
    this.cut = this.open = false;
    fields.begin();
    while (fields.next(scan)) {
      const { key } = fields;
      if (fields.cut) {
        this.cut = true;
        this.open = scan.bytes[fields.valueStart - 1] === QUOTE;
      }
      if (key < 0 || starts[key] !== -1) continue;
      starts[key] = fields.valueStart;
      ends[key] = fields.valueEnd;
      if (fields.cut) this.cutKey = key;
    }
  }

  has(key: number): boolean {
    return this.starts[key] !== -1;
  }

  /** Whether exactly this stands under the key. */
  is(scan: Scan, key: number, text: Uint8Array): boolean {
    const start = this.starts[key]!;
    return start !== -1 && this.ends[key]! - start === text.length && scan.isAt(text, start);
  }

  /** Number of the name under the key, 0 without the key. */
  word({ names, scan }: Line, key: number): number {
    if (this.starts[key] === -1) return 0;
    return names.intern(scan.bytes, this.starts[key]!, this.ends[key]!);
  }

  /** The text under the key, empty without it. */
  text(line: Line, key: number): string {
    return line.names.names[this.word(line, key)]!;
  }

  /** The number under the key, -1 without the key, `NO_NUMBER` for anything else. */
  number(bytes: Uint8Array, key: number, most: number): number {
    if (this.starts[key] === -1) return -1;
    const value = numberIn(bytes, this.starts[key]!, this.ends[key]!, most);
    return value < 0 ? NO_NUMBER : value;
  }
}
