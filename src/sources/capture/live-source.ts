/**
 * Frames from the network as they pass: one ring for each interface, walked in place, as a source
 * like a file.
 *
 * What the kernel keeps beside a frame is put back before anyone looks: the VLAN tag that it took
 * off, and the header of cooked captures (LINKTYPE_LINUX_SLL2). Both fit into the room the ring
 * leaves before each frame.
 */
import {
  type KernelFilter,
  PacketRing,
  type RingCounts,
  waitForAny,
} from '../../native/packet-ring.ts';
import {
  type CaptureInterface,
  FRAME_BATCH_CAPACITY,
  FrameBatch,
  type FrameSource,
} from '../../wire/frame-batch.ts';
import { framingOf, interfaceNamed, type NetworkInterface } from './interfaces.ts';

export interface LiveOptions {
  readonly promiscuous?: boolean;
  /** Octets kept of a frame. */
  readonly snapLength?: number;
  /** Octets of each interface's ring; rounded to whole blocks. 16 MiB. */
  readonly ringOctets?: number;
  /** The program for an interface; without it every frame is kept. */
  readonly filterFor?: (linkType: number, cooked: boolean) => KernelFilter | undefined;
  /** How the filter is written, for files. */
  readonly filterText?: string;
}

/** What was seen and lost on one interface. */
export interface LiveCounts extends Readonly<RingCounts> {
  readonly name: string;
}

const BLOCK_OCTETS = 256 * 1024;
const DEFAULT_RING_OCTETS = 16 * 1024 * 1024;
const LEAST_BLOCKS = 4;
const RETIRE_MS = 50;
/** How long `next` waits for frames before it returns a batch without any. */
const WAIT_MS = 100;
const DEFAULT_SNAP_LENGTH = 262_144;
const YIELD_EVERY_MS = 20;
/** How long a ring is read after `stop`. */
const DRAIN_MS = 1000;
const SLL2 = 20;
const OUTGOING = 4;
const VLAN_VALID = 0x10;
const TPID_VALID = 0x40;
const ENETDOWN = 100;
/** Where the kernel keeps the sockaddr_ll of a frame, from the frame's own header. */
const ADDRESS = 48;

/** One interface's ring and how far it was read. */
interface Lane {
  readonly ring: PacketRing;
  readonly device: NetworkInterface;
  readonly cooked: boolean;
  block: number;
  /** Offset of the next frame in the ring, and how many are left in the block. */
  at: number;
  left: number;
  /** Whether frames of the block are being read. */
  begun: boolean;
  frames: number;
  gone: boolean;
}

export class LiveSource implements FrameSource {
  readonly interfaces: CaptureInterface[] = [];
  /** What happened to interfaces while capturing, in words, oldest first. */
  readonly events: string[] = [];
  private readonly lanes: Lane[] = [];
  private readonly batch = new FrameBatch();
  private readonly last: LiveCounts[] = [];
  /** The lane the last batch came from, whose block is handed back by the next call. */
  private turn = 0;
  private stopping = false;
  /** The rings were waited for once more after `stop`. */
  private drained = false;
  /** Under a flood the rings are never empty: reading ends at this time. */
  private endMs = Number.POSITIVE_INFINITY;
  private closed = false;
  private waiting: Promise<void> | undefined;
  /** When others had a turn last. */
  private yieldedMs = 0;

  /** Opens the rings. Throws `SystemCallError` and `NativeUnavailable`. */
  constructor(devices: readonly NetworkInterface[], options: LiveOptions = {}) {
    try {
      for (const device of devices) this.open(device, options);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  private open(device: NetworkInterface, options: LiveOptions): void {
    const { linkType, cooked } = framingOf(device);
    const snapLength = options.snapLength ?? DEFAULT_SNAP_LENGTH;
    const octets = options.ringOctets ?? DEFAULT_RING_OCTETS;
    const ring = new PacketRing({
      interfaceIndex: device.index,
      cooked,
      promiscuous: options.promiscuous ?? true,
      blockOctets: BLOCK_OCTETS,
      blocks: Math.max(LEAST_BLOCKS, Math.ceil(octets / BLOCK_OCTETS)),
      retireMs: RETIRE_MS,
      filter: options.filterFor?.(linkType, cooked) ?? keepAll(snapLength),
    });
    this.lanes.push({
      ring,
      device,
      cooked,
      block: 0,
      at: 0,
      left: 0,
      begun: false,
      frames: 0,
      gone: false,
    });
    this.interfaces.push({
      source: device.name,
      name: device.name,
      linkType,
      snapLength,
      ...(options.filterText === undefined ? {} : { filter: options.filterText }),
    });
  }

  /** Frames that can be read now; after a while without any, a batch that holds none. */
  async next(): Promise<FrameBatch | undefined> {
    this.finishBlock();
    while (!this.closed) {
      if (performance.now() > this.endMs) break;
      if (this.fill()) {
        // Under a flood there is always a frame: signals, timers and keys must have a turn too.
        if (performance.now() - this.yieldedMs > YIELD_EVERY_MS) await this.yield();
        return this.batch;
      }
      if (this.lanes.every(({ gone }) => gone)) break;
      if (this.stopping && this.drained) break;
      // What lies in a block that is not full yet is handed over a moment later.
      this.drained = this.stopping;
      await this.wait();
      this.lookAtErrors();
      if (this.closed) break;
      if (!this.fill()) this.batch.count = 0;
      return this.batch;
    }
    return undefined;
  }

  /** What is in the rings already is still read, then `next` returns undefined. */
  stop(): void {
    if (!this.stopping) this.endMs = performance.now() + DRAIN_MS;
    this.stopping = true;
  }

  /** Counters of each interface, as they stand. */
  counts(): LiveCounts[] {
    if (this.closed) return this.last;
    return this.lanes.map(({ ring, device }) => ({ name: device.name, ...ring.statistics() }));
  }

  /** Not to be called while frames of the last batch are still being read. */
  async close(): Promise<void> {
    this.stopping = true;
    await this.waiting;
    this.release();
  }

  private release(): void {
    if (this.closed) return;
    this.last.push(...this.counts());
    this.closed = true;
    // Nobody may read the rings once they are gone.
    this.batch.reset(new Uint8Array(0), new DataView(new ArrayBuffer(0)));
    for (const { ring } of this.lanes) ring.close();
  }

  private async yield(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.yieldedMs = performance.now();
  }

  private async wait(): Promise<void> {
    const open = this.lanes.filter(({ gone }) => !gone).map(({ ring }) => ring.descriptor);
    this.waiting = waitForAny(open, WAIT_MS);
    await this.waiting;
    this.waiting = undefined;
    this.yieldedMs = performance.now();
  }

  private lookAtErrors(): void {
    for (const lane of this.lanes) {
      const { ring, device } = lane;
      if (lane.gone || ring.pendingError() !== ENETDOWN || device.index === 0) continue;
      const now = interfaceNamed(device.name);
      if (now?.index === device.index) {
        this.events.push(`${device.name} went down; frames are taken again once it is up`);
      } else {
        this.events.push(`${device.name} was removed; its capture ends`);
        lane.gone = true;
      }
    }
  }

  /** Hands back the block that the last batch was read to the end of. */
  private finishBlock(): void {
    const lane = this.lanes[this.turn];
    if (lane === undefined || !lane.begun || lane.left > 0 || this.closed) return;
    lane.ring.release(lane.block);
    lane.block = (lane.block + 1) % lane.ring.blocks;
    lane.begun = false;
  }

  /** Fills the batch from the next ring that has frames. */
  private fill(): boolean {
    for (let step = 1; step <= this.lanes.length; step++) {
      // A block under way is finished before another ring has its turn.
      const which =
        (this.turn + (this.lanes[this.turn]!.begun ? step - 1 : step)) % this.lanes.length;
      const lane = this.lanes[which]!;
      if (!lane.begun && !lane.ring.ready(lane.block)) continue;
      this.turn = which;
      if (!lane.begun) beginBlock(lane);
      this.batch.reset(lane.ring.bytes, lane.ring.view);
      this.read(lane, which);
      if (this.batch.count > 0) return true;
      this.finishBlock();
      // A block in which nothing was kept: look again.
      step = 0;
    }
    return false;
  }

  private read(lane: Lane, which: number): void {
    const { batch } = this;
    const { view } = lane.ring;
    const skipsOutgoing = lane.device.loopback || lane.device.index === 0;
    let count = 0;
    while (lane.left > 0 && count < FRAME_BATCH_CAPACITY) {
      const at = lane.at;
      lane.left--;
      lane.at = at + view.getUint32(at, true);
      // Loopback shows each packet on its way out and in; in is enough.
      if (skipsOutgoing && view.getUint8(at + ADDRESS + 10) === OUTGOING) {
        if (lane.device.loopback || view.getUint16(at + ADDRESS + 8, true) === LOOPBACK_HARDWARE) {
          continue;
        }
      }
      let offset = at + view.getUint16(at + 24, true);
      let captured = view.getUint32(at + 12, true);
      let original = view.getUint32(at + 16, true);
      const status = view.getUint32(at + 20, true);
      if (lane.cooked) {
        offset -= SLL2;
        cook(lane.ring.bytes, view, at + ADDRESS, offset);
        captured += SLL2;
        original += SLL2;
      } else if ((status & VLAN_VALID) !== 0 && captured >= 12) {
        offset -= 4;
        retag(lane.ring.bytes, view, at, offset, status);
        captured += 4;
        original += 4;
      }
      batch.offset[count] = offset;
      batch.captured[count] = captured;
      batch.original[count] = original;
      batch.seconds[count] = view.getUint32(at + 4, true);
      batch.nanoseconds[count] = view.getUint32(at + 8, true);
      batch.number[count] = ++lane.frames;
      batch.interface[count] = which;
      count++;
    }
    batch.count = count;
  }
}

const LOOPBACK_HARDWARE = 772;

function beginBlock(lane: Lane): void {
  const { view } = lane.ring;
  const start = lane.block * lane.ring.blockOctets;
  lane.left = view.getUint32(start + 12, true);
  lane.at = start + view.getUint32(start + 16, true);
  lane.begun = true;
}

/** Puts the VLAN tag back between the addresses and the type. */
function retag(
  bytes: Uint8Array,
  view: DataView,
  header: number,
  offset: number,
  status: number,
): void {
  bytes.copyWithin(offset, offset + 4, offset + 16);
  const tpid = (status & TPID_VALID) === 0 ? 0x8100 : view.getUint16(header + 36, true);
  view.setUint16(offset + 12, tpid);
  view.setUint16(offset + 14, view.getUint32(header + 32, true) & 0xffff);
}

/** Writes the header of a cooked frame from the address the kernel keeps beside it. */
function cook(bytes: Uint8Array, view: DataView, address: number, offset: number): void {
  const protocol = view.getUint16(address + 2);
  const index = view.getInt32(address + 4, true);
  const hardware = view.getUint16(address + 8, true);
  const kind = view.getUint8(address + 10);
  const octets = Math.min(8, view.getUint8(address + 11));
  const low = view.getUint32(address + 12, true);
  const high = view.getUint32(address + 16, true);
  view.setUint16(offset, protocol);
  view.setUint16(offset + 2, 0);
  view.setInt32(offset + 4, index);
  view.setUint16(offset + 8, hardware);
  bytes[offset + 10] = kind;
  bytes[offset + 11] = octets;
  view.setUint32(offset + 12, low, true);
  view.setUint32(offset + 16, high, true);
}

/** The program that keeps every frame, up to a number of octets. */
function keepAll(snapLength: number): KernelFilter {
  return {
    length: 1,
    code: Uint16Array.of(6),
    jumpTrue: new Uint8Array(1),
    jumpFalse: new Uint8Array(1),
    operand: Uint32Array.of(snapLength),
  };
}
