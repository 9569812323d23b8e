/**
 * The history of a connection as a row of letters, as Zeek has it: upper case sent by the
 * originator, lower case by the responder, in order of first appearance.
 *
 *   S SYN   H SYN-ACK   A bare acknowledgment   D data   F FIN   R RST
 *   T retransmission   W zero window   G gap in what was captured
 *   I FIN with RST   Q other mixed flags   ^ roles turned round after the first packet
 *
 * T, W and G are written again at their 10th, 100th, 1000th … time. In the row a letter takes
 * five bits: four for the letter and one for the side.
 */
import type { Extensions, ExtensionWords } from './extensions.ts';
import {
  E_HISTORY,
  E_HISTORY_WORDS,
  EXTENSION_WORDS,
  HISTORY_WORDS,
  R_EXTENSION,
  R_HISTORY,
  R_SEEN,
} from './flow-row.ts';

const LETTERS = ' SHADFRIQTWG';
export const LETTER_S = 1;
export const LETTER_H = 2;
export const LETTER_A = 3;
export const LETTER_D = 4;
export const LETTER_F = 5;
export const LETTER_R = 6;
export const LETTER_I = 7;
export const LETTER_Q = 8;
export const LETTER_T = 9;
export const LETTER_W = 10;
export const LETTER_G = 11;

const PER_WORD = 6;
const SIDE_B = 16;

/** Appends a letter the first time this side shows it; letters 1 to 8 only. */
export function noteOnce(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  letter: number,
): void {
  const bit = 1 << (letter - 1 + (side << 3));
  if ((words[base + R_SEEN]! & bit) !== 0) return;
  words[base + R_SEEN]! |= bit;
  noteLetter(extensions, words, base, side, letter);
}

/** Counts an occurrence at `counter` of the extension; appends the letter at 1, 10, 100 … */
export function noteScaled(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  letter: number,
  counter: number,
): void {
  const rare = extensions.of(words, base);
  const count = extensions.words[rare + counter + side]! + 1;
  extensions.words[rare + counter + side] = count;
  if (isPowerOfTen(count)) noteLetter(extensions, words, base, side, letter);
}

function isPowerOfTen(count: number): boolean {
  let power = 1;
  while (power < count) power *= 10;
  return power === count;
}

/** Appends a letter; once row and extension are full (42 letters) no more are kept. */
export function noteLetter(
  extensions: Extensions,
  words: Int32Array,
  base: number,
  side: number,
  letter: number,
): void {
  const code = letter | (side === 0 ? 0 : SIDE_B);
  for (let word = 0; word < HISTORY_WORDS; word++) {
    if (append(words, base + R_HISTORY + word, code)) return;
  }
  const rare = extensions.of(words, base);
  for (let word = 0; word < E_HISTORY_WORDS; word++) {
    if (append(extensions.words, rare + E_HISTORY + word, code)) return;
  }
}

function append(words: Int32Array, at: number, code: number): boolean {
  const held = words[at]!;
  if (held >>> (5 * (PER_WORD - 1)) !== 0) return false;
  let shift = 0;
  while ((held >>> shift) & 31) shift += 5;
  words[at] = held | (code << shift);
  return true;
}

/**
 * The history as text.
 *
 * @param clientIsB the originator is the side that did not send the first packet
 */
export function historyText(
  extensions: ExtensionWords,
  words: Int32Array,
  base: number,
  clientIsB: boolean,
): string {
  let text = clientIsB ? '^' : '';
  text += lettersOf(words, base + R_HISTORY, HISTORY_WORDS, clientIsB);
  const index = words[base + R_EXTENSION]!;
  if (index !== 0) {
    const at = index * EXTENSION_WORDS + E_HISTORY;
    text += lettersOf(extensions.words, at, E_HISTORY_WORDS, clientIsB);
  }
  return text;
}

function lettersOf(words: Int32Array, at: number, count: number, clientIsB: boolean): string {
  let text = '';
  for (let word = 0; word < count; word++) {
    for (let held = words[at + word]!; held !== 0; held >>>= 5) {
      const letter = LETTERS[held & 15]!;
      text += ((held & SIDE_B) !== 0) === clientIsB ? letter : letter.toLowerCase();
    }
  }
  return text;
}
