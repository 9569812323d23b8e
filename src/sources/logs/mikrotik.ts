/**
 * MikroTik RouterOS firewall logs: `firewall,info DENY forward: in:ether1 out:ether2,
 * connection-state:new src-mac 00:00:5e:00:53:01, proto TCP (SYN), 10.0.1.10:50112->10.0.2.20:1433,
 * NAT (a->b)->c, len 52`.
 *
 * Traps: the verdict is only in the prefix before the chain; interface names may hold blanks;
 * `(unknown 0)` stands for no interface; IPv6 addresses with ports are in brackets; a translation
 * repeats addresses behind the pair that counts.
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
} from './format.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;

const IN = octetsOf(': in:');
const OUT = octetsOf(' out:');
const PROTO = octetsOf('proto ');
const ARROW = octetsOf('->');
const LENGTH = octetsOf(', len ');
const TOPICS = octetsOf('firewall,');
const UNKNOWN = octetsOf('(unknown');
const NONE = octetsOf('(none)');
const TYPE = octetsOf('type ');
const CODE = octetsOf('code ');
const CHAINS = [
  [octetsOf('input'), INBOUND],
  [octetsOf('output'), OUTBOUND],
  [octetsOf('forward'), FORWARD],
] as const;
const FLAGS = [
  [octetsOf('FIN'), 1],
  [octetsOf('SYN'), 2],
  [octetsOf('RST'), 4],
  [octetsOf('PSH'), 8],
  [octetsOf('ACK'), 16],
  [octetsOf('URG'), 32],
  [octetsOf('ECE'), 64],
  [octetsOf('CWR'), 128],
] as const;

export const mikrotik: LogFormat = { name: 'mikrotik', read };

function read(line: Line): number {
  const { scan, head, batch } = line;
  const { bytes } = scan;
  const inside = scan.find(IN, head.lineStart);
  // Without a prefix the header may have taken the chain for a program's tag.
  const tagged = inside < head.messageStart;
  scan.at = tagged ? Math.max(head.lineStart, head.hostEnd) : head.messageStart;
  if (inside < 0 || scan.find(OUT, inside) < 0) return OTHER;
  const row = batch.begin();
  chain(line, row, inside);
  scan.at = inside + IN.length;
  const out = scan.find(OUT);
  batch.inInterface[row] = place(line, scan.at, out);
  scan.at = out + OUT.length;
  const outEnd = scan.until(COMMA);
  if (outEnd === scan.end) return CUT_OFF;
  // What follows without a comma (`connection-state:`) is no part of the name.
  batch.outInterface[row] = place(line, scan.at, outEnd);
  const proto = scan.find(PROTO, outEnd);
  if (proto < 0) return CUT_OFF;
  scan.at = proto + PROTO.length;
  let end = scan.at;
  while (end < scan.end && bytes[end] !== SPACE && bytes[end] !== COMMA) end++;
  if (end === scan.end) return CUT_OFF;
  const protocol = protocolIn(scan, scan.at, end);
  if (protocol < 0) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  scan.at = end;
  scan.skipSpaces();
  if (scan.peek() === OPEN_PAREN) {
    const close = scan.until(CLOSE_PAREN);
    if (close === scan.end) return CUT_OFF;
    if (protocol === 6) flags(line, row, close);
    else if (protocol === 1 || protocol === 58) icmp(line, row, close);
    scan.at = close + 1;
  }
  if (!scan.take(COMMA)) return BAD_SHAPE;
  scan.skipSpaces();
  const fault = pair(line, row, hasPorts(protocol));
  if (fault !== 0) return fault;
  // One name stands for both.
  if (protocol === 1 && batch.family[row] === 6) batch.protocol[row] = 58;
  const length = scan.find(LENGTH);
  if (length < 0) return CUT_OFF;
  scan.at = length + LENGTH.length;
  if (!scan.numberUpTo(0xffffffff)) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
  batch.bytes[row] = scan.value;
  batch.packets[row] = 1;
  if (batch.rule[row]! > 0) batch.action[row] = line.prefixes.of(batch.rule[row]!);
  batch.commit();
  return READ;
}

/** `firewall,info PREFIX forward`: chain and prefix, both before `: in:`. */
function chain({ scan, batch, names }: Line, row: number, colon: number): void {
  const { bytes } = scan;
  let start = colon;
  while (start > scan.at && bytes[start - 1] !== SPACE) start--;
  for (const [name, direction] of CHAINS) {
    if (name.length === colon - start && scan.isAt(name, start)) batch.direction[row] = direction;
  }
  let first = scan.at;
  const topics = scan.find(TOPICS);
  if (topics >= 0 && topics < start) {
    scan.at = topics;
    first = Math.min(scan.until(SPACE) + 1, start);
  }
  let end = start;
  while (end > first && (bytes[end - 1] === SPACE || bytes[end - 1] === COLON)) end--;
  while (first < end && bytes[first] === SPACE) first++;
  batch.rule[row] = names.intern(bytes, first, end);
}

function place({ scan, names }: Line, start: number, end: number): number {
  if (scan.isAt(UNKNOWN, start) || scan.isAt(NONE, start)) return 0;
  return names.intern(scan.bytes, start, end);
}

function flags({ scan, batch }: Line, row: number, close: number): void {
  let bits = 0;
  scan.at++;
  for (; scan.at < close; scan.at++) {
    for (const [name, bit] of FLAGS) if (scan.isAt(name, scan.at)) bits |= bit;
  }
  batch.tcpFlags[row] = bits;
  if ((bits & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
  else if ((bits & 0x12) === 0x12) batch.initiator[row] = BY_DESTINATION;
}

function icmp({ scan, batch }: Line, row: number, close: number): void {
  const type = scan.find(TYPE);
  if (type < 0 || type > close) return;
  scan.at = type + TYPE.length;
  if (!scan.numberUpTo(255)) return;
  const value = scan.value;
  const code = scan.find(CODE);
  if (code < 0 || code > close) return;
  scan.at = code + CODE.length;
  if (!scan.numberUpTo(255)) return;
  batch.sourcePort[row] = value;
  batch.destinationPort[row] = scan.value;
}

/** `A:p->B:p`, or `[A]:p->[B]:p`; 0 or a fault. */
function pair(line: Line, row: number, withPorts: boolean): number {
  const { scan } = line;
  const source = endpoint(line, row, true, withPorts);
  if (source !== 0) return source;
  if (!scan.takeText(ARROW)) return scan.end - scan.at < ARROW.length ? CUT_OFF : BAD_ADDRESS;
  return endpoint(line, row, false, withPorts);
}

function endpoint(
  { scan, batch }: Line,
  row: number,
  isSource: boolean,
  withPorts: boolean,
): number {
  const bracket = scan.take(0x5b);
  if (!scan.address()) return scan.until(SPACE) >= scan.end ? CUT_OFF : BAD_ADDRESS;
  if (batch.family[row] !== 0 && batch.family[row] !== scan.family) return BAD_ADDRESS;
  batch.family[row] = scan.family;
  if (isSource) batch.source[row] = scan.value;
  else batch.destination[row] = scan.value;
  if (bracket && !scan.take(0x5d)) return scan.at >= scan.end ? CUT_OFF : BAD_ADDRESS;
  if (!withPorts) return 0;
  if (!scan.take(COLON)) return scan.at >= scan.end ? CUT_OFF : BAD_PORT;
  if (!scan.numberUpTo(65_535)) return scan.at >= scan.end ? CUT_OFF : BAD_PORT;
  if (isSource) batch.sourcePort[row] = scan.value;
  else batch.destinationPort[row] = scan.value;
  return 0;
}
