/**
 * Frames from the network as they pass, as a source like a file. Threads of their own empty the
 * rings (ring-reader.ts); here the blocks they hand over are walked in place, frames of several
 * rings in the order of their times.
 *
 * What the kernel keeps beside a frame is put back before anyone looks (kernel-frame.ts).
 */
import { Worker } from 'node:worker_threads';
import { BLOCK_FIRST, BLOCK_FRAMES } from '../../native/packet-ring.ts';
import {
  addStatistics,
  closePacketSocket,
  type PacketSocket,
  type RingCounts,
} from '../../native/packet-socket.ts';
import {
  type CaptureInterface,
  FRAME_BATCH_CAPACITY,
  FrameBatch,
  type FrameSource,
} from '../../wire/frame-batch.ts';
import { BlockTaker, newRelay, STOP_DRAINED, STOP_NOW } from './block-relay.ts';
import { interfaceNamed, type NetworkInterface } from './interfaces.ts';
import { cook, isEcho, isTagged, retag, SLL2 } from './kernel-frame.ts';
import type { OpenedInterface } from './open-ring.ts';
import type { ReaderMessage, ReaderStart } from './ring-reader.ts';

/** What was seen and lost on one interface. */
export interface LiveCounts extends Readonly<RingCounts> {
  readonly name: string;
}

/** Frames as they pass, whatever they are taken with. */
export interface LiveFrames extends FrameSource {
  /** What happened to interfaces while capturing, in words, oldest first. */
  readonly events: readonly string[];
  /** Until frames are really taken. */
  start(): Promise<void>;
  /** What was received already is still read, then `next` returns undefined. */
  stop(): void;
  /** Counters of each interface, as they stand. */
  counts(): LiveCounts[];
}

/** Room between the reading threads and here, for all of them together. */
const RELAY_OCTETS = 64 * 1024 * 1024;
const FEWEST_SLOTS = 16;
/** How long `next` waits for frames before it returns a batch without any. */
const WAIT_MS = 100;
/** Frames that come in quick succession are waited for without a word from the reading threads. */
const BUSY_MS = 20;
const NAP_MS = 2;
const YIELD_EVERY_MS = 20;
/** The kernel tells that an interface goes down, but not that one goes which is down already. */
const LOOK_FOR_DOWN_MS = 500;
const ENETDOWN = 100;

/** One ring, and how far its blocks were read. */
interface Lane {
  readonly which: number;
  readonly device: NetworkInterface;
  readonly cooked: boolean;
  readonly taker: BlockTaker;
  readonly worker: Worker;
  /** First octet of the block being read, -1: none. */
  block: number;
  /** Offset of the next frame, and how many are left in the block. */
  at: number;
  left: number;
  /** Nothing more comes. */
  done: boolean;
}

/**
 * Batches are borrowed until the next one: the kernel's blocks go back then. Takes over the sockets
 * of what was opened, and closes them.
 */
export class LiveSource implements LiveFrames {
  readonly interfaces: CaptureInterface[];
  readonly events: string[] = [];
  private readonly opened: readonly OpenedInterface[];
  private readonly program: URL;
  private readonly lanes: Lane[] = [];
  /** Blocks of all rings. */
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  /** Frames of each interface so far. */
  private readonly frames: Float64Array;
  private readonly sums: RingCounts[];
  /** Interfaces that are down, by their place, and when they are looked for next. */
  private readonly down = new Set<number>();
  private lookMs = 0;
  private readonly batch = new FrameBatch();
  /** Blocks that the last batch was read to the end of, with their lanes. */
  private readonly spent: { lane: Lane; block: number }[] = [];
  private started: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private wake: (() => void) | undefined;
  private failure: Error | undefined;
  /** When others had a turn last, and when there were frames. */
  private yieldedMs = 0;
  private filledMs = 0;

  /** @param program of the reading threads, see ring-reader.ts */
  constructor(opened: readonly OpenedInterface[], program: URL) {
    this.opened = opened;
    this.program = program;
    this.interfaces = opened.map(({ described }) => described);
    this.frames = new Float64Array(opened.length);
    this.sums = opened.map(() => ({ received: 0, dropped: 0, freezes: 0 }));
  }

  start(): Promise<void> {
    this.started ??= this.startReading();
    return this.started;
  }

  private async startReading(): Promise<void> {
    const rings = this.opened.flatMap((opened, which) =>
      opened.sockets.map((socket) => ({ opened, which, socket })),
    );
    const share = RELAY_OCTETS / Math.max(1, rings.length);
    const slotsOf = ({ blockOctets }: PacketSocket): number =>
      Math.max(FEWEST_SLOTS, Math.floor(share / blockOctets));
    const octets = rings.reduce((sum, { socket }) => sum + slotsOf(socket) * socket.blockOctets, 0);
    this.bytes = new Uint8Array(new SharedArrayBuffer(octets));
    this.view = new DataView(this.bytes.buffer);
    let base = 0;
    const ready = rings.map(({ opened: { device, cooked }, which, socket }) => {
      const relay = newRelay(this.bytes, base, slotsOf(socket), socket.blockOctets);
      base += relay.slots * relay.slotOctets;
      const start: ReaderStart = { socket, relay };
      const worker = new Worker(this.program, { workerData: start });
      const taker = new BlockTaker(relay);
      const lane = { which, device, cooked, taker, worker, block: -1, at: 0, left: 0, done: false };
      this.lanes.push(lane);
      return this.listen(lane);
    });
    await Promise.all(ready);
  }

  /** Hears a reading thread; the promise is fulfilled once it reads. */
  private listen(lane: Lane): Promise<void> {
    return new Promise((resolve, reject) => {
      lane.worker.on('message', (message: ReaderMessage) => {
        if (message === 'ready') resolve();
        else if (message === 'done') lane.done = true;
        else if (message !== 'frames') this.hearOfError(lane, message.errno);
        this.wake?.();
      });
      const fail = (error: Error): void => {
        this.failure ??= error;
        reject(error);
        // What the others have is still read.
        this.stop();
      };
      lane.worker.once('error', fail);
      lane.worker.once('exit', (code) => {
        const early = !lane.done && this.closed === undefined;
        if (early) fail(new Error(`a reading thread ended early (${code})`));
        lane.done = true;
        this.wake?.();
      });
    });
  }

  private hearOfError({ device, which }: Lane, errno: number): void {
    if (errno !== ENETDOWN || device.index === 0) return;
    if (!isThere(device)) return this.endRemoved(which);
    this.down.add(which);
    // The kernel tells the same of an interface that is down from the beginning.
    const down = device.up || this.frames[which]! > 0 ? 'went down' : 'is down';
    this.tell(`${device.name} ${down}; frames are taken once it is up`);
  }

  private endRemoved(which: number): void {
    this.down.delete(which);
    this.tell(`${this.opened[which]!.device.name} was removed; its capture ends`);
    for (const lane of this.lanes) if (lane.which === which) lane.taker.stop(STOP_DRAINED);
  }

  /** Each ring of an interface tells of the same. */
  private tell(event: string): void {
    if (this.events.at(-1) !== event) this.events.push(event);
  }

  private lookForDown(): void {
    const nowMs = performance.now();
    if (this.down.size === 0 || nowMs - this.lookMs < LOOK_FOR_DOWN_MS) return;
    this.lookMs = nowMs;
    for (const which of this.down) {
      const { device } = this.opened[which]!;
      const now = interfaceNamed(device.name);
      if (now?.index !== device.index) this.endRemoved(which);
      else if (now.up) this.down.delete(which);
    }
  }

  /** Frames that can be read now; after a while without any, a batch that holds none. */
  async next(): Promise<FrameBatch | undefined> {
    await this.start();
    this.giveBack();
    if (this.closed !== undefined) return undefined;
    this.lookForDown();
    // Asked first: what is handed over before a thread ends is still read.
    const over = this.lanes.every(({ done }) => done);
    if (!this.fill()) {
      if (over && this.failure !== undefined) throw this.failure;
      if (over) return undefined;
      await this.sleep();
      if (this.closed !== undefined) return undefined;
      this.fill();
    } else if (performance.now() - this.yieldedMs > YIELD_EVERY_MS) {
      // Under a flood there is always a frame: signals, timers and keys must have a turn too.
      await new Promise((resolve) => setImmediate(resolve));
      this.yieldedMs = performance.now();
      if (this.closed !== undefined) return undefined;
    }
    return this.batch;
  }

  /** Waits for frames, for a while. */
  private async sleep(): Promise<void> {
    if (performance.now() - this.filledMs < BUSY_MS) {
      await new Promise((resolve) => setTimeout(resolve, NAP_MS));
      this.yieldedMs = performance.now();
      if (this.closed !== undefined || this.lanes.some(({ taker }) => taker.waiting)) return;
    }
    let nothing = true;
    for (const { taker } of this.lanes) if (!taker.sleep()) nothing = false;
    if (nothing) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, WAIT_MS);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    this.yieldedMs = performance.now();
  }

  stop(): void {
    for (const { taker } of this.lanes) taker.stop(STOP_DRAINED);
  }

  counts(): LiveCounts[] {
    return this.opened.map(({ device, sockets }, which) => {
      const sum = this.sums[which]!;
      if (this.closed === undefined) for (const socket of sockets) addStatistics(socket, sum);
      return { name: device.name, ...sum };
    });
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    this.counts();
    const ends = this.lanes.map(({ taker, worker, done }) => {
      taker.stop(STOP_NOW);
      return done ? undefined : new Promise((resolve) => worker.once('exit', resolve));
    });
    this.wake?.();
    await Promise.all(ends);
    for (const { sockets } of this.opened) for (const each of sockets) closePacketSocket(each);
  }

  /** Gives back the blocks that the last batch was read to the end of. */
  private giveBack(): void {
    for (const { lane, block } of this.spent) lane.taker.giveBack(block);
    this.spent.length = 0;
  }

  /** Fills the batch, oldest frames first. False when there are none. */
  private fill(): boolean {
    const { batch, lanes } = this;
    batch.reset(this.bytes, this.view);
    while (batch.count < FRAME_BATCH_CAPACITY) {
      let oldest: Lane | undefined;
      let first = Number.POSITIVE_INFINITY;
      let second = Number.POSITIVE_INFINITY;
      for (let index = 0; index < lanes.length; index++) {
        const lane = lanes[index]!;
        if (lane.left === 0 && !this.begin(lane)) continue;
        const time = this.timeAt(lane.at);
        if (time < first) {
          second = first;
          first = time;
          oldest = lane;
        } else if (time < second) second = time;
      }
      if (oldest === undefined) break;
      this.read(oldest, second);
    }
    if (batch.count === 0) return false;
    this.filledMs = performance.now();
    return true;
  }

  /** Begins the next block of a lane. False when there is none. */
  private begin(lane: Lane): boolean {
    for (let at = lane.taker.next(); at >= 0; at = lane.taker.next()) {
      lane.left = this.view.getUint32(at + BLOCK_FRAMES, true);
      lane.at = at + this.view.getUint32(at + BLOCK_FIRST, true);
      lane.block = at;
      if (lane.left > 0) return true;
      lane.taker.giveBack(at);
    }
    return false;
  }

  /** Time of a frame, ns; exact to a quarter of a microsecond, which is enough to compare. */
  private timeAt(at: number): number {
    return this.view.getUint32(at + 4, true) * 1e9 + this.view.getUint32(at + 8, true);
  }

  /** Reads frames of a block up to a time, or its end. */
  private read(lane: Lane, untilTime: number): void {
    const { batch, view, bytes, frames } = this;
    const { which, cooked, device } = lane;
    const skipsOutgoing = device.loopback || device.index === 0;
    const alone = untilTime === Number.POSITIVE_INFINITY;
    let count = batch.count;
    while (count < FRAME_BATCH_CAPACITY) {
      const at = lane.at;
      lane.at = at + view.getUint32(at, true);
      lane.left--;
      let offset = at + view.getUint16(at + 24, true);
      let captured = view.getUint32(at + 12, true);
      let original = view.getUint32(at + 16, true);
      const status = view.getUint32(at + 20, true);
      if (!(skipsOutgoing && isEcho(view, at, device))) {
        if (cooked) {
          offset -= SLL2;
          cook(bytes, view, at, offset);
          captured += SLL2;
          original += SLL2;
        } else if (captured >= 12 && isTagged(status)) {
          offset -= 4;
          retag(bytes, view, at, offset, status);
          captured += 4;
          original += 4;
        }
        batch.offset[count] = offset;
        batch.captured[count] = captured;
        batch.original[count] = original;
        batch.seconds[count] = view.getUint32(at + 4, true);
        batch.nanoseconds[count] = view.getUint32(at + 8, true);
        batch.number[count] = ++frames[which]!;
        batch.interface[count] = which;
        count++;
      }
      if (lane.left === 0) {
        this.spent.push({ lane, block: lane.block });
        break;
      }
      if (!alone && this.timeAt(lane.at) > untilTime) break;
    }
    batch.count = count;
  }
}

/** Whether the interface that was opened is still there: another may have its name. */
function isThere({ name, index }: NetworkInterface): boolean {
  return interfaceNamed(name)?.index === index;
}
