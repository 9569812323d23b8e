/**
 * Windows Firewall's `pfirewall.log` (W3C extended log format). The `#Fields:` line says what the
 * columns are:
 *
 *   date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin
 *   icmptype icmpcode info path [pid]
 *
 * Traps: `-` stands for nothing; times are local, and say so only in `#Time Format:`; lost events
 * are a line of their own (INFO-EVENTS-LOST, the count under `info`); the path says SEND or RECEIVE.
 */
import {
  ALLOW,
  BY_SOURCE,
  DENY,
  END,
  FORWARD,
  INBOUND,
  OPEN,
  OUTBOUND,
} from '../../model/verdict.ts';
import { Columns } from './columns.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  CUT_OFF,
  GAP,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { KeyTable } from './key-table.ts';
import { protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const SPACE = 0x20;
const HASH = 0x23;
const FIELDS = octetsOf('#Fields:');
const PRODUCT = octetsOf('Windows Firewall');
const VERSION = octetsOf('#Version: 1.5');
const NAMES = [
  ...['date', 'time', 'action', 'protocol', 'src-ip', 'dst-ip', 'src-port', 'dst-port', 'size'],
  ...['tcpflags', 'icmptype', 'icmpcode', 'info', 'path'],
] as const;
const TABLE = new KeyTable(NAMES);
const place = (name: (typeof NAMES)[number]): number => NAMES.indexOf(name);
const [DATE, TIME, ACTION, PROTOCOL] = [0, 1, 2, 3];
const SOURCE = place('src-ip');
const DESTINATION = place('dst-ip');
const SOURCE_PORT = place('src-port');
const DESTINATION_PORT = place('dst-port');
const SIZE = place('size');
const TCP_FLAGS = place('tcpflags');
const ICMP_TYPE = place('icmptype');
const ICMP_CODE = place('icmpcode');
const INFO = place('info');
const PATH = place('path');

const ACTIONS = new KeyTable([
  'ALLOW',
  'DROP',
  'OPEN',
  'CLOSE',
  'INFO-EVENTS-LOST',
  'OPEN-INBOUND',
]);
const LOST = 4;
const PATHS = new KeyTable(['SEND', 'RECEIVE', 'FORWARD']);
const PATH_DIRECTIONS = [OUTBOUND, INBOUND, FORWARD];
/** Headers of W3C's form begin so; Zeek's do not. */
function isCapital(octet: number): boolean {
  return octet >= 0x41 && octet <= 0x5a;
}

const FLAG_LETTERS = 'FSRPAU';
const TCP = 6;

export class WindowsFirewall implements LogFormat {
  readonly name = 'windows-firewall';
  readonly inColumns = true;
  private readonly columns = new Columns();
  /** The header named the product. */
  private ours = false;
  /** Column of each name; -1 where the log has none. All -1 before the `#Fields:` line. */
  private readonly places = new Int32Array(NAMES.length).fill(-1);

  read(line: Line): number {
    const { scan, head } = line;
    scan.at = head.lineStart;
    if (scan.peek() === HASH) return this.comment(line);
    if (this.places[ACTION]! < 0) return OTHER;
    this.columns.split(scan, SPACE);
    // A file may hold other lines too: this one begins with a date.
    if (!this.isDate(line)) return OTHER;
    if (this.places.some((column) => column >= this.columns.count)) return CUT_OFF;
    return this.event(line);
  }

  private comment(line: Line): number {
    const { scan } = line;
    line.label = 'header';
    // Other logs of this kind have another version.
    if (scan.find(PRODUCT) >= 0 || scan.isAt(VERSION, scan.at)) this.ours = true;
    if (!scan.takeText(FIELDS)) return this.ours && isCapital(scan.peek(1)) ? SILENT : OTHER;
    this.columns.split(scan, SPACE);
    const found = new Int32Array(NAMES.length).fill(-1);
    for (let index = 0; index < this.columns.count; index++) {
      const { starts, ends } = this.columns;
      const name = TABLE.of(scan.bytes, starts[index]!, ends[index]!);
      if (name >= 0 && found[name] === -1) found[name] = index;
    }
    // Other programs write the same kind of header: these columns are the firewall's own.
    const needed = [DATE, TIME, ACTION, PROTOCOL, SOURCE, DESTINATION];
    if (needed.some((name) => found[name!] === -1)) {
      this.places.fill(-1);
      this.ours = false;
      return OTHER;
    }
    this.places.set(found);
    this.ours = true;
    return SILENT;
  }

  private isDate({ scan }: Line): boolean {
    const column = this.places[DATE]!;
    if (column >= this.columns.count) return false;
    const start = this.columns.starts[column]!;
    return (
      this.columns.ends[column]! - start === 10 &&
      scan.bytes[start + 4] === 0x2d &&
      scan.bytes[start + 7] === 0x2d
    );
  }

  private start(name: number): number {
    return this.columns.starts[this.places[name]!]!;
  }

  private end(name: number): number {
    return this.columns.ends[this.places[name]!]!;
  }

  /** Whether the log has the column, and something in it. */
  private has({ scan }: Line, name: number): boolean {
    if (this.places[name] === -1) return false;
    const start = this.start(name);
    return this.end(name) > start && !(this.end(name) === start + 1 && scan.bytes[start] === 0x2d);
  }

  /** The number in the column, -1 without, -2 for no number. */
  private number(line: Line, name: number, most: number): number {
    if (!this.has(line, name)) return -1;
    const value = numberIn(line.scan.bytes, this.start(name), this.end(name), most);
    return value < 0 ? -2 : value;
  }

  private event(line: Line): number {
    const { scan, batch, clock, head } = line;
    const { bytes } = scan;
    // There is no header of a relay: what looked like a host was the action.
    head.hostEnd = head.hostStart;
    const action = ACTIONS.of(bytes, this.start(ACTION!), this.end(ACTION!));
    if (action < 0) return BAD_ACTION;
    if (action === LOST) {
      const lost = this.number(line, INFO, Number.MAX_SAFE_INTEGER);
      line.label = 'INFO-EVENTS-LOST';
      line.missed = lost < 0 ? Number.NaN : lost;
      return GAP;
    }
    const row = batch.begin();
    batch.action[row] = action === 1 ? DENY : ALLOW;
    if (action === 2 || action === 5) batch.event[row] = OPEN;
    else if (action === 3) batch.event[row] = END;
    const protocol = protocolIn(scan, this.start(PROTOCOL!), this.end(PROTOCOL!));
    if (protocol < 0) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    if (!putAddress(scan, batch, row, true, this.start(SOURCE), this.end(SOURCE)))
      return BAD_ADDRESS;
    if (!putAddress(scan, batch, row, false, this.start(DESTINATION), this.end(DESTINATION))) {
      return BAD_ADDRESS;
    }
    const fault = this.details(line, row, protocol);
    if (fault !== 0) return fault;
    batch.timeMs[row] = clock.joined(
      bytes,
      ...([this.start(DATE!), this.end(DATE!), this.start(TIME!), this.end(TIME!)] as const),
    );
    if (Number.isNaN(batch.timeMs[row]!)) return BAD_SHAPE;
    batch.commit();
    return READ;
  }

  private details(line: Line, row: number, protocol: number): number {
    const { scan, batch } = line;
    const icmp = protocol === 1 || protocol === 58;
    const first = this.number(line, icmp ? ICMP_TYPE : SOURCE_PORT, icmp ? 255 : 65_535);
    const second = this.number(line, icmp ? ICMP_CODE : DESTINATION_PORT, icmp ? 255 : 65_535);
    if (first === -2 || second === -2) return icmp ? BAD_NUMBER : BAD_PORT;
    batch.sourcePort[row] = first;
    batch.destinationPort[row] = second;
    const size = this.number(line, SIZE, 0xffffffff);
    if (size === -2) return BAD_NUMBER;
    if (size > 0) {
      batch.bytes[row] = size;
      batch.packets[row] = 1;
    }
    if (protocol === TCP && this.has(line, TCP_FLAGS)) {
      let flags = 0;
      for (let at = this.start(TCP_FLAGS); at < this.end(TCP_FLAGS); at++) {
        const bit = FLAG_LETTERS.indexOf(String.fromCharCode(scan.bytes[at]!));
        if (bit >= 0) flags |= 1 << bit;
      }
      batch.tcpFlags[row] = flags;
      if ((flags & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
    }
    if (this.has(line, PATH)) {
      const path = PATHS.of(scan.bytes, this.start(PATH), this.end(PATH));
      batch.direction[row] = PATH_DIRECTIONS[path] ?? 0;
    }
    return 0;
  }
}
