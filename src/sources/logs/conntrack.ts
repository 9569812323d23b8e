/**
 * The Linux connection table: `conntrack -L`, `conntrack -E` and `/proc/net/nf_conntrack`:
 *
 *   [ipv4 2] tcp 6 431999 ESTABLISHED src=A dst=B sport=p dport=p packets=n bytes=n
 *     src=B' dst=A' sport=p dport=p packets=n bytes=n [ASSURED] mark=0 use=1
 *   [NEW] udp 17 30 src=A … [UNREPLIED] src=…      [DESTROY] …
 *
 * A connection enters the table when its first packet has passed every rule, so an entry says that
 * it was let through. Traps: the second half is the way back, with translated addresses; states
 * exist for TCP alone; counters only when the kernel counts (nf_conntrack_acct); updates repeat.
 */
import { ALLOW, BY_SOURCE, END, OPEN, SUMMARY } from '../../model/verdict.ts';
import { Fields, numberIn, putAddress } from './fields.ts';
import {
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
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const UNDERSCORE = 0x5f;
const KEYS = new KeyTable([
  ...['src', 'dst', 'sport', 'dport', 'packets', 'bytes', 'type', 'code', 'id'],
]);
const [SRC, DST, SPORT, DPORT, PACKETS, BYTES, TYPE, CODE] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const EVENTS = new KeyTable(['[NEW]', '[UPDATE]', '[DESTROY]']);
const IPV4 = octetsOf('ipv4');
const IPV6 = octetsOf('ipv6');
const SRC_WORD = octetsOf(' src=');
const DST_WORD = octetsOf(' dst=');

const fields = new Fields(KEYS);

export const conntrack: LogFormat = { name: 'conntrack', read };

function read(line: Line): number {
  const { scan, head, batch } = line;
  const { bytes } = scan;
  // What stands in front may be a header of syslog or of conntrackd.
  scan.at = Number.isNaN(head.timeMs) ? head.lineStart : head.messageStart;
  const first = scan.find(SRC_WORD);
  if (first < 0 || scan.find(DST_WORD, first) < 0) return OTHER;
  // `conntrack -o timestamp` writes `[1790000000.123456]` first.
  scan.skipSpaces();
  const stamp = passStamp(scan);
  let event = SUMMARY;
  if (scan.peek() === 0x5b) {
    const end = scan.until(SPACE);
    const which = EVENTS.of(bytes, scan.at, end);
    if (which < 0) return OTHER;
    line.label = 'UPDATE';
    if (which === 1) return SILENT;
    event = which === 0 ? OPEN : END;
    scan.at = end;
    scan.skipSpaces();
  }
  if (scan.isAt(IPV4, scan.at) || scan.isAt(IPV6, scan.at)) pass(scan, 2);
  if (!isLetter(scan.peek())) return OTHER;
  scan.at = scan.until(SPACE);
  scan.skipSpaces();
  const protocolEnd = scan.until(SPACE);
  if (!isDigit(scan.peek()) || !isAgeAndState(bytes, protocolEnd, first)) return OTHER;
  const protocol = protocolIn(scan, scan.at, protocolEnd);
  if (protocol < 0) return BAD_NUMBER;
  const row = batch.begin();
  batch.protocol[row] = protocol;
  batch.action[row] = ALLOW;
  batch.event[row] = event;
  batch.initiator[row] = BY_SOURCE;
  if (stamp > 0) batch.timeMs[row] = stamp;
  state(line, row, protocolEnd);
  return halves(line, row, protocol);
}

/**
 * Whether nothing but seconds and a state in capitals stand between the number of the protocol and the
 * addresses. The date of a syslog line (`Feb 20 12:26:26 …`) begins with a word and a number too.
 */
function isAgeAndState(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const octet = bytes[at]!;
    const capital = octet >= 0x41 && octet <= 0x5a;
    if (octet !== SPACE && octet !== UNDERSCORE && !capital && !isDigit(octet)) return false;
  }
  return true;
}

/** The state is the word before the addresses, where it is one: `ESTABLISHED`. */
function state({ scan, batch, names }: Line, row: number, from: number): void {
  scan.at = from;
  const end = scan.find(SRC_WORD);
  let start = end;
  while (start > from && scan.bytes[start - 1] !== SPACE) start--;
  if (start < end && isLetter(scan.bytes[start]!)) {
    batch.reason[row] = names.intern(scan.bytes, start, end);
  }
  scan.at = end;
}

/** Fields of both halves; the second begins with the second `src=`. */
function halves(line: Line, row: number, protocol: number): number {
  const { scan, batch } = line;
  const { bytes } = scan;
  let half = 0;
  let back = false;
  let hasServer = false;
  fields.begin();
  while (fields.next(scan)) {
    const { key, valueStart, valueEnd } = fields;
    if (key === SRC) half++;
    if (half > 2) break;
    if (half === 2) back = true;
    if (fields.cut && key >= 0 && half === 1) return CUT_OFF;
    if (key === PACKETS || key === BYTES) {
      const value = numberIn(bytes, valueStart, valueEnd, Number.MAX_SAFE_INTEGER);
      if (value < 0) return BAD_NUMBER;
      const [sum, way] =
        key === PACKETS ? [batch.packets, batch.packetsBack] : [batch.bytes, batch.bytesBack];
      if (back) way[row] = value;
      sum[row] = value + (back ? Math.max(0, sum[row]!) : 0);
    } else if (!back) {
      if (key === DST) hasServer = true;
      const fault = field(line, row, protocol, key);
      if (fault !== 0) return fault;
    }
  }
  if (half === 0 || !hasServer || !back) return CUT_OFF;
  if (hasPorts(protocol) && batch.destinationPort[row]! < 0) return CUT_OFF;
  batch.commit();
  return READ;
}

/** One field of the first half; 0 or a fault. */
function field({ scan, batch }: Line, row: number, protocol: number, key: number): number {
  const { bytes } = scan;
  const { valueStart, valueEnd } = fields;
  if (key === SRC || key === DST) {
    const put = putAddress(scan, batch, row, key === SRC, valueStart, valueEnd);
    return put ? 0 : BAD_ADDRESS;
  }
  const icmp = protocol === 1 || protocol === 58;
  if (icmp ? key !== TYPE && key !== CODE : key !== SPORT && key !== DPORT) return 0;
  const value = numberIn(bytes, valueStart, valueEnd, icmp ? 255 : 65_535);
  if (value < 0) return icmp ? BAD_NUMBER : BAD_PORT;
  if (key === SPORT || key === TYPE) batch.sourcePort[row] = value;
  else batch.destinationPort[row] = value;
  return 0;
}

/** `[1790000000.123456]`: ms since 1970, or 0. */
function passStamp(scan: Scan): number {
  const start = scan.at;
  if (scan.peek() !== 0x5b || !isDigit(scan.peek(1))) return 0;
  scan.at++;
  if (!scan.number() || scan.at - start !== 11) {
    scan.at = start;
    return 0;
  }
  const seconds = scan.value;
  let ms = 0;
  if (scan.take(0x2e)) {
    for (let scale = 100; isDigit(scan.peek()); scan.at++, scale /= 10) {
      if (scale >= 1) ms += (scan.peek() - 0x30) * scale;
    }
  }
  scan.at = Math.min(scan.until(0x5d) + 1, scan.end);
  scan.skipSpaces();
  return seconds * 1000 + ms;
}

/** Passes words and the blanks behind them. */
function pass(scan: Scan, words: number): void {
  for (let word = 0; word < words; word++) {
    scan.at = scan.until(SPACE);
    scan.skipSpaces();
  }
}
