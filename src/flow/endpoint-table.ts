/**
 * Counts kept per endpoint (address, port, protocol and context): an open-addressing hash table
 * of integer columns. The flow pass uses it to learn which endpoints are services; analysis uses
 * the same table for its per-host figures.
 */

const INITIAL = 1 << 10;
/** Words per entry: address, port, kind (as `P_KIND`). */
const KEY_WORDS = 3;
/**
 * How much larger columns become. What is not used of them costs no memory, and what was outgrown
 * lies about until it is collected.
 */
const GROWTH = 8;

/**
 * The three words of a key may mean anything: callers that count other things say what. Entries
 * hold for the table's life.
 */
export class EndpointTable {
  /** Number of endpoints; entries are numbered from 0 in order of arrival. */
  count = 0;
  private keys = new Int32Array(KEY_WORDS * INITIAL);
  private slots = new Int32Array(2 * INITIAL);
  private readonly seed: number;

  constructor(seed = 0) {
    this.seed = seed | 0;
  }

  address(entry: number): number {
    return this.keys[KEY_WORDS * entry]!;
  }

  port(entry: number): number {
    return this.keys[KEY_WORDS * entry + 1]!;
  }

  /** Protocol, family and context. */
  kind(entry: number): number {
    return this.keys[KEY_WORDS * entry + 2]!;
  }

  /** Address, port and kind of every entry, one after the other. Borrowed. */
  get words(): Int32Array {
    return this.keys.subarray(0, KEY_WORDS * this.count);
  }

  /** The entry of an endpoint, or -1. */
  find(address: number, port: number, kind: number): number {
    const slot = this.probe(address, port, kind);
    return this.slots[slot]! - 1;
  }

  /** The entry of an endpoint; a new one when it is not there. */
  intern(address: number, port: number, kind: number): number {
    const slot = this.probe(address, port, kind);
    const held = this.slots[slot]!;
    if (held !== 0) return held - 1;
    const entry = this.count++;
    if (KEY_WORDS * this.count > this.keys.length) {
      const larger = new Int32Array(GROWTH * this.keys.length);
      larger.set(this.keys);
      this.keys = larger;
    }
    const at = KEY_WORDS * entry;
    this.keys[at] = address;
    this.keys[at + 1] = port;
    this.keys[at + 2] = kind;
    this.slots[slot] = entry + 1;
    if (2 * this.count > this.slots.length) this.rehash();
    return entry;
  }

  /** Reads what a look-up will need, so that many of them wait for memory at once; means nothing. */
  touch(address: number, port: number, kind: number): number {
    const { slots } = this;
    const held = slots[this.hash(address, port, kind) & (slots.length - 1)]!;
    // Without a branch, which would wait for what it is about.
    return this.keys[KEY_WORDS * (held + ((0 - held) >> 31))]!;
  }

  private probe(address: number, port: number, kind: number): number {
    const slots = this.slots;
    const keys = this.keys;
    const mask = slots.length - 1;
    let slot = this.hash(address, port, kind) & mask;
    for (;;) {
      const held = slots[slot]!;
      if (held === 0) return slot;
      const at = KEY_WORDS * (held - 1);
      if (keys[at] === address && keys[at + 1] === port && keys[at + 2] === kind) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private hash(address: number, port: number, kind: number): number {
    let h = Math.imul(address ^ this.seed, 0x85ebca6b) ^ Math.imul(port + this.seed, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15) ^ kind, 0x27d4eb2f);
    return h ^ (h >>> 13);
  }

  private rehash(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      const at = KEY_WORDS * entry;
      let slot = this.hash(this.keys[at]!, this.keys[at + 1]!, this.keys[at + 2]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.slots = slots;
  }
}

/** A column of numbers that grows with a table: `add` and `get` by entry number. */
export class Column {
  private values: Float64Array | Int32Array | Uint8Array;

  /** @param values holds the first of them; its type says which numbers there may be */
  constructor(values: Float64Array | Int32Array | Uint8Array = new Float64Array(INITIAL)) {
    this.values = values;
  }

  get(entry: number): number {
    return this.values[entry] ?? 0;
  }

  add(entry: number, amount: number): void {
    if (entry >= this.values.length) this.grow(entry);
    this.values[entry]! += amount;
  }

  set(entry: number, value: number): void {
    if (entry >= this.values.length) this.grow(entry);
    this.values[entry] = value;
  }

  private grow(entry: number): void {
    const { values } = this;
    let { length } = values;
    while (length <= entry) length *= GROWTH;
    const larger = new (values.constructor as new (length: number) => typeof values)(length);
    larger.set(values);
    this.values = larger;
  }
}
