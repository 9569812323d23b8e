/**
 * Short lists of different things per key, in bounded memory: which hosts and ports a source
 * failed to reach, which ports a pair of hosts used. The first 64 things of a key are kept one by
 * one, with the frame that shows each; beyond that a key is only counted, and estimates say how
 * many things there were. Integer columns, nothing allocated per flow.
 *
 * Lists are chains of blocks of eight. When keys or blocks run out, the keys with the shortest
 * lists go: half of them at once, so that the cost is shared by many flows.
 */
import { DistinctCounts } from './distinct-counts.ts';
import type { FlowFacts } from './flow-facts.ts';

/** 32-bit words per sample. */
const SAMPLE_WORDS = 8;
/** The thing: two words the caller chooses. */
const S_FIRST = 0;
const S_SECOND = 1;
/** Shortest (low half) and longest (high half) packet sent, octets. */
const S_LENGTHS = 2;
/** Packets to (low half, at most 65,535) and from (high half). */
const S_PACKETS = 3;
/** Seconds since 1970 of the first flow. */
const S_SECONDS = 4;
const S_FRAME = 5;
/** Interface (low half), a word of the caller (high half). */
const S_PLACE = 6;
/** Flows. */
const S_FLOWS = 7;

const BLOCK_SAMPLES = 8;
const BLOCK_WORDS = BLOCK_SAMPLES * SAMPLE_WORDS;
/** Words per key: key (0–2), samples, flows in all, first block, last block, number if large. */
const KEY_WORDS = 8;
const K_SAMPLES = 3;
const K_FLOWS = 4;
const K_FIRST = 5;
const K_LAST = 6;
const K_LARGE = 7;

/** Things kept of each key. */
export const MOST_SAMPLES = 64;
const MOST_LARGE = 4096;
const INITIAL = 256;

/** One kept thing of a key. */
export interface Sample {
  readonly first: number;
  readonly second: number;
  readonly shortest: number;
  readonly longest: number;
  readonly packetsTo: number;
  readonly packetsFrom: number;
  readonly seconds: number;
  readonly frame: number;
  readonly interface: number;
  readonly mark: number;
  readonly flows: number;
}

export interface SampleLimits {
  /** Keys; 32 octets each. */
  readonly keys: number;
  /** Blocks of eight samples; 256 octets each. */
  readonly blocks: number;
}

const SAMPLE_LIMITS: SampleLimits = { keys: 65_536, blocks: 32_768 };

/** Words of a key and of a thing may mean anything: `Clues` says what. */
export class SampleLists {
  /** Keys are numbered from 0; numbers hold until the next `add`. */
  count = 0;
  /** Keys that went to make room. */
  pruned = 0;
  private keys = new Int32Array(INITIAL * KEY_WORDS);
  private slots = new Int32Array(2 * INITIAL);
  private blocks = new Int32Array(INITIAL * BLOCK_WORDS);
  /** Next block in the chain, + 1; of a free block the next free one. */
  private links = new Int32Array(INITIAL);
  private blockCount = 0;
  private free = 0;
  private large = 0;
  /** Different firsts, seconds and things of keys with full lists. */
  private readonly firsts: DistinctCounts;
  private readonly seconds: DistinctCounts;
  private readonly things: DistinctCounts;
  private readonly limits: SampleLimits;
  private readonly seed: number;

  constructor(seed: number, limits: Partial<SampleLimits> = {}) {
    this.limits = { ...SAMPLE_LIMITS, ...limits };
    this.seed = seed | 0;
    this.firsts = new DistinctCounts(65_536, seed);
    this.seconds = new DistinctCounts(65_536, seed);
    this.things = new DistinctCounts(65_536, seed);
  }

  /**
   * Notes a flow of the key `a`, `b`, `c`: the thing (`first`, `second`), and a `mark` of 16 bits
   * kept with it.
   */
  add(
    a: number,
    b: number,
    c: number,
    first: number,
    second: number,
    flow: FlowFacts,
    mark = 0,
  ): void {
    const key = this.intern(a, b, c);
    const at = key * KEY_WORDS;
    this.keys[at + K_FLOWS]!++;
    const samples = this.keys[at + K_SAMPLES]!;
    if (samples === MOST_SAMPLES) {
      this.addLarge(this.keys[at + K_LARGE]! - 1, first, second);
      return;
    }
    const known = this.find(at, samples, first, second);
    if (known >= 0) this.addTo(known, flow);
    else this.append(at, samples, first, second, flow, mark);
  }

  key(entry: number, word: number): number {
    return this.keys[entry * KEY_WORDS + word]!;
  }

  flows(entry: number): number {
    return this.keys[entry * KEY_WORDS + K_FLOWS]!;
  }

  /** Things kept; `MOST_SAMPLES` may stand for more. */
  kept(entry: number): number {
    return this.keys[entry * KEY_WORDS + K_SAMPLES]!;
  }

  /** How many different things, firsts and seconds there were; estimates above 64. */
  totals(entry: number): { things: number; firsts: number; seconds: number; estimated: boolean } {
    const large = this.keys[entry * KEY_WORDS + K_LARGE]! - 1;
    if (large >= 0) {
      return {
        things: this.things.count(large),
        firsts: this.firsts.count(large),
        seconds: this.seconds.count(large),
        estimated: this.things.isEstimate(large),
      };
    }
    const samples = this.samples(entry);
    return {
      things: samples.length,
      firsts: new Set(samples.map(({ first }) => first)).size,
      seconds: new Set(samples.map(({ second }) => second)).size,
      estimated: false,
    };
  }

  /** The things kept of a key, in order of arrival. */
  samples(entry: number): Sample[] {
    const at = entry * KEY_WORDS;
    const list: Sample[] = [];
    let block = this.keys[at + K_FIRST]! - 1;
    for (let left = this.keys[at + K_SAMPLES]!; left > 0; left--) {
      const place = list.length % BLOCK_SAMPLES;
      list.push(this.sampleAt(block * BLOCK_WORDS + place * SAMPLE_WORDS));
      if (place === BLOCK_SAMPLES - 1) block = this.links[block]! - 1;
    }
    return list;
  }

  private sampleAt(at: number): Sample {
    const words = this.blocks;
    return {
      first: words[at + S_FIRST]!,
      second: words[at + S_SECOND]!,
      shortest: words[at + S_LENGTHS]! & 0xffff,
      longest: words[at + S_LENGTHS]! >>> 16,
      packetsTo: words[at + S_PACKETS]! & 0xffff,
      packetsFrom: words[at + S_PACKETS]! >>> 16,
      seconds: words[at + S_SECONDS]! >>> 0,
      frame: words[at + S_FRAME]! >>> 0,
      interface: words[at + S_PLACE]! & 0xffff,
      mark: words[at + S_PLACE]! >>> 16,
      flows: words[at + S_FLOWS]!,
    };
  }

  /** Index in `blocks` of the sample of a thing, or -1. */
  private find(at: number, samples: number, first: number, second: number): number {
    let block = this.keys[at + K_FIRST]! - 1;
    const words = this.blocks;
    for (let seen = 0; seen < samples; ) {
      const start = block * BLOCK_WORDS;
      const end = start + Math.min(BLOCK_SAMPLES, samples - seen) * SAMPLE_WORDS;
      for (let sample = start; sample < end; sample += SAMPLE_WORDS) {
        if (words[sample] === first && words[sample + S_SECOND] === second) return sample;
      }
      seen += BLOCK_SAMPLES;
      block = this.links[block]! - 1;
    }
    return -1;
  }

  private addTo(sample: number, flow: FlowFacts): void {
    const words = this.blocks;
    const lengths = words[sample + S_LENGTHS]!;
    const shortest = Math.min(lengths & 0xffff, flow.shortestOfFirst);
    const longest = Math.max(lengths >>> 16, flow.longestOfFirst);
    words[sample + S_LENGTHS] = shortest | (longest << 16);
    const packets = words[sample + S_PACKETS]!;
    const to = Math.min(0xffff, (packets & 0xffff) + flow.packetsToServer);
    const from = Math.min(0xffff, (packets >>> 16) + flow.packetsToClient);
    words[sample + S_PACKETS] = to | (from << 16);
    words[sample + S_FLOWS]!++;
    const seconds = flow.firstMs / 1000;
    if (seconds >= words[sample + S_SECONDS]! >>> 0) return;
    words[sample + S_SECONDS] = seconds;
    words[sample + S_FRAME] = flow.frame;
    words[sample + S_PLACE] = (words[sample + S_PLACE]! & ~0xffff) | flow.interface;
  }

  private append(
    at: number,
    samples: number,
    first: number,
    second: number,
    flow: FlowFacts,
    mark: number,
  ): void {
    let block = this.keys[at + K_LAST]! - 1;
    if (samples % BLOCK_SAMPLES === 0) {
      const fresh = this.takeBlock();
      // Room was made: the key itself may have gone, and this flow with it.
      if (fresh < 0) return;
      if (samples === 0) this.keys[at + K_FIRST] = fresh + 1;
      else this.links[block] = fresh + 1;
      this.keys[at + K_LAST] = fresh + 1;
      block = fresh;
    }
    const sample = block * BLOCK_WORDS + (samples % BLOCK_SAMPLES) * SAMPLE_WORDS;
    const words = this.blocks;
    words[sample + S_FIRST] = first;
    words[sample + S_SECOND] = second;
    words[sample + S_LENGTHS] = flow.shortestOfFirst | (flow.longestOfFirst << 16);
    words[sample + S_PACKETS] =
      Math.min(0xffff, flow.packetsToServer) | (Math.min(0xffff, flow.packetsToClient) << 16);
    words[sample + S_SECONDS] = flow.firstMs / 1000;
    words[sample + S_FRAME] = flow.frame;
    words[sample + S_PLACE] = flow.interface | (mark << 16);
    words[sample + S_FLOWS] = 1;
    this.keys[at + K_SAMPLES] = samples + 1;
    if (samples + 1 === MOST_SAMPLES) this.enlarge(at);
  }

  /** Begins to estimate a key whose list is full. */
  private enlarge(at: number): void {
    if (this.large === MOST_LARGE) return;
    const large = this.large++;
    this.keys[at + K_LARGE] = large + 1;
    for (const { first, second } of this.samples(at / KEY_WORDS)) {
      this.addLarge(large, first, second);
    }
  }

  private addLarge(large: number, first: number, second: number): void {
    if (large < 0) return;
    this.firsts.add(large, first, 0);
    this.seconds.add(large, second, 0);
    this.things.add(large, first, second);
  }

  /** A block for the next samples, or -1 when there was none and room was made. */
  private takeBlock(): number {
    if (this.free > 0) {
      const block = this.free - 1;
      this.free = this.links[block]!;
      this.links[block] = 0;
      return block;
    }
    if (this.blockCount === this.limits.blocks) {
      this.prune();
      return -1;
    }
    const block = this.blockCount++;
    if (block >= this.links.length) {
      const links = new Int32Array(2 * this.links.length);
      links.set(this.links);
      this.links = links;
      const blocks = new Int32Array(2 * this.blocks.length);
      blocks.set(this.blocks);
      this.blocks = blocks;
    }
    return block;
  }

  private intern(first: number, second: number, third: number): number {
    let slot = this.probe(first, second, third);
    const held = this.slots[slot]!;
    if (held !== 0) return held - 1;
    if (this.count === this.limits.keys) {
      this.prune();
      slot = this.probe(first, second, third);
    }
    const key = this.count++;
    if (key * KEY_WORDS === this.keys.length) {
      const keys = new Int32Array(2 * this.keys.length);
      keys.set(this.keys);
      this.keys = keys;
    }
    const at = key * KEY_WORDS;
    this.keys[at] = first;
    this.keys[at + 1] = second;
    this.keys[at + 2] = third;
    this.keys.fill(0, at + K_SAMPLES, at + KEY_WORDS);
    this.slots[slot] = key + 1;
    if (2 * this.count > this.slots.length) this.rehash(2 * this.slots.length);
    return key;
  }

  private probe(first: number, second: number, third: number): number {
    const { slots, keys } = this;
    const mask = slots.length - 1;
    let h = Math.imul(first ^ this.seed, 0x85ebca6b) ^ Math.imul(second + this.seed, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15) ^ third, 0x27d4eb2f);
    let slot = (h ^ (h >>> 13)) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) return slot;
      const at = KEY_WORDS * (held - 1);
      if (keys[at] === first && keys[at + 1] === second && keys[at + 2] === third) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private rehash(length: number): void {
    if (length === this.slots.length) this.slots.fill(0);
    else this.slots = new Int32Array(length);
    for (let key = 0; key < this.count; key++) {
      const at = KEY_WORDS * key;
      this.slots[this.probe(this.keys[at]!, this.keys[at + 1]!, this.keys[at + 2]!)] = key + 1;
    }
  }

  /** Lets the keys with the shortest lists go, about half of all; full lists stay if they can. */
  private prune(): void {
    const lengths = new Int32Array(MOST_SAMPLES + 1);
    for (let key = 0; key < this.count; key++) lengths[this.kept(key)]!++;
    let least = 0;
    for (let gone = lengths[0]!; 2 * gone < this.count && least < MOST_SAMPLES; ) {
      gone += lengths[++least]!;
    }
    const before = this.count;
    let stay = 0;
    for (let key = 0; key < before; key++) {
      const at = key * KEY_WORDS;
      if (this.keys[at + K_SAMPLES]! <= least) {
        this.release(at);
        continue;
      }
      this.keys.copyWithin(stay++ * KEY_WORDS, at, at + KEY_WORDS);
    }
    this.count = stay;
    this.pruned += before - stay;
    this.rehash(this.slots.length);
  }

  private release(at: number): void {
    const first = this.keys[at + K_FIRST]!;
    if (first === 0) return;
    this.links[this.keys[at + K_LAST]! - 1] = this.free;
    this.free = first;
  }
}
