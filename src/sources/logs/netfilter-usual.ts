/**
 * The order in which the kernel writes a packet of TCP or UDP over IPv4 and Ethernet, read in one
 * go: nearly all lines of a firewall's log have it. What differs is left to `netfilter.ts`, which
 * knows all the rest of the grammar.
 *
 * Prefix and interfaces are the same few octets in line after line; they are compared with those of
 * the lines before, not searched for.
 */
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import { OctetMask } from './octet-mask.ts';
import type { Scan } from './scan.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const ZERO = 0x30;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Octets of a beginning that is kept. */
const LONGEST = 96;
/** Beginnings are kept by their first octets, so many of each kind of them. */
const FIRST_OCTETS = 12;
const OTHER_OCTETS = FIRST_OCTETS - 4;
const KINDS = 8;
const KEPT = 8;

/** What a line says up to and with `OUT=…`. */
export interface Beginning {
  readonly octets: OctetMask;
  rule: number;
  action: number;
  inInterface: number;
  outInterface: number;
  direction: number;
}

/** The beginnings met last: `PREFIX IN=eth0 OUT=eth1`. */
export class Beginnings {
  private readonly kept: Beginning[] = Array.from({ length: KINDS * KEPT }, () => ({
    octets: new OctetMask(LONGEST),
    ...{ rule: 0, action: 0, inInterface: 0, outInterface: 0, direction: 0 },
  }));
  /** Of each kind the place that is used next. */
  private readonly next = new Uint8Array(KINDS);

  /** The one that stands at the cursor, followed by a blank. */
  find(scan: Scan): Beginning | undefined {
    const { bytes, at, end } = scan;
    if (at + FIRST_OCTETS > end) return undefined;
    const { kept } = this;
    const first = KEPT * kindAt(scan.view, at);
    for (let which = first; which < first + KEPT; which++) {
      const { octets } = kept[which]!;
      const { length } = octets;
      // Places are filled from the first one on.
      if (length === 0) return undefined;
      if (at + length >= end || bytes[at + length] !== SPACE) continue;
      if (octets.isAt(scan, at)) return kept[which];
    }
    return undefined;
  }

  /** Keeps what `bytes[start, end)` say, as the row has it, in the place of the oldest. */
  keep(scan: Scan, start: number, end: number, batch: VerdictBatch, row: number): void {
    if (end - start > LONGEST || start + FIRST_OCTETS > scan.end) return;
    const kind = kindAt(scan.view, start);
    const each = this.kept[KEPT * kind + this.next[kind]!]!;
    this.next[kind] = (this.next[kind]! + 1) % KEPT;
    each.octets.set(scan.bytes, start, end);
    each.rule = batch.rule[row]!;
    each.action = batch.action[row]!;
    each.inInterface = batch.inInterface[row]!;
    each.outInterface = batch.outInterface[row]!;
    each.direction = batch.direction[row]!;
  }
}

/** By some of its first octets, of which the last may stand behind a short beginning. */
function kindAt(view: DataView, at: number): number {
  const one = view.getInt32(at, true);
  const other = view.getInt32((at + OTHER_OCTETS) | 0, true);
  return Math.imul(Math.imul(one, 0x9e3779b1) ^ other, 0x27d4eb2f) >>> 29;
}

/** What `usual` read. */
export const found = {
  source: 0,
  destination: 0,
  length: 0,
  protocol: 0,
  sourcePort: 0,
  destinationPort: 0,
  /** TCP flags as in the header's octet; -1 where what stands behind the ports was not read. */
  flags: -1,
};

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
const URG = 32;
const ECE = 64;
const CWR = 128;
const TCP = 6;
const UDP = 17;
const HIGHEST = 0x80808080 | 0;

/** Octets behind ` SRC=` that may be looked at. */
const AHEAD = 256;

/**
 * Reads ` SRC=… DST=… LEN=… … PROTO=… SPT=… DPT=…` at the cursor and, of TCP, the flags, and passes
 * what it read. False when anything is out of order: the cursor stays then. Never passes a newline,
 * so that the line may end anywhere before the cursor's end. Words are compared as integers, first
 * octet lowest. Sums are cut to 32 bits, which spares the runtime a check of each.
 */
export function usual(scan: Scan): boolean {
  const { bytes, view, end } = scan;
  const start = scan.at;
  if (start + AHEAD > scan.room) return false;
  // ` SRC=`
  if (view.getInt32(start, true) !== 0x43525320 || bytes[(start + 4) | 0] !== EQUALS) return false;
  let at = addressAt(scan, (start + 5) | 0);
  if (at < 0) return false;
  const source = scan.value;
  // ` DST=`
  if (view.getInt32(at, true) !== 0x54534420 || bytes[(at + 4) | 0] !== EQUALS) return false;
  at = addressAt(scan, (at + 5) | 0);
  if (at < 0) return false;
  const destination = scan.value;
  // ` LEN=52`
  if (view.getInt32(at, true) !== 0x4e454c20 || bytes[(at + 4) | 0] !== EQUALS) return false;
  at = numberAt(scan, (at + 5) | 0);
  if (at < 0) return false;
  const length = scan.value;
  // ` TOS=0x00 PREC=0x00`, of which the values mean nothing here
  if (view.getInt32(at, true) !== 0x534f5420 || bytes[(at + 4) | 0] !== EQUALS) return false;
  if (view.getInt32((at + 9) | 0, true) !== 0x45525020) return false;
  if ((view.getInt32((at + 12) | 0, true) | 0xff) !== 0x303d43ff) return false;
  const values = view.getInt32((at + 5) | 0, true) | view.getInt32((at + 15) | 0, true);
  const differences =
    (view.getInt32((at + 5) | 0, true) - 0x30303030) |
    (view.getInt32((at + 15) | 0, true) - 0x30303030);
  if (((values | differences) & HIGHEST) !== 0) return false;
  // ` TTL=127 ID=4112 DF `
  if (view.getInt32((at + 19) | 0, true) !== 0x4c545420) return false;
  if (bytes[(at + 23) | 0] !== EQUALS) return false;
  at = digitsEnd(bytes, view, (at + 24) | 0);
  if (view.getInt32(at, true) !== 0x3d444920) return false;
  at = digitsEnd(bytes, view, (at + 4) | 0);
  if (view.getInt32(at, true) === 0x20464420) at = (at + 3) | 0;
  // ` PROTO=TCP SPT=50112`
  if (bytes[at] !== SPACE || view.getInt32((at + 1) | 0, true) !== 0x544f5250) return false;
  const name = view.getInt32((at + 5) | 0, true);
  const isTcp = name === 0x43543d4f;
  if (!isTcp && name !== 0x44553d4f) return false;
  if (view.getInt32((at + 9) | 0, true) !== 0x50532050) return false;
  if (bytes[(at + 13) | 0] !== 0x54 || bytes[(at + 14) | 0] !== EQUALS) return false;
  at = numberAt(scan, (at + 15) | 0);
  if (at < 0) return false;
  const sourcePort = scan.value;
  // ` DPT=1433`
  if (view.getInt32(at, true) !== 0x54504420 || bytes[(at + 4) | 0] !== EQUALS) return false;
  at = numberAt(scan, (at + 5) | 0);
  // A port is never the line's last word, so that one that is may have lost digits.
  if (at < 0 || at >= end || bytes[at] !== SPACE) return false;
  found.source = source;
  found.destination = destination;
  found.length = length;
  found.protocol = isTcp ? TCP : UDP;
  found.sourcePort = sourcePort;
  found.destinationPort = scan.value;
  found.flags = -1;
  scan.at = at;
  if (isTcp) readFlags(scan);
  return true;
}

/** Puts what `usual` read into a row. */
export function putUsual(batch: VerdictBatch, row: number): void {
  batch.family[row] = 4;
  batch.source[row] = found.source;
  batch.destination[row] = found.destination;
  batch.bytes[row] = found.length;
  batch.packets[row] = 1;
  batch.protocol[row] = found.protocol;
  batch.sourcePort[row] = found.sourcePort;
  batch.destinationPort[row] = found.destinationPort;
}

/**
 * Whether the line ends behind what `usual` read, but for a blank or the length of UDP's datagram. The
 * cursor stands at the newline then.
 */
export function endsAsUsual(scan: Scan): boolean {
  const { bytes, view, end } = scan;
  let { at } = scan;
  if (found.protocol === TCP) {
    if (found.flags < 0) return false;
  } else {
    // ` LEN=32`
    if (view.getInt32(at, true) !== 0x4e454c20 || bytes[at + 4] !== EQUALS) return false;
    at = digitsEnd(bytes, view, (at + 5) | 0);
  }
  if (bytes[at] === SPACE) at++;
  if (bytes[at] === RETURN) at++;
  if (at >= end || bytes[at] !== NEWLINE) return false;
  scan.at = at;
  return true;
}

/** ` WINDOW=64240 RES=0x00 SYN URGP=0`; the cursor moves only when that is there. */
function readFlags(scan: Scan): void {
  const { bytes, view, end } = scan;
  let at = scan.at;
  if (view.getInt32(at, true) !== 0x4e495720) return;
  if (view.getInt32((at + 4) | 0, true) !== 0x3d574f44) return;
  at = digitsEnd(bytes, view, (at + 8) | 0);
  if (view.getInt32(at, true) !== 0x53455220 || bytes[(at + 4) | 0] !== EQUALS) return;
  if (!isWord(view.getInt32((at + 5) | 0, true))) return;
  at = (at + 9) | 0;
  let flags = 0;
  // Words of three letters, then URGP.
  while (bytes[(at + 4) | 0] === SPACE) {
    const bit = flagOf(view.getInt32(at, true));
    if (bit === 0 || (flags & bit) !== 0) return;
    flags |= bit;
    at = (at + 4) | 0;
  }
  if (bytes[at] !== SPACE || view.getInt32((at + 1) | 0, true) !== 0x50475255) return;
  if (bytes[(at + 5) | 0] !== EQUALS) return;
  at = digitsEnd(bytes, view, (at + 6) | 0);
  if (at > end || (at < end && bytes[at] !== SPACE && !isNewline(bytes, at))) return;
  found.flags = flags;
  scan.at = at;
}

/** Whether a line ends here, with a return or without. */
function isNewline(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at + 1] === NEWLINE);
}

/** The bit of ` SYN`, ` ACK`, ` RST`, ` FIN`, ` PSH`, ` URG`, ` ECE` or ` CWR`, or 0. */
function flagOf(word: number): number {
  switch (word) {
    case 0x4e595320:
      return SYN;
    case 0x4b434120:
      return ACK;
    case 0x54535220:
      return RST;
    case 0x4e494620:
      return FIN;
    case 0x48535020:
      return PSH;
    case 0x47525520:
      return URG;
    case 0x45434520:
      return ECE;
    case 0x52574320:
      return CWR;
    default:
      return 0;
  }
}

/** Whether four octets are digits, letters or between them: no blank, no bracket. */
function isWord(word: number): boolean {
  // Octets below 0x30 or above 0x7f borrow or carry into their highest bit.
  return ((word | (word - 0x30303030)) & 0x80808080) === 0;
}

/** The lowest bit that is set is the highest of the first octet that is no digit. */
function otherThanDigits(differences: number): number {
  return ((differences + 0x76767676) | differences) & HIGHEST;
}

/** Where up to five digits end. */
function digitsEnd(bytes: Uint8Array, view: DataView, start: number): number {
  const others = otherThanDigits(view.getInt32(start, true) ^ 0x30303030);
  if (others !== 0) return (start + 3 - (Math.clz32(others & -others) >> 3)) | 0;
  const fifth = bytes[(start + 4) | 0]! - ZERO;
  return fifth >= 0 && fifth <= 9 ? (start + 5) | 0 : (start + 4) | 0;
}

/** Reads up to five digits, at most 65,535, into the cursor's value; returns their end, or -1. */
function numberAt(scan: Scan, start: number): number {
  const { bytes } = scan;
  let at = start;
  let value = 0;
  for (; at < start + 6; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    value = 10 * value + digit;
  }
  if (at === start || at > start + 5 || value > 65_535) return -1;
  scan.value = value;
  return at;
}

/**
 * Reads an IPv4 address as `Scan.ipv4` does, into the cursor's value, and returns its end, or -1.
 * Each of its numbers is found in four octets, without guessing its length.
 */
function addressAt(scan: Scan, start: number): number {
  const { view } = scan;
  let at = start;
  let address = 0;
  for (let octets = 0; octets < 4; octets++) {
    const digits = view.getInt32(at, true) ^ 0x30303030;
    const others = otherThanDigits(digits);
    // 16, 8 or 0 of one, two or three digits.
    const behind = Math.clz32(others & -others);
    if (behind > 16 || (behind < 16 && (digits & 255) === 0)) return -1;
    const aligned = digits << (8 + behind);
    const value = (aligned >>> 24) + 10 * ((aligned >>> 16) & 255) + 100 * ((aligned >>> 8) & 255);
    if (value > 255) return -1;
    address = (address << 8) | value;
    at = (at + 4 - (behind >> 3)) | 0;
    // The point between them.
    if (octets < 3 && (digits << behind) >>> 24 !== 0x1e) return -1;
  }
  scan.value = address;
  return at - 1;
}
