/**
 * How many different addresses each of many groups has met: exactly while there are few, by an
 * estimate beyond, in memory that does not grow.
 *
 * Beyond the limit, all members share one bitmap (Whang et al. 1990, linear counting). A member
 * whose bit is clear is new to its group; since a new one meets a set bit with a chance known from
 * how full the bitmap is, each counts for as many as are missed on average. With a million
 * members the standard error of a group of 1,000 is 2 %, with ten million 10 %.
 */
import { EndpointTable } from '../flow/endpoint-table.ts';

/** Bits shared by all members beyond the limit: 512 KiB. */
const BITMAP_BITS = 22;
/** A fuller bitmap tells too little: counts stay as they are then. */
const FULLEST = 0.98;

/**
 * Groups are numbered by who counts. Those that grow beyond the limit become estimates
 * (`isEstimate`).
 */
export class DistinctCounts {
  private members: EndpointTable | undefined;
  private counts = new Float64Array(1024);
  private estimated = new Uint8Array(1024);
  private bitmap = new Int32Array(1);
  private bitsSet = 0;
  private readonly limit: number;

  /** @param limit members kept exactly, over all groups; 20 octets each */
  constructor(limit: number, seed: number) {
    this.limit = limit;
    this.members = new EndpointTable(seed);
  }

  /** Notes a member. `group` counts from 0 without large gaps. */
  add(group: number, address: number, family: number): void {
    const members = this.members;
    if (members === undefined) {
      this.estimate(group, address, family);
      return;
    }
    const before = members.count;
    members.intern(address, group, family);
    if (members.count === before) return;
    this.raise(group, 1);
    if (members.count >= this.limit) this.leaveExactness(members);
  }

  /** Members of a group, a whole number. */
  count(group: number): number {
    return Math.round(this.counts[group] ?? 0);
  }

  isEstimate(group: number): boolean {
    return this.estimated[group] === 1;
  }

  private raise(group: number, amount: number): void {
    if (group >= this.counts.length) this.grow(group);
    this.counts[group]! += amount;
  }

  private grow(group: number): void {
    let length = this.counts.length;
    while (length <= group) length *= 2;
    const counts = new Float64Array(length);
    counts.set(this.counts);
    this.counts = counts;
    const estimated = new Uint8Array(length);
    estimated.set(this.estimated);
    this.estimated = estimated;
  }

  /** Moves all members into the bitmap; their counts stay exact. */
  private leaveExactness(members: EndpointTable): void {
    this.bitmap = new Int32Array(2 ** (BITMAP_BITS - 5));
    for (let entry = 0; entry < members.count; entry++) {
      this.mark(members.port(entry), members.address(entry), members.kind(entry));
    }
    this.members = undefined;
  }

  private estimate(group: number, address: number, family: number): void {
    const share = this.bitsSet / 2 ** BITMAP_BITS;
    if (!this.mark(group, address, family)) return;
    this.raise(group, share < FULLEST ? 1 / (1 - share) : 0);
    this.estimated[group] = 1;
  }

  /** Reads what `add` will need; see `TallyTable.touch`. */
  touch(group: number, address: number, family: number): number {
    if (this.members !== undefined) return this.members.touch(address, group, family);
    const bits = this.bitmap[this.bitOf(group, address, family) >>> 5]!;
    if (group >= this.estimated.length) return bits;
    return bits ^ this.estimated[group]! ^ (this.counts[group]! | 0);
  }

  /** Sets the bit of a member; returns whether it was clear. */
  private mark(group: number, address: number, family: number): boolean {
    const at = this.bitOf(group, address, family);
    const bit = 1 << (at & 31);
    if ((this.bitmap[at >>> 5]! & bit) !== 0) return false;
    this.bitmap[at >>> 5]! |= bit;
    this.bitsSet++;
    return true;
  }

  private bitOf(group: number, address: number, family: number): number {
    // Without a seed: estimates must not differ from run to run.
    let h = Math.imul(address, 0x9e3779b1) ^ family;
    h = Math.imul(h ^ (h >>> 16) ^ Math.imul(group + 1, 0x27d4eb2f), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> (32 - BITMAP_BITS);
  }
}
