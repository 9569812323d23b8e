/** Folds flows by host in the thread that kept them, while the other folds the rest. */
import { HostFolder, type HostTask } from '../analysis/host-folder.ts';
import type { HostPart } from '../analysis/host-side.ts';
import { type FlowPart, visitRows } from '../flow/flow-set.ts';
import type { TableHelper } from '../sources/flows/observe.ts';
import type { WorkDone } from '../sources/flows/worker.ts';

/** What goes to the thread. */
interface HostOrder {
  readonly task: HostTask;
  /** What the ladder decided, by row. */
  readonly decisions: Uint8Array;
}

/** Has the flows of a thread folded there. */
export async function askForHosts(
  helper: TableHelper,
  task: HostTask,
  decisions: Uint8Array,
): Promise<HostPart> {
  return (await helper.ask({ task, decisions } satisfies HostOrder)) as HostPart;
}

/** In the thread: does what was asked for. */
export function foldHosts(flows: FlowPart, order: unknown): WorkDone {
  const { task, decisions } = order as HostOrder;
  const folder = new HostFolder(task);
  visitRows({ ...flows, decisions }, folder.add.bind(folder));
  const answer = folder.finish();
  const moved = new Set<ArrayBuffer>();
  collectBuffers(answer, moved);
  return { answer, moved: [...moved] };
}

/** The memory of all arrays in a record of tables. */
function collectBuffers(value: unknown, into: Set<ArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) into.add(value.buffer as ArrayBuffer);
  else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) collectBuffers(each, into);
  }
}
