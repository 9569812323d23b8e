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

/** Octets of a beginning that is kept. */
const LONGEST = 96;
/** Beginnings are kept by their first octets, so many of each kind of them. */
const FIRST_OCTETS = 16;
const KINDS = 8;
const KEPT = 8;

/** What a line says up to and with `OUT=…`. */
interface Beginning {
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

/** By its first octets, of which some may stand behind a short beginning. */
function kindAt(view: DataView, at: number): number {
  const one = Math.imul(view.getInt32(at, true), 0x9e3779b1) ^ view.getInt32(at + 4, true);
  const other = Math.imul(view.getInt32(at + 8, true), 0x85ebca6b) ^ view.getInt32(at + 12, true);
  return Math.imul(one ^ (other >>> 15) ^ other, 0x27d4eb2f) >>> 29;
}

/** What `usual` found besides the row's columns. */
export const ending = {
  /** TCP flags as in the header's octet; -1 where the line's end was not read. */
  flags: -1,
};

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
const URG = 32;
const TCP = 6;
const UDP = 17;

/** Octets of the shortest line that is read here, from ` SRC=`. */
const SHORTEST = 90;
/** Octets that may be looked at behind a line's end: no step looks further ahead than this. */
const AHEAD = 32;

/**
 * Reads ` SRC=… DST=… LEN=… … PROTO=… SPT=… DPT=…` at the cursor into the row and, of TCP, the flags
 * up to the line's end. False when anything is out of order: the row is untouched then, and so is
 * the cursor. Words are compared as integers, first octet lowest.
 */
export function usual(scan: Scan, batch: VerdictBatch, row: number): boolean {
  const { bytes, view, end } = scan;
  const start = scan.at;
  ending.flags = -1;
  if (end - start < SHORTEST || end + AHEAD > scan.room) return false;
  // ` SRC=`
  if (view.getInt32(start, true) !== 0x43525320 || bytes[start + 4] !== EQUALS) return false;
  scan.at = start + 5;
  if (!scan.ipv4()) return refuse(scan, start);
  const source = scan.value;
  let at = scan.at;
  // ` DST=`
  if (view.getInt32(at, true) !== 0x54534420 || bytes[at + 4] !== EQUALS) {
    return refuse(scan, start);
  }
  scan.at = at + 5;
  if (!scan.ipv4()) return refuse(scan, start);
  const destination = scan.value;
  at = scan.at;
  scan.at = start;
  // ` LEN=52`
  if (view.getInt32(at, true) !== 0x4e454c20 || bytes[at + 4] !== EQUALS) return false;
  at = numberAt(scan, at + 5);
  if (at < 0 || at > end) return false;
  const length = scan.value;
  // ` TOS=0x00 PREC=0x00`, of which the values mean nothing here
  if (view.getInt32(at, true) !== 0x534f5420 || view.getInt32(at + 9, true) !== 0x45525020) {
    return false;
  }
  if (bytes[at + 4] !== EQUALS || bytes[at + 13] !== 0x43 || bytes[at + 14] !== EQUALS)
    return false;
  if (!isWord(view.getInt32(at + 5, true)) || !isWord(view.getInt32(at + 15, true))) return false;
  at += 19;
  // ` TTL=127 ID=4112 DF `
  if (view.getInt32(at, true) !== 0x4c545420 || bytes[at + 4] !== EQUALS) return false;
  at = digitsEnd(bytes, at + 5);
  if (at > end || view.getInt32(at, true) !== 0x3d444920) return false;
  at = digitsEnd(bytes, at + 4);
  if (at > end) return false;
  if (view.getInt32(at, true) === 0x20464420) at += 3;
  // ` PROTO=TCP SPT=50112`
  if (bytes[at] !== SPACE || view.getInt32(at + 1, true) !== 0x544f5250) return false;
  const name = view.getInt32(at + 5, true);
  const isTcp = name === 0x43543d4f;
  if (!isTcp && name !== 0x44553d4f) return false;
  if (view.getInt32(at + 9, true) !== 0x50532050 || bytes[at + 13] !== 0x54) return false;
  if (bytes[at + 14] !== EQUALS) return false;
  at = numberAt(scan, at + 15);
  if (at < 0 || at > end) return false;
  const sourcePort = scan.value;
  // ` DPT=1433`
  if (view.getInt32(at, true) !== 0x54504420 || bytes[at + 4] !== EQUALS) return false;
  at = numberAt(scan, at + 5);
  // A port is never the line's last word, so that one that is may have lost digits.
  if (at < 0 || at >= end || bytes[at] !== SPACE) return false;
  batch.family[row] = 4;
  batch.source[row] = source;
  batch.destination[row] = destination;
  batch.bytes[row] = length;
  batch.packets[row] = 1;
  batch.protocol[row] = isTcp ? TCP : UDP;
  batch.sourcePort[row] = sourcePort;
  batch.destinationPort[row] = scan.value;
  scan.at = at;
  if (isTcp) readFlags(scan);
  return true;
}

function refuse(scan: Scan, start: number): false {
  scan.at = start;
  return false;
}

/** ` WINDOW=64240 RES=0x00 SYN URGP=0` to the line's end; the cursor moves only when that is all. */
function readFlags(scan: Scan): void {
  const { bytes, view, end } = scan;
  let at = scan.at;
  if (view.getInt32(at, true) !== 0x4e495720 || view.getInt32(at + 4, true) !== 0x3d574f44) return;
  at = digitsEnd(bytes, at + 8);
  if (at > end || view.getInt32(at, true) !== 0x53455220 || bytes[at + 4] !== EQUALS) return;
  if (!isWord(view.getInt32(at + 5, true))) return;
  at += 9;
  let flags = 0;
  // Words of three letters, then URGP.
  while (at < end && bytes[at + 4] === SPACE) {
    const bit = flagOf(view.getInt32(at, true));
    if (bit === 0) return;
    flags |= bit;
    at += 4;
  }
  if (at > end || bytes[at] !== SPACE || view.getInt32(at + 1, true) !== 0x50475255) return;
  if (bytes[at + 5] !== EQUALS || digitsEnd(bytes, at + 6) !== end) return;
  ending.flags = flags;
  scan.at = end;
}

/** The bit of ` SYN`, ` ACK`, ` RST`, ` FIN`, ` PSH` or ` URG`, or 0. */
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
    default:
      return 0;
  }
}

/** Whether four octets are digits, letters or between them: no blank, no bracket. */
function isWord(word: number): boolean {
  // Octets below 0x30 or above 0x7f borrow or carry into their highest bit.
  return ((word | (word - 0x30303030)) & 0x80808080) === 0;
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at]! >= ZERO && bytes[at]! <= 0x39) at++;
  return at;
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
