/**
 * Octets of a saved or pasted text → lines. Windows shells write UTF-16 with a mark in front, and
 * consoles write code pages: what is not UTF-8 is taken for Windows-1252, in which digits and
 * punctuation, all that matters, are right. Colours of a terminal are taken out.
 */
import type { Line } from './row.ts';

/** Lines longer than this are cut: no socket takes more. */
const MAX_LINE = 1 << 20;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOURS = /\x1b\[[\d;]*m/g;

/** Never throws: octets that belong to no encoding become some character or other. */
export function decodeText(octets: Uint8Array): string {
  const [first, second, third] = octets;
  if (first === 0xff && second === 0xfe) return utf16(octets, 'utf-16le');
  if (first === 0xfe && second === 0xff) return utf16(octets, 'utf-16be');
  if (first === 0xef && second === 0xbb && third === 0xbf) return utf8(octets.subarray(3));
  const order = utf16Order(octets);
  return order === undefined ? utf8(octets) : utf16(octets, order);
}

function utf16(octets: Uint8Array, order: 'utf-16le' | 'utf-16be'): string {
  return new TextDecoder(order).decode(octets);
}

function utf8(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    return new TextDecoder('windows-1252').decode(octets);
  }
}

/** Without a mark: ASCII in UTF-16 has a zero in every second octet. */
function utf16Order(octets: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const length = Math.min(octets.length, 512) & ~1;
  let low = 0;
  let high = 0;
  for (let at = 0; at < length; at += 2) {
    if (octets[at + 1] === 0 && octets[at] !== 0) high++;
    if (octets[at] === 0 && octets[at + 1] !== 0) low++;
  }
  const pairs = length / 2;
  if (pairs < 4) return undefined;
  if (high > pairs * 0.7) return 'utf-16le';
  return low > pairs * 0.7 ? 'utf-16be' : undefined;
}

/** Blank lines are left out. NUL ends a field of `lsof -F0`, and so a line. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (const piece of text.split(/\r\n|\n|\r/)) {
    number++;
    for (const part of piece.split('\0')) {
      const bare = part.includes('\x1b') ? part.replace(COLOURS, '') : part;
      if (bare.trim() !== '') lines.push({ number, text: bare.slice(0, MAX_LINE) });
    }
  }
  return lines;
}
