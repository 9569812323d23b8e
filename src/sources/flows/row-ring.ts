/**
 * A ring of packet-row batches in shared memory between one producer and one consumer thread. The
 * consumer sleeps while the ring is empty, until some batches wait or it is the end; the producer
 * never blocks for long, so that its event loop goes on (signals, the worker's messages) while the
 * ring is full.
 */
import { ROW_CAPACITY } from '../../wire/decoder.ts';
import { PACKET_WORDS } from '../../wire/packet-batch.ts';

/**
 * A power of two. All batches together take 5 MB: room to go on decoding while the worker starts,
 * and still in the shared cache when read.
 */
const BATCHES = 64;
const BATCH_WORDS = ROW_CAPACITY * PACKET_WORDS;
/**
 * A full ring is waited for until it is half empty. Waking a thread costs as much as a batch, so
 * it must not happen for every one.
 */
const HALF = BATCHES / 2;
/**
 * A consumer that finds the ring empty naps: that ends by itself, where waking it would cost the
 * producer as much as decoding a thousand packets. After so many naps in vain it sleeps until this
 * many batches wait.
 */
const NAP_MS = 2;
const MOST_NAPS = 25;
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

/** Some megabytes, for one producer and one consumer. */
export function newRing(): RingMemory {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (COUNTS + BATCHES))),
    rows: new Int32Array(new SharedArrayBuffer(4 * BATCHES * BATCH_WORDS)),
  };
}

/** Fill `rows` while not `full`, then publish it. */
export class RowProducer {
  private readonly memory: RingMemory;
  private readonly batches: Int32Array[];
  /** Batches published, modulo 2^32 like the shared counters. */
  private written = 0;

  constructor(memory: RingMemory) {
    this.memory = memory;
    this.batches = batchesOf(memory);
  }

  /** The batch to be filled; while `full` it is still the consumer's. */
  get rows(): Int32Array {
    return this.batches[this.written & (BATCHES - 1)]!;
  }

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

  /** Publishes the batch with so many rows in it; none says that there are no more. Not while `full`. */
  publish(count: number): void {
    const control = this.memory.control;
    control[COUNTS + (this.written & (BATCHES - 1))] = count;
    this.written = (this.written + 1) | 0;
    Atomics.store(control, WRITTEN, this.written);
    // While it sleeps, every number of waiting batches up to the last is passed exactly once.
    const waiting = (this.written - this.consumed) | 0;
    const worth = waiting === WORTH_WAKING && Atomics.load(control, ASLEEP) !== 0;
    // Waking asks the kernel, even where nobody sleeps.
    if (worth || count === 0) Atomics.notify(control, WRITTEN);
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
    if (Atomics.load(control, WRITTEN) === consumed) waitForRows(control, consumed);
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

/** Returns once more than `consumed` batches are written. */
function waitForRows(control: Int32Array, consumed: number): void {
  for (let nap = 0; nap < MOST_NAPS; nap++) {
    Atomics.wait(control, WRITTEN, consumed, NAP_MS);
    if (Atomics.load(control, WRITTEN) !== consumed) return;
  }
  while (Atomics.load(control, WRITTEN) === consumed) {
    // Said first, looked at once more, then done: sleeps only if nothing was written since.
    Atomics.store(control, ASLEEP, 1);
    Atomics.wait(control, WRITTEN, consumed);
    Atomics.store(control, ASLEEP, 0);
  }
}

/** Says, in the consumer's thread, that a part was sent as a message. */
export function notePart(memory: RingMemory): void {
  Atomics.add(memory.control, PARTS, 1);
}

function batchesOf(memory: RingMemory): Int32Array[] {
  return Array.from({ length: BATCHES }, (_, index) =>
    memory.rows.subarray(index * BATCH_WORDS, (index + 1) * BATCH_WORDS),
  );
}
