/**
 * What the messages of a Cisco ASA have in common: words that are looked for, two sides that each
 * have an interface, an address or a name, and a port; and how both come into a row.
 */
import { BY_SOURCE, INBOUND, OUTBOUND } from '../../model/verdict.ts';
import { BY_NAME } from '../../model/verdict-batch.ts';
import { formatIPv4, formatIPv6 } from '../../net/address.ts';
import {
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  CUT_OFF,
  type Line,
  READ,
} from './format.ts';
import { NameMemo } from './name-memo.ts';
import { PortNames, protocolIn } from './protocol-names.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const ICMP = 1;
const ICMPV6 = 58;
const IDENTITY = octetsOf('NP Identity Ifc');
const PROTOCOL_WORD = octetsOf('protocol ');
const TYPE = octetsOf('type ');
const CODE = octetsOf('code ');
/** What may stand between the words of a message that are looked for. */
const LONGEST_BETWEEN = 80;

/** An endpoint as messages write it; one object for each side. */
interface Side {
  family: number;
  word: number;
  port: number;
  /** Number of the interface's name, 0 without. */
  name: number;
}

const newSide = (): Side => ({ family: 0, word: 0, port: -1, name: 0 });

/** `first` and `second` are of the message under way; a step that fails says why in `fault`. */
export class AsaMessage {
  first = newSide();
  second = newSide();
  /** Why the last step failed: an outcome. */
  fault = 0;
  private ports: PortNames | undefined;
  private readonly interfaces = new NameMemo();

  /** Begins a message. */
  clear(line: Line): void {
    this.ports ??= new PortNames(line.names);
    this.fault = 0;
    this.first.name = this.second.name = 0;
  }

  begin({ batch }: Line, action: number): number {
    const row = batch.begin();
    batch.action[row] = action;
    return row;
  }

  /** Copies both sides into the row and commits it. */
  finish(line: Line, row: number): number {
    const { batch } = line;
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
    if (first.name !== 0) batch.inInterface[row] = first.name;
    if (second.name !== 0) batch.outInterface[row] = second.name;
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

  /**
   * Puts the side that began first.
   * @param side 1 the first did, 2 the second, 0 not known; @param direction 1 inbound, 2 outbound
   */
  orient({ batch }: Line, row: number, side: number, direction: number): void {
    if (side === 0) return;
    batch.initiator[row] = BY_SOURCE;
    batch.direction[row] = direction === 2 ? OUTBOUND : INBOUND;
    if (side !== 2) return;
    const { first } = this;
    this.first = this.second;
    this.second = first;
  }

  /** Passes `text`, blanks before it, and a user in parentheses. */
  pass(scan: Scan, text: Uint8Array): boolean {
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

  /** Moves behind the next `text`, if there is one. */
  seek(scan: Scan, text: Uint8Array): boolean {
    const found = scan.find(text);
    if (found < 0) return false;
    scan.at = found + text.length;
    return true;
  }

  /** `[interface:]address[/port]`; without `withPort` there may be one all the same. */
  side(line: Line, side: Side, withInterface: boolean, withPort: boolean): boolean {
    const { scan } = line;
    side.port = -1;
    side.name = withInterface ? this.interfaceAt(line) : 0;
    return withPort && usual(scan, side) ? true : this.anySide(line, side, withPort);
  }

  /** The same with a port, where the interface was met before; the cursor stays when it is not so. */
  usualSide(scan: Scan, side: Side): boolean {
    const start = scan.at;
    const name = this.interfaces.take(scan);
    if (name >= 0 && usual(scan, side)) {
      side.name = name;
      return true;
    }
    scan.at = start;
    return false;
  }

  /** As `side`, where only some messages or releases write an interface. */
  sideOf(line: Line, side: Side, withPort: boolean): boolean {
    const { scan } = line;
    const { at } = scan;
    const isAddress = scan.address();
    scan.at = at;
    return this.side(line, side, !isAddress, withPort);
  }

  /** Passes `interface:`; its number, 0 without one. */
  private interfaceAt({ scan, names }: Line): number {
    const known = this.interfaces.take(scan);
    if (known >= 0) return known;
    const { bytes, end } = scan;
    const start = scan.at;
    // The device itself, the only name with blanks.
    let at = scan.isAt(IDENTITY, start) ? start + IDENTITY.length : start;
    while (at < end && bytes[at] !== COLON && !endsToken(bytes[at]!)) at++;
    if (at >= end || bytes[at] !== COLON) return 0;
    scan.at = at + 1;
    return this.interfaces.keep(names, bytes, start, at);
  }

  /** What stands behind the interface, in any of its forms. */
  private anySide(line: Line, side: Side, withPort: boolean): boolean {
    const { scan } = line;
    if (!this.host(line, side, tokenEnd(scan, scan.at))) return false;
    if (!scan.take(SLASH)) {
      if (!withPort) return true;
      this.fault = scan.at >= scan.end ? CUT_OFF : BAD_PORT;
      return false;
    }
    return this.port(line, side, tokenEnd(scan, scan.at));
  }

  /** `interface/address(port)`. */
  listSide(line: Line, side: Side): boolean {
    const { scan } = line;
    const start = scan.at;
    const slash = scan.until(SLASH);
    if (slash === scan.end) {
      this.fault = CUT_OFF;
      return false;
    }
    side.name = line.names.intern(scan.bytes, start, slash);
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
  protocolAt(line: Line, row: number): void {
    const { scan, batch } = line;
    scan.takeText(PROTOCOL_WORD);
    const end = scan.until(SPACE);
    const protocol = protocolIn(scan, scan.at, end);
    if (protocol === -2) this.fault = end === scan.end ? CUT_OFF : BAD_NUMBER;
    batch.protocol[row] = Math.max(-1, protocol);
    scan.at = Math.min(end + 1, scan.end);
  }

  icmpType(line: Line, row: number): boolean {
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
}

export function isIcmp(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}

/** An IPv4 address, a slash and a port by number; the cursor stays when it is anything else. */
function usual(scan: Scan, side: Side): boolean {
  const start = scan.at;
  if (scan.ipv4() && scan.bytes[scan.at] === SLASH) {
    const address = scan.value;
    scan.at++;
    const whole = scan.number() && scan.value <= 65_535;
    if (whole && (scan.at >= scan.end || endsToken(scan.bytes[scan.at]!))) {
      side.family = 4;
      side.word = address;
      side.port = scan.value;
      return true;
    }
  }
  scan.at = start;
  return false;
}

/** A blank, a comma, a semicolon, a parenthesis. */
function endsToken(octet: number): boolean {
  return (
    octet === SPACE ||
    octet === OPEN_PAREN ||
    octet === CLOSE_PAREN ||
    octet === 0x2c ||
    octet === 0x3b
  );
}

/** Where a word ends. */
function tokenEnd({ bytes, end }: Scan, start: number): number {
  let at = start;
  while (at < end && !endsToken(bytes[at]!)) at++;
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
