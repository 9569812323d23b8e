/**
 * Lines of the Linux kernel's LOG target (iptables, nftables `log`, ufw, firewalld), as
 * net/netfilter/nf_log_syslog.c writes them:
 *
 *   PREFIX IN=if OUT=if [PHYSIN= PHYSOUT=] [MAC=dst:src:type | MACSRC= MACDST= MACPROTO=]
 *   SRC= DST= LEN= TOS= PREC= TTL= ID= [CE] [DF] [MF] [FRAG:n] PROTO=TCP SPT= DPT= [SEQ= ACK=]
 *   WINDOW= RES= flags URGP= [OPT (…)] [UID= GID=] [MARK=]
 *   IPv6: SRC= DST= LEN= TC= HOPLIMIT= FLOWLBL= …; UDP: SPT= DPT= LEN=; ICMP: TYPE= CODE= ID= SEQ=
 *
 * Traps: the prefix is free text and may touch `IN=`; it alone carries the verdict; ICMP errors
 * quote a packet in brackets, whose addresses are not the line's; LEN and ID come twice; a later
 * fragment has no ports; MAC= may be empty or longer than Ethernet's fourteen octets.
 */
import { BY_DESTINATION, BY_SOURCE, FORWARD, INBOUND, OUTBOUND } from '../../model/verdict.ts';
import {
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  CUT_OFF,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { Beginnings, ending, usual } from './netfilter-usual.ts';
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
const KERNEL_TAG = octetsOf('kernel: ');
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
const ICMP = 1;
const ICMPV6 = 58;
const SCTP = 132;
const ESP = 50;
const DCCP = 33;

/** What the tokens of a line have shown so far; one object, emptied per line. */
const seen = {
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

export class Netfilter implements LogFormat {
  readonly name = 'netfilter';
  private readonly beginnings = new Beginnings();

  read(line: Line): number {
    const { scan } = line;
    const start = passKernelTime(scan);
    const known = this.beginnings.find(scan);
    let row: number;
    if (known !== undefined) {
      const { batch } = line;
      row = batch.begin();
      batch.rule[row] = known.rule;
      batch.action[row] = known.action;
      batch.inInterface[row] = known.inInterface;
      batch.outInterface[row] = known.outInterface;
      batch.direction[row] = known.direction;
      scan.at += known.octets.length;
    } else {
      row = begin(line, start);
      if (row < 0) return OTHER;
      if (scan.at < scan.end) {
        this.beginnings.keep(scan, start, scan.at, line.batch, row);
      }
    }
    clearSeen();
    ethernet(line, row);
    if (usual(scan, line.batch, row)) {
      seen.source = seen.destination = true;
      seen.flags = Math.max(0, ending.flags);
      seen.flagsEnd = ending.flags >= 0;
    }
    tokens(line, row);
    return settle(line, row);
  }
}

/** Reads prefix and interfaces, and leaves the cursor behind them; -1 when there are none. */
function begin(line: Line, start: number): number {
  const { scan, batch, names } = line;
  const at = findInterfaces(scan);
  if (at < 0) return -1;
  const row = batch.begin();
  const { bytes } = scan;
  start = behindTag(scan, start, at);
  let prefixEnd = at;
  // `DROP: ` and `DROP ` are one prefix.
  while (prefixEnd > start && (bytes[prefixEnd - 1] === SPACE || bytes[prefixEnd - 1] === 0x3a)) {
    prefixEnd--;
  }
  const prefix = names.intern(bytes, start, prefixEnd);
  batch.rule[row] = prefix;
  if (prefix > 0) batch.action[row] = line.prefixes.of(prefix);
  scan.at = at + 3;
  const inStart = scan.at;
  const inEnd = scan.until(SPACE);
  scan.at = inEnd + 5; // ` OUT=`
  const outStart = scan.at;
  const outEnd = scan.until(SPACE);
  scan.at = outEnd;
  batch.inInterface[row] = names.intern(bytes, inStart, inEnd);
  batch.outInterface[row] = names.intern(bytes, outStart, outEnd);
  if (inEnd > inStart) batch.direction[row] = outEnd > outStart ? FORWARD : INBOUND;
  else if (outEnd > outStart) batch.direction[row] = OUTBOUND;
  return row;
}

/** Where the prefix begins behind a tag that the header left: `UDM,00…,UDM: kernel: [1.2] `. */
function behindTag(scan: Scan, start: number, interfaces: number): number {
  const { end } = scan;
  scan.end = interfaces;
  const tag = scan.find(KERNEL_TAG, start);
  if (tag >= 0) {
    scan.at = tag + KERNEL_TAG.length;
    start = passKernelTime(scan);
  }
  scan.end = end;
  return start;
}

/** ` MAC=` of Ethernet, which comes next in lines about what was received. */
function ethernet(line: Line, row: number): void {
  const { scan } = line;
  const { bytes, at, end } = scan;
  if (end - at < 47 || bytes[at + 46] !== SPACE || bytes[at + 4] !== EQUALS) return;
  if (bytes[at + 1] !== 0x4d || bytes[at + 2] !== 0x41 || bytes[at + 3] !== 0x43) return;
  scan.at = at + 5;
  linkAddress(line, row);
  scan.at = at + 46;
}

/** `[12345.678901] `, which comes between the tag and the prefix. Returns where the prefix begins. */
function passKernelTime(scan: Scan): number {
  const { bytes, view, end } = scan;
  const start = scan.at;
  if (bytes[start] !== OPEN_BRACKET) return start;
  let at = start + 1;
  while (at < end && bytes[at] === SPACE) at++;
  if (at >= end || !isDigit(bytes[at]!)) return start;
  while (at + 4 <= end && areDigitsOrPoints(view.getInt32(at, true))) at += 4;
  while (at < end && (isDigit(bytes[at]!) || bytes[at] === 0x2e)) at++;
  if (at >= end || bytes[at] !== CLOSE_BRACKET) return start;
  at++;
  if (bytes[at] === SPACE) at++;
  scan.at = at;
  return at;
}

const HIGHEST = 0x80808080 | 0;

/** Whether four octets are digits or points. */
function areDigitsOrPoints(word: number): boolean {
  // None above 9, none below the point, and none of the one between the point and 0.
  const above = (word | (word + 0x46464646)) & HIGHEST;
  const notBelow = ((word | HIGHEST) - 0x2e2e2e2e) & HIGHEST;
  const slash = word ^ 0x2f2f2f2f;
  return above === 0 && notBelow === HIGHEST && ((slash - 0x01010101) & ~slash & HIGHEST) === 0;
}

/** Index of `IN=…` that is followed by ` OUT=`; -1 without. */
function findInterfaces(scan: Scan): number {
  const { bytes, end } = scan;
  const last = end - 8;
  for (let at = scan.at; at <= last; at++) {
    if (bytes[at] !== 0x49 || bytes[at + 1] !== 0x4e || bytes[at + 2] !== EQUALS) continue;
    let next = at + 3;
    while (next < end && bytes[next] !== SPACE) next++;
    if (
      next + 5 <= end &&
      bytes[next + 1] === 0x4f &&
      bytes[next + 2] === 0x55 &&
      bytes[next + 3] === 0x54 &&
      bytes[next + 4] === EQUALS
    ) {
      return at;
    }
  }
  return -1;
}

function clearSeen(): void {
  seen.fault = 0;
  seen.source = seen.destination = seen.partial = seen.flagsEnd = seen.encrypted = false;
  seen.flags = 0;
}

/** Reads the tokens behind the interfaces into the row and into `seen`. */
function tokens(line: Line, row: number): void {
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
    if (bytes[at + 3] === EQUALS) threeLetters(line, row, first);
    else if (bytes[at + 4] === EQUALS) fourLetters(line, row, first);
    else if (bytes[at + 5] === EQUALS) fiveLetters(line, row);
    else if (bytes[at + 6] === EQUALS) sixLetters(line, row);
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

/** The destination comes first; its lowest bit tells group addresses (IEEE 802). */
function linkAddress(line: Line, row: number): void {
  const { scan } = line;
  const { bytes, at, end } = scan;
  if (at + 17 > end || bytes[at + 2] !== 0x3a || bytes[at + 14] !== 0x3a) return;
  const low = bytes[at + 1]!;
  // Odd digits: 1 3 5 7 9 are odd codes, b d f even ones.
  const odd = isDigit(low) ? (low & 1) === 1 : (low & 1) === 0;
  if (odd && (isDigit(low) || isLetter(low))) line.batch.group[row] = 1;
  // Six octets of destination, six of source, two of type: the usual case is passed at once.
  if (at + 41 < end && bytes[at + 41] === SPACE) scan.at = at + 41;
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

/** Says whether the row is complete, and commits it. */
function settle(line: Line, row: number): number {
  const { batch } = line;
  if (seen.fault !== 0) return seen.fault;
  if (seen.encrypted && batch.protocol[row]! < 0) batch.protocol[row] = ESP;
  const protocol = batch.protocol[row]!;
  if (!seen.source || !seen.destination || protocol < 0) {
    if (seen.source || seen.destination) return CUT_OFF;
    if (!seen.partial && batch.bytes[row]! < 0 && !isNotIp(line)) return CUT_OFF;
    line.label = 'not IP';
    return SILENT;
  }
  const { sourcePort, destinationPort } = batch;
  const hasPorts = protocol === TCP || protocol === UDP || protocol === 136;
  const mayHavePorts = protocol === SCTP || protocol === DCCP;
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  if ((hasPorts || isIcmp) && (sourcePort[row]! < 0 || destinationPort[row]! < 0)) {
    if (!seen.partial) return CUT_OFF;
    sourcePort[row] = destinationPort[row] = -1;
  }
  if (!hasPorts && !isIcmp && !mayHavePorts && sourcePort[row]! >= 0) return BAD_SHAPE;
  if (protocol === TCP && !seen.partial && seen.flagsEnd) {
    batch.tcpFlags[row] = seen.flags;
    if ((seen.flags & (SYN | ACK)) === SYN) batch.initiator[row] = BY_SOURCE;
    else if ((seen.flags & (SYN | ACK)) === (SYN | ACK)) batch.initiator[row] = BY_DESTINATION;
  }
  batch.commit();
  return READ;
}

/** Lines of the bridge, arp and netdev families name a MACPROTO, or ARP. */
function isNotIp({ scan, head }: Line): boolean {
  const text = scan.find(MACPROTO, head.messageStart);
  return text >= 0 && !scan.isAt(IPV4_TYPE, text + MACPROTO.length);
}
const MACPROTO = octetsOf('MACPROTO=');
const IPV4_TYPE = octetsOf('0800');
