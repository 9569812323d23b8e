/**
 * Capture files as one source of frames: files, standard input, several of them.
 *
 * A reader never throws for what it reads: faults are located and kept in `faults`, and one
 * unreadable input does not stop the others.
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { CaptureInterface, FrameBatch, FrameSource } from '../../wire/frame-batch.ts';
import { CaptureInput, type InputHost, opener } from './capture-input.ts';
import { type CaptureFault, FaultList, type SkippedInput } from './fault.ts';
import { type CaptureLimits, type CaptureOptions, limitsOf } from './limits.ts';
import type { InterfaceStatistics } from './walker.ts';

/** `FrameBatch.interface` has 16 bits. */
const INTERFACES = 65_535;

/** What a capture file states of one interface, beside its frames. */
export interface InterfaceDrops extends Readonly<InterfaceStatistics> {
  /** Index into `interfaces`. */
  readonly interface: number;
}

export class CaptureReader implements FrameSource {
  readonly interfaces: CaptureInterface[] = [];
  readonly skipped: SkippedInput[] = [];
  /** Blocks and records without a frame that were passed over, by kind. */
  readonly passedOver = new Map<string, number>();
  /** Size of all inputs in octets, as files; undefined when standard input is among them. */
  readonly bytesTotal: number | undefined;
  readonly #inputs: CaptureInput[];
  readonly #faults: FaultList;
  readonly #statistics = new Map<number, InterfaceStatistics>();
  #present = 0;

  constructor(
    sources: readonly string[],
    bytesTotal: number | undefined,
    limits: CaptureLimits,
    standardInput: Readable,
  ) {
    this.bytesTotal = bytesTotal;
    this.#faults = new FaultList(limits.faultLimit);
    this.#inputs = sources.map(
      (source) => new CaptureInput(this.#hostOf(source, limits, standardInput), limits.chunkOctets),
    );
  }

  get faults(): readonly CaptureFault[] {
    return this.#faults.faults;
  }

  /** Faults not kept because there were too many. */
  get faultsUnlisted(): number {
    return this.#faults.unlisted;
  }

  /** Frames delivered so far, over all inputs. */
  get frames(): number {
    return this.#inputs.reduce((sum, input) => sum + input.frames, 0);
  }

  /** Octets taken from the inputs so far, as files (compressed). */
  get bytesRead(): number {
    return this.#inputs.reduce((sum, input) => sum + input.consumed, 0);
  }

  /** Drop counters and other statistics, for each interface of which a file states any. */
  get drops(): readonly InterfaceDrops[] {
    return [...this.#statistics].map(([index, statistics]) => ({
      interface: index,
      ...statistics,
    }));
  }

  async next(): Promise<FrameBatch | undefined> {
    for (;;) {
      const input = this.#inputs[this.#present];
      if (input === undefined) return undefined;
      const batch = await input.next();
      if (batch !== undefined) return batch;
      await input.close();
      this.#present++;
    }
  }

  async close(): Promise<void> {
    this.#present = this.#inputs.length;
    await Promise.all(this.#inputs.map((input) => input.close()));
  }

  #hostOf(source: string, limits: CaptureLimits, standardInput: Readable): InputHost {
    const end = { layer: 'input', offset: 0, record: 0, ends: true } as const;
    return {
      largestRecord: limits.largestRecord,
      open: opener(source, standardInput),
      addInterface: (entry) => {
        if (this.interfaces.length >= INTERFACES) return -1;
        return this.interfaces.push({ source, ...entry }) - 1;
      },
      statistics: (index) => {
        let statistics = this.#statistics.get(index);
        if (statistics === undefined) {
          statistics = {};
          this.#statistics.set(index, statistics);
        }
        return statistics;
      },
      passOver: (kind) => {
        this.passedOver.set(kind, (this.passedOver.get(kind) ?? 0) + 1);
      },
      fault: (frames, details) => this.#faults.add(source, frames, details),
      stranger: (what, remedy) => {
        this.#faults.add(source, 0, {
          ...end,
          code: 'not-a-capture',
          what: `this is ${what}`,
          why: 'it does not begin as pcap or pcapng do, nor as those within gzip or zstd',
          do: remedy,
        });
      },
    };
  }
}

/**
 * Reads captures (`-` = standard input). Files are opened when their turn comes; what is wrong
 * with them is found in `faults` after `next` has been called to the end. Throws TypeError for
 * no inputs and for limits that are no numbers.
 */
export async function openCaptures(
  inputs: readonly string[],
  options: CaptureOptions = {},
): Promise<CaptureReader> {
  if (inputs.length === 0) throw new TypeError('openCaptures needs at least one input');
  const limits = limitsOf(options);
  let total: number | undefined = 0;
  for (const input of inputs) {
    if (input === '-') total = undefined;
    else if (total !== undefined) total += await sizeOf(input);
  }
  return new CaptureReader(inputs, total, limits, options.standardInput ?? process.stdin);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // reported when it is opened
  }
}
