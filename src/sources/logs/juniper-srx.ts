/**
 * Juniper SRX session logs (`RT_FLOW`), structured (RFC 5424 with `[junos@2636… key="value"]`) and
 * plain:
 *
 *   RT_FLOW_SESSION_DENY: session denied A/p->B/p service proto(icmp type) policy from-zone to-zone …
 *   RT_FLOW_SESSION_CREATE: session created A/p->B/p [conn tag] service natA/p->natB/p … proto policy
 *     from-zone to-zone session-id …
 *   RT_FLOW_SESSION_CLOSE: session closed reason: A/p->B/p … proto policy from to id packets(bytes)
 *     packets(bytes) elapsed …
 *
 * Traps: `_LS` follows the name in a logical system; ICMP puts identifier and sequence where ports
 * belong; plain messages vary by release, so they are read by shape: the first `A/p->B/p`, and the
 * number that an ICMP type in parentheses or, four words on, a session's number follows, as services
 * and NAT rules may be called by a number too. What AppTrack says of a session is said here already.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import { numberIn } from './fields.ts';
import {
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  CUT_OFF,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { readScreen } from './juniper-screen.ts';
import { KeyedValues } from './keyed-values.ts';
import { hasPorts } from './protocol-names.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const ICMP = 1;
const ICMPV6 = 58;

const MARK = octetsOf('RT_FLOW_SESSION_');
const SCREEN = octetsOf('RT_SCREEN_');
const APP_TRACK = octetsOf('APPTRACK_SESSION_');
const DENIED = octetsOf('DENY');
const CREATED = octetsOf('CREATE');
const CLOSED = octetsOf('CLOSE');
const STRUCTURE = octetsOf('source-address="');
const ARROW = octetsOf('->');
const KEYS = [
  ...['source-address', 'source-port', 'destination-address', 'destination-port', 'protocol-id'],
  ...['icmp-type', 'policy-name', 'source-zone-name', 'destination-zone-name', 'application'],
  ...['packet-incoming-interface', 'reason', 'packets-from-client', 'bytes-from-client'],
  ...['packets-from-server', 'bytes-from-server', 'icmp-code'],
];
const values = new KeyedValues(KEYS);
const { starts } = values;
const key = (name: string): number => values.key(name);
const SOURCE = key('source-address');
const SOURCE_PORT = key('source-port');
const DESTINATION = key('destination-address');
const DESTINATION_PORT = key('destination-port');
const PROTOCOL = key('protocol-id');
const POLICY = key('policy-name');
const FROM_ZONE = key('source-zone-name');
const TO_ZONE = key('destination-zone-name');
const APPLICATION = key('application');
const INTERFACE = key('packet-incoming-interface');
const REASON = key('reason');
const PACKETS = key('packets-from-client');
const BYTES = key('bytes-from-client');
const PACKETS_BACK = key('packets-from-server');
const BYTES_BACK = key('bytes-from-server');

export const juniperSrx: LogFormat = { name: 'juniper-srx', read };

function read(line: Line): number {
  const { scan, head, batch } = line;
  // In a structured line the name stands in the header, before the message.
  const at = scan.find(MARK, head.lineStart);
  if (at < 0) return others(line);
  scan.at = at + MARK.length;
  const denied = scan.takeText(DENIED);
  const created = !denied && scan.takeText(CREATED);
  if (!denied && !created && !scan.takeText(CLOSED)) {
    if (scan.end - scan.at < CREATED.length) return CUT_OFF;
    line.label = 'RT_FLOW session message';
    return SILENT;
  }
  const row = batch.begin();
  batch.action[row] = denied ? DENY : ALLOW;
  if (!denied) batch.event[row] = created ? OPEN : END;
  batch.initiator[row] = BY_SOURCE;
  const structured = scan.find(STRUCTURE) >= 0;
  // A list that never closes was cut off, wherever that happened.
  const open = head.dataEnd > head.dataStart && scan.bytes[head.dataEnd - 1] !== 0x5d;
  if (structured && open) return CUT_OFF;
  return structured ? fromData(line, row) : fromText(line, row, denied || created);
}

/** What RT_FLOW and RT_IDS say beside sessions. */
function others(line: Line): number {
  const { scan, head } = line;
  const screen = scan.find(SCREEN, head.lineStart);
  if (screen >= 0) {
    scan.at = screen + SCREEN.length;
    return readScreen(line);
  }
  line.label = 'AppTrack';
  return scan.find(APP_TRACK, head.lineStart) >= 0 ? SILENT : OTHER;
}

function fromData(line: Line, row: number): number {
  const { scan, batch } = line;
  values.read(scan);
  if (values.cut) return CUT_OFF;
  for (const number of [SOURCE, DESTINATION, PROTOCOL]) if (starts[number] === -1) return CUT_OFF;
  const fault =
    values.putEnds(line, row, SOURCE, DESTINATION, PROTOCOL) ||
    values.putPorts(line, row, SOURCE_PORT, DESTINATION_PORT) ||
    icmpType(line, row) ||
    values.putCounters(line, row, PACKETS, PACKETS_BACK, BYTES, BYTES_BACK);
  if (fault !== 0) return fault;
  const word = (number: number): number => values.word(line, number);
  batch.rule[row] = word(POLICY);
  batch.inZone[row] = word(FROM_ZONE);
  batch.outZone[row] = word(TO_ZONE);
  batch.application[row] = word(APPLICATION);
  batch.inInterface[row] = word(INTERFACE);
  batch.reason[row] = word(REASON);
  batch.commit();
  return READ;
}

/** The type that a refusal states; 0 stands for none where that is no type (RFC 4443). */
function icmpType(line: Line, row: number): number {
  const fault = values.putMessage(line, row, key('icmp-type'), key('icmp-code'));
  const { protocol, sourcePort } = line.batch;
  if (protocol[row] === ICMPV6 && sourcePort[row] === 0) sourcePort[row] = -1;
  return fault;
}

/** `: session closed TCP FIN: A/p->B/p …`. */
function fromText(line: Line, row: number, unreasoned: boolean): number {
  const { scan, batch, names } = line;
  const { bytes } = scan;
  scan.at = scan.until(COLON) + 1;
  const arrow = scan.find(ARROW);
  if (arrow < 0) return CUT_OFF;
  let start = arrow;
  while (start > scan.at && bytes[start - 1] !== SPACE) start--;
  if (!unreasoned) reason(line, row, start);
  scan.at = start;
  const source = endpoint(line, row, true);
  if (source < -1) return -source === CUT_OFF ? CUT_OFF : -source;
  if (!scan.takeText(ARROW)) return BAD_ADDRESS;
  const destination = endpoint(line, row, false);
  if (destination < -1) return -destination;
  // A port at the end of the line may have lost digits.
  if (scan.at >= scan.end) return CUT_OFF;
  const fault = policy(line, row, names);
  if (fault !== 0) return fault;
  if (hasPorts(batch.protocol[row]!)) {
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  }
  batch.commit();
  return READ;
}

/** `session closed TCP FIN: `: what stands between the verb and the colon. */
function reason({ scan, batch, names }: Line, row: number, before: number): void {
  const at = scan.find(CLOSED_WORDS);
  if (at < 0 || at > before) return;
  const start = at + CLOSED_WORDS.length;
  let end = start;
  while (end < before && scan.bytes[end] !== COLON) end++;
  if (end < before) batch.reason[row] = names.intern(scan.bytes, start, end);
}
const CLOSED_WORDS = octetsOf('session closed ');

/** `A/p`: the port, or the negative of a fault. */
function endpoint({ scan, batch }: Line, row: number, isSource: boolean): number {
  if (!scan.address() || scan.peek() !== SLASH)
    return scan.at >= scan.end ? -CUT_OFF : -BAD_ADDRESS;
  if (batch.family[row] !== 0 && batch.family[row] !== scan.family) return -BAD_ADDRESS;
  batch.family[row] = scan.family;
  if (isSource) batch.source[row] = scan.value;
  else batch.destination[row] = scan.value;
  scan.at++;
  let end = scan.at;
  while (end < scan.end && isDigit(scan.bytes[end]!)) end++;
  const port = numberIn(scan.bytes, scan.at, end, 65_535);
  if (port < 0) return end >= scan.end ? -CUT_OFF : -BAD_PORT;
  scan.at = end;
  return port;
}

/**
 * The protocol is the number that an ICMP type in parentheses follows, or the first one that policy,
 * two zones and the session's number follow; and, of old releases, the first number at all.
 */
function policy(line: Line, row: number, names: Line['names']): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const count = splitWords(scan);
  let place = protocolPlace(scan, count, true);
  if (place < 0) place = protocolPlace(scan, count, false);
  // The last word of a line may be cut short.
  if (place < 0) return count < MOST_WORDS ? CUT_OFF : BAD_NUMBER;
  batch.protocol[row] = numberOf(scan, place);
  if (place + 3 >= count || wordEnds[place + 2] === scan.end) return CUT_OFF;
  const word = (index: number): number => names.intern(bytes, wordStarts[index]!, wordEnds[index]!);
  batch.rule[row] = word(place + 1);
  batch.inZone[row] = word(place + 2);
  batch.outZone[row] = word(place + 3);
  const { protocol, sourcePort } = batch;
  if (protocol[row] === ICMP || protocol[row] === ICMPV6) sourcePort[row] = inParens(scan, place);
  // A session's number, packets and octets of both ways: `4711 22(35200) 12(34000)`.
  if (batch.event[row] === END && place + 6 < count) sums(line, row, place + 5);
  return 0;
}

const MOST_WORDS = 24;
const wordStarts = new Int32Array(MOST_WORDS);
const wordEnds = new Int32Array(MOST_WORDS);

/** Words from the cursor on, by position; how many. */
function splitWords({ bytes, at: from, end }: Scan): number {
  let count = 0;
  for (let at = from; at < end && count < MOST_WORDS; ) {
    while (at < end && bytes[at] === SPACE) at++;
    if (at >= end) break;
    wordStarts[count] = at;
    while (at < end && bytes[at] !== SPACE) at++;
    wordEnds[count++] = at;
  }
  return count;
}

/** The number of a protocol that is the word, or that `(…)` follows there; -1 for none. */
function numberOf(scan: Scan, index: number): number {
  const start = wordStarts[index]!;
  let end = start;
  while (end < wordEnds[index]! && isDigit(scan.bytes[end]!)) end++;
  const whole = end === wordEnds[index] || scan.bytes[end] === OPEN_PAREN;
  return whole && end > start && end - start <= 3 ? numberIn(scan.bytes, start, end, 255) : -1;
}

/** The type of ICMP that stands behind its number, `1(8)`; -1 without. */
function inParens({ bytes }: Scan, index: number): number {
  let at = wordStarts[index]!;
  const end = wordEnds[index]!;
  while (at < end && bytes[at] !== OPEN_PAREN) at++;
  return bytes[end - 1] === CLOSE_PAREN ? numberIn(bytes, at + 1, end - 1, 255) : -1;
}

function protocolPlace(scan: Scan, count: number, sure: boolean): number {
  for (let index = 0; index < count; index++) {
    if (numberOf(scan, index) < 0) continue;
    if (!sure || scan.bytes[wordEnds[index]! - 1] === CLOSE_PAREN) return index;
    const session = index + 4;
    if (session >= count) continue;
    const [start, end] = [wordStarts[session]!, wordEnds[session]!];
    if (numberIn(scan.bytes, start, end, Number.MAX_SAFE_INTEGER) >= 0) return index;
  }
  return -1;
}

/** `22(35200) 12(34000)`: from the client, and from the server; left out where it is anything else. */
function sums({ scan, batch }: Line, row: number, first: number): void {
  const values = [0, 0, 0, 0];
  for (let index = 0; index < 2; index++) {
    const start = wordStarts[first + index]!;
    const end = wordEnds[first + index]!;
    let paren = start;
    while (paren < end && scan.bytes[paren] !== OPEN_PAREN) paren++;
    if (scan.bytes[end - 1] !== CLOSE_PAREN) return;
    values[index] = numberIn(scan.bytes, start, paren, Number.MAX_SAFE_INTEGER);
    values[2 + index] = numberIn(scan.bytes, paren + 1, end - 1, Number.MAX_SAFE_INTEGER);
  }
  if (Math.min(...values) < 0) return;
  const [packets, packetsBack, octets, octetsBack] = values as [number, number, number, number];
  batch.packets[row] = packets + packetsBack;
  batch.packetsBack[row] = packetsBack;
  batch.bytes[row] = octets + octetsBack;
  batch.bytesBack[row] = octetsBack;
}
