/**
 * Packet rows in, flows out: an open-addressing hash table over chunks of fixed-size rows.
 *
 * A flow is all packets with the same key in both directions, until it has been idle for its
 * timeout, was closed, or its addresses and ports are used again. Ended flows stay in their rows;
 * when the table is full, rows are handed to `onEvict` and reused: those that are over first, then
 * flows that only one side ever sent (scans, floods), then attempts that led nowhere, then
 * conversations; the longest idle of each first.
 */
import {
  M_GROUP_DESTINATION,
  M_ICMP_ERROR,
  M_INNER,
  M_LATER_FRAGMENT,
  M_NO_TRANSPORT,
  P_ACKNOWLEDGMENT,
  P_CARRIED,
  P_DESTINATION,
  P_FLAGS,
  P_FRAME,
  P_HASH,
  P_INTERFACE,
  P_IP_LENGTH,
  P_KIND,
  P_MARKS,
  P_NANOSECONDS,
  P_PAYLOAD,
  P_PORTS,
  P_SECONDS,
  P_SEQUENCE,
  P_SOURCE,
  PACKET_WORDS,
} from '../wire/packet-batch.ts';
import { type Chunk, newChunk } from './chunk.ts';
import { copyRows, leastWorth, MOST_ROWS } from './eviction.ts';
import { Extensions } from './extensions.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  E_CARRIED_HIGH,
  E_CARRIED_LOW,
  E_CARRIED_PACKETS,
  E_ICMP_ERRORS,
  E_ICMP_KIND,
  F_OCTETS_A,
  F_PAYLOAD_A,
  HINT_CLIENT_A,
  HINT_CLIENT_B,
  MARK_CUT,
  MARK_ENDED,
  MARK_GROUP,
  MARK_INNER,
  MARK_LONG,
  MARK_OVER,
  R_A,
  R_B,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_FRAME,
  R_INTERFACE,
  R_KIND,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_LENGTHS_A,
  R_PACKETS_A,
  R_PORTS,
  R_SEEN,
  R_STATE,
  ROW_WORDS,
} from './flow-row.ts';
import type { FlowPart } from './flow-set.ts';
import { LETTER_D, noteOnce } from './history.ts';
import { noteOpening } from './openings.ts';
import { FIRST_SLOT_WORDS, putSlot, reserveSlots, resettle } from './row-slots.ts';
import { isNewConnection, trackFragment, trackTcp } from './tcp-state.ts';
import { closeStamp, isOver, shortestOf, type Timeouts, timeoutsOf } from './timeouts.ts';

export interface FlowTableOptions {
  readonly timeouts?: Partial<Timeouts>;
  /** Rows kept at most, 64 to 67,108,864; 144 octets each. Default 2,000,000. */
  readonly maxFlows?: number;
  /** Called with copies of the rows that must go; the callee owns them. */
  readonly onEvict?: (part: FlowPart) => void;
  /** Rows in shared memory, so that another thread can read them. Default false. */
  readonly shared?: boolean;
}

/** Packets handled together, see `touch`. */
const RUN = 32;
const RUN_WORDS = RUN * PACKET_WORDS;
const DEFAULT_MAX_FLOWS = 2_000_000;
const FEWEST_FLOWS = 64;

/**
 * Owns its rows until `finish` hands them out. Packets come in the order of the capture; a late one
 * counts in the flow that is open.
 */
export class FlowTable {
  /** Rows in use are 0 to `count - 1`, less those in the free list. */
  count = 0;
  readonly chunks: Chunk[] = [];
  readonly extensions = new Extensions();
  /** Flows handed to `onEvict` so far, and of those the ones that were still live. */
  evicted = 0;
  evictedLive = 0;
  /** ICMP errors about flows that were never seen. */
  orphanErrors = 0;
  readonly timeouts: Timeouts;

  /** Pairs: hash, row index + 1 (0 = empty); the words up to `mask` are in use. */
  private slots: Int32Array = new Int32Array(FIRST_SLOT_WORDS);
  private mask = FIRST_SLOT_WORDS - 1;
  private used = 0;
  private readonly maxFlows: number;
  private readonly shortest: number;
  private readonly onEvict: ((part: FlowPart) => void) | undefined;
  private readonly shared: boolean;
  private free: Int32Array = new Int32Array(0);
  private freeCount = 0;
  private readonly touched = new Int32Array(RUN);
  /** The words of `chunks`. */
  private readonly lines: Int32Array[] = [];
  /** Means nothing; see `touch`. */
  touchedSum = 0;

  constructor(options: FlowTableOptions = {}) {
    this.timeouts = timeoutsOf(options.timeouts);
    this.shortest = shortestOf(this.timeouts);
    const most = options.maxFlows ?? DEFAULT_MAX_FLOWS;
    if (!(most >= 0)) throw new TypeError(`maxFlows is not a number of flows: ${most}`);
    this.maxFlows = Math.min(MOST_ROWS, Math.max(FEWEST_FLOWS, Math.floor(most)));
    this.onEvict = options.onEvict;
    this.shared = options.shared ?? false;
  }

  /** Adds `count` packet rows. */
  consume(packets: Int32Array, count: number): void {
    const end = count * PACKET_WORDS;
    for (let from = 0; from < end; from += RUN_WORDS) {
      const to = Math.min(end, from + RUN_WORDS);
      this.touch(packets, from, to);
      for (let at = from; at < to; at += PACKET_WORDS) this.add(packets, at);
    }
  }

  /**
   * Reads a word of every cache line that a run of packets will need. The loads do not depend
   * on each other, so the processor has many of them under way at once; done one packet at a
   * time, each would be waited for. On a table larger than the cache this more than halves the
   * time per packet.
   */
  private touch(packets: Int32Array, from: number, to: number): void {
    const { slots, mask, lines, touched } = this;
    let count = 0;
    for (let at = from; at < to; at += PACKET_WORDS) {
      const hash = packets[at + P_HASH]!;
      let slot = (hash << 1) & mask;
      let held = slots[slot + 1]!;
      // One in five is not in its first slot; its row would be waited for later, alone.
      while (held !== 0 && slots[slot] !== hash) {
        slot = (slot + 2) & mask;
        held = slots[slot + 1]!;
      }
      touched[count] = held - 1;
      // Without a branch: a new flow has no row yet.
      count += held === 0 ? 0 : 1;
    }
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const row = touched[index]!;
      const words = lines[row >>> CHUNK_SHIFT]!;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      sum ^= words[base]! ^ words[base + ROW_WORDS / 2]!;
    }
    // Kept, so that the loads are not optimised away.
    this.touchedSum = sum;
  }

  private add(packets: Int32Array, at: number): void {
    const hash = packets[at + P_HASH]!;
    const source = packets[at + P_SOURCE]!;
    const destination = packets[at + P_DESTINATION]!;
    const ports = packets[at + P_PORTS]!;
    const kind = packets[at + P_KIND]!;
    const { slots, mask } = this;
    let slot = (hash << 1) & mask;
    for (;;) {
      const held = slots[slot + 1]!;
      if (held === 0) break;
      if (slots[slot] === hash) {
        const row = held - 1;
        const words = this.chunks[row >>> CHUNK_SHIFT]!.words;
        const base = (row & CHUNK_MASK) * ROW_WORDS;
        if (words[base + R_KIND] === kind) {
          const a = words[base + R_A]!;
          const b = words[base + R_B]!;
          const held = words[base + R_PORTS]!;
          if (a === source && b === destination && held === ports) {
            this.update(packets, at, row, slot, 0);
            return;
          }
          if (a === destination && b === source && held === ((ports << 16) | (ports >>> 16))) {
            this.update(packets, at, row, slot, 1);
            return;
          }
        }
      }
      slot = (slot + 2) & mask;
    }
    if ((packets[at + P_MARKS]! & M_ICMP_ERROR) !== 0) {
      this.orphanErrors++;
      return;
    }
    const row = this.open(packets, at);
    // Making room may have moved the slots.
    this.place(hash, row);
    this.account(packets, at, row, 0);
  }

  /** Adds a packet to the row it belongs to, or to a new one when the row is over. */
  private update(packets: Int32Array, at: number, row: number, slot: number, side: number): void {
    const chunk = this.chunks[row >>> CHUNK_SHIFT]!;
    const words = chunk.words;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    if ((packets[at + P_MARKS]! & M_ICMP_ERROR) !== 0) {
      const rare = this.extensions.of(words, base);
      this.extensions.words[rare + E_ICMP_ERRORS]!++;
      this.extensions.words[rare + E_ICMP_KIND] = packets[at + P_FLAGS]! & 0xffff;
      return;
    }
    const seconds = packets[at + P_SECONDS]!;
    const idle = (seconds >>> 0) - (words[base + R_LAST_SECONDS]! >>> 0);
    const flags = packets[at + P_FLAGS]!;
    const opens = (flags & 2) !== 0 && (packets[at + P_KIND]! & 0xff) === 6;
    if (
      // An attempt, and what follows the end of a connection, is limited even without silence.
      ((idle >= this.shortest || opens || (words[base + R_STATE]! & MARK_OVER) !== 0) &&
        isOver(this.timeouts, words, base, seconds, packets[at + P_NANOSECONDS]!)) ||
      (opens && isNewConnection(words, base, side, flags, packets[at + P_SEQUENCE]!))
    ) {
      words[base + R_STATE]! |= MARK_ENDED;
      const hash = this.slots[slot]!;
      const next = this.open(packets, at);
      this.replace(hash, row, next);
      this.account(packets, at, next, 0);
      return;
    }
    this.account(packets, at, row, side);
  }

  /** Counts a packet sent by `side` (0 = A, 1 = B). */
  private account(packets: Int32Array, at: number, row: number, side: number): void {
    const chunk = this.chunks[row >>> CHUNK_SHIFT]!;
    const words = chunk.words;
    const floats = chunk.floats;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    const half = base >>> 1;
    const length = packets[at + P_IP_LENGTH]!;
    const payload = packets[at + P_PAYLOAD]!;
    const seconds = packets[at + P_SECONDS]!;
    const nanoseconds = packets[at + P_NANOSECONDS]!;
    const flags = packets[at + P_FLAGS]!;
    words[base + R_PACKETS_A + side]!++;
    floats[half + F_OCTETS_A + side]! += length;
    const lengths = words[base + R_LENGTHS_A + side]!;
    if (length < (lengths & 0xffff) || length > lengths >>> 16) {
      this.widen(words, base, side, length);
    }
    const later = (seconds >>> 0) - (words[base + R_LAST_SECONDS]! >>> 0);
    if (later > 0 || (later === 0 && nanoseconds > words[base + R_LAST_NANOSECONDS]!)) {
      words[base + R_LAST_SECONDS] = seconds;
      words[base + R_LAST_NANOSECONDS] = nanoseconds;
    } else if (later < 0 || nanoseconds < words[base + R_FIRST_NANOSECONDS]!) {
      this.backdate(words, base, seconds, nanoseconds);
    }
    const marks = packets[at + P_MARKS]!;
    if ((flags & 0xff000000) !== 0) this.noteHint(words, base, side, flags >>> 24);
    const protocol = packets[at + P_KIND]! & 0xff;
    if (protocol === 6) {
      if ((marks & (M_NO_TRANSPORT | M_LATER_FRAGMENT)) === 0) {
        const over = words[base + R_STATE]! & MARK_OVER;
        trackTcp(
          this.extensions,
          words,
          base,
          side,
          flags,
          packets[at + P_SEQUENCE]!,
          packets[at + P_ACKNOWLEDGMENT]!,
          payload,
        );
        if (over === 0 && (words[base + R_STATE]! & MARK_OVER) !== 0) {
          words[base + R_INTERFACE]! |= closeStamp(seconds, nanoseconds) << 16;
        }
      } else if ((marks & M_NO_TRANSPORT) === 0) trackFragment(words, base, side, payload);
      if (payload > 0) floats[half + F_PAYLOAD_A + side]! += payload;
    } else {
      floats[half + F_PAYLOAD_A + side]! += payload;
      if (protocol === 17) noteOnce(this.extensions, words, base, side, LETTER_D);
      else if (protocol === 132 || protocol === 33) noteOpening(words, base, side, flags);
    }
    if (marks !== 0 || packets[at + P_CARRIED]! !== 0) this.accountRare(packets, at, words, base);
  }

  /** Keeps the first hint, and which ends any hint made the client. */
  private noteHint(words: Int32Array, base: number, side: number, hint: number): void {
    if ((words[base + R_SEEN]! & 0xff0000) === 0) words[base + R_SEEN]! |= hint << 16;
    const asks = (hint & 3) === 1;
    words[base + R_SEEN]! |= asks === (side === 0) ? HINT_CLIENT_A : HINT_CLIENT_B;
  }

  /** The uncommon parts of a packet: marks, and packets inside it. */
  private accountRare(packets: Int32Array, at: number, words: Int32Array, base: number): void {
    const marks = packets[at + P_MARKS]!;
    if ((marks & M_GROUP_DESTINATION) !== 0) words[base + R_STATE]! |= MARK_GROUP;
    if ((marks & M_INNER) !== 0) words[base + R_STATE]! |= MARK_INNER;
    if ((marks & M_NO_TRANSPORT) !== 0) words[base + R_STATE]! |= MARK_CUT;
    const carried = packets[at + P_CARRIED]!;
    if (carried !== 0) {
      const rare = this.extensions.of(words, base);
      const held = this.extensions.words;
      held[rare + E_CARRIED_PACKETS]!++;
      const low = (held[rare + E_CARRIED_LOW]! >>> 0) + carried;
      held[rare + E_CARRIED_LOW] = low | 0;
      if (low > 0xffffffff) held[rare + E_CARRIED_HIGH]!++;
    }
  }

  /** Packets out of time order: keeps the earliest and the latest time. */
  private backdate(words: Int32Array, base: number, seconds: number, nanoseconds: number): void {
    const earlier = (words[base + R_FIRST_SECONDS]! >>> 0) - (seconds >>> 0);
    if (earlier > 0 || (earlier === 0 && nanoseconds < words[base + R_FIRST_NANOSECONDS]!)) {
      words[base + R_FIRST_SECONDS] = seconds;
      words[base + R_FIRST_NANOSECONDS] = nanoseconds;
    }
  }

  private widen(words: Int32Array, base: number, side: number, length: number): void {
    let least = words[base + R_LENGTHS_A + side]! & 0xffff;
    let most = words[base + R_LENGTHS_A + side]! >>> 16;
    let shown = length;
    if (length > 0xffff) {
      shown = 0xffff;
      words[base + R_STATE]! |= MARK_LONG;
    }
    if (words[base + R_PACKETS_A + side] === 1) least = most = shown;
    if (shown < least) least = shown;
    if (shown > most) most = shown;
    words[base + R_LENGTHS_A + side] = least | (most << 16);
  }

  /** A row for the flow that this packet opens; free rows are all zeros. */
  private open(packets: Int32Array, at: number): number {
    if (this.freeCount === 0 && this.count >= this.maxFlows) {
      this.makeRoom(packets[at + P_SECONDS]!, packets[at + P_NANOSECONDS]!);
    }
    const row = this.freeCount > 0 ? this.free[--this.freeCount]! : this.extend();
    const words = this.chunks[row >>> CHUNK_SHIFT]!.words;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    words[base + R_A] = packets[at + P_SOURCE]!;
    words[base + R_B] = packets[at + P_DESTINATION]!;
    words[base + R_PORTS] = packets[at + P_PORTS]!;
    words[base + R_KIND] = packets[at + P_KIND]!;
    words[base + R_FIRST_SECONDS] = packets[at + P_SECONDS]!;
    words[base + R_FIRST_NANOSECONDS] = packets[at + P_NANOSECONDS]!;
    words[base + R_LAST_SECONDS] = packets[at + P_SECONDS]!;
    words[base + R_LAST_NANOSECONDS] = packets[at + P_NANOSECONDS]!;
    words[base + R_FRAME] = packets[at + P_FRAME]!;
    words[base + R_INTERFACE] = packets[at + P_INTERFACE]!;
    return row;
  }

  private extend(): number {
    const row = this.count++;
    if ((row & CHUNK_MASK) === 0) {
      const chunk = newChunk(this.shared);
      this.chunks.push(chunk);
      this.lines.push(chunk.words);
    }
    return row;
  }

  private place(hash: number, row: number): void {
    if (4 * ++this.used > this.mask + 1) this.grow();
    putSlot(this.slots, this.mask, hash, row + 1);
  }

  /** Points the slot of an ended row at its successor. */
  private replace(hash: number, row: number, next: number): void {
    const { slots, mask } = this;
    for (let slot = (hash << 1) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      if (slots[slot + 1] === row + 1) {
        slots[slot + 1] = next + 1;
        return;
      }
    }
    // The ended row was evicted while room was made for its successor.
    this.place(hash, next);
  }

  private grow(): void {
    const before = this.mask + 1;
    if (this.slots.length === before) {
      const slots = reserveSlots(2 * before, this.maxFlows);
      slots.set(this.slots);
      this.slots = slots;
    }
    resettle(this.slots, before, 2 * before);
    this.mask = 2 * before - 1;
  }

  /** Frees an eighth of the rows at the time given; see the file's head for the order. */
  private makeRoom(seconds: number, nanoseconds: number): void {
    const { rows, live } = leastWorth(this.chunks, this.count, this.timeouts, seconds, nanoseconds);
    const going = rows.length;
    const gone = new Uint8Array(this.count);
    for (const row of rows) gone[row] = 1;
    this.evictedLive += live;
    this.evicted += going;
    this.onEvict?.(copyRows(this.chunks, this.extensions, rows));
    for (const row of rows) {
      const words = this.chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      this.extensions.release(words, base);
      words.fill(0, base, base + ROW_WORDS);
    }
    this.free = rows;
    this.freeCount = going;
    this.used = resettle(this.slots, this.mask + 1, this.mask + 1, gone);
  }

  /**
   * Ends the table: its rows 0 to `count - 1` are then all flows it still holds, without gaps.
   * Nothing may be consumed afterwards.
   */
  finish(): FlowPart & { evicted: number; evictedLive: number; orphanErrors: number } {
    this.closeGaps();
    this.slots = new Int32Array(0);
    // Who takes the chunks lets go of them one by one.
    this.lines.length = 0;
    const { chunks, count, extensions, evicted, evictedLive, orphanErrors } = this;
    return { chunks, count, extensions, evicted, evictedLive, orphanErrors };
  }

  /**
   * The rows as they stand, to be looked at between two calls of `consume`. Rows that are free
   * just now are all zeros.
   */
  peek(): FlowPart {
    return { chunks: this.chunks, count: this.count, extensions: this.extensions };
  }

  /** Moves rows from the end into the places of free ones. */
  private closeGaps(): void {
    const free = this.free.slice(0, this.freeCount).sort();
    this.freeCount = 0;
    let last = free.length - 1;
    for (const hole of free) {
      while (last >= 0 && free[last] === this.count - 1) {
        last--;
        this.count--;
      }
      if (hole >= this.count) return;
      const from = --this.count;
      const source = this.chunks[from >>> CHUNK_SHIFT]!.words;
      const at = (from & CHUNK_MASK) * ROW_WORDS;
      this.chunks[hole >>> CHUNK_SHIFT]!.words.set(
        source.subarray(at, at + ROW_WORDS),
        (hole & CHUNK_MASK) * ROW_WORDS,
      );
    }
  }
}
