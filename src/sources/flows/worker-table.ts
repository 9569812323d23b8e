/** A flow table in a worker thread, and the messages between the two. */
import { Worker } from 'node:worker_threads';
import type { FlowPart } from '../../flow/flow-set.ts';
import type { Timeouts } from '../../flow/timeouts.ts';
import type { FinishedTable, ObserveOptions, TableHost } from './observe.ts';
import { newRing, type RingMemory, RowProducer } from './row-ring.ts';

/** What the worker is started with. */
export interface WorkerStart {
  readonly ring: RingMemory;
  readonly timeouts: Partial<Timeouts> | undefined;
  readonly maxFlows: number | undefined;
  readonly reportEvicted: boolean;
}

/** What the worker says: rows that had to go, and at the end its table. */
export type WorkerMessage =
  | { readonly kind: 'evicted'; readonly part: FlowPart }
  | { readonly kind: 'finished'; readonly table: FinishedTable };

/** How long this thread sleeps for room in the ring before it looks for messages again. */
const DOZE_MS = 5;
/** A worker that takes no batch for this long is taken for dead. */
const PATIENCE_MS = 60_000;

/** Owns its thread. What fails there rejects whatever is waited for next. */
export class WorkerTable implements TableHost {
  private readonly worker: Worker;
  private readonly producer: RowProducer;
  private readonly finished: Promise<FinishedTable>;
  /** Parts whose rows were handed on. */
  private parts = 0;
  private failure: Error | undefined;
  private done = false;
  private fail: (error: Error) => void = () => {};

  constructor(
    program: URL,
    options: ObserveOptions,
    evicted: ((part: FlowPart) => void) | undefined,
  ) {
    const ring = newRing();
    this.producer = new RowProducer(ring);
    const start: WorkerStart = {
      ring,
      timeouts: options.timeouts,
      maxFlows: options.maxFlows,
      reportEvicted: evicted !== undefined,
    };
    this.worker = new Worker(program, { workerData: start });
    this.finished = new Promise((resolve, reject) => {
      this.fail = (error) => {
        // Once its table is here, a worker may go.
        if (!this.done) this.failure ??= error;
        reject(error);
      };
      this.worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'finished') {
          this.done = this.failure === undefined;
          resolve(message.table);
        } else this.takePart(message.part, evicted);
      });
      this.worker.on('error', this.fail);
      this.worker.on('messageerror', this.fail);
      this.worker.on('exit', (code) => {
        this.fail(new Error(`the flow worker ended before its work did (exit code ${code})`));
      });
    });
    // Seen by `finish`; until then a failure must not count as unhandled.
    this.finished.catch(() => {});
  }

  get rows(): Int32Array {
    return this.producer.rows;
  }

  get behind(): boolean {
    return this.producer.crowded;
  }

  take(count: number): Promise<void> | undefined {
    this.producer.publish(count);
    if (!this.producer.full && this.producer.parts === this.parts) return undefined;
    return this.settle();
  }

  async finish(): Promise<FinishedTable> {
    await this.room();
    this.producer.publish(0);
    const table = await this.finished;
    if (this.failure !== undefined) throw this.failure;
    await this.worker.terminate();
    return table;
  }

  async abandon(): Promise<void> {
    await this.worker.terminate();
  }

  /** Waits for room, and for parts that are on their way. */
  private async settle(): Promise<void> {
    await this.room();
    while (this.producer.parts !== this.parts) await this.turn();
  }

  /** Waits until a batch can be filled; throws when there will be no room any more. */
  private async room(): Promise<void> {
    let consumed = this.producer.consumed;
    let since = performance.now();
    if (!this.producer.full) return;
    while (this.producer.crowded) {
      this.producer.doze(DOZE_MS);
      await this.turn();
      if (this.producer.consumed !== consumed) {
        consumed = this.producer.consumed;
        since = performance.now();
      } else if (performance.now() - since > PATIENCE_MS) {
        throw new Error('the flow worker stopped taking packets');
      }
    }
  }

  /** Lets the event loop deliver what the worker said. */
  private async turn(): Promise<void> {
    await new Promise(setImmediate);
    if (this.failure !== undefined) throw this.failure;
  }

  private takePart(part: FlowPart, evicted: ((part: FlowPart) => void) | undefined): void {
    this.parts = (this.parts + 1) | 0;
    try {
      evicted?.(part);
    } catch (error) {
      this.fail(error as Error);
    }
  }
}
