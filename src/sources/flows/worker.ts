/** The worker's program: keeps the flow table of packet rows that come through shared memory. */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowTable } from '../../flow/flow-table.ts';
import { consumeRows, failRing } from './row-ring.ts';
import type { WorkerMessage, WorkerStart } from './worker-table.ts';

const start: WorkerStart = workerData;

function send(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

const table = new FlowTable({
  ...(start.timeouts === undefined ? {} : { timeouts: start.timeouts }),
  ...(start.maxFlows === undefined ? {} : { maxFlows: start.maxFlows }),
  ...(start.reportEvicted ? { onEvict: (part) => send({ kind: 'evicted', part }) } : {}),
  shared: true,
});
try {
  consumeRows(start.ring, (rows, count) => table.consume(rows, count));
} catch (error) {
  failRing(start.ring);
  throw error;
}
send({ kind: 'finished', table: table.finish() });
