/**
 * What CEF and LEEF have in common: a head with vendor, product and the event's name, and then
 * pairs under keys that mean the same and are spelled otherwise. Here is what they mean, and how it
 * comes into a row.
 *
 * Which of the two counters is the sender's differs by vendor: what came back is known only where
 * the keys say so. The verdict is the word of the action, or of the event where that is one; any
 * other word is no verdict. SonicWall says it by the event's id, as in its own format.
 *
 * Nothing marks the end of a line. One that ends in what tells connections apart is taken for cut
 * off where it is the last of its input, without a newline, or where an event of the same head
 * ended in another key before, with vendors that write the same keys each time.
 */
import {
  ALLOW,
  BY_SOURCE,
  DENY,
  END,
  INBOUND,
  OPEN,
  OUTBOUND,
  SUMMARY,
} from '../../model/verdict.ts';
import { numberIn, putAddress } from './fields.ts';
import { BAD_ADDRESS, BAD_NUMBER, CUT_OFF, type Line, READ, SILENT } from './format.ts';
import { KeyTable } from './key-table.ts';
import { KeyedValues, NO_NUMBER, type Pairs } from './keyed-values.ts';
import { LastKeys } from './last-keys.ts';
import { protocolIn } from './protocol-names.ts';
import { octetsOf, type Scan } from './scan.ts';
import { CLOSED, OPENED, verdictOfMessage } from './sonicwall.ts';

const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const MOST = Number.MAX_SAFE_INTEGER;

/** What a key can mean; its place is its number. */
const MEANINGS = [
  ...['source', 'destination', 'protocol', 'sourcePort', 'destinationPort', 'action', 'count'],
  ...['type', 'code', 'rule', 'ruleId', 'inInterface', 'outInterface', 'interface', 'direction'],
  ...['inZone', 'outZone', 'application', 'device', 'reason', 'category', 'subtype', 'time'],
  ...['nanoTime', 'packets', 'packetsSent', 'packetsBack', 'bytes', 'bytesIn', 'bytesOut'],
  ...['bytesSent', 'bytesBack', 'service', 'deltaSent', 'deltaBack'],
] as const;
export type Meaning = (typeof MEANINGS)[number];
const at = (meaning: Meaning): number => MEANINGS.indexOf(meaning);
const SOURCE = at('source');
const DESTINATION = at('destination');
const PROTOCOL = at('protocol');
const ACTION = at('action');
const SUBTYPE = at('subtype');
const CATEGORY = at('category');

/** Keys whose values tell connections apart: cut short they would tell of another one. */
const EXACT = new Set(
  (
    [
      ...['source', 'destination', 'protocol', 'sourcePort', 'destinationPort', 'action'],
      ...['type', 'code', 'rule', 'ruleId'],
    ] as Meaning[]
  ).map(at),
);

const VENDORS = new KeyTable(['Fortinet', 'Palo Alto Networks', 'Check Point', 'SonicWall']);
const FORTINET = 0;
const PALO_ALTO = 1;
const CHECK_POINT = 2;
const SONICWALL = 3;

/** Words of products for what they did, without case. */
const WORDS = new KeyTable([
  ...['accept', 'accepted', 'allow', 'allowed', 'permit', 'permitted', 'pass', 'passed', 'bypass'],
  ...['forward', 'forwarded', 'encrypt', 'decrypt', 'connection_allowed'],
  ...['deny', 'denied', 'drop', 'dropped', 'block', 'blocked', 'reject', 'rejected', 'discard'],
  ...['discarded', 'refuse', 'refused', 'prevent', 'prevented', 'drop-icmp', 'drop icmp'],
  ...['drop-reset', 'reset-both', 'reset both', 'reset-client', 'reset client', 'reset-server'],
  ...['reset server', 'connection_discarded', 'connection_refused'],
]);
const FIRST_DENIAL = 14;
/** How a FortiGate names what became of a session that it let through. */
const SESSIONS = new KeyTable([
  ...['start', 'close', 'timeout', 'client-rst', 'server-rst', 'ip-conn', 'dns'],
]);
/** A FortiGate's log id of statistics. */
const STATISTICS = 20;
const START = octetsOf('start');
const TRAFFIC = octetsOf('traffic');
const OUTWARD = octetsOf('outbound');
const INWARD = octetsOf('inbound');

/** A part of the head, as positions in the line. */
export interface Part {
  start: number;
  end: number;
}

/** One for each format and reader: it learns over lines how events of a kind end. */
export class EventColumns {
  readonly values: KeyedValues;
  /** Vendor, product, version, the event's id and name; LEEF has no name. */
  readonly parts: readonly Part[] = [0, 1, 2, 3, 4].map(() => ({ start: 0, end: 0 }));
  private vendor = -1;
  private readonly lastKeys = new LastKeys();
  private readonly lower = new Uint8Array(24);

  /**
   * @param spellings keys by meaning; several are joined by `|`
   * @param further keys of the format's own, numbered from `MEANINGS.length` on
   */
  constructor(
    spellings: Readonly<Partial<Record<Meaning, string>>>,
    further: readonly string[],
    pairsOf: (table: KeyTable) => Pairs,
  ) {
    // A key with a blank in it stands in no line.
    const keys = MEANINGS.map((meaning) => spellings[meaning] ?? `no ${meaning}`);
    this.values = new KeyedValues([...keys, ...further], pairsOf);
  }

  /** Says what a value means that stands under a key of any name, unless that is said already. */
  mean(meaning: Meaning, start: number, end: number): void {
    const { starts, ends } = this.values;
    const number = at(meaning);
    if (starts[number] !== -1) return;
    starts[number] = start;
    ends[number] = end;
  }

  private has(meaning: Meaning): boolean {
    return this.values.has(at(meaning));
  }

  /** Writes the row of an event that says what became of traffic; an outcome. */
  read(line: Line): number {
    const { scan, batch } = line;
    const { values, parts } = this;
    const [vendor, , , id] = parts as [Part, Part, Part, Part];
    this.vendor = VENDORS.of(scan.bytes, vendor.start, vendor.end);
    const isKnown = this.vendor === FORTINET || this.vendor === PALO_ALTO;
    const lacksEnds = [SOURCE, DESTINATION, PROTOCOL].some((key) => !values.has(key));
    if ((isKnown && !this.isTraffic(scan)) || (!isKnown && lacksEnds)) {
      line.label = this.label(line);
      return SILENT;
    }
    if (lacksEnds || this.endsEarly(line)) return CUT_OFF;
    const stated = values.has(ACTION)
      ? this.verdict(scan, values.starts[ACTION]!, values.ends[ACTION]!)
      : this.verdict(scan, id.start, id.end) || this.verdict(scan, parts[4]!.start, parts[4]!.end);
    const isNotice = this.vendor === CHECK_POINT || this.vendor === SONICWALL;
    // What a blade of Check Point's notices is in traffic that has an entry of its own.
    if (stated === 0 && isNotice) {
      line.label = this.label(line);
      return SILENT;
    }
    const row = batch.begin();
    batch.action[row] = stated;
    batch.event[row] = stated === ALLOW ? this.eventOf(scan) : 0;
    if (this.vendor >= 0) batch.initiator[row] = BY_SOURCE;
    const fault =
      this.ends(line, row) ||
      values.putPorts(line, row, at('sourcePort'), at('destinationPort')) ||
      values.putMessage(line, row, at('type'), at('code')) ||
      this.counters(line, row);
    if (fault !== 0) return fault;
    this.names(line, row);
    const timeMs = this.time(line);
    if (!Number.isNaN(timeMs)) batch.timeMs[row] = timeMs;
    batch.commit();
    return READ;
  }

  /** Of vendors that send more than traffic by the same way. */
  private isTraffic(scan: Scan): boolean {
    const { values, parts } = this;
    const category = { start: values.starts[CATEGORY]!, end: values.ends[CATEGORY]! };
    return [category, parts[3]!, parts[4]!].some(({ start, end }) => {
      if (start < 0 || end - start < TRAFFIC.length) return false;
      const after = start + TRAFFIC.length;
      // `traffic:forward close`, `TRAFFIC`
      return (
        this.startsWithout(scan, start, TRAFFIC) && (after === end || scan.bytes[after] === 0x3a)
      );
    });
  }

  /** Whether the text stands there, with letters of either case. */
  private startsWithout({ bytes }: Scan, start: number, text: Uint8Array): boolean {
    for (let index = 0; index < text.length; index++) {
      if ((bytes[start + index]! | 0x20) !== text[index]) return false;
    }
    return true;
  }

  /** Product and event, for what decides nothing. */
  private label({ scan, names }: Line): string {
    const [, product, , id, name] = this.parts as [Part, Part, Part, Part, Part];
    const event = name.end > name.start ? name : id;
    const text = ({ start, end }: Part): string =>
      names.names[names.intern(scan.bytes, start, Math.min(end, start + 40))]!;
    return `${text(product)} ${text(event)}`.trim();
  }

  /** The verdict that the word names, 0 for none. */
  private verdict({ bytes }: Scan, start: number, end: number): number {
    const { lower } = this;
    const length = end - start;
    if (length < 1 || length > lower.length) return 0;
    for (let index = 0; index < length; index++) {
      const octet = bytes[start + index]!;
      lower[index] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    }
    const word = WORDS.of(lower, 0, length);
    if (this.vendor === SONICWALL) return this.ofSonicWall(bytes, word);
    if (word >= 0) return word < FIRST_DENIAL ? ALLOW : DENY;
    return this.vendor === FORTINET && SESSIONS.of(lower, 0, length) >= 0 ? ALLOW : 0;
  }

  /** SonicWall names what it did (`drop`), or NA where the event's id says it. */
  private ofSonicWall(bytes: Uint8Array, word: number): number {
    if (word >= 0) return word < FIRST_DENIAL ? ALLOW : DENY;
    return Math.max(0, verdictOfMessage(this.idNumber(bytes)));
  }

  /** The event's id as a number, -1 for anything else. */
  private idNumber(bytes: Uint8Array): number {
    const { start, end } = this.parts[3]!;
    return numberIn(bytes, start, end, 1e6);
  }

  isSonicWall({ bytes }: Scan): boolean {
    const { start, end } = this.parts[0]!;
    return VENDORS.of(bytes, start, end) === SONICWALL;
  }

  /** Whether the line ends in a value that may be cut short. */
  private endsEarly({ scan, unended }: Line): boolean {
    const { values, parts, lastKeys } = this;
    const isExact = values.cutKey >= 0 && EXACT.has(values.cutKey);
    if (isExact && unended) return true;
    if (this.vendor !== FORTINET && this.vendor !== PALO_ALTO) return false;
    const [start, end] = [parts[0]!.start, parts[4]!.end];
    return lastKeys.isUnusual(scan.bytes, start, Math.max(end, parts[3]!.end), values, isExact);
  }

  /** What an event of let-through traffic reports; `packet` where nothing says. */
  private eventOf(scan: Scan): number {
    const { values, parts } = this;
    if (this.vendor === SONICWALL) {
      const id = this.idNumber(scan.bytes);
      return id === OPENED ? OPEN : id === CLOSED ? END : 0;
    }
    if (this.vendor === FORTINET) return values.is(scan, ACTION, START) ? OPEN : END;
    if (this.vendor !== PALO_ALTO) return 0;
    const isStart = [3, 4].some((index) => {
      const { start, end } = parts[index]!;
      return end - start === START.length && scan.isAt(START, start);
    });
    return isStart || values.is(scan, SUBTYPE, START) ? OPEN : END;
  }

  private ends({ scan, batch }: Line, row: number): number {
    const { starts, ends } = this.values;
    if (!putAddress(scan, batch, row, true, starts[SOURCE]!, ends[SOURCE]!)) return BAD_ADDRESS;
    if (!putAddress(scan, batch, row, false, starts[DESTINATION]!, ends[DESTINATION]!)) {
      return BAD_ADDRESS;
    }
    // Some name a protocol of another layer here, which leaves the transport unknown.
    let end = starts[PROTOCOL]!;
    // `tcp/https` names the service too.
    while (end < ends[PROTOCOL]! && scan.bytes[end] !== SLASH) end++;
    const protocol = protocolIn(scan, starts[PROTOCOL]!, end);
    batch.protocol[row] = Math.max(-1, protocol);
    const first = scan.bytes[starts[PROTOCOL]!]!;
    return protocol === -2 && first >= 0x30 && first <= 0x39 ? BAD_NUMBER : 0;
  }

  private counters(line: Line, row: number): number {
    const { batch, scan } = line;
    const { values } = this;
    const fault = values.putCounters(
      ...([line, row, at('packetsSent'), at('packetsBack'), at('bytesSent')] as const),
      at('bytesBack'),
    );
    if (fault !== 0) return fault;
    const number = (meaning: Meaning): number => values.number(scan.bytes, at(meaning), MOST);
    const [packets, bytes, bytesIn, bytesOut] = [
      ...[number('packets'), number('bytes'), number('bytesIn'), number('bytesOut')],
    ] as [number, number, number, number];
    const count = number('count');
    if (Math.min(packets, bytes, bytesIn, bytesOut, count) === NO_NUMBER) return BAD_NUMBER;
    if (packets >= 0) batch.packets[row] = packets;
    if (bytes >= 0) batch.bytes[row] = bytes;
    else if (bytesIn >= 0 || bytesOut >= 0) {
      batch.bytes[row] = Math.max(0, bytesIn) + Math.max(0, bytesOut);
      // A FortiGate's `in` is what it received for the source.
      if (this.vendor === FORTINET) batch.bytesBack[row] = bytesIn;
    }
    // SonicWall counts events of a kind there, since it was started.
    if (count > 0 && this.vendor !== SONICWALL) batch.events[row] = count;
    return this.vendor === FORTINET ? this.lasting(line, row) : 0;
  }

  /** Of a FortiGate's session that lasts (fortigate.ts): what came since the line before; 0 or a fault. */
  private lasting({ scan, batch }: Line, row: number): number {
    const { values } = this;
    const sent = values.number(scan.bytes, at('deltaSent'), MOST);
    const back = values.number(scan.bytes, at('deltaBack'), MOST);
    if (Math.min(sent, back) === NO_NUMBER) return BAD_NUMBER;
    if (sent >= 0 || back >= 0) {
      batch.packets[row] = batch.packetsBack[row] = -1;
      batch.bytes[row] = Math.max(0, sent) + Math.max(0, back);
      batch.bytesBack[row] = back;
    }
    if (batch.action[row] !== ALLOW || this.idNumber(scan.bytes) !== STATISTICS) return 0;
    batch.event[row] = SUMMARY;
    batch.events[row] = 0;
    return 0;
  }

  private names(line: Line, row: number): void {
    const { batch, scan } = line;
    const { values } = this;
    const word = (meaning: Meaning): number => this.word(line, at(meaning));
    batch.rule[row] = word('rule') || word('ruleId');
    batch.inInterface[row] = word('inInterface');
    batch.outInterface[row] = word('outInterface');
    batch.inZone[row] = word('inZone');
    batch.outZone[row] = word('outZone');
    batch.application[row] = word('application') || word('service');
    batch.device[row] = word('device');
    batch.reason[row] = word('reason');
    if (!this.has('direction')) return;
    const direction = at('direction');
    const start = values.starts[direction]!;
    const digit = values.ends[direction]! - start === 1 ? scan.bytes[start]! : 0;
    const isOut = digit === 0x31 || values.is(scan, direction, OUTWARD);
    if (!isOut && digit !== 0x30 && !values.is(scan, direction, INWARD)) return;
    batch.direction[row] = isOut ? OUTBOUND : INBOUND;
    // A gateway of Check Point's names the one interface that it looked at.
    if (this.vendor !== CHECK_POINT) return;
    if (isOut) batch.outInterface[row] ||= word('interface');
    else batch.inInterface[row] ||= word('interface');
  }

  /** Number of the name under the key; escapes are resolved. */
  private word({ scan, names }: Line, key: number): number {
    const { starts, ends } = this.values;
    const start = starts[key]!;
    if (start === -1) return 0;
    const end = ends[key]!;
    const escaped = scan.bytes.indexOf(BACKSLASH, start);
    if (escaped < 0 || escaped >= end) return names.intern(scan.bytes, start, end);
    const text = new TextDecoder().decode(scan.bytes.subarray(start, end));
    return names.internText(text.replace(/\\([\\=|])/g, '$1'));
  }

  /** Digits since 1970 in any unit, `Oct 03 2026 10:00:01.123 UTC`, or an ISO stamp; NaN otherwise. */
  private time({ scan, clock }: Line): number {
    const { starts, ends } = this.values;
    const key = this.has('nanoTime') ? at('nanoTime') : at('time');
    const start = starts[key]!;
    if (start === -1) return Number.NaN;
    const end = ends[key]!;
    const length = end - start;
    const isCount = length === 10 || length === 13 || length === 16 || length === 19;
    // The first thirteen digits are milliseconds, whatever follows them.
    const digits = isCount ? numberIn(scan.bytes, start, start + Math.min(length, 13), 1e15) : -1;
    if (digits >= 0) return length === 10 ? digits * 1000 : digits;
    return clock.within(scan.bytes, start, end);
  }
}
