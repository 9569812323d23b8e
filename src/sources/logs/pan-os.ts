/**
 * Palo Alto Networks PAN-OS traffic logs in their comma-separated form, by the field lists of the
 * administrator's guide; positions counted from 1: 4 type, 5 subtype, 7 generated, 8 source,
 * 9 destination, 12 rule, 15 application, 17 and 18 zones, 19 and 20 interfaces, 24 repeat count,
 * 25 and 26 ports, 30 protocol, 31 action, 32 bytes, 33 sent, 34 received, 35 packets,
 * 45 and 46 packets sent and received, 47 why the session ended, 53 device.
 *
 * Traps: late fields hold commas in quotes; one line may stand for several sessions (24); a session
 * may be logged at its start and again at its end; the application is `incomplete` where nobody
 * answered, which is no evidence of anything.
 */
import { ALLOW, BY_SOURCE, DENY, END, OPEN } from '../../model/verdict.ts';
import { Columns } from './columns.ts';
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
import { hasPorts, protocolIn } from './protocol-names.ts';
import { isDigit, octetsOf } from './scan.ts';

const COMMA = 0x2c;
const TRAFFIC = octetsOf('TRAFFIC');
const TYPES = new KeyTable([
  ...[
    'TRAFFIC',
    'THREAT',
    'SYSTEM',
    'CONFIG',
    'HIPMATCH',
    'USERID',
    'CORRELATION',
    'GLOBALPROTECT',
  ],
  ...['DECRYPTION', 'AUTHENTICATION', 'AUTH', 'SCTP', 'IPTAG', 'GTP', 'TUNNEL_CONTENT'],
]);
/** What a session's line tells of: these two are shared with strata.ts. */
export const SUBTYPES = new KeyTable(['start', 'end', 'drop', 'deny']);
/** The first one lets through. */
export const ACTIONS = new KeyTable([
  ...[
    'allow',
    'deny',
    'drop',
    'drop ICMP',
    'drop-icmp',
    'reset both',
    'reset-both',
    'reset client',
  ],
  ...['reset-client', 'reset server', 'reset-server'],
]);
/** Fields that a line must have: up to the packets. */
const FEWEST = 35;
const MOST_COUNT = Number.MAX_SAFE_INTEGER;

const columns = new Columns();

export const panOs: LogFormat = { name: 'pan-os', read };

function read(line: Line): number {
  const { scan, names } = line;
  // `1,2026/10/03 10:00:01,serial,TYPE,…`; the first field is reserved.
  if (!begins(line)) return OTHER;
  columns.split(scan, COMMA);
  const { starts, ends } = columns;
  if (columns.count < 5 || TYPES.of(scan.bytes, starts[3]!, ends[3]!) < 0) return OTHER;
  if (!columns.is(scan, 3, TRAFFIC)) {
    line.label = names.names[names.intern(scan.bytes, starts[3]!, ends[3]!)]!;
    return SILENT;
  }
  if (columns.count < FEWEST || columns.open) return CUT_OFF;
  return traffic(line);
}

/** One to four octets, a comma and a date with slashes. */
function begins({ scan }: Line): boolean {
  const { bytes, at, end } = scan;
  let comma = at;
  while (comma < end && comma - at < 5 && bytes[comma] !== COMMA) comma++;
  return (
    comma + 20 < end &&
    bytes[comma] === COMMA &&
    isDigit(bytes[comma + 1]!) &&
    bytes[comma + 5] === 0x2f &&
    bytes[comma + 8] === 0x2f
  );
}

function traffic(line: Line): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  const { starts, ends } = columns;
  const row = batch.begin();
  if (!putAddress(scan, batch, row, true, starts[7]!, ends[7]!)) return BAD_ADDRESS;
  if (!putAddress(scan, batch, row, false, starts[8]!, ends[8]!)) return BAD_ADDRESS;
  const protocol = protocolIn(scan, starts[29]!, ends[29]!);
  if (protocol === -2) return BAD_NUMBER;
  batch.protocol[row] = protocol;
  const action = ACTIONS.of(bytes, starts[30]!, ends[30]!);
  const subtype = SUBTYPES.of(bytes, starts[4]!, ends[4]!);
  if (action < 0 || subtype < 0) return BAD_ACTION;
  batch.action[row] = action === 0 ? ALLOW : DENY;
  if (action === 0) batch.event[row] = subtype === 0 ? OPEN : END;
  batch.initiator[row] = BY_SOURCE;
  if (hasPorts(protocol)) {
    const source = numberIn(bytes, starts[24]!, ends[24]!, 65_535);
    const destination = numberIn(bytes, starts[25]!, ends[25]!, 65_535);
    if (source < 0 || destination < 0) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
  }
  const repeated = numberIn(bytes, starts[23]!, ends[23]!, MOST_COUNT);
  if (repeated < 0) return BAD_NUMBER;
  batch.events[row] = Math.max(1, repeated);
  if (!counters(line, row)) return BAD_NUMBER;
  batch.rule[row] = word(line, 11);
  batch.application[row] = word(line, 14);
  batch.inZone[row] = word(line, 16);
  batch.outZone[row] = word(line, 17);
  batch.inInterface[row] = word(line, 18);
  batch.outInterface[row] = word(line, 19);
  batch.reason[row] = word(line, 46);
  batch.device[row] = word(line, 52);
  const stamp = starts[6]!;
  batch.timeMs[row] = line.clock.joined(bytes, stamp, stamp + 10, stamp + 11, ends[6]!);
  batch.commit();
  return READ;
}

function word({ names, scan }: Line, index: number): number {
  if (columns.isEmpty(index)) return 0;
  if (columns.isDoubled(scan, index)) return names.internText(columns.text(scan, index));
  return names.intern(scan.bytes, columns.starts[index]!, columns.ends[index]!);
}

function counters({ scan, batch }: Line, row: number): boolean {
  const value = (index: number): number =>
    numberIn(scan.bytes, columns.starts[index]!, columns.ends[index]!, MOST_COUNT);
  const [bytes, received, packets] = [value(31), value(33), value(34)];
  if (bytes < 0 || received < 0 || packets < 0) return false;
  batch.bytes[row] = bytes;
  batch.bytesBack[row] = received;
  batch.packets[row] = packets;
  if (!columns.isEmpty(45)) batch.packetsBack[row] = value(45);
  return true;
}
