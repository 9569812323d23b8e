/**
 * Follows a TCP connection from what both ends send, keeping for each end one of seven states.
 * The transitions are those of Zeek's connection analysis, so that its states and histories can
 * be given; retransmissions, gaps and zero windows are found from sequence numbers alone, without
 * reassembly. Sequence arithmetic is modulo 2^32 (RFC 9293 section 3.4).
 */
import type { Extensions } from './extensions.ts';
import {
  CLOSED,
  E_RETRANSMITTED_A,
  E_ZERO_WINDOW_A,
  ESTABLISHED,
  INACTIVE,
  MARK_CLOSED_A,
  MARK_CLOSED_B,
  MARK_OPENER_B,
  MARK_OVER,
  MARK_STRAY_ACCEPT,
  PARTIAL,
  R_NEXT_A,
  R_START_A,
  R_STATE,
  RESET,
  SYN_ACK_SENT,
  SYN_SENT,
} from './flow-row.ts';
import {
  LETTER_A,
  LETTER_D,
  LETTER_F,
  LETTER_H,
  LETTER_I,
  LETTER_Q,
  LETTER_R,
  LETTER_S,
  LETTER_T,
  LETTER_W,
  noteOnce,
  noteScaled,
} from './history.ts';
import { fillHole, noteGap } from './tcp-gaps.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
/** A jump further than this is not believed of a SYN or RST. */
const FAR = 1 << 20;
/** Shift of a side's present state in `R_STATE`; its previous state is three bits above. */
function shiftOf(side: number): number {
  return side === 0 ? 0 : 6;
}

/**
 * Whether a segment with SYN opens a new connection on the ports of the row at `base`, rather
 * than belonging to it.
 */
export function isNewConnection(
  words: Int32Array,
  base: number,
  side: number,
  flags: number,
  sequence: number,
): boolean {
  const state = words[base + R_STATE]!;
  const openerSide = (state & MARK_OPENER_B) === 0 ? 0 : 1;
  const opener = (state >>> shiftOf(openerSide)) & 7;
  const closes = MARK_CLOSED_A | MARK_CLOSED_B;
  if ((flags & ACK) !== 0) {
    // Only where the opening SYN was not seen can a SYN-ACK stand for a new connection.
    if (opener !== INACTIVE || side === openerSide) return false;
    return (state & closes) === closes || sequence !== words[base + R_START_A + 2 * side];
  }
  if ((state & closes) === closes) return true;
  // The SYN that belongs before a SYN-ACK seen earlier (two taps, interrupt coalescing).
  if (opener === INACTIVE) return side !== openerSide;
  // Both ends open at once, or the server answers a SYN with one of its own (RFC 9293, 3.5).
  if (side !== openerSide && opener === SYN_SENT && ((state >>> shiftOf(side)) & 7) === INACTIVE) {
    return false;
  }
  return sequence !== words[base + R_START_A + 2 * openerSide];
}

/** Applies one segment sent by `side`. `flags` is the packet row's flags word. */
export function trackTcp(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  flags: number,
  sequence: number,
  acknowledgment: number,
  payload: number,
): void {
  const shift = shiftOf(side);
  const peerShift = 6 - shift;
  const before = words[base + R_STATE]!;
  const own = (before >>> shift) & 7;
  const control = flags & (FIN | SYN | RST);
  if (own === ESTABLISHED && control === 0) {
    trackEstablished(extensions, words, base, side, flags, sequence, acknowledgment, payload);
    return;
  }
  let octets = control & RST ? 0 : payload;
  if ((control & SYN) !== 0) octets++;
  if ((control & FIN) !== 0) octets++;
  const past = (sequence + octets) | 0;
  const known = beginSequence(words, base, side, own, control, sequence, past);
  const marked = words[base + R_STATE]!;
  noteFlags(extensions, words, base, side, flags, payload);
  noteWindow(extensions, words, base, side, flags, own, (before >>> peerShift) & 7);
  noteSequence(extensions, words, base, side, own, control, past, payload, known);
  if (octets > 0) fillHole(extensions, words, base, side, sequence, octets);
  const after = transition(marked, side, flags, payload);
  words[base + R_STATE] = after;
  if ((flags & ACK) !== 0 && control === 0) {
    noteGap(extensions, words, base, side, after, peerShift, acknowledgment);
  }
}

/**
 * Counts the data of a fragment other than the first, which has no TCP header: what comes next in
 * the stream comes after it.
 */
export function trackFragment(
  words: Int32Array,
  base: number,
  side: number,
  payload: number,
): void {
  if (((words[base + R_STATE]! >>> shiftOf(side)) & 7) === INACTIVE) return;
  const at = base + R_NEXT_A + 2 * side;
  words[at] = (words[at]! + payload) | 0;
}

/** The common case: no SYN, FIN or RST from an end that is established. */
function trackEstablished(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  flags: number,
  sequence: number,
  acknowledgment: number,
  payload: number,
): void {
  if (payload > 0) {
    noteOnce(extensions, words, base, side, LETTER_D);
    const past = (sequence + payload) | 0;
    const at = base + R_NEXT_A + 2 * side;
    const ahead = (past - words[at]!) | 0;
    // Not all of it is new: what was missed may be in it.
    if (ahead < payload) fillHole(extensions, words, base, side, sequence, payload);
    if (ahead > 0) words[at] = past;
    else noteScaled(extensions, words, base, side, LETTER_T, E_RETRANSMITTED_A);
  } else if ((flags & ACK) !== 0) noteOnce(extensions, words, base, side, LETTER_A);
  const state = words[base + R_STATE]!;
  const peerShift = side === 0 ? 6 : 0;
  if ((flags & 0xffff00) === 0 && ((state >>> peerShift) & 7) !== CLOSED) {
    noteScaled(extensions, words, base, side, LETTER_W, E_ZERO_WINDOW_A);
  }
  if ((flags & ACK) !== 0) {
    noteGap(extensions, words, base, side, state, peerShift, acknowledgment);
  }
}

/** Sets the numbers a stream starts from. Returns whether they were known before. */
function beginSequence(
  words: Int32Array,
  base: number,
  side: number,
  own: number,
  control: number,
  sequence: number,
  past: number,
): boolean {
  const start = base + R_START_A + 2 * side;
  if (own === INACTIVE) {
    const opens = (control & SYN) !== 0;
    // Without a SYN, count as though there had been one just before.
    words[start] = opens ? sequence : (sequence - 1) | 0;
    words[start + 1] = past;
    return false;
  }
  if ((control & SYN) !== 0 && words[start] !== sequence) {
    words[base + R_STATE]! |= MARK_STRAY_ACCEPT;
    if (own !== RESET && own !== CLOSED) {
      words[start] = sequence;
      words[start + 1] = past;
    }
  }
  return true;
}

function noteFlags(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  flags: number,
  payload: number,
): void {
  const control = flags & (FIN | SYN | RST);
  let letter = 0;
  switch (control) {
    case 0:
      letter = payload > 0 ? LETTER_D : (flags & ACK) !== 0 ? LETTER_A : 0;
      break;
    case SYN:
      letter = (flags & ACK) !== 0 ? LETTER_H : LETTER_S;
      break;
    case FIN:
      letter = LETTER_F;
      break;
    case RST:
      letter = LETTER_R;
      break;
    default:
      letter = (control & (FIN | RST)) === (FIN | RST) ? LETTER_I : LETTER_Q;
  }
  if (letter !== 0) noteOnce(extensions, words, base, side, letter);
}

/** A zero window matters unless it comes with or after a RST, or after the peer's FIN. */
function noteWindow(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  flags: number,
  own: number,
  peer: number,
): void {
  if ((flags & 0xffff00) !== 0 || (flags & RST) !== 0 || peer === CLOSED || own === RESET) return;
  noteScaled(extensions, words, base, side, LETTER_W, E_ZERO_WINDOW_A);
}

/** Moves the next expected number forward, or counts a retransmission. */
function noteSequence(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  own: number,
  control: number,
  past: number,
  payload: number,
  known: boolean,
): void {
  if (!known || own === RESET) return;
  const at = base + R_NEXT_A + 2 * side;
  const ahead = (past - words[at]!) | 0;
  if ((control & (SYN | RST)) !== 0 && (ahead > FAR || ahead < -FAR)) return;
  if (ahead > 0) words[at] = past;
  else if (payload > 0) noteScaled(extensions, words, base, side, LETTER_T, E_RETRANSMITTED_A);
}

/** The state word after a segment: both ends' states with those before, and the marks. */
function transition(state: number, side: number, flags: number, payload: number): number {
  const shift = shiftOf(side);
  const peerShift = 6 - shift;
  const own = (state >>> shift) & 7;
  const peer = (state >>> peerShift) & 7;
  let marks = state;
  let next = own;
  if (own === INACTIVE) {
    if (peer === INACTIVE && (flags & SYN) !== 0) marks = markOpener(state, side, flags);
    next = firstState(marks, side, flags, payload, peer);
  } else next = laterState(own, peer, flags);
  if (next !== own) {
    if (next === CLOSED || next === RESET) marks = markClosed(marks, side, next, peer);
    marks = withState(marks, shift, own, next);
  }
  const peerBefore = (state >>> (peerShift + 3)) & 7;
  const peerNext = peerState(own, peer, peerBefore, flags);
  return peerNext === peer ? marks : withState(marks, peerShift, peer, peerNext);
}

/** Keeps the present state of an end as its previous one. */
function withState(state: number, shift: number, own: number, next: number): number {
  return (state & ~(63 << shift)) | (next << shift) | (own << (shift + 3));
}

/** Who opens, by the first SYN: of a SYN-ACK without its SYN, the receiver is taken for the opener. */
function markOpener(state: number, side: number, flags: number): number {
  const opener = (flags & ACK) !== 0 ? 1 - side : side;
  return opener === 1 ? state | MARK_OPENER_B : state & ~MARK_OPENER_B;
}

/** The state of an end after the first segment from it. */
function firstState(
  marks: number,
  side: number,
  flags: number,
  payload: number,
  peer: number,
): number {
  if ((flags & RST) !== 0) return RESET;
  if ((flags & FIN) !== 0) return CLOSED;
  const isOpener = ((marks & MARK_OPENER_B) !== 0) === (side === 1);
  if ((flags & SYN) !== 0) {
    if (!isOpener || peer !== INACTIVE) return ESTABLISHED;
    return (flags & ACK) !== 0 ? SYN_ACK_SENT : SYN_SENT;
  }
  // Some stacks acknowledge a SYN before they answer it: that is no partial connection.
  if (!isOpener && payload === 0 && peer === SYN_SENT) return INACTIVE;
  return (flags & ACK) !== 0 && peer === ESTABLISHED ? ESTABLISHED : PARTIAL;
}

/** The state of an end that has sent before. */
function laterState(own: number, peer: number, flags: number): number {
  if (own === RESET) return RESET;
  if (own === CLOSED) return (flags & RST) !== 0 && peer !== CLOSED ? RESET : CLOSED;
  if ((flags & RST) !== 0) return RESET;
  if ((flags & FIN) !== 0) return CLOSED;
  const opens = (flags & SYN) !== 0 && (flags & ACK) === 0;
  return own === PARTIAL && peer === INACTIVE && opens ? SYN_SENT : own;
}

/** The state of the end that a segment goes to. */
function peerState(own: number, peer: number, peerBefore: number, flags: number): number {
  if (own === INACTIVE) return (flags & SYN) !== 0 && peer === SYN_SENT ? ESTABLISHED : peer;
  // A FIN followed by a RST from the peer was an orderly end after all.
  const ends = (own === PARTIAL || own === ESTABLISHED) && (flags & (FIN | RST)) === FIN;
  return ends && peer === RESET && peerBefore === CLOSED ? CLOSED : peer;
}

/** Marks that an end closed, and that the connection is over where nothing more is to come. */
function markClosed(state: number, side: number, own: number, peer: number): number {
  const marks = state | (side === 0 ? MARK_CLOSED_A : MARK_CLOSED_B);
  const peerClosed = (marks & (side === 0 ? MARK_CLOSED_B : MARK_CLOSED_A)) !== 0;
  return own === RESET || peer === INACTIVE || peerClosed ? marks | MARK_OVER : marks;
}
