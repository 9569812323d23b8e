/**
 * A conversation as the listener remembers it: which one a packet row belongs to, and in one word
 * how far it was listened to. Its ends are sides 0 and 1, told by their numbers alone, so that a
 * packet is enough to know them; a row is that of `packet-batch.ts`, at its first word.
 */
import { finishHash, plainHash } from '../wire/flow-hash.ts';
import { P_DESTINATION, P_KIND, P_PORTS, P_SOURCE } from '../wire/packet-batch.ts';
import { ANSWERS, ASKS, type Payload } from '../wire/payload/payload.ts';

/** The protocol found plus 1 (bits 0–7), or a tentative one (bits 8–15). */
export const PROTOCOL = 0xff;
export const TENTATIVE_SHIFT = 8;
/** Payloads listened to of either side, three bits each. */
export const LOOKED_SHIFT = 16;
export const LOOKED = 7;
/** Who opened the connection was seen, and it was side 1. */
export const CLIENT_KNOWN = 1 << 22;
export const CLIENT_IS_1 = 1 << 23;
/** Facts may come with any packet. */
export const FOLLOWS = 1 << 24;
/** A message of side 0 (and in the next bit of side 1) goes on in the next packet. */
export const UNFINISHED_SHIFT = 26;
/** The endpoint that serves is port-wise the packet's destination when sent from side 0. */
export const SERVER_IS_1 = 1 << 25;
/** What the detector wants to know later, two bits. */
export const MEMORY_SHIFT = 28;
export const MEMORY = 3;

/** Whether the end that sent a packet is the one that serves. */
export function serverSends(state: number, side: number): boolean {
  return ((state & SERVER_IS_1) !== 0 ? 1 : 0) === side;
}

/** 0 or 1 for the end that sent a packet; the two directions of a conversation differ. */
export function sideOf(rows: Int32Array, row: number): number {
  const source = rows[row + P_SOURCE]!;
  const destination = rows[row + P_DESTINATION]!;
  if (source !== destination) return source > destination ? 1 : 0;
  const ports = rows[row + P_PORTS]!;
  return ports >>> 16 > (ports & 0xffff) ? 1 : 0;
}

/** Of the row's conversation, equal for packets of either side; never 0. */
export function hashOf(rows: Int32Array, row: number, side: number): number {
  const source = rows[row + P_SOURCE]!;
  const destination = rows[row + P_DESTINATION]!;
  const ports = rows[row + P_PORTS]!;
  const plain =
    side === 0
      ? plainHash(source, destination, ports)
      : plainHash(destination, source, (ports << 16) | (ports >>> 16));
  return finishHash(plain, rows[row + P_KIND]!) || 1;
}

/** The side that serves: who was connected to, else by the message, else by the ports. */
export function serverSide(
  state: number,
  side: number,
  detection: number,
  payload: Payload,
  ports: readonly number[],
): number {
  if ((state & CLIENT_KNOWN) !== 0) return (state & CLIENT_IS_1) !== 0 ? 0 : 1;
  if ((detection & ASKS) !== 0) return 1 - side;
  if ((detection & ANSWERS) !== 0) return side;
  const { sourcePort, destinationPort } = payload;
  if (ports.includes(destinationPort)) return 1 - side;
  if (ports.includes(sourcePort)) return side;
  return sourcePort < destinationPort ? side : 1 - side;
}
