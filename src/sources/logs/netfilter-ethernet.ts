/**
 * The `MAC=` of a netfilter line: of Ethernet destination, source and type, fourteen octets as pairs of
 * hexadecimal digits with colons between them; it may be empty, longer, or MACSRC and MACDST instead.
 */
import type { Line } from './format.ts';
import { isDigit, isLetter, type Scan } from './scan.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
/** The highest bit of each octet of a word. */
const HIGHEST = 0x80808080 | 0;

/** ` MAC=` of Ethernet, which comes next in lines about what was received. */
export function ethernet(line: Line, row: number): void {
  const { scan } = line;
  const { bytes, at, end } = scan;
  if (end - at < ETHERNET || bytes[at + 46] !== SPACE || !isMac(scan)) return;
  scan.at = at + 5;
  linkAddress(line, row);
  scan.at = at + 46;
}

/** Octets of ` MAC=` with fourteen octets of Ethernet, and of the blank behind them. */
const ETHERNET = 47;

/** Highest bits are set of octets below a blank. */
function isBelow(word: number): number {
  return (word - 0x20202020) & ~word;
}

/** Whether ` MAC=` stands at the cursor, where a blank is taken for granted. */
function isMac({ bytes, at }: Scan): boolean {
  return (
    bytes[at + 4] === EQUALS &&
    bytes[at + 1] === 0x4d &&
    bytes[at + 2] === 0x41 &&
    bytes[at + 3] === 0x43
  );
}

/** The same where the line's end is not known: passes it unless a newline stands in it. Returns whether the address is a group's. */
export function passEthernet(scan: Scan): boolean {
  const { bytes, view, at, end } = scan;
  if (end - at < ETHERNET || bytes[at + 46] !== SPACE || !isMac(scan)) return false;
  const below =
    isBelow(view.getInt32((at + 2) | 0, true)) |
    isBelow(view.getInt32((at + 6) | 0, true)) |
    isBelow(view.getInt32((at + 10) | 0, true)) |
    isBelow(view.getInt32((at + 14) | 0, true)) |
    isBelow(view.getInt32((at + 18) | 0, true)) |
    isBelow(view.getInt32((at + 22) | 0, true)) |
    isBelow(view.getInt32((at + 26) | 0, true)) |
    isBelow(view.getInt32((at + 30) | 0, true)) |
    isBelow(view.getInt32((at + 34) | 0, true)) |
    isBelow(view.getInt32((at + 38) | 0, true)) |
    isBelow(view.getInt32((at + 42) | 0, true));
  // An octet below a blank.
  if ((below & HIGHEST) !== 0) return false;
  scan.at = at + 5;
  const group = isGroup(scan);
  scan.at = at + 46;
  return group;
}

/** The destination comes first; its lowest bit tells group addresses (IEEE 802). */
export function linkAddress(line: Line, row: number): void {
  const { scan } = line;
  const { bytes, at, end } = scan;
  if (isGroup(scan)) line.batch.group[row] = 1;
  // Six octets of destination, six of source, two of type: the usual case is passed at once.
  if (isLinkAddress(scan) && at + 41 < end && bytes[at + 41] === SPACE) scan.at = at + 41;
}

function isLinkAddress({ bytes, at, end }: Scan): boolean {
  return at + 17 <= end && bytes[at + 2] === 0x3a && bytes[at + 14] === 0x3a;
}

function isGroup(scan: Scan): boolean {
  const low = scan.bytes[scan.at + 1]!;
  if (!isLinkAddress(scan)) return false;
  // Odd digits: 1 3 5 7 9 are odd codes, b d f even ones.
  return isDigit(low) ? (low & 1) === 1 : isLetter(low) && (low & 1) === 0;
}
