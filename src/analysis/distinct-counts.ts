/**
 * How many different addresses each of many groups has met: exactly while a group is small, by
 * an estimate beyond (HyperLogLog, Flajolet et al. 2007: 2,048 registers, standard error 2.3 %).
 */
import { EndpointTable } from '../flow/endpoint-table.ts';

/** A group with more members is estimated. */
const EXACT_MEMBERS = 4096;
/** When the common table is full, groups from this size on are estimated to make room. */
const SMALLEST_SKETCH = 256;
const MOST_SKETCHES = 4096;
const REGISTERS = 2048;
const REGISTER_BITS = 11;

export class DistinctCounts {
  private members: EndpointTable;
  private counts = new Int32Array(1024);
  private readonly sketches = new Map<number, Uint8Array>();
  /** Groups with members that found no room. */
  private readonly beyond = new Set<number>();
  private full = false;
  private readonly limit: number;
  private readonly seed: number;

  /** @param limit members kept over all groups, 20 octets each */
  constructor(limit: number, seed: number) {
    this.limit = limit;
    this.seed = seed | 0;
    this.members = new EndpointTable(seed);
  }

  /** Notes a member; returns whether it may be new to the group (never false for a new one). */
  add(group: number, address: number, family: number): boolean {
    if (group < this.counts.length && this.counts[group]! < 0) {
      note(this.sketches.get(group)!, mix(address, family, this.seed));
      return true;
    }
    const table = this.members;
    if (table.count >= this.limit) {
      if (table.find(address, group, family) >= 0) return false;
      if (!this.makeRoom()) {
        if (this.beyond.size < MOST_SKETCHES) this.beyond.add(group);
        return true;
      }
      return this.add(group, address, family);
    }
    const before = table.count;
    table.intern(address, group, family);
    if (table.count === before) return false;
    if (group >= this.counts.length) this.grow(group);
    if (++this.counts[group]! > EXACT_MEMBERS) this.sketch(group);
    return true;
  }

  /** Members of a group, a whole number. */
  count(group: number): number {
    const exact = this.counts[group] ?? 0;
    return exact < 0 ? estimate(this.sketches.get(group)!) : exact;
  }

  /** Whether the count is an estimate, or (when nothing had room) a lower bound. */
  isEstimate(group: number): boolean {
    return (this.counts[group] ?? 0) < 0 || this.beyond.has(group);
  }

  private grow(group: number): void {
    let length = this.counts.length;
    while (length <= group) length *= 2;
    const larger = new Int32Array(length);
    larger.set(this.counts);
    this.counts = larger;
  }

  /** Turns the members of a group into a sketch; they stay in the table until room is made. */
  private sketch(group: number): void {
    if (this.sketches.size >= MOST_SKETCHES) return;
    const registers = new Uint8Array(REGISTERS);
    this.sketches.set(group, registers);
    this.counts[group] = -1;
    const table = this.members;
    for (let entry = 0; entry < table.count; entry++) {
      if (table.port(entry) !== group) continue;
      note(registers, mix(table.address(entry), table.kind(entry), this.seed));
    }
  }

  /** Estimates the larger groups and forgets their members; false when that helps no more. */
  private makeRoom(): boolean {
    if (this.full) return false;
    const old = this.members;
    const kept = new EndpointTable(this.seed);
    for (let entry = 0; entry < old.count; entry++) {
      const group = old.port(entry);
      if (this.counts[group]! >= SMALLEST_SKETCH && this.sketches.size < MOST_SKETCHES) {
        this.sketches.set(group, new Uint8Array(REGISTERS));
        this.counts[group] = -1;
      }
      const registers = this.sketches.get(group);
      if (registers === undefined) kept.intern(old.address(entry), group, old.kind(entry));
      else note(registers, mix(old.address(entry), old.kind(entry), this.seed));
    }
    this.members = kept;
    this.full = kept.count > (this.limit * 7) / 8;
    return kept.count < this.limit;
  }
}

/** A number of distinct addresses without groups: one sketch. */
export class DistinctEstimate {
  private readonly registers = new Uint8Array(REGISTERS);
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed | 0;
  }

  add(address: number, family: number): void {
    note(this.registers, mix(address, family, this.seed));
  }

  get count(): number {
    return estimate(this.registers);
  }
}

function mix(address: number, family: number, seed: number): number {
  let h = Math.imul(address ^ seed, 0x9e3779b1) ^ family;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function note(registers: Uint8Array, hash: number): void {
  const index = hash >>> (32 - REGISTER_BITS);
  const rank = Math.clz32((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))) + 1;
  if (rank > registers[index]!) registers[index] = rank;
}

function estimate(registers: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) empty++;
  }
  const raw = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS * REGISTERS) / sum;
  // Small counts: linear counting of empty registers.
  if (raw <= 2.5 * REGISTERS && empty > 0)
    return Math.round(REGISTERS * Math.log(REGISTERS / empty));
  // Near the end of a 32-bit hash collisions hide members.
  return Math.round(raw > 2 ** 32 / 30 ? -(2 ** 32) * Math.log(1 - raw / 2 ** 32) : raw);
}
