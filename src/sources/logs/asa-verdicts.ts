/**
 * Messages of a Cisco ASA about what it refused, or let through, packet by packet: by an access
 * list (106023, 106100), for want of a connection (106015) or of a translation (305005), to the
 * device itself (710003). Only some of them say which way the packet went; the interface is where
 * it came in.
 */
import { ALLOW, BY_SOURCE, DENY, INBOUND } from '../../model/verdict.ts';
import { NO_DESTINATION } from '../../model/verdict-batch.ts';
import { type AsaMessage, isIcmp } from './asa-message.ts';
import { BAD_NUMBER, BAD_SHAPE, CUT_OFF, type Line, READ } from './format.ts';
import { RestMemo } from './name-memo.ts';
import { maskOf } from './octet-mask.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const SPACE = 0x20;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const QUOTE = 0x22;
const FULL_STOP = 0x2e;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
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

/** Shares `message` with the other parts; each method returns an outcome of `format.ts`. */
export class AsaVerdicts {
  private readonly message: AsaMessage;
  private readonly groups = new RestMemo();

  constructor(message: AsaMessage) {
    this.message = message;
  }

  /** `… from A/p to B/p [flags F] [due to DNS …] on interface I`. @param direction as declared */
  denied(line: Line, protocol: number, direction: number): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (protocol < 0) this.protocolAfterDeny(line, row);
    else batch.protocol[row] = protocol;
    batch.direction[row] = direction;
    if (!message.pass(scan, FROM)) return message.fault;
    // 106016 writes the forged source in parentheses.
    const wrapped = scan.take(OPEN_PAREN);
    if (!message.side(line, message.first, false, protocol >= 0)) return message.fault;
    if (wrapped) scan.take(CLOSE_PAREN);
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.side(line, message.second, false, protocol >= 0)) return message.fault;
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
  deniedByGroup(line: Line, grouped: boolean): number {
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
  refused(line: Line): number {
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
  accessList(line: Line): number {
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
    } else if (!hasPorts(batch.protocol[row]!)) message.first.port = message.second.port = -1;
    if (!message.seek(scan, HIT_COUNT)) return CUT_OFF;
    if (!scan.numberUpTo(4e9) || scan.at >= scan.end)
      return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.events[row] = scan.value;
    return message.finish(line, row);
  }

  /** `Denied ICMP type=8, code=0 from A on interface I`, to the device itself; `… to B: …`. */
  deniedIcmp(line: Line, protocol: number): number {
    const { scan, batch, names } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    batch.protocol[row] = protocol;
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
    batch.direction[row] = INBOUND;
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
  strayIcmp(line: Line): number {
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
  toDevice(line: Line, action: number): number {
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
