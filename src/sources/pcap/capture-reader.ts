/**
 * Capture files as one source of frames: files, folders, standard input, several of them by time.
 *
 * A reader never throws for what it reads: faults are located and kept in `faults`, and one
 * unreadable input does not stop the others. One input is read without copying a frame.
 */
import type { Readable } from 'node:stream';
import type { CaptureInterface, FrameBatch, FrameSource } from '../../wire/frame-batch.ts';
import { openFile, openStandardInput } from './byte-source.ts';
import { CaptureInput, type InputHost } from './capture-input.ts';
import { type CaptureFault, type FaultDetails, FaultList, type SkippedInput } from './fault.ts';
import { noCaptures } from './input-faults.ts';
import { type InputList, listInputs, type NamedInput } from './inputs.ts';
import { type CaptureLimits, type CaptureOptions, limitsOf } from './limits.ts';
import { Merge, MergeLane } from './merge.ts';
import type { InterfaceStatistics } from './walker.ts';

/** `FrameBatch.interface` has 16 bits. */
const INTERFACES = 65_535;
const SMALLEST_CHUNK_OCTETS = 64 * 1024;

/** What a capture file states of one interface, beside its frames. */
interface InterfaceDrops extends Readonly<InterfaceStatistics> {
  /** Index into `interfaces`. */
  readonly interface: number;
}

class Reader implements FrameSource {
  readonly interfaces: CaptureInterface[] = [];
  readonly skipped: SkippedInput[];
  readonly passedOver = new Map<string, number>();
  readonly bytesTotal: number | undefined;
  readonly #inputs: CaptureInput[];
  readonly #named: readonly NamedInput[];
  readonly #limits: CaptureLimits;
  readonly #standardInput: Readable | undefined;
  readonly #faults: FaultList;
  readonly #statistics = new Map<number, InterfaceStatistics>();
  #open = 0;
  #merge: Merge | undefined;
  #done = false;

  constructor(
    list: InputList,
    limits: CaptureLimits,
    standardInput: Readable | undefined,
    faults: FaultList,
  ) {
    this.skipped = list.skipped;
    this.bytesTotal = list.bytesTotal;
    this.#named = list.inputs;
    this.#limits = limits;
    this.#standardInput = standardInput;
    this.#faults = faults;
    this.#inputs = list.inputs.map((named) => new CaptureInput(this.#hostOf(named)));
  }

  get faults(): readonly CaptureFault[] {
    return this.#faults.faults;
  }

  get faultsUnlisted(): number {
    return this.#faults.unlisted;
  }

  get frames(): number {
    return this.#inputs.reduce((sum, input) => sum + input.frames, 0);
  }

  get bytesRead(): number {
    return this.#inputs.reduce((sum, input) => sum + input.consumed, 0);
  }

  get drops(): readonly InterfaceDrops[] {
    return [...this.#statistics].map(([index, stated]) => ({ interface: index, ...stated }));
  }

  async next(): Promise<FrameBatch | undefined> {
    if (this.#done) return undefined;
    const batch = await this.#nextBatch();
    if (batch === undefined && !this.#done) {
      this.#done = true;
      this.#reportFolders();
    }
    return batch;
  }

  async close(): Promise<void> {
    this.#done = true;
    await Promise.all(this.#inputs.map((input) => input.close()));
  }

  async #nextBatch(): Promise<FrameBatch | undefined> {
    if (this.#inputs.length === 1) return this.#inputs[0]!.next();
    if (this.#merge === undefined) {
      const lanes: MergeLane[] = [];
      for (const [order, input] of this.#inputs.entries()) {
        const named = this.#named[order]!;
        const [seconds, nanoseconds] = await this.#firstTime(named);
        lanes.push(new MergeLane(input, order, seconds, nanoseconds));
      }
      this.#merge = new Merge(lanes);
    }
    return this.#merge.next();
  }

  /** Time of an input's first frame, found by a look that leaves no trace; zero if unknown. */
  async #firstTime(named: NamedInput): Promise<[seconds: number, nanoseconds: number]> {
    if (named.source === '-') return [0, 0];
    const look = new CaptureInput({
      largestRecord: this.#limits.largestRecord,
      repeatable: true,
      open: () => openFile(named.source),
      chunkOctets: () => SMALLEST_CHUNK_OCTETS,
      addInterface: () => 0,
      statistics: () => ({}),
      passOver: () => {},
      fault: () => {},
    });
    const batch = await look.next();
    await look.close();
    return batch === undefined ? [0, 0] : [batch.seconds[0]!, batch.nanoseconds[0]!];
  }

  /** A folder in which everything was passed over is a mistake worth telling. */
  #reportFolders(): void {
    const passed = new Set(this.skipped.map(({ source }) => source));
    const folders = new Map<string, boolean>();
    for (const { source, folder } of this.#named) {
      if (folder !== undefined) folders.set(folder, folders.get(folder) || !passed.has(source));
    }
    for (const [folder, any] of folders) {
      if (!any) this.#faults.add(folder, 0, noCaptures('none of the files in it is one'));
    }
  }

  #hostOf(named: NamedInput): InputHost {
    const { source } = named;
    const standard = source === '-';
    return {
      largestRecord: this.#limits.largestRecord,
      repeatable: !standard,
      open: () => (standard ? openStandardInput(this.#standardInput) : openFile(source)),
      chunkOctets: () => this.#chunkOctets(),
      addInterface: (entry) => {
        if (this.interfaces.length >= INTERFACES) return -1;
        return this.interfaces.push({ source, ...entry }) - 1;
      },
      statistics: (index) => this.#statisticsOf(index),
      passOver: (kind) => {
        this.passedOver.set(kind, (this.passedOver.get(kind) ?? 0) + 1);
      },
      fault: (frames, details) => this.#fault(named, frames, details),
      closed: () => {
        this.#open--;
      },
    };
  }

  /** Inputs that are open together share what is set aside for their buffers. */
  #chunkOctets(): number {
    const { chunkOctets, mergeBufferOctets } = this.#limits;
    this.#open++;
    if (this.#inputs.length === 1) return chunkOctets;
    const share = Math.floor(mergeBufferOctets / (4 * this.#open));
    return Math.min(chunkOctets, Math.max(SMALLEST_CHUNK_OCTETS, share));
  }

  #statisticsOf(index: number): InterfaceStatistics {
    let statistics = this.#statistics.get(index);
    if (statistics === undefined) {
      statistics = {};
      this.#statistics.set(index, statistics);
    }
    return statistics;
  }

  #fault({ source, folder }: NamedInput, frames: number, details: FaultDetails): void {
    const { code, what } = details;
    const noCapture =
      code === 'not-a-capture' || code === 'unsupported-format' || code === 'empty-input';
    if (folder !== undefined && noCapture) this.skipped.push({ source, why: what });
    else this.#faults.add(source, frames, details);
  }
}

/** What `openCaptures` gives. Figures are those of this moment, and final after the end. */
export interface CaptureReader extends FrameSource {
  /** What is wrong with the inputs, located; grows as they are read. */
  readonly faults: readonly CaptureFault[];
  /** Faults beyond the limit of those kept. */
  readonly faultsUnlisted: number;
  /** Files in folders that are no captures, with the reason. */
  readonly skipped: readonly SkippedInput[];
  /** Counters that the files state, for each interface of which they state any. */
  readonly drops: readonly InterfaceDrops[];
  /** Blocks without a frame that were passed over, by kind. */
  readonly passedOver: ReadonlyMap<string, number>;
  /** Frames read so far, over all inputs. */
  readonly frames: number;
  /** Octets taken from the inputs so far, before decompression. */
  readonly bytesRead: number;
  /** Size of all inputs in octets, before decompression; undefined if one is a stream. */
  readonly bytesTotal: number | undefined;
}

/**
 * Reads captures: paths of files and folders, and `-` for standard input (once). Frames of
 * several inputs come by time. Nothing is opened before the first `next`; rejects only with
 * TypeError, for no inputs and for limits that are no whole numbers.
 */
export async function openCaptures(
  inputs: readonly string[],
  options: CaptureOptions = {},
): Promise<CaptureReader> {
  if (inputs.length === 0) throw new TypeError('openCaptures needs at least one input');
  const limits = limitsOf(options);
  const faults = new FaultList(limits.faultLimit);
  const list = await listInputs(inputs, limits.fileLimit, faults);
  return new Reader(list, limits, options.standardInput, faults);
}

/** A reader of nothing, for where only logs are given. */
export class NoCaptures implements CaptureReader {
  readonly interfaces = [];
  readonly faults = [];
  readonly faultsUnlisted = 0;
  readonly skipped = [];
  readonly drops = [];
  readonly passedOver = new Map<string, number>();
  readonly frames = 0;
  readonly bytesRead = 0;
  readonly bytesTotal = 0;

  next(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
