/**
 * One JSON object (RFC 8259) of a line as positions of the values that a format wants, by path:
 * `flow.pkts_toserver`. Objects within arrays have the path of the array. No strings are made and
 * nothing is built, so that the figures of a verdict are those that stand in the line: a number in
 * another notation (`5e3`) is no port. Of a key that comes twice the last value counts.
 */
import { KeyTable } from './key-table.ts';
import type { Scan } from './scan.ts';

/** What `read` found: an object, one that the line's end cuts off, or none. */
export const WHOLE = 0;
export const CUT = 1;
export const BROKEN = 2;
/** Kinds of values. */
export const ABSENT = 0;
export const TEXT = 1;
export const NUMBER = 2;
export const TRUE = 3;
const FALSE = 4;
const NULL = 5;

const MOST_DEPTH = 32;
const LONGEST_PATH = 256;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const DOT = 0x2e;
const LEAST_TEXT = 0x20;

/** For formats that need values in their order: records within a record. */
export interface LeafVisitor {
  /** A wanted value. */
  leaf(key: number, start: number, end: number): void;
  /** The end of an object at a wanted path. */
  close(key: number): void;
}

/** Places in the object that was read last; those of text are without quotes and still escaped. */
export class JsonLeaves {
  /** By number of the path: kind, first octet and end of the value, without quotes. */
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly table: KeyTable;
  private readonly visitor: LeafVisitor | undefined;
  /** The path of the value being read, and its length; longer ones are wanted by nobody. */
  private readonly path = new Uint8Array(LONGEST_PATH);
  private length = 0;
  private readonly decoder = new TextDecoder();

  /** @param paths the wanted ones; a path's number is its place here */
  constructor(paths: readonly string[], visitor?: LeafVisitor) {
    this.table = new KeyTable(paths);
    this.kinds = new Uint8Array(paths.length);
    this.starts = new Int32Array(paths.length);
    this.ends = new Int32Array(paths.length);
    this.visitor = visitor;
  }

  /** Reads the object at the cursor. What came before a fault is kept. */
  read(scan: Scan): number {
    this.kinds.fill(ABSENT);
    this.length = 0;
    if (scan.peek() !== BRACE) return BROKEN;
    const outcome = this.value(scan, 0);
    if (outcome !== WHOLE) return outcome;
    scan.skipSpaces();
    scan.take(COMMA);
    scan.skipSpaces();
    return scan.at === scan.end ? WHOLE : BROKEN;
  }

  has(key: number): boolean {
    const kind = this.kinds[key]!;
    return kind !== ABSENT && kind !== NULL;
  }

  isTrue(key: number): boolean {
    return this.kinds[key] === TRUE;
  }

  /** Whether the text's octets are those given. */
  is({ bytes }: Scan, key: number, text: Uint8Array): boolean {
    const start = this.starts[key]!;
    if (this.kinds[key] !== TEXT || this.ends[key]! - start !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text[at]) return false;
    return true;
  }

  /** The text with its escapes resolved, in a range of octets. */
  text({ bytes }: Scan, start: number, end: number): string {
    const raw = this.decoder.decode(bytes.subarray(start, end));
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      return raw;
    }
  }

  private value(scan: Scan, depth: number): number {
    const first = scan.peek();
    if (first === -1) return CUT;
    if (first === BRACE) return depth < MOST_DEPTH ? this.members(scan, depth + 1) : BROKEN;
    if (first === BRACKET) return depth < MOST_DEPTH ? this.elements(scan, depth + 1) : BROKEN;
    if (first === QUOTE) {
      const start = scan.at + 1;
      if (!this.string(scan)) return scan.at >= scan.end ? CUT : BROKEN;
      this.keep(TEXT, start, scan.at - 1);
      return WHOLE;
    }
    return this.word(scan, first);
  }

  /** A number, or `true`, `false`, `null`. */
  private word(scan: Scan, first: number): number {
    const { bytes, end } = scan;
    const start = scan.at;
    let at = start;
    while (at < end && isWord(bytes[at]!)) at++;
    if (at === start) return BROKEN;
    scan.at = at;
    // What the line's end touches may go on.
    if (at === end) return CUT;
    let kind = NUMBER;
    if (first === 0x74) kind = TRUE;
    else if (first === 0x66) kind = FALSE;
    else if (first === 0x6e) kind = NULL;
    this.keep(kind, start, at);
    return WHOLE;
  }

  private members(scan: Scan, depth: number): number {
    scan.at++;
    scan.skipSpaces();
    const outer = this.length;
    if (scan.peek() !== BRACE_END) {
      for (;;) {
        scan.skipSpaces();
        const outcome = this.member(scan, outer, depth);
        this.length = outer;
        if (outcome !== WHOLE) return outcome;
        scan.skipSpaces();
        if (scan.take(COMMA)) continue;
        if (scan.peek() === BRACE_END) break;
        return scan.peek() === -1 ? CUT : BROKEN;
      }
    }
    scan.at++;
    if (this.visitor !== undefined) {
      const key = this.key();
      if (key >= 0) this.visitor.close(key);
    }
    return WHOLE;
  }

  private member(scan: Scan, outer: number, depth: number): number {
    if (scan.peek() !== QUOTE) return scan.peek() === -1 ? CUT : BROKEN;
    const start = scan.at + 1;
    if (!this.string(scan)) return scan.at >= scan.end ? CUT : BROKEN;
    this.enter(scan.bytes, start, scan.at - 1, outer);
    scan.skipSpaces();
    if (!scan.take(COLON)) return scan.peek() === -1 ? CUT : BROKEN;
    scan.skipSpaces();
    return this.value(scan, depth);
  }

  private elements(scan: Scan, depth: number): number {
    scan.at++;
    scan.skipSpaces();
    if (scan.take(BRACKET_END)) return WHOLE;
    for (;;) {
      scan.skipSpaces();
      const outcome = this.value(scan, depth);
      if (outcome !== WHOLE) return outcome;
      scan.skipSpaces();
      if (scan.take(COMMA)) continue;
      if (scan.take(BRACKET_END)) return WHOLE;
      return scan.peek() === -1 ? CUT : BROKEN;
    }
  }

  /** Passes a string; false when it does not end, or holds control octets (section 7). */
  private string(scan: Scan): boolean {
    const { bytes, end } = scan;
    let at = scan.at + 1;
    while (at < end && bytes[at] !== QUOTE && bytes[at]! >= LEAST_TEXT) {
      at += bytes[at] === BACKSLASH ? 2 : 1;
    }
    scan.at = Math.min(at, end);
    return scan.take(QUOTE);
  }

  /** Makes `outer.name` the path. */
  private enter(bytes: Uint8Array, start: number, end: number, outer: number): void {
    const { path } = this;
    let at = outer;
    if (outer > 0 && outer < LONGEST_PATH) path[at] = DOT;
    if (outer > 0) at++;
    for (let from = start; from < end; from++, at++) {
      if (at < LONGEST_PATH) path[at] = bytes[from]!;
    }
    this.length = at;
  }

  private key(): number {
    return this.length <= LONGEST_PATH ? this.table.of(this.path, 0, this.length) : -1;
  }

  private keep(kind: number, start: number, end: number): void {
    const key = this.key();
    if (key < 0) return;
    this.kinds[key] = kind;
    this.starts[key] = start;
    this.ends[key] = end;
    this.visitor?.leaf(key, start, end);
  }
}

/** Octets of numbers and literals. */
function isWord(octet: number): boolean {
  return (
    (octet >= 0x30 && octet <= 0x39) ||
    (octet >= 0x61 && octet <= 0x7a) ||
    octet === DOT ||
    octet === 0x2d ||
    octet === 0x2b ||
    octet === 0x45
  );
}
