/** A flow table in a worker thread, and the messages between the two. */
import { once } from 'node:events';
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

export class WorkerTable implements TableHost {
  private readonly worker: Worker;
  private readonly producer: RowProducer;
  private readonly finished: Promise<FinishedTable>;

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
      this.worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'evicted') evicted?.(message.part);
        else resolve(message.table);
      });
      this.worker.on('error', reject);
    });
    // Seen by `finish`; until then a failure must not count as unhandled.
    this.finished.catch(() => {});
  }

  consume(rows: Int32Array, count: number): void {
    this.producer.push(rows, count);
  }

  async finish(): Promise<FinishedTable> {
    this.producer.end();
    const table = await this.finished;
    await once(this.worker, 'exit');
    return table;
  }
}
