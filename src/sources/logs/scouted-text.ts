/**
 * Text that a reader shares with a second thread, its scout, which looks ahead in it whenever it has
 * nothing else to do: where lines end, and what those of netfilter say from ` SRC=` on. That depends
 * on a line's octets alone, so that it does not matter which thread finds it out, or whether the
 * scout comes at all: what it did not find in time the reader finds itself.
 *
 * The text lies in a few places of a chunk each, which take turns. A word of control for each tells
 * which filling of the place it is and how many lines of it are known; the two threads change it with
 * atomic operations, so that nothing found in an earlier filling is taken for one of the present.
 */

/** Places of text. Octets in front of each chunk for the line that the last one cut, and behind it. */
export const PLACES = 4;
export const CARRY = 64 * 1024 + 48;
export const CHUNK = 256 * 1024;
export const PLACE_OCTETS = CARRY + CHUNK + 64;
/** Lines of a place that may be known. */
export const MOST_LINES = 4095;

/** Words that are known of each line. */
export const LINE_WORDS = 8;
/** Where ` SRC=` stands, -1 without; where reading goes on behind what was read from there. */
export const W_AT = 0;
export const W_AFTER = 1;
export const W_SOURCE = 2;
export const W_DESTINATION = 3;
/** The source's in the lower half, the destination's in the upper one. */
export const W_PORTS = 4;
/** Length of the packet, protocol above it, then 1 where a line ends with a carriage return. */
export const W_LENGTH = 5;
export const LENGTH_BITS = 16;
export const PROTOCOL_BITS = 8;
/** TCP flags, -1 where they were not read. */
export const W_FLAGS = 6;
/** Where the newline stands. */
export const W_NEWLINE = 7;

/** Words of control of each place: its state, and where the whole lines in it begin and end. */
export const C_STATE = 0;
export const C_FROM = 1;
export const C_TO = 2;
export const CONTROL_WORDS = 3;
/** State: number of the filling, and below it whether the scout is there and the lines known. */
export const FILLING = 1 << 13;
export const SCOUTED = 1 << 12;
export const KNOWN = SCOUTED - 1;
/** State of a place that nobody needs to look at. */
export const DONE = -1;

/** What the two threads share. */
export interface SharedText {
  readonly control: Int32Array;
  readonly text: SharedArrayBuffer;
  readonly lines: SharedArrayBuffer;
}

export function newSharedText(): SharedText {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS * PLACES));
  for (let place = 0; place < PLACES; place++) control[CONTROL_WORDS * place + C_STATE] = DONE;
  return {
    control,
    text: new SharedArrayBuffer(PLACE_OCTETS * PLACES),
    lines: new SharedArrayBuffer(4 * LINE_WORDS * MOST_LINES * PLACES),
  };
}

/** A place of the text: its octets, the same four at a time, and what is known of its lines. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly fours: Int32Array;
  readonly words: Int32Array;
}

export function placesOf({ text, lines }: SharedText): readonly Place[] {
  const octets = 4 * LINE_WORDS * MOST_LINES;
  return Array.from({ length: PLACES }, (_, place) => ({
    bytes: new Uint8Array(text, PLACE_OCTETS * place, PLACE_OCTETS),
    fours: new Int32Array(text, PLACE_OCTETS * place, PLACE_OCTETS / 4),
    words: new Int32Array(lines, octets * place, LINE_WORDS * MOST_LINES),
  }));
}

const NEWLINE = 0x0a;
const NEWLINES = 0x0a0a0a0a;
const ONES = 0x01010101;
const HIGHEST = 0x80808080 | 0;

/**
 * Index of the first newline in a place's octets `[from, to)`, -1 without. In shared memory the
 * runtime's own search takes longer than this.
 */
export function newlineIn({ bytes, fours }: Place, from: number, to: number): number {
  let at = from;
  for (; (at & 3) !== 0; at++) if (bytes[at] === NEWLINE) return at < to ? at : -1;
  for (; at < to; at += 4) {
    const odd = fours[at >> 2]! ^ NEWLINES;
    // Some octet is zero now; the lowest for certain.
    if (((odd - ONES) & ~odd & HIGHEST) === 0) continue;
    while (bytes[at] !== NEWLINE) at++;
    break;
  }
  return at < to ? at : -1;
}

/** What is known of the line that a reader is at. */
export class Scouted {
  /** The text in which the lines stand, and what is known of them. */
  place: Place | undefined;
  /** Where the words of the line at hand begin; -1 when nothing is known of it. */
  at = -1;
  /** Lines that were of use since somebody last asked. */
  wanted = 0;
  private control: Int32Array = new Int32Array(0);
  private state = 0;
  private filling = 0;
  /** The line that comes next, and how many are known for certain. */
  private next = 0;
  private known = 0;

  /** From now on lines come from this place, the first one first. */
  aim(place: Place, control: Int32Array, state: number): void {
    this.place = place;
    this.control = control;
    this.state = state;
    this.filling = Atomics.load(control, state) & -FILLING;
    this.next = this.known = 0;
    this.at = -1;
  }

  /** Nothing is known of the lines that come. */
  forget(): void {
    this.place = undefined;
    this.at = -1;
  }

  /** Goes on to the next line; returns where its newline stands, or -1 when that is not known. */
  line(): number {
    const line = this.next++;
    if (line >= this.known && !this.look(line)) {
      this.at = -1;
      return -1;
    }
    this.at = LINE_WORDS * line;
    return this.place!.words[this.at + W_NEWLINE]!;
  }

  /** Whether the scout has come so far meanwhile; if not it may leave this place. */
  private look(line: number): boolean {
    if (this.place === undefined || this.filling === DONE_FILLING) return false;
    const state = Atomics.load(this.control, this.state);
    if ((state & -FILLING) === this.filling) this.known = state & KNOWN;
    if (line < this.known) return true;
    Atomics.store(this.control, this.state, DONE);
    this.filling = DONE_FILLING;
    return false;
  }
}

/** Of a place that was not offered to the scout, or was taken back. */
const DONE_FILLING = DONE & -FILLING;
