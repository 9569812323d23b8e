/**
 * Check Point in its syslog form: `[action:"Drop"; ifdir:"inbound"; ifname:"eth1"; inzone:"…";
 * rule_name:"Cleanup"; src:"A"; s_port:"p"; dst:"B"; service:"p"; proto:"6"; …]`, or as RFC 5424 has
 * it: `[sc4s@2620 action="Drop" ifdir="inbound" …]`; for Splunk: `time=1790000000|hostname=gw|product=…|
 * action=Drop|ifdir=inbound|…`; as JSON, an object a line with the same keys; and as clients of the
 * OPSEC log API write it (fw1-loggrabber, Splunk's add-on): `loc=7|time= 3Oct2026 10:00:01|action=drop|
 * orig=10.0.0.1|i/f_dir=inbound|i/f_name=eth0|…|src=A|s_port=p|dst=B|service=p|proto=tcp`.
 *
 * Traps: one line may stand for many drops, which are then in `packets:" <A,p,B,p,proto;interface>
 * …"`; encrypted and decrypted traffic was let through; the service is the server's port by number;
 * what a gateway says of itself (`Key Install`, a failed key exchange) has the same shape; a client may
 * write names for services and hosts, which stand for no port or address here.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND, OUTBOUND } from '../../model/verdict.ts';
import { DelimitedPairs } from './delimited-pairs.ts';
import { Fields, numberIn, putAddress } from './fields.ts';
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
import { JsonLine } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues } from './keyed-values.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const KEYS = [
  ...[
    'action',
    'ifdir|i/f_dir',
    'ifname|i/f_name',
    'inzone',
    'outzone',
    'rule_name',
    'rule_uid',
    'rule',
    'src',
  ],
  ...[
    's_port',
    'dst',
    'service',
    'proto',
    'packets',
    'appi_name',
    'icmp_type|ICMP Type|icmp-type',
    'icmp_code|ICMP Code|icmp-code',
    'time',
    'hostname|orig_name',
    'orig',
  ],
];
const SEMICOLON = 0x3b;
const PIPE = 0x7c;
const WITH_COLONS = new KeyedValues(KEYS, (table) => new Fields(table, 0x3a, SEMICOLON));
const WITH_EQUALS = new KeyedValues(KEYS);
const WITH_PIPES = new KeyedValues(KEYS, pipedPairs);
/** Where the layers that matched are a table, their rules stand in it. */
const JSON_OBJECT = new JsonLine([...KEYS, 'match_table.rule_name']);
/** Those of the present line. */
let values = WITH_COLONS;
let isObject = false;
const key = (name: string): number => WITH_COLONS.key(name);
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
const STANDARD_MARK = octetsOf('action="');
const ITS_OWN = octetsOf('loguid="');
const PIPED_MARK = octetsOf('|action=');
/** What tells a line with pipes: of the exporter, and of OPSEC's clients. */
const PIPED_OWN = ['|loguid=', '|i/f_name=', '|i/f_dir=', '|has_accounting='].map(octetsOf);
const JSON_OWN = octetsOf('"loguid"');
const INBOUND_WORD = octetsOf('inbound');
const OUTBOUND_WORD = octetsOf('outbound');
const ACTIONS = new KeyTable([
  ...['Accept|accept', 'Allow|allow', 'Encrypt|encrypt', 'Decrypt|decrypt', 'Bypass|bypass'],
  ...['Drop|drop', 'Reject|reject', 'Block|block', 'Prevent|prevent'],
  // A blade noticed something in traffic that has an entry of its own.
  ...[
    'Detect|detect',
    'Monitor|monitor',
    'Monitored',
    'Inspect|inspect',
    'Inform User',
    'Ask User',
  ],
  ...['Redirect|redirect', 'ctl', 'keyinst', 'authcrypt', 'authorize', 'deauthorize', 'vpnroute'],
  ...['HTTPS Inspect', 'HTTPS Bypass'],
]);
const FIRST_DENY = 5;
const FIRST_NOTICE = 9;
const COMMA = 0x2c;
const LESS = 0x3c;
const GREATER = 0x3e;
const BRACE = 0x7b;
const BACKSLASH = 0x5c;

export const checkPoint: LogFormat = { name: 'check-point', read };

function pipedPairs(table: KeyTable): DelimitedPairs {
  const pairs = new DelimitedPairs(table);
  pairs.delimiter = PIPE;
  return pairs;
}

function read(line: Line): number {
  const { scan, head } = line;
  scan.at = head.messageStart;
  isObject = scan.peek() === BRACE;
  if (isObject) return object(line);
  const mark = markOf(line);
  if (mark < 0) return OTHER;
  // The list may begin before the action.
  scan.at = head.dataEnd > head.dataStart ? head.dataStart : mark;
  if (values === WITH_PIPES) scan.at = head.messageStart;
  if (scan.at > mark) scan.at = mark;
  scan.take(0x5b);
  values.read(scan);
  // Splunk's form ends in a pair: one that must be whole may have lost octets with the line's end.
  const cut = values === WITH_PIPES ? line.unended && values.cutKey >= 0 : values.cut;
  return cut || !values.has(ACTION) ? CUT_OFF : event(line);
}

/** Where the list of pairs is known to be, which says how it is written; -1 for none. */
function markOf({ scan, head }: Line): number {
  const from = head.lineStart;
  values = WITH_COLONS;
  const colons = scan.find(MARK, from);
  if (colons >= 0) return colons;
  values = WITH_EQUALS;
  if (scan.find(ITS_OWN, from) >= 0) return scan.find(STANDARD_MARK, from);
  values = WITH_PIPES;
  const isOwn = PIPED_OWN.some((mark) => scan.find(mark, from) >= 0);
  return isOwn ? scan.find(PIPED_MARK, from) : -1;
}

/** A JSON object with the same keys. */
function object(line: Line): number {
  const { scan } = line;
  if (scan.find(JSON_OWN) < 0) return OTHER;
  const outcome = JSON_OBJECT.read(line);
  const { leaves } = JSON_OBJECT;
  if (!leaves.has(ACTION)) return outcome > 0 ? outcome : OTHER;
  if (outcome !== 0) return outcome;
  values = WITH_EQUALS;
  values.clear();
  for (let index = 0; index <= KEYS.length; index++) {
    if (!leaves.has(index)) continue;
    const number = index === KEYS.length ? key('rule_name') : index;
    if (values.has(number)) continue;
    values.starts[number] = leaves.starts[index]!;
    values.ends[number] = leaves.ends[index]!;
  }
  return event(line);
}

function event(line: Line): number {
  const { scan } = line;
  const { bytes } = scan;
  const { starts, ends } = values;
  const action = ACTIONS.of(bytes, starts[ACTION]!, ends[ACTION]!);
  const isMissing = (number: number): boolean => !values.has(number);
  const several = isMissing(SOURCE) && isMissing(DESTINATION) && values.has(PACKETS);
  const hasEnds = several || ![SOURCE, DESTINATION, PROTOCOL].some(isMissing);
  // Nothing marks where a line with pipes ends.
  const isEnded = values !== WITH_PIPES || isMissing(SOURCE) || action >= FIRST_NOTICE;
  if (!hasEnds && !isEnded) return CUT_OFF;
  if (!hasEnds || action >= FIRST_NOTICE) {
    line.label = values.text(line, ACTION);
    return SILENT;
  }
  if (action < 0) return BAD_ACTION;
  const verdict = action < FIRST_DENY ? ALLOW : DENY;
  return several ? aggregate(line, verdict) : single(line, verdict);
}

function shared(line: Line, row: number, verdict: number): void {
  const { scan, batch } = line;
  const word = (number: number): number => nameOf(line, number);
  batch.action[row] = verdict;
  batch.rule[row] = word(key('rule_name')) || word(key('rule_uid')) || word(key('rule'));
  batch.inZone[row] = word(key('inzone'));
  batch.outZone[row] = word(key('outzone'));
  batch.application[row] = word(key('appi_name'));
  batch.device[row] = word(key('hostname')) || word(key('orig'));
  const seconds = values.number(scan.bytes, key('time'), 1e11);
  if (seconds > 0) batch.timeMs[row] = seconds * 1000;
  else if (values.has(key('time'))) batch.timeMs[row] = writtenTime(line);
  const is = (text: Uint8Array): boolean => values.is(scan, DIRECTION, text);
  if (is(INBOUND_WORD)) batch.direction[row] = INBOUND;
  else if (is(OUTBOUND_WORD)) batch.direction[row] = OUTBOUND;
  if (is(OUTBOUND_WORD)) batch.outInterface[row] = word(INTERFACE);
  else batch.inInterface[row] = word(INTERFACE);
}

const WRITTEN = /^ *(?:(\d{1,2})([A-Za-z]{3})(\d{4})|(\d{4}-\d\d-\d\d)) +(\d{1,2}:\d\d:\d\d)$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** ` 3Oct2026 10:00:01`, `2026-10-03 10:00:01`: local time; NaN for anything else. */
function writtenTime({ scan, clock }: Line): number {
  const start = values.starts[key('time')]!;
  const text = String.fromCharCode(
    ...scan.bytes.subarray(start, values.ends[key('time')]!).subarray(0, 40),
  );
  const [, day, month, year, date, time] = WRITTEN.exec(text) ?? [];
  if (time === undefined) return Number.NaN;
  const number = MONTHS.indexOf((month ?? '').toLowerCase()) + 1;
  const pad = (value: number | string): string => String(value).padStart(2, '0');
  const octets = octetsOf(
    `${date ?? `${year}-${pad(number)}-${pad(day!)}`}${time.padStart(8, '0')}`,
  );
  return clock.joined(octets, 0, 10, 10, 18);
}

/** Number of the name under the key, whose escapes are those of JSON in an object, else its own. */
function nameOf(line: Line, number: number): number {
  const { scan, names } = line;
  const start = values.starts[number]!;
  if (start === -1) return 0;
  const end = values.ends[number]!;
  const escaped = scan.bytes.indexOf(BACKSLASH, start);
  if (escaped < 0 || escaped >= end) return names.intern(scan.bytes, start, end);
  if (isObject) return JSON_OBJECT.nameIn(scan, names, start, end);
  const text = new TextDecoder().decode(scan.bytes.subarray(start, end));
  return names.internText(text.replace(/\\(["\\\]=|])/g, '$1'));
}

function single(line: Line, verdict: number): number {
  const { batch } = line;
  const row = batch.begin();
  shared(line, row, verdict);
  const fault =
    values.putEnds(line, row, SOURCE, DESTINATION, PROTOCOL) ||
    values.putPorts(line, row, SOURCE_PORT, SERVICE) ||
    values.putMessage(line, row, key('icmp_type'), key('icmp_code'));
  if (fault !== 0) return fault;
  batch.initiator[row] = BY_SOURCE;
  batch.commit();
  return READ;
}

/** ` <A,p,B,p,6;eth1> <…>`: one row for each. */
function aggregate(line: Line, verdict: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const stop = values.ends[PACKETS]!;
  let at = values.starts[PACKETS]!;
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
