/**
 * Azure's traffic analytics: flows of network security groups (`AzureNetworkAnalytics_CL`, columns like
 * `SrcIP_s`) and of virtual networks (`NTANetAnalytics`, `SrcIp`) as a workspace of Log Analytics has
 * them: exported as JSON, an object a row, or as CSV whose first line names the columns.
 *
 * A row sums up the flows of an interval that share all but the source port. Traps: an end outside
 * Azure is not in `SrcIp` but in `SrcPublicIps`, many of them in one cell, each with its counts:
 *
 *   198.51.100.7|3|3|12|9|840|630 …   address, flows begun, ended, packets out, in, octets out, in
 *
 * where out is from the source; numbers may be `443.0`; the portal writes stamps as people of the United
 * States do and says the zone in the column's name; rows of other subtypes are no flows.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND, OUTBOUND, SUMMARY } from '../../model/verdict.ts';
import { Columns } from './columns.ts';
import { numberIn, putAddress } from './fields.ts';
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
import { hasPorts, protocolIn } from './protocol-names.ts';
import { isLetter, octetsOf, type Scan } from './scan.ts';
import { readByPattern } from './time-pattern.ts';

const COMMA = 0x2c;
const SPACE = 0x20;
const PIPE = 0x7c;
const QUOTE = 0x22;
const SLASH = 0x2f;
const DOT = 0x2e;
const ZERO = 0x30;
const BRACE = 0x7b;
const MOST = Number.MAX_SAFE_INTEGER;
const NEAR = 40;

/** Both generations of each column. */
const COLUMNS = [
  ...['SrcIp|SrcIP|SrcIP_s', 'DestIp|DestIP|DestIP_s', 'SrcPublicIps|SrcPublicIPs|SrcPublicIPs_s'],
  ...['DestPublicIps|DestPublicIPs|DestPublicIPs_s', 'VMIP_s', 'PublicIPs_s'],
  ...['DestPort|DestPort_d', 'L4Protocol|L4Protocol_s', 'FlowDirection|FlowDirection_s'],
  ...['FlowStatus|FlowStatus_s', 'SubType|SubType_s', 'AclRule|NSGRule|NSGRule_s'],
  ...['AclGroup|NSGList|NSGList_s', 'TargetResourceId', 'FlowStartTime|FlowStartTime_t'],
  'FlowStartTime [UTC]|FlowStartTime_t [UTC]',
  ...['AllowedInFlows|AllowedInFlows_d', 'AllowedOutFlows|AllowedOutFlows_d'],
  ...['DeniedInFlows|DeniedInFlows_d', 'DeniedOutFlows|DeniedOutFlows_d'],
  ...['PacketsSrcToDest|OutboundPackets_d', 'PacketsDestToSrc|InboundPackets_d'],
  ...['BytesSrcToDest|OutboundBytes_d', 'BytesDestToSrc|InboundBytes_d'],
];
const [SOURCE, DESTINATION, SOURCE_PUBLIC, DESTINATION_PUBLIC, MACHINE, PUBLIC] = [
  ...([0, 1, 2, 3, 4, 5] as const),
] as const;
const [PORT, PROTOCOL, DIRECTION, STATUS, SUBTYPE, RULE] = [6, 7, 8, 9, 10, 11] as const;
const [GROUP, TARGET, START, START_UTC, ALLOWED_IN, DENIED_IN] = [12, 13, 14, 15, 16, 18] as const;
const PACKETS = 20;
const TABLE = new KeyTable(COLUMNS);
/** Columns that rows of this format have. */
const NEEDED = [PROTOCOL, DIRECTION, STATUS];
const MARK = octetsOf('FlowDirection');
const FLOW_LOG = octetsOf('FlowLog');
const ALLOWED_WORDS = new KeyTable(['A', 'Allowed', 'Allow']);
const DENIED_WORDS = new KeyTable(['D', 'Denied', 'Deny']);
const IN_WORDS = new KeyTable(['I', 'Inbound', 'In']);
const OUT_WORDS = new KeyTable(['O', 'Outbound', 'Out']);
const TCP_WORD = new KeyTable(['T']);
const UDP_WORD = new KeyTable(['U']);
const PARTS = 7;
const US_STAMPS = ['%m/%d/%Y, %I:%M:%S.%f %p', '%m/%d/%Y, %I:%M:%S %p'];

export class AzureAnalytics implements LogFormat {
  readonly name = 'azure-analytics';
  readonly inColumns = true;
  private readonly json = new JsonLine(COLUMNS);
  private readonly columns = new Columns();
  private readonly parts = new Columns();
  /** Place of each column in a line of CSV, or -1. */
  private readonly places = new Int32Array(COLUMNS.length).fill(-1);
  private width = 0;
  /** Where values stand in the present line; -1 = it is not there. */
  private readonly starts = new Int32Array(COLUMNS.length);
  private readonly ends = new Int32Array(COLUMNS.length);
  private isObject = false;

  read(line: Line): number {
    const { scan, head } = line;
    scan.at = head.messageStart;
    scan.skipSpaces();
    this.starts.fill(-1);
    this.isObject = scan.peek() === BRACE;
    if (this.isObject) {
      if (scan.find(MARK) < 0) return OTHER;
      const outcome = this.json.read(line);
      const { leaves } = this.json;
      if (!NEEDED.every((column) => leaves.has(column))) return OTHER;
      if (outcome !== 0) return outcome;
      for (let column = 0; column < COLUMNS.length; column++) {
        if (leaves.has(column))
          this.keep(scan, column, leaves.starts[column]!, leaves.ends[column]!);
      }
      return this.row(line);
    }
    scan.at = head.lineStart;
    // A header has a comma soon, and no other line names the column.
    const near = scan.bytes.subarray(scan.at, Math.min(scan.end, scan.at + NEAR));
    if (near.includes(COMMA) && scan.find(MARK) >= 0 && this.header(line)) {
      line.label = 'header';
      return SILENT;
    }
    return this.width === 0 ? OTHER : this.cells(line);
  }

  /** A line that names the columns. */
  private header({ scan }: Line): boolean {
    const { columns, places } = this;
    columns.split(scan, COMMA);
    const found = new Int32Array(COLUMNS.length).fill(-1);
    for (let index = 0; index < columns.count; index++) {
      const column = TABLE.of(scan.bytes, columns.starts[index]!, columns.ends[index]!);
      if (column >= 0 && found[column] === -1) found[column] = index;
    }
    if (NEEDED.some((column) => found[column] === -1)) return false;
    places.set(found);
    this.width = columns.count;
    return true;
  }

  /** A line of CSV. */
  private cells(line: Line): number {
    const { scan, head } = line;
    const { columns, places, width } = this;
    scan.at = head.lineStart;
    columns.split(scan, COMMA);
    if (columns.count < 3) return OTHER;
    if (columns.count < width || columns.open) return CUT_OFF;
    if (columns.count > width) return BAD_SHAPE;
    head.hostEnd = head.hostStart;
    for (let column = 0; column < COLUMNS.length; column++) {
      const place = places[column]!;
      if (place < 0 || columns.isEmpty(place)) continue;
      if (place === width - 1 && line.unended && columns.ends[place] === scan.end) return CUT_OFF;
      this.keep(scan, column, columns.starts[place]!, columns.ends[place]!);
    }
    return this.row(line);
  }

  /** Keeps where a value stands; empty ones are none, and `443.0` is 443. */
  private keep({ bytes }: Scan, column: number, start: number, stop: number): void {
    let end = stop;
    if (column === PORT || column >= ALLOWED_IN) {
      let zeros = end;
      while (zeros > start && bytes[zeros - 1] === ZERO) zeros--;
      if (zeros < end && zeros - 1 > start && bytes[zeros - 1] === DOT) end = zeros - 1;
    }
    if (end === start) return;
    this.starts[column] = start;
    this.ends[column] = end;
  }

  private has(column: number): boolean {
    return this.starts[column] !== -1;
  }

  private isOne(line: Line, column: number, words: KeyTable): boolean {
    return (
      this.has(column) && words.of(line.scan.bytes, this.starts[column]!, this.ends[column]!) >= 0
    );
  }

  /** A whole number; -1 where none stands, -2 for anything else. */
  private number(line: Line, column: number, most: number): number {
    if (!this.has(column)) return -1;
    const value = numberIn(line.scan.bytes, this.starts[column]!, this.ends[column]!, most);
    return value < 0 ? -2 : value;
  }

  /** What a row says: one verdict for each pair of ends. */
  private row(line: Line): number {
    const { scan } = line;
    if (this.has(SUBTYPE) && !this.isFlowLog(scan)) {
      if (!this.isWord(scan)) return BAD_SHAPE;
      line.label = this.json.leaves.text(scan, this.starts[SUBTYPE]!, this.ends[SUBTYPE]!);
      return SILENT;
    }
    const inward = this.isOne(line, DIRECTION, IN_WORDS);
    if (!inward && !this.isOne(line, DIRECTION, OUT_WORDS)) return BAD_ACTION;
    const allowed = this.isOne(line, STATUS, ALLOWED_WORDS);
    if (!allowed && !this.isOne(line, STATUS, DENIED_WORDS)) return BAD_ACTION;
    // Of an end outside Azure there may be a list, in the older tables without saying which end it is.
    const from = this.endAt(SOURCE, SOURCE_PUBLIC, inward);
    const to = this.endAt(DESTINATION, DESTINATION_PUBLIC, !inward);
    if (from < 0 || to < 0) return BAD_ADDRESS;
    const isList = (column: number): boolean => column !== SOURCE && column !== DESTINATION;
    const list = [from, to].find((column) => isList(column) && column !== MACHINE);
    if (list === undefined) {
      const fault = this.flow(line, inward, allowed, from, to, -1);
      return fault === 0 ? READ : fault;
    }
    return this.each(line, list, (place) => this.flow(line, inward, allowed, from, to, place));
  }

  /** The column that has the end: its own, the list of public ones, or what the older table had. */
  private endAt(own: number, list: number, isOutside: boolean): number {
    if (this.has(own)) return own;
    if (this.has(list)) return list;
    const older = isOutside ? PUBLIC : MACHINE;
    return this.has(older) ? older : -1;
  }

  private isFlowLog(scan: Scan): boolean {
    const start = this.starts[SUBTYPE]!;
    return this.ends[SUBTYPE]! - start === FLOW_LOG.length && scan.isAt(FLOW_LOG, start);
  }

  /** Subtypes are words of letters. */
  private isWord({ bytes }: Scan): boolean {
    return bytes.subarray(this.starts[SUBTYPE]!, this.ends[SUBTYPE]!).every(isLetter);
  }

  /** Each entry of a list of public ends, which blanks separate; those before a fault are kept. */
  private each(line: Line, list: number, take: (entry: number) => number): number {
    const { scan } = line;
    const { at, end } = scan;
    const stop = this.ends[list]!;
    let rows = 0;
    let fault = 0;
    for (let from = this.starts[list]!; from < stop && fault === 0; ) {
      let to = from;
      while (to < stop && scan.bytes[to] !== SPACE) to++;
      if (to > from) {
        scan.at = from;
        scan.end = to;
        this.parts.split(scan, PIPE);
        scan.at = at;
        scan.end = end;
        fault = this.parts.count === PARTS ? take(list) : BAD_SHAPE;
        if (fault === 0) rows++;
      }
      from = to + 1;
    }
    if (fault !== 0) return fault;
    return rows > 0 ? READ : BAD_ADDRESS;
  }

  /** One verdict. @param list the column whose entry is in `parts`, or -1 */
  private flow(
    line: Line,
    inward: boolean,
    allowed: boolean,
    from: number,
    to: number,
    list: number,
  ): number {
    const { scan, batch } = line;
    const row = batch.begin();
    batch.action[row] = allowed ? ALLOW : DENY;
    batch.direction[row] = inward ? INBOUND : OUTBOUND;
    batch.event[row] = SUMMARY;
    batch.initiator[row] = BY_SOURCE;
    const put = (column: number, isSource: boolean): boolean => {
      const [start, end] =
        column === list
          ? [this.parts.starts[0]!, this.parts.ends[0]!]
          : [this.starts[column]!, this.ends[column]!];
      return putAddress(scan, batch, row, isSource, start, end);
    };
    if (!put(from, true) || !put(to, false)) return BAD_ADDRESS;
    const protocol = this.protocol(line);
    if (protocol === -2) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    const port = this.number(line, PORT, 65_535);
    if (port === -2) return BAD_PORT;
    if (hasPorts(protocol)) batch.destinationPort[row] = port;
    const counted =
      list < 0 ? this.counters(line, row, inward, allowed) : this.entryCounters(line, row);
    if (counted !== 0) return counted;
    this.names(line, row);
    batch.timeMs[row] = this.time(line);
    batch.commit();
    return 0;
  }

  private protocol(line: Line): number {
    if (this.isOne(line, PROTOCOL, TCP_WORD)) return 6;
    if (this.isOne(line, PROTOCOL, UDP_WORD)) return 17;
    return protocolIn(line.scan, this.starts[PROTOCOL]!, this.ends[PROTOCOL]!);
  }

  /** The row's own counters; 0 or a fault. */
  private counters(line: Line, row: number, inward: boolean, allowed: boolean): number {
    const { batch } = line;
    const column = (allowed ? ALLOWED_IN : DENIED_IN) + (inward ? 0 : 1);
    const flows = this.number(line, column, MOST);
    const [sent, back, bytes, bytesBack] = [0, 1, 2, 3].map((index) =>
      this.number(line, PACKETS + index, MOST),
    ) as [number, number, number, number];
    if (Math.min(flows, sent, back, bytes, bytesBack) === -2) return BAD_NUMBER;
    if (flows > 0) batch.events[row] = flows;
    if (sent >= 0) batch.packets[row] = sent + Math.max(0, back);
    if (bytes >= 0) batch.bytes[row] = bytes + Math.max(0, bytesBack);
    batch.packetsBack[row] = back;
    batch.bytesBack[row] = bytesBack;
    return 0;
  }

  /** Those of a public end; 0 or a fault. */
  private entryCounters({ scan, batch }: Line, row: number): number {
    const { starts, ends } = this.parts;
    const [flows, ended, sent, back, bytes, bytesBack] = [1, 2, 3, 4, 5, 6].map((part) =>
      numberIn(scan.bytes, starts[part]!, ends[part]!, MOST),
    ) as [number, number, number, number, number, number];
    if (Math.min(flows, ended, sent, back, bytes, bytesBack) < 0) return BAD_NUMBER;
    if (flows > 0) batch.events[row] = flows;
    batch.packets[row] = sent + back;
    batch.bytes[row] = bytes + bytesBack;
    batch.packetsBack[row] = back;
    batch.bytesBack[row] = bytesBack;
    return 0;
  }

  /** The rule, and the group or network that the log belongs to, by the last part of its name. */
  private names({ scan, batch, names }: Line, row: number): void {
    const { starts, ends } = this;
    const name = (start: number, end: number): number => {
      if (this.isObject) return this.json.nameIn(scan, names, start, end);
      const quote = scan.bytes.indexOf(QUOTE, start);
      if (quote < 0 || quote >= end) return names.intern(scan.bytes, start, end);
      const text = new TextDecoder().decode(scan.bytes.subarray(start, end));
      return names.internText(text.replaceAll('""', '"'));
    };
    if (this.has(RULE)) batch.rule[row] = name(starts[RULE]!, ends[RULE]!);
    const owner = this.has(GROUP) ? GROUP : TARGET;
    if (!this.has(owner)) return;
    let start = ends[owner]!;
    while (start > starts[owner]! && scan.bytes[start - 1] !== SLASH) start--;
    batch.device[row] = name(start, ends[owner]!);
  }

  /** When the first of the flows was seen; in UTC, as all of Azure's stamps are. */
  private time(line: Line): number {
    const column = this.has(START) ? START : START_UTC;
    if (!this.has(column)) return Number.NaN;
    const { scan, clock } = line;
    const text = String.fromCharCode(
      ...scan.bytes.subarray(
        this.starts[column]!,
        Math.min(this.ends[column]!, this.starts[column]! + 40),
      ),
    );
    if (column === START_UTC || text.includes(',')) {
      for (const pattern of US_STAMPS) {
        const ms = readByPattern(text, pattern, 0);
        if (!Number.isNaN(ms)) return ms;
      }
    }
    return clock.within(scan.bytes, this.starts[column]!, this.ends[column]!);
  }
}
