/**
 * Joins the rooms: what a command needs from several of them comes from one function here. Rooms
 * are loaded inside the functions, so that a command pays only for those it uses.
 */
import type { SocketView } from './sources/sockets/linux.ts';

export type { SocketView };

/** Whether `viewSockets` can look at this machine. */
export function canViewSockets(): boolean {
  return process.platform === 'linux';
}

/** The listening and bound sockets of this machine. Rejects with `SocketTablesError`. */
export async function viewSockets(): Promise<SocketView> {
  const { readLinuxSockets } = await import('./sources/sockets/linux.ts');
  return readLinuxSockets();
}
