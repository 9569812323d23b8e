/**
 * A ring of packet-row batches in shared memory between one producer and one consumer thread.
 * Each side waits for the other with Atomics when the ring is full or empty.
 */
import { PACKET_WORDS } from '../../wire/packet-batch.ts';

/** Rows per batch; at least what a decoder hands over at once. */
const BATCH_ROWS = 1024;
/** All batches together are 1 MiB: what is written is still in the shared cache when read. */
const BATCHES = 16;
/**
 * A full ring is waited for until it is half empty. Waking a thread costs as much as a batch, so
 * it must not happen for every one.
 */
const HALF = BATCHES / 2;

/** Words of the control array: batches written, consumed, failure, then a row count per batch. */
const WRITTEN = 0;
const CONSUMED = 1;
const FAILED = 2;
const COUNTS = 3;
/** A consumer that takes no batch for this long is taken for dead. */
const PATIENCE_MS = 60_000;

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
  private written = 0;
  /** Rows already in the batch being filled. */
  private filled = 0;

  constructor(memory: RingMemory) {
    this.memory = memory;
    this.batches = batchesOf(memory);
  }

  /** Copies rows in; waits while the ring is full. */
  push(rows: Int32Array, count: number): void {
    let from = 0;
    while (from < count) {
      const taken = Math.min(count - from, BATCH_ROWS - this.filled);
      const batch = this.batches[this.written % BATCHES]!;
      batch.set(
        rows.subarray(from * PACKET_WORDS, (from + taken) * PACKET_WORDS),
        this.filled * PACKET_WORDS,
      );
      this.filled += taken;
      from += taken;
      if (this.filled === BATCH_ROWS) this.publish();
    }
  }

  /** Hands over what is left, then an empty batch that says there is no more. */
  end(): void {
    if (this.filled > 0) this.publish();
    this.publish();
  }

  private publish(): void {
    const control = this.memory.control;
    control[COUNTS + (this.written % BATCHES)] = this.filled;
    this.filled = 0;
    this.written++;
    Atomics.store(control, WRITTEN, this.written);
    Atomics.notify(control, WRITTEN);
    // The next batch must be free before anything is written to it.
    if (this.written - Atomics.load(control, CONSUMED) < BATCHES) return;
    for (;;) {
      const consumed = Atomics.load(control, CONSUMED);
      if (this.written - consumed <= HALF) return;
      const waited = Atomics.wait(control, CONSUMED, consumed, PATIENCE_MS);
      if (waited === 'timed-out' || Atomics.load(control, FAILED) !== 0) {
        throw new Error('the flow worker stopped taking packets');
      }
    }
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
    while (Atomics.load(control, WRITTEN) === consumed) Atomics.wait(control, WRITTEN, consumed);
    const index = consumed % BATCHES;
    const count = control[COUNTS + index]!;
    if (count === 0) return;
    consume(batches[index]!, count);
    consumed++;
    Atomics.store(control, CONSUMED, consumed);
    // A producer that waits has written no more since, so this mark is passed exactly once.
    if (Atomics.load(control, WRITTEN) - consumed === HALF) Atomics.notify(control, CONSUMED);
  }
}

/** Tells the producer that nothing more will be consumed. */
export function failRing(memory: RingMemory): void {
  Atomics.store(memory.control, FAILED, 1);
  Atomics.add(memory.control, CONSUMED, 1);
  Atomics.notify(memory.control, CONSUMED);
}

function batchesOf(memory: RingMemory): Int32Array[] {
  const length = BATCH_ROWS * PACKET_WORDS;
  return Array.from({ length: BATCHES }, (_, index) =>
    memory.rows.subarray(index * length, (index + 1) * length),
  );
}
