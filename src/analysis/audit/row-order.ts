/**
 * Rows in the order of their hosts. Different hosts are told apart by walking rows host by host:
 * whatever was last seen of another one is seen anew. That takes no table of what was seen.
 *
 * Finding the orders takes as long as looking at all rows once. The thread that folded the rows
 * does it while the other one begins with the answer, which waits for what it needs.
 */
import { NO_HOST } from './verdict-rows.ts';

/** Rows in the order of their hosts, without those that have none. */
export interface RowsByHost {
  readonly rows: Int32Array;
  /** Where the rows of each host begin; one more entry than hosts. */
  readonly starts: Int32Array;
}

/** @param hosts by row; `NO_HOST` for none */
export function inOrderOf(
  hosts: Int32Array,
  hostCount: number,
  rows: Int32Array = new Int32Array(hosts.length),
  starts: Int32Array = new Int32Array(startsOf(hostCount)),
): RowsByHost {
  const count = hosts.length;
  // At first one place further up: each moves down as the rows of the host before are put there.
  for (let row = 0; row < count; row++) starts[hosts[row]! - NO_HOST + 1]!++;
  for (let host = 1; host < starts.length; host++) starts[host]! += starts[host - 1]!;
  for (let row = 0; row < count; row++) rows[starts[hosts[row]! - NO_HOST]!++] = row;
  return { rows, starts: starts.subarray(0, hostCount + 1) };
}

function startsOf(hostCount: number): number {
  return hostCount + 2;
}

/** Orders that another thread finds; by client, then by server. */
export interface OrdersPart {
  /** Of each order: 1 when it is there. */
  readonly ready: Int32Array;
  readonly rows: readonly Int32Array[];
  readonly starts: readonly Int32Array[];
}

/** Memory that two threads share, four octets a row and host, twice; empty until `findOrder`. */
export function newOrders(count: number, hostCount: number): OrdersPart {
  const shared = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
  return {
    ready: shared(2),
    rows: [shared(count), shared(count)],
    starts: [shared(startsOf(hostCount)), shared(startsOf(hostCount))],
  };
}

/** Finds one order and says so. @param which 0: by client, 1: by server */
export function findOrder(
  { ready, rows, starts }: OrdersPart,
  which: 0 | 1,
  hosts: Int32Array,
): void {
  inOrderOf(hosts, starts[which]!.length - startsOf(0), rows[which], starts[which]);
  Atomics.store(ready, which, 1);
  Atomics.notify(ready, which);
}

/** How long an order is waited for, ms: finding it takes far less. */
const PATIENCE_MS = 2000;

/** An order that another thread finds; undefined when it does not come. */
export function awaitOrder(
  { ready, rows, starts }: OrdersPart,
  which: 0 | 1,
): RowsByHost | undefined {
  Atomics.wait(ready, which, 0, PATIENCE_MS);
  if (Atomics.load(ready, which) === 0) return undefined;
  const begins = starts[which]!;
  return { rows: rows[which]!, starts: begins.subarray(0, begins.length - 1) };
}
