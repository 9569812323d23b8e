/**
 * Fortinet FortiGate traffic logs: `date=… time=… devname="…" type="traffic" … srcip=… dstip=…
 * action="deny" policyid=7 …`, by the FortiOS log reference. The order of keys varies, and releases
 * up to 4 spell them otherwise (`src`, `src_port`, `status`).
 *
 * `set format csv` puts commas between the pairs.
 *
 * Traps: an accepted session logs how it ended (`close`, `timeout`, `client-rst`, `server-rst`);
 * one that lasts is told of every two minutes before that (`logid="0000000020"`, `accept`), all counters
 * but the deltas from its start on;
 * `eventtime` counts seconds, milliseconds, microseconds or nanoseconds, by release; other types of
 * log share the shape; zones are roles (`srcintfrole`); what a sniffer accepts it only saw.
 */
import { ALLOW, BY_SOURCE, DENY, END, LOCAL, OPEN, SUMMARY } from '../../model/verdict.ts';
import { Fields, numberIn } from './fields.ts';
import { BAD_ACTION, CUT_OFF, type Line, type LogFormat, OTHER, READ, SILENT } from './format.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues } from './keyed-values.ts';
import { octetsOf } from './scan.ts';

const EQUALS = 0x3d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const KEYS = [
  ...['date', 'time', 'tz', 'eventtime', 'devname', 'type', 'subtype', 'srcip|src'],
  ...['srcport|src_port', 'srcintf|src_int', 'srcintfrole', 'dstip|dst', 'dstport|dst_port'],
  ...['dstintf|dst_int', 'dstintfrole', 'proto', 'action|status', 'policyid'],
  ...['sentbyte|sent', 'rcvdbyte|rcvd', 'sentpkt|sent_pkt', 'rcvdpkt|rcvd_pkt', 'app'],
  ...['sentdelta', 'rcvddelta', 'sentpktdelta', 'rcvdpktdelta'],
];
const WITH_BLANKS = new KeyedValues(KEYS);
const WITH_COMMAS = new KeyedValues(KEYS, (table) => new Fields(table, EQUALS, COMMA));
/** Those of the present line. */
let values = WITH_BLANKS;
let { starts, ends } = values;
const key = (name: string): number => values.key(name);
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
const SENTDELTA = key('sentdelta');
const RCVDDELTA = key('rcvddelta');
const SENTPKTDELTA = key('sentpktdelta');
const RCVDPKTDELTA = key('rcvdpktdelta');
const DATE = key('date');
const TIME = key('time');
const TZ = key('tz');

const LOGID = octetsOf('logid=');
/** The id of statistics of a session that goes on. */
const STATISTICS = octetsOf('0000000020');
const DATE_WORD = octetsOf('date=');
const TRAFFIC = octetsOf('traffic');
const LOCAL_WORD = octetsOf('local');
const SNIFFER = octetsOf('sniffer');
const NOTHING = octetsOf('N/A');
/** How the log reference names what became of a session. */
const ACTIONS = new KeyTable([
  ...['deny', 'start', 'accept', 'close', 'timeout', 'client-rst', 'server-rst', 'ip-conn', 'dns'],
]);
const ACTION_DENY = 0;
const ACTION_START = 1;
const ACTION_ACCEPT = 2;
/** Octets of `date=2026-10-03`. */
const DATE_OCTETS = 15;
/** What a Sophos Firewall writes, whose lines may begin alike. */
const OTHERS = ['log_type=', 'timezone='].map(octetsOf);
/** Octets of a message in which `logid=` or `date=` must stand. */
const HEAD = 300;

export const fortigate: LogFormat = { name: 'fortigate', read };

function read(line: Line): number {
  const { scan } = line;
  const { at } = scan;
  const isDated = scan.isAt(DATE_WORD, at);
  if (!isDated && !near(line)) return OTHER;
  const commas = isDated && at + DATE_OCTETS < scan.end && scan.bytes[at + DATE_OCTETS] === COMMA;
  values = commas ? WITH_COMMAS : WITH_BLANKS;
  ({ starts, ends } = values);
  values.read(scan);
  if (!values.has(TYPE)) {
    const isOther = !values.has(DATE) || OTHERS.some((word) => scan.find(word, at) >= 0);
    return isOther ? OTHER : CUT_OFF;
  }
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

/** Whether the log id is that of statistics; few lines ask. */
function isStatistics({ scan, head }: Line): boolean {
  const id = scan.find(LOGID, head.messageStart) + LOGID.length;
  if (id < LOGID.length) return false;
  return scan.isAt(STATISTICS, scan.bytes[id] === QUOTE ? id + 1 : id);
}

function traffic(line: Line, cutKey: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  // A line that ends within a value that is needed may have lost the rest of it.
  if (isMissing(SRCIP) || isMissing(DSTIP) || isMissing(PROTO) || isMissing(ACTION)) return CUT_OFF;
  if (cutKey === SRCPORT || cutKey === DSTPORT || cutKey === POLICYID) return CUT_OFF;
  const row = batch.begin();
  const fault =
    values.putEnds(line, row, SRCIP, DSTIP, PROTO) || values.putPorts(line, row, SRCPORT, DSTPORT);
  if (fault !== 0) return fault;
  const action = ACTIONS.of(bytes, starts[ACTION]!, ends[ACTION]!);
  if (action < 0) return BAD_ACTION;
  batch.action[row] = action === ACTION_DENY ? DENY : ALLOW;
  if (action === ACTION_START) batch.event[row] = OPEN;
  else if (action !== ACTION_DENY) {
    const goesOn = action === ACTION_ACCEPT && isStatistics(line);
    batch.event[row] = goesOn ? SUMMARY : END;
    if (goesOn) batch.events[row] = 0;
    else batch.reason[row] = values.word(line, ACTION);
  }
  batch.initiator[row] = BY_SOURCE;
  batch.rule[row] = values.word(line, POLICYID);
  batch.inInterface[row] = interfaceOf(line, SRCINTF);
  batch.outInterface[row] = interfaceOf(line, DSTINTF);
  batch.inZone[row] = values.word(line, SRCROLE);
  batch.outZone[row] = values.word(line, DSTROLE);
  batch.application[row] = values.word(line, APP);
  batch.device[row] = values.word(line, DEVNAME);
  if (values.is(scan, SUBTYPE, LOCAL_WORD)) batch.direction[row] = LOCAL;
  else if (values.is(scan, SUBTYPE, SNIFFER)) seen(batch, row);
  const counted =
    values.has(SENTDELTA) || values.has(RCVDDELTA)
      ? values.putCounters(line, row, SENTPKTDELTA, RCVDPKTDELTA, SENTDELTA, RCVDDELTA)
      : values.putCounters(line, row, SENTPKT, RCVDPKT, SENTBYTE, RCVDBYTE);
  if (counted !== 0) return counted;
  batch.timeMs[row] = time(line);
  batch.commit();
  return READ;
}

/** A copy of traffic was seen, which others let through or refused. */
function seen(batch: Line['batch'], row: number): void {
  batch.action[row] = 0;
  batch.event[row] = SUMMARY;
}

function interfaceOf(line: Line, number: number): number {
  return values.is(line.scan, number, NOTHING) ? 0 : values.word(line, number);
}

/** Whether the key is not there, or its value may be cut short. */
function isMissing(number: number): boolean {
  return starts[number] === -1 || values.cutKey === number;
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
