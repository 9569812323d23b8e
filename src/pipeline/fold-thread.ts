/** The thread that folds verdicts, seen from the one that reads logs. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FoldedPart, FoldOptions } from '../analysis/audit/audit-fold.ts';
import type { VerdictBatch } from '../model/verdict-batch.ts';
import { programOf } from './programs.ts';
import { newVerdictRing, type VerdictRing, VerdictSender } from './verdict-ring.ts';

/** From this size on a second thread saves more than starting it costs. */
const WORTH_A_THREAD = 64e6;

/** The second thread, where there is a processor for it and enough to read, or it was asked for. */
export function foldThread(
  workers: number | undefined,
  octets: number,
  options: FoldOptions,
): FoldThread | undefined {
  if ((workers ?? availableParallelism() - 1) <= 0) return undefined;
  if (workers === undefined && octets < WORTH_A_THREAD) return undefined;
  const program = programOf('worker');
  return program && new FoldThread(program, options);
}

/** What the worker is started with. */
export interface FoldStart {
  readonly ring: VerdictRing;
  readonly options: FoldOptions;
}

/** Owns its thread, which ends with `finish`. A thread that fails rejects that. */
export class FoldThread {
  private readonly worker: Worker;
  private readonly sender: VerdictSender;
  private readonly folded: Promise<FoldedPart>;

  /** @param program that starts workers */
  constructor(program: URL, options: FoldOptions) {
    const ring = newVerdictRing();
    this.sender = new VerdictSender(ring);
    const worker = new Worker(program, {
      argv: ['audit-worker'],
      workerData: { ring, options } satisfies FoldStart,
    });
    this.worker = worker;
    this.folded = new Promise((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('messageerror', reject);
      worker.on('exit', (code) => {
        reject(new Error(`the thread that folds verdicts ended too soon (exit code ${code})`));
      });
    });
    // Seen by `finish`; until then a failure must not count as unhandled, nor the thread be waited for.
    this.folded.catch(() => {});
    worker.unref();
  }

  /** Hands the rows over; they may be overwritten afterwards. Throws where the thread is gone. */
  add(batch: VerdictBatch): void {
    this.sender.add(batch);
  }

  /** All that was folded; nothing may be added any more. Rejects where the thread is gone. */
  async finish(): Promise<FoldedPart> {
    this.worker.ref();
    this.sender.end();
    return this.folded;
  }
}
