/**
 * The program of a reading thread: empties one ring of the kernel into shared memory, and does
 * nothing else, so that neither a view nor a disk nor the collector of garbage holds it up.
 */
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { PacketRing } from '../../native/packet-ring.ts';
import type { PacketSocket } from '../../native/packet-socket.ts';
import { hurry } from '../../native/thread-turns.ts';
import { collector } from '../garbage.ts';
import { BlockSender, type RelayMemory, STOP_DRAINED, STOP_NOW } from './block-relay.ts';

/** What a reading thread is started with. */
export interface ReaderStart {
  readonly socket: PacketSocket;
  readonly relay: RelayMemory;
}

/** What it says: that it reads, that there are frames, an error of the socket, that it is done. */
export type ReaderMessage = 'ready' | 'frames' | 'done' | { readonly errno: number };

/** How long it waits for the kernel or for room before it looks whether it should stop. */
const WAIT_MS = 40;
/** A frame may lie in a block that is not full for so long; see packet-socket.ts. */
const RETIRED_AFTER_MS = 70;
/** How long a ring is still read after `STOP_DRAINED` under a flood. */
const DRAIN_MS = 1000;

function say(message: ReaderMessage): void {
  parentPort?.postMessage(message);
}

/**
 * Collects what starting left behind. A collection waits for threads that compile, which do not
 * hurry: the next one is not to come in the first second of a flood, when they do. Nor is it to
 * wait for helpers. The few octets of each block are then collected once in gigabytes.
 */
function collect(): void {
  setFlagsFromString('--no-parallel-scavenge');
  collector()({ type: 'minor' });
}

function read({ socket, relay }: ReaderStart): void {
  hurry();
  const ring = new PacketRing(socket);
  const sender = new BlockSender(relay);
  sender.prepare();
  collect();
  say('ready');
  let endMs = Number.POSITIVE_INFINITY;
  let quietMs = Number.POSITIVE_INFINITY;
  for (let stop = 0; stop !== STOP_NOW; stop = sender.stop) {
    if (stop === STOP_DRAINED && endMs === Number.POSITIVE_INFINITY) {
      endMs = performance.now() + DRAIN_MS;
      quietMs = performance.now() + RETIRED_AFTER_MS;
    }
    if (ring.ready) {
      const at = sender.room(WAIT_MS);
      if (at < 0) continue;
      ring.take(relay.bytes, at);
      if (sender.publish()) say('frames');
      if (endMs === Number.POSITIVE_INFINITY || performance.now() < endMs) continue;
      break;
    }
    if (stop !== 0 && performance.now() > quietMs) break;
    ring.wait(WAIT_MS);
    if (ring.ready) continue;
    const errno = ring.takeError();
    if (errno !== 0) say({ errno });
  }
  ring.close();
  say('done');
}

read(workerData as ReaderStart);
