/**
 * Cisco ASA, FTD, PIX and FWSM (`%ASA-6-302013: …`), by the syslog message guides. Read are the
 * messages that decide about traffic or report a connection: 106001 106006 106007 106010 106011
 * 106014 to 106017 106020 to 106023 106100 106102 106103 302013–302016 302020 302021 302303–302306
 * 305005 305006 305013 313001 313004 313005 313008 418001 420002 434002 710002 710003 710005 710006,
 * and an FTD's own events, 430001 to 430005 (ftd-events.ts). Others are counted by number; 305011
 * and 305012, translations that come and go, name one end only.
 *
 * Traps: “Built outbound” names the server first, as the `to` side began; a teardown does not say
 * who began, which is remembered from when the connection was built; parentheses hold mapped
 * addresses or users; addresses and ports may be names; `%ASA-session-5-…` has a class; 106100
 * counts hits; 106101 says that denied flows are no longer logged.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND } from '../../model/verdict.ts';
import { NO_DESTINATION } from '../../model/verdict-batch.ts';
import { AsaConnections } from './asa-connections.ts';
import { AsaMessage, isIcmp } from './asa-message.ts';
import {
  BAD_NUMBER,
  BAD_SHAPE,
  CUT_OFF,
  GAP,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import { ftdConnection, ftdInspection } from './ftd-events.ts';
import { RestMemo } from './name-memo.ts';
import { maskOf } from './octet-mask.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const PERCENT = 0x25;
const HYPHEN = 0x2d;
const QUOTE = 0x22;
const FULL_STOP = 0x2e;
const TCP = 6;
const UDP = 17;
const SCTP = 132;
const ICMP = 1;
const ICMPV6 = 58;
const PRODUCTS = ['%ASA-', '%FTD-', '%PIX-', '%FWSM-', '%NGIPS-'].map(octetsOf);
const ASA = PRODUCTS[0]!;
/** Octets of `%ASA-6-302013: `. */
const TAG_OCTETS = 15;
const FROM = octetsOf('from ');
const TO = octetsOf('to ');
const SRC = octetsOf('src ');
const DST = octetsOf('dst ');
const FLAGS = octetsOf('flags ');
const ON_INTERFACE = octetsOf('on interface ');
const ACCESS_GROUP = octetsOf('by access-group ');
const ACCESS_LIST = octetsOf('access-list ');
const DUE_TO = octetsOf('due to ');
const BEFORE_SRC = octetsOf(' src ');
const TO_DROP = octetsOf('requested to drop ');
const ICMP_TYPE = octetsOf('(type ');
const TYPE_IS = octetsOf('type=');
const CODE_IS = octetsOf('code=');
const FOR_USER = octetsOf('for user ');
const HIT_COUNT = octetsOf('hit-cnt ');
const ARROW = octetsOf('-> ');
const INBOUND_WORD = octetsOf('inbound ');
const LOCAL_ADDRESS = octetsOf('laddr ');
const PERMITTED = octetsOf('permitted ');
const DENIED = octetsOf('denied ');
const ESTABLISHED = octetsOf('est-allowed ');
const DENY_WORD = octetsOf('Deny ');
const DENY_TCP = maskOf('Deny tcp src ');
const DENY_UDP = maskOf('Deny udp src ');
const USUAL_DST = maskOf(' dst ');
const FLAG_NAMES: readonly (readonly [Uint8Array, number])[] = [
  [octetsOf('FIN'), 1],
  [octetsOf('SYN'), 2],
  [octetsOf('RST'), 4],
  [octetsOf('PSH'), 8],
  [octetsOf('ACK'), 16],
  [octetsOf('URG'), 32],
];

export class CiscoAsa implements LogFormat {
  readonly name = 'cisco-asa';
  private readonly message = new AsaMessage();
  private readonly connections = new AsaConnections(this.message);
  private readonly groups = new RestMemo();

  read(line: Line): number {
    const { scan } = line;
    const number = messageNumber(scan);
    if (number < 0) return OTHER;
    this.message.clear(line);
    // The commonest first.
    switch (number) {
      case 302013:
      case 302014:
        return this.connections.connection(line, TCP);
      case 302015:
      case 302016:
        return this.connections.connection(line, UDP);
      case 106010:
      case 106014:
      case 106023:
        return this.deniedByGroup(line, number === 106023);
      case 106001:
      case 106015:
        return this.denied(line, TCP, false);
      case 106006:
      case 106007:
        return this.denied(line, UDP, false);
      case 106016:
      case 106017:
      case 106020:
      case 106021:
      case 106022:
        return this.denied(line, -1, false);
      case 106011:
      case 305005:
      case 305006:
      case 305013:
      case 418001:
        return this.refused(line);
      case 420002:
      case 434002:
        return this.dropped(line);
      case 106100:
      case 106102:
      case 106103:
        return this.accessList(line);
      case 106101:
        line.label = 'cached deny-flows reached their limit';
        line.missed = Number.NaN;
        return GAP;
      case 302303:
      case 302304:
        return this.connections.bypassing(line);
      case 302305:
      case 302306:
        return this.connections.connection(line, SCTP);
      case 302020:
      case 302021:
        return this.connections.icmpConnection(line);
      case 313001:
      case 313004:
      case 313008:
        return this.deniedIcmp(line, number === 313008 ? ICMPV6 : ICMP);
      case 313005:
        return this.strayIcmp(line);
      case 710002:
      case 710003:
      case 710005:
      case 710006:
        return this.toDevice(line, number === 710002 ? ALLOW : DENY);
      case 430002:
      case 430003:
        return ftdConnection(line, number === 430002);
      case 430001:
      case 430004:
      case 430005:
        return ftdInspection(line, number !== 430001);
      default:
        line.label = String(number);
        return SILENT;
    }
  }

  /** `… from A/p to B/p [flags F] [due to DNS …] on interface I`. */
  private denied(line: Line, protocol: number, withInterface: boolean): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (protocol < 0) this.protocolAfterDeny(line, row);
    else batch.protocol[row] = protocol;
    batch.direction[row] = INBOUND;
    if (!message.pass(scan, FROM)) return message.fault;
    // 106016 writes the forged source in parentheses.
    const wrapped = scan.take(OPEN_PAREN);
    if (!message.side(line, message.first, withInterface, protocol >= 0)) return message.fault;
    if (wrapped) scan.take(CLOSE_PAREN);
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.side(line, message.second, withInterface, protocol >= 0)) return message.fault;
    const from = scan.at;
    if (protocol === TCP && message.seek(scan, FLAGS)) this.flags(line, row);
    scan.at = from;
    if (message.seek(scan, DUE_TO)) {
      const end = scan.find(ON_INTERFACE);
      const stop = end < 0 ? scan.end : end - 1;
      batch.reason[row] = line.names.intern(scan.bytes, scan.at, stop);
    }
    scan.at = from;
    if (message.seek(scan, ON_INTERFACE)) {
      let end = scan.until(SPACE);
      if (scan.bytes[end - 1] === FULL_STOP) end--;
      batch.inInterface[row] = line.names.intern(scan.bytes, scan.at, end);
    } else if (protocol === TCP || (protocol === UDP && batch.reason[row] === 0)) return CUT_OFF;
    return message.finish(line, row);
  }

  /** `Deny tcp src outside:A/p dst inside:B/p [(type 8, code 0)] [by access-group "X"]`. */
  private deniedByGroup(line: Line, grouped: boolean): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    const fault = this.isUsualDeny(line, row) ? 0 : this.denyHead(line, row);
    if (fault !== 0) return fault;
    const ports = hasPorts(batch.protocol[row]!);
    const known = ports ? this.groups.find(scan) : -1;
    if (known >= 0) batch.rule[row] = known;
    else {
      const rest = scan.at;
      if (isIcmp(batch.protocol[row]!) && !message.icmpType(line, row)) return message.fault;
      if (message.seek(scan, ACCESS_GROUP)) {
        if (!scan.take(QUOTE)) return scan.at >= scan.end ? CUT_OFF : BAD_SHAPE;
        const end = scan.until(QUOTE);
        if (end === scan.end) return CUT_OFF;
        batch.rule[row] = line.names.intern(scan.bytes, scan.at, end);
        this.groups.keep(scan, rest, batch.rule[row]!);
      } else if (grouped) return CUT_OFF;
    }
    // An ICMP error answers something.
    if (ports) batch.initiator[row] = BY_SOURCE;
    return message.finish(line, row);
  }

  /** `Deny tcp src outside:A/p dst inside:B/p`; 0, or a fault. */
  private denyHead(line: Line, row: number): number {
    const { scan, batch } = line;
    const { message } = this;
    if (!message.pass(scan, DENY_WORD)) return message.fault;
    if (scan.takeText(INBOUND_WORD)) batch.direction[row] = INBOUND;
    message.protocolAt(line, row);
    if (message.fault !== 0 || !message.pass(scan, SRC)) return message.fault || BAD_SHAPE;
    const ports = hasPorts(batch.protocol[row]!);
    if (!message.side(line, message.first, true, ports)) return message.fault;
    if (!message.pass(scan, DST)) return message.fault;
    return message.side(line, message.second, true, ports) ? 0 : message.fault;
  }

  /** The same of TCP and UDP in exactly these words; the cursor stays when there are others. */
  private isUsualDeny({ scan, batch }: Line, row: number): boolean {
    const start = scan.at;
    const { message } = this;
    const isTcp = DENY_TCP.take(scan);
    if (isTcp || DENY_UDP.take(scan)) {
      batch.protocol[row] = isTcp ? TCP : UDP;
      const both =
        message.usualSide(scan, message.first) &&
        USUAL_DST.take(scan) &&
        message.usualSide(scan, message.second);
      if (both) return true;
    }
    scan.at = start;
    return false;
  }

  /** `No translation group found for tcp src inside:A/p dst outside:B/p …`. */
  private refused(line: Line): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (scan.takeText(DENY_WORD) && scan.takeText(INBOUND_WORD)) batch.direction[row] = INBOUND;
    const found = scan.find(BEFORE_SRC);
    if (found < 0) return CUT_OFF;
    let start = found;
    while (start > scan.at && scan.bytes[start - 1] !== SPACE) start--;
    const protocol = protocolIn(scan, start, found);
    if (protocol === -2) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    scan.at = found + BEFORE_SRC.length;
    return this.sides(line, row, DST);
  }

  /** `IPS requested to drop TCP packet from inside:A/p to outside:B/p`. */
  private dropped(line: Line): number {
    const { scan } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (!message.seek(scan, TO_DROP)) return CUT_OFF;
    message.protocolAt(line, row);
    if (message.fault !== 0) return message.fault;
    if (!message.pass(scan, FROM)) return message.fault;
    return this.sides(line, row, TO);
  }

  /** Two sides with the word between them, and of ICMP type and code if there are any. */
  private sides(line: Line, row: number, between: Uint8Array): number {
    const { scan, batch } = line;
    const { message } = this;
    const ports = hasPorts(batch.protocol[row]!);
    if (!message.side(line, message.first, true, ports)) return message.fault;
    if (!message.pass(scan, between)) return message.fault;
    if (!message.side(line, message.second, true, ports)) return message.fault;
    if (ports) batch.initiator[row] = BY_SOURCE;
    else if (isIcmp(batch.protocol[row]!) && scan.find(ICMP_TYPE) >= 0) {
      if (!message.icmpType(line, row)) return message.fault;
    }
    return message.finish(line, row);
  }

  /** `access-list X denied tcp outside/A(p) -> inside/B(p) hit-cnt N first hit`. */
  private accessList(line: Line): number {
    const { scan, batch, names } = line;
    const { message } = this;
    const row = message.begin(line, 0);
    if (!message.pass(scan, ACCESS_LIST)) return message.fault;
    const end = scan.until(SPACE);
    batch.rule[row] = names.intern(scan.bytes, scan.at, end);
    scan.at = Math.min(end + 1, scan.end);
    if (scan.takeText(DENIED)) batch.action[row] = DENY;
    else if (scan.takeText(PERMITTED) || scan.takeText(ESTABLISHED)) batch.action[row] = ALLOW;
    else return scan.end - scan.at < ESTABLISHED.length ? CUT_OFF : BAD_SHAPE;
    message.protocolAt(line, row);
    if (message.fault !== 0) return message.fault;
    if (scan.takeText(FOR_USER)) scan.at = Math.min(scan.until(SPACE) + 1, scan.end);
    if (!message.listSide(line, message.first)) return message.fault;
    if (!message.pass(scan, ARROW)) return message.fault;
    if (!message.listSide(line, message.second)) return message.fault;
    if (isIcmp(batch.protocol[row]!)) {
      // The parentheses of ICMP hold type and code.
      if (message.first.port > 255 || message.second.port > 255) return BAD_NUMBER;
    }
    if (!message.seek(scan, HIT_COUNT)) return CUT_OFF;
    if (!scan.numberUpTo(4e9) || scan.at >= scan.end)
      return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.events[row] = scan.value;
    return message.finish(line, row);
  }

  /** `Denied ICMP type=8, code=0 from A on interface I [to B …]`: to the device itself. */
  private deniedIcmp(line: Line, protocol: number): number {
    const { scan, batch, names } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    batch.protocol[row] = protocol;
    batch.direction[row] = INBOUND;
    if (!message.seek(scan, TYPE_IS)) return CUT_OFF;
    if (!scan.numberUpTo(255)) return BAD_NUMBER;
    const type = scan.value;
    let code = -1;
    if (message.seek(scan, CODE_IS)) {
      if (!scan.numberUpTo(255)) return BAD_NUMBER;
      code = scan.value;
    }
    if (!message.seek(scan, FROM)) return CUT_OFF;
    scan.takeText(LOCAL_ADDRESS); // as 313004 has it
    if (!message.side(line, message.first, false, false)) return message.fault;
    if (!message.seek(scan, ON_INTERFACE)) return CUT_OFF;
    const end = scan.until(SPACE);
    batch.inInterface[row] = names.intern(scan.bytes, scan.at, end);
    scan.at = end;
    if (message.seek(scan, TO) && message.side(line, message.second, false, false)) {
      const done = message.finish(line, row);
      batch.sourcePort[row] = type;
      batch.destinationPort[row] = code;
      return done;
    }
    const { first } = message;
    batch.family[row] = first.family;
    batch.source[row] = first.word;
    batch.absent[row] = NO_DESTINATION;
    batch.sourcePort[row] = type;
    batch.destinationPort[row] = code;
    batch.commit();
    return READ;
  }

  /** `No matching connection for ICMP error message: icmp src if:A dst if:B (type 3, code 3) …`. */
  private strayIcmp(line: Line): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    batch.protocol[row] = ICMP;
    if (!message.seek(scan, SRC)) return CUT_OFF;
    if (!message.side(line, message.first, true, false)) return message.fault;
    if (!message.pass(scan, DST)) return message.fault;
    if (!message.side(line, message.second, true, false)) return message.fault;
    if (!message.icmpType(line, row)) return message.fault;
    if (message.first.family === 6) batch.protocol[row] = ICMPV6;
    return message.finish(line, row);
  }

  /** `TCP access denied by ACL from A/p to outside:B/22`. */
  private toDevice(line: Line, action: number): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, action);
    message.protocolAt(line, row);
    if (message.fault !== 0) return message.fault;
    batch.direction[row] = INBOUND;
    batch.initiator[row] = BY_SOURCE;
    const ports = hasPorts(batch.protocol[row]!);
    if (!message.seek(scan, FROM)) return CUT_OFF;
    if (!message.side(line, message.first, false, ports)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.side(line, message.second, true, ports)) return message.fault;
    const { second } = message;
    // The interface is the one it came in by, not one it leaves by.
    batch.inInterface[row] = second.name;
    second.name = 0;
    return message.finish(line, row);
  }

  /** `Deny tcp reverse path check`, `Deny IP spoof`. */
  private protocolAfterDeny(line: Line, row: number): void {
    const { scan, batch } = line;
    if (!scan.takeText(DENY_WORD)) return;
    const protocol = protocolIn(scan, scan.at, scan.until(SPACE));
    if (protocol >= 0) batch.protocol[row] = protocol;
  }

  /** `SYN ACK `, until a word that is no flag. */
  private flags({ scan, batch }: Line, row: number): void {
    let flags = 0;
    scan.skipSpaces();
    for (let found = true; found; ) {
      found = false;
      for (const [name, bit] of FLAG_NAMES) {
        if (!scan.takeText(name)) continue;
        flags |= bit;
        found = true;
        scan.skipSpaces();
      }
    }
    // Nothing but the interface follows a segment without flags.
    if (flags === 0 && !scan.isAt(ON_INTERFACE, scan.at)) return;
    batch.tcpFlags[row] = flags;
    if ((flags & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
  }
}

/** `%ASA-6-302013: `, `%ASA-session-5-106100: `: passes it and returns the number, or -1. */
function messageNumber(scan: Scan): number {
  const usual = usualNumber(scan);
  if (usual >= 0) return usual;
  for (let at = scan.at; at < scan.end - 12; at++) {
    if (scan.bytes[at] !== PERCENT) continue;
    const length = productAt(scan, at);
    if (length === 0) continue;
    scan.at = at + length;
    if (isLetter(scan.peek())) scan.at = Math.min(scan.until(HYPHEN) + 1, scan.end);
    if (!isDigit(scan.peek()) || scan.peek(1) !== HYPHEN) return -1;
    scan.at += 2;
    const start = scan.at;
    if (!scan.number() || scan.at - start !== 6) return -1;
    const number = scan.value;
    if (!scan.take(COLON)) return -1;
    scan.skipSpaces();
    return number;
  }
  return -1;
}

/** The same where the cursor is at `%ASA-6-302013: ` exactly; -1 for anything else. */
function usualNumber(scan: Scan): number {
  const { bytes, at, end } = scan;
  // Behind it stands a message, which begins with no blank.
  if (at + TAG_OCTETS >= end || !scan.isAt(ASA, at) || bytes[at + 6] !== HYPHEN) return -1;
  if (!isDigit(bytes[at + 5]!) || bytes[at + 13] !== COLON || bytes[at + 14] !== SPACE) return -1;
  if (bytes[at + 15] === SPACE || bytes[at + 15] === 0x09) return -1;
  let number = 0;
  for (let next = at + 7; next < at + 13; next++) {
    const octet = bytes[next]!;
    if (!isDigit(octet)) return -1;
    number = 10 * number + octet - 0x30;
  }
  scan.at = at + TAG_OCTETS;
  return number;
}

/** Octets of the product's mark at `at`, 0 without one. */
function productAt(scan: Scan, at: number): number {
  for (const product of PRODUCTS) if (scan.isAt(product, at)) return product.length;
  return 0;
}
