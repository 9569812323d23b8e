/** What a worker does: keeps the flow table of packet rows that come through shared memory. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FlowPart } from '../../flow/flow-set.ts';
import { FlowTable } from '../../flow/flow-table.ts';
import type { FinishedTable } from './observe.ts';
import { consumeRows, notePart } from './row-ring.ts';
import type { WorkerMessage, WorkerStart } from './worker-table.ts';

function send(message: WorkerMessage, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, moved);
}

/**
 * Keeps the table until the last row came, and tells whoever started this thread. A thread that is
 * to stay then gives each task that it is asked to `work`, and hands over what that returns.
 *
 * @param work gets the flows of the table
 */
export function keepFlows(work: (flows: FlowPart, task: unknown) => Promise<WorkDone>): void {
  const start: WorkerStart = workerData;
  const table = filledTable(start);
  const { chunks, count, extensions } = table;
  if (start.stays) takeTasks({ chunks, count, extensions }, work);
  send({ kind: 'finished', table });
}

/** Only what is left of the table is remembered: its index takes much of a thread's memory. */
function filledTable(start: WorkerStart): FinishedTable {
  const table = new FlowTable({
    ...(start.timeouts === undefined ? {} : { timeouts: start.timeouts }),
    ...(start.maxFlows === undefined ? {} : { maxFlows: start.maxFlows }),
    ...(start.reportEvicted ? { onEvict: (part) => sendEvicted(start, part) } : {}),
    shared: true,
  });
  consumeRows(start.ring, (rows, count) => table.consume(rows, count));
  const { chunks, count, extensions, evicted, evictedLive, orphanErrors } = table.finish();
  return {
    chunks,
    count,
    extensions: { words: extensions.words },
    evicted,
    evictedLive,
    orphanErrors,
  };
}

function takeTasks(
  flows: FlowPart,
  work: (flows: FlowPart, task: unknown) => Promise<WorkDone>,
): void {
  parentPort?.on('message', (task: unknown) => {
    // A failure ends the thread, which is noticed.
    void work(flows, task).then(({ answer, moved }) => send({ kind: 'answer', answer }, moved));
  });
}

/** What came of a task, and the buffers of it that move instead of being copied. */
export interface WorkDone {
  readonly answer: unknown;
  readonly moved: readonly ArrayBuffer[];
}

/** Hands over rows that are this thread's own copies, so they can move instead of being copied. */
function sendEvicted({ ring }: WorkerStart, part: FlowPart): void {
  const { chunks, count, extensions } = part;
  const message: WorkerMessage = {
    kind: 'evicted',
    part: { chunks, count, extensions: { words: extensions.words } },
  };
  const buffers = [...chunks.map(({ words }) => words.buffer), extensions.words.buffer];
  send(message, buffers as ArrayBuffer[]);
  notePart(ring);
}
