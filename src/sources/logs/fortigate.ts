/**
 * Fortinet FortiGate traffic logs: `date=… time=… devname="…" type="traffic" … srcip=… dstip=…
 * action="deny" policyid=7 …`, by the FortiOS log reference. The order of keys varies.
 *
 * Traps: an accepted session logs how it ended (`close`, `timeout`, `client-rst`, `server-rst`);
 * `eventtime` counts seconds, milliseconds, microseconds or nanoseconds, by release; other types of
 * log share the shape; zones are roles (`srcintfrole`).
 */
import { ALLOW, BY_SOURCE, DENY, END, LOCAL, OPEN } from '../../model/verdict.ts';
import { Fields, numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
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
import { KeyTable } from './key-table.ts';
import { hasPorts } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const KEYS = [
  ...['date', 'time', 'tz', 'eventtime', 'devname', 'type', 'subtype', 'srcip', 'srcport'],
  ...['srcintf', 'srcintfrole', 'dstip', 'dstport', 'dstintf', 'dstintfrole', 'proto', 'action'],
  ...['policyid', 'sentbyte', 'rcvdbyte', 'sentpkt', 'rcvdpkt', 'app', 'level'],
] as const;
const TABLE = new KeyTable(KEYS);
const key = (name: (typeof KEYS)[number]): number => KEYS.indexOf(name);
const EVENTTIME = key('eventtime');
const DEVNAME = key('devname');
const TYPE = key('type');
const SUBTYPE = key('subtype');
const SRCIP = key('srcip');
const DSTIP = key('dstip');
const SRCPORT = key('srcport');
const DSTPORT = key('dstport');
const SRCINTF = key('srcintf');
const DSTINTF = key('dstintf');
const SRCROLE = key('srcintfrole');
const DSTROLE = key('dstintfrole');
const PROTO = key('proto');
const ACTION = key('action');
const POLICYID = key('policyid');
const SENTBYTE = key('sentbyte');
const RCVDBYTE = key('rcvdbyte');
const SENTPKT = key('sentpkt');
const RCVDPKT = key('rcvdpkt');
const APP = key('app');
const DATE = key('date');
const TIME = key('time');
const TZ = key('tz');

const LOGID = octetsOf('logid=');
const DATE_WORD = octetsOf('date=');
const TRAFFIC = octetsOf('traffic');
const LOCAL_WORD = octetsOf('local');
/** How the log reference names what became of a session. */
const ACTIONS = new KeyTable([
  ...['deny', 'start', 'accept', 'close', 'timeout', 'client-rst', 'server-rst', 'ip-conn', 'dns'],
]);
const ACTION_DENY = 0;
const ACTION_START = 1;
/** Octets of a message in which `logid=` or `date=` must stand. */
const HEAD = 300;

/** Where values stand in the line, by number of their key; -1 = it is not there. */
const starts = new Int32Array(KEYS.length);
const ends = new Int32Array(KEYS.length);
const fields = new Fields();

export const fortigate: LogFormat = { name: 'fortigate', read };

function read(line: Line): number {
  const { scan } = line;
  const { bytes } = scan;
  const start = scan.at;
  if (!scan.isAt(DATE_WORD, start) && !near(line)) return OTHER;
  starts.fill(-1);
  let cutKey = -1;
  while (fields.next(scan)) {
    const number = TABLE.of(bytes, fields.keyStart, fields.keyEnd);
    if (number < 0 || starts[number] !== -1) continue;
    starts[number] = fields.valueStart;
    ends[number] = fields.valueEnd;
    if (fields.cut) cutKey = number;
  }
  if (starts[TYPE] === -1) return starts[DATE] === -1 ? OTHER : CUT_OFF;
  if (cutKey === TYPE) return CUT_OFF;
  if (!is(line, TYPE, TRAFFIC)) return silent(line);
  return traffic(line, cutKey);
}

/** Whether the message has a log id near its begin. */
function near({ scan }: Line): boolean {
  const { end } = scan;
  scan.end = Math.min(end, scan.at + HEAD);
  const found = scan.find(LOGID) >= 0;
  scan.end = end;
  return found;
}

function is({ scan }: Line, number: number, text: Uint8Array): boolean {
  return ends[number]! - starts[number]! === text.length && scan.isAt(text, starts[number]!);
}

function silent(line: Line): number {
  const { names, scan } = line;
  const word = (number: number): string =>
    starts[number] === -1
      ? ''
      : names.names[names.intern(scan.bytes, starts[number]!, ends[number]!)]!;
  line.label = `${word(TYPE)}/${word(SUBTYPE)}`;
  return SILENT;
}

function traffic(line: Line, cutKey: number): number {
  const { scan, batch, names } = line;
  const { bytes } = scan;
  for (const number of [SRCIP, DSTIP, PROTO, ACTION]) {
    // A line that ends within a value that is needed may have lost the rest of it.
    if (starts[number] === -1 || cutKey === number) return CUT_OFF;
  }
  if (cutKey === SRCPORT || cutKey === DSTPORT || cutKey === POLICYID) return CUT_OFF;
  const row = batch.begin();
  if (!putAddress(scan, batch, row, true, starts[SRCIP]!, ends[SRCIP]!)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, starts[DSTIP]!, ends[DSTIP]!)) return BAD_ADDRESS;
  const protocol = numberIn(bytes, starts[PROTO]!, ends[PROTO]!, 255);
  if (protocol < 0) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const action = ACTIONS.of(bytes, starts[ACTION]!, ends[ACTION]!);
  if (action < 0) return BAD_ACTION;
  batch.action[row] = action === ACTION_DENY ? DENY : ALLOW;
  if (action === ACTION_START) batch.event[row] = OPEN;
  else if (action !== ACTION_DENY) {
    batch.event[row] = END;
    batch.reason[row] = names.intern(bytes, starts[ACTION]!, ends[ACTION]!);
  }
  batch.initiator[row] = BY_SOURCE;
  if (hasPorts(protocol)) {
    const source = optional(bytes, SRCPORT, 65_535);
    const destination = optional(bytes, DSTPORT, 65_535);
    if (source === -2 || destination === -2) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  }
  batch.rule[row] = word(line, POLICYID);
  batch.inInterface[row] = word(line, SRCINTF);
  batch.outInterface[row] = word(line, DSTINTF);
  batch.inZone[row] = word(line, SRCROLE);
  batch.outZone[row] = word(line, DSTROLE);
  batch.application[row] = word(line, APP);
  batch.device[row] = word(line, DEVNAME);
  if (is(line, SUBTYPE, LOCAL_WORD)) batch.direction[row] = LOCAL;
  if (!counters(line, row)) return BAD_NUMBER;
  batch.timeMs[row] = time(line);
  batch.commit();
  return READ;
}

/** The number under the key; -1 without the key, -2 for no number. */
function optional(bytes: Uint8Array, number: number, most: number): number {
  if (starts[number] === -1) return -1;
  const value = numberIn(bytes, starts[number]!, ends[number]!, most);
  return value < 0 ? -2 : value;
}

function word({ names, scan }: Line, number: number): number {
  if (starts[number] === -1) return 0;
  return names.intern(scan.bytes, starts[number]!, ends[number]!);
}

function counters({ scan, batch }: Line, row: number): boolean {
  const { bytes } = scan;
  const sent = optional(bytes, SENTBYTE, Number.MAX_SAFE_INTEGER);
  const received = optional(bytes, RCVDBYTE, Number.MAX_SAFE_INTEGER);
  const packetsSent = optional(bytes, SENTPKT, Number.MAX_SAFE_INTEGER);
  const packetsReceived = optional(bytes, RCVDPKT, Number.MAX_SAFE_INTEGER);
  if (sent === -2 || received === -2 || packetsSent === -2 || packetsReceived === -2) return false;
  if (sent >= 0 || received >= 0) batch.bytes[row] = Math.max(0, sent) + Math.max(0, received);
  if (packetsSent >= 0 || packetsReceived >= 0) {
    batch.packets[row] = Math.max(0, packetsSent) + Math.max(0, packetsReceived);
  }
  batch.bytesBack[row] = received;
  batch.packetsBack[row] = packetsReceived;
  return true;
}

/** `eventtime`, whose digits tell its unit; else `date`, `time` and `tz`. NaN without both. */
function time(line: Line): number {
  const { scan, clock } = line;
  const { bytes } = scan;
  const start = starts[EVENTTIME]!;
  const length = ends[EVENTTIME]! - start;
  if (start !== -1 && (length === 10 || length === 13 || length === 16 || length === 19)) {
    // The first thirteen digits are milliseconds, whatever follows them.
    const value = numberIn(bytes, start, start + Math.min(length, 13), 1e15);
    if (value >= 0) return length === 10 ? value * 1000 : value;
  }
  if (starts[DATE] === -1 || starts[TIME] === -1) return Number.NaN;
  return clock.joined(
    bytes,
    ...([starts[DATE]!, ends[DATE]!, starts[TIME]!, ends[TIME]!] as const),
    starts[TZ] === -1 ? 0 : starts[TZ]!,
    starts[TZ] === -1 ? 0 : ends[TZ]!,
  );
}
