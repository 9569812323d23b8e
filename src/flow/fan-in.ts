/**
 * Finds services by fan-in: an endpoint that many peers talk to, each from a port of its own. Runs
 * over rows in three passes (`survey`, `count`, `collect`), so that memory is spent only on
 * endpoints that can qualify, and in flat arrays.
 */
import type { Chunk } from './chunk.ts';
import { EndpointTable } from './endpoint-table.ts';
import { CHUNK_MASK, CHUNK_SHIFT, R_A, R_KIND, R_PORTS, ROW_WORDS } from './flow-row.ts';

const MIN_PEERS = 3;
const DISTINCT_SHARE = 0.8;
/** Flows looked at per endpoint: a hundred tell as much as a million. */
const MOST_LOOKED_AT = 100;
const SYSTEM = 1024;
/** Counters of the survey, which endpoints share by hash. */
const FILTER = 1 << 20;

/** For one input: the passes are run once each, in their order, over the same rows. */
export class FanIn {
  private readonly filter = new Uint8Array(FILTER);
  private readonly candidates: EndpointTable;
  private readonly seed: number;
  /** Flows per candidate, then where its samples start. */
  private counts = new Int32Array(1024);
  private starts = new Int32Array(0);
  private filled = new Int32Array(0);
  /** Pairs: address and port of a peer. */
  private samples = new Int32Array(0);
  /** By port, the candidate that it was last seen at; candidates are counted from 1. */
  private readonly stamps = new Int32Array(65_536);
  private stamp = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.candidates = new EndpointTable(seed);
  }

  /** First pass: counts roughly, never too low, how many flows each endpoint has. */
  survey(chunks: readonly Chunk[], rows: Int32Array): void {
    const { filter } = this;
    for (let next = 0; next < rows.length; next++) {
      const row = rows[next]!;
      const words = chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      for (let side = 0; side < 2; side++) {
        const at = this.filterOf(words, base, side);
        if (filter[at]! < MIN_PEERS) filter[at]!++;
      }
    }
  }

  /**
   * Second pass: counts the flows of endpoints with enough of them. Returns the entries of both
   * ends of each row, -1 for ends without, for the third pass.
   */
  count(chunks: readonly Chunk[], rows: Int32Array): Int32Array {
    const entries = new Int32Array(2 * rows.length).fill(-1);
    for (let next = 0; next < rows.length; next++) {
      const row = rows[next]!;
      const words = chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      for (let side = 0; side < 2; side++) {
        if (this.filter[this.filterOf(words, base, side)]! < MIN_PEERS) continue;
        entries[2 * next + side] = this.countOne(words, base, side);
      }
    }
    return entries;
  }

  /** Makes room for what the third pass collects. */
  allot(): void {
    const count = this.candidates.count;
    this.starts = new Int32Array(count + 1);
    this.filled = new Int32Array(count);
    let total = 0;
    for (let entry = 0; entry < count; entry++) {
      this.starts[entry] = total;
      const flows = this.counts[entry]!;
      if (flows >= MIN_PEERS) total += Math.min(flows, MOST_LOOKED_AT);
    }
    this.starts[count] = total;
    this.samples = new Int32Array(2 * total);
  }

  /**
   * Third pass: notes the peers of candidates.
   *
   * @param entries what `count` returned for the rows
   */
  collect(chunks: readonly Chunk[], rows: Int32Array, entries: Int32Array): void {
    for (let end = 0; end < entries.length; end++) {
      const entry = entries[end]!;
      if (entry < 0) continue;
      const at = this.starts[entry]! + this.filled[entry]!;
      if (at === this.starts[entry + 1]) continue;
      const row = rows[end >> 1]!;
      const words = chunks[row >>> CHUNK_SHIFT]!.words;
      const base = (row & CHUNK_MASK) * ROW_WORDS;
      const other = 1 - (end & 1);
      this.filled[entry]!++;
      this.samples[2 * at] = words[base + R_A + other]!;
      this.samples[2 * at + 1] = portOf(words, base, other);
    }
  }

  /** The endpoints with fan-in. */
  services(): EndpointTable {
    const found = new EndpointTable(this.seed);
    const candidates = this.candidates;
    for (let entry = 0; entry < candidates.count; entry++) {
      if (!this.qualifies(entry)) continue;
      found.intern(candidates.address(entry), candidates.port(entry), candidates.kind(entry));
    }
    return found;
  }

  /**
   * At least three peers, four in five of their ports different, and their ports no lower in class:
   * whoever visits many system ports from one port of its own is a scanner.
   */
  private qualifies(entry: number): boolean {
    const looked = this.filled[entry]!;
    if (looked < MIN_PEERS) return false;
    const start = this.starts[entry]!;
    const system = this.candidates.port(entry) < SYSTEM;
    const { samples, stamps } = this;
    const stamp = ++this.stamp;
    let peers = 1;
    const first = samples[2 * start]!;
    let second = first;
    let ports = 0;
    for (let at = start; at < start + looked; at++) {
      const peer = samples[2 * at]!;
      // More than three are not told apart.
      if (peers === 1 && peer !== first) {
        peers = 2;
        second = peer;
      } else if (peers === 2 && peer !== first && peer !== second) peers = 3;
      const port = samples[2 * at + 1]!;
      if (stamps[port] === stamp || (port < SYSTEM && !system)) continue;
      stamps[port] = stamp;
      ports++;
    }
    return peers >= MIN_PEERS && ports >= DISTINCT_SHARE * looked;
  }

  private countOne(words: Int32Array, base: number, side: number): number {
    const address = words[base + R_A + side]!;
    const entry = this.candidates.intern(address, portOf(words, base, side), words[base + R_KIND]!);
    if (entry >= this.counts.length) {
      const larger = new Int32Array(2 * this.counts.length);
      larger.set(this.counts);
      this.counts = larger;
    }
    this.counts[entry]!++;
    return entry;
  }

  private filterOf(words: Int32Array, base: number, side: number): number {
    const mixed =
      Math.imul(words[base + R_A + side]! ^ this.seed, 0x85ebca6b) ^
      Math.imul(portOf(words, base, side), 0xc2b2ae35);
    const h = Math.imul(mixed ^ (mixed >>> 15), 0x27d4eb2f);
    return (h ^ (h >>> 13)) & (FILTER - 1);
  }
}

function portOf(words: Int32Array, base: number, side: number): number {
  return side === 0 ? words[base + R_PORTS]! >>> 16 : words[base + R_PORTS]! & 0xffff;
}
