/**
 * What opened and what closed between two looks at the same machine. Sockets are told apart by
 * what they are bound to and by who holds them; who held a socket that is gone is known from the
 * look before. Several alike are counted, not mixed up.
 */
import type { Connection } from '../model/connection.ts';
import type { Listener } from '../model/listener.ts';

export interface SocketChange {
  readonly kind: 'opened' | 'closed';
  readonly socket: Listener | Connection;
}

export interface Look {
  readonly listeners: readonly Listener[];
  readonly connections: readonly Connection[];
}

/** What closed first, then what opened, each in the order of its look. */
export function socketChanges(before: Look, after: Look): SocketChange[] {
  const old = [...before.listeners, ...before.connections];
  const now = [...after.listeners, ...after.connections];
  return [
    ...missingFrom(old, now).map((socket) => ({ kind: 'closed' as const, socket })),
    ...missingFrom(now, old).map((socket) => ({ kind: 'opened' as const, socket })),
  ];
}

/** Those of `these` that `others` has not, or not as often. */
function missingFrom<Socket extends Listener | Connection>(
  these: readonly Socket[],
  others: readonly Socket[],
): Socket[] {
  const counts = new Map<string, number>();
  for (const socket of others) counts.set(keyOf(socket), (counts.get(keyOf(socket)) ?? 0) + 1);
  return these.filter((socket) => {
    const key = keyOf(socket);
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    return left === 0;
  });
}

function keyOf(socket: Listener | Connection): string {
  const { local, owner, network } = socket;
  const holders =
    owner.kind === 'processes' ? owner.processes.map(({ pid }) => pid).join() : owner.kind;
  const place = `${network ?? ''} ${local.transport} ${local.address} ${local.port}`;
  if (socket.kind === 'listener')
    return `${place} ${socket.state} ${socket.device ?? ''} ${holders}`;
  // A connection keeps its identity while its state moves on and its process lets go of it.
  return `${place} > ${socket.remote.address} ${socket.remote.port}`;
}
