/**
 * SonicWall: `id=firewall sn=… time="…" fw=… pri=… c=… m=36 msg="TCP connection dropped"
 * src=A:port:interface dst=B:port:interface proto=tcp/1433 rule="9 (LAN->DMZ)" fw_action="drop"`.
 *
 * Traps: the verdict is in `fw_action`, and where that says NA in the message id (98 opened, 537
 * closed, 36 to 38 dropped); IPv6 addresses stand in `srcV6` and `dstV6`, their ports in `src` and
 * `dst`; the port may be missing between two colons, and a host's name may follow the interface; old
 * releases leave the protocol to the message's id, and some messages to nobody.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
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
import { KeyedValues } from './keyed-values.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const COLON = 0x3a;
const SLASH = 0x2f;
const KEYS = [
  ...['time', 'm', 'src', 'dst', 'srcV6', 'dstV6', 'proto', 'rule', 'fw_action', 'sent', 'rcvd'],
  ...['spkt', 'rpkt', 'srcZone', 'dstZone', 'n', 'type', 'icmpCode'],
];
const values = new KeyedValues(KEYS);
const { starts, ends } = values;
const [TIME, MESSAGE, SRC, DST, SRC6, DST6, PROTO, RULE, ACTION, SENT, RECEIVED] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
] as const;
const [SENT_PACKETS, RECEIVED_PACKETS, SRC_ZONE, DST_ZONE, , TYPE, CODE] = [
  ...[11, 12, 13, 14, 15, 16, 17],
] as const;
const SERIAL = octetsOf(' sn=');
const FIREWALL = octetsOf(' fw=');
const ACTIONS = new KeyTable(['forward', 'drop', 'NA', 'mgmt', 'deny', 'allow']);
/** Messages of connections that opened and closed. */
export const OPENED = 98;
export const CLOSED = 537;
/** What was dropped, by message id. */
const DROPPED: ReadonlyMap<number, number> = new Map([
  [36, 6],
  [37, 17],
  [38, 1],
]);

export const sonicwall: LogFormat = { name: 'sonicwall', read };

function read(line: Line): number {
  const { scan, head } = line;
  const { bytes } = scan;
  scan.at = head.lineStart;
  if (scan.find(SERIAL) < 0 || scan.find(FIREWALL) < 0) return OTHER;
  values.read(scan);
  const cut = values.cutKey;
  if (starts[MESSAGE!] === -1 || cut === MESSAGE) return CUT_OFF;
  const message = numberIn(bytes, starts[MESSAGE!]!, ends[MESSAGE!]!, 1e6);
  if (message < 0) return BAD_NUMBER;
  const verdict = verdictOf(line, message);
  if (verdict === -2) return cut === ACTION ? CUT_OFF : BAD_ACTION;
  if (verdict === -1) {
    line.label = `m=${message}`;
    return SILENT;
  }
  if (cut === SRC6 || cut === DST6) return CUT_OFF;
  // Behind a port, or behind a protocol's name, stands more.
  if ((cut === SRC || cut === DST) && count(bytes, cut, COLON) < 2) return CUT_OFF;
  if (cut === PROTO && count(bytes, cut, SLASH) === 0) return CUT_OFF;
  if (cut >= 0 && values.open) return CUT_OFF;
  if (starts[SRC!] === -1 || starts[DST!] === -1) return CUT_OFF;
  // Some messages name no protocol; the action stands near the end.
  const isWhole = DROPPED.has(message) || starts[ACTION!] !== -1;
  if (starts[PROTO!] === -1 && !isWhole) return CUT_OFF;
  return connection(line, message, verdict);
}

/** How often the octet stands in a value. */
function count(bytes: Uint8Array, number: number, octet: number): number {
  let found = 0;
  for (let at = starts[number]!; at < ends[number]!; at++) if (bytes[at] === octet) found++;
  return found;
}

/** Index into `ACTIONS` of the model; -1: none is stated, -2: one that is not known. */
function verdictOf({ scan }: Line, message: number): number {
  if (starts[ACTION!] !== -1) {
    const action = ACTIONS.of(scan.bytes, starts[ACTION!]!, ends[ACTION!]!);
    if (action < 0) return -2;
    if (action === 0 || action === 3 || action === 5) return ALLOW;
    if (action === 1 || action === 4) return DENY;
  }
  return verdictOfMessage(message);
}

/** The verdict that a message's id stands for, -1 for none. */
export function verdictOfMessage(message: number): number {
  if (message === OPENED || message === CLOSED) return ALLOW;
  return DROPPED.has(message) ? DENY : -1;
}

function connection(line: Line, message: number, verdict: number): number {
  const { scan, batch, clock } = line;
  const { bytes } = scan;
  const row = batch.begin();
  batch.action[row] = verdict;
  if (message === OPENED) batch.event[row] = OPEN;
  else if (message === CLOSED) batch.event[row] = END;
  batch.initiator[row] = BY_SOURCE;
  const protocol = values.has(PROTO!) ? protocolOf(line) : (DROPPED.get(message) ?? -1);
  if (protocol < -1) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const source = side(line, row, true, SRC!, SRC6!);
  if (source < -1) return -source;
  const destination = side(line, row, false, DST!, DST6!);
  if (destination < -1) return -destination;
  if (hasPorts(protocol)) {
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  } else if (protocol === 1 || protocol === 58) {
    batch.sourcePort[row] = Math.max(-1, values.number(bytes, TYPE!, 255));
    batch.destinationPort[row] = Math.max(-1, values.number(bytes, CODE!, 255));
  }
  const counted = values.putCounters(line, row, SENT_PACKETS!, RECEIVED_PACKETS!, SENT!, RECEIVED!);
  if (counted !== 0) return counted;
  batch.rule[row] = values.word(line, RULE!);
  batch.inZone[row] = values.word(line, SRC_ZONE!);
  batch.outZone[row] = values.word(line, DST_ZONE!);
  if (starts[TIME!] !== -1 && ends[TIME!]! - starts[TIME!]! >= 19) {
    const from = starts[TIME!]!;
    // ` UTC` may follow.
    const utc = ends[TIME!]! - from > 19;
    const zone = utc ? [from + 19, from + 19] : [0, 0];
    batch.timeMs[row] = clock.joined(bytes, from, from + 10, from + 11, from + 19, ...zone);
  }
  batch.commit();
  return READ;
}

/** `tcp/1433`, or without the service. */
function protocolOf({ scan }: Line): number {
  let end = starts[PROTO!]!;
  while (end < ends[PROTO!]! && scan.bytes[end] !== SLASH) end++;
  return protocolIn(scan, starts[PROTO!]!, end);
}

/** `A:port:interface[:name]`; the port, -1 without one, or the negative of a fault. */
function side(line: Line, row: number, isSource: boolean, plain: number, six: number): number {
  const { scan, batch, names } = line;
  const { bytes } = scan;
  const start = starts[plain]!;
  const end = ends[plain]!;
  const hasSix = starts[six] !== -1;
  // Of IPv6 the address here is only a stand-in, if it is one at all.
  let at = start;
  while (at < end && bytes[at] !== COLON) at++;
  const address = hasSix
    ? putAddress(scan, batch, row, isSource, starts[six]!, ends[six]!)
    : putAddress(scan, batch, row, isSource, start, at);
  if (!address) return -BAD_ADDRESS;
  if (hasSix && bytes[start] === COLON) at = start;
  else if (hasSix) {
    // The last two parts are port and interface.
    let colons = 0;
    for (at = end; at > start && colons < 2; at--) if (bytes[at - 1] === COLON) colons++;
  }
  if (at >= end) return -1;
  if (bytes[at] === COLON) at++;
  let portEnd = at;
  while (portEnd < end && bytes[portEnd] !== COLON) portEnd++;
  if (portEnd < end) {
    let placeEnd = portEnd + 1;
    while (placeEnd < end && bytes[placeEnd] !== COLON) placeEnd++;
    const place = names.intern(bytes, portEnd + 1, placeEnd);
    if (isSource) batch.inInterface[row] = place;
    else batch.outInterface[row] = place;
  }
  if (portEnd === at) return -1;
  const port = numberIn(bytes, at, portEnd, 65_535);
  return port < 0 ? -BAD_PORT : port;
}
