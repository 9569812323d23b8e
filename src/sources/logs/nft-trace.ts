/**
 * What `nft monitor trace` prints: the way of a packet through the rules, in several lines.
 *
 *   trace id 3cb81b40 inet fw fwd packet: iif "lan0" oif "wan0" ether saddr … ip saddr A ip daddr B
 *     … ip protocol tcp ip length 60 tcp sport p tcp dport p tcp flags == syn tcp window 64240
 *   trace id 3cb81b40 inet fw fwd rule tcp dport 23 drop comment "no telnet" (verdict drop)
 *   trace id 3cb81b40 inet fw fwd policy accept
 *
 * and from release 1.1.4 on, in front of the packet, what the connection table knows of it:
 *
 *   trace id 3cb81b40 inet fw fwd conntrack: ct direction reply ct state established ct id 77
 *
 * Traps: a refusal is final, leave to go on is not: further chains follow, and nothing marks the last
 * one, so that a packet counts as let through once 64 others began, or at the end; an id comes again
 * for a later packet; packets on several processors mix; each chain says what the packet is at that
 * point, translated or not: the last one counts; rules of address translation accept too; `ip6 length`
 * leaves out the header of 40 octets; the codes of any ICMP type are called as those of `unreachable`
 * are.
 */
import {
  ALLOW,
  BY_DESTINATION,
  BY_SOURCE,
  DENY,
  FORWARD,
  INBOUND,
  OUTBOUND,
} from '../../model/verdict.ts';
import {
  BAD_SHAPE,
  CUT_OFF,
  type Line,
  type LogFormat,
  ORPHAN,
  OTHER,
  PART,
  READ,
  SILENT,
} from './format.ts';
import { KeyTable } from './key-table.ts';
import { Pending, packetIn, textOf } from './nft-trace-packet.ts';
import { octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const PARENTHESIS = 0x29;
/** Packets under way at once, of which nothing says that they are through. */
const MOST_PENDING = 64;
const TRACE = octetsOf('trace id ');
const PACKET = octetsOf('packet: ');
const CONNECTION = octetsOf('conntrack: ');
const WAY = octetsOf('ct direction ');
/** What such a line ends with. */
const END_OF_CONNECTION = octetsOf('ct id ');
const WAYS = new KeyTable(['original', 'reply']);
const RULE = octetsOf('rule ');
const UNKNOWN_RULE = octetsOf('unknown rule ');
const POLICY = octetsOf('policy ');
const VERDICT = octetsOf('verdict ');
const IN_PARENTHESES = octetsOf(' (verdict ');
const COMMENT = octetsOf(' comment "');
const ACCEPTING = octetsOf(' accept');
const NAT = octetsOf(' nat ');
const VERDICTS = new KeyTable([
  'accept',
  'drop',
  ...['continue', 'jump', 'goto', 'return'],
  'queue',
]);
const ACCEPT = 0;
const DROP = 1;
const QUEUE = 6;

const SYN = 2;
const ACK = 16;

export class NftTrace implements LogFormat {
  readonly name = 'nft-trace';
  /** By id, the one that began first at first. */
  private readonly pending = new Map<string, Pending>();
  /** By id, who began the connection of the packet that comes next, the one told first at first. */
  private readonly began = new Map<string, number>();

  read(line: Line): number {
    const { scan, head } = line;
    scan.at = head.messageStart;
    if (!scan.takeText(TRACE)) return OTHER;
    const idStart = scan.at;
    scan.at = scan.until(SPACE);
    const id = textOf(scan, idStart, scan.at);
    const chain = scan.at + 1;
    for (let words = 0; words < 4; words++) scan.at = Math.min(scan.until(SPACE) + 1, scan.end);
    if (scan.at >= scan.end) return CUT_OFF;
    if (scan.takeText(PACKET)) return this.describe(line, id, chain);
    if (scan.takeText(CONNECTION)) return this.connection(scan, id);
    if (scan.takeText(RULE) || scan.takeText(UNKNOWN_RULE)) {
      const end = lastOf(scan, IN_PARENTHESES);
      if (end < 0) return CUT_OFF;
      const told = isAccepting(scan, chain, end) ? 3 : 1;
      scan.at = end + IN_PARENTHESES.length;
      return this.decide(line, id, chain, end, told);
    }
    const isPolicy = scan.takeText(POLICY);
    if (!isPolicy && !scan.takeText(VERDICT)) {
      return scan.end - scan.at < PACKET.length ? CUT_OFF : BAD_SHAPE;
    }
    const known = isNat(scan, chain) ? 1 : 2;
    return this.decide(line, id, chain, wordEnd(scan), known);
  }

  /** What is held back, one after the other; `OTHER` when nothing is left. */
  finish(line: Line): number {
    for (const { line: number } of this.pending.values()) {
      line.number = number;
      return this.oldest(line);
    }
    return OTHER;
  }

  /** Lets go of the packet that began first. */
  private oldest(line: Line): number {
    for (const [id, packet] of this.pending) {
      this.pending.delete(id);
      return this.release(line, packet);
    }
    return OTHER;
  }

  /** A line that says which way of a connection the packet goes that the next line tells of. */
  private connection(scan: Scan, id: string): number {
    const way = scan.find(WAY);
    if (way < 0) return scan.find(END_OF_CONNECTION) < 0 ? CUT_OFF : PART;
    scan.at = way + WAY.length;
    const word = WAYS.of(scan.bytes, scan.at, wordEnd(scan));
    if (word < 0) return wordEnd(scan) >= scan.end ? CUT_OFF : BAD_SHAPE;
    this.began.delete(id);
    this.began.set(id, word === 0 ? BY_SOURCE : BY_DESTINATION);
    for (const [oldest] of this.began) {
      if (this.began.size > MOST_PENDING) this.began.delete(oldest);
      else break;
    }
    return PART;
  }

  /** A line that says what the packet is. */
  private describe(line: Line, id: string, chain: number): number {
    const { scan, head, names } = line;
    const place = names.intern(scan.bytes, chain, scan.at - PACKET.length - 1);
    const packet = new Pending();
    const before = this.pending.get(id);
    const fault = packetIn(line, packet);
    if (fault !== 0) {
      this.pending.delete(id);
      return fault;
    }
    packet.line = line.number;
    packet.timeMs = head.timeMs;
    packet.device = names.intern(scan.bytes, head.hostStart, head.hostEnd);
    packet.chains.push(place);
    packet.initiator = this.began.get(id) ?? 0;
    this.began.delete(id);
    if (before !== undefined && packet.follows(before, place)) {
      packet.rule = before.rule;
      packet.told = before.told;
      packet.decided = before.decided;
      packet.initiator ||= before.initiator;
      packet.chains = [...before.chains, place];
      this.pending.set(id, packet);
      return PART;
    }
    this.pending.delete(id);
    this.pending.set(id, packet);
    if (before !== undefined) return this.release(line, before);
    return this.pending.size <= MOST_PENDING ? PART : this.oldest(line);
  }

  /**
   * A line that says what became of it; the verdict's word is next.
   * @param start of what names the rule, `end` behind it
   * @param told how well it tells what let the packet through
   */
  private decide(line: Line, id: string, start: number, end: number, told: number): number {
    const { scan, names } = line;
    const verdict = VERDICTS.of(scan.bytes, scan.at, wordEnd(scan));
    if (verdict < 0) return wordEnd(scan) >= scan.end ? CUT_OFF : BAD_SHAPE;
    const packet = this.pending.get(id);
    line.label = 'of a packet that is not shown';
    if (packet === undefined) return verdict === DROP ? ORPHAN : SILENT;
    if (verdict === DROP) {
      packet.rule = names.intern(scan.bytes, start, end);
      packet.decided = line.number;
      this.pending.delete(id);
      return put(line, packet, DENY);
    }
    if (verdict === QUEUE) {
      // A program decides.
      packet.told = 0;
    } else if (verdict === ACCEPT && told >= packet.told) {
      packet.rule = names.intern(scan.bytes, start, end);
      packet.decided = line.number;
      packet.told = told;
    }
    return PART;
  }

  /** The packet was let through, as far as is known. */
  private release(line: Line, packet: Pending): number {
    if (packet.told > 0) return put(line, packet, ALLOW);
    line.label = 'undecided';
    return SILENT;
  }
}

/** Writes the packet as a row; what it lacks for one is silent. */
function put(line: Line, packet: Pending, action: number): number {
  const { batch } = line;
  line.label = 'not IP';
  if (packet.family === 0) return SILENT;
  const row = batch.begin();
  batch.line[row] = packet.decided;
  batch.timeMs[row] = packet.timeMs;
  batch.device[row] = packet.device;
  batch.family[row] = packet.family;
  batch.source[row] = packet.source;
  batch.destination[row] = packet.destination;
  batch.protocol[row] = packet.protocol;
  batch.sourcePort[row] = packet.sourcePort;
  batch.destinationPort[row] = packet.destinationPort;
  batch.action[row] = action;
  batch.rule[row] = packet.rule;
  batch.inInterface[row] = packet.inInterface;
  batch.outInterface[row] = packet.outInterface;
  batch.group[row] = packet.group;
  batch.packets[row] = 1;
  batch.bytes[row] = packet.bytes;
  // A refused one opens or answers nothing but what it shows itself.
  if (action === ALLOW) batch.initiator[row] = packet.initiator;
  if (packet.inInterface > 0) batch.direction[row] = packet.outInterface > 0 ? FORWARD : INBOUND;
  else if (packet.outInterface > 0) batch.direction[row] = OUTBOUND;
  if (packet.flags >= 0) {
    batch.tcpFlags[row] = packet.flags;
    const opening = packet.flags & (SYN | ACK);
    if (opening === SYN) batch.initiator[row] = BY_SOURCE;
    else if (opening === (SYN | ACK)) batch.initiator[row] = BY_DESTINATION;
  }
  batch.commit();
  return READ;
}

/** Where the verdict's word at the cursor ends: at a blank, or what closes it. */
function wordEnd(scan: Scan): number {
  const { bytes, end } = scan;
  let at = scan.at;
  while (at < end && bytes[at] !== SPACE && bytes[at] !== PARENTHESIS) at++;
  return at;
}

/** Where the text stands last, or -1. */
function lastOf(scan: Scan, text: Uint8Array): number {
  for (let at = scan.end - text.length; at >= scan.at; at--) if (scan.isAt(text, at)) return at;
  return -1;
}

/** Whether a rule that ends here says `accept` itself; one that translates addresses does not. */
function isAccepting(scan: Scan, start: number, end: number): boolean {
  scan.at = start;
  const comment = lastOf(scan, COMMENT);
  const stop = comment < 0 ? end : Math.min(comment, end);
  return scan.isAt(ACCEPTING, stop - ACCEPTING.length);
}

/** Whether the table is called `nat`, as those for address translation are. */
function isNat(scan: Scan, family: number): boolean {
  const table = scan.bytes.indexOf(SPACE, family);
  return scan.isAt(NAT, table);
}
