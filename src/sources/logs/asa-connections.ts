/**
 * Messages of a Cisco ASA about connections (302013 to 302018, 302020, 302021, 302035 to 302038,
 * 302303 to 302306). A teardown does not say who began, which is remembered from when the connection
 * was built: its number and the host that began, since several devices may write to one log, and some
 * teardowns name the sides the other way round.
 */
import { ALLOW, BY_SOURCE, END, INBOUND, OPEN, OUTBOUND } from '../../model/verdict.ts';
import type { AsaMessage } from './asa-message.ts';
import { BAD_NUMBER, BAD_SHAPE, CUT_OFF, type Line } from './format.ts';
import { octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
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
/** Connections whose direction is remembered until they end. */
const REMEMBERED = 1 << 18;

export class AsaConnections {
  private readonly message: AsaMessage;
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
    const built = scan.takeText(BUILT);
    const row = message.begin(line, ALLOW);
    batch.event[row] = built ? OPEN : END;
    batch.protocol[row] = protocol;
    let outbound = 0;
    if (built) {
      if (scan.takeText(INBOUND_WORD)) outbound = 1;
      else if (scan.takeText(OUTBOUND_WORD)) outbound = 2;
      else return this.shape(scan);
    }
    if (!message.seek(scan, CONNECTION)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    const number = scan.value;
    scan.skipSpaces();
    if (!message.pass(scan, FOR)) return message.fault;
    if (!message.side(line, message.first, true, true)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.side(line, message.second, true, true)) return message.fault;
    // The mapped address follows: a port at the end of the line may have lost digits.
    if (built && scan.at >= scan.end) return CUT_OFF;
    if (!built) {
      const ended = this.ending(line, row);
      if (ended !== 0) return ended;
    }
    this.direction = outbound;
    if (built) this.remember(number, outbound);
    else outbound = this.recall(number);
    message.orient(line, row, outbound, this.direction);
    return message.finish(line, row);
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
    if (!this.message.seek(scan, BYTES)) return CUT_OFF;
    if (!scan.number()) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.bytes[row] = scan.value;
    scan.skipSpaces();
    let end = scan.end;
    // A user stands last, in parentheses.
    const user = scan.find(USER_MARK, scan.at - 1);
    if (user >= 0) end = user;
    while (end > scan.at && scan.bytes[end - 1] === SPACE) end--;
    if (end > scan.at) batch.reason[row] = names.intern(scan.bytes, scan.at, end);
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
