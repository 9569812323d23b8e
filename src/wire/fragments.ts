/**
 * Gives the later fragments of a datagram the ports of its first one (RFC 791 section 3.2,
 * RFC 8200 section 4.5). Nothing is reassembled: only ports are remembered, in a table of fixed
 * size, so endless, overlapping or forged fragments cost nothing but an entry.
 *
 * Fragments that come before their first one wait in a small pool and are released with it, or,
 * when others need the room or the input ends, go on without ports.
 */
import type { Decoder } from './decoder.ts';
import { FRAGMENT_INVALID, FRAGMENT_OVERLAP, FRAGMENT_UNMATCHED } from './faults.ts';
import { finishHash, plainHash, symmetricHash } from './flow-hash.ts';
import {
  FAMILY_6,
  M_DUPLICATE,
  M_FIRST_FRAGMENT,
  M_LATER_FRAGMENT,
  P_DESTINATION,
  P_HASH,
  P_KIND,
  P_MARKS,
  P_PORTS,
  P_SOURCE,
  PACKET_WORDS,
} from './packet-batch.ts';

const SETS = 512;
const WAYS = 4;
/** Words per entry: source, destination, id, key kind, then these. */
const ENTRY_WORDS = 10;
const E_PORTS = 4;
const E_STATE = 5;
const E_SECONDS = 6;
const E_RECEIVED = 7;
const E_TOTAL = 8;
/** The `P_KIND` of the first fragment. */
const E_KIND = 9;
/** Entry states. */
const FREE = 0;
const WITHOUT_FIRST = 1;
const WITH_FIRST = 2;
/** Identifications may be used again after this many seconds (RFC 791 suggests 15–255). */
const LIFETIME_SECONDS = 60;
/** Fragments that may wait for their first one; each is a row of 64 octets. */
export const WAITING = 64;
/** No datagram is longer than this. */
const LONGEST = 65535;

/**
 * Fixed memory, 64 fragments that wait included. `seed` keeps strangers from choosing datagrams
 * that share a place.
 */
export class FragmentTable {
  /** Datagrams of which at least one fragment was seen. */
  datagrams = 0;
  private readonly entries = new Int32Array(SETS * WAYS * ENTRY_WORDS);
  private readonly waiting = new Int32Array(WAITING * PACKET_WORDS);
  /** Identification of the datagram each waiting row belongs to. */
  private readonly waitingId = new Int32Array(WAITING);
  private waitingCount = 0;
  /** The waiting row that goes on without ports when the pool is full. */
  private nextOut = 0;
  private readonly seed: number;

  constructor(seed = 0) {
    this.seed = seed;
  }

  /**
   * Notes the fragment whose row the decoder has just emitted at `at`, and completes its ports.
   *
   * @param id identification field (16 bits in IPv4, 32 in IPv6)
   * @param offset where its payload starts in the datagram, octets
   * @param length octets of payload it carries
   * @param more whether more fragments follow it
   */
  note(d: Decoder, at: number, id: number, offset: number, length: number, more: boolean): void {
    if (at < 0) return;
    const rows = d.rows;
    const entry = this.find(d, rows, at, id);
    const entries = this.entries;
    // Copies from a mirror port overlap by nature.
    if ((rows[at + P_MARKS]! & M_DUPLICATE) === 0) {
      if (offset === 0) this.reuse(entry);
      this.checkExtent(d, entry, offset, length, more);
    }
    if (offset === 0) {
      entries[entry + E_PORTS] = rows[at + P_PORTS]!;
      entries[entry + E_KIND] = rows[at + P_KIND]!;
      const waited = entries[entry + E_STATE] === WITHOUT_FIRST;
      entries[entry + E_STATE] = WITH_FIRST;
      if (waited && this.waitingCount > 0) this.release(d, rows, at, id);
    } else if (entries[entry + E_STATE] === WITH_FIRST) {
      this.complete(rows, at, entries[entry + E_PORTS]!, entries[entry + E_KIND]!);
    } else {
      entries[entry + E_STATE] = WITHOUT_FIRST;
      if (d.depth > 0) d.fault(FRAGMENT_UNMATCHED);
      else this.wait(d, rows, at, id);
    }
  }

  /** Moves the row at `at`, the decoder's last, to the pool; a full pool gives one up for it. */
  private wait(d: Decoder, rows: Int32Array, at: number, id: number): void {
    const waiting = this.waiting;
    if (this.waitingCount < WAITING) {
      const to = this.waitingCount * PACKET_WORDS;
      for (let word = 0; word < PACKET_WORDS; word++) waiting[to + word] = rows[at + word]!;
      this.waitingId[this.waitingCount++] = id;
      d.rowCount--;
      return;
    }
    d.fault(FRAGMENT_UNMATCHED);
    const to = this.nextOut * PACKET_WORDS;
    for (let word = 0; word < PACKET_WORDS; word++) {
      const out = waiting[to + word]!;
      waiting[to + word] = rows[at + word]!;
      rows[at + word] = out;
    }
    this.waitingId[this.nextOut] = id;
    this.nextOut = (this.nextOut + 1) % WAITING;
  }

  /** Forgets the extent of a complete datagram whose identification a new one uses again. */
  private reuse(entry: number): void {
    const entries = this.entries;
    const total = entries[entry + E_TOTAL]!;
    if (entries[entry + E_STATE] !== WITH_FIRST || total === 0) return;
    if (entries[entry + E_RECEIVED]! < total) return;
    entries[entry + E_RECEIVED] = 0;
    entries[entry + E_TOTAL] = 0;
  }

  /** Emits everything that waits, without ports. */
  releaseAll(d: Decoder): void {
    for (let count = 0; count < this.waitingCount; count++) {
      const index = (this.nextOut + count) % this.waitingCount;
      d.append(this.waiting, index * PACKET_WORDS);
      d.fault(FRAGMENT_UNMATCHED);
    }
    this.waitingCount = 0;
    this.nextOut = 0;
  }

  private find(d: Decoder, rows: Int32Array, at: number, id: number): number {
    const source = rows[at + P_SOURCE]!;
    const destination = rows[at + P_DESTINATION]!;
    const kind = keyKind(rows[at + P_KIND]!);
    const set = (finishHash(plainHash(source, destination, id), 0) >>> 16) & (SETS - 1);
    const entries = this.entries;
    const now = d.now | 0;
    let oldest = set * WAYS * ENTRY_WORDS;
    for (let way = 0; way < WAYS; way++) {
      const entry = (set * WAYS + way) * ENTRY_WORDS;
      if (
        entries[entry] === source &&
        entries[entry + 1] === destination &&
        entries[entry + 2] === id &&
        entries[entry + 3] === kind &&
        entries[entry + E_STATE] !== FREE &&
        Math.abs(now - entries[entry + E_SECONDS]!) <= LIFETIME_SECONDS
      ) {
        return entry;
      }
      if (entries[entry + E_STATE] === FREE) oldest = entry;
      else if (
        entries[oldest + E_STATE] !== FREE &&
        entries[entry + E_SECONDS]! < entries[oldest + E_SECONDS]!
      ) {
        oldest = entry;
      }
    }
    this.datagrams++;
    entries[oldest] = source;
    entries[oldest + 1] = destination;
    entries[oldest + 2] = id;
    entries[oldest + 3] = kind;
    entries[oldest + E_PORTS] = 0;
    entries[oldest + E_STATE] = WITHOUT_FIRST;
    entries[oldest + E_SECONDS] = now;
    entries[oldest + E_RECEIVED] = 0;
    entries[oldest + E_TOTAL] = 0;
    return oldest;
  }

  /** Counts fragments that cannot belong to one datagram: too long, or more octets than it has. */
  private checkExtent(
    d: Decoder,
    entry: number,
    offset: number,
    length: number,
    more: boolean,
  ): void {
    const entries = this.entries;
    if (offset + length > LONGEST) {
      d.fault(FRAGMENT_INVALID);
      return;
    }
    const received = entries[entry + E_RECEIVED]! + length;
    // Saturates: an endless row of fragments must not wrap the count.
    entries[entry + E_RECEIVED] = Math.min(received, 0x3fffffff);
    if (!more) entries[entry + E_TOTAL] = offset + length;
    const total = entries[entry + E_TOTAL]!;
    if (total > 0 ? received > total : received > LONGEST) d.fault(FRAGMENT_OVERLAP);
  }

  private complete(rows: Int32Array, at: number, ports: number, kind: number): void {
    rows[at + P_PORTS] = ports;
    rows[at + P_KIND] = kind;
    const h = symmetricHash(this.seed, rows[at + P_SOURCE]!, rows[at + P_DESTINATION]!, ports);
    rows[at + P_HASH] = finishHash(h, kind);
  }

  /** Emits the rows that waited for the first fragment at `at`, after it. */
  private release(d: Decoder, rows: Int32Array, at: number, id: number): void {
    const waiting = this.waiting;
    const ports = rows[at + P_PORTS]!;
    const kind = rows[at + P_KIND]!;
    let kept = 0;
    for (let index = 0; index < this.waitingCount; index++) {
      const from = index * PACKET_WORDS;
      if (
        this.waitingId[index] === id &&
        waiting[from + P_SOURCE] === rows[at + P_SOURCE] &&
        waiting[from + P_DESTINATION] === rows[at + P_DESTINATION] &&
        keyKind(waiting[from + P_KIND]!) === keyKind(kind)
      ) {
        this.complete(waiting, from, ports, kind);
        d.append(waiting, from);
      } else {
        if (kept !== index) {
          for (let word = 0; word < PACKET_WORDS; word++) {
            waiting[kept * PACKET_WORDS + word] = waiting[from + word]!;
          }
          this.waitingId[kept] = this.waitingId[index]!;
        }
        kept++;
      }
    }
    this.waitingCount = kept;
    this.nextOut = 0;
  }
}

/**
 * The part of `P_KIND` that fragments of one datagram share. In IPv6 that excludes the protocol:
 * the fragment header names what follows it, which may be a further extension header.
 */
function keyKind(kind: number): number {
  return (kind & FAMILY_6) === 0 ? kind : kind & ~0xff;
}

/** The marks of a fragment's row. */
export function fragmentMarks(offset: number): number {
  return offset === 0 ? M_FIRST_FRAGMENT : M_LATER_FRAGMENT;
}
