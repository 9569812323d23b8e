/**
 * Messages of a Cisco ASA about connections (302013 to 302018, 302020, 302021, 302035 to 302038,
 * 302303 to 302306). A teardown does not say who began, which is remembered from when the
 * connection was built: its number and the host that began, since several devices may write to one
 * log, and some teardowns name the sides the other way round.
 */
import { ALLOW, BY_SOURCE, END, INBOUND, OPEN, OUTBOUND } from '../../model/verdict.ts';
import type { AsaMessage } from './asa-message.ts';
import { BAD_NUMBER, BAD_SHAPE, CUT_OFF, type Line } from './format.ts';
import { RestMemo } from './name-memo.ts';
import { maskOf } from './octet-mask.ts';
import { isDigit, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const TO = octetsOf('to ');
const TYPE = octetsOf('type ');
const CODE = octetsOf('code ');
const FOR = octetsOf('for ');
const FROM = octetsOf('from ');
const CONNECTION = octetsOf('connection ');
const BYTES = octetsOf('bytes ');
const BUILT = octetsOf('Built ');
const INBOUND_WORD = octetsOf('inbound ');
const OUTBOUND_WORD = octetsOf('outbound ');
const FOREIGN = octetsOf('faddr ');
const LOCAL_ADDRESS = octetsOf('laddr ');
const USER_MARK = octetsOf(' (');
/** How nearly all messages about connections begin, of TCP and of UDP, with who began as `said` has it. */
const BEGINNINGS = ['TCP', 'UDP'].map((protocol) =>
  ['Built inbound', 'Built outbound', 'Teardown'].map((word) =>
    maskOf(`${word} ${protocol} connection `),
  ),
);
const BUILT_INBOUND = 0;
const TEARDOWN = 2;
const USUAL_FOR = maskOf(' for ');
const USUAL_TO = maskOf(' to ');
const USUAL_DURATION = maskOf(' duration ');
const USUAL_BYTES = maskOf(' bytes ');
/** What a message says of its connection; one object, filled message after message. */
const said = {
  number: 0,
  built: false,
  /** 1: the first side began, 2: the second did, 0: not said. */
  outbound: 0,
};
/** Connections whose direction is remembered until they end. */
const REMEMBERED = 1 << 18;

/**
 * Remembers connections over lines: one for each reader. `message` is shared with the other parts.
 */
export class AsaConnections {
  private readonly message: AsaMessage;
  private readonly reasons = new RestMemo();
  /** Connection numbers by their low bits; the host that began; and the direction: 1 in, 2 out. */
  private numbers = new Float64Array(0);
  private hosts = new Int32Array(0);
  private directions = new Uint8Array(0);
  /** Of the connection last recalled. */
  private direction = 0;

  constructor(message: AsaMessage) {
    this.message = message;
  }

  /** `Built outbound TCP connection 42 for if:A/p (mapped) to if:B/p (mapped)`, and its teardown. */
  connection(line: Line, protocol: number): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, ALLOW);
    batch.protocol[row] = protocol;
    const fault = this.isUsual(scan, protocol) ? 0 : this.head(line);
    if (fault !== 0) return fault;
    const { built, number } = said;
    batch.event[row] = built ? OPEN : END;
    // The mapped address follows: a port at the end of the line may have lost digits.
    if (built && scan.at >= scan.end) return CUT_OFF;
    if (!built) {
      const ended = this.ending(line, row);
      if (ended !== 0) return ended;
    }
    this.direction = said.outbound;
    if (built) this.remember(number, said.outbound);
    message.orient(line, row, built ? said.outbound : this.recall(number), this.direction);
    return message.finish(line, row);
  }

  /** Reads the message up to and with its second side; 0, or a fault. */
  private head(line: Line): number {
    const { scan } = line;
    const { message } = this;
    said.built = scan.takeText(BUILT);
    said.outbound = 0;
    if (said.built) {
      if (scan.takeText(INBOUND_WORD)) said.outbound = 1;
      else if (scan.takeText(OUTBOUND_WORD)) said.outbound = 2;
      else return this.shape(scan);
    }
    if (!message.seek(scan, CONNECTION)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    said.number = scan.value;
    scan.skipSpaces();
    if (!message.pass(scan, FOR)) return message.fault;
    if (!message.side(line, message.first, true, true)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    return message.side(line, message.second, true, true) ? 0 : message.fault;
  }

  /** The same of a message that has exactly the usual words; the cursor stays when it has not. */
  private isUsual(scan: Scan, protocol: number): boolean {
    if (protocol !== TCP && protocol !== UDP) return false;
    const start = scan.at;
    const beginnings = BEGINNINGS[protocol === TCP ? 0 : 1]!;
    let which = BUILT_INBOUND;
    while (which <= TEARDOWN && !beginnings[which]!.take(scan)) which++;
    const { message } = this;
    if (which <= TEARDOWN && scan.number()) {
      said.number = scan.value;
      said.built = which !== TEARDOWN;
      said.outbound = said.built ? 1 + which : 0;
      if (USUAL_FOR.take(scan) && message.usualSide(scan, message.first)) {
        passMapped(scan);
        if (USUAL_TO.take(scan) && message.usualSide(scan, message.second)) return true;
      }
    }
    scan.at = start;
    return false;
  }

  /** `Built TCP state-bypass connection 42 from if:A/p (mapped) to if:B/p (mapped)`: `from` began. */
  bypassing(line: Line, protocol: number): number {
    const { scan, batch } = line;
    const { message } = this;
    const built = scan.takeText(BUILT);
    const row = message.begin(line, ALLOW);
    batch.event[row] = built ? OPEN : END;
    batch.protocol[row] = protocol;
    batch.initiator[row] = BY_SOURCE;
    if (!message.seek(scan, FROM)) return CUT_OFF;
    if (!message.side(line, message.first, true, true)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.side(line, message.second, true, true)) return message.fault;
    if (built && scan.at >= scan.end) return CUT_OFF;
    const ended = built ? 0 : this.ending(line, row);
    return ended === 0 ? message.finish(line, row) : ended;
  }

  /** `Built inbound GRE connection 42 from if:A (mapped) to if:B/call (mapped/call)`, one way. */
  tunnel(line: Line, protocol: number): number {
    const { scan, batch } = line;
    const { message } = this;
    const built = scan.takeText(BUILT);
    const row = message.begin(line, ALLOW);
    batch.event[row] = built ? OPEN : END;
    batch.protocol[row] = protocol;
    if (built) {
      if (scan.takeText(INBOUND_WORD)) batch.direction[row] = INBOUND;
      else if (scan.takeText(OUTBOUND_WORD)) batch.direction[row] = OUTBOUND;
      else return this.shape(scan);
    }
    if (!message.seek(scan, CONNECTION)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    scan.skipSpaces();
    // Some releases write `for`.
    if (!scan.takeText(FOR) && !message.pass(scan, FROM)) return message.fault;
    if (!message.side(line, message.first, true, false)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.side(line, message.second, true, false)) return message.fault;
    if (built && scan.at >= scan.end) return CUT_OFF;
    // Call ids are no ports.
    message.first.port = message.second.port = -1;
    const ended = built ? 0 : this.ending(line, row);
    return ended === 0 ? message.finish(line, row) : ended;
  }

  /** `duration 0:00:53 bytes 2436 TCP FINs [from outside]`. */
  private ending(line: Line, row: number): number {
    const { scan, batch, names } = line;
    if (!isUsualDuration(scan) && !this.message.seek(scan, BYTES)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.bytes[row] = scan.value;
    const known = this.reasons.find(scan);
    if (known >= 0) {
      batch.reason[row] = known;
      return 0;
    }
    const rest = scan.at;
    scan.skipSpaces();
    let end = scan.end;
    // A user stands last, in parentheses.
    const user = scan.find(USER_MARK, scan.at - 1);
    if (user >= 0) end = user;
    while (end > scan.at && scan.bytes[end - 1] === SPACE) end--;
    if (end > scan.at) batch.reason[row] = names.intern(scan.bytes, scan.at, end);
    // Users are many.
    if (user < 0) this.reasons.keep(scan, rest, batch.reason[row]!);
    return 0;
  }

  /** `Built inbound ICMP connection for faddr A/s gaddr G/t laddr L/t [type T code C]`. */
  icmpConnection(line: Line): number {
    const { scan, batch } = line;
    const { message } = this;
    const built = scan.takeText(BUILT);
    const row = message.begin(line, ALLOW);
    batch.event[row] = built ? OPEN : END;
    let outbound = 0;
    if (built && scan.takeText(INBOUND_WORD)) outbound = 1;
    else if (built && scan.takeText(OUTBOUND_WORD)) outbound = 2;
    if (!message.seek(scan, FOREIGN)) return CUT_OFF;
    if (!message.sideOf(line, message.first, true)) return message.fault;
    if (!message.seek(scan, LOCAL_ADDRESS)) return CUT_OFF;
    if (!message.sideOf(line, message.second, true)) return message.fault;
    batch.protocol[row] = message.first.family === 6 ? ICMPV6 : ICMP;
    message.first.port = message.second.port = -1;
    if (message.seek(scan, TYPE) && scan.numberUpTo(255)) {
      const type = scan.value;
      scan.skipSpaces();
      if (scan.takeText(CODE) && scan.numberUpTo(255)) {
        batch.sourcePort[row] = type;
        batch.destinationPort[row] = scan.value;
      }
    }
    const key = (message.first.word * 31 + message.second.word) >>> 0;
    this.direction = outbound;
    if (built) this.remember(-1 - key, outbound);
    else outbound = this.recall(-1 - key);
    const { sourcePort, destinationPort } = batch;
    const [type, code] = [sourcePort[row]!, destinationPort[row]!];
    message.orient(line, row, outbound, this.direction);
    const done = message.finish(line, row);
    sourcePort[row] = type;
    destinationPort[row] = code;
    return done;
  }

  private remember(number: number, outbound: number): void {
    if (this.numbers.length === 0) {
      this.numbers = new Float64Array(REMEMBERED);
      this.hosts = new Int32Array(REMEMBERED);
      this.directions = new Uint8Array(REMEMBERED);
    }
    const slot = Math.abs(number) & (REMEMBERED - 1);
    const { first, second } = this.message;
    this.numbers[slot] = number;
    this.hosts[slot] = outbound === 2 ? second.word : first.word;
    this.directions[slot] = outbound;
  }

  /** Which side began: 1 the first, 2 the second, 0 not known. Gives `direction` too. */
  private recall(number: number): number {
    const slot = Math.abs(number) & (REMEMBERED - 1);
    const direction = this.directions[slot];
    if (this.numbers[slot] !== number || !direction) return 0;
    this.direction = direction;
    const host = this.hosts[slot];
    const { first, second } = this.message;
    if (first.word === second.word) return host === first.word ? direction : 0;
    if (host === first.word) return 1;
    return host === second.word ? 2 : 0;
  }

  private shape(scan: Scan): number {
    return scan.end - scan.at < OUTBOUND_WORD.length ? CUT_OFF : BAD_SHAPE;
  }
}

/** ` (203.0.113.9/41461)`, if it is next. */
function passMapped(scan: Scan): void {
  const { bytes, at, end } = scan;
  if (at + 1 >= end || bytes[at] !== SPACE || bytes[at + 1] !== OPEN_PAREN) return;
  let behind = at + 2;
  while (behind < end && bytes[behind] !== CLOSE_PAREN) behind++;
  scan.at = Math.min(behind + 1, end);
}

/** Passes ` duration 0:00:53 bytes `; the cursor stays when anything else is next. */
function isUsualDuration(scan: Scan): boolean {
  const start = scan.at;
  if (USUAL_DURATION.take(scan)) {
    const { bytes, end } = scan;
    let { at } = scan;
    while (at < end && (isDigit(bytes[at]!) || bytes[at] === COLON)) at++;
    scan.at = at;
    if (USUAL_BYTES.take(scan)) return true;
  }
  scan.at = start;
  return false;
}
