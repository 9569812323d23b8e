/**
 * Access list logs of Cisco IOS, IOS-XE and NX-OS:
 *
 *   %SEC-6-IPACCESSLOGP: list DMZ denied tcp 10.0.1.10(50112) -> 10.0.2.20(1433), 1 packet
 *   …LOGDP: icmp A -> B (8/0); …LOGRP, …LOGNP: protocol A -> B; …LOGS: list 1 denied A 2 packets
 *   %IPV6-6-ACCESSLOGP: …; %FMANFP-6-IPACCESSLOGP: R0/0: fman_fp_image: list …
 *   …LOGRL: access-list logging rate-limited or missed 18 packets
 *   %ACLLOG-5-ACLLOG_FLOW_INTERVAL: Source IP: A, Destination IP: B, … Hit-count: 2
 *   %FW-6-DROP_PKT: Dropping tcp session A:p B:p on zone-pair … (cisco-zones.ts)
 *
 * Traps: IOS-XR writes `deny` and the entry's number, older NX-OS `Src IP`; `log-input` puts the
 * interface and the station's address before the arrow; ports print as 0 where the entry looks at
 * none; packets are counted over some minutes; a rate limit is a gap.
 */
import { ALLOW, DENY } from '../../model/verdict.ts';
import { NO_DESTINATION, type VerdictBatch } from '../../model/verdict-batch.ts';
import { readZones } from './cisco-zones.ts';
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
} from './format.ts';
import { protocolIn } from './protocol-names.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const SLASH = 0x2f;

const ACCESS_LOG = octetsOf('ACCESSLOG');
const NEXUS_LOG = octetsOf('ACLLOG_');
const FLOW = octetsOf('FLOW');
const ZONE_MARK = octetsOf('%FW-6-');
const MAX_FLOW = octetsOf('MAXFLOW_REACHED');
const LIST = octetsOf('list ');
const DENIED = octetsOf('denied ');
const PERMITTED = octetsOf('permitted ');
/** As IOS-XR writes them. */
const DENY_WORD = octetsOf('deny ');
const PERMIT_WORD = octetsOf('permit ');
const ARROW = octetsOf('-> ');
const PACKET = octetsOf('packet');
const MISSED = octetsOf('missed ');
const COLON = octetsOf(': ');

/** How a field of NX-OS is called, and how some releases shorten that. */
type Label = readonly [whole: Uint8Array, short: Uint8Array];

const labelOf = (whole: string, short = whole): Label => [octetsOf(whole), octetsOf(short)];
const SOURCE_IP = labelOf('Source IP', 'Src IP');
const DESTINATION_IP = labelOf('Destination IP', 'Dst IP');
const SOURCE_PORT = labelOf('Source Port', 'Src Port');
const DESTINATION_PORT = labelOf('Destination Port', 'Dst Port');
const SOURCE_INTERFACE = labelOf('Source Interface', 'Src Intf');
const HIT_COUNT = labelOf('Hit-count');
const PROTOCOL = labelOf('Protocol');
const ACL_NAME = labelOf('ACL Name');
const ACE_ACTION = labelOf('ACE Action');

export const ciscoIos: LogFormat = { name: 'cisco-ios', read };

function read(line: Line): number {
  const { scan } = line;
  const start = scan.at;
  const percent = scan.until(0x25);
  if (percent >= scan.end) return OTHER;
  scan.at = percent;
  const zones = scan.find(ZONE_MARK, percent);
  if (zones >= 0) {
    scan.at = zones + ZONE_MARK.length;
    return readZones(line);
  }
  const known = scan.find(ACCESS_LOG, percent);
  // The mnemonic stands within the first word behind the percent sign.
  if (known >= 0 && known - percent < 24) {
    scan.at = known + ACCESS_LOG.length;
    return accessLog(line);
  }
  const nexus = scan.find(NEXUS_LOG, percent);
  scan.at = start;
  if (nexus < 0 || nexus - percent > 24) return OTHER;
  if (scan.find(MAX_FLOW, nexus) >= 0) {
    line.label = 'flows beyond the limit are not logged';
    line.missed = Number.NaN;
    return GAP;
  }
  if (scan.find(FLOW, nexus) < 0) return OTHER;
  scan.at = nexus;
  return nexusFlow(line);
}

function accessLog(line: Line): number {
  const { scan, batch, names } = line;
  const kind = scan.peek();
  // `LOGSP` is of protocols with a type, such as IGMP.
  const isStandard = kind === 0x53 && scan.peek(1) !== 0x50;
  if (kind === 0x52 && scan.peek(1) === 0x4c) return rateLimit(line);
  const list = scan.find(LIST);
  if (list < 0) return CUT_OFF;
  scan.at = list + LIST.length;
  const row = batch.begin();
  const end = scan.until(SPACE);
  batch.rule[row] = names.intern(scan.bytes, scan.at, end);
  scan.at = end;
  scan.skipSpaces();
  // The entry's number.
  if (scan.peek() === OPEN_PAREN) {
    scan.at = Math.min(scan.until(CLOSE_PAREN) + 1, scan.end);
    scan.skipSpaces();
  }
  if (scan.takeText(DENIED) || scan.takeText(DENY_WORD)) batch.action[row] = DENY;
  else if (scan.takeText(PERMITTED) || scan.takeText(PERMIT_WORD)) batch.action[row] = ALLOW;
  else return scan.end - scan.at < PERMITTED.length ? CUT_OFF : BAD_ACTION;
  // A standard list looks at the source alone: `denied 10.0.1.10 2 packets`.
  if (isStandard) return standard(line, row);
  const protocolEnd = scan.until(SPACE);
  const protocol = protocolIn(scan, scan.at, protocolEnd);
  if (protocol === -2) return protocolEnd === scan.end ? CUT_OFF : BAD_NUMBER;
  batch.protocol[row] = protocol;
  scan.at = protocolEnd;
  scan.skipSpaces();
  return flow(line, row, kind === 0x50);
}

/** `access-list logging rate-limited or missed 18 packets`. */
function rateLimit(line: Line): number {
  const { scan } = line;
  const at = scan.find(MISSED);
  line.label = 'access-list logging rate-limited';
  line.missed = Number.NaN;
  if (at >= 0) {
    scan.at = at + MISSED.length;
    if (scan.number() && scan.peek() === SPACE) line.missed = scan.value;
  }
  return GAP;
}

function standard(line: Line, row: number): number {
  const { scan, batch } = line;
  if (!host(scan, batch, row, true)) return cutOr(scan, BAD_ADDRESS);
  batch.absent[row] = NO_DESTINATION;
  return packets(line, row);
}

function flow(line: Line, row: number, withPorts: boolean): number {
  const { scan, batch } = line;
  if (!host(scan, batch, row, true)) return cutOr(scan, BAD_ADDRESS);
  if (withPorts && !port(scan, batch.sourcePort, row)) return cutOr(scan, BAD_PORT);
  scan.skipSpaces();
  if (scan.take(OPEN_PAREN)) {
    // `log-input`: the interface, and perhaps the station.
    const end = scan.until(CLOSE_PAREN);
    const word = Math.min(end, scan.until(SPACE));
    if (end === scan.end) return CUT_OFF;
    batch.inInterface[row] = line.names.intern(scan.bytes, scan.at, word);
    scan.at = end + 1;
    scan.skipSpaces();
  }
  if (!scan.takeText(ARROW)) return cutOr(scan, BAD_SHAPE);
  if (!host(scan, batch, row, false)) return cutOr(scan, BAD_ADDRESS);
  if (withPorts) {
    if (!port(scan, batch.destinationPort, row)) return cutOr(scan, BAD_PORT);
    // Zeros where the entry looks at no ports.
    if (batch.sourcePort[row] === 0 && batch.destinationPort[row] === 0) {
      batch.sourcePort[row] = batch.destinationPort[row] = -1;
    }
  } else {
    scan.skipSpaces();
    const isIcmp = batch.protocol[row] === 1 || batch.protocol[row] === 58;
    if (isIcmp) {
      if (scan.take(OPEN_PAREN) && !icmpType(scan, batch, row)) return cutOr(scan, BAD_NUMBER);
    } else if (scan.peek() === OPEN_PAREN) {
      scan.at = Math.min(scan.until(CLOSE_PAREN) + 1, scan.end);
    }
  }
  return packets(line, row);
}

function host(scan: Scan, batch: VerdictBatch, row: number, isSource: boolean): boolean {
  if (!scan.address()) return false;
  const next = scan.peek();
  if (next !== OPEN_PAREN && next !== SPACE && next !== COMMA) return false;
  if (batch.family[row] !== 0 && batch.family[row] !== scan.family) return false;
  batch.family[row] = scan.family;
  if (isSource) batch.source[row] = scan.value;
  else batch.destination[row] = scan.value;
  return true;
}

function port(scan: Scan, column: Int32Array, row: number): boolean {
  if (!scan.take(OPEN_PAREN) || !scan.numberUpTo(65_535)) return false;
  const { value } = scan;
  if (!scan.take(CLOSE_PAREN)) return false;
  column[row] = value;
  return true;
}

/** `8/0)`. */
function icmpType(scan: Scan, batch: VerdictBatch, row: number): boolean {
  if (!scan.numberUpTo(255)) return false;
  const type = scan.value;
  if (!scan.take(SLASH) || !scan.numberUpTo(255)) return false;
  batch.sourcePort[row] = type;
  batch.destinationPort[row] = scan.value;
  return scan.take(CLOSE_PAREN);
}

/** `, 1 packet`. */
function packets({ scan, batch }: Line, row: number): number {
  scan.take(COMMA);
  scan.skipSpaces();
  if (!scan.number()) return cutOr(scan, BAD_NUMBER);
  batch.events[row] = scan.value;
  batch.packets[row] = scan.value;
  scan.skipSpaces();
  if (!scan.takeText(PACKET)) return cutOr(scan, BAD_SHAPE, PACKET.length);
  batch.commit();
  return READ;
}

/** Cut off when so little is left that the rest may be missing. */
function cutOr(scan: Scan, fault: number, needed = 1): number {
  let at = scan.at;
  // What is there may be the beginning of what belongs there.
  while (at < scan.end && scan.bytes[at] !== SPACE && scan.bytes[at] !== COMMA) at++;
  return at >= scan.end || scan.end - scan.at < needed ? CUT_OFF : fault;
}

/** `Source IP: A, Destination IP: B, Source Port: p, …, Protocol: "TCP"(6), …, Hit-count: 2`. */
function nexusFlow(line: Line): number {
  const { scan, batch, names } = line;
  const row = batch.begin();
  const start = scan.at;
  if (seek(scan, SOURCE_IP) < 0 || !host(scan, batch, row, true)) return cutOr(scan, BAD_ADDRESS);
  if (seek(scan, DESTINATION_IP) < 0 || !host(scan, batch, row, false))
    return cutOr(scan, BAD_ADDRESS);
  scan.at = start;
  if (seek(scan, HIT_COUNT) < 0 || !scan.numberUpTo(Number.MAX_SAFE_INTEGER)) return CUT_OFF;
  batch.events[row] = batch.packets[row] = scan.value;
  scan.at = start;
  if (!nexusPort(scan, SOURCE_PORT, batch.sourcePort, row)) return BAD_PORT;
  scan.at = start;
  if (!nexusPort(scan, DESTINATION_PORT, batch.destinationPort, row)) return BAD_PORT;
  scan.at = start;
  const protocol = nexusProtocol(scan);
  if (protocol < 0) return protocol === NO_PROTOCOL ? CUT_OFF : BAD_NUMBER;
  batch.protocol[row] = protocol;
  if (protocol !== 6 && protocol !== 17) batch.sourcePort[row] = batch.destinationPort[row] = -1;
  scan.at = start;
  const inEnd = seek(scan, SOURCE_INTERFACE);
  if (inEnd >= 0) batch.inInterface[row] = names.intern(scan.bytes, scan.at, inEnd);
  scan.at = start;
  const rule = seek(scan, ACL_NAME);
  if (rule >= 0) batch.rule[row] = names.intern(scan.bytes, scan.at, rule);
  scan.at = start;
  if (seek(scan, ACE_ACTION) >= 0) batch.action[row] = scan.peek() === 0x50 ? ALLOW : DENY;
  batch.commit();
  return READ;
}

/** Goes to the value of the next field of that name. Returns where it ends, or -1: there is none. */
function seek(scan: Scan, [whole, short]: Label): number {
  let label = whole;
  let at = scan.find(whole);
  if (at < 0) {
    label = short;
    at = scan.find(short);
  }
  if (at < 0) return -1;
  scan.at = at + label.length;
  scan.takeText(COLON);
  scan.skipSpaces();
  return scan.until(COMMA);
}

/** Whether it is a port, or is not there. */
function nexusPort(scan: Scan, label: Label, column: Int32Array, row: number): boolean {
  if (seek(scan, label) < 0) return true;
  if (!scan.numberUpTo(65_535)) return false;
  column[row] = scan.value;
  return true;
}

/** The line ends before its protocol. */
const NO_PROTOCOL = -2;

/** A number by `"TCP"(6)`, or by the name alone; negative: there is none, or none that is known. */
function nexusProtocol(scan: Scan): number {
  const end = seek(scan, PROTOCOL);
  if (end < 0) return NO_PROTOCOL;
  const start = scan.at;
  while (scan.at < end && scan.bytes[scan.at] !== OPEN_PAREN) scan.at++;
  if (scan.at === end) return Math.max(-1, protocolIn(scan, start, end));
  scan.at++;
  return isDigit(scan.peek()) && scan.numberUpTo(255) ? scan.value : -1;
}
