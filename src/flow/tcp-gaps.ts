/**
 * Octets of a TCP stream that were acknowledged and not captured: told by numbers alone, without
 * reassembly. Sequence arithmetic is modulo 2^32 (RFC 9293 section 3.4).
 */
import type { Extensions } from './extensions.ts';
import { E_GAP_A, E_HOLE_A, E_MISSED, ESTABLISHED, R_EXTENSION, R_NEXT_A } from './flow-row.ts';
import { LETTER_G, noteScaled } from './history.ts';

/** A jump further than this is not believed of an acknowledgment: more is not on its way at once. */
const FURTHEST_GAP = 1 << 28;
const MOST_MISSED = 0x7fffffff;

/**
 * Notes that the peer's data up to `acknowledgment` arrived, where it was not all captured.
 * @param state the row's, of which the peer's part begins at bit `peerShift`
 */
export function noteGap(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  state: number,
  peerShift: number,
  acknowledgment: number,
): void {
  const peer = (state >>> peerShift) & 7;
  const own = (state >>> (6 - peerShift)) & 7;
  if (peer !== ESTABLISHED || own !== ESTABLISHED) return;
  const at = base + R_NEXT_A + 2 * (1 - side);
  const ahead = (acknowledgment - words[at]!) | 0;
  if (ahead <= 0) return;
  const from = words[at]!;
  words[at] = acknowledgment;
  noteScaled(extensions, words, base, 1 - side, LETTER_G, E_GAP_A);
  if (ahead <= FURTHEST_GAP) noteMissed(extensions, words, base, 1 - side, from, ahead);
}

/** Adds octets of a side that were not captured, as far as the number goes. */
function noteMissed(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  from: number,
  octets: number,
): void {
  const rare = extensions.of(words, base);
  const all = extensions.words;
  all[rare + E_MISSED] = Math.min(all[rare + E_MISSED]! + octets, MOST_MISSED);
  const hole = rare + E_HOLE_A + 2 * side;
  // Acknowledgments ahead of their data come one after the other: the gap grows.
  if (((all[hole]! + all[hole + 1]!) | 0) === from) {
    all[hole + 1] = Math.min(all[hole + 1]! + octets, MOST_MISSED);
  } else {
    all[hole] = from;
    all[hole + 1] = octets;
  }
}

/**
 * Takes data that came after its acknowledgment off what was missed: two taps, or the two directions
 * of a mirror, may be captured a little out of order. Only the last gap of each end is remembered.
 */
export function fillHole(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  sequence: number,
  octets: number,
): void {
  if (words[base + R_EXTENSION] === 0) return;
  const rare = extensions.of(words, base);
  const all = extensions.words;
  const hole = rare + E_HOLE_A + 2 * side;
  const open = all[hole + 1]!;
  if (open === 0) return;
  const begin = (sequence - all[hole]!) | 0;
  const end = Math.min(begin + octets, open);
  const filled = end - Math.max(begin, 0);
  if (filled <= 0) return;
  all[rare + E_MISSED] = Math.max(0, all[rare + E_MISSED]! - filled);
  if (begin > 0 && end === open) {
    all[hole + 1] = begin;
    return;
  }
  // Data come in order: what lies before this is lost.
  all[hole] = (all[hole]! + end) | 0;
  all[hole + 1] = open - end;
}
