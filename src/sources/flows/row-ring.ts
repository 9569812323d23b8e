/**
 * A ring of packet-row batches in shared memory between one producer and one consumer thread. The
 * consumer sleeps while the ring is empty, until some batches wait or it is the end; the producer
 * never blocks for long, so that its event loop goes on (signals, the worker's messages) while the
 * ring is full.
 */
import { PACKET_WORDS } from '../../wire/packet-batch.ts';

/** Rows per batch; about what a decoder hands over at once. */
const BATCH_ROWS = 1024;
/**
 * A power of two. All batches together are 4 MiB: room to go on decoding while the worker starts,
 * and still in the shared cache when read.
 */
const BATCHES = 64;
/**
 * A full ring is waited for until it is half empty. Waking a thread costs as much as a batch, so
 * it must not happen for every one.
 */
const HALF = BATCHES / 2;
/**
 * Batches that wait before a consumer that sleeps is woken: a wake-up costs the producer as much
 * as decoding a thousand packets.
 */
const WORTH_WAKING = BATCHES / 4;

/**
 * Words of the control array: batches written, consumed, parts sent, whether the consumer sleeps,
 * then a row count per batch.
 */
const WRITTEN = 0;
const CONSUMED = 1;
const PARTS = 2;
const ASLEEP = 3;
const COUNTS = 4;

/** What the two threads share. */
export interface RingMemory {
  readonly control: Int32Array;
  readonly rows: Int32Array;
}

export function newRing(): RingMemory {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (COUNTS + BATCHES))),
    rows: new Int32Array(new SharedArrayBuffer(4 * BATCHES * BATCH_ROWS * PACKET_WORDS)),
  };
}

export class RowProducer {
  private readonly memory: RingMemory;
  private readonly batches: Int32Array[];
  /** Batches published, modulo 2^32 like the shared counters. */
  private written = 0;
  /** Rows already in the batch being filled. */
  private filled = 0;

  constructor(memory: RingMemory) {
    this.memory = memory;
    this.batches = batchesOf(memory);
  }

  /** Copies rows in from row `from` on while there is room. Returns the first row not copied. */
  push(rows: Int32Array, from: number, count: number): number {
    let next = from;
    while (next < count && !this.full) {
      const taken = Math.min(count - next, BATCH_ROWS - this.filled);
      const batch = this.batches[this.written & (BATCHES - 1)]!;
      batch.set(
        rows.subarray(next * PACKET_WORDS, (next + taken) * PACKET_WORDS),
        this.filled * PACKET_WORDS,
      );
      this.filled += taken;
      next += taken;
      if (this.filled === BATCH_ROWS) this.publish();
    }
    return next;
  }

  /** Whether the batch to be filled is still the consumer's. */
  get full(): boolean {
    return ((this.written - this.consumed) | 0) >= BATCHES;
  }

  /** Whether more than half of the batches wait for the consumer. */
  get crowded(): boolean {
    return ((this.written - this.consumed) | 0) > HALF;
  }

  /** Batches consumed so far, modulo 2^32. */
  get consumed(): number {
    return Atomics.load(this.memory.control, CONSUMED);
  }

  /** Parts that the consumer said it sent; see `notePart`. */
  get parts(): number {
    return Atomics.load(this.memory.control, PARTS);
  }

  /** Sleeps until half of a full ring is consumed, or for `ms`. */
  doze(ms: number): void {
    const consumed = this.consumed;
    // Past that mark nobody would wake this thread.
    if (((this.written - consumed) | 0) <= HALF) return;
    Atomics.wait(this.memory.control, CONSUMED, consumed, ms);
  }

  /** Publishes what is there; an empty batch says that there is no more. Not while `full`. */
  publish(): void {
    const control = this.memory.control;
    const last = this.filled === 0;
    control[COUNTS + (this.written & (BATCHES - 1))] = this.filled;
    this.filled = 0;
    this.written = (this.written + 1) | 0;
    Atomics.store(control, WRITTEN, this.written);
    // Waking asks the kernel, even where nobody sleeps.
    if (Atomics.load(control, ASLEEP) === 0) return;
    // While it sleeps, every number of waiting batches up to the last is passed exactly once.
    if (last || ((this.written - this.consumed) | 0) === WORTH_WAKING) {
      Atomics.notify(control, WRITTEN);
    }
  }

  /** Rows not published yet. */
  get pending(): number {
    return this.filled;
  }
}

/** Gives every batch to `consume` until the producer ends. The rows are borrowed for the call. */
export function consumeRows(
  memory: RingMemory,
  consume: (rows: Int32Array, count: number) => void,
): void {
  const control = memory.control;
  const batches = batchesOf(memory);
  for (let consumed = 0; ; ) {
    while (Atomics.load(control, WRITTEN) === consumed) sleep(control, consumed);
    const index = consumed & (BATCHES - 1);
    const count = control[COUNTS + index]!;
    if (count === 0) return;
    consume(batches[index]!, count);
    consumed = (consumed + 1) | 0;
    Atomics.store(control, CONSUMED, consumed);
    // A producer that waits writes no more, so this mark is passed exactly once.
    if (((Atomics.load(control, WRITTEN) - consumed) | 0) === HALF) {
      Atomics.notify(control, CONSUMED);
    }
  }
}

/** Sleeps until more than `consumed` batches are written: said first, looked at once more, then done. */
function sleep(control: Int32Array, consumed: number): void {
  Atomics.store(control, ASLEEP, 1);
  // Sleeps only if nothing was written since.
  Atomics.wait(control, WRITTEN, consumed);
  Atomics.store(control, ASLEEP, 0);
}

/** Says, in the consumer's thread, that a part was sent as a message. */
export function notePart(memory: RingMemory): void {
  Atomics.add(memory.control, PARTS, 1);
}

function batchesOf(memory: RingMemory): Int32Array[] {
  const length = BATCH_ROWS * PACKET_WORDS;
  return Array.from({ length: BATCHES }, (_, index) =>
    memory.rows.subarray(index * length, (index + 1) * length),
  );
}
