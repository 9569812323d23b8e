/**
 * AWS VPC flow logs, versions 2 and later. As text without a header the default fields:
 *
 *   version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start
 *   end action log-status
 *
 * which later versions begin with too, before fields of their own; of a transit gateway
 * (`6 TransitGateway …`) those of its own default. With a header (a line that names the fields), those in
 * its order; or as tables have them (Athena, CloudWatch Logs Insights, what is made of Parquet): with
 * commas below such a header, or as JSON, an object a record, under names that each tool spells
 * otherwise (`srcaddr`, `srcAddr`, `sourceaddress`). Traps: records are one way only;
 * `-` stands for nothing; NODATA says that there was none, SKIPDATA that records were left out;
 * of `tcp-flags` 2 comes from who began and 18 from who answered; `flow-direction` is that at the
 * interface; CloudWatch puts a time stamp in front.
 */
import {
  ALLOW,
  BY_DESTINATION,
  BY_SOURCE,
  DENY,
  INBOUND,
  OUTBOUND,
  SUMMARY,
} from '../../model/verdict.ts';
import { Columns } from './columns.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  CUT_OFF,
  GAP,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { JsonLine } from './json-line.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts } from './protocol-names.ts';
import { octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const NAMES = [
  ...['version', 'account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport'],
  ...['protocol', 'packets', 'bytes', 'start', 'end', 'action', 'log-status', 'tcp-flags'],
  ...['flow-direction', 'pkt-srcaddr', 'pkt-dstaddr'],
] as const;
/** Further spellings of some. */
const SPELLINGS: Readonly<Partial<Record<(typeof NAMES)[number], string>>> = {
  ...{ 'account-id': 'account_id|accountId|account', srcaddr: 'srcAddr|sourceaddress' },
  ...{ 'interface-id': 'interface_id|interfaceId|interfaceid', dstport: 'dstPort|destinationport' },
  ...{ dstaddr: 'dstAddr|destinationaddress', srcport: 'srcPort|sourceport' },
  ...{ packets: 'numpackets', bytes: 'numbytes', start: 'starttime', end: 'endtime' },
  ...{ 'log-status': 'log_status|logStatus|logstatus', 'tcp-flags': 'tcp_flags|tcpFlags' },
  ...{ 'flow-direction': 'flow_direction|flowDirection' },
  ...{ 'pkt-srcaddr': 'pkt_srcaddr|pktSrcAddr', 'pkt-dstaddr': 'pkt_dstaddr|pktDstAddr' },
};
const KEYS = NAMES.map((name) => (name in SPELLINGS ? `${name}|${SPELLINGS[name]}` : name));
const TABLE = new KeyTable(KEYS);
/** Fields that a header with commas must name. */
const LEAST_NAMES = 5;
/** Fields of the default format are the first of `NAMES`. */
const DEFAULT_FIELDS = 14;
const place = (name: (typeof NAMES)[number]): number => NAMES.indexOf(name);
const INTERFACE = place('interface-id');
const SOURCE = place('srcaddr');
const DESTINATION = place('dstaddr');
const SOURCE_PORT = place('srcport');
const DESTINATION_PORT = place('dstport');
const PROTOCOL = place('protocol');
const PACKETS = place('packets');
const BYTES = place('bytes');
const START = place('start');
const ACTION = place('action');
const STATUS = place('log-status');
const FLAGS = place('tcp-flags');
const DIRECTION = place('flow-direction');
const PACKET_SOURCE = place('pkt-srcaddr');
const PACKET_DESTINATION = place('pkt-dstaddr');

const ACTIONS = new KeyTable(['ACCEPT', 'REJECT']);
const STATUSES = new KeyTable(['OK', 'NODATA', 'SKIPDATA']);
const ADDRESS = octetsOf('addr');
const STATUS_NAME = octetsOf('tatus');
const INGRESS = octetsOf('ingress');
const EGRESS = octetsOf('egress');
const GATEWAY = octetsOf('TransitGateway');
/** Where the default format of a transit gateway has the fields. */
const GATEWAY_PLACES: readonly (readonly [number, number])[] = [
  ...([
    [SOURCE, 16],
    [DESTINATION, 17],
    [SOURCE_PORT, 18],
    [DESTINATION_PORT, 19],
  ] as const),
  ...([
    [PROTOCOL, 20],
    [PACKETS, 21],
    [BYTES, 22],
    [START, 23],
    [STATUS, 25],
    [FLAGS, 31],
  ] as const),
];
const GATEWAY_DIRECTION = 33;
const BRACE = 0x7b;
const DOT = 0x2e;
const COLON = 0x3a;
const MOST = Number.MAX_SAFE_INTEGER;

export class AwsVpc implements LogFormat {
  readonly name = 'aws-vpc';
  readonly inColumns = true;
  private readonly columns = new Columns();
  /** Column of each field; -1 where the log has none. */
  private places = new Int32Array(NAMES.length).fill(-1);
  private headed = false;
  /** What stands between the columns. */
  private separator = SPACE;
  private readonly json = new JsonLine(KEYS);
  private readonly jsonPlaces = new Int32Array(NAMES.length);

  read(line: Line): number {
    const { scan, head, clock } = line;
    scan.at = head.lineStart;
    // CloudWatch's own stamp, in front of the record.
    if (scan.peek(4) === 0x2d && clock.iso(scan)) scan.skipSpaces();
    if (scan.peek() === BRACE) return this.object(line);
    const start = scan.at;
    this.columns.split(scan, this.separator);
    if (this.columns.count < LEAST_NAMES) {
      scan.at = start;
      if (this.table(line)) return SILENT;
      scan.at = start;
      this.columns.split(scan, this.separator);
    }
    if (this.columns.count < 6) return this.headed && this.begins(line) ? CUT_OFF : OTHER;
    if (this.isHeader(line)) {
      line.label = 'header';
      return SILENT;
    }
    if (!this.headed && !this.isDefault(line)) {
      // The rest of such a record as came before.
      const isCut = this.places[SOURCE] !== -1 && this.begins(line) && this.isRecord(line);
      return isCut ? CUT_OFF : OTHER;
    }
    if (!this.isRecord(line)) return OTHER;
    const { places, columns } = this;
    if (places.some((column) => column >= columns.count)) return CUT_OFF;
    head.hostEnd = head.hostStart;
    return this.record(line);
  }

  private isHeader(line: Line): boolean {
    return (this.separator === SPACE || this.isOwn(line)) && this.header(line);
  }

  /** A header with commas; what follows is read as it is. */
  private table(line: Line): boolean {
    const { columns } = this;
    const other = this.separator === SPACE ? COMMA : SPACE;
    columns.split(line.scan, other);
    line.label = 'header';
    if (columns.count < LEAST_NAMES || !this.isOwn(line) || !this.header(line)) return false;
    this.separator = other;
    return true;
  }

  /** Tables of other tools have columns for addresses too; these name what an interface did. */
  private isOwn({ scan: { bytes } }: Line): boolean {
    const { starts, ends, count } = this.columns;
    for (let index = 0; index < count; index++) {
      const name = TABLE.of(bytes, starts[index]!, ends[index]!);
      if (name === STATUS || name === INTERFACE) return true;
    }
    return false;
  }

  /** A record as an object. */
  private object(line: Line): number {
    const { json, columns, jsonPlaces } = this;
    const { leaves } = json;
    line.scan.at = line.head.messageStart;
    if (line.scan.find(ADDRESS) < 0 && line.scan.find(STATUS_NAME) < 0) return OTHER;
    const outcome = json.read(line);
    // The message may begin elsewhere than the line.
    if (outcome < 0 || !leaves.has(INTERFACE)) return OTHER;
    if (outcome === CUT_OFF) return CUT_OFF;
    // Records of nothing have no protocol.
    const isWhole = leaves.has(STATUS) || (leaves.has(ACTION) && leaves.has(PROTOCOL));
    if (!isWhole) return OTHER;
    if (outcome !== 0) return outcome;
    for (let name = 0; name < NAMES.length; name++) {
      jsonPlaces[name] = leaves.has(name) ? name : -1;
      columns.starts[name] = leaves.starts[name]!;
      columns.ends[name] = leaves.ends[name]!;
    }
    columns.count = NAMES.length;
    if (jsonPlaces[SOURCE] === -1) jsonPlaces[SOURCE] = jsonPlaces[PACKET_SOURCE]!;
    if (jsonPlaces[DESTINATION] === -1) jsonPlaces[DESTINATION] = jsonPlaces[PACKET_DESTINATION]!;
    const { places } = this;
    this.places = jsonPlaces;
    const read = this.record(line);
    this.places = places;
    return read;
  }

  /** A line that names source and destination names the fields. */
  private header({ scan }: Line): boolean {
    const { columns } = this;
    const found = new Int32Array(NAMES.length).fill(-1);
    for (let index = 0; index < columns.count; index++) {
      const name = TABLE.of(scan.bytes, columns.starts[index]!, columns.ends[index]!);
      if (name >= 0 && found[name] === -1) found[name] = index;
    }
    // The interface's own addresses, or where those are not logged the packet's.
    if (found[SOURCE] === -1) found[SOURCE] = found[PACKET_SOURCE]!;
    if (found[DESTINATION] === -1) found[DESTINATION] = found[PACKET_DESTINATION]!;
    if (found[SOURCE] === -1 || found[DESTINATION] === -1) return false;
    found[PACKET_SOURCE] = found[PACKET_DESTINATION] = -1;
    this.places.set(found);
    this.headed = true;
    return true;
  }

  /** A version, an action and a status where the default format has them. */
  private isDefault({ scan }: Line): boolean {
    const { columns, places } = this;
    const { starts, ends, count } = columns;
    if (!this.isVersion(scan) || count < DEFAULT_FIELDS) return false;
    if (columns.is(scan, 1, GATEWAY)) {
      places.fill(-1);
      for (const [name, column] of GATEWAY_PLACES) places[name] = column;
      if (count > GATEWAY_DIRECTION) places[DIRECTION] = GATEWAY_DIRECTION;
      return true;
    }
    if (STATUSES.of(scan.bytes, starts[13]!, ends[13]!) < 0) return false;
    places.fill(-1);
    for (let name = 0; name < DEFAULT_FIELDS; name++) places[name] = name;
    return true;
  }

  /** One digit, from 2 on. */
  private isVersion({ bytes }: Scan): boolean {
    const { starts, ends } = this.columns;
    const digit = bytes[starts[0]!]! - 0x30;
    return ends[0]! - starts[0]! === 1 && digit >= 2 && digit <= 9;
  }

  /** Whether an address may stand where the source does: a file may hold other lines too. */
  private isRecord({ scan: { bytes } }: Line): boolean {
    const { columns, places } = this;
    const column = places[SOURCE]!;
    if (column >= columns.count) return true;
    const [start, end] = [columns.starts[column]!, columns.ends[column]!];
    if (end === start) return this.separator === COMMA;
    if (end - start === 1) return bytes[start] === 0x2d;
    let [dots, colons, pairs] = [0, 0, 0];
    for (let at = start; at < end; at++) {
      if (bytes[at] === DOT) dots++;
      else if (bytes[at] === COLON) {
        colons++;
        if (bytes[at + 1] === COLON) pairs++;
      }
    }
    // A time of day has two colons.
    return dots > 1 || pairs > 0 || colons > 4;
  }

  private begins({ scan }: Line): boolean {
    return this.columns.count > 0 && this.isVersion(scan);
  }

  private has({ scan }: Line, name: number): boolean {
    const column = this.places[name]!;
    if (column === -1) return false;
    const start = this.columns.starts[column]!;
    const length = this.columns.ends[column]! - start;
    return length > 1 || (length === 1 && scan.bytes[start] !== 0x2d);
  }

  /** The number in the field, -1 without, -2 for no number. */
  private number(line: Line, name: number, most: number): number {
    if (!this.has(line, name)) return -1;
    const column = this.places[name]!;
    const { starts, ends } = this.columns;
    const value = numberIn(line.scan.bytes, starts[column]!, ends[column]!, most);
    return value < 0 ? -2 : value;
  }

  private word(line: Line, name: number): number {
    if (!this.has(line, name)) return 0;
    const column = this.places[name]!;
    return line.names.intern(
      line.scan.bytes,
      this.columns.starts[column]!,
      this.columns.ends[column]!,
    );
  }

  private record(line: Line): number {
    const { scan, batch } = line;
    const { bytes } = scan;
    const { starts, ends } = this.columns;
    const at = (name: number): number => this.places[name]!;
    if (at(STATUS) >= 0) {
      const status = STATUSES.of(bytes, starts[at(STATUS)]!, ends[at(STATUS)]!);
      if (status < 0) return BAD_ACTION;
      line.label = status === 1 ? 'NODATA' : 'SKIPDATA';
      line.missed = Number.NaN;
      if (status > 0) return status === 1 ? SILENT : GAP;
    }
    if (at(SOURCE) < 0 || at(DESTINATION) < 0) return BAD_ADDRESS;
    const row = batch.begin();
    if (!putAddress(scan, batch, row, true, starts[at(SOURCE)]!, ends[at(SOURCE)]!)) {
      return BAD_ADDRESS;
    }
    if (!putAddress(scan, batch, row, false, starts[at(DESTINATION)]!, ends[at(DESTINATION)]!)) {
      return BAD_ADDRESS;
    }
    batch.event[row] = SUMMARY;
    if (at(ACTION) >= 0) {
      const action = ACTIONS.of(bytes, starts[at(ACTION)]!, ends[at(ACTION)]!);
      if (action < 0) return BAD_ACTION;
      batch.action[row] = action === 0 ? ALLOW : DENY;
    }
    const fault = this.numbers(line, row);
    if (fault !== 0) return fault;
    batch.inInterface[row] = this.word(line, INTERFACE);
    if (at(DIRECTION) >= 0) {
      if (this.columns.is(scan, at(DIRECTION), INGRESS)) batch.direction[row] = INBOUND;
      else if (this.columns.is(scan, at(DIRECTION), EGRESS)) batch.direction[row] = OUTBOUND;
    }
    batch.commit();
    return READ;
  }

  private numbers(line: Line, row: number): number {
    const { batch } = line;
    const protocol = this.number(line, PROTOCOL, 255);
    const packets = this.number(line, PACKETS, MOST);
    const octets = this.number(line, BYTES, MOST);
    const start = this.number(line, START, 1e11);
    const flags = this.number(line, FLAGS, 255);
    if (Math.min(protocol, packets, octets, start, flags) === -2) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    batch.packets[row] = packets;
    batch.bytes[row] = octets;
    if (protocol === 6) batch.tcpFlags[row] = flags;
    batch.timeMs[row] = start >= 0 ? start * 1000 : Number.NaN;
    if (flags >= 0 && protocol === 6) {
      if ((flags & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
      else if ((flags & 0x12) === 0x12) batch.initiator[row] = BY_DESTINATION;
    }
    if (!hasPorts(protocol)) return 0;
    const source = this.number(line, SOURCE_PORT, 65_535);
    const destination = this.number(line, DESTINATION_PORT, 65_535);
    if (Math.min(source, destination) === -2) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
    return 0;
  }
}
