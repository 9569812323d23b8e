/** The worker's program: keeps the flow table of packet rows that come through shared memory. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FlowPart } from '../../flow/flow-set.ts';
import { FlowTable } from '../../flow/flow-table.ts';
import { consumeRows, notePart } from './row-ring.ts';
import type { WorkerMessage, WorkerStart } from './worker-table.ts';

const start: WorkerStart = workerData;

function send(message: WorkerMessage, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, moved);
}

/** Hands over rows that are this thread's own copies, so they can move instead of being copied. */
function sendEvicted(part: FlowPart): void {
  const { chunks, count, extensions } = part;
  const message: WorkerMessage = {
    kind: 'evicted',
    part: { chunks, count, extensions: { words: extensions.words } },
  };
  const buffers = [...chunks.map(({ words }) => words.buffer), extensions.words.buffer];
  send(message, buffers as ArrayBuffer[]);
  notePart(start.ring);
}

const table = new FlowTable({
  ...(start.timeouts === undefined ? {} : { timeouts: start.timeouts }),
  ...(start.maxFlows === undefined ? {} : { maxFlows: start.maxFlows }),
  ...(start.reportEvicted ? { onEvict: sendEvicted } : {}),
  shared: true,
});
consumeRows(start.ring, (rows, count) => table.consume(rows, count));
const { chunks, count, extensions, evicted, evictedLive, orphanErrors } = table.finish();
send({
  kind: 'finished',
  table: {
    chunks,
    count,
    extensions: { words: extensions.words },
    evicted,
    evictedLive,
    orphanErrors,
  },
});
