/**
 * What ulogd2 writes of packets (NFLOG) and of connections (NFCT), beside what it writes as the kernel
 * does (netfilter.ts):
 *
 *   JSON    {"timestamp": "…", "dvc": "gw", "oob.prefix": "drop ", "oob.in": "eth0", "src_ip": "A", …}
 *   GPRINT  timestamp=…,oob.prefix=drop ,oob.in=eth0,ip.saddr=A,…,ip.saddr.str=A,ip.daddr.str=B
 *   LOGEMU  [NEW] ORIG: SRC=A DST=B PROTO=TCP SPT=p DPT=p PKTS=n BYTES=n , REPLY: SRC=B DST=A' …
 *
 * Of packets the verdict is in the prefix, or in `action` where the label of the input says it
 * (boolean_label). A connection is there because its first packet passed, as in conntrack.ts.
 *
 * Traps: a prefix may hold commas; stamps are local time, but the packet has its own in seconds since
 * 1970; without IP2STR addresses of IPv6 are written as the first four octets; the halves of an ICMP
 * connection have type and code under each other's name in releases up to 2.0.8; GPRINT ends in
 * whatever the stack puts last.
 */
import {
  ALLOW,
  BY_DESTINATION,
  BY_SOURCE,
  DENY,
  END,
  FORWARD,
  INBOUND,
  OPEN,
  OUTBOUND,
  SUMMARY,
} from '../../model/verdict.ts';
import { Fields } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  CUT_OFF,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { JsonLine, mayBeObject } from './json-line.ts';
import { KeyedValues, NO_NUMBER } from './keyed-values.ts';
import { hasPorts } from './protocol-names.ts';
import { octetsOf, type Scan } from './scan.ts';

const BRACKET = 0x5b;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const ICMP = 1;
const TCP = 6;
const IPV6_FAMILY = 10;
const MOST = Number.MAX_SAFE_INTEGER;

/** Keys as JSON has them first, then those of GPRINT. */
const KEYS = [
  ...['src_ip|ip.saddr.str|orig.ip.saddr.str', 'dest_ip|ip.daddr.str|orig.ip.daddr.str'],
  // As numbers in the stack: of IPv6 the first four octets.
  ...['ip.saddr|orig.ip.saddr', 'ip.daddr|orig.ip.daddr', 'ip.protocol|orig.ip.protocol'],
  'src_port|tcp.sport|udp.sport|sctp.sport|orig.l4.sport',
  'dest_port|tcp.dport|udp.dport|sctp.dport|orig.l4.dport',
  ...['icmp.type|icmpv6.type', 'icmp.code|icmpv6.code', 'ip.fragoff', 'raw.pktlen', 'oob.prefix'],
  ...[
    'oob.in',
    'oob.out',
    'oob.family',
    'oob.time.sec',
    'oob.time.usec',
    'mac.daddr.str',
    'action',
  ],
  ...['dvc', 'timestamp', 'tcp.fin', 'tcp.syn', 'tcp.rst', 'tcp.psh', 'tcp.ack', 'tcp.urg'],
  ...['ct.event', 'orig.raw.pktlen', 'orig.raw.pktcount', 'reply.raw.pktlen'],
  ...['reply.raw.pktcount', 'flow.start.sec', 'flow.start.usec', 'flow.end.sec', 'flow.end.usec'],
];
const WITH_COMMAS = new KeyedValues(KEYS, (table) => new Fields(table, EQUALS, COMMA));
const OBJECT = new JsonLine(KEYS);
const key = (name: string): number => WITH_COMMAS.key(name);
const SOURCE = key('src_ip');
const DESTINATION = key('dest_ip');
const SOURCE_NUMBER = key('ip.saddr');
const DESTINATION_NUMBER = key('ip.daddr');
const PROTOCOL = key('ip.protocol');
const SOURCE_PORT = key('src_port');
const DESTINATION_PORT = key('dest_port');
const PREFIX = key('oob.prefix');
const EVENT = key('ct.event');
const FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'].map((name) => key(`tcp.${name}`));
/** Cut short, these would tell of another connection: those that others follow, and those of the end. */
const NEVER_LAST = new Set([
  ...[PROTOCOL, SOURCE_PORT, DESTINATION_PORT, SOURCE_NUMBER, DESTINATION_NUMBER],
  ...[key('icmp.type'), key('icmp.code')],
]);
const LAST = new Set([SOURCE, DESTINATION]);

const JSON_MARK = octetsOf('"oob.family"');
const PAIR_MARK = octetsOf(',oob.family=');
const FIRST_KEYS = ['timestamp=', 'raw.', 'orig.', 'oob.', 'ip.'].map(octetsOf);
const FLOW_MARK = octetsOf('ORIG: SRC=');
const NEXT_KEY = octetsOf(',oob.');
const ALLOWED = octetsOf('allowed');
const BLOCKED = octetsOf('blocked');
const DEFAULT_DEVICE = octetsOf('Netfilter');
const NEW = octetsOf('[NEW]');
const DESTROY = octetsOf('[DESTROY]');
const UPDATE = octetsOf('[UPDATE]');

/** Those of the present line. */
const values = WITH_COMMAS;
let isObject = false;

export const ulogd: LogFormat = { name: 'ulogd', read };

function read(line: Line): number {
  const { scan, head } = line;
  scan.at = head.messageStart;
  if (scan.peek() === BRACKET) {
    const at = scan.find(FLOW_MARK);
    return at < 0 ? OTHER : connection(line, at);
  }
  isObject = mayBeObject(scan);
  if (isObject ? scan.find(JSON_MARK) < 0 : !beginsPairs(scan)) return OTHER;
  const outcome = isObject ? fromObject(line) : fromPairs(line);
  if (outcome !== 0) return outcome;
  return values.has(EVENT) ? flow(line) : packet(line);
}

/** GPRINT begins with a stamp, or the first key of a packet or a connection. */
function beginsPairs(scan: Scan): boolean {
  return FIRST_KEYS.some((key) => scan.isAt(key, scan.at)) && scan.find(PAIR_MARK) >= 0;
}

/** Takes the values of an object; 0, or the outcome. */
function fromObject(line: Line): number {
  const outcome = OBJECT.read(line);
  if (outcome !== 0) return outcome < 0 ? OTHER : outcome;
  const { leaves } = OBJECT;
  values.clear();
  for (let index = 0; index < KEYS.length; index++) {
    if (!leaves.has(index)) continue;
    values.starts[index] = leaves.starts[index]!;
    values.ends[index] = leaves.ends[index]!;
  }
  return 0;
}

/** Takes pairs with commas between them; 0, or the outcome. */
function fromPairs(line: Line): number {
  const { scan } = line;
  values.read(scan);
  const { starts, ends } = values;
  const prefix = starts[PREFIX]!;
  if (prefix !== -1) {
    // It may hold blanks and commas.
    const end = scan.find(NEXT_KEY, prefix);
    ends[PREFIX] = end < 0 ? ends[PREFIX]! : end;
  }
  const { cutKey } = values;
  if (NEVER_LAST.has(cutKey) || !endsInPair(scan)) return CUT_OFF;
  if (LAST.has(cutKey) && (line.unended || !isTwice(scan, cutKey))) return CUT_OFF;
  for (const [text, number] of PAIRS_OF_ENDS) {
    if (values.has(text) || !values.has(number)) continue;
    if (values.number(scan.bytes, key('oob.family'), 255) === IPV6_FAMILY) return BAD_ADDRESS;
    starts[text] = starts[number]!;
    ends[text] = ends[number]!;
  }
  return 0;
}
const PAIRS_OF_ENDS = [
  [SOURCE, SOURCE_NUMBER],
  [DESTINATION, DESTINATION_NUMBER],
] as const;

/** Whether what follows the last comma is a pair. */
function endsInPair({ bytes, end }: Scan): boolean {
  let at = end;
  while (at > 0 && bytes[at - 1] !== COMMA) {
    if (bytes[--at] === EQUALS) return true;
  }
  return false;
}

/** Whether an address that ends the line stands elsewhere in it too, or cannot. */
function isTwice(scan: Scan, cut: number): boolean {
  if (values.number(scan.bytes, key('oob.family'), 255) === IPV6_FAMILY) return true;
  const other = PAIRS_OF_ENDS.find(([text]) => text === cut)?.[1];
  if (other === undefined || !values.has(other)) return true;
  const { starts, ends } = values;
  return values.is(scan, cut, scan.bytes.subarray(starts[other], ends[other]));
}

/** Both ends into the row; 0 or a fault. */
function endsIn(line: Line, row: number): number {
  if (!values.has(SOURCE) || !values.has(DESTINATION)) return BAD_ADDRESS;
  return (
    values.putEnds(line, row, SOURCE, DESTINATION, PROTOCOL) ||
    values.putPorts(line, row, SOURCE_PORT, DESTINATION_PORT) ||
    values.putMessage(line, row, key('icmp.type'), key('icmp.code'))
  );
}

function packet(line: Line): number {
  const { scan, batch } = line;
  line.label = 'not IP';
  if (!values.has(PROTOCOL) && !values.has(SOURCE)) return SILENT;
  if (!values.has(PROTOCOL)) return CUT_OFF;
  const row = batch.begin();
  const fault = endsIn(line, row);
  if (fault !== 0) return fault;
  const offset = values.number(scan.bytes, key('ip.fragoff'), 65_535) & 0x1fff;
  const needsPorts = hasPorts(batch.protocol[row]!) && (offset === 0 || offset === 0x1fff);
  if (needsPorts && batch.destinationPort[row]! < 0) return CUT_OFF;
  const length = values.number(scan.bytes, key('raw.pktlen'), MOST);
  if (length === NO_NUMBER) return BAD_NUMBER;
  batch.packets[row] = 1;
  batch.bytes[row] = length;
  flags(line, row);
  const into = nameOf(line, key('oob.in'));
  const out = nameOf(line, key('oob.out'));
  batch.inInterface[row] = into;
  batch.outInterface[row] = out;
  if (into > 0) batch.direction[row] = out > 0 ? FORWARD : INBOUND;
  else if (out > 0) batch.direction[row] = OUTBOUND;
  const station = values.starts[key('mac.daddr.str')]!;
  if (station !== -1 && isGroup(scan.bytes[station + 1]!)) batch.group[row] = 1;
  batch.timeMs[row] = timeOf(line, 'oob.time');
  batch.device[row] = deviceOf(line);
  const refused = verdict(line, row);
  if (refused !== 0) return refused;
  batch.commit();
  return READ;
}

/** What the label says, or the prefix; 0 or a fault. */
function verdict(line: Line, row: number): number {
  const { scan, batch, prefixes } = line;
  const prefix = trimmedPrefix(line);
  batch.rule[row] = prefix;
  const action = key('action');
  if (values.is(scan, action, ALLOWED)) batch.action[row] = ALLOW;
  else if (values.is(scan, action, BLOCKED)) batch.action[row] = DENY;
  else if (values.has(action)) return BAD_ACTION;
  else if (prefix > 0) batch.action[row] = prefixes.of(prefix);
  return 0;
}

/** Number of the prefix's name; `DROP: ` and `DROP ` are one. */
function trimmedPrefix(line: Line): number {
  const { bytes } = line.scan;
  const { starts, ends } = values;
  while (ends[PREFIX]! > starts[PREFIX]! && isTrailing(bytes[ends[PREFIX]! - 1]!)) ends[PREFIX]!--;
  return nameOf(line, PREFIX);
}

function isTrailing(octet: number): boolean {
  return octet === 0x20 || octet === 0x3a;
}

/** Odd digits: 1 3 5 7 9 are odd codes, b d f even ones. */
function isGroup(digit: number): boolean {
  return digit >= 0x40 ? (digit & 1) === 0 : (digit & 1) === 1;
}

function flags({ scan, batch }: Line, row: number): void {
  if (batch.protocol[row] !== TCP || FLAGS.some((each) => !values.has(each))) return;
  let seen = 0;
  FLAGS.forEach((each, bit) => {
    if (values.number(scan.bytes, each, 1) === 1) seen |= 1 << bit;
  });
  batch.tcpFlags[row] = seen;
  if ((seen & 0x12) === 0x02) batch.initiator[row] = BY_SOURCE;
  else if ((seen & 0x12) === 0x12) batch.initiator[row] = BY_DESTINATION;
}

/** An event of the connection table. */
function flow(line: Line): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const event = values.number(bytes, EVENT, 255);
  line.label = 'UPDATE';
  if (event === 2) return SILENT;
  if (!values.has(PROTOCOL)) return CUT_OFF;
  const row = batch.begin();
  const fault = endsIn(line, row);
  if (fault !== 0) return fault;
  if (hasPorts(batch.protocol[row]!) && batch.destinationPort[row]! < 0) return CUT_OFF;
  const isEnd = event === 4;
  batch.event[row] = event === 1 ? OPEN : isEnd ? END : SUMMARY;
  if (isEnd) {
    const counted = values.putCounters(
      line,
      row,
      ...([key('orig.raw.pktcount'), key('reply.raw.pktcount')] as const),
      ...([key('orig.raw.pktlen'), key('reply.raw.pktlen')] as const),
    );
    if (counted !== 0) return counted;
    uncounted(line, row);
  }
  batch.action[row] = ALLOW;
  batch.initiator[row] = BY_SOURCE;
  batch.timeMs[row] = timeOf(line, isEnd ? 'flow.end' : 'flow.start');
  batch.device[row] = deviceOf(line);
  batch.commit();
  return READ;
}

/** Where the kernel does not count (nf_conntrack_acct), all counters are 0. */
function uncounted({ batch }: Line, row: number): void {
  if (batch.packets[row] !== 0) return;
  batch.packets[row] = batch.packetsBack[row] = batch.bytes[row] = batch.bytesBack[row] = -1;
}

/** `[NEW] ORIG: SRC=… , REPLY: SRC=…`; the first half begins at `start`. */
function connection(line: Line, start: number): number {
  const { scan, head, batch } = line;
  scan.at = head.messageStart;
  const isNew = scan.isAt(NEW, scan.at);
  line.label = 'UPDATE';
  if (scan.isAt(UPDATE, scan.at)) return SILENT;
  if (!isNew && !scan.isAt(DESTROY, scan.at)) return OTHER;
  scan.at = start + FLOW_MARK.length - 4;
  const row = batch.begin();
  batch.event[row] = isNew ? OPEN : END;
  batch.action[row] = ALLOW;
  batch.initiator[row] = BY_SOURCE;
  const fault = halves(line, row);
  if (fault !== 0) return fault;
  const protocol = batch.protocol[row]!;
  if (protocol === ICMP && batch.sourcePort[row] === 0 && batch.destinationPort[row]! > 0) {
    // Only requests open a connection, and their code is 0.
    batch.sourcePort[row] = batch.destinationPort[row]!;
    batch.destinationPort[row] = 0;
  }
  if (isNew) batch.packets[row] = 0;
  uncounted(line, row);
  batch.commit();
  return READ;
}

const HALF = new KeyedValues([
  'SRC',
  'DST',
  'PROTO',
  'SPT',
  'DPT',
  'TYPE',
  'CODE',
  'PKTS',
  'BYTES',
]);
const REPLY = octetsOf(', REPLY: ');

/** Both halves, whose keys are the same; 0 or a fault. */
function halves(line: Line, row: number): number {
  const { scan, batch } = line;
  const { bytes, end } = scan;
  const reply = scan.find(REPLY);
  if (reply < 0) return CUT_OFF;
  scan.end = reply;
  HALF.read(scan);
  scan.end = end;
  if (![SRC, DST, PROTO].every((each) => HALF.has(each))) return CUT_OFF;
  const fault =
    HALF.putEnds(line, row, SRC, DST, PROTO) ||
    HALF.putPorts(line, row, SPT, DPT) ||
    HALF.putMessage(line, row, TYPE, CODE);
  if (fault !== 0) return fault;
  if (hasPorts(batch.protocol[row]!) && batch.destinationPort[row]! < 0) return CUT_OFF;
  const packets = HALF.number(bytes, PKTS, MOST);
  const octets = HALF.number(bytes, BYTES, MOST);
  scan.at = reply + REPLY.length;
  HALF.read(scan);
  const packetsBack = HALF.number(bytes, PKTS, MOST);
  const octetsBack = HALF.number(bytes, BYTES, MOST);
  if (!HALF.has(BYTES) || (HALF.cutKey === BYTES && line.unended)) return CUT_OFF;
  if (Math.min(packets, octets, packetsBack, octetsBack) < 0) return BAD_NUMBER;
  batch.packets[row] = packets + packetsBack;
  batch.bytes[row] = octets + octetsBack;
  batch.packetsBack[row] = packetsBack;
  batch.bytesBack[row] = octetsBack;
  return 0;
}
const [SRC, DST, PROTO, SPT, DPT, TYPE, CODE, PKTS, BYTES] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** ms since 1970 by the seconds and their parts under the keys, or else by the stamp. */
function timeOf(line: Line, name: string): number {
  const { bytes } = line.scan;
  const seconds = values.number(bytes, key(`${name}.sec`), 1e11);
  const micro = values.number(bytes, key(`${name}.usec`), 999_999);
  if (seconds > 0) return seconds * 1000 + Math.floor(Math.max(0, micro) / 1000);
  const stamp = key('timestamp');
  if (!values.has(stamp)) return Number.NaN;
  if (isObject) return OBJECT.time(line, stamp);
  // `2026/10/03-10:00:01`
  const start = values.starts[stamp]!;
  return line.clock.joined(bytes, start, start + 10, start + 11, values.ends[stamp]!);
}

/** Number of the name under the key, 0 without one. */
function nameOf({ scan, names }: Line, number: number): number {
  if (!values.has(number)) return 0;
  const start = values.starts[number]!;
  const end = values.ends[number]!;
  if (isObject) return OBJECT.nameIn(scan, names, start, end);
  return names.intern(scan.bytes, start, end);
}

/** Number of the name that somebody gave the firewall; nobody did where it is the usual one. */
function deviceOf(line: Line): number {
  return values.is(line.scan, key('dvc'), DEFAULT_DEVICE) ? 0 : nameOf(line, key('dvc'));
}
