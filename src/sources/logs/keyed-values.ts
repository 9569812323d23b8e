/**
 * What a line of `key=value` pairs says under the keys that are wanted: where each value stands,
 * and how what most formats say comes into a row. Of a key that comes twice the first value counts.
 * The same object is filled line after line.
 */
import { Fields, numberIn, putAddress } from './fields.ts';
import { BAD_ADDRESS, BAD_NUMBER, BAD_PORT, type Line } from './format.ts';
import { KeyTable } from './key-table.ts';
import { hasPorts, protocolIn } from './protocol-names.ts';
import type { Scan } from './scan.ts';

const QUOTE = 0x22;
const ICMP = 1;
const ICMPV6 = 58;
/** The key is there, but what it holds is no number that fits. */
export const NO_NUMBER = -2;

/** Walks the pairs of a line; aimed at one after the other. */
export interface Pairs {
  /** Number of the key in the table, or -1. */
  readonly key: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The value touches the end of the line, so that it may be cut short. */
  readonly cut: boolean;
  /** Begins a line. */
  begin(): void;
  /** Aims at the next pair; false when there is none. */
  next(scan: Scan): boolean;
}

/** Places in the line that was read last. */
export class KeyedValues {
  /** Where values stand in the line, by number of their key; -1 = it is not there. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The wanted key whose value may be cut short by the end of the line, or -1. */
  cutKey = -1;
  /** The last pair, wanted or not, may be cut short; and its quote is not closed. */
  cut = false;
  open = false;
  /** Where the last pair's value begins. */
  lastStart = 0;
  /** Numbers of keys by their first spelling. */
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly pairs: Pairs;

  /** @param keys as of a `KeyTable`; @param pairsOf makes what walks the pairs */
  constructor(keys: readonly string[], pairsOf: (table: KeyTable) => Pairs = (t) => new Fields(t)) {
    this.numbers = new Map(keys.map((key, number) => [key.split('|')[0]!, number]));
    this.starts = new Int32Array(keys.length);
    this.ends = new Int32Array(keys.length);
    this.pairs = pairsOf(new KeyTable(keys));
  }

  /** The number of a key, by its first spelling. */
  key(name: string): number {
    const number = this.numbers.get(name);
    if (number === undefined) throw new TypeError(`no key ${name}`);
    return number;
  }

  /** No value is there. */
  clear(): void {
    this.starts.fill(-1);
    this.cutKey = -1;
    this.cut = this.open = false;
  }

  /** Takes the line apart from the cursor to its end. */
  read(scan: Scan): void {
    const { pairs, starts, ends } = this;
    this.clear();
    pairs.begin();
    while (pairs.next(scan)) {
      const { key } = pairs;
      this.lastStart = pairs.valueStart;
      if (pairs.cut) {
        this.cut = true;
        this.open = scan.bytes[pairs.valueStart - 1] === QUOTE;
      }
      if (key < 0 || starts[key] !== -1) continue;
      starts[key] = pairs.valueStart;
      ends[key] = pairs.valueEnd;
      if (pairs.cut) this.cutKey = key;
    }
  }

  has(key: number): boolean {
    return this.starts[key] !== -1;
  }

  /** Whether exactly this stands under the key. */
  is(scan: Scan, key: number, text: Uint8Array): boolean {
    const start = this.starts[key]!;
    return start !== -1 && this.ends[key]! - start === text.length && scan.isAt(text, start);
  }

  /** Number of the name under the key, 0 without the key. */
  word({ names, scan }: Line, key: number): number {
    if (this.starts[key] === -1) return 0;
    return names.intern(scan.bytes, this.starts[key]!, this.ends[key]!);
  }

  /** The text under the key, empty without it. */
  text(line: Line, key: number): string {
    return line.names.names[this.word(line, key)]!;
  }

  /** The number under the key, -1 where nothing stands, `NO_NUMBER` for anything else. */
  number(bytes: Uint8Array, key: number, most: number): number {
    const start = this.starts[key]!;
    const end = this.ends[key]!;
    if (start === -1 || start === end) return -1;
    const value = numberIn(bytes, start, end, most);
    return value < 0 ? NO_NUMBER : value;
  }

  /** Puts both addresses and the protocol into the row; 0, or a fault. */
  putEnds(
    { scan, batch }: Line,
    row: number,
    source: number,
    destination: number,
    protocol: number,
  ): number {
    const { starts, ends } = this;
    if (!putAddress(scan, batch, row, true, starts[source]!, ends[source]!)) return BAD_ADDRESS;
    if (!putAddress(scan, batch, row, false, starts[destination]!, ends[destination]!)) {
      return BAD_ADDRESS;
    }
    const number = protocolIn(scan, starts[protocol]!, ends[protocol]!);
    batch.protocol[row] = number;
    return number === -2 ? BAD_NUMBER : 0;
  }

  /** Puts the ports of a protocol that has some; 0, or a fault. */
  putPorts({ scan, batch }: Line, row: number, source: number, destination: number): number {
    if (!hasPorts(batch.protocol[row]!)) return 0;
    const from = this.number(scan.bytes, source, 65_535);
    const to = this.number(scan.bytes, destination, 65_535);
    if (from === NO_NUMBER || to === NO_NUMBER) return BAD_PORT;
    batch.sourcePort[row] = from;
    batch.destinationPort[row] = to;
    return 0;
  }

  /** Puts type and code of ICMP; 0, or a fault. */
  putMessage({ scan, batch }: Line, row: number, type: number, code: number): number {
    const protocol = batch.protocol[row];
    if (protocol !== ICMP && protocol !== ICMPV6) return 0;
    const ofType = this.number(scan.bytes, type, 255);
    const ofCode = this.number(scan.bytes, code, 255);
    if (ofType === NO_NUMBER || ofCode === NO_NUMBER) return BAD_NUMBER;
    batch.sourcePort[row] = ofType;
    batch.destinationPort[row] = ofCode;
    return 0;
  }

  /** Puts packets and octets: of the source, and of these that came back; 0, or a fault. */
  putCounters(
    { scan, batch }: Line,
    row: number,
    packets: number,
    packetsBack: number,
    octets: number,
    octetsBack: number,
  ): number {
    const { bytes } = scan;
    const most = Number.MAX_SAFE_INTEGER;
    const sent = this.number(bytes, packets, most);
    const back = this.number(bytes, packetsBack, most);
    const octetsSent = this.number(bytes, octets, most);
    const octetsCame = this.number(bytes, octetsBack, most);
    if (sent === NO_NUMBER || back === NO_NUMBER) return BAD_NUMBER;
    if (octetsSent === NO_NUMBER || octetsCame === NO_NUMBER) return BAD_NUMBER;
    if (sent >= 0 || back >= 0) batch.packets[row] = Math.max(0, sent) + Math.max(0, back);
    if (octetsSent >= 0 || octetsCame >= 0) {
      batch.bytes[row] = Math.max(0, octetsSent) + Math.max(0, octetsCame);
    }
    batch.packetsBack[row] = back;
    batch.bytesBack[row] = octetsCame;
    return 0;
  }
}
