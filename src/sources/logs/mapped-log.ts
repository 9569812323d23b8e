/**
 * A log of somebody's own, read as a mapping says: comma-separated columns or JSON objects, one a
 * line. What the mapping does not name is passed over; a value that is not what it is said to be is
 * a fault, never a guess.
 */
import { ACTIONS } from '../../model/verdict.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
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
  NO_COLUMN,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { BROKEN, CUT, JsonLeaves, TEXT } from './json-leaves.ts';
import { MAPPED_FIELDS, type MappedField, type Mapping } from './mapping.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf, Scan } from './scan.ts';
import { readByPattern } from './time-pattern.ts';

const BRACE = 0x7b;
const DASH = 0x2d;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const MOST = Number.MAX_SAFE_INTEGER;
const LONGEST_NAME = 100;
const ZERO = 0x30;
const DOT = 0x2e;
const ICMP = 1;
const ICMPV6 = 58;
/** ms of one unit. */
const UNITS: Readonly<Record<string, number>> = {
  epoch: 1000,
  'epoch-ms': 1,
  'epoch-us': 1e-3,
  'epoch-ns': 1e-6,
};

const place = (field: MappedField): number => MAPPED_FIELDS.indexOf(field);
const TIME = place('time');
const SOURCE = place('source');
const DESTINATION = place('destination');
const SOURCE_PORT = place('sourcePort');
const DESTINATION_PORT = place('destinationPort');
const TRANSPORT = place('transport');
const ACTION = place('action');
const COUNT = place('count');
const PACKETS = place('packets');
const BYTES = place('bytes');
const PACKETS_SENT = place('packetsSent');
const BYTES_SENT = place('bytesSent');
const PACKETS_BACK = place('packetsBack');
const BYTES_BACK = place('bytesBack');
const ICMP_TYPE = place('icmpType');
const ICMP_CODE = place('icmpCode');
type NameColumn =
  | 'rule'
  | 'inInterface'
  | 'outInterface'
  | 'inZone'
  | 'outZone'
  | 'device'
  | 'application'
  | 'reason';
const NAMES: readonly NameColumn[] = [
  ...(['rule', 'inInterface', 'outInterface', 'inZone', 'outZone'] as const),
  ...(['device', 'application', 'reason'] as const),
];

/** One for each mapping and reader: the header of a file says where its columns are. */
export class MappedLog implements LogFormat {
  readonly name: string;
  readonly inColumns = true;
  private readonly mapping: Mapping;
  private readonly offsetMs: number;
  private readonly isJson: boolean;
  /** Names of columns or paths, by field; empty where the mapping has none. */
  private readonly wanted: readonly string[];
  private readonly leaves: JsonLeaves;
  private readonly columns = new Columns();
  private readonly comment: Uint8Array;
  private readonly decoder = new TextDecoder();
  /** Column of each field, -1 for none; and how many columns there are, 0 before the header. */
  private readonly places = new Int32Array(MAPPED_FIELDS.length).fill(-1);
  private width = 0;
  /** Where the line's value of each field is; an absent one has its start at -1. */
  private readonly starts = new Int32Array(MAPPED_FIELDS.length);
  private readonly ends = new Int32Array(MAPPED_FIELDS.length);
  private readonly stamp = new Uint8Array(48);
  private scratch: Scan | undefined;

  /** @param offsetMs ms east of UTC of stamps that name no zone */
  constructor(mapping: Mapping, offsetMs: number) {
    this.name = mapping.name;
    this.mapping = mapping;
    this.offsetMs = offsetMs;
    this.isJson = mapping.format === 'json';
    this.wanted = MAPPED_FIELDS.map((field) => mapping.fields.get(field) ?? '');
    this.leaves = new JsonLeaves(this.isJson ? this.wanted.map((path) => path || '\0') : []);
    this.comment = octetsOf(mapping.comment);
    if (mapping.columns !== undefined) this.settle(mapping.columns);
  }

  read(line: Line): number {
    const { scan, head, batch } = line;
    scan.at = this.mapping.syslog ? head.messageStart : head.lineStart;
    const outcome = this.isJson ? this.object(line) : this.values(line);
    if (outcome !== READ) return outcome;
    if (!this.mapping.syslog) head.hostEnd = head.hostStart;
    const row = batch.begin();
    const fault = this.ends4(line, row) || this.counters(line, row) || this.details(line, row);
    if (fault !== 0) return fault;
    batch.commit();
    return READ;
  }

  /** Finds the values in an object; one without both addresses is somebody else's. */
  private object({ scan }: Line): number {
    const { leaves, starts, ends } = this;
    if (scan.peek() !== BRACE) return OTHER;
    const outcome = leaves.read(scan);
    for (let field = 0; field < starts.length; field++) {
      starts[field] = leaves.has(field) ? leaves.starts[field]! : -1;
      ends[field] = leaves.ends[field]!;
    }
    if (starts[SOURCE] === -1 && starts[DESTINATION] === -1) return OTHER;
    if (outcome === CUT) return CUT_OFF;
    return outcome === BROKEN ? BAD_SHAPE : READ;
  }

  /** Finds the values in columns. */
  private values(line: Line): number {
    const { scan } = line;
    const { columns, starts, ends, places } = this;
    if (this.comment.length > 0 && scan.isAt(this.comment, scan.at)) {
      line.label = 'comment';
      return SILENT;
    }
    columns.split(scan, this.mapping.separator);
    if (this.mapping.columns === undefined && this.header(scan)) {
      line.label = 'header';
      return SILENT;
    }
    if (this.width === 0 && this.resembles(scan)) return NO_COLUMN;
    if (this.width === 0 || columns.count < 2) return OTHER;
    if (columns.count < this.width || columns.open) return CUT_OFF;
    if (columns.count > this.width) return BAD_SHAPE;
    for (let field = 0; field < starts.length; field++) {
      const column = places[field]!;
      let start = column < 0 ? -1 : columns.starts[column]!;
      let end = column < 0 ? -1 : columns.ends[column]!;
      while (start < end && scan.bytes[start] === SPACE) start++;
      while (start < end && scan.bytes[end - 1] === SPACE) end--;
      // Nothing, or a dash, is no value.
      const empty = start === end || (end - start === 1 && scan.bytes[start] === DASH);
      starts[field] = empty ? -1 : start;
      ends[field] = end;
    }
    return READ;
  }

  /** A line that names every column that the mapping does. */
  private header({ bytes }: Scan): boolean {
    const { columns } = this;
    if (columns.count < 2) return false;
    const names: string[] = [];
    for (let index = 0; index < columns.count; index++) {
      names.push(
        this.decoder.decode(bytes.subarray(columns.starts[index], columns.ends[index])).trim(),
      );
    }
    // A mark of UTF-8 may stand before the first name.
    names[0] = names[0]!.replace(/^\ufeff/, '');
    return this.settle(names);
  }

  /** A line that names most of the columns, or all in other letters. */
  private resembles({ bytes }: Scan): boolean {
    const { columns, wanted } = this;
    if (this.mapping.columns !== undefined || columns.count < 2) return false;
    const names = new Set<string>();
    for (let index = 0; index < columns.count; index++) {
      const [start, end] = [columns.starts[index]!, columns.ends[index]!];
      if (end - start < LONGEST_NAME) {
        names.add(this.decoder.decode(bytes.subarray(start, end)).trim().toLowerCase());
      }
    }
    const known = wanted.filter((name) => name !== '');
    return known.filter((name) => names.has(name.toLowerCase())).length * 2 > known.length;
  }

  private settle(names: readonly string[]): boolean {
    if (this.wanted.some((name) => name !== '' && !names.includes(name))) return false;
    this.wanted.forEach((name, field) => {
      this.places[field] = name === '' ? -1 : names.indexOf(name);
    });
    this.width = names.length;
    return true;
  }

  private has(field: number): boolean {
    return this.starts[field] !== -1;
  }

  /** The number of a field, -1 without, -2 for no number. */
  private number({ scan }: Line, field: number, most: number): number {
    if (!this.has(field)) return -1;
    const { bytes } = scan;
    const start = this.starts[field]!;
    // Tables with gaps write whole numbers as `443.0`.
    let end = this.ends[field]!;
    while (end > start && bytes[end - 1] === ZERO) end--;
    const isWhole = end < this.ends[field]! && end - 1 > start && bytes[end - 1] === DOT;
    const value = numberIn(bytes, start, isWhole ? end - 1 : this.ends[field]!, most);
    return value < 0 ? -2 : value;
  }

  private ends4(line: Line, row: number): number {
    const { scan, batch } = line;
    for (const field of [SOURCE, DESTINATION]) {
      if (!this.has(field)) return BAD_ADDRESS;
      const [start, end] = [this.starts[field]!, this.ends[field]!];
      if (!putAddress(scan, batch, row, field === SOURCE, start, end)) return BAD_ADDRESS;
    }
    let { protocol } = this.mapping;
    if (this.has(TRANSPORT)) {
      protocol = protocolIn(scan, this.starts[TRANSPORT]!, this.ends[TRANSPORT]!);
      if (protocol === -2) return BAD_NUMBER;
    }
    batch.protocol[row] = protocol;
    return this.ports(line, row, protocol);
  }

  private ports(line: Line, row: number, protocol: number): number {
    const { batch } = line;
    const isIcmp = protocol === ICMP || protocol === ICMPV6;
    if (!isIcmp && protocol >= 0 && !hasPorts(protocol)) return 0;
    const most = isIcmp ? 255 : 65_535;
    const source = this.number(line, isIcmp ? ICMP_TYPE : SOURCE_PORT, most);
    const destination = this.number(line, isIcmp ? ICMP_CODE : DESTINATION_PORT, most);
    if (Math.min(source, destination) === -2) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
    return 0;
  }

  private counters(line: Line, row: number): number {
    const { batch } = line;
    const count = this.number(line, COUNT, MOST);
    const packets = this.sum(line, PACKETS, PACKETS_SENT, PACKETS_BACK);
    const bytes = this.sum(line, BYTES, BYTES_SENT, BYTES_BACK);
    const packetsBack = this.number(line, PACKETS_BACK, MOST);
    const bytesBack = this.number(line, BYTES_BACK, MOST);
    if (Math.min(count, packets, bytes, packetsBack, bytesBack) === -2) return BAD_NUMBER;
    if (count > 0) batch.events[row] = count;
    batch.packets[row] = packets;
    batch.bytes[row] = bytes;
    batch.packetsBack[row] = packetsBack;
    batch.bytesBack[row] = bytesBack;
    return 0;
  }

  /** What both ways carried: as the log says, or what each did. */
  private sum(line: Line, both: number, sent: number, back: number): number {
    const whole = this.number(line, both, MOST);
    const there = this.number(line, sent, MOST);
    if (whole !== -1 || there < 0) return whole === -1 ? there : whole;
    return there + Math.max(0, this.number(line, back, MOST));
  }

  private details(line: Line, row: number): number {
    const { batch, scan } = line;
    const { mapping } = this;
    batch.event[row] = mapping.event;
    batch.initiator[row] = mapping.initiator;
    let action = mapping.always;
    if (mapping.fields.has('action')) {
      if (!this.has(ACTION)) return BAD_ACTION;
      const known = mapping.verdicts.get(this.text(scan, ACTION).toLowerCase());
      if (known === undefined) return BAD_ACTION;
      action = known;
    }
    batch.action[row] = ACTIONS.indexOf(action);
    for (const name of NAMES) this.putName(line, row, name);
    if (!this.has(TIME)) return 0;
    const timeMs = this.time(line);
    if (Number.isNaN(timeMs)) return BAD_SHAPE;
    batch.timeMs[row] = timeMs;
    return 0;
  }

  private putName({ scan, names, batch }: Line, row: number, name: NameColumn): void {
    const field = place(name);
    if (!this.has(field)) return;
    const column: Int32Array = (batch as Pick<VerdictBatch, NameColumn>)[name];
    column[row] = this.isPlain(scan, field)
      ? names.intern(scan.bytes, this.starts[field]!, this.ends[field]!)
      : names.internText(this.text(scan, field));
  }

  /** No escapes, and no quotes that are written twice. */
  private isPlain({ bytes }: Scan, field: number): boolean {
    const odd = this.isJson ? BACKSLASH : QUOTE;
    for (let at = this.starts[field]!; at < this.ends[field]!; at++) {
      if (bytes[at] === odd) return false;
    }
    return true;
  }

  private text(scan: Scan, field: number): string {
    const [start, end] = [this.starts[field]!, this.ends[field]!];
    if (this.isJson && this.leaves.kinds[field] === TEXT) return this.leaves.text(scan, start, end);
    const text = this.decoder.decode(scan.bytes.subarray(start, end));
    return this.isJson ? text : text.replaceAll('""', '"');
  }

  private time({ scan, clock, addresses }: Line): number {
    const { time } = this.mapping;
    const [start, end] = [this.starts[TIME]!, this.ends[TIME]!];
    if (time === 'iso') {
      const { stamp } = this;
      if (end - start >= stamp.length) return Number.NaN;
      // A blank ends it, as it does in front of a message.
      stamp.set(scan.bytes.subarray(start, end));
      stamp[end - start] = SPACE;
      this.scratch ??= new Scan(addresses);
      this.scratch.aim(stamp, 0, end - start);
      return clock.iso(this.scratch) && this.scratch.at === end - start ? clock.timeMs : Number.NaN;
    }
    const text = this.decoder.decode(scan.bytes.subarray(start, end));
    if (typeof time !== 'string') {
      if (!/%[zs]/.test(time.pattern)) clock.withoutZone++;
      return readByPattern(text, time.pattern, this.offsetMs);
    }
    return /^\d{1,19}(?:\.\d{1,9})?$/.test(text) ? Number(text) * UNITS[time]! : Number.NaN;
  }
}
