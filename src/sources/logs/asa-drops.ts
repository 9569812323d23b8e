/**
 * Messages of a Cisco ASA about packets that it dropped for another reason than an access list: no
 * route (110002, 110003), a limit (201010 to 201013), no address left to translate to (202010), a
 * fragment (209003 to 209005), a module (420001, 420002, 434001, 434002), an inspection (313009,
 * 410001, 419001), a host that is shunned (401004), the botnet filter (338005 to 338008, 338203,
 * 338204), and old releases' outbound lists (106002, 106018).
 *
 * Traps: what the botnet filter only monitors has its connection's own messages; a limit of
 * connections does not say of which protocol; of outbound lists ports stand behind a blank.
 */
import { BY_SOURCE, DENY } from '../../model/verdict.ts';
import type { AsaMessage } from './asa-message.ts';
import { BAD_NUMBER, BAD_PORT, BAD_SHAPE, CUT_OFF, type Line } from './format.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import { octetsOf } from './scan.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const FROM = octetsOf('from ');
const TO = octetsOf('to ');
const FOR = octetsOf(' for ');
const UNABLE = octetsOf('Unable to create ');
const TO_DROP = octetsOf('requested to drop ');
const DROPPING = octetsOf('ropping ');
const LISTED = octetsOf('listed ');
const ON_INTERFACE = octetsOf('on interface ');
const PACKET = octetsOf('packet: ');
const ARROW = octetsOf('==> ');
const EQUALS = octetsOf('= ');
const SOURCE = octetsOf('src = ');
const DESTINATION = octetsOf('dest = ');
const PROTOCOL = octetsOf('proto = ');
const ICMP_CODE = octetsOf('ICMP code ');
const ICMP_TYPE = octetsOf('ICMP type ');
const PACKET_TYPE = octetsOf('packet type ');
const LIST = octetsOf('outbound list ');
const LIST_SOURCE = octetsOf('src ');
const LIST_DESTINATION = octetsOf('dest ');

/** How a message is built. */
interface Shape {
  /** The protocol stands behind these words; where there are none it is `protocol`. */
  readonly words?: Uint8Array;
  readonly protocol?: number;
  /** The second side ends the message: otherwise its port may have lost digits at the end. */
  readonly isEnd?: boolean;
}

/** Shares `message` with the other parts. */
export class AsaDrops {
  private readonly message: AsaMessage;

  constructor(message: AsaMessage) {
    this.message = message;
  }

  /** Reads the message with this number; undefined for others. */
  read(line: Line, number: number): number | undefined {
    switch (number) {
      case 106002:
      case 106018:
        return this.outboundList(line, number === 106018);
      case 110002:
      case 110003:
        return this.between(line, { words: FOR, isEnd: true });
      // What is embryonic is a connection of TCP.
      case 201010:
      case 201012:
        return this.between(line, { protocol: TCP });
      case 201011:
      case 201013:
        return this.between(line, {});
      case 202010:
        return this.between(line, { words: UNABLE, isEnd: true });
      case 209003:
      case 209004:
      case 209005:
        return this.fragment(line);
      case 313009:
        return this.invalidIcmp(line);
      case 338005:
      case 338006:
      case 338007:
      case 338008:
      case 338203:
      case 338204:
        return this.between(line, { words: LISTED });
      case 401004:
        return this.shunned(line);
      case 410001:
        return this.between(line, { protocol: UDP });
      case 419001:
        return this.between(line, { words: DROPPING });
      case 420001:
      case 434001:
        return this.between(line, { words: DROPPING, isEnd: true });
      case 420002:
      case 434002:
        return this.between(line, { words: TO_DROP, isEnd: true });
      default:
        return undefined;
    }
  }

  /** `… WORDS tcp … from [if:]A/p to [if:]B/p [on interface I]`. */
  private between(line: Line, { words, protocol = -1, isEnd = false }: Shape): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    batch.protocol[row] = protocol;
    if (words !== undefined) {
      if (!message.seek(scan, words)) return CUT_OFF;
      message.protocolAt(line, row);
      if (message.fault !== 0) return message.fault;
    }
    if (!message.seek(scan, FROM)) return CUT_OFF;
    const ports = hasPorts(batch.protocol[row]!);
    if (!message.sideOf(line, message.first, ports)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.sideOf(line, message.second, ports)) return message.fault;
    if (!isEnd && scan.at >= scan.end) return CUT_OFF;
    if (ports) batch.initiator[row] = BY_SOURCE;
    else message.first.port = message.second.port = -1;
    if (message.seek(scan, ON_INTERFACE)) {
      batch.inInterface[row] = line.names.intern(scan.bytes, scan.at, scan.until(SPACE));
    }
    return message.finish(line, row);
  }

  /** `… src = A, dest = B, proto = UDP, id = 1`. */
  private fragment(line: Line): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (!message.seek(scan, SOURCE)) return CUT_OFF;
    if (!message.side(line, message.first, false, false)) return message.fault;
    if (!message.seek(scan, DESTINATION)) return CUT_OFF;
    if (!message.side(line, message.second, false, false)) return message.fault;
    if (!message.seek(scan, PROTOCOL)) return CUT_OFF;
    const end = scan.until(COMMA);
    if (end === scan.end) return CUT_OFF;
    const protocol = protocolIn(scan, scan.at, end);
    if (protocol === -2) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    return message.finish(line, row);
  }

  /** `Denied invalid ICMP code 9, for if:A/0 (…) to if:B/0 (…), ICMP id 1, ICMP type 8`. */
  private invalidIcmp(line: Line): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (!message.seek(scan, ICMP_CODE)) return CUT_OFF;
    if (!scan.numberUpTo(255)) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.destinationPort[row] = scan.value;
    if (!message.seek(scan, FOR)) return CUT_OFF;
    if (!message.sideOf(line, message.first, false)) return message.fault;
    if (!message.pass(scan, TO)) return message.fault;
    if (!message.sideOf(line, message.second, false)) return message.fault;
    if (!message.seek(scan, ICMP_TYPE)) return CUT_OFF;
    if (!scan.numberUpTo(255)) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
    batch.sourcePort[row] = scan.value;
    batch.protocol[row] = message.first.family === 6 ? ICMPV6 : ICMP;
    return message.finish(line, row);
  }

  /** `Shunned packet: A ==> B on interface I`; the guide has `=` for the arrow. */
  private shunned(line: Line): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    if (!message.seek(scan, PACKET)) return CUT_OFF;
    if (!message.side(line, message.first, false, false)) return message.fault;
    scan.skipSpaces();
    if (!scan.takeText(ARROW) && !scan.takeText(EQUALS)) {
      return scan.end - scan.at < ARROW.length ? CUT_OFF : BAD_SHAPE;
    }
    if (!message.side(line, message.second, false, false)) return message.fault;
    if (!message.seek(scan, ON_INTERFACE)) return CUT_OFF;
    batch.inInterface[row] = line.names.intern(scan.bytes, scan.at, scan.until(SPACE));
    return message.finish(line, row);
  }

  /** `TCP Connection denied by outbound list 100 src A p dest B p`, or `ICMP packet type 8 denied …`. */
  private outboundList(line: Line, icmp: boolean): number {
    const { scan, batch } = line;
    const { message } = this;
    const row = message.begin(line, DENY);
    message.protocolAt(line, row);
    if (message.fault !== 0) return message.fault;
    if (icmp) {
      if (!message.seek(scan, PACKET_TYPE)) return CUT_OFF;
      if (!scan.numberUpTo(255)) return scan.at >= scan.end ? CUT_OFF : BAD_NUMBER;
      batch.sourcePort[row] = scan.value;
    }
    if (!message.seek(scan, LIST)) return CUT_OFF;
    batch.rule[row] = line.names.intern(scan.bytes, scan.at, scan.until(SPACE));
    for (const [words, side, ports] of [
      [LIST_SOURCE, message.first, batch.sourcePort],
      [LIST_DESTINATION, message.second, batch.destinationPort],
    ] as const) {
      if (!message.seek(scan, words)) return CUT_OFF;
      if (!message.side(line, side, false, false)) return message.fault;
      if (icmp) continue;
      scan.skipSpaces();
      if (!scan.numberUpTo(65_535)) return scan.at >= scan.end ? CUT_OFF : BAD_PORT;
      ports[row] = scan.value;
    }
    return message.finish(line, row);
  }
}
