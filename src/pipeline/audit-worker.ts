/** The worker's program: reads parts of logs as it is told. */
import { parentPort } from 'node:worker_threads';
import type { TablePart } from '../analysis/audit/verdict-table.ts';
import { type HelperMessage, type HelperTask, readPart } from './audit-part.ts';

function send(message: HelperMessage): void {
  // The rows are many, and move instead of being copied.
  const moved = message.kind === 'part' ? columnsOf(message.audit.table) : [];
  parentPort?.postMessage(message, moved);
}

parentPort?.on('message', (task: HelperTask) => {
  readPart(task, send).catch(() => send({ kind: 'failed' }));
});

function columnsOf({ rows, ended, clients, servers }: TablePart): ArrayBuffer[] {
  return [rows, ended.buffer, clients.buffer, servers.buffer];
}
