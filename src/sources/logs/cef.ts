/**
 * The Common Event Format, which Check Point, Fortinet, Palo Alto Networks, Forcepoint, Cisco and
 * others export to collectors:
 *
 *   CEF:0|vendor|product|version|event id|name|severity|src=A spt=p dst=B dpt=p proto=TCP act=Drop …
 *
 * Traps: values hold blanks, so that a pair ends only where a blank and the next key follow; `|` in
 * the head and `=` in values are escaped; what `cs1` to `cn3` mean is said by `cs1Label` to
 * `cn3Label`, before or behind them; IPv6 addresses may stand in `c6a2` and `c6a3`; `in` is what was
 * sent with some vendors and what came back with others; what SonicWall counts in `cnt` is events of
 * that kind so far; nothing says that a line is whole.
 */
import { EventColumns, type Meaning } from './event-columns.ts';
import { CUT_OFF, type Line, type LogFormat, OTHER } from './format.ts';
import { KeyTable } from './key-table.ts';
import type { Pairs } from './keyed-values.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const PIPE = 0x7c;
const BACKSLASH = 0x5c;
const LONGEST_KEY = 64;
const MARK = octetsOf('CEF:');

/** Octets that keys are made of. */
const KEY_OCTETS = new Uint8Array(256);
for (const octet of octetsOf('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-[]'))
  KEY_OCTETS[octet] = 1;

/** Pairs whose values end where a blank and the next key follow, or with the line. */
class SpacedPairs implements Pairs {
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
    let at = scan.at;
    let equals = -1;
    while (at < end) {
      while (at < end && bytes[at] === SPACE) at++;
      equals = keyEnd(scan, at);
      if (equals >= 0) break;
      while (at < end && bytes[at] !== SPACE) at++;
    }
    if (equals < 0) return false;
    this.key = this.table.of(bytes, at, equals);
    this.valueStart = equals + 1;
    let stop = this.valueStart;
    while (stop < end && !(bytes[stop] === SPACE && keyEnd(scan, stop + 1) >= 0)) stop++;
    scan.at = stop;
    this.cut = stop >= end;
    while (stop > this.valueStart && bytes[stop - 1] === SPACE) stop--;
    this.valueEnd = stop;
    return true;
  }
}

/** The `=` behind the key that begins here; -1 where none does. */
function keyEnd({ bytes, end }: Scan, from: number): number {
  const last = Math.min(end, from + LONGEST_KEY);
  let at = from;
  while (at < last && KEY_OCTETS[bytes[at]!] === 1) at++;
  return at > from && at < last && bytes[at] === EQUALS ? at : -1;
}

/** Keys for what a label says. */
const LABELLED = [
  ...['cs1', 'cs2', 'cs3', 'cs4', 'cs5', 'cs6', 'cn1', 'cn2', 'cn3', 'c6a2', 'c6a3'],
  ...['flexString1', 'flexString2', 'flexNumber1', 'flexNumber2'],
];
const LABELS: readonly (readonly [string, Meaning])[] = [
  ...(['Rule', 'Rule Name', 'RuleName', 'ACL', 'Policy Name'] as const).map(
    (label) => [label, 'rule'] as const,
  ),
  ...(['RuleID', 'Rule ID', 'Policy Id', 'Policy ID', 'Rule UID'] as const).map(
    (label) => [label, 'ruleId'] as const,
  ),
  ...([
    ['Source Zone', 'inZone'],
    ['Destination Zone', 'outZone'],
  ] as const),
  ...([
    ['ICMP Type', 'type'],
    ['ICMP Code', 'code'],
    ['Packets', 'packets'],
  ] as const),
  ...([
    ['Packets Sent', 'packetsSent'],
    ['Packets Received', 'packetsBack'],
  ] as const),
  ...([
    ['Total bytes', 'bytes'],
    ['Total Bytes', 'bytes'],
  ] as const),
  ...([
    ['Source IPv6 Address', 'source'],
    ['Destination IPv6 Address', 'destination'],
  ] as const),
];
const LABEL_TABLE = new KeyTable(LABELS.map(([label]) => label));

/** A key of Fortinet's: of the device itself, of older releases, of FortiAnalyzer. */
function fortinet(key: string): string {
  return ['FTNTFGT', 'FortinetFortiGate', 'ad.'].map((prefix) => prefix + key).join('|');
}

/** What an exporter put before the first pair that belongs to the head. */
function passHead(scan: Scan): void {
  const { bytes, end } = scan;
  for (let at = scan.at; at < end && bytes[at] !== SPACE && bytes[at] !== EQUALS; at++) {
    if (bytes[at] === PIPE) scan.at = at + 1;
  }
}

export class Cef implements LogFormat {
  readonly name = 'cef';
  private readonly columns = new EventColumns(
    {
      ...{ source: 'src', destination: 'dst', sourcePort: 'spt', destinationPort: 'dpt' },
      ...{ protocol: 'proto', count: 'cnt|baseEventCount' },
      ...{ action: 'act|fw_action|FTNTFGTaction|FortinetFortiGateaction' },
      ...{ rule: 'rule_name', ruleId: `${fortinet('policyid')}|rule_uid`, interface: 'ifname' },
      ...{ inInterface: 'deviceInboundInterface', outInterface: 'deviceOutboundInterface' },
      ...{ inZone: `${fortinet('srcintfrole')}|inzone` },
      ...{ outZone: `${fortinet('dstintfrole')}|outzone` },
      ...{ direction: 'deviceDirection', device: 'dvchost', reason: 'reason', category: 'cat' },
      ...{ application: fortinet('app'), service: 'app', time: 'rt|start' },
      ...{ nanoTime: fortinet('eventtime') },
      ...{ packetsSent: `${fortinet('sentpkt')}|PanOSPacketsSent`, bytesIn: 'in', bytesOut: 'out' },
      ...{ packetsBack: `${fortinet('rcvdpkt')}|PanOSPacketsReceived` },
      ...{ deltaSent: fortinet('sentdelta'), deltaBack: fortinet('rcvddelta') },
    },
    [...LABELLED, ...LABELLED.map((key) => `${key}Label`)],
    (table) => new SpacedPairs(table),
  );

  read(line: Line): number {
    const { scan, head } = line;
    const { columns } = this;
    const { values } = columns;
    const mark = markAt(scan, head.lineStart);
    if (mark < 0) return OTHER;
    scan.at = mark;
    if (!headOf(scan, columns.parts)) return CUT_OFF;
    passHead(scan);
    values.read(scan);
    const first = values.key('cs1');
    for (let index = 0; index < LABELLED.length; index++) {
      const [value, label] = [first + index, first + LABELLED.length + index];
      if (!values.has(value) || !values.has(label)) continue;
      const meaning = LABEL_TABLE.of(scan.bytes, values.starts[label]!, values.ends[label]!);
      if (meaning < 0) continue;
      columns.mean(LABELS[meaning]![1], values.starts[value]!, values.ends[value]!);
    }
    if (columns.isSonicWall(scan)) sonicWallNames(columns, scan.bytes);
    return columns.read(line);
  }
}

/** SonicWall writes the zones' names where labels belong, and the rule without one. */
function sonicWallNames(columns: EventColumns, bytes: Uint8Array): void {
  const { values } = columns;
  for (const [label, meaning] of SONICWALL_LABELS) {
    const key = values.key(label);
    if (!values.has(key)) continue;
    let [start, end] = [values.starts[key]!, values.ends[key]!];
    const quoted = bytes[start] === QUOTE && bytes[end - 1] === QUOTE && end > start + 1;
    if (quoted) [start, end] = [start + 1, end - 1];
    columns.mean(meaning, start, end);
  }
}
const SONICWALL_LABELS = [
  ['cs1', 'rule'],
  ['cs3Label', 'inZone'],
  ['cs4Label', 'outZone'],
] as const;

/** Behind `CEF:0|`, or -1. */
function markAt(scan: Scan, from: number): number {
  const found = scan.find(MARK, from);
  if (found < 0) return -1;
  let at = found + MARK.length;
  while (scan.bytes[at] === SPACE && at < scan.end) at++;
  const digits = at;
  while (at < scan.end && isDigit(scan.bytes[at]!)) at++;
  return at > digits && at < scan.end && scan.bytes[at] === PIPE ? at + 1 : -1;
}

/** Vendor to name, and the severity, each before `|`. */
function headOf(scan: Scan, parts: EventColumns['parts']): boolean {
  const { bytes, end } = scan;
  for (let index = 0; index <= parts.length; index++) {
    const start = scan.at;
    let at = start;
    while (at < end && bytes[at] !== PIPE) at += bytes[at] === BACKSLASH ? 2 : 1;
    if (at >= end) return false;
    if (index < parts.length) {
      parts[index]!.start = start;
      parts[index]!.end = at;
    }
    scan.at = at + 1;
  }
  return true;
}
