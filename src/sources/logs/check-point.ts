/**
 * Check Point in its syslog form: `[action:"Drop"; ifdir:"inbound"; ifname:"eth1"; inzone:"…";
 * rule_name:"Cleanup"; src:"A"; s_port:"p"; dst:"B"; service:"p"; proto:"6"; …]`.
 *
 * Traps: the list stands where RFC 5424 has structured data; one line may stand for many drops,
 * which are then in `packets:" <A,p,B,p,proto;interface> …"`; encrypted and decrypted traffic was
 * let through; the service is the server's port by number.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND, OUTBOUND } from '../../model/verdict.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
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
import { KeyTable } from './key-table.ts';
import { KeyedValues, NO_NUMBER } from './keyed-values.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const KEYS = [
  ...['action', 'ifdir', 'ifname', 'inzone', 'outzone', 'rule_name', 'rule_uid', 'rule', 'src'],
  ...[
    's_port',
    'dst',
    'service',
    'proto',
    'packets',
    'appi_name',
    'icmp_type',
    'icmp_code',
    'time',
  ],
] as const;
const SEMICOLON = 0x3b;
const values = new KeyedValues(KEYS, 0x3a, SEMICOLON);
const { starts, ends } = values;
const key = (name: (typeof KEYS)[number]): number => values.key(name);
const ACTION = key('action');
const SOURCE = key('src');
const DESTINATION = key('dst');
const SOURCE_PORT = key('s_port');
const SERVICE = key('service');
const PROTOCOL = key('proto');
const PACKETS = key('packets');
const INTERFACE = key('ifname');
const DIRECTION = key('ifdir');
const MARK = octetsOf('action:"');
const INBOUND_WORD = octetsOf('inbound');
const OUTBOUND_WORD = octetsOf('outbound');
const ACTIONS = new KeyTable([
  ...['Accept', 'Allow', 'Encrypt', 'Decrypt', 'Bypass', 'Drop', 'Reject', 'Block', 'Prevent'],
]);
const FIRST_DENY = 5;
const COMMA = 0x2c;
const LESS = 0x3c;
const GREATER = 0x3e;

export const checkPoint: LogFormat = { name: 'check-point', read };

function read(line: Line): number {
  const { scan, head } = line;
  const { bytes } = scan;
  const mark = scan.find(MARK, head.lineStart);
  if (mark < 0) return OTHER;
  // The list may begin before the action.
  scan.at = head.dataEnd > head.dataStart ? head.dataStart : mark;
  if (scan.at > mark) scan.at = mark;
  scan.take(0x5b);
  values.read(scan);
  if (values.cut || !values.has(ACTION)) return CUT_OFF;
  const action = ACTIONS.of(bytes, starts[ACTION]!, ends[ACTION]!);
  const alone = starts[SOURCE] === -1 && starts[DESTINATION] === -1;
  if (alone && starts[PACKETS] === -1) {
    line.label = values.text(line, ACTION);
    return SILENT;
  }
  if (action < 0) return BAD_ACTION;
  const verdict = action < FIRST_DENY ? ALLOW : DENY;
  return alone ? aggregate(line, verdict) : single(line, verdict);
}

function shared(line: Line, row: number, verdict: number): void {
  const { scan, batch } = line;
  const word = (number: number): number => values.word(line, number);
  batch.action[row] = verdict;
  batch.rule[row] = word(key('rule_name')) || word(key('rule_uid')) || word(key('rule'));
  batch.inZone[row] = word(key('inzone'));
  batch.outZone[row] = word(key('outzone'));
  batch.application[row] = word(key('appi_name'));
  const seconds = values.number(scan.bytes, key('time'), 1e11);
  if (seconds > 0) batch.timeMs[row] = seconds * 1000;
  const is = (text: Uint8Array): boolean => values.is(scan, DIRECTION, text);
  if (is(INBOUND_WORD)) batch.direction[row] = INBOUND;
  else if (is(OUTBOUND_WORD)) batch.direction[row] = OUTBOUND;
  if (is(OUTBOUND_WORD)) batch.outInterface[row] = word(INTERFACE);
  else batch.inInterface[row] = word(INTERFACE);
}

function single(line: Line, verdict: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  for (const number of [SOURCE, DESTINATION, PROTOCOL]) if (starts[number] === -1) return CUT_OFF;
  const row = batch.begin();
  shared(line, row, verdict);
  if (!putAddress(scan, batch, row, true, starts[SOURCE]!, ends[SOURCE]!)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, starts[DESTINATION]!, ends[DESTINATION]!)) {
    return BAD_ADDRESS;
  }
  const protocol = protocolIn(scan, starts[PROTOCOL]!, ends[PROTOCOL]!);
  if (protocol < 0) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const ports = hasPorts(protocol);
  if (ports || protocol === 1 || protocol === 58) {
    const most = ports ? 65_535 : 255;
    const first = values.number(bytes, ports ? SOURCE_PORT : key('icmp_type'), most);
    const second = values.number(bytes, ports ? SERVICE : key('icmp_code'), most);
    if (Math.min(first, second) === NO_NUMBER) return ports ? BAD_PORT : BAD_NUMBER;
    batch.sourcePort[row] = first;
    batch.destinationPort[row] = second;
  }
  batch.initiator[row] = BY_SOURCE;
  batch.commit();
  return READ;
}

/** ` <A,p,B,p,6;eth1> <…>`: one row for each. */
function aggregate(line: Line, verdict: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const stop = ends[PACKETS]!;
  let at = starts[PACKETS]!;
  let rows = 0;
  while (at < stop) {
    while (at < stop && bytes[at] !== LESS) at++;
    if (at >= stop) break;
    let end = at;
    while (end < stop && bytes[end] !== GREATER) end++;
    if (end >= stop) return rows > 0 ? READ : BAD_SHAPE;
    const row = batch.begin();
    shared(line, row, verdict);
    const fault = member(line, row, at + 1, end);
    // Those before it are in the batch already: what can be read of the line is kept.
    if (fault !== 0) return rows > 0 ? READ : fault;
    batch.initiator[row] = BY_SOURCE;
    batch.commit();
    rows++;
    at = end + 1;
  }
  return rows > 0 ? READ : BAD_SHAPE;
}

function member({ scan, batch, names }: Line, row: number, start: number, end: number): number {
  const { bytes } = scan;
  const marks: number[] = [start - 1];
  for (let at = start; at < end; at++) {
    if (bytes[at] === COMMA || bytes[at] === SEMICOLON) marks.push(at);
  }
  marks.push(end);
  if (marks.length < 6) return BAD_SHAPE;
  const from = (index: number): number => marks[index]! + 1;
  const to = (index: number): number => marks[index + 1]!;
  if (!putAddress(scan, batch, row, true, from(0), to(0))) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, from(2), to(2))) return BAD_ADDRESS;
  const protocol = protocolIn(scan, from(4), to(4));
  if (protocol < 0) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  if (hasPorts(protocol)) {
    batch.sourcePort[row] = numberIn(bytes, from(1), to(1), 65_535);
    batch.destinationPort[row] = numberIn(bytes, from(3), to(3), 65_535);
    if (Math.min(batch.sourcePort[row]!, batch.destinationPort[row]!) < 0) return BAD_PORT;
  }
  if (marks.length > 6) batch.inInterface[row] = names.intern(bytes, from(5), to(5));
  return 0;
}
