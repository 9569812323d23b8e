/**
 * The words of a netfilter line behind its interfaces, one by one: `KEY=value` by the length of the key,
 * flags without a value, quoted packets and further headers, which are passed.
 */
import { ICMP, ICMPV6, TCP, UDP } from '../../net/header-fields.ts';
import { BAD_ADDRESS, BAD_NUMBER, BAD_PORT, CUT_OFF, type Line } from './format.ts';
import { linkAddress } from './netfilter-ethernet.ts';
import { protocolIn } from './protocol-names.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const FRAGMENT = octetsOf('FRAG:');
const ENCRYPTED = octetsOf('ESP SPI=');

/** Flags where TCP's header has them. */
const FIN = 1;
export const SYN = 2;
const RST = 4;
const PSH = 8;
export const ACK = 16;
const URG = 32;
const ECE = 64;
const CWR = 128;

/** What the tokens of a line have shown so far; one object, emptied per line. */
export const seen = {
  /** 0, or the outcome of a bad value. */
  fault: 0,
  source: false,
  destination: false,
  /** No ports are to be expected: a later fragment, or a header that the kernel could not read. */
  partial: false,
  flags: 0,
  /** URGP= stands behind the flags: without it some may be cut off. */
  flagsEnd: false,
  /** IPv6's header of ESP came. */
  encrypted: false,
};

export function clearSeen(): void {
  seen.fault = 0;
  seen.source = seen.destination = seen.partial = seen.flagsEnd = seen.encrypted = false;
  seen.flags = 0;
}

/** Reads the tokens behind the interfaces into the row and into `seen`. */
export function tokens(line: Line, row: number): void {
  const { scan } = line;
  const { bytes, end } = scan;
  while (scan.at < end && seen.fault === 0) {
    const at = scan.at;
    const first = bytes[at]!;
    if (first === SPACE) {
      scan.at++;
      continue;
    }
    if (first === OPEN_BRACKET) {
      // The quoted packet of an ICMP error: not this line's addresses.
      scan.at = scan.until(CLOSE_BRACKET) + 1;
      continue;
    }
    if (first === OPEN_PAREN) {
      headers(scan);
      continue;
    }
    // What stands behind a line that was cut off is not of it.
    if (at + 3 < end && bytes[at + 3] === EQUALS) threeLetters(line, row, first);
    else if (at + 4 < end && bytes[at + 4] === EQUALS) fourLetters(line, row, first);
    else if (at + 5 < end && bytes[at + 5] === EQUALS) fiveLetters(line, row);
    else if (at + 6 < end && bytes[at + 6] === EQUALS) sixLetters(line, row);
    else flag(scan, first);
    if (seen.fault === 0 && scan.at < end && bytes[scan.at] !== SPACE) scan.at = scan.until(SPACE);
  }
}

/**
 * `( FRAG:184 INCOMPLETE ID:0000004e )`, `( ESP SPI=0x1234 )`: further headers of IPv6, which `flags all`
 * and `--log-ip-options` show; or the octets of TCP's options.
 */
function headers(scan: Scan): void {
  const { end } = scan;
  const close = scan.until(CLOSE_PAREN);
  scan.end = close;
  const fragment = scan.find(FRAGMENT);
  if (fragment >= 0) {
    const start = scan.at;
    scan.at = fragment + FRAGMENT.length;
    if (scan.number() && scan.value > 0) seen.partial = true;
    scan.at = start;
  }
  // What is encrypted has no PROTO behind it.
  if (scan.find(ENCRYPTED) >= 0) seen.encrypted = true;
  scan.end = end;
  scan.at = Math.min(close + 1, end);
}

/** SRC, DST, LEN, SPT, DPT, MAC; others are passed. */
function threeLetters(line: Line, row: number, first: number): void {
  const { scan, batch } = line;
  const { bytes, at } = scan;
  const second = bytes[at + 1]!;
  const third = bytes[at + 2]!;
  scan.at = at + 4;
  if (first === 0x53 && second === 0x52 && third === 0x43) {
    if (!seen.source) address(line, row, true);
  } else if (first === 0x44 && second === 0x53 && third === 0x54) {
    if (!seen.destination) address(line, row, false);
  } else if (first === 0x53 && second === 0x50 && third === 0x54) {
    batch.sourcePort[row] = port(scan);
  } else if (first === 0x44 && second === 0x50 && third === 0x54) {
    batch.destinationPort[row] = port(scan);
  } else if (first === 0x4c && second === 0x45 && third === 0x4e) {
    // The first is that of the IP packet, the second that of the UDP datagram.
    if (batch.bytes[row]! >= 0) return;
    if (!scan.numberUpTo(0xffffffff)) seen.fault = BAD_NUMBER;
    else {
      batch.bytes[row] = scan.value;
      batch.packets[row] = 1;
    }
  } else if (first === 0x4d && second === 0x41 && third === 0x43) linkAddress(line, row);
}

/** TYPE, CODE, URGP; others are passed. */
function fourLetters(line: Line, row: number, first: number): void {
  const { scan, batch } = line;
  const { bytes, at } = scan;
  scan.at = at + 5;
  if (first === 0x54 && bytes[at + 1] === 0x59 && bytes[at + 2] === 0x50) {
    if (scan.numberUpTo(255)) batch.sourcePort[row] = scan.value;
    else seen.fault = BAD_NUMBER;
  } else if (first === 0x43 && bytes[at + 1] === 0x4f && bytes[at + 2] === 0x44) {
    if (scan.numberUpTo(255)) batch.destinationPort[row] = scan.value;
    else seen.fault = BAD_NUMBER;
  } else if (first === 0x55 && bytes[at + 1] === 0x52) seen.flagsEnd = true;
}

/** PROTO; others are passed. */
function fiveLetters(line: Line, row: number): void {
  const { scan, batch } = line;
  const { bytes, at } = scan;
  scan.at = at + 6;
  if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x52 || bytes[at + 4] !== 0x4f) return;
  if (batch.protocol[row]! >= 0) return;
  const protocol = protocolAt(scan);
  if (protocol < 0) seen.fault = scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
  else batch.protocol[row] = protocol;
}

/** MACDST; others are passed. */
function sixLetters(line: Line, row: number): void {
  const { scan } = line;
  const { bytes, at } = scan;
  scan.at = at + 7;
  if (bytes[at] === 0x4d && bytes[at + 3] === 0x44) linkAddress(line, row);
}

/** A word without `=`, such as DF or SYN, or the `FRAG:185` of a later fragment. */
function flag(scan: Scan, first: number): void {
  const { bytes, at, end } = scan;
  let next = at;
  while (next < end && isLetter(bytes[next]!)) next++;
  const length = next - at;
  scan.at = next;
  const second = bytes[at + 1]!;
  if (length === 3 && (next === end || bytes[next] === SPACE)) {
    if (first === 0x53 && second === 0x59) seen.flags |= SYN;
    else if (first === 0x41 && second === 0x43) seen.flags |= ACK;
    else if (first === 0x52 && second === 0x53) seen.flags |= RST;
    else if (first === 0x46 && second === 0x49) seen.flags |= FIN;
    else if (first === 0x50 && second === 0x53) seen.flags |= PSH;
    else if (first === 0x55 && second === 0x52) seen.flags |= URG;
    else if (first === 0x45 && second === 0x43) seen.flags |= ECE;
    else if (first === 0x43 && second === 0x57) seen.flags |= CWR;
  } else if (length === 4 && bytes[next] === 0x3a && first === 0x46) {
    scan.at = next + 1;
    // FRAG:0 is the first one, which has the ports.
    if (scan.number() && scan.value > 0) seen.partial = true;
  } else if (length > 6 && (first === 0x49 || first === 0x54))
    seen.partial = true; // INCOMPLETE, TRUNCATED
  else if (length === 3 && first === 0x41 && second === 0x52) seen.partial = true; // ARP
}

function address(line: Line, row: number, isSource: boolean): void {
  const { scan, batch } = line;
  const { at, end } = scan;
  const found = scan.address() && (scan.at >= end || scan.bytes[scan.at] === SPACE);
  if (!found || (batch.family[row] !== 0 && batch.family[row] !== scan.family)) {
    // The last word of a line may be cut short.
    scan.at = at;
    seen.fault = scan.until(SPACE) >= end ? CUT_OFF : BAD_ADDRESS;
    return;
  }
  batch.family[row] = scan.family;
  if (isSource) {
    batch.source[row] = scan.value;
    seen.source = true;
  } else {
    batch.destination[row] = scan.value;
    seen.destination = true;
  }
}

/** A port is never the line's last word, so that one that is may have lost digits. */
function port(scan: Scan): number {
  if (scan.numberUpTo(65_535) && scan.at < scan.end) return scan.value;
  seen.fault = scan.at >= scan.end ? CUT_OFF : BAD_PORT;
  return -1;
}

/** The protocol's number from its name or digits, or -1. */
function protocolAt(scan: Scan): number {
  if (isDigit(scan.peek())) return scan.numberUpTo(255) ? scan.value : -1;
  const { bytes, at, end } = scan;
  let next = at;
  while (next < end && bytes[next] !== SPACE) next++;
  const length = next - at;
  // The kernel names few; others write lines of the same form.
  const usual = namedProtocol(bytes, at, length);
  const protocol = usual < 0 && length > 0 ? protocolIn(scan, at, next) : usual;
  scan.at = protocol < 0 ? at : next;
  if (protocol < 0 && next === end) scan.at = end;
  return protocol;
}

function namedProtocol(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at]!;
  if (length === 3 && first === 0x54 && bytes[at + 1] === 0x43 && bytes[at + 2] === 0x50)
    return TCP;
  if (length === 3 && first === 0x55 && bytes[at + 1] === 0x44 && bytes[at + 2] === 0x50)
    return UDP;
  if (
    first === 0x49 &&
    bytes[at + 1] === 0x43 &&
    bytes[at + 2] === 0x4d &&
    bytes[at + 3] === 0x50
  ) {
    if (length === 4) return ICMP;
    if (length === 6 && bytes[at + 4] === 0x76 && bytes[at + 5] === 0x36) return ICMPV6;
    return -1;
  }
  if (length === 2 && first === 0x41 && bytes[at + 1] === 0x48) return 51;
  if (length === 3 && first === 0x45 && bytes[at + 1] === 0x53 && bytes[at + 2] === 0x50) return 50;
  return length === 7 && first === 0x55 && bytes[at + 3] === 0x4c && bytes[at + 6] === 0x45
    ? 136
    : -1;
}
