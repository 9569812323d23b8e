/**
 * Comparing and reading octets of payloads without allocating: text protocols begin with words,
 * names lie between known octets. Every function stays below `end`.
 */

/** The octets of an ASCII word, made once when a detector is loaded. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The first octets of words, of letters in either case: for `Detector.begins`. */
export function firstOctets(...words: readonly Uint8Array[]): number[] {
  const found = new Set<number>();
  for (const word of words) {
    const first = word[0]!;
    found.add(first);
    if (first >= 0x41 && first <= 0x5a) found.add(first | 0x20);
  }
  return [...found];
}

/** The digits that reply codes and numbers begin with, and the letters of either case. */
export const REPLY_DIGITS: readonly number[] = [0x31, 0x32, 0x33, 0x34, 0x35];
export const LETTERS: readonly number[] = Array.from({ length: 26 }, (_, index) => index).flatMap(
  (index) => [0x41 + index, 0x61 + index],
);

/** Whether the octets at `at` are `word`. */
export function isAt(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  const length = word.length;
  if (end - at < length) return false;
  for (let index = 0; index < length; index++) {
    if (bytes[at + index] !== word[index]) return false;
  }
  return true;
}

/** The same for letters of either case; `word` is in capitals. */
export function isAtAnyCase(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  const length = word.length;
  if (end - at < length) return false;
  for (let index = 0; index < length; index++) {
    const octet = bytes[at + index]!;
    const capital = octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet;
    if (capital !== word[index]) return false;
  }
  return true;
}

/** Index of `word` (capitals) in either case between `at` and `end`, or -1. */
export function findAnyCase(bytes: Uint8Array, at: number, end: number, word: Uint8Array): number {
  for (let next = at; next <= end - word.length; next++) {
    if (isAtAnyCase(bytes, next, end, word)) return next;
  }
  return -1;
}

/** Index of the octet between `at` and `end`, or -1. */
export function findOctet(bytes: Uint8Array, at: number, end: number, octet: number): number {
  for (let next = at; next < end; next++) if (bytes[next] === octet) return next;
  return -1;
}

/** Index after the last octet of the line at `at`, without CR and LF; `end` when it has no end. */
export function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  const next = findOctet(bytes, at, end, 10);
  if (next < 0) return end;
  return next > at && bytes[next - 1] === 13 ? next - 1 : next;
}

/** Whether all octets from `at` to `end` are printable ASCII, tabs or line ends. */
export function isText(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at; next < end; next++) {
    const octet = bytes[next]!;
    if (octet > 0x7e || (octet < 0x20 && octet !== 9 && octet !== 10 && octet !== 13)) return false;
  }
  return true;
}

/** Value of the decimal digits at `at` (at most `most` of them), or -1 when there is none. */
export function decimalAt(bytes: Uint8Array, at: number, end: number, most: number): number {
  let value = -1;
  for (let next = at; next < end && next - at < most; next++) {
    const digit = bytes[next]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = (value < 0 ? 0 : value * 10) + digit;
  }
  return value;
}

/** Characters kept of a text that a payload holds. */
const MOST_TEXT = 255;
const UTF8 = new TextDecoder();
const UTF16 = new TextDecoder('utf-16le');

/** The octets as UTF-8 text, at most 255; broken sequences become U+FFFD. Allocates. */
export function textAt(bytes: Uint8Array, at: number, end: number): string {
  const stop = Math.min(end, at + MOST_TEXT);
  let text = '';
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    // Nearly all of it is ASCII, for which a decoder takes longer than the rest together.
    if (octet >= 0x80) return UTF8.decode(slice(bytes, at, stop));
    text += String.fromCharCode(octet);
  }
  return text;
}

/** The octets as UTF-16 (little-endian) text, at most 255 characters. Allocates. */
export function wideTextAt(bytes: Uint8Array, at: number, end: number): string {
  return UTF16.decode(slice(bytes, at, Math.min(end, at + 2 * MOST_TEXT)));
}

/** A copy, since decoders of text take no views of shared memory. */
function slice(bytes: Uint8Array, at: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(Math.max(0, end - at));
  copy.set(bytes.subarray(at, Math.max(at, end)));
  return copy;
}
