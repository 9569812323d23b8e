/**
 * Packets that the kernel logs by netlink (linux/netfilter/nfnetlink_log.h), as rows of verdicts. A
 * message is a generic header (family, version, group) and attributes: header (protocol, hook),
 * interfaces by number, the packet's first octets, the rule's prefix, user and group of the socket,
 * time, and a sequence number within the group.
 *
 * As in lines of text only the prefix carries a verdict. Numbers stand in the network's order but
 * for lengths and types of attributes.
 */
import { BY_DESTINATION, BY_SOURCE, FORWARD, INBOUND, OUTBOUND } from '../../model/verdict.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { LogTally } from './log-tally.ts';
import type { PrefixVerdicts } from './prefix-verdicts.ts';

const GENERIC_HEADER = 4;
const ATTRIBUTE = 4;
/** Nested, and in the network's order: flags in an attribute's type. */
const TYPE_MASK = 0x3fff;
const PACKET_HEADER = 1;
const TIMESTAMP = 3;
const IN_INTERFACE = 4;
const OUT_INTERFACE = 5;
const PAYLOAD = 9;
const PREFIX = 10;
const USER = 11;
const SEQUENCE = 12;
const GROUP = 14;
const LINK_HEADER = 16;
const KNOWN = 17;

const PRE_ROUTING = 0;
const LOCAL_IN = 1;
const FORWARDED = 2;
const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const WITH_PORTS: readonly number[] = [TCP, 17, 33, 132, 136];
/** IPv6 headers that another one follows: hop-by-hop, routing, destination options. */
const EXTENSIONS: readonly number[] = [0, 43, 60];
const FRAGMENT = 44;
const MOST_EXTENSIONS = 8;
const SYN = 2;
const ACK = 16;
/** Octets of a message that cannot be read, as a sample. */
const SHOWN = 64;
const FORMAT = 'nflog';
const MOST_NAMES = 10_000;

/** Messages are borrowed for the call. What cannot be read of one is tallied as a fault. */
export class NflogRows {
  /** Messages that sequence numbers skip. */
  lost = 0;
  private readonly batch: VerdictBatch;
  private readonly tally: LogTally;
  private readonly prefixes: PrefixVerdicts;
  private readonly nameOf: (index: number) => string;
  private readonly input: string;
  private readonly interfaces = new Map<number, number>();
  private readonly owners = new Map<string, number>();
  /** By group: the sequence number expected next. */
  private readonly expected = new Map<number, number>();
  /** Of the message under way, by type: where an attribute's value begins, and ends; -1 without. */
  private readonly starts = new Int32Array(KNOWN);
  private readonly ends = new Int32Array(KNOWN);

  /**
   * @param nameOf name of an interface by its number
   * @param input what locators begin with
   */
  constructor(
    { batch, tally, prefixes }: { batch: VerdictBatch; tally: LogTally; prefixes: PrefixVerdicts },
    nameOf: (index: number) => string,
    input: string,
  ) {
    this.batch = batch;
    this.tally = tally;
    this.prefixes = prefixes;
    this.nameOf = nameOf;
    this.input = input;
    batch.formatName = batch.names.internText(FORMAT);
    batch.lineNumber = 0;
  }

  /** Reads the message in `view[start, end)`, which came at a time (ms since 1970). */
  read(view: DataView, start: number, end: number, nowMs: number): void {
    const { batch, tally } = this;
    batch.lineNumber++;
    tally.lines++;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
    if (!this.find(view, start, end)) return this.fault('cut-off', 'it ends within a field', bytes);
    this.count(view, view.getUint16(start + 2));
    const payload = this.starts[PAYLOAD]!;
    const stop = this.ends[PAYLOAD]!;
    const row = batch.begin();
    const outcome = payload < 0 ? NOT_IP : this.packet(view, payload, stop, row);
    if (outcome === NOT_IP) {
      tally.silence(FORMAT, 'not IP', this.locator(), bytes.subarray(0, SHOWN));
      return;
    }
    if (outcome === CUT) return this.fault('cut-off', 'the packet ends in its header', bytes);
    this.circumstances(view, row, nowMs);
    tally.read++;
    batch.commit();
  }

  private locator(): string {
    return `${this.input}:${this.batch.lineNumber}`;
  }

  private fault(cause: string, why: string, bytes: Uint8Array): void {
    this.tally.unreadable(cause, why, this.locator(), bytes.subarray(0, SHOWN));
  }

  /** Notes where attributes stand; false when one goes beyond the message. */
  private find(view: DataView, start: number, end: number): boolean {
    this.starts.fill(-1);
    if (end - start < GENERIC_HEADER) return false;
    let at = start + GENERIC_HEADER;
    while (at + ATTRIBUTE <= end) {
      const length = view.getUint16(at, true);
      const type = view.getUint16(at + 2, true) & TYPE_MASK;
      if (length < ATTRIBUTE || at + length > end) return false;
      if (type < KNOWN) {
        this.starts[type] = at + ATTRIBUTE;
        this.ends[type] = at + length;
      }
      at += (length + 3) & ~3;
    }
    return at >= end;
  }

  private has(type: number, octets: number): boolean {
    return this.starts[type]! >= 0 && this.ends[type]! - this.starts[type]! >= octets;
  }

  private number(view: DataView, type: number): number {
    return this.has(type, 4) ? view.getUint32(this.starts[type]!) : -1;
  }

  private count(view: DataView, group: number): void {
    const sequence = this.number(view, SEQUENCE);
    if (sequence < 0) return;
    const expected = this.expected.get(group) ?? 0;
    // Numbers go round after 2³²; what is behind is a group that was bound anew.
    const ahead = (sequence - expected) >>> 0;
    if (ahead < 2 ** 31) this.lost += ahead;
    this.expected.set(group, (sequence + 1) >>> 0);
  }

  /** The packet's own headers: those of the outermost IP packet, as in lines of text. */
  private packet(view: DataView, at: number, end: number, row: number): number {
    if (end - at < 1) return NOT_IP;
    const told = this.has(PACKET_HEADER, 4) ? view.getUint16(this.starts[PACKET_HEADER]!) : 0;
    if (told !== 0 && told !== 0x0800 && told !== 0x86dd) return NOT_IP;
    const version = view.getUint8(at) >>> 4;
    if (version === 4) return this.packet4(view, at, end, row);
    return version === 6 ? this.packet6(view, at, end, row) : NOT_IP;
  }

  private packet4(view: DataView, at: number, end: number, row: number): number {
    const { batch } = this;
    const header = 4 * (view.getUint8(at) & 15);
    if (header < 20 || end - at < header) return CUT;
    batch.family[row] = 4;
    batch.source[row] = view.getInt32(at + 12);
    batch.destination[row] = view.getInt32(at + 16);
    batch.bytes[row] = view.getUint16(at + 2);
    batch.packets[row] = 1;
    const protocol = view.getUint8(at + 9);
    batch.protocol[row] = protocol;
    const isLater = (view.getUint16(at + 6) & 0x1fff) !== 0;
    return isLater ? FOUND : this.transport(view, at + header, end, row, protocol);
  }

  private packet6(view: DataView, at: number, end: number, row: number): number {
    const { batch } = this;
    if (end - at < 40) return CUT;
    const word = (offset: number): number => view.getInt32(at + offset);
    batch.family[row] = 6;
    batch.source[row] = batch.addresses.intern(word(8), word(12), word(16), word(20));
    batch.destination[row] = batch.addresses.intern(word(24), word(28), word(32), word(36));
    batch.bytes[row] = 40 + view.getUint16(at + 4);
    batch.packets[row] = 1;
    let protocol = view.getUint8(at + 6);
    let next = at + 40;
    for (let count = 0; count < MOST_EXTENSIONS; count++) {
      const isFragment = protocol === FRAGMENT;
      if (!isFragment && !EXTENSIONS.includes(protocol)) break;
      if (end - next < 8) break;
      const isLater = isFragment && (view.getUint16(next + 2) & 0xfff8) !== 0;
      protocol = view.getUint8(next);
      next += isFragment ? 8 : 8 * (1 + view.getUint8(next + 1));
      if (!isLater) continue;
      batch.protocol[row] = protocol;
      return FOUND;
    }
    batch.protocol[row] = protocol;
    return this.transport(view, next, end, row, protocol);
  }

  private transport(
    view: DataView,
    at: number,
    end: number,
    row: number,
    protocol: number,
  ): number {
    const { batch } = this;
    if (protocol === ICMP || protocol === ICMPV6) {
      if (end - at < 2) return CUT;
      batch.sourcePort[row] = view.getUint8(at);
      batch.destinationPort[row] = view.getUint8(at + 1);
    } else if (WITH_PORTS.includes(protocol)) {
      if (end - at < 4) return CUT;
      batch.sourcePort[row] = view.getUint16(at);
      batch.destinationPort[row] = view.getUint16(at + 2);
    }
    if (protocol !== TCP || end - at < 14) return FOUND;
    const flags = view.getUint8(at + 13);
    batch.tcpFlags[row] = flags;
    if ((flags & (SYN | ACK)) === SYN) batch.initiator[row] = BY_SOURCE;
    else if ((flags & (SYN | ACK)) === (SYN | ACK)) batch.initiator[row] = BY_DESTINATION;
    return FOUND;
  }

  /** What the kernel says besides: rule, interfaces, hook, time, whose socket. */
  private circumstances(view: DataView, row: number, nowMs: number): void {
    const { batch } = this;
    if (this.starts[PREFIX]! >= 0) {
      const prefix = this.prefix(view, this.starts[PREFIX]!, this.ends[PREFIX]!);
      batch.rule[row] = prefix;
      if (prefix > 0) batch.action[row] = this.prefixes.of(prefix);
    }
    const [inward, outward] = [this.number(view, IN_INTERFACE), this.number(view, OUT_INTERFACE)];
    batch.inInterface[row] = this.interfaceName(inward);
    batch.outInterface[row] = this.interfaceName(outward);
    const hook = this.has(PACKET_HEADER, 4) ? view.getUint8(this.starts[PACKET_HEADER]! + 2) : -1;
    batch.direction[row] = directionOf(hook, inward > 0, outward > 0);
    batch.timeMs[row] = nowMs;
    if (this.has(TIMESTAMP, 16)) {
      const at = this.starts[TIMESTAMP]!;
      const seconds = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
      batch.timeMs[row] = 1000 * seconds + Math.floor(view.getUint32(at + 12) / 1000);
    }
    if (this.has(LINK_HEADER, 14)) batch.group[row] = view.getUint8(this.starts[LINK_HEADER]!) & 1;
    const [user, group] = [this.number(view, USER), this.number(view, GROUP)];
    // What begins here comes in by no interface, but from somebody's socket.
    if (user >= 0 && inward <= 0) batch.inZone[row] = this.owner(user, group);
  }

  /** Number of the prefix, which ends with a NUL; blanks and colons at its end do not count. */
  private prefix(view: DataView, start: number, end: number): number {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    let stop = bytes.indexOf(0, start);
    if (stop < 0 || stop > end) stop = end;
    while (stop > start && (bytes[stop - 1] === 0x20 || bytes[stop - 1] === 0x3a)) stop--;
    return this.batch.names.intern(bytes, start, stop);
  }

  private interfaceName(index: number): number {
    if (index <= 0) return 0;
    let name = this.interfaces.get(index);
    if (name === undefined) {
      name = this.batch.names.internText(this.nameOf(index));
      if (this.interfaces.size < MOST_NAMES) this.interfaces.set(index, name);
    }
    return name;
  }

  /** `uid 33 gid 33`: whose socket sent it. */
  private owner(user: number, group: number): number {
    const text = group < 0 ? `uid ${user}` : `uid ${user} gid ${group}`;
    let name = this.owners.get(text);
    if (name === undefined) {
      name = this.batch.names.internText(text);
      if (this.owners.size < MOST_NAMES) this.owners.set(text, name);
    }
    return name;
  }
}

const FOUND = 0;
const NOT_IP = 1;
const CUT = 2;

/** Before it is routed a packet may go anywhere. */
function directionOf(hook: number, hasIn: boolean, hasOut: boolean): number {
  if (hook === PRE_ROUTING) return 0;
  if (hook === LOCAL_IN) return INBOUND;
  if (hook === FORWARDED || (hasIn && hasOut)) return FORWARD;
  return hasOut ? OUTBOUND : 0;
}
