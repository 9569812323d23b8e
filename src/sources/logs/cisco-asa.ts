/**
 * Cisco ASA, FTD, PIX and FWSM (`%ASA-6-302013: …`), by the syslog message guides. Read are the
 * messages that decide about traffic or report a connection: 106001 106006 106007 106010 106014
 * 106015 106016 106017 106020 106021 106022 106023 106100 106102 302013–302016 302020 302021
 * 313001 313004 313005 313008 710002 710003 710005 710006. Others are counted by number.
 *
 * Traps: “Built outbound” names the server first, as the `to` side began; a teardown does not say
 * who began, which is remembered from when the connection was built; parentheses hold mapped
 * addresses or users; addresses and ports may be names; `%ASA-session-5-…` has a class; 106100
 * counts hits; 106101 says that denied flows are no longer logged.
 */
import { ALLOW, BY_SOURCE, DENY, END, INBOUND, OPEN, OUTBOUND } from '../../model/verdict.ts';
import { BY_NAME, NO_DESTINATION } from '../../model/verdict-batch.ts';
import { formatIPv4, formatIPv6 } from '../../net/address.ts';
import {
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
  UNSAID,
} from './format.ts';
import { hasPorts, PortNames, protocolIn } from './protocol-names.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const PERCENT = 0x25;
const HYPHEN = 0x2d;
const QUOTE = 0x22;

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

const PRODUCTS = ['%ASA-', '%FTD-', '%PIX-', '%FWSM-'].map(octetsOf);
const FROM = octetsOf('from ');
const TO = octetsOf('to ');
const SRC = octetsOf('src ');
const DST = octetsOf('dst ');
const FLAGS = octetsOf('flags ');
const ON_INTERFACE = octetsOf('on interface ');
const ACCESS_GROUP = octetsOf('by access-group ');
const ACCESS_LIST = octetsOf('access-list ');
const DUE_TO = octetsOf('due to ');
const TYPE = octetsOf('type ');
const TYPE_IS = octetsOf('type=');
const CODE = octetsOf('code ');
const CODE_IS = octetsOf('code=');
const FOR = octetsOf('for ');
const FOR_USER = octetsOf('for user ');
const CONNECTION = octetsOf('connection ');
const BYTES = octetsOf('bytes ');
const HIT_COUNT = octetsOf('hit-cnt ');
const ARROW = octetsOf('-> ');
const BUILT = octetsOf('Built ');
const INBOUND_WORD = octetsOf('inbound ');
const OUTBOUND_WORD = octetsOf('outbound ');
const FOREIGN = octetsOf('faddr ');
const LOCAL_ADDRESS = octetsOf('laddr ');
const PERMITTED = octetsOf('permitted ');
const DENIED = octetsOf('denied ');
const ESTABLISHED = octetsOf('est-allowed ');
const PROTOCOL_WORD = octetsOf('protocol ');
const DENY_WORD = octetsOf('Deny ');
const FLAG_NAMES: readonly (readonly [Uint8Array, number])[] = [
  [octetsOf('FIN'), 1],
  [octetsOf('SYN'), 2],
  [octetsOf('RST'), 4],
  [octetsOf('PSH'), 8],
  [octetsOf('ACK'), 16],
  [octetsOf('URG'), 32],
];

/** Connections whose direction is remembered until they end. */
const REMEMBERED = 1 << 18;

/** An endpoint as messages write it; one object for each side. */
interface Side {
  family: number;
  word: number;
  port: number;
  /** The interface's name in the line. */
  nameStart: number;
  nameEnd: number;
}

const newSide = (): Side => ({ family: 0, word: 0, port: -1, nameStart: 0, nameEnd: 0 });

export class CiscoAsa implements LogFormat {
  readonly name = 'cisco-asa';
  private readonly first = newSide();
  private readonly second = newSide();
  private ports: PortNames | undefined;
  /** Connection numbers by their low bits, and whether the `to` side began: 1 no, 2 yes. */
  private numbers = new Float64Array(0);
  private began = new Uint8Array(0);
  private fault = 0;

  read(line: Line): number {
    const { scan } = line;
    const number = messageNumber(scan);
    if (number < 0) return OTHER;
    this.ports ??= new PortNames(line.names);
    this.fault = 0;
    this.first.nameEnd = this.first.nameStart = this.second.nameEnd = this.second.nameStart = 0;
    switch (number) {
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
      case 106010:
      case 106014:
      case 106023:
        return this.deniedByGroup(line, number === 106023);
      case 106100:
      case 106102:
        return this.accessList(line);
      case 106101:
        line.label = 'cached deny-flows reached their limit';
        line.missed = Number.NaN;
        return GAP;
      case 302013:
      case 302014:
        return this.connection(line, TCP);
      case 302015:
      case 302016:
        return this.connection(line, UDP);
      case 302020:
      case 302021:
        return this.icmpConnection(line);
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
      default:
        line.label = String(number);
        return SILENT;
    }
  }

  /** Connections that were built are too many to write down. */
  state(): string {
    return this.numbers.length === 0 ? '' : UNSAID;
  }

  /** `… from A/p to B/p [flags F] [due to DNS …] on interface I`. */
  private denied(line: Line, protocol: number, withInterface: boolean): number {
    const { scan, batch } = line;
    const row = this.begin(line, DENY);
    if (protocol < 0) this.protocolAfterDeny(line, row);
    else batch.protocol[row] = protocol;
    batch.direction[row] = INBOUND;
    if (!this.pass(scan, FROM)) return this.fault;
    // 106016 writes the forged source in parentheses.
    const wrapped = scan.take(OPEN_PAREN);
    if (!this.side(line, this.first, withInterface, protocol >= 0)) return this.fault;
    if (wrapped) scan.take(CLOSE_PAREN);
    if (!this.pass(scan, TO)) return this.fault;
    if (!this.side(line, this.second, withInterface, protocol >= 0)) return this.fault;
    const from = scan.at;
    if (protocol === TCP && this.seek(scan, FLAGS)) this.flags(line, row);
    scan.at = from;
    if (this.seek(scan, DUE_TO)) {
      const end = scan.find(ON_INTERFACE);
      const stop = end < 0 ? scan.end : end - 1;
      batch.reason[row] = line.names.intern(scan.bytes, scan.at, stop);
    }
    scan.at = from;
    if (this.seek(scan, ON_INTERFACE)) {
      batch.inInterface[row] = line.names.intern(scan.bytes, scan.at, scan.until(SPACE));
    } else if (protocol === TCP || (protocol === UDP && batch.reason[row] === 0)) return CUT_OFF;
    return this.finish(line, row);
  }

  /** `Deny tcp src outside:A/p dst inside:B/p [(type 8, code 0)] [by access-group "X"]`. */
  private deniedByGroup(line: Line, grouped: boolean): number {
    const { scan, batch } = line;
    const row = this.begin(line, DENY);
    if (!this.pass(scan, DENY_WORD)) return this.fault;
    if (scan.takeText(INBOUND_WORD)) batch.direction[row] = INBOUND;
    this.protocolAt(line, row);
    if (this.fault !== 0 || !this.pass(scan, SRC)) return this.fault || BAD_SHAPE;
    const ports = hasPorts(batch.protocol[row]!);
    if (!this.side(line, this.first, true, ports)) return this.fault;
    if (!this.pass(scan, DST)) return this.fault;
    if (!this.side(line, this.second, true, ports)) return this.fault;
    if (isIcmp(batch.protocol[row]!) && !this.icmpType(line, row)) return this.fault;
    if (this.seek(scan, ACCESS_GROUP)) {
      if (!scan.take(QUOTE)) return scan.at >= scan.end ? CUT_OFF : BAD_SHAPE;
      const end = scan.until(QUOTE);
      if (end === scan.end) return CUT_OFF;
      batch.rule[row] = line.names.intern(scan.bytes, scan.at, end);
    } else if (grouped) return CUT_OFF;
    // An ICMP error answers something.
    if (ports) batch.initiator[row] = BY_SOURCE;
    return this.finish(line, row);
  }

  /** `access-list X denied tcp outside/A(p) -> inside/B(p) hit-cnt N first hit`. */
  private accessList(line: Line): number {
    const { scan, batch, names } = line;
    const row = this.begin(line, 0);
    if (!this.pass(scan, ACCESS_LIST)) return this.fault;
    const end = scan.until(SPACE);
    batch.rule[row] = names.intern(scan.bytes, scan.at, end);
    scan.at = Math.min(end + 1, scan.end);
    if (scan.takeText(DENIED)) batch.action[row] = DENY;
    else if (scan.takeText(PERMITTED) || scan.takeText(ESTABLISHED)) batch.action[row] = ALLOW;
    else return scan.end - scan.at < ESTABLISHED.length ? CUT_OFF : BAD_SHAPE;
    this.protocolAt(line, row);
    if (this.fault !== 0) return this.fault;
    if (scan.takeText(FOR_USER)) scan.at = Math.min(scan.until(SPACE) + 1, scan.end);
    if (!this.listSide(line, this.first)) return this.fault;
    if (!this.pass(scan, ARROW)) return this.fault;
    if (!this.listSide(line, this.second)) return this.fault;
    if (isIcmp(batch.protocol[row]!)) {
      // The parentheses of ICMP hold type and code.
      if (this.first.port > 255 || this.second.port > 255) return BAD_NUMBER;
    }
    if (!this.seek(scan, HIT_COUNT)) return CUT_OFF;
    if (!scan.numberUpTo(4e9) || scan.at >= scan.end)
      return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.events[row] = scan.value;
    return this.finish(line, row);
  }

  /** `Built outbound TCP connection 42 for if:A/p (mapped) to if:B/p (mapped)`, and its teardown. */
  private connection(line: Line, protocol: number): number {
    const { scan, batch } = line;
    const built = scan.takeText(BUILT);
    const row = this.begin(line, ALLOW);
    batch.event[row] = built ? OPEN : END;
    batch.protocol[row] = protocol;
    let outbound = 0;
    if (built) {
      if (scan.takeText(INBOUND_WORD)) outbound = 1;
      else if (scan.takeText(OUTBOUND_WORD)) outbound = 2;
      else return this.shape(scan);
    }
    if (!this.seek(scan, CONNECTION)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    const number = scan.value;
    scan.skipSpaces();
    if (!this.pass(scan, FOR)) return this.fault;
    if (!this.side(line, this.first, true, true)) return this.fault;
    if (!this.pass(scan, TO)) return this.fault;
    if (!this.side(line, this.second, true, true)) return this.fault;
    // The mapped address follows: a port at the end of the line may have lost digits.
    if (built && scan.at >= scan.end) return CUT_OFF;
    if (!built) {
      const ended = this.ending(line, row);
      if (ended !== 0) return ended;
    }
    if (built) this.remember(number, outbound);
    else outbound = this.recall(number);
    this.orient(line, row, outbound);
    return this.finish(line, row);
  }

  /** `duration 0:00:53 bytes 2436 TCP FINs [from outside]`. */
  private ending(line: Line, row: number): number {
    const { scan, batch, names } = line;
    if (!this.seek(scan, BYTES)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.bytes[row] = scan.value;
    scan.skipSpaces();
    let end = scan.end;
    // A user stands last, in parentheses.
    const user = scan.find(USER_MARK);
    if (user >= 0) end = user;
    while (end > scan.at && scan.bytes[end - 1] === SPACE) end--;
    if (end > scan.at) batch.reason[row] = names.intern(scan.bytes, scan.at, end);
    return 0;
  }

  /** `Built inbound ICMP connection for faddr A/s gaddr G/t laddr L/t [type T code C]`. */
  private icmpConnection(line: Line): number {
    const { scan, batch } = line;
    const built = scan.takeText(BUILT);
    const row = this.begin(line, ALLOW);
    batch.event[row] = built ? OPEN : END;
    let outbound = 0;
    if (built && scan.takeText(INBOUND_WORD)) outbound = 1;
    else if (built && scan.takeText(OUTBOUND_WORD)) outbound = 2;
    if (!this.seek(scan, FOREIGN)) return CUT_OFF;
    if (!this.side(line, this.first, false, true)) return this.fault;
    if (!this.seek(scan, LOCAL_ADDRESS)) return CUT_OFF;
    if (!this.side(line, this.second, false, true)) return this.fault;
    batch.protocol[row] = this.first.family === 6 ? ICMPV6 : ICMP;
    this.first.port = this.second.port = -1;
    if (this.seek(scan, TYPE) && scan.numberUpTo(255)) {
      const type = scan.value;
      scan.skipSpaces();
      if (scan.takeText(CODE) && scan.numberUpTo(255)) {
        batch.sourcePort[row] = type;
        batch.destinationPort[row] = scan.value;
      }
    }
    const key = (this.first.word * 31 + this.second.word) >>> 0;
    if (built) this.remember(-1 - key, outbound);
    else outbound = this.recall(-1 - key);
    const { sourcePort, destinationPort } = batch;
    const [type, code] = [sourcePort[row]!, destinationPort[row]!];
    this.orient(line, row, outbound);
    const done = this.finish(line, row);
    sourcePort[row] = type;
    destinationPort[row] = code;
    return done;
  }

  /** `Denied ICMP type=8, code=0 from A on interface I [to B …]`: to the device itself. */
  private deniedIcmp(line: Line, protocol: number): number {
    const { scan, batch, names } = line;
    const row = this.begin(line, DENY);
    batch.protocol[row] = protocol;
    batch.direction[row] = INBOUND;
    if (!this.seek(scan, TYPE_IS)) return CUT_OFF;
    if (!scan.numberUpTo(255)) return BAD_NUMBER;
    const type = scan.value;
    let code = -1;
    if (this.seek(scan, CODE_IS)) {
      if (!scan.numberUpTo(255)) return BAD_NUMBER;
      code = scan.value;
    }
    if (!this.seek(scan, FROM)) return CUT_OFF;
    scan.takeText(LOCAL_ADDRESS); // as 313004 has it
    if (!this.side(line, this.first, false, false)) return this.fault;
    if (!this.seek(scan, ON_INTERFACE)) return CUT_OFF;
    const end = scan.until(SPACE);
    batch.inInterface[row] = names.intern(scan.bytes, scan.at, end);
    scan.at = end;
    if (this.seek(scan, TO) && this.side(line, this.second, false, false)) {
      const done = this.finish(line, row);
      batch.sourcePort[row] = type;
      batch.destinationPort[row] = code;
      return done;
    }
    const { first } = this;
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
    const row = this.begin(line, DENY);
    batch.protocol[row] = ICMP;
    if (!this.seek(scan, SRC)) return CUT_OFF;
    if (!this.side(line, this.first, true, false)) return this.fault;
    if (!this.pass(scan, DST)) return this.fault;
    if (!this.side(line, this.second, true, false)) return this.fault;
    if (!this.icmpType(line, row)) return this.fault;
    if (this.first.family === 6) batch.protocol[row] = ICMPV6;
    return this.finish(line, row);
  }

  /** `TCP access denied by ACL from A/p to outside:B/22`. */
  private toDevice(line: Line, action: number): number {
    const { scan, batch } = line;
    const row = this.begin(line, action);
    this.protocolAt(line, row);
    if (this.fault !== 0) return this.fault;
    batch.direction[row] = INBOUND;
    batch.initiator[row] = BY_SOURCE;
    const ports = hasPorts(batch.protocol[row]!);
    if (!this.seek(scan, FROM)) return CUT_OFF;
    if (!this.side(line, this.first, false, ports)) return this.fault;
    if (!this.pass(scan, TO)) return this.fault;
    if (!this.side(line, this.second, true, ports)) return this.fault;
    const { second } = this;
    // The interface is the one it came in by, not one it leaves by.
    batch.inInterface[row] = line.names.intern(scan.bytes, second.nameStart, second.nameEnd);
    second.nameEnd = second.nameStart;
    return this.finish(line, row);
  }

  private begin({ batch }: Line, action: number): number {
    const row = batch.begin();
    batch.action[row] = action;
    return row;
  }

  /** Copies both sides into the row and commits it. */
  private finish(line: Line, row: number): number {
    const { batch, scan, names } = line;
    const { first, second } = this;
    if (first.family !== second.family && first.family !== BY_NAME && second.family !== BY_NAME) {
      return BAD_ADDRESS;
    }
    const named = first.family === BY_NAME || second.family === BY_NAME;
    batch.family[row] = named ? BY_NAME : first.family;
    batch.source[row] = named ? this.hostName(line, first) : first.word;
    batch.destination[row] = named ? this.hostName(line, second) : second.word;
    if (batch.sourcePort[row]! < 0) batch.sourcePort[row] = first.port;
    if (batch.destinationPort[row]! < 0) batch.destinationPort[row] = second.port;
    if (first.nameEnd > first.nameStart) {
      batch.inInterface[row] = names.intern(scan.bytes, first.nameStart, first.nameEnd);
    }
    if (second.nameEnd > second.nameStart) {
      batch.outInterface[row] = names.intern(scan.bytes, second.nameStart, second.nameEnd);
    }
    batch.commit();
    return READ;
  }

  /** Number of the name that stands for a side where the other one has a name. */
  private hostName({ names, addresses }: Line, side: Side): number {
    if (side.family === BY_NAME) return side.word;
    return names.internText(
      side.family === 4 ? formatIPv4(side.word) : formatIPv6(addresses.words, 4 * side.word),
    );
  }

  /** Puts the side that began first. `outbound`: 1 the first did, 2 the second, 0 not known. */
  private orient({ batch }: Line, row: number, outbound: number): void {
    if (outbound === 0) return;
    batch.initiator[row] = BY_SOURCE;
    batch.direction[row] = outbound === 2 ? OUTBOUND : INBOUND;
    if (outbound !== 2) return;
    const { first, second } = this;
    const kept = { ...first };
    Object.assign(first, second);
    Object.assign(second, kept);
  }

  private remember(number: number, outbound: number): void {
    if (this.numbers.length === 0) {
      this.numbers = new Float64Array(REMEMBERED);
      this.began = new Uint8Array(REMEMBERED);
    }
    const slot = Math.abs(number) & (REMEMBERED - 1);
    this.numbers[slot] = number;
    this.began[slot] = outbound;
  }

  private recall(number: number): number {
    const slot = Math.abs(number) & (REMEMBERED - 1);
    return this.numbers[slot] === number ? this.began[slot]! : 0;
  }

  /** Passes `text`, blanks before it, and a user in parentheses. */
  private pass(scan: Scan, text: Uint8Array): boolean {
    scan.skipSpaces();
    if (scan.takeText(text)) return true;
    while (scan.peek() === OPEN_PAREN) {
      const end = scan.until(CLOSE_PAREN);
      scan.at = Math.min(end + 1, scan.end);
      scan.skipSpaces();
    }
    if (scan.takeText(text)) return true;
    const found = scan.find(text);
    if (found < 0) {
      this.fault = scan.end - scan.at <= text.length ? CUT_OFF : BAD_SHAPE;
      return false;
    }
    // Only the head of the message may stand in between, such as `Deny TCP (no connection) `.
    if (found - scan.at > LONGEST_BETWEEN) {
      this.fault = BAD_SHAPE;
      return false;
    }
    scan.at = found + text.length;
    return true;
  }

  private shape(scan: Scan): number {
    return scan.end - scan.at < OUTBOUND_WORD.length ? CUT_OFF : BAD_SHAPE;
  }

  /** Moves behind the next `text`, if there is one. */
  private seek(scan: Scan, text: Uint8Array): boolean {
    const found = scan.find(text);
    if (found < 0) return false;
    scan.at = found + text.length;
    return true;
  }

  /** `[interface:]address[/port]`. */
  private side(line: Line, side: Side, withInterface: boolean, withPort: boolean): boolean {
    const { scan } = line;
    const start = scan.at;
    const stop = tokenEnd(scan, start);
    side.nameStart = side.nameEnd = start;
    side.port = -1;
    if (withInterface) {
      let colon = start;
      while (colon < stop && scan.bytes[colon] !== COLON) colon++;
      if (colon < stop) {
        side.nameEnd = colon;
        scan.at = colon + 1;
      }
    }
    if (!this.host(line, side, stop)) return false;
    if (!scan.take(SLASH)) {
      if (!withPort) return true;
      this.fault = scan.at >= scan.end ? CUT_OFF : BAD_PORT;
      return false;
    }
    return this.port(line, side, tokenEnd(scan, scan.at));
  }

  /** `interface/address(port)`. */
  private listSide(line: Line, side: Side): boolean {
    const { scan } = line;
    const start = scan.at;
    const slash = scan.until(SLASH);
    if (slash === scan.end) {
      this.fault = CUT_OFF;
      return false;
    }
    side.nameStart = start;
    side.nameEnd = slash;
    side.port = -1;
    scan.at = slash + 1;
    if (!this.host(line, side, tokenEnd(scan, scan.at))) return false;
    if (!scan.take(OPEN_PAREN)) {
      this.fault = scan.at >= scan.end ? CUT_OFF : BAD_PORT;
      return false;
    }
    const end = scan.until(CLOSE_PAREN);
    if (end === scan.end) {
      this.fault = CUT_OFF;
      return false;
    }
    if (!this.port(line, side, end)) return false;
    scan.at = end + 1;
    return true;
  }

  /** An address, or a name where the device was told to write names. */
  private host(line: Line, side: Side, stop: number): boolean {
    const { scan, names } = line;
    const start = scan.at;
    if (scan.address() && scan.at <= stop && endsHost(scan)) {
      side.family = scan.family;
      side.word = scan.value;
      return true;
    }
    scan.at = start;
    let end = start;
    while (end < stop && scan.bytes[end] !== SLASH && scan.bytes[end] !== OPEN_PAREN) end++;
    // A name has a letter first; what begins with a digit is a broken address.
    if (end === start || end === scan.end || !isLetter(scan.bytes[start]!)) {
      this.fault = end >= scan.end ? CUT_OFF : BAD_ADDRESS;
      return false;
    }
    side.family = BY_NAME;
    side.word = names.intern(scan.bytes, start, end);
    scan.at = end;
    return true;
  }

  private port(line: Line, side: Side, end: number): boolean {
    const { scan } = line;
    const start = scan.at;
    if (isDigit(scan.peek())) {
      if (scan.number() && scan.at === end && scan.value <= 65_535) {
        side.port = scan.value;
        return true;
      }
    } else if (end > start) {
      side.port = this.ports!.of(scan.bytes, start, end);
      scan.at = end;
      if (side.port >= 0) return true;
    }
    this.fault = end >= scan.end ? CUT_OFF : BAD_PORT;
    return false;
  }

  /** The protocol that is the next word, or two: `protocol 0`. */
  private protocolAt(line: Line, row: number): void {
    const { scan, batch } = line;
    scan.takeText(PROTOCOL_WORD);
    const end = scan.until(SPACE);
    const protocol = protocolIn(scan, scan.at, end);
    if (protocol === -2) this.fault = end === scan.end ? CUT_OFF : BAD_NUMBER;
    batch.protocol[row] = Math.max(-1, protocol);
    scan.at = Math.min(end + 1, scan.end);
  }

  /** `Deny tcp reverse path check`, `Deny IP spoof`. */
  private protocolAfterDeny(line: Line, row: number): void {
    const { scan, batch } = line;
    if (!scan.takeText(DENY_WORD)) return;
    const protocol = protocolIn(scan, scan.at, scan.until(SPACE));
    if (protocol >= 0) batch.protocol[row] = protocol;
  }

  private icmpType(line: Line, row: number): boolean {
    const { scan, batch } = line;
    if (!this.seek(scan, TYPE)) {
      this.fault = CUT_OFF;
      return false;
    }
    if (!scan.numberUpTo(255)) {
      this.fault = scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
      return false;
    }
    batch.sourcePort[row] = scan.value;
    if (!this.seek(scan, CODE) || !scan.numberUpTo(255)) {
      this.fault = CUT_OFF;
      return false;
    }
    batch.destinationPort[row] = scan.value;
    return true;
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
    batch.tcpFlags[row] = flags;
    if ((flags & 0x12) === 2) batch.initiator[row] = BY_SOURCE;
  }
}

/** What may stand between the words of a message that are looked for. */
const LONGEST_BETWEEN = 80;
const USER_MARK = octetsOf(' (');

/** `%ASA-6-302013: `, `%ASA-session-5-106100: `: passes it and returns the number, or -1. */
function messageNumber(scan: Scan): number {
  for (let at = scan.at; at < scan.end - 12; at++) {
    if (scan.bytes[at] !== PERCENT) continue;
    const product = PRODUCTS.find((each) => scan.isAt(each, at));
    if (product === undefined) continue;
    scan.at = at + product.length;
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

/** Where a word ends: a blank, a comma, a parenthesis. */
function tokenEnd({ bytes, end }: Scan, start: number): number {
  let at = start;
  while (at < end) {
    const octet = bytes[at]!;
    if (octet === SPACE || octet === OPEN_PAREN || octet === CLOSE_PAREN || octet === 0x2c) break;
    at++;
  }
  return at;
}

function endsHost(scan: Scan): boolean {
  const next = scan.peek();
  return (
    next === SLASH ||
    next === SPACE ||
    next === OPEN_PAREN ||
    next === CLOSE_PAREN ||
    next === COLON ||
    next === 0x2c ||
    next === -1
  );
}

function isIcmp(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}
