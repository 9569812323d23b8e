/**
 * Flows that logs tell of, as rows like those of captures, so that direction, statistics and
 * findings are worked out alike. A record of both ways is a flow of its own; records and packets of
 * one way are joined by their ends, for each source and device by itself.
 *
 * What a log cannot show is marked: `MARK_LOGGED`, that answers would not be seen.
 */
import { newChunk } from './chunk.ts';
import { Extensions } from './extensions.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  F_OCTETS_A,
  F_PAYLOAD_A,
  MARK_DECLARED,
  MARK_DENIED,
  MARK_GROUP,
  MARK_LOGGED,
  MARK_OPENER_B,
  R_A,
  R_B,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_FRAME,
  R_INTERFACE,
  R_KIND,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_NEXT_A,
  R_PACKETS_A,
  R_PORTS,
  R_SEEN,
  R_START_A,
  R_START_B,
  R_STATE,
  ROW_WORDS,
} from './flow-row.ts';
import type { FlowPart } from './flow-set.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
/** History bits of an end, as history.ts numbers its letters. */
const SAW_SYN = 1;
const SAW_SYN_ACK = 2;
const SAW_ACK = 4;
const SAW_DATA = 8;
const SAW_FIN = 16;
const SAW_RST = 32;
const TCP = 6;
const MOST_COUNTED = 0x7fffffff;
/** Beside what an end is seen to have done: its packets were told one by one. */
const EXACT = 0x100;

/** One record of a log. The same object for all; addresses are of the reader's pool. */
export class LogRecord {
  source = 0;
  destination = 0;
  /** Protocol and `FAMILY_6`, as in `P_KIND`. */
  kind = 0;
  /** Source port in the high half; of ICMP the type. */
  ports = 0;
  packets = 0;
  bytes = 0;
  packetsBack = 0;
  bytesBack = 0;
  /** TCP flags of each side; -1 = not stated. */
  flags = -1;
  flagsBack = -1;
  /** The flags are those of one packet, not of many put together. */
  onePacket = false;
  /** A flow of its own: nothing is to be added to it. */
  whole = false;
  /** The log says that the source, or (2) the destination, began. */
  began = 0;
  denied = false;
  /** Answers would not be seen. */
  logged = false;
  toGroup = false;
  timeMs = 0;
  /** Index of the interface that stands for input and format, number of the device, and line. */
  interface = 0;
  device = 0;
  line = 0;
}

/**
 * Records of one input, in any order. `most` rows are kept; records of further flows are lost, and
 * counted.
 */
export class LogRows {
  count = 0;
  /** Records of flows beyond the limit. */
  lost = 0;
  private readonly chunks: ReturnType<typeof newChunk>[] = [];
  private readonly most: number;
  private readonly seed: number;
  private slots = new Int32Array(1 << 12);

  constructor(most: number, seed: number) {
    this.most = most;
    this.seed = seed;
  }

  add(record: LogRecord): void {
    let row = -1;
    let side = 0;
    if (!record.whole) {
      const slot = this.find(record);
      row = this.slots[slot]! - 1;
      if (row >= 0) side = this.sideOf(row, record);
      else {
        row = this.begin(record);
        if (row >= 0) this.slots[slot] = row + 1;
        if (2 * this.count > this.slots.length) this.grow();
      }
    } else row = this.begin(record);
    if (row < 0) {
      this.lost++;
      return;
    }
    this.tally(row, side, record);
  }

  /** The rows as a table's. Nothing may be added afterwards. */
  finish(): FlowPart {
    for (let row = 0; row < this.count; row++) {
      settle(this.chunks[row >>> CHUNK_SHIFT]!.words, (row & CHUNK_MASK) * ROW_WORDS);
    }
    return { chunks: this.chunks, count: this.count, extensions: new Extensions() };
  }

  private begin(record: LogRecord): number {
    if (this.count >= this.most) return -1;
    const row = this.count++;
    const chunk = row >>> CHUNK_SHIFT;
    if (chunk === this.chunks.length) this.chunks.push(newChunk(false));
    const { words } = this.chunks[chunk]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    words[base + R_A] = record.source;
    words[base + R_B] = record.destination;
    words[base + R_PORTS] = record.ports;
    words[base + R_KIND] = record.kind;
    words[base + R_INTERFACE] = record.interface;
    words[base + R_NEXT_A] = record.device;
    words[base + R_FRAME] = record.line;
    setTime(words, base + R_FIRST_SECONDS, record.timeMs);
    setTime(words, base + R_LAST_SECONDS, record.timeMs);
    words[base + R_STATE] =
      (record.denied ? MARK_DENIED : 0) |
      (record.logged ? MARK_LOGGED : 0) |
      (record.toGroup ? MARK_GROUP : 0);
    return row;
  }

  /** Adds a record to its row; `side` is the end that is its source. */
  private tally(row: number, side: number, record: LogRecord): void {
    const { words, floats } = this.chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    const octets = (base >>> 1) + F_OCTETS_A;
    addPackets(words, base + R_PACKETS_A + side, record.packets);
    addPackets(words, base + R_PACKETS_A + 1 - side, record.packetsBack);
    floats[octets + side]! += record.bytes;
    floats[octets + 1 - side]! += record.bytesBack;
    const flagsAt = base + (side === 0 ? R_START_A : R_START_B);
    const backAt = base + (side === 0 ? R_START_B : R_START_A);
    if (record.flags >= 0) words[flagsAt]! |= seenOf(record, record.flags);
    if (record.flagsBack >= 0) words[backAt]! |= seenOf(record, record.flagsBack);
    let state = words[base + R_STATE]!;
    if (!record.denied) state &= ~MARK_DENIED;
    if (!record.logged) state &= ~MARK_LOGGED;
    if (record.began !== 0) {
      const clientIsA = (record.began === 1) === (side === 0);
      state |= clientIsA ? MARK_DECLARED : MARK_OPENER_B;
    }
    words[base + R_STATE] = state;
    // Whose record began first is whose packet came first; kept where payload octets would be.
    const firsts = (base >>> 1) + F_PAYLOAD_A;
    const before = floats[firsts + side]!;
    if (before === 0 || record.timeMs < before) floats[firsts + side] = record.timeMs;
    this.stretch(words, base, record.timeMs, side, record.line);
  }

  private stretch(
    words: Int32Array,
    base: number,
    timeMs: number,
    side: number,
    line: number,
  ): void {
    if (timeMs > timeAt(words, base + R_LAST_SECONDS)) {
      setTime(words, base + R_LAST_SECONDS, timeMs);
    }
    if (timeMs >= timeAt(words, base + R_FIRST_SECONDS)) return;
    setTime(words, base + R_FIRST_SECONDS, timeMs);
    if (side === 0) words[base + R_FRAME] = line;
  }

  private sideOf(row: number, { source, ports }: LogRecord): number {
    const { words } = this.chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    return words[base + R_A] === source && words[base + R_PORTS] === ports ? 0 : 1;
  }

  /** Slot of the record's flow, or the free one where it belongs. */
  private find(record: LogRecord): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(this.seed, record.source, record.destination, record.ports, record) & mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0 || this.isSame(held - 1, record)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private isSame(row: number, record: LogRecord): boolean {
    const { words } = this.chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    if (words[base + R_KIND] !== record.kind || words[base + R_NEXT_A] !== record.device) {
      return false;
    }
    if (words[base + R_INTERFACE] !== record.interface) return false;
    const [a, b, ports] = [words[base + R_A]!, words[base + R_B]!, words[base + R_PORTS]!];
    if (a === record.source && b === record.destination && ports === record.ports) return true;
    return a === record.destination && b === record.source && ports === turned(record.ports);
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(2 * old.length);
    const mask = this.slots.length - 1;
    for (const held of old) {
      if (held === 0) continue;
      const { words } = this.chunks[(held - 1) >>> CHUNK_SHIFT]!;
      const base = ((held - 1) & CHUNK_MASK) * ROW_WORDS;
      const record = {
        kind: words[base + R_KIND]!,
        device: words[base + R_NEXT_A]!,
        interface: words[base + R_INTERFACE]!,
      };
      const ports = words[base + R_PORTS]!;
      let slot = hashOf(this.seed, words[base + R_A]!, words[base + R_B]!, ports, record) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = held;
    }
  }
}

/** Works out what TCP's ends did, and tidies what was kept in other fields' places. */
function settle(words: Int32Array, base: number): void {
  const floats = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
  const firsts = (base >>> 1) + F_PAYLOAD_A;
  const [a, b] = [floats[firsts]!, floats[firsts + 1]!];
  let state = words[base + R_STATE]!;
  const said = state & (MARK_DECLARED | MARK_OPENER_B);
  // Both are said to have begun: nothing is said.
  if (said === (MARK_DECLARED | MARK_OPENER_B)) state &= ~said;
  else if (said === MARK_OPENER_B) state = (state & ~MARK_OPENER_B) | MARK_DECLARED;
  const ports = words[base + R_PORTS]!;
  const bFirst = b !== 0 && (a === 0 || b < a || (a === b && ports >>> 16 < (ports & 0xffff)));
  if (said === 0 ? bFirst : said === MARK_OPENER_B) turn(words, floats, base);
  words[base + R_STATE] = state;
  if ((words[base + R_KIND]! & 0xff) === TCP) handshake(words, base);
  words[base + R_START_A] = 0;
  words[base + R_START_B] = 0;
  words[base + R_NEXT_A] = 0;
  floats[firsts] = 0;
  floats[firsts + 1] = 0;
}

/** Makes the ends change places. */
function turn(words: Int32Array, floats: Float64Array, base: number): void {
  for (const [left, right] of [
    [R_A, R_B],
    [R_PACKETS_A, R_PACKETS_A + 1],
    [R_START_A, R_START_B],
  ] as const) {
    const kept = words[base + left]!;
    words[base + left] = words[base + right]!;
    words[base + right] = kept;
  }
  words[base + R_PORTS] = turned(words[base + R_PORTS]!);
  for (const place of [F_OCTETS_A, F_PAYLOAD_A]) {
    const at = (base >>> 1) + place;
    const kept = floats[at]!;
    floats[at] = floats[at + 1]!;
    floats[at + 1] = kept;
  }
}

/**
 * Flags of many packets put together: an end that sent SYN and ACK opened or accepted. Where both
 * did, A opened, whose packets are the earlier ones; where nothing is known of the other, nobody
 * can say which it did.
 */
function handshake(words: Int32Array, base: number): void {
  let a = words[base + R_START_A]!;
  let b = words[base + R_START_B]!;
  const declared = (words[base + R_STATE]! & MARK_DECLARED) !== 0;
  const summed = SAW_SYN | SAW_ACK;
  if ((a & SAW_SYN) !== 0 && (b & SAW_SYN) !== 0) {
    // The ladder takes the first of two SYNs for likely, and the handshake for seen.
    b |= SAW_SYN_ACK;
    if (declared) b &= ~SAW_SYN;
  } else if (!declared) {
    if ((a & summed) === summed && (a & EXACT) === 0 && (b & ~SAW_RST) === 0) a &= ~SAW_SYN;
    if ((b & summed) === summed && (b & EXACT) === 0) b &= ~SAW_SYN;
  }
  words[base + R_SEEN] = (a & 0xff) | ((b & 0xff) << 8);
}

/** What an end is seen to have done by its flags. */
function seenOf({ onePacket }: LogRecord, flags: number): number {
  if (onePacket && (flags & SYN) !== 0)
    return (flags & ACK) !== 0 ? SAW_SYN_ACK | EXACT : SAW_SYN | EXACT;
  // An RST with ACK alone answers a SYN: it speaks no further.
  if ((flags & (SYN | RST | PSH | FIN)) === RST) return SAW_RST;
  return (
    ((flags & SYN) !== 0 ? SAW_SYN : 0) |
    ((flags & ACK) !== 0 ? SAW_ACK : 0) |
    ((flags & PSH) !== 0 ? SAW_DATA : 0) |
    ((flags & FIN) !== 0 ? SAW_FIN : 0) |
    ((flags & RST) !== 0 ? SAW_RST : 0)
  );
}

function addPackets(words: Int32Array, at: number, packets: number): void {
  words[at] = Math.min(MOST_COUNTED, words[at]! + packets);
}

function setTime(words: Int32Array, at: number, timeMs: number): void {
  const seconds = Math.floor(timeMs / 1000);
  words[at] = seconds;
  words[at + R_FIRST_NANOSECONDS - R_FIRST_SECONDS] = Math.round((timeMs - 1000 * seconds) * 1e6);
}

function timeAt(words: Int32Array, at: number): number {
  return (words[at]! >>> 0) * 1000 + words[at + R_LAST_NANOSECONDS - R_LAST_SECONDS]! / 1e6;
}

function turned(ports: number): number {
  return (ports << 16) | (ports >>> 16);
}

/** The same for both directions. */
function hashOf(
  seed: number,
  source: number,
  destination: number,
  ports: number,
  { kind, device, interface: at }: Pick<LogRecord, 'kind' | 'device' | 'interface'>,
): number {
  let h = seed ^ kind ^ Math.imul(device + 1, 0x85ebca6b) ^ Math.imul(at + 1, 0x27d4eb2f);
  h =
    Math.imul(h ^ (source ^ destination), 0x9e3779b1) ^ Math.imul(source + destination, 0xc2b2ae35);
  h =
    Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^
    Math.imul((ports & 0xffff) ^ (ports >>> 16), 0x165667b1);
  return (h ^ (h >>> 13)) & 0x7fffffff;
}
