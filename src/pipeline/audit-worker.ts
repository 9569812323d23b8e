/** The worker's program: folds the verdicts that come through shared memory, and hands over the rows. */
import { parentPort, workerData } from 'node:worker_threads';
import { AuditFold } from '../analysis/audit/audit-fold.ts';
import type { FoldStart } from './fold-thread.ts';
import { VerdictTaker } from './verdict-ring.ts';

const { ring, options }: FoldStart = workerData;
const fold = new AuditFold({ ...options, shared: true });
const taker = new VerdictTaker(ring, (batch) => fold.add(batch));
try {
  taker.run();
} catch (error) {
  taker.fail();
  throw error;
}

/** Sends the rows. */
export function handOver(): void {
  const part = fold.part();
  const { rows, ended, services, hosts, orders } = part.rows;
  // The rows are many, and move instead of being copied.
  parentPort?.postMessage(part, [rows, ended.buffer, services.buffer, hosts.buffer]);
  // While the other thread begins with the answer.
  if (orders !== undefined) fold.table.findOrders(orders);
}
