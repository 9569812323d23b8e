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
 * belong; plain messages vary by release, so they are read by shape: the first `A/p->B/p`.
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
import { KeyedValues } from './keyed-values.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { isDigit, octetsOf } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const OPEN_PAREN = 0x28;

const MARK = octetsOf('RT_FLOW_SESSION_');
const DENIED = octetsOf('DENY');
const CREATED = octetsOf('CREATE');
const CLOSED = octetsOf('CLOSE');
const STRUCTURE = octetsOf('source-address="');
const ARROW = octetsOf('->');
const KEYS = [
  ...['source-address', 'source-port', 'destination-address', 'destination-port', 'protocol-id'],
  ...['icmp-type', 'policy-name', 'source-zone-name', 'destination-zone-name', 'application'],
  ...['packet-incoming-interface', 'reason', 'packets-from-client', 'bytes-from-client'],
  ...['packets-from-server', 'bytes-from-server'],
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
  if (at < 0) return OTHER;
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

function fromData(line: Line, row: number): number {
  const { scan, batch } = line;
  values.read(scan);
  if (values.cut) return CUT_OFF;
  for (const number of [SOURCE, DESTINATION, PROTOCOL]) if (starts[number] === -1) return CUT_OFF;
  const fault =
    values.putEnds(line, row, SOURCE, DESTINATION, PROTOCOL) ||
    values.putPorts(line, row, SOURCE_PORT, DESTINATION_PORT) ||
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
 * The protocol is the first number that `(…)` follows or that stands before the policy: a word of
 * one to three digits, after the service, the translated pair and its rules.
 */
function policy({ scan, batch }: Line, row: number, names: Line['names']): number {
  const { bytes } = scan;
  // Service names and NAT rules are words; `None` and `N/A` stand for nothing.
  for (let words = 0; words < MOST_WORDS; words++) {
    scan.skipSpaces();
    const start = scan.at;
    let end = start;
    while (end < scan.end && bytes[end] !== SPACE && bytes[end] !== OPEN_PAREN) end++;
    if (end === scan.end) return CUT_OFF;
    const stop = bytes[end] === OPEN_PAREN ? scan.until(SPACE) : end;
    scan.at = stop;
    // `0x0` is a connection tag; a service such as `junos-https` is no number.
    const protocol = isDigit(bytes[start]!) ? protocolIn(scan, start, end) : -2;
    if (protocol < 0 || end - start > 3) continue;
    batch.protocol[row] = protocol;
    const word = (): number => {
      scan.skipSpaces();
      const from = scan.at;
      scan.at = scan.until(SPACE);
      return names.intern(bytes, from, scan.at);
    };
    batch.rule[row] = word();
    batch.inZone[row] = word();
    if (scan.at >= scan.end) return CUT_OFF;
    batch.outZone[row] = word();
    return 0;
  }
  return BAD_NUMBER;
}
const MOST_WORDS = 12;
