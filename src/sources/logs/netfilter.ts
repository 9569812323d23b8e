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
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import { BAD_SHAPE, CUT_OFF, type Line, type LogFormat, OTHER, READ, SILENT } from './format.ts';
import { KeyTable } from './key-table.ts';
import { ethernet, passEthernet } from './netfilter-ethernet.ts';
import { ACK, clearSeen, SYN, seen, tokens } from './netfilter-tokens.ts';
import {
  type Beginning,
  Beginnings,
  endsAsUsual,
  found,
  putUsual,
  usual,
} from './netfilter-usual.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const EQUALS = 0x3d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const KERNEL_TAG = octetsOf('kernel: ');
/** Octets of a message that is read before its end is known: it cannot be too long a line. */
const LONGEST = 2048;
/** Programs that write such lines, or hand them on. */
const WRITERS = new KeyTable([
  'kernel',
  'klogd',
  'ulogd',
  'ulogd2',
  'syslogd',
  'rsyslogd',
  'iptables',
]);
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const SCTP = 132;
const ESP = 50;
const DCCP = 33;

export class Netfilter implements LogFormat {
  readonly name = 'netfilter';
  private readonly beginnings = new Beginnings();
  /** What looks like a program's tag in the header last read may be a part of the prefix. */
  private isTag = false;

  read(line: Line): number {
    const { scan } = line;
    const start = passKernelTime(scan);
    // Then no beginning is kept.
    const isTag = isPrefix(line);
    this.isTag = isTag;
    const known = isTag ? undefined : this.beginnings.find(scan);
    let row: number;
    if (known !== undefined) {
      row = line.batch.begin();
      putBeginning(known, line.batch, row);
      scan.at += known.octets.length;
    } else {
      row = begin(line, start, isTag);
      if (row < 0) return OTHER;
      if (scan.at < scan.end && !isTag) {
        this.beginnings.keep(scan, start, scan.at, line.batch, row);
      }
    }
    clearSeen();
    ethernet(line, row);
    if (usual(scan)) {
      putUsual(line.batch, row);
      seen.source = seen.destination = true;
      seen.flags = Math.max(0, found.flags);
      seen.flagsEnd = found.flags >= 0;
    }
    tokens(line, row);
    return settle(line, row);
  }

  readOn(line: Line): boolean {
    if (this.isTag) return false;
    const { scan, batch } = line;
    const start = scan.at;
    passKernelTime(scan);
    const known = this.beginnings.find(scan);
    if (known === undefined) return false;
    scan.at += known.octets.length;
    const group = passEthernet(scan);
    if (!usual(scan) || !endsAsUsual(scan) || scan.at - start > LONGEST) return false;
    const row = batch.begin();
    putBeginning(known, batch, row);
    if (group) batch.group[row] = 1;
    putUsual(batch, row);
    if (found.flags >= 0) putFlags(batch, row, found.flags);
    batch.commit();
    return true;
  }
}

function putBeginning(known: Beginning, batch: VerdictBatch, row: number): void {
  batch.rule[row] = known.rule;
  batch.action[row] = known.action;
  batch.inInterface[row] = known.inInterface;
  batch.outInterface[row] = known.outInterface;
  batch.direction[row] = known.direction;
}

function putFlags(batch: VerdictBatch, row: number, flags: number): void {
  batch.tcpFlags[row] = flags;
  if ((flags & (SYN | ACK)) === SYN) batch.initiator[row] = BY_SOURCE;
  else if ((flags & (SYN | ACK)) === (SYN | ACK)) batch.initiator[row] = BY_DESTINATION;
}

/**
 * Whether the header's tag may begin the prefix: ulogd and some routers write none of their own, so that
 * `DROP: all IN=eth0` looks as if a program of that name had written the line.
 */
function isPrefix({ scan, head }: Line): boolean {
  const { programStart, programEnd } = head;
  const { bytes } = scan;
  const length = programEnd - programStart;
  // `kernel`, which is the usual one.
  if (length === 0 || (length === 6 && bytes[programStart] === 0x6b)) return false;
  return bytes[programEnd] === COLON && WRITERS.of(bytes, programStart, programEnd) < 0;
}

/**
 * Reads prefix and interfaces, and leaves the cursor behind them; -1 when there are none.
 * @param isTag the header's tag is a part of the prefix where the rest names no verdict
 */
function begin(line: Line, start: number, isTag: boolean): number {
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
  const inTag = isTag && !line.prefixes.decides(textOf(bytes, start, prefixEnd));
  if (inTag) {
    if (prefixEnd <= start) prefixEnd = line.head.programEnd;
    start = line.head.programStart;
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

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, Math.max(start, end)));
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

/** `[12345.678901] `, which comes between the tag and the prefix. Returns where the prefix begins. */
function passKernelTime(scan: Scan): number {
  const { bytes, view, end } = scan;
  const start = scan.at;
  if (bytes[start] !== OPEN_BRACKET) return start;
  let at = start + 1;
  while (at < end && bytes[at] === SPACE) at++;
  if (at >= end || !isDigit(bytes[at]!)) return start;
  if (end + 4 > scan.room) {
    while (at < end && (isDigit(bytes[at]!) || bytes[at] === 0x2e)) at++;
  } else {
    let others = otherThanTime(view.getInt32(at, true));
    while (others === 0 && at < end) {
      at += 4;
      others = otherThanTime(view.getInt32(at, true));
    }
    at += 3 - (Math.clz32(others & -others) >> 3);
  }
  if (at >= end || bytes[at] !== CLOSE_BRACKET) return start;
  at++;
  if (bytes[at] === SPACE) at++;
  scan.at = at;
  return at;
}

const HIGHEST = 0x80808080 | 0;

/** The lowest bit that is set is the highest of the first octet that is no digit and no point. */
function otherThanTime(word: number): number {
  // Above 9, below the point, or the one between the point and 0.
  const above = word | (word + 0x46464646);
  const notBelow = (word | HIGHEST) - 0x2e2e2e2e;
  const slash = word ^ 0x2f2f2f2f;
  return (above | ~notBelow | ((slash - 0x01010101) & ~slash)) & HIGHEST;
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
  if (protocol === TCP && !seen.partial && seen.flagsEnd) putFlags(batch, row, seen.flags);
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
