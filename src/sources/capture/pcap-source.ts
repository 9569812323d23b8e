/**
 * Frames from the network by libpcap, where there are no packet sockets of Linux's kind. Each
 * frame is a call and a copy, so it is slower than a ring of one's own; the rest is the same.
 */
import {
  closePcap,
  filterPcap,
  openPcap,
  type PcapHandle,
  PcapReader,
  pcapCounts,
} from '../../native/pcap-library.ts';
import type { FilterStep } from '../../native/socket-filter.ts';
import { type CaptureInterface, FRAME_BATCH_CAPACITY, FrameBatch } from '../../wire/frame-batch.ts';
import type { LiveCounts, LiveFrames } from './live-source.ts';
import type { LiveOptions } from './open-ring.ts';

/** A device that was opened, as it can be handed to another thread. */
export interface OpenedDevice {
  readonly described: CaptureInterface;
  readonly handle: PcapHandle;
}

const DEFAULT_BUFFER_OCTETS = 16 * 1024 * 1024;
const DEFAULT_SNAP_LENGTH = 262_144;
const BATCH_OCTETS = 2 * 1024 * 1024;
/** libpcap is asked again after so long when it had nothing. */
const ASK_AGAIN_MS = 10;
/** How long `next` waits for frames before it returns a batch without any. */
const WAIT_MS = 100;
/** What was received before `stop` comes within so long. */
const DRAIN_MS = 150;
/** DLT_RAW by system; as a link type it is 101. Other numbers here are the same. */
const RAW = new Set([12, 14]);

/** Opens a device. Throws `PcapFailure`, `NativeUnavailable`. */
export function openDevice(device: string, options: LiveOptions): OpenedDevice {
  const snapLength = options.snapLength ?? DEFAULT_SNAP_LENGTH;
  const handle = openPcap({
    device,
    snapLength,
    promiscuous: options.promiscuous ?? true,
    bufferOctets: options.ringOctets ?? DEFAULT_BUFFER_OCTETS,
  });
  try {
    const linkType = RAW.has(handle.dataLink) ? 101 : handle.dataLink;
    // libpcap itself knows which headers the system keeps back.
    const steps = options.filterFor?.(linkType, false);
    if (steps !== undefined) filterPcap(handle, octetsOf(steps));
    const filter = options.filterText === undefined ? {} : { filter: options.filterText };
    return { handle, described: { source: device, name: device, linkType, snapLength, ...filter } };
  } catch (error) {
    closePcap(handle);
    throw error;
  }
}

/** Instructions as libpcap has them in memory. */
function octetsOf(steps: readonly FilterStep[]): Uint8Array {
  const octets = new Uint8Array(steps.length * 8);
  const view = new DataView(octets.buffer);
  steps.forEach(([code, yes, no, operand], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, yes);
    view.setUint8(index * 8 + 3, no);
    view.setUint32(index * 8 + 4, operand >>> 0, true);
  });
  return octets;
}

interface Lane {
  readonly which: number;
  readonly device: OpenedDevice;
  readonly reader: PcapReader;
  /** A frame that the last batch had no room for. */
  held: boolean;
  frames: number;
  done: boolean;
}

/**
 * Batches are borrowed until the next one. Takes over the handles of the devices, and closes them.
 */
export class PcapSource implements LiveFrames {
  readonly interfaces: CaptureInterface[];
  readonly events: string[] = [];
  private readonly lanes: Lane[];
  private readonly batch = new FrameBatch();
  private readonly bytes = new Uint8Array(BATCH_OCTETS);
  private readonly view = new DataView(this.bytes.buffer);
  private used = 0;
  private endMs = Number.POSITIVE_INFINITY;
  private closed = false;
  private last: LiveCounts[] = [];

  constructor(devices: readonly OpenedDevice[]) {
    this.interfaces = devices.map(({ described }) => described);
    this.lanes = devices.map((device, which) => {
      const reader = new PcapReader(device.handle);
      return { which, device, reader, held: false, frames: 0, done: false };
    });
  }

  /** Frames are taken since the devices were opened. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Frames that can be read now; after a while without any, a batch that holds none. */
  async next(): Promise<FrameBatch | undefined> {
    const untilMs = performance.now() + WAIT_MS;
    // Signals, timers and keys have a turn between batches.
    for (let pause = 0; ; pause = ASK_AGAIN_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.closed) return undefined;
      if (this.fill()) return this.batch;
      if (performance.now() > this.endMs || this.lanes.every(({ done }) => done)) return undefined;
      if (performance.now() > untilMs) return this.batch;
    }
  }

  stop(): void {
    this.endMs = Math.min(this.endMs, performance.now() + DRAIN_MS);
  }

  counts(): LiveCounts[] {
    if (this.closed) return this.last;
    return this.lanes.map(({ device }) => {
      const name = device.described.name ?? '';
      return { name, ...pcapCounts(device.handle), freezes: 0 };
    });
  }

  close(): Promise<void> {
    if (!this.closed) {
      this.last = this.counts();
      this.closed = true;
      for (const { device } of this.lanes) closePcap(device.handle);
    }
    return Promise.resolve();
  }

  private fill(): boolean {
    const { batch } = this;
    batch.reset(this.bytes, this.view);
    this.used = 0;
    for (const lane of this.lanes) if (!lane.done) this.read(lane);
    return batch.count > 0;
  }

  private read(lane: Lane): void {
    const { batch } = this;
    const { reader } = lane;
    while (batch.count < FRAME_BATCH_CAPACITY) {
      if (!lane.held && !this.aim(lane)) return;
      lane.held = this.used + reader.captured > BATCH_OCTETS;
      if (lane.held) return;
      const index = batch.count++;
      reader.copy(this.bytes, this.used);
      batch.offset[index] = this.used;
      batch.captured[index] = reader.captured;
      batch.original[index] = Math.max(reader.captured, reader.original);
      batch.seconds[index] = reader.seconds;
      batch.nanoseconds[index] = reader.microseconds * 1000;
      batch.number[index] = ++lane.frames;
      batch.interface[index] = lane.which;
      this.used += reader.captured;
    }
  }

  /** Whether there is a further frame; a device that fails ends, and says why. */
  private aim(lane: Lane): boolean {
    try {
      return lane.reader.next();
    } catch (error) {
      const { name } = lane.device.described;
      this.events.push(`${name}: ${(error as Error).message}; its capture ends`);
      lane.done = true;
      return false;
    }
  }
}
