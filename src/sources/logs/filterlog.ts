/**
 * pfSense and OPNsense packet filter logs (`filterlog`), by their raw filter log grammar:
 *
 *   rule,sub-rule,anchor,tracker,interface,reason,action,direction,version,
 *   4: tos,ecn,ttl,id,offset,flags,protocol number,protocol,length,source,destination
 *   6: class,flow label,hop limit,protocol,protocol number,length,source,destination
 *   TCP, UDP: source port,destination port,data length; TCP: flags,seq,ack,window,urg,options
 *
 * Traps: protocol and number change places between versions; later fragments have no ports; the
 * direction is that at the interface; OPNsense writes a label where pfSense has the tracker; a file may
 * have lost its headers, so that only the shape tells.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND, OUTBOUND } from '../../model/verdict.ts';
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
import { KeyTable } from './key-table.ts';
import { hasPorts } from './protocol-names.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const COMMA = 0x2c;
const PROGRAM = octetsOf('filterlog');
const ACTIONS = new KeyTable([
  ...['pass', 'block', 'reject'],
  // What is translated or put together is let through or refused by a rule of its own.
  ...['nat', 'nonat', 'rdr', 'nordr', 'binat', 'nobinat', 'scrub', 'noscrub'],
]);
const FIRST_TRANSLATION = 3;
const DIRECTIONS = new KeyTable(['in', 'out']);
const ZERO = octetsOf('0');
const VERSION_4 = octetsOf('4');
const VERSION_6 = octetsOf('6');
/** How messages of ICMP are named, with type and code; -1 where the name leaves the code open. */
const MESSAGES: readonly (readonly [name: string, type: number, code: number])[] = [
  ['request', 8, 0],
  ['reply', 0, 0],
  ['unreachproto', 3, 2],
  ['unreachport', 3, 3],
  ['needfrag', 3, 4],
  ['unreach', 3, -1],
  ['redirect', 5, -1],
  ['timexceed', 11, -1],
  ['paramprob', 12, -1],
  ['tstamp', 13, 0],
  ['tstampreply', 14, 0],
  ['maskreply', 18, 0],
];
const MESSAGE_KEYS = new KeyTable(MESSAGES.map(([name]) => name));
const TCP = 6;
const UDP = 17;
/** CWR is W or C, ACK A or a full stop, by release. */
const FLAG_LETTERS = 'FSRPAUEW';

const columns = new Columns();

export const filterlog: LogFormat = { name: 'filterlog', read };

function read(line: Line): number {
  const { scan, head, batch, names } = line;
  const { bytes } = scan;
  const isNamed =
    head.programEnd - head.programStart === PROGRAM.length && scan.isAt(PROGRAM, head.programStart);
  // Without a header the shape tells: a rule's number, and a comma.
  if (!isNamed && (head.hostEnd > head.hostStart || !isDigit(scan.peek()))) return OTHER;
  columns.split(scan, COMMA);
  const { starts, ends, count } = columns;
  if (!isNamed && !isBare(scan)) return OTHER;
  if (count < 9) return CUT_OFF;
  const row = batch.begin();
  const action = ACTIONS.of(bytes, starts[6]!, ends[6]!);
  const direction = DIRECTIONS.of(bytes, starts[7]!, ends[7]!);
  if (action < 0 || direction < 0) return BAD_ACTION;
  if (action >= FIRST_TRANSLATION) {
    line.label = 'translation or normalisation';
    return SILENT;
  }
  batch.action[row] = action === 0 ? ALLOW : DENY;
  batch.direction[row] = direction === 0 ? INBOUND : OUTBOUND;
  const rule = columns.isEmpty(3) || columns.is(scan, 3, ZERO) ? 0 : 3;
  batch.rule[row] = names.intern(bytes, starts[rule]!, ends[rule]!);
  const place = names.intern(bytes, starts[4]!, ends[4]!);
  if (direction === 0) batch.inInterface[row] = place;
  else batch.outInterface[row] = place;
  batch.reason[row] = names.intern(bytes, starts[5]!, ends[5]!);
  if (columns.is(scan, 8, VERSION_4)) return packet(line, row, 15, 17, offsetOf(scan));
  if (columns.is(scan, 8, VERSION_6)) return packet(line, row, 13, 14, 0);
  return BAD_SHAPE;
}

/** Whether a line without a program has action, direction and version where they belong. */
function isBare({ bytes }: Scan): boolean {
  const { starts, ends, count } = columns;
  return (
    count > 9 &&
    ACTIONS.of(bytes, starts[6]!, ends[6]!) >= 0 &&
    DIRECTIONS.of(bytes, starts[7]!, ends[7]!) >= 0 &&
    ends[8]! - starts[8]! === 1
  );
}

/** Fragment offset of an IPv4 packet, -1 for no number. */
function offsetOf(scan: Scan): number {
  if (columns.isEmpty(13)) return 0;
  return numberIn(scan.bytes, columns.starts[13]!, columns.ends[13]!, 65_535);
}

/** @param length place of the packet's length, which the addresses follow */
function packet(
  line: Line,
  row: number,
  protocolAt: number,
  length: number,
  offset: number,
): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const { starts, ends, count } = columns;
  if (count < length + 3) return CUT_OFF;
  const protocol = numberIn(bytes, starts[protocolAt]!, ends[protocolAt]!, 255);
  const octets = numberIn(bytes, starts[length]!, ends[length]!, 0xffffffff);
  if (protocol < 0 || octets < 0 || offset < 0) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  batch.bytes[row] = octets;
  batch.packets[row] = 1;
  const [source, destination] = [length + 1, length + 2];
  if (!putAddress(scan, batch, row, true, starts[source]!, ends[source]!)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, starts[destination]!, ends[destination]!)) {
    return destination === count - 1 ? CUT_OFF : BAD_ADDRESS;
  }
  const next = length + 3;
  if ((protocol === TCP || protocol === UDP) && offset === 0) {
    const fault = ports(line, row, protocol, next);
    if (fault !== 0) return fault;
  } else if (protocol === 1 || protocol === 58) icmp(line, row, protocol, next);
  else if (hasPorts(protocol) && offset === 0) otherPorts(line, row, next);
  batch.commit();
  return READ;
}

function ports({ scan, batch }: Line, row: number, protocol: number, next: number): number {
  const { starts, ends, count } = columns;
  // The data length follows: a port at the end of the line may have lost digits.
  if (count < next + 3) return CUT_OFF;
  const source = numberIn(scan.bytes, starts[next]!, ends[next]!, 65_535);
  const destination = numberIn(scan.bytes, starts[next + 1]!, ends[next + 1]!, 65_535);
  if (source < 0 || destination < 0) return BAD_PORT;
  batch.sourcePort[row] = source;
  batch.destinationPort[row] = destination;
  if (protocol !== TCP || count < next + 5) return 0;
  let flags = 0;
  for (let at = starts[next + 3]!; at < ends[next + 3]!; at++) {
    const octet = scan.bytes[at]!;
    const letter = octet === 0x2e ? 'A' : octet === 0x43 ? 'W' : String.fromCharCode(octet);
    const bit = FLAG_LETTERS.indexOf(letter);
    if (bit < 0) return BAD_SHAPE;
    flags |= 1 << bit;
  }
  batch.tcpFlags[row] = flags;
  if ((flags & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
  else if ((flags & 0x12) === 0x12) batch.initiator[row] = 2;
  return 0;
}

/** Ports of SCTP and the like, which only some releases write. */
function otherPorts({ scan, batch }: Line, row: number, next: number): void {
  const { starts, ends, count } = columns;
  if (count < next + 2) return;
  const source = numberIn(scan.bytes, starts[next]!, ends[next]!, 65_535);
  const destination = numberIn(scan.bytes, starts[next + 1]!, ends[next + 1]!, 65_535);
  if (Math.min(source, destination) < 0) return;
  batch.sourcePort[row] = source;
  batch.destinationPort[row] = destination;
}

/** Of ICMPv6 only the echo messages are named. */
function icmp({ scan, batch }: Line, row: number, protocol: number, at: number): void {
  if (at >= columns.count) return;
  const which = MESSAGE_KEYS.of(scan.bytes, columns.starts[at]!, columns.ends[at]!);
  if (which < 0 || (protocol !== 1 && which > 1)) return;
  const [, type, code] = MESSAGES[which]!;
  batch.sourcePort[row] = protocol === 1 ? type : 128 + which;
  batch.destinationPort[row] = code;
}
