/**
 * First sequence numbers of connections, so that later ones can be shown counted from them. The
 * oldest half is forgotten when there are too many; their numbers then start anew.
 */
import type { IpPacket, Page } from './page.ts';

interface Known {
  /** Of the side whose port (then address) is lower, and of the other. */
  sequence: number;
  acknowledged: number;
}

export interface SequenceBase {
  readonly sequence: number;
  readonly acknowledged: number;
  /** What selective acknowledgements are counted from. */
  readonly sackBase: number;
  /** The connection was not known (or begins anew): its numbers are shown as they are. */
  readonly fresh: boolean;
}

/** Connections remembered. */
const MOST = 200_000;
const memories = new WeakMap<Page, Map<string, Known>>();

/** What the numbers of a segment with an acknowledgement are counted from. */
export function sequenceBase(page: Page, at: number, packet: IpPacket): SequenceBase {
  const { view, bytes } = page;
  const source = view.getUint16(at);
  const destination = view.getUint16(at + 2);
  const [from, size] = packet.version === 4 ? [packet.at + 12, 4] : [packet.at + 8, 16];
  let reversed = source > destination;
  if (source === destination) reversed = compare(bytes, from, from + size, size) > 0;
  const key = keyOf(page, from, size, source, destination, reversed);
  let memory = memories.get(page);
  if (memory === undefined) {
    memory = new Map();
    memories.set(page, memory);
  }
  let known = memory.get(key);
  const fresh = known === undefined || (bytes[at + 13]! & 2) !== 0;
  if (known === undefined || fresh) {
    if (memory.size >= MOST) forgetHalf(memory);
    const sequence = view.getUint32(at + 4);
    const acknowledged = (view.getUint32(at + 8) - 1) >>> 0;
    known = reversed
      ? { sequence: acknowledged, acknowledged: sequence }
      : { sequence, acknowledged };
    memory.set(key, known);
  }
  return {
    sequence: reversed ? known.acknowledged : known.sequence,
    acknowledged: reversed ? known.sequence : known.acknowledged,
    sackBase: reversed ? known.sequence : known.acknowledged,
    fresh,
  };
}

function compare(bytes: Uint8Array, left: number, right: number, size: number): number {
  for (let index = 0; index < size; index++) {
    const difference = bytes[left + index]! - bytes[right + index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function keyOf(
  { view }: Page,
  from: number,
  size: number,
  source: number,
  destination: number,
  reversed: boolean,
): string {
  let key = reversed
    ? String.fromCharCode(destination, source)
    : String.fromCharCode(source, destination);
  const first = reversed ? from + size : from;
  const second = reversed ? from : from + size;
  for (let index = 0; index < size; index += 2) {
    key += String.fromCharCode(view.getUint16(first + index), view.getUint16(second + index));
  }
  return key;
}

function forgetHalf(memory: Map<string, Known>): void {
  let left = MOST / 2;
  for (const key of memory.keys()) {
    if (left-- <= 0) return;
    memory.delete(key);
  }
}
