/**
 * What `nfdump` prints with `-o csv`: comma-separated, the first line says which columns there are.
 *
 *   1.6, 1.7.1  ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,…,ra,…
 *   later       firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows
 *
 * And with `-o json`, a list of objects: `"type":"FLOW","first":"…T…","proto":6,"src4_addr":"A",…`, where
 * what is not there is left out.
 *
 * Traps: times are those of the place where nfdump ran; of ICMP the destination port is `type.code`,
 * or both in one number; a summary of three lines follows; counters of the way back are 0 where the
 * exporter counts one way; `fwd` is IPFIX's forwardingStatus, 0 where the exporter has none.
 */
import { ALLOW, BY_SOURCE, DENY, SUMMARY } from '../../model/verdict.ts';
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
import { JsonLine, NO_NUMBER } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf, Scan } from './scan.ts';

const COMMA = 0x2c;
const BRACE = 0x7b;
const DOT = 0x2e;
/** Old and new name of each column. */
const NAMES = [
  ...['ts', 'sa', 'da', 'sp', 'dp', 'pr', 'flg', 'fwd', 'ipkt', 'ibyt', 'opkt', 'obyt', 'in'],
  ...['out', 'ra', 'firstSeen', 'srcAddr', 'dstAddr', 'srcPort', 'dstPort', 'proto', 'flags'],
  ...['fwdStatus', 'packets', 'bytes', 'outPackets', 'outBytes', 'input', 'output', 'router'],
];
/** Keys of objects, of the same. */
const KEYS = [
  ...[
    'first|t_first',
    'src4_addr|src6_addr',
    'dst4_addr|dst6_addr',
    'src_port',
    'dst_port',
    'proto',
  ],
  ...['tcp_flags', 'fwd_status', 'in_packets', 'in_bytes', 'out_packets', 'out_bytes'],
  ...['input_snmp', 'output_snmp', 'ip4_router|ip6_router', 'type', 'icmp_type', 'icmp_code'],
];
const TYPE = 15;
const ICMP_TYPE = 16;
const ICMP_CODE = 17;
const TYPE_MARK = octetsOf('"type"');
const FLOW_WORD = octetsOf('FLOW');
const KINDS = NAMES.length / 2;
const TABLE = new KeyTable(NAMES);
const TIME = 0;
const SOURCE = 1;
const DESTINATION = 2;
const SOURCE_PORT = 3;
const DESTINATION_PORT = 4;
const PROTOCOL = 5;
const FLAGS = 6;
const FORWARDED = 7;
const PACKETS = 8;
const BYTES = 9;
const PACKETS_BACK = 10;
const BYTES_BACK = 11;
const INPUT = 12;
const OUTPUT = 13;
const ROUTER = 14;
const NEEDED = [TIME, SOURCE, DESTINATION, PROTOCOL];
const SUMMARY_LINE = octetsOf('Summary');
const SUMMARY_NAMES = octetsOf('flows,bytes,packets,');
const NO_ROUTER = octetsOf('0.0.0.0');
const ICMP = 1;
const ICMPV6 = 58;
const TCP = 6;
const SYN = 2;
const ACK = 16;
const MOST = Number.MAX_SAFE_INTEGER;

export class Nfdump implements LogFormat {
  readonly name = 'nfdump';
  readonly inColumns = true;
  private readonly columns = new Columns();
  /** Column of each kind of value; -1 where there is none. */
  private places = new Int32Array(KINDS).fill(-1);
  private readonly json = new JsonLine(KEYS);
  private readonly jsonPlaces = new Int32Array(KINDS);
  private width = 0;
  /** The next line holds the sums. */
  private inSummary = false;
  private stamps: Scan | undefined;

  read(line: Line): number {
    const { scan, head, batch } = line;
    scan.at = head.messageStart;
    scan.skipSpaces();
    if (scan.peek() === BRACE) return this.object(line);
    scan.at = head.lineStart;
    this.columns.split(scan, COMMA);
    if (this.header(line)) {
      line.label = 'header';
      return SILENT;
    }
    if (this.width === 0) return OTHER;
    if (this.isSummary(line)) {
      line.label = 'summary';
      return SILENT;
    }
    const { count } = this.columns;
    if (count < 3) return OTHER;
    if (count < this.width) return CUT_OFF;
    if (count > this.width) return BAD_SHAPE;
    head.hostEnd = head.hostStart;
    const row = batch.begin();
    const fault = this.ends(line, row) || this.counters(line, row) || this.details(line, row);
    if (fault !== 0) return fault;
    batch.commit();
    return READ;
  }

  /** A flow as an object. */
  private object(line: Line): number {
    const { scan, batch } = line;
    const { json, columns, jsonPlaces, places } = this;
    const { leaves } = json;
    if (scan.find(TYPE_MARK) < 0) return OTHER;
    const outcome = json.read(line);
    if (!leaves.is(scan, TYPE, FLOW_WORD) || !leaves.has(TIME)) return OTHER;
    if (outcome !== 0) return outcome;
    if (NEEDED.some((kind) => !leaves.has(kind))) return BAD_SHAPE;
    for (let kind = 0; kind < KINDS; kind++) {
      jsonPlaces[kind] = leaves.has(kind) ? kind : -1;
      columns.starts[kind] = leaves.starts[kind]!;
      columns.ends[kind] = leaves.ends[kind]!;
    }
    columns.count = KINDS;
    this.places = jsonPlaces;
    const row = batch.begin();
    const fault =
      this.ends(line, row) ||
      this.message(line, row) ||
      this.counters(line, row) ||
      this.details(line, row);
    this.places = places;
    if (fault !== 0) return fault;
    batch.commit();
    return READ;
  }

  /** Type and code of ICMP, which objects have by themselves. */
  private message(line: Line, row: number): number {
    const { batch } = line;
    if (batch.protocol[row] !== ICMP && batch.protocol[row] !== ICMPV6) return 0;
    const type = this.json.number(line, ICMP_TYPE, 255);
    const code = this.json.number(line, ICMP_CODE, 255);
    if (Math.min(type, code) === NO_NUMBER) return BAD_NUMBER;
    batch.sourcePort[row] = type;
    batch.destinationPort[row] = code;
    return 0;
  }

  /** A line that names source, destination, protocol and time. */
  private header({ scan }: Line): boolean {
    const { columns } = this;
    const found = new Int32Array(KINDS).fill(-1);
    if (columns.count < 8) return false;
    const first = TABLE.of(scan.bytes, columns.starts[0]!, columns.ends[0]!);
    if (first !== TIME && first !== KINDS) return false;
    for (let index = 0; index < columns.count; index++) {
      const name = TABLE.of(scan.bytes, columns.starts[index]!, columns.ends[index]!);
      if (name >= 0 && found[name % KINDS] === -1) found[name % KINDS] = index;
    }
    if (NEEDED.some((kind) => found[kind] === -1)) return false;
    this.places.set(found);
    this.width = columns.count;
    return true;
  }

  private isSummary({ scan, head }: Line): boolean {
    const at = head.lineStart;
    if (this.inSummary) {
      this.inSummary = false;
      return true;
    }
    this.inSummary = scan.isAt(SUMMARY_NAMES, at);
    return this.inSummary || scan.isAt(SUMMARY_LINE, at);
  }

  private start(kind: number): number {
    return this.columns.starts[this.places[kind]!]!;
  }

  private end(kind: number): number {
    return this.columns.ends[this.places[kind]!]!;
  }

  /** The number in the column, -1 without, -2 for no number. */
  private number({ scan }: Line, kind: number, most: number): number {
    if (this.places[kind] === -1 || this.end(kind) === this.start(kind)) return -1;
    const value = numberIn(scan.bytes, this.start(kind), this.end(kind), most);
    return value < 0 ? -2 : value;
  }

  private ends(line: Line, row: number): number {
    const { scan, batch } = line;
    batch.timeMs[row] = this.time(line);
    if (Number.isNaN(batch.timeMs[row]!)) return BAD_SHAPE;
    for (const kind of [SOURCE, DESTINATION]) {
      const [start, end] = [this.start(kind), this.end(kind)];
      if (!putAddress(scan, batch, row, kind === SOURCE, start, end)) return BAD_ADDRESS;
    }
    const protocol = protocolIn(scan, this.start(PROTOCOL), this.end(PROTOCOL));
    if (protocol === -2) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    if (protocol === ICMP || protocol === ICMPV6) return this.icmp(line, row);
    if (!hasPorts(protocol)) return 0;
    const source = this.number(line, SOURCE_PORT, 65_535);
    const destination = this.number(line, DESTINATION_PORT, 65_535);
    if (Math.min(source, destination) === -2) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
    return 0;
  }

  /** `8.0`, or 2048 for the same. */
  private icmp({ scan, batch }: Line, row: number): number {
    if (this.places[DESTINATION_PORT] === -1) return 0;
    const { bytes } = scan;
    const [start, end] = [this.start(DESTINATION_PORT), this.end(DESTINATION_PORT)];
    let dot = start;
    while (dot < end && bytes[dot] !== DOT) dot++;
    const whole = dot === end ? numberIn(bytes, start, end, 65_535) : -1;
    const type = dot === end ? whole >> 8 : numberIn(bytes, start, dot, 255);
    const code = dot === end ? whole & 255 : numberIn(bytes, dot + 1, end, 255);
    if (type < 0 || code < 0) return BAD_PORT;
    batch.sourcePort[row] = type;
    batch.destinationPort[row] = code;
    return 0;
  }

  private time({ scan, clock, addresses }: Line): number {
    this.stamps ??= new Scan(addresses);
    const { stamps } = this;
    stamps.aim(scan.bytes, this.start(TIME), this.end(TIME));
    return clock.iso(stamps) && stamps.at === stamps.end ? clock.timeMs : Number.NaN;
  }

  private counters(line: Line, row: number): number {
    const { batch } = line;
    const packets = this.number(line, PACKETS, MOST);
    const bytes = this.number(line, BYTES, MOST);
    const packetsBack = this.number(line, PACKETS_BACK, MOST);
    const bytesBack = this.number(line, BYTES_BACK, MOST);
    if (Math.min(packets, bytes, packetsBack, bytesBack) === -2) return BAD_NUMBER;
    const bothWays = packetsBack > 0 || bytesBack > 0;
    batch.packets[row] = packets;
    batch.bytes[row] = bytes;
    if (!bothWays) return 0;
    if (packets >= 0) {
      batch.packets[row] = packets + Math.max(0, packetsBack);
      batch.packetsBack[row] = packetsBack;
    }
    if (bytes >= 0) {
      batch.bytes[row] = bytes + Math.max(0, bytesBack);
      batch.bytesBack[row] = bytesBack;
    }
    return 0;
  }

  private details(line: Line, row: number): number {
    const { batch, scan } = line;
    batch.event[row] = SUMMARY;
    const status = this.number(line, FORWARDED, 255);
    if (status === -2) return BAD_NUMBER;
    if (status >> 6 === 1) batch.action[row] = ALLOW;
    else if (status >> 6 === 2) batch.action[row] = DENY;
    if (batch.protocol[row] === TCP && this.places[FLAGS] !== -1) {
      const flags = flagsIn(scan.bytes, this.start(FLAGS), this.end(FLAGS));
      if (flags < 0) return BAD_NUMBER;
      batch.tcpFlags[row] = flags;
      if ((flags & (SYN | ACK)) === SYN) batch.initiator[row] = BY_SOURCE;
    }
    batch.inInterface[row] = this.interface(line, INPUT);
    batch.outInterface[row] = this.interface(line, OUTPUT);
    if (this.places[ROUTER] !== -1 && !this.columns.is(scan, this.places[ROUTER]!, NO_ROUTER)) {
      batch.device[row] = line.names.intern(scan.bytes, this.start(ROUTER), this.end(ROUTER));
    }
    return 0;
  }

  /** Interfaces are named by their number; 0 is none. */
  private interface(line: Line, kind: number): number {
    if (this.number(line, kind, 0xffffffff) <= 0) return 0;
    return line.names.intern(line.scan.bytes, this.start(kind), this.end(kind));
  }
}

const LETTERS = octetsOf('FSRPAUEC');

/** `...AP.SF`, FIN last; -1 for anything else. */
function flagsIn(bytes: Uint8Array, start: number, end: number): number {
  let flags = 0;
  if (end - start > LETTERS.length || end === start) return -1;
  for (let at = start; at < end; at++) {
    const bit = end - 1 - at;
    if (bytes[at] === LETTERS[bit]) flags |= 1 << bit;
    else if (bytes[at] !== DOT) return -1;
  }
  return flags;
}
