/**
 * Fortinet FortiGate traffic logs: `date=… time=… devname="…" type="traffic" … srcip=… dstip=…
 * action="deny" policyid=7 …`, by the FortiOS log reference. The order of keys varies.
 *
 * Traps: an accepted session logs how it ended (`close`, `timeout`, `client-rst`, `server-rst`);
 * `eventtime` counts seconds, milliseconds, microseconds or nanoseconds, by release; other types of
 * log share the shape; zones are roles (`srcintfrole`).
 */
import { ALLOW, BY_SOURCE, DENY, END, LOCAL, OPEN } from '../../model/verdict.ts';
import { numberIn, putAddress } from './fields.ts';
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
import { KeyedValues, NO_NUMBER } from './keyed-values.ts';
import { hasPorts } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const KEYS = [
  ...['date', 'time', 'tz', 'eventtime', 'devname', 'type', 'subtype', 'srcip', 'srcport'],
  ...['srcintf', 'srcintfrole', 'dstip', 'dstport', 'dstintf', 'dstintfrole', 'proto', 'action'],
  ...['policyid', 'sentbyte', 'rcvdbyte', 'sentpkt', 'rcvdpkt', 'app', 'level'],
] as const;
const values = new KeyedValues(KEYS);
const { starts, ends } = values;
const key = (name: (typeof KEYS)[number]): number => values.key(name);
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

export const fortigate: LogFormat = { name: 'fortigate', read };

function read(line: Line): number {
  const { scan } = line;
  if (!scan.isAt(DATE_WORD, scan.at) && !near(line)) return OTHER;
  values.read(scan);
  if (!values.has(TYPE)) return values.has(DATE) ? CUT_OFF : OTHER;
  if (values.cutKey === TYPE) return CUT_OFF;
  if (!values.is(scan, TYPE, TRAFFIC)) {
    line.label = `${values.text(line, TYPE)}/${values.text(line, SUBTYPE)}`;
    return SILENT;
  }
  return traffic(line, values.cutKey);
}

/** Whether the message has a log id near its begin. */
function near({ scan }: Line): boolean {
  const { end } = scan;
  scan.end = Math.min(end, scan.at + HEAD);
  const found = scan.find(LOGID) >= 0;
  scan.end = end;
  return found;
}

function traffic(line: Line, cutKey: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  // A line that ends within a value that is needed may have lost the rest of it.
  if (isMissing(SRCIP) || isMissing(DSTIP) || isMissing(PROTO) || isMissing(ACTION)) return CUT_OFF;
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
    batch.reason[row] = values.word(line, ACTION);
  }
  batch.initiator[row] = BY_SOURCE;
  if (hasPorts(protocol)) {
    const source = values.number(bytes, SRCPORT, 65_535);
    const destination = values.number(bytes, DSTPORT, 65_535);
    if (source === NO_NUMBER || destination === NO_NUMBER) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  }
  batch.rule[row] = values.word(line, POLICYID);
  batch.inInterface[row] = values.word(line, SRCINTF);
  batch.outInterface[row] = values.word(line, DSTINTF);
  batch.inZone[row] = values.word(line, SRCROLE);
  batch.outZone[row] = values.word(line, DSTROLE);
  batch.application[row] = values.word(line, APP);
  batch.device[row] = values.word(line, DEVNAME);
  if (values.is(scan, SUBTYPE, LOCAL_WORD)) batch.direction[row] = LOCAL;
  if (!counters(line, row)) return BAD_NUMBER;
  batch.timeMs[row] = time(line);
  batch.commit();
  return READ;
}

/** Whether the key is not there, or its value may be cut short. */
function isMissing(number: number): boolean {
  return starts[number] === -1 || values.cutKey === number;
}

function counters({ scan, batch }: Line, row: number): boolean {
  const { bytes } = scan;
  const sent = values.number(bytes, SENTBYTE, Number.MAX_SAFE_INTEGER);
  const received = values.number(bytes, RCVDBYTE, Number.MAX_SAFE_INTEGER);
  const packetsSent = values.number(bytes, SENTPKT, Number.MAX_SAFE_INTEGER);
  const packetsReceived = values.number(bytes, RCVDPKT, Number.MAX_SAFE_INTEGER);
  if (
    sent === NO_NUMBER ||
    received === NO_NUMBER ||
    packetsSent === NO_NUMBER ||
    packetsReceived === NO_NUMBER
  )
    return false;
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
