/**
 * Blocks of frames in shared memory, from the thread that empties a kernel's ring to the one that
 * looks at frames. However long the second is held up (a picture, a slow disk, a full pipe), the
 * ring is emptied as long as there is a slot.
 *
 * Slots are given back in any order; the one given back last is filled next, so that a reader who
 * keeps up works in a few slots that stay in the cache.
 */

/** Words of the control array; two queues of slot numbers follow. */
const FILLED = 0;
const RETURNED = 1;
const STOP = 2;
const ASLEEP = 3;
const QUEUES = 4;

/** What the two threads share. */
export interface RelayMemory {
  readonly slots: number;
  readonly slotOctets: number;
  /** Shared with other relays; the slots of this one begin at `base`. */
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly control: Int32Array;
}

/** No system has smaller pages. */
const PAGE = 4096;

/** How reading is to end. */
export const STOP_DRAINED = 1;
export const STOP_NOW = 2;

/** @param bytes shared memory with room for `slots` from `base` on */
export function newRelay(
  bytes: Uint8Array,
  base: number,
  slots: number,
  slotOctets: number,
): RelayMemory {
  const control = new Int32Array(new SharedArrayBuffer(4 * (QUEUES + 2 * slots)));
  return { slots, slotOctets, bytes, base, control };
}

/** The end that fills slots. */
export class BlockSender {
  private readonly memory: RelayMemory;
  /** Free slots, the one to be filled next last, and how many they are. */
  private readonly free: Int32Array;
  private freeCount: number;
  private filled = 0;
  private returned = 0;

  constructor(memory: RelayMemory) {
    this.memory = memory;
    this.free = Int32Array.from({ length: memory.slots }, (_, slot) => memory.slots - 1 - slot);
    this.freeCount = memory.slots;
  }

  /**
   * Touches each page once. One that the system has yet to find while frames arrive would be waited
   * for, and behind whatever else this process wants of its memory.
   */
  prepare(): void {
    const { bytes, base, slots, slotOctets } = this.memory;
    for (let at = base; at < base + slots * slotOctets; at += PAGE) bytes[at] = 0;
  }

  /** How reading is to end, or 0. */
  get stop(): number {
    return Atomics.load(this.memory.control, STOP);
  }

  /** First octet of a free slot, or -1 after waiting in vain for so long. */
  room(waitMs: number): number {
    const { control } = this.memory;
    this.takeBack();
    if (this.freeCount === 0) {
      Atomics.wait(control, RETURNED, this.returned, waitMs);
      this.takeBack();
      if (this.freeCount === 0) return -1;
    }
    return this.memory.base + this.free[this.freeCount - 1]! * this.memory.slotOctets;
  }

  private takeBack(): void {
    const { control, slots } = this.memory;
    const now = Atomics.load(control, RETURNED);
    for (; this.returned !== now; this.returned = (this.returned + 1) | 0) {
      this.free[this.freeCount++] = control[QUEUES + slots + ((this.returned >>> 0) % slots)]!;
    }
  }

  /** Hands over the slot that `room` named. Returns whether the other end sleeps. */
  publish(): boolean {
    const { control, slots } = this.memory;
    control[QUEUES + ((this.filled >>> 0) % slots)] = this.free[--this.freeCount]!;
    this.filled = (this.filled + 1) | 0;
    Atomics.store(control, FILLED, this.filled);
    return Atomics.exchange(control, ASLEEP, 0) === 1;
  }
}

/** The end that looks at slots. */
export class BlockTaker {
  readonly memory: RelayMemory;
  private taken = 0;
  private returned = 0;

  constructor(memory: RelayMemory) {
    this.memory = memory;
  }

  /** First octet of the next filled slot, or -1. */
  next(): number {
    const { control, slots, slotOctets, base } = this.memory;
    if (!this.waiting) return -1;
    const slot = control[QUEUES + ((this.taken >>> 0) % slots)]!;
    this.taken = (this.taken + 1) | 0;
    return base + slot * slotOctets;
  }

  /** Gives a slot back. Its octets are not to be read any more. */
  giveBack(start: number): void {
    const { control, slots, slotOctets, base } = this.memory;
    control[QUEUES + slots + ((this.returned >>> 0) % slots)] = (start - base) / slotOctets;
    this.returned = (this.returned + 1) | 0;
    Atomics.store(control, RETURNED, this.returned);
    Atomics.notify(control, RETURNED);
  }

  /** Whether there is a filled slot. */
  get waiting(): boolean {
    return Atomics.load(this.memory.control, FILLED) !== this.taken;
  }

  /** Asks to be told of the next slot. False when there is one already. */
  sleep(): boolean {
    Atomics.store(this.memory.control, ASLEEP, 1);
    return !this.waiting;
  }

  stop(how: number): void {
    Atomics.store(this.memory.control, STOP, how);
    Atomics.notify(this.memory.control, RETURNED);
  }
}
