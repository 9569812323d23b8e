/**
 * Messages of the zone-based firewall of Cisco IOS and IOS-XE (`%FW-6-…`):
 *
 *   DROP_PKT: Dropping tcp session A:p B:p on zone-pair out-self class class-default due to …
 *   DROP_PKT: Dropping tcp pkt from Gi1 A:p => B:p(target:class)-(out-self:class-default) due to …
 *   PASS_PKT: (target:class)-(in-out:web) Passing tcp pkt A:p => B:p with ip ident 1
 *   LOG_SUMMARY: 4 tcp packets were dropped from A:p => B:p (target:class)-(out-self:class-default)
 *   SESS_AUDIT_TRAIL_START: (target:class)-(in-out:web):Start http session: initiator (A:p) --
 *     responder (B:p); SESS_AUDIT_TRAIL: Stop … initiator (A:p) sent 300 bytes -- responder (B:p) …
 *
 * Traps: the session's protocol may be one of applications, which does not say what carries it; ICMP
 * has zeros for ports; what is dropped is logged now and then only, and summed up in between.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import {
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  CUT_OFF,
  type Line,
  READ,
  SILENT,
} from './format.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const DROPPED = octetsOf('DROP_PKT');
const PASSED = octetsOf('PASS_PKT');
const SUMMARY = octetsOf('LOG_SUMMARY');
const TRAIL = octetsOf('SESS_AUDIT_TRAIL');
const DROPPING = octetsOf('Dropping ');
const PASSING = octetsOf('Passing ');
const FROM = octetsOf('from ');
const ARROW = octetsOf('=> ');
const SESSION = octetsOf('session ');
const PACKET = octetsOf('pkt ');
const PAIR = octetsOf('zone-pair ');
const TARGET = octetsOf('(target:class)-(');
const DUE_TO = octetsOf('due to ');
const WITH = octetsOf(' with ip ident');
const STARTED = octetsOf(':Start ');
const STOPPED = octetsOf(':Stop ');
const INITIATOR = octetsOf('initiator (');
const RESPONDER = octetsOf('responder (');
const SENT = octetsOf('sent ');

/** Reads the message; the cursor is behind `%FW-6-`. */
export function readZones(line: Line): number {
  const { scan } = line;
  if (scan.takeText(DROPPED)) return packet(line, DROPPING, DENY);
  if (scan.takeText(PASSED)) return packet(line, PASSING, ALLOW);
  if (scan.takeText(SUMMARY)) return summary(line);
  if (scan.takeText(TRAIL)) return session(line);
  const end = Math.min(scan.until(COLON), scan.at + 40);
  line.label = `FW ${line.names.names[line.names.intern(scan.bytes, scan.at, end)]}`;
  return SILENT;
}

/** `Dropping tcp session A:p B:p …`, `Dropping tcp pkt [from Gi1 ]A:p => B:p…`. */
function packet(line: Line, verb: Uint8Array, action: number): number {
  const { scan, batch, names } = line;
  const { bytes } = scan;
  const row = batch.begin();
  batch.action[row] = action;
  const at = scan.find(verb);
  if (at < 0) return CUT_OFF;
  const from = scan.at;
  scan.at = at + verb.length;
  if (!protocol(line, row)) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
  if (!scan.takeText(SESSION) && !scan.takeText(PACKET)) {
    return scan.end - scan.at < SESSION.length ? CUT_OFF : BAD_SHAPE;
  }
  if (scan.takeText(FROM)) {
    const start = scan.at;
    scan.at = scan.until(SPACE);
    batch.inInterface[row] = names.intern(bytes, start, scan.at);
  }
  const fault = ends(line, row);
  if (fault !== 0) return fault;
  zonePair(line, row, from);
  if (scan.find(DUE_TO) >= 0) {
    const start = scan.find(DUE_TO) + DUE_TO.length;
    scan.at = start;
    scan.skipSpaces();
    const end = scan.find(WITH);
    batch.reason[row] = names.intern(bytes, scan.at, end < 0 ? scan.end : end);
  }
  batch.commit();
  return READ;
}

/** `: 4 tcp packets were dropped from A:p => B:p …`. */
function summary(line: Line): number {
  const { scan, batch } = line;
  const row = batch.begin();
  batch.action[row] = DENY;
  scan.at = Math.min(scan.until(COLON) + 1, scan.end);
  scan.skipSpaces();
  if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
  if (scan.value < 1) return BAD_NUMBER;
  batch.events[row] = batch.packets[row] = scan.value;
  scan.skipSpaces();
  if (!protocol(line, row)) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
  const from = scan.find(FROM);
  if (from < 0) return CUT_OFF;
  scan.at = from + FROM.length;
  const fault = ends(line, row);
  if (fault !== 0) return fault;
  zonePair(line, row, scan.at);
  batch.commit();
  return READ;
}

/** `Start http session: initiator (A:p) -- responder (B:p)`, and how it ended. */
function session(line: Line): number {
  const { scan, batch } = line;
  const row = batch.begin();
  const from = scan.at;
  const stopped = scan.find(STOPPED);
  const at = stopped >= 0 ? stopped + STOPPED.length : scan.find(STARTED) + STARTED.length;
  if (at < STARTED.length) return CUT_OFF;
  scan.at = at;
  batch.action[row] = ALLOW;
  batch.event[row] = stopped >= 0 ? END : OPEN;
  batch.initiator[row] = BY_SOURCE;
  const end = scan.until(SPACE);
  const number = protocolIn(scan, at, end);
  batch.protocol[row] = Math.max(-1, number);
  if (number < 0) batch.application[row] = line.names.intern(scan.bytes, at, end);
  const octets = [0, 0];
  for (const isSource of [true, false]) {
    const words = isSource ? INITIATOR : RESPONDER;
    const found = scan.find(words);
    if (found < 0) return CUT_OFF;
    scan.at = found + words.length;
    const fault = endpoint(line, row, isSource);
    if (fault !== 0) return fault;
    if (!scan.take(CLOSE_PAREN)) return scan.at >= scan.end ? CUT_OFF : BAD_SHAPE;
    if (stopped < 0) continue;
    scan.skipSpaces();
    if (!scan.takeText(SENT) || !scan.number()) return CUT_OFF;
    octets[isSource ? 0 : 1] = scan.value;
  }
  if (stopped >= 0) {
    batch.bytes[row] = octets[0]! + octets[1]!;
    batch.bytesBack[row] = octets[1]!;
  }
  zonePair(line, row, from);
  batch.commit();
  return READ;
}

function protocol({ scan, batch }: Line, row: number): boolean {
  const end = scan.until(SPACE);
  const number = protocolIn(scan, scan.at, end);
  scan.at = Math.min(end + 1, scan.end);
  batch.protocol[row] = number;
  return number >= 0;
}

/** `A:p B:p` or `A:p => B:p`; 0 or a fault. */
function ends(line: Line, row: number): number {
  const { scan, batch } = line;
  const first = endpoint(line, row, true);
  if (first !== 0) return first;
  scan.skipSpaces();
  scan.takeText(ARROW);
  const second = endpoint(line, row, false);
  // More follows: a port at the end of the line may have lost digits.
  if (second !== 0 || scan.at >= scan.end) return second || CUT_OFF;
  if (hasPorts(batch.protocol[row]!)) batch.initiator[row] = BY_SOURCE;
  return 0;
}

/** `A:p`; of IPv6 `[A]:p`. */
function endpoint({ scan, batch }: Line, row: number, isSource: boolean): number {
  scan.skipSpaces();
  const bracket = scan.take(0x5b);
  if (!scan.address()) return scan.until(SPACE) >= scan.end ? CUT_OFF : BAD_ADDRESS;
  if (batch.family[row] !== 0 && batch.family[row] !== scan.family) return BAD_ADDRESS;
  batch.family[row] = scan.family;
  if (isSource) batch.source[row] = scan.value;
  else batch.destination[row] = scan.value;
  if (bracket) scan.take(0x5d);
  if (!scan.take(COLON)) return scan.at >= scan.end ? CUT_OFF : BAD_PORT;
  if (!isDigit(scan.peek()) || !scan.number() || scan.value > 65_535) {
    return scan.at >= scan.end ? CUT_OFF : BAD_PORT;
  }
  if (!hasPorts(batch.protocol[row]!)) return 0;
  if (isSource) batch.sourcePort[row] = scan.value;
  else batch.destinationPort[row] = scan.value;
  return 0;
}

/** The pair of zones, or pair and class, is the rule. */
function zonePair({ scan, batch, names }: Line, row: number, from: number): void {
  const target = scan.find(TARGET, from);
  if (target >= 0) {
    const start = target + TARGET.length;
    const end = endOfName(scan, start, CLOSE_PAREN);
    batch.rule[row] = names.intern(scan.bytes, start, end);
    return;
  }
  const pair = scan.find(PAIR, from);
  if (pair < 0) return;
  const start = pair + PAIR.length;
  batch.rule[row] = names.intern(scan.bytes, start, endOfName(scan, start, SPACE));
}

function endOfName({ bytes, end }: Scan, start: number, stop: number): number {
  let at = start;
  while (at < end && bytes[at] !== stop && bytes[at] !== OPEN_PAREN) at++;
  return at;
}
