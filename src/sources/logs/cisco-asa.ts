/**
 * Cisco ASA, FTD, PIX and FWSM (`%ASA-6-302013: …`), by the syslog message guides. Read are the
 * messages that decide about traffic or report a connection, as listed below, and an FTD's own
 * events, 430001 to 430005 (ftd-events.ts). Others are counted by number: those of translations
 * (305009 to 305012) name one end only, those of a cluster's stubs (302022 to 302027) repeat what
 * another unit says, and rates (733100) name no packet.
 *
 * Traps: “Built outbound” names the server first, as the `to` side began; a teardown does not say
 * who began, which is remembered from when the connection was built; parentheses hold mapped
 * addresses or users; addresses and ports may be names; `%ASA-session-5-…` has a class; 106100
 * counts hits; 106101 says that denied flows are no longer logged.
 */
import { ALLOW, DENY, INBOUND } from '../../model/verdict.ts';
import { AsaConnections } from './asa-connections.ts';
import { AsaDrops } from './asa-drops.ts';
import { AsaMessage } from './asa-message.ts';
import { AsaVerdicts } from './asa-verdicts.ts';
import { GAP, type Line, type LogFormat, OTHER, SILENT } from './format.ts';
import { ftdConnection, ftdInspection } from './ftd-events.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const PERCENT = 0x25;
const HYPHEN = 0x2d;
const TCP = 6;
const UDP = 17;
const SCTP = 132;
const ICMP = 1;
const ICMPV6 = 58;
const GRE = 47;
const IP_IN_IP = 4;
const PRODUCTS = ['%ASA-', '%FTD-', '%PIX-', '%FWSM-', '%NGIPS-'].map(octetsOf);
const ASA = PRODUCTS[0]!;
/** Octets of `%ASA-6-302013: `. */
const TAG_OCTETS = 15;

export class CiscoAsa implements LogFormat {
  readonly name = 'cisco-asa';
  private readonly message = new AsaMessage();
  private readonly connections = new AsaConnections(this.message);
  private readonly verdicts = new AsaVerdicts(this.message);
  private readonly drops = new AsaDrops(this.message);

  read(line: Line): number {
    const { scan } = line;
    const number = messageNumber(scan);
    if (number < 0) return OTHER;
    this.message.clear(line);
    return this.connection(line, number) ?? this.verdict(line, number) ?? this.other(line, number);
  }

  /** Connections that come and go; undefined for other messages. */
  private connection(line: Line, number: number): number | undefined {
    const { connections } = this;
    switch (number) {
      case 302013:
      case 302014:
        return connections.connection(line, TCP);
      case 302015:
      case 302016:
        return connections.connection(line, UDP);
      case 302017:
      case 302018:
        return connections.tunnel(line, GRE);
      case 302020:
      case 302021:
        return connections.icmpConnection(line);
      case 302035:
      case 302036:
        return connections.connection(line, SCTP);
      case 302037:
      case 302038:
        return connections.tunnel(line, IP_IN_IP);
      case 302303:
      case 302304:
        return connections.bypassing(line, TCP);
      case 302305:
      case 302306:
        return connections.bypassing(line, SCTP);
      default:
        return undefined;
    }
  }

  /** What was refused or let through; undefined for other messages. */
  private verdict(line: Line, number: number): number | undefined {
    const { verdicts } = this;
    switch (number) {
      case 106001:
        return verdicts.denied(line, TCP, INBOUND);
      case 106006:
      case 106007:
        return verdicts.denied(line, UDP, INBOUND);
      case 106015:
        return verdicts.denied(line, TCP, 0);
      case 106012:
      case 106016:
      case 106017:
      case 106020:
      case 106021:
      case 106022:
        return verdicts.denied(line, -1, 0);
      case 106010:
      case 106014:
      case 106023:
        return verdicts.deniedByGroup(line, number === 106023);
      case 106011:
      case 305005:
      case 305006:
      case 305013:
      case 418001:
        return verdicts.refused(line);
      case 106100:
      case 106102:
      case 106103:
        return verdicts.accessList(line);
      case 313001:
      case 313004:
      case 313008:
        return verdicts.deniedIcmp(line, number === 313008 ? ICMPV6 : ICMP);
      case 313005:
        return verdicts.strayIcmp(line);
      case 710002:
      case 710003:
      case 710004:
      case 710005:
      case 710006:
        return verdicts.toDevice(line, number === 710002 ? ALLOW : DENY);
      default:
        return this.drops.read(line, number);
    }
  }

  private other(line: Line, number: number): number {
    switch (number) {
      case 106101:
        line.label = 'cached deny-flows reached their limit';
        line.missed = Number.NaN;
        return GAP;
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
    // Some messages of some releases have no colon here.
    if (!scan.take(COLON) && scan.peek() !== SPACE) return -1;
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
