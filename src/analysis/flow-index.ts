/**
 * Which flows were counted already, so that one that several sources saw counts once: by its ends,
 * protocol and ports, whichever way round, and by time.
 */
import {
  R_A,
  R_B,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_KIND,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_PORTS,
} from '../flow/flow-row.ts';
import { milliseconds } from '../flow/flow-view.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';

const KEY_WORDS = 4;
const INITIAL = 1 << 10;
/** Clocks differ, and some logs are written when a flow ends: so far apart it is the same flow. */
const TOLERANCE_MS = 60_000;

/**
 * Times are ms since 1970. A key holds one stretch of time: two flows of it, far apart, are as one.
 */
export class FlowIndex {
  count = 0;
  /** Flows that found no room: what repeats them is not known for it. */
  lost = 0;
  private readonly most: number;
  private readonly seed: number;
  private keys = new Int32Array(INITIAL * KEY_WORDS);
  /** First and last time of all flows with the key. */
  private times = new Float64Array(INITIAL * 2);
  private slots = new Int32Array(2 * INITIAL);
  private readonly key = new Int32Array(KEY_WORDS);

  /** @param most different keys kept */
  constructor(most: number, seed: number) {
    this.most = most;
    this.seed = seed;
  }

  /** Takes the flow of a row. */
  add(words: Int32Array, base: number): void {
    const slot = this.find(words, base);
    const firstMs = milliseconds(
      words[base + R_FIRST_SECONDS]!,
      words[base + R_FIRST_NANOSECONDS]!,
    );
    const lastMs = milliseconds(words[base + R_LAST_SECONDS]!, words[base + R_LAST_NANOSECONDS]!);
    let entry = this.slots[slot]! - 1;
    if (entry < 0) {
      if (this.count >= this.most) {
        this.lost++;
        return;
      }
      entry = this.count++;
      if (2 * this.count > this.times.length) this.widen();
      this.keys.set(this.key, KEY_WORDS * entry);
      this.times[2 * entry] = firstMs;
      this.times[2 * entry + 1] = lastMs;
      this.slots[slot] = entry + 1;
      if (2 * this.count > this.slots.length) this.rehash();
      return;
    }
    this.times[2 * entry] = Math.min(this.times[2 * entry]!, firstMs);
    this.times[2 * entry + 1] = Math.max(this.times[2 * entry + 1]!, lastMs);
  }

  /** Whether a flow with these ends was taken that lies in the same time. */
  has(words: Int32Array, base: number): boolean {
    const entry = this.slots[this.find(words, base)]! - 1;
    if (entry < 0) return false;
    const firstMs = milliseconds(
      words[base + R_FIRST_SECONDS]!,
      words[base + R_FIRST_NANOSECONDS]!,
    );
    const lastMs = milliseconds(words[base + R_LAST_SECONDS]!, words[base + R_LAST_NANOSECONDS]!);
    // A log without times says nothing against it.
    if (lastMs === 0) return true;
    const [first, last] = [this.times[2 * entry]!, this.times[2 * entry + 1]!];
    return firstMs <= last + TOLERANCE_MS && lastMs >= first - TOLERANCE_MS;
  }

  /** Slot of the row's key, or the free one where it belongs; the key is left in `key`. */
  private find(words: Int32Array, base: number): number {
    const { key } = this;
    const [a, b, ports] = [words[base + R_A]!, words[base + R_B]!, words[base + R_PORTS]!];
    const turned = (ports << 16) | (ports >>> 16);
    const keep = a < b || (a === b && ports <= turned);
    key[0] = keep ? a : b;
    key[1] = keep ? b : a;
    key[2] = keep ? ports : turned;
    key[3] = words[base + R_KIND]! & (0xff | FAMILY_6);
    const mask = this.slots.length - 1;
    let slot = hashOf(this.seed, key, 0) & mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0 || this.isKey(KEY_WORDS * (held - 1))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private isKey(at: number): boolean {
    const { key, keys } = this;
    for (let word = 0; word < KEY_WORDS; word++) if (keys[at + word] !== key[word]) return false;
    return true;
  }

  private widen(): void {
    const keys = new Int32Array(2 * this.keys.length);
    keys.set(this.keys);
    this.keys = keys;
    const times = new Float64Array(2 * this.times.length);
    times.set(this.times);
    this.times = times;
  }

  private rehash(): void {
    this.slots = new Int32Array(2 * this.slots.length);
    const mask = this.slots.length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      let slot = hashOf(this.seed, this.keys, KEY_WORDS * entry) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = entry + 1;
    }
  }
}

function hashOf(seed: number, keys: Int32Array, at: number): number {
  let h = seed;
  for (let word = 0; word < KEY_WORDS; word++) {
    h = Math.imul(h ^ keys[at + word]!, 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h & 0x7fffffff;
}
