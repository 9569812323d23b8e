/**
 * A ring of verdict batches in shared memory between the thread that reads logs and one that folds
 * them. Batches arrive in order, so that what is folded is what one thread folds.
 *
 * A thread that reads waits for a full ring until half of it is folded; one that folds sleeps until
 * some batches wait, or it is the end. Waking a thread costs as much as a batch.
 */
import { VERDICT_BATCH_CAPACITY, type VerdictBatch } from '../model/verdict-batch.ts';
import {
  FOLDED_COLUMNS,
  type FoldedColumn,
  type VerdictColumns,
} from '../model/verdict-columns.ts';

/**
 * A power of two. All batches together take 6 MB: room to go on reading while the other thread
 * starts, and still in the shared cache when they are folded.
 */
const BATCHES = 32;
const HALF = BATCHES / 2;
/** Batches that wait before a thread that sleeps is woken. */
const WORTH_WAKING = 4;
/** IPv6 addresses that a batch may bring; further ones come in batches without rows. */
const ADDRESSES = 512;
const ADDRESS_WORDS = 4;
/** How often a thread that waits for room looks whether the other one is there still. */
const LOOK_MS = 1000;
/** A thread that folds no batch for so many looks is taken for dead. */
const PATIENCE = 60;

/** Words of the control array: batches written, folded; whether the other thread sleeps, failed. */
const WRITTEN = 0;
const FOLDED = 1;
const ASLEEP = 2;
const FAILED = 3;
/** Then of each batch: rows (or `END`), index of the input, first and number of new addresses. */
const INFO = 4;
const INFO_WORDS = 4;
const END = -1;

const NAMES = Object.keys(FOLDED_COLUMNS) as FoldedColumn[];
/** Octets of a batch; those of the widest values come first, so that all columns are aligned. */
const BATCH_OCTETS = NAMES.reduce(
  (sum, name) => sum + FOLDED_COLUMNS[name].BYTES_PER_ELEMENT * VERDICT_BATCH_CAPACITY,
  4 * ADDRESS_WORDS * ADDRESSES,
);

type ColumnType = new (
  buffer: ArrayBufferLike,
  at: number,
  length: number,
) => VerdictColumns[FoldedColumn];

/** What the two threads share. */
export interface VerdictRing {
  readonly control: Int32Array;
  readonly batches: SharedArrayBuffer;
}

/** Some megabytes, for one thread that reads and one that folds. */
export function newVerdictRing(): VerdictRing {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (INFO + INFO_WORDS * BATCHES))),
    batches: new SharedArrayBuffer(BATCHES * BATCH_OCTETS),
  };
}

/** A batch of the ring: views of its columns. */
interface RingBatch extends VerdictColumns {
  count: number;
  inputIndex: number;
  readonly addresses: KnownAddresses;
  /** Words of the addresses that it brings. */
  readonly brought: Int32Array;
}

/** The words of all IPv6 addresses that came so far. */
class KnownAddresses {
  words = new Int32Array(ADDRESS_WORDS * ADDRESSES);

  take(words: Int32Array, first: number, count: number): void {
    const end = ADDRESS_WORDS * (first + count);
    if (end > this.words.length) {
      const larger = new Int32Array(Math.max(end, 2 * this.words.length));
      larger.set(this.words);
      this.words = larger;
    }
    this.words.set(words.subarray(0, ADDRESS_WORDS * count), ADDRESS_WORDS * first);
  }
}

function batchesOf({ batches }: VerdictRing): RingBatch[] {
  const addresses = new KnownAddresses();
  return Array.from({ length: BATCHES }, (_, index) => {
    let at = BATCH_OCTETS * index;
    const columns = NAMES.map((name) => {
      const Column: ColumnType = FOLDED_COLUMNS[name];
      const column = new Column(batches, at, VERDICT_BATCH_CAPACITY);
      at += column.byteLength;
      return [name, column];
    });
    const brought = new Int32Array(batches, at, ADDRESS_WORDS * ADDRESSES);
    return {
      ...{ count: 0, inputIndex: 0, addresses, brought },
      ...(Object.fromEntries(columns) as Pick<VerdictColumns, FoldedColumn>),
    };
  });
}

/** Puts batches into the ring. */
export class VerdictSender {
  private readonly control: Int32Array;
  private readonly batches: readonly RingBatch[];
  /** Batches written, modulo 2^32 like the shared counters. */
  private written = 0;
  /** Addresses that the other thread has. */
  private addresses = 0;
  private readonly wait: (folded: number) => void;

  /** @param wait lets the other thread fold something, which has folded so many; blocks by default */
  constructor(ring: VerdictRing, wait?: (folded: number) => void) {
    this.control = ring.control;
    this.batches = batchesOf(ring);
    this.wait = wait ?? ((folded) => this.sleep(folded));
  }

  /** Copies the rows, waiting for room. Throws where the other thread is gone. */
  add(batch: VerdictBatch): void {
    while (batch.addresses.size - this.addresses > ADDRESSES) this.put(batch, 0);
    this.put(batch, batch.count);
  }

  /** Says that there is no more. */
  end(): void {
    this.makeRoom();
    this.publish(END, 0, 0);
  }

  private put(batch: VerdictBatch, rows: number): void {
    this.makeRoom();
    const target = this.batches[this.written & (BATCHES - 1)]!;
    if (rows > 0) {
      for (const name of NAMES) target[name].set(batch[name].subarray(0, rows));
    }
    const count = Math.min(ADDRESSES, batch.addresses.size - this.addresses);
    const first = ADDRESS_WORDS * this.addresses;
    target.brought.set(batch.addresses.words.subarray(first, first + ADDRESS_WORDS * count));
    this.publish(rows, batch.inputIndex, count);
    this.addresses += count;
  }

  private publish(rows: number, input: number, addresses: number): void {
    const { control } = this;
    const info = INFO + INFO_WORDS * (this.written & (BATCHES - 1));
    control[info] = rows;
    control[info + 1] = input;
    control[info + 2] = this.addresses;
    control[info + 3] = addresses;
    this.written = (this.written + 1) | 0;
    Atomics.store(control, WRITTEN, this.written);
    // Waking asks the kernel, even where nobody sleeps.
    if (Atomics.load(control, ASLEEP) === 0) return;
    // While it sleeps, every number of waiting batches up to the last is passed exactly once.
    const waiting = (this.written - Atomics.load(control, FOLDED)) | 0;
    if (rows === END || waiting === WORTH_WAKING) Atomics.notify(control, WRITTEN);
  }

  private makeRoom(): void {
    const { control } = this;
    if (((this.written - Atomics.load(control, FOLDED)) | 0) < BATCHES) return;
    for (;;) {
      const folded = Atomics.load(control, FOLDED);
      if (((this.written - folded) | 0) <= HALF) return;
      this.wait(folded);
    }
  }

  private sleep(folded: number): void {
    const { control } = this;
    for (let looks = 0; looks < PATIENCE; looks++) {
      if (Atomics.load(control, FAILED) !== 0) break;
      if (Atomics.wait(control, FOLDED, folded, LOOK_MS) !== 'timed-out') return;
    }
    throw new Error('the thread that folds verdicts stopped');
  }
}

/** Takes batches out of the ring. */
export class VerdictTaker {
  private readonly control: Int32Array;
  private readonly batches: readonly RingBatch[];
  private readonly fold: (batch: VerdictColumns) => void;
  private folded = 0;

  /** @param fold takes each batch, which is borrowed for the call */
  constructor(ring: VerdictRing, fold: (batch: VerdictColumns) => void) {
    this.control = ring.control;
    this.batches = batchesOf(ring);
    this.fold = fold;
  }

  /** Folds all batches until the end, sleeping where there is none. */
  run(): void {
    const { control } = this;
    while (this.takeAll()) {
      // Said first, looked at once more, then done.
      Atomics.store(control, ASLEEP, 1);
      Atomics.wait(control, WRITTEN, this.folded);
      Atomics.store(control, ASLEEP, 0);
    }
  }

  /** Folds the batches that are there; false after the last. */
  takeAll(): boolean {
    const { control } = this;
    while (Atomics.load(control, WRITTEN) !== this.folded) {
      const info = INFO + INFO_WORDS * (this.folded & (BATCHES - 1));
      const rows = control[info]!;
      if (rows === END) return false;
      const batch = this.batches[this.folded & (BATCHES - 1)]!;
      batch.addresses.take(batch.brought, control[info + 2]!, control[info + 3]!);
      batch.count = rows;
      batch.inputIndex = control[info + 1]!;
      if (rows > 0) this.fold(batch);
      this.folded = (this.folded + 1) | 0;
      Atomics.store(control, FOLDED, this.folded);
      // A thread that waits writes no more, so this mark is passed exactly once.
      const waiting = (Atomics.load(control, WRITTEN) - this.folded) | 0;
      if (waiting === HALF) Atomics.notify(control, FOLDED);
    }
    return true;
  }

  /** Says that no more will be folded. */
  fail(): void {
    Atomics.store(this.control, FAILED, 1);
    Atomics.notify(this.control, FOLDED);
  }
}
