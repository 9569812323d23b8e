/** What the formats whose lines are JSON objects share: values by path, into the batch. */
import { numberIn, putAddress } from './fields.ts';
import { BAD_SHAPE, CUT_OFF, type Line } from './format.ts';
import { BROKEN, CUT, JsonLeaves, type LeafVisitor, TEXT } from './json-leaves.ts';
import { octetsOf, Scan } from './scan.ts';

const BRACE = 0x7b;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ZERO = 0x30;
const DOT = 0x2e;
/** What some relays put before an object. */
const COOKIE = octetsOf('@cee:');
/** Largest count that a double holds exactly. */
export const MOST = Number.MAX_SAFE_INTEGER;
/** Of `number`: no such value, and no number where one must stand. */
export const WITHOUT = -1;
export const NO_NUMBER = -2;

/** Whether an object may begin at the cursor, or what relays put before one. */
export function mayBeObject(scan: Scan): boolean {
  const first = scan.peek();
  return first === BRACE || first === SPACE || first === COOKIE[0];
}

export class JsonLine {
  readonly leaves: JsonLeaves;
  private readonly stampText = new Uint8Array(48);
  private scratch: Scan | undefined;

  constructor(paths: readonly string[], visitor?: LeafVisitor) {
    this.leaves = new JsonLeaves(paths, visitor);
  }

  /** Reads the object of the message: 0, `CUT_OFF` or `BAD_SHAPE`; -1 when none begins there. */
  read({ scan, head }: Line): number {
    scan.at = head.messageStart;
    scan.skipSpaces();
    if (scan.takeText(COOKIE)) scan.skipSpaces();
    if (scan.peek() !== BRACE) return -1;
    const outcome = this.leaves.read(scan);
    if (outcome === CUT) return CUT_OFF;
    return outcome === BROKEN ? BAD_SHAPE : 0;
  }

  /** A whole number, as number or text; `WITHOUT`, or `NO_NUMBER`. */
  number({ scan }: Line, key: number, most: number): number {
    const { leaves } = this;
    if (!leaves.has(key)) return WITHOUT;
    const start = leaves.starts[key]!;
    let end = leaves.ends[key]!;
    // Databases write whole numbers as `443.0`.
    let zeros = end;
    while (zeros > start && scan.bytes[zeros - 1] === ZERO) zeros--;
    if (zeros < end && zeros - 1 > start && scan.bytes[zeros - 1] === DOT) end = zeros - 1;
    const value = numberIn(scan.bytes, start, end, most);
    return value < 0 ? NO_NUMBER : value;
  }

  /** Number of the name, 0 without. */
  name({ scan, names }: Line, key: number): number {
    const { leaves } = this;
    if (leaves.kinds[key] !== TEXT) return 0;
    return this.nameIn(scan, names, leaves.starts[key]!, leaves.ends[key]!);
  }

  /** Number of the name in a range of octets, whose escapes are resolved. */
  nameIn(scan: Scan, names: Line['names'], start: number, end: number): number {
    for (let at = start; at < end; at++) {
      if (scan.bytes[at] === BACKSLASH) {
        return names.internText(this.leaves.text(scan, start, end));
      }
    }
    return names.intern(scan.bytes, start, end);
  }

  address({ scan, batch }: Line, row: number, key: number, isSource: boolean): boolean {
    const { leaves } = this;
    if (leaves.kinds[key] !== TEXT) return false;
    return putAddress(scan, batch, row, isSource, leaves.starts[key]!, leaves.ends[key]!);
  }

  /** A stamp of RFC 3339, or seconds since 1970 with or without a fraction; NaN for none. */
  time({ scan, clock, addresses }: Line, key: number): number {
    const { leaves, stampText } = this;
    const start = leaves.starts[key]!;
    const length = leaves.ends[key]! - start;
    if (!leaves.has(key) || length >= stampText.length) return Number.NaN;
    // A blank ends it, as it does in front of a message.
    stampText.set(scan.bytes.subarray(start, start + length));
    stampText[length] = SPACE;
    this.scratch ??= new Scan(addresses);
    const { scratch } = this;
    scratch.aim(stampText, 0, length);
    if (!clock.iso(scratch) && !clock.epoch(scratch)) return Number.NaN;
    return scratch.at === length ? clock.timeMs : Number.NaN;
  }
}
