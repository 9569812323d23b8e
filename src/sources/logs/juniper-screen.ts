/**
 * Juniper SRX screens (`RT_SCREEN_TCP`, `RT_SCREEN_ICMP`, … of RT_IDS): packets that looked like an
 * attack, structured like the session logs or plain:
 *
 *   RT_SCREEN_TCP: SYN flood! source: A:p, destination: B:p, zone name: Z, interface name: I, action: drop
 *   RT_SCREEN_IP: IP spoofing! source: A, destination: B, protocol-id: 17, zone name: …
 *
 * Traps: the name of the message says the protocol; `alarm-without-drop` refuses nothing, and old
 * releases do not say; limits of a destination name no source; a port stands behind the last colon of
 * an IPv6 address too; one entry may stand for a second of packets, uncounted.
 */
import { BY_SOURCE, DENY } from '../../model/verdict.ts';
import { NO_DESTINATION } from '../../model/verdict-batch.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  CUT_OFF,
  type Line,
  READ,
  SILENT,
} from './format.ts';
import type { KeyTable } from './key-table.ts';
import { KeyedValues, type Pairs } from './keyed-values.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const COMMA = 0x2c;
const EXCLAMATION = 0x21;
const ICMP = 1;
const ICMPV6 = 58;
const KEYS = [
  ...['source-address|source', 'destination-address|destination', 'source-port', 'action'],
  ...['destination-port', 'protocol-id', 'source-zone-name|zone name', 'attack-name'],
  ...['interface-name|interface name'],
];

/** `key: value, key: value`, behind the attack's name. */
class ListedPairs implements Pairs {
  key = -1;
  valueStart = 0;
  valueEnd = 0;
  cut = false;
  private readonly table: KeyTable;

  constructor(table: KeyTable) {
    this.table = table;
  }

  begin(): void {}

  next(scan: Scan): boolean {
    const { bytes, end } = scan;
    scan.skipSpaces();
    let stop = scan.at;
    while (stop < end && bytes[stop] !== COMMA) stop++;
    let colon = scan.at;
    while (colon < stop && bytes[colon] !== COLON) colon++;
    if (colon >= stop) return false;
    this.key = this.table.of(bytes, scan.at, colon);
    this.valueStart = colon + 1;
    while (this.valueStart < stop && bytes[this.valueStart] === SPACE) this.valueStart++;
    this.valueEnd = stop;
    this.cut = stop >= end;
    scan.at = Math.min(stop + 1, end);
    return true;
  }
}

const STRUCTURED = new KeyedValues(KEYS);
const PLAIN = new KeyedValues(KEYS, (table) => new ListedPairs(table));
const key = (name: string): number => STRUCTURED.key(name);
const SOURCE = key('source-address');
const DESTINATION = key('destination-address');
const SOURCE_PORT = key('source-port');
const DESTINATION_PORT = key('destination-port');
const ACTION = key('action');
const PROTOCOL = key('protocol-id');
const ZONE = key('source-zone-name');
const ATTACK = key('attack-name');
const INTERFACE = key('interface-name');
const ATTACK_MARK = octetsOf('attack-name="');
const DROP = octetsOf('drop');
const ALARM = octetsOf('alarm-without-drop');
/** What stands behind `RT_SCREEN_`. */
const NAMES = (
  [
    ['TCP', 6],
    ['UDP', 17],
    ['ICMP', ICMP],
    ['IP', -1],
  ] as const
).map(([name, protocol]) => [octetsOf(name), protocol] as const);

/** Reads the message; the cursor is behind `RT_SCREEN_`. */
export function readScreen(line: Line): number {
  const { scan, head, batch } = line;
  const found = NAMES.find(([name]) => scan.takeText(name));
  if (found === undefined) return silent(line, scan.end - scan.at < 4 ? CUT_OFF : SILENT);
  const isPlain = scan.find(ATTACK_MARK) < 0;
  const values = isPlain ? PLAIN : STRUCTURED;
  const isOpen = head.dataEnd > head.dataStart && scan.bytes[head.dataEnd - 1] !== 0x5d;
  if (!isPlain && isOpen) return CUT_OFF;
  const row = batch.begin();
  if (isPlain && !attack(line, row)) return CUT_OFF;
  values.read(scan);
  if (!isPlain && values.cut) return CUT_OFF;
  const hasEnds = values.has(SOURCE) || values.has(DESTINATION);
  // Behind the ends stands at least where it came in.
  if (!values.has(INTERFACE)) return hasEnds || isPlain ? CUT_OFF : silent(line, SILENT);
  if (values.is(scan, ACTION, ALARM)) return silent(line, SILENT, 'RT_SCREEN that drops nothing');
  if (!values.has(SOURCE)) return silent(line, SILENT);
  if (values.has(ACTION)) {
    if (!values.is(scan, ACTION, DROP)) return values.cutKey === ACTION ? CUT_OFF : BAD_ACTION;
    batch.action[row] = DENY;
  }
  const fault = ends(line, row, values, found[1], isPlain);
  if (fault !== 0) return fault;
  batch.inZone[row] = values.word(line, ZONE);
  batch.inInterface[row] = values.word(line, INTERFACE);
  if (!isPlain) batch.reason[row] = values.word(line, ATTACK);
  batch.commit();
  return READ;
}

/** A conversation needs both ends: what a limit of the destination's drops is not counted, and said. */
const NO_SOURCE = 'RT_SCREEN that names no source: what it drops is not counted';

function silent(line: Line, outcome: number, label = NO_SOURCE): number {
  line.label = label;
  return outcome;
}

/** `_DST_IP: SYN flood Destination! `: passes it, and keeps the attack's name. */
function attack({ scan, batch, names }: Line, row: number): boolean {
  const colon = scan.until(COLON);
  scan.at = Math.min(colon + 1, scan.end);
  scan.skipSpaces();
  const start = scan.at;
  const end = scan.until(EXCLAMATION);
  if (end === scan.end) return false;
  batch.reason[row] = names.intern(scan.bytes, start, end + 1);
  scan.at = end + 1;
  return true;
}

function ends(
  line: Line,
  row: number,
  values: KeyedValues,
  named: number,
  isPlain: boolean,
): number {
  const { scan, batch } = line;
  let protocol = named;
  if (protocol < 0 && values.has(PROTOCOL)) {
    protocol = protocolIn(scan, values.starts[PROTOCOL]!, values.ends[PROTOCOL]!);
    if (protocol === -2) return BAD_NUMBER;
  }
  const ports = hasPorts(protocol);
  for (const number of [SOURCE, DESTINATION]) {
    if (!values.has(number)) {
      batch.absent[row] = NO_DESTINATION;
      continue;
    }
    const start = values.starts[number]!;
    let end = values.ends[number]!;
    // The limits of one end name no port.
    if (isPlain && ports && values.has(DESTINATION)) {
      while (end > start && scan.bytes[end - 1] !== COLON) end--;
      const port = numberIn(scan.bytes, end, values.ends[number]!, 65_535);
      if (port < 0) return BAD_PORT;
      (number === SOURCE ? batch.sourcePort : batch.destinationPort)[row] = port;
      end--;
    }
    if (!putAddress(scan, batch, row, number === SOURCE, start, end)) return BAD_ADDRESS;
  }
  batch.protocol[row] = protocol === ICMP && batch.family[row] === 6 ? ICMPV6 : protocol;
  if (ports) batch.initiator[row] = BY_SOURCE;
  return isPlain ? 0 : values.putPorts(line, row, SOURCE_PORT, DESTINATION_PORT);
}
