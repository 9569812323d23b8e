/**
 * Conversations that lost their slot in the listener's cache, in a Bloom filter of two bits each:
 * with more at once than there are slots, each would be listened to with every packet. About one
 * stranger in 300 is taken for one of them when the filter is full; its SYN, where it has one,
 * gives it a slot all the same.
 */

/** Bits of the filter, and how many conversations may be in it before it starts anew. */
const FILTER_BITS = 1 << 23;
const MOST_DEPARTED = FILTER_BITS >> 5;

/** A full filter is emptied: who left before is a stranger again. */
export class Departed {
  private readonly bits = new Int32Array(FILTER_BITS >> 5);
  private count = 0;

  has(hash: number): boolean {
    const first = bitOf(hash);
    if ((this.bits[first >>> 5]! & (1 << (first & 31))) === 0) return false;
    const second = otherBitOf(hash);
    return (this.bits[second >>> 5]! & (1 << (second & 31))) !== 0;
  }

  add(hash: number): void {
    if (this.count++ >= MOST_DEPARTED) {
      this.bits.fill(0);
      this.count = 0;
    }
    const first = bitOf(hash);
    this.bits[first >>> 5]! |= 1 << (first & 31);
    const second = otherBitOf(hash);
    this.bits[second >>> 5]! |= 1 << (second & 31);
  }
}

function bitOf(hash: number): number {
  return Math.imul(hash, 0x85ebca6b) >>> 9;
}

function otherBitOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> 9;
}
