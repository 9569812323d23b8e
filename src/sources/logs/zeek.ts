/**
 * Zeek's `conn.log`, tab-separated with `#fields`, or JSON with the same names.
 *
 * Traps: columns differ between releases and sites, only `#fields` says which they are; the
 * separator is stated too; `-` is unset and `(empty)` is empty; of ICMP the ports are type and code,
 * but for kinds that have an answer the second is the type of the answer; `service` is Zeek's guess
 * from the content. Zeek watches and refuses nothing: the verdict is unknown. The originator is the
 * side that began, except in state OTH, where Zeek saw no begin. Bytes are those of IP packets; logs
 * without them have none here.
 */
import { BY_SOURCE, INBOUND, OUTBOUND, SUMMARY } from '../../model/verdict.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import { Columns } from './columns.ts';
import { numberIn, putAddress } from './fields.ts';
import {
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
import { JsonLine, MOST, NO_NUMBER } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf, Scan } from './scan.ts';

const NAMES = [
  ...['ts', 'id.orig_h', 'id.orig_p', 'id.resp_h', 'id.resp_p', 'proto', 'service', 'conn_state'],
  ...['local_orig', 'local_resp', 'orig_pkts', 'orig_ip_bytes', 'resp_pkts', 'resp_ip_bytes'],
  ...['ip_proto', 'uid', '_path', 'history', '_system_name'],
] as const;
const TABLE = new KeyTable(NAMES);
const place = (name: (typeof NAMES)[number]): number => NAMES.indexOf(name);
const TIME = place('ts');
const SOURCE = place('id.orig_h');
const SOURCE_PORT = place('id.orig_p');
const DESTINATION = place('id.resp_h');
const DESTINATION_PORT = place('id.resp_p');
const PROTOCOL = place('proto');
const SERVICE = place('service');
const STATE = place('conn_state');
const HISTORY = place('history');
const LOCAL_SOURCE = place('local_orig');
const LOCAL_DESTINATION = place('local_resp');
const PACKETS = place('orig_pkts');
const BYTES = place('orig_ip_bytes');
const PACKETS_BACK = place('resp_pkts');
const BYTES_BACK = place('resp_ip_bytes');
const IP_PROTOCOL = place('ip_proto');
const UID = place('uid');
const PATH = place('_path');
const SYSTEM = place('_system_name');
const NEEDED = [TIME, SOURCE, DESTINATION, PROTOCOL, STATE];

/**
 * Collectors put underscores where Zeek has dots, and its writer for Kafka the record under the name of
 * its log.
 */
const JSON_PATHS = NAMES.map((name) =>
  [name, name.replace('.', '_'), `conn.${name}`, `conn.${name.replace('.', '_')}`]
    .filter((path, index, all) => all.indexOf(path) === index)
    .join('|'),
);

const HASH = 0x23;
const TAB = 0x09;
const CONN = octetsOf('conn');
const EMPTY = octetsOf('(empty)');
const OTH = octetsOf('OTH');
const UNKNOWN_TRANSPORT = octetsOf('unknown_transport');
const SEPARATOR = octetsOf('#separator \\x');
const FIELDS = octetsOf('#fields');
const HEADERS = [
  ...['#set_separator', '#empty_field', '#unset_field', '#path', '#open', '#close', '#types'],
].map(octetsOf);
const ICMP = 1;
const ICMPV6 = 58;
const TCP = 6;
/** Types of ICMP and ICMPv6 of which Zeek writes the answer's type in place of the code. */
const ANSWERED: readonly ReadonlySet<number>[] = [
  new Set([0, 8, 10, 9, 13, 14, 15, 16, 17, 18]),
  new Set([128, 129, 130, 131, 133, 134, 135, 136, 139, 140, 144, 145]),
];

/** Where the values of one record are, whichever way it is written. */
interface Values {
  has(key: number): boolean;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  isTrue(key: number): boolean;
}

export class Zeek implements LogFormat {
  readonly name = 'zeek';
  readonly inColumns = true;
  private readonly text = new ZeekColumns();
  private readonly json = new JsonLine(JSON_PATHS);
  /** The log held such objects before. */
  private known = false;

  read(line: Line): number {
    const { scan, head } = line;
    scan.at = head.lineStart;
    if (scan.peek() === HASH) return this.text.header(line);
    const outcome = this.text.active ? this.text.split(line) : OTHER;
    if (outcome === READ) {
      head.hostEnd = head.hostStart;
      return record(line, this.text, timeOf(line, this.text), this.text.name(line, SERVICE));
    }
    return outcome === OTHER ? this.object(line) : outcome;
  }

  private object(line: Line): number {
    const { json } = this;
    const { leaves } = json;
    const outcome = json.read(line);
    if (outcome === -1 || !leaves.has(SOURCE) || !leaves.has(UID)) return OTHER;
    // Zeek's other logs have the same four addresses and ports.
    const mine = leaves.has(STATE) || leaves.is(line.scan, PATH, CONN);
    if (!mine && !(this.known && outcome !== 0)) return OTHER;
    if (outcome !== 0) return outcome;
    this.known = true;
    if (!leaves.has(DESTINATION) || !leaves.has(PROTOCOL) || !leaves.has(STATE)) return BAD_SHAPE;
    const result = record(line, leaves, json.time(line, TIME), json.name(line, SERVICE));
    return result;
  }
}

/** The tab-separated form: columns by what `#fields` says. */
class ZeekColumns implements Values {
  active = false;
  readonly starts = new Int32Array(NAMES.length);
  readonly ends = new Int32Array(NAMES.length);
  readonly scratch: Scan[] = [];
  private readonly columns = new Columns();
  private readonly places = new Int32Array(NAMES.length).fill(-1);
  private readonly present = new Uint8Array(NAMES.length);
  private separator = TAB;
  private count = 0;

  /** A line of the header. */
  header(line: Line): number {
    const { scan } = line;
    line.label = 'header';
    if (scan.takeText(SEPARATOR)) {
      const hex = new TextDecoder().decode(scan.bytes.subarray(scan.at, scan.end));
      this.separator = /^[0-9a-f]{2}$/i.test(hex) ? Number.parseInt(hex, 16) : TAB;
      this.active = false;
      return SILENT;
    }
    if (!scan.isAt(FIELDS, scan.at)) {
      const start = scan.at;
      return HEADERS.some((name) => scan.isAt(name, start)) ? SILENT : OTHER;
    }
    this.columns.split(scan, this.separator);
    this.places.fill(-1);
    for (let index = 1; index < this.columns.count; index++) {
      const { starts, ends } = this.columns;
      const name = TABLE.of(scan.bytes, starts[index]!, ends[index]!);
      if (name >= 0 && this.places[name] === -1) this.places[name] = index - 1;
    }
    this.count = this.columns.count - 1;
    this.active = NEEDED.every((name) => this.places[name]! >= 0);
    // The fields of another log: its lines are not for us.
    return this.places[TIME]! >= 0 && this.places[UID]! >= 0 ? SILENT : OTHER;
  }

  /** Takes a line apart: `READ`, or why not. */
  split({ scan, head }: Line): number {
    const { columns, places, present } = this;
    scan.at = head.lineStart;
    columns.split(scan, this.separator);
    if (columns.count < 4) return OTHER;
    if (columns.count < this.count) return CUT_OFF;
    if (columns.count > this.count) return BAD_SHAPE;
    for (let name = 0; name < NAMES.length; name++) {
      const column = places[name]!;
      present[name] = 0;
      if (column < 0) continue;
      const start = columns.starts[column]!;
      const end = columns.ends[column]!;
      this.starts[name] = start;
      this.ends[name] = end;
      const unset = end - start === 1 && scan.bytes[start] === 0x2d;
      const empty = end - start === EMPTY.length && scan.isAt(EMPTY, start);
      if (!unset && !empty && end > start) present[name] = 1;
    }
    return READ;
  }

  has(key: number): boolean {
    return this.present[key] === 1;
  }

  isTrue(_key: number): boolean {
    return false;
  }

  name({ scan, names }: Line, key: number): number {
    return this.has(key) ? names.intern(scan.bytes, this.starts[key]!, this.ends[key]!) : 0;
  }
}

/** The stamp of a tab-separated record: seconds since 1970, or ISO. */
function timeOf({ scan, clock, addresses }: Line, values: ZeekColumns): number {
  if (!values.has(TIME)) return Number.NaN;
  values.scratch[0] ??= new Scan(addresses);
  const scratch = values.scratch[0];
  scratch.aim(scan.bytes, values.starts[TIME]!, values.ends[TIME]!);
  if (!clock.iso(scratch) && !clock.epoch(scratch)) return Number.NaN;
  return scratch.at === scratch.end ? clock.timeMs : Number.NaN;
}

function number({ scan }: Line, values: Values, key: number, most: number): number {
  if (!values.has(key)) return -1;
  const value = numberIn(scan.bytes, values.starts[key]!, values.ends[key]!, most);
  return value < 0 ? NO_NUMBER : value;
}

function isTrue({ scan }: Line, values: Values, key: number): number {
  if (!values.has(key)) return -1;
  return values.isTrue(key) || scan.bytes[values.starts[key]!] === 0x54 ? 1 : 0;
}

function record(line: Line, values: Values, timeMs: number, service: number): number {
  const { scan, batch } = line;
  const row = batch.begin();
  if (Number.isNaN(timeMs)) return BAD_SHAPE;
  batch.timeMs[row] = timeMs;
  for (const key of ENDS) {
    if (!values.has(key)) return BAD_ADDRESS;
    const [start, end] = [values.starts[key]!, values.ends[key]!];
    if (!putAddress(scan, batch, row, key === SOURCE, start, end)) return BAD_ADDRESS;
  }
  batch.event[row] = SUMMARY;
  const fault = protocol(line, values, row) || counters(line, values, row);
  if (fault !== 0) return fault;
  batch.application[row] = service;
  const [start, end] = [values.starts[STATE]!, values.ends[STATE]!];
  if (values.has(STATE)) {
    batch.reason[row] = line.names.intern(scan.bytes, start, end);
    if (!(end - start === OTH.length && scan.isAt(OTH, start))) batch.initiator[row] = BY_SOURCE;
  }
  if (values.has(HISTORY)) putFlags(line, row, values.starts[HISTORY]!, values.ends[HISTORY]!);
  const local = [isTrue(line, values, LOCAL_SOURCE), isTrue(line, values, LOCAL_DESTINATION)];
  if (local[0] === 1 && local[1] === 0) batch.direction[row] = OUTBOUND;
  else if (local[0] === 0 && local[1] === 1) batch.direction[row] = INBOUND;
  if (values.has(SYSTEM)) {
    batch.device[row] = line.names.intern(scan.bytes, values.starts[SYSTEM]!, values.ends[SYSTEM]!);
  }
  batch.commit();
  return READ;
}

const ENDS = [SOURCE, DESTINATION];

/** TCP flags of what letters of the history stand for: S H A D F R I, as bits of the header. */
const LETTERS: ReadonlyMap<number, number> = new Map([
  [0x53, 0x02],
  [0x48, 0x12],
  [0x41, 0x10],
  [0x44, 0x18],
  [0x46, 0x11],
  [0x52, 0x04],
  [0x49, 0x05],
]);

/** What each end sent, by the history: capitals are the originator's. */
function putFlags({ scan, batch }: Line, row: number, start: number, end: number): void {
  if (batch.protocol[row] !== TCP) return;
  let sent = 0;
  let back = 0;
  for (let at = start; at < end; at++) {
    const letter = scan.bytes[at]!;
    const flags = LETTERS.get(letter & ~0x20) ?? 0;
    if ((letter & 0x20) === 0) sent |= flags;
    else back |= flags;
  }
  batch.flagsSent[row] = sent;
  batch.flagsBack[row] = back;
}

function protocol(line: Line, values: Values, row: number): number {
  const { scan, batch } = line;
  const [start, end] = [values.starts[PROTOCOL]!, values.ends[PROTOCOL]!];
  if (!values.has(PROTOCOL)) return BAD_SHAPE;
  let found = -1;
  if (end - start === UNKNOWN_TRANSPORT.length && scan.isAt(UNKNOWN_TRANSPORT, start)) {
    found = number(line, values, IP_PROTOCOL, 255);
  } else found = protocolIn(scan, start, end);
  if (found === -2) return BAD_NUMBER;
  // One name stands for both.
  if (found === ICMP && batch.family[row] === 6) found = ICMPV6;
  batch.protocol[row] = found;
  return ports(line, values, row, batch, found);
}

function ports(
  line: Line,
  values: Values,
  row: number,
  batch: VerdictBatch,
  protocol: number,
): number {
  const icmp = protocol === ICMP || protocol === ICMPV6;
  if (!icmp && !hasPorts(protocol)) return 0;
  const most = icmp ? 255 : 65_535;
  const source = number(line, values, SOURCE_PORT, most);
  const destination = number(line, values, DESTINATION_PORT, most);
  if (source < 0 || destination < 0) return BAD_PORT;
  batch.sourcePort[row] = source;
  const answered = icmp && ANSWERED[protocol === ICMP ? 0 : 1]!.has(source);
  batch.destinationPort[row] = answered ? -1 : destination;
  return 0;
}

/** Both ways together, and the way back. */
function counters(line: Line, values: Values, row: number): number {
  const { batch } = line;
  const packets = number(line, values, PACKETS, MOST);
  const packetsBack = number(line, values, PACKETS_BACK, MOST);
  const bytes = number(line, values, BYTES, MOST);
  const bytesBack = number(line, values, BYTES_BACK, MOST);
  if (Math.min(packets, packetsBack, bytes, bytesBack) === NO_NUMBER) return BAD_NUMBER;
  if (packets >= 0 && packetsBack >= 0) {
    batch.packets[row] = packets + packetsBack;
    batch.packetsBack[row] = packetsBack;
  }
  if (bytes >= 0 && bytesBack >= 0) {
    batch.bytes[row] = bytes + bytesBack;
    batch.bytesBack[row] = bytesBack;
  }
  return 0;
}
