/** Reads captures into flows: what all commands that look at traffic begin with. */
import { availableParallelism } from 'node:os';
import type { FlowVisitor } from '../flow/flow-set.ts';
import type { Names } from '../flow/flow-view.ts';
import type { Heard } from '../flow/heard.ts';
import type { Timeouts } from '../flow/timeouts.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import { counted } from '../report/numbers.ts';
import { type Observation, observe, type RowVisitor } from '../sources/flows/observe.ts';
import { type CaptureReader, NoCaptures, openCaptures } from '../sources/pcap/capture-reader.ts';
import type { CaptureFault } from '../sources/pcap/fault.ts';
import type { Filter } from '../wire/filter/filter.ts';
import type { FrameSource } from '../wire/frame-batch.ts';
import type { FilteredSource } from './filters.ts';
import { programOf } from './programs.ts';

/** How far reading has come. Octets are those of the files, compressed or not. */
export interface Progress {
  readonly bytesRead: number;
  /** Undefined when the end cannot be known (standard input). */
  readonly bytesTotal: number | undefined;
  readonly frames: number;
}

export interface CaptureChoices {
  readonly timeouts?: Partial<Timeouts>;
  /** Flows in memory at once; 2,000,000. */
  readonly maxFlows?: number;
  readonly dropDuplicates?: boolean;
  /** Look into payloads for protocols and names. Default true. */
  readonly identify?: boolean;
  /** Threads beside this one: 0 or 1. By default 1 from 64 MB on, where there are processors. */
  readonly workers?: number;
  /** Only packets that match are read. Faults of it that depend on the frames reject. */
  readonly filter?: Filter;
  /** Read from here instead of from inputs; it is closed at the end. */
  readonly live?: CaptureReader & { stop(): void };
  /** Stops reading; what is known by then is the answer. */
  readonly signal?: AbortSignal;
  /** Called after every batch of frames (a few thousand). */
  readonly onProgress?: (progress: Progress) => void;
}

/** What any reading of captures says about itself. */
export interface CaptureSummary {
  readonly inputs: readonly string[];
  /** Octets of the inputs that were read. */
  readonly inputBytes: number;
  readonly packets: number;
  /** Octets on the wire: frames with their link headers. */
  readonly bytes: number;
  readonly capturedBytes: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly flows: number;
  readonly faults: readonly CaptureFault[];
  /** Inputs of which nothing at all could be read. */
  readonly unreadInputs: number;
  readonly interrupted: boolean;
  readonly notes: readonly BlindSpot[];
  /** Frames that the filter left out; null without one, or where the kernel left them out. */
  readonly passedOver: number | null;
}

export interface Reading {
  readonly observation: Observation;
  readonly reader: CaptureReader;
  readonly filtered: FilteredSource | undefined;
  readonly interrupted: boolean;
}

/** Reads inputs to their end or until the signal; `visitor` gets flows that leave memory early. */
export async function read(
  inputs: readonly string[],
  choices: CaptureChoices,
  seed: number,
  visitor: (names: Names, heard: Heard | null) => FlowVisitor,
  onRows?: (names: Names) => RowVisitor,
): Promise<Reading> {
  const { signal, onProgress, live } = choices;
  const reader = live ?? (inputs.length === 0 ? new NoCaptures() : await openCaptures(inputs));
  const stop = (): void => {
    // What a ring holds already is still read.
    if (live === undefined) void reader.close();
    else live.stop();
  };
  // A reader that waits for standard input is woken by closing it.
  signal?.addEventListener('abort', stop);
  const worker = workerFor(reader.bytesTotal, choices.workers);
  // A live capture is filtered where it is opened.
  const filtered = live === undefined ? await filteredSource(reader, choices.filter) : undefined;
  const observation = await observe(filtered ?? reader, {
    seed,
    dropDuplicates: choices.dropDuplicates ?? false,
    identify: choices.identify ?? true,
    ...(choices.timeouts === undefined ? {} : { timeouts: choices.timeouts }),
    ...(choices.maxFlows === undefined ? {} : { maxFlows: choices.maxFlows }),
    ...(worker === undefined ? {} : { worker }),
    onEvicted: visitor,
    ...(onRows === undefined ? {} : { onRows }),
    onBatch: () => {
      onProgress?.(reader);
      // A live capture ends by itself, once its ring is empty.
      return live === undefined && (signal?.aborted ?? false);
    },
  });
  signal?.removeEventListener('abort', stop);
  await reader.close();
  const interrupted = live === undefined && (signal?.aborted ?? false);
  return { observation, reader, filtered, interrupted };
}

/** What `--filter` let pass over is in no figure; that there was a filter is said. */
export function filterNotes(
  { filter }: CaptureChoices,
  filtered: FilteredSource | undefined,
): BlindSpot[] {
  if (filter === undefined) return [];
  // Of an interface the kernel leaves them out, and counts none.
  const frames = filtered === undefined ? 'frames' : counted(filtered.passedOver, 'frame');
  return [
    {
      id: 'filter',
      what: `${frames} that do not match “${filter.parsed.text}”`,
      because: 'they were left out, as --filter asks: no figure here has them',
      missing: false,
    },
    ...(filtered?.notes ?? []),
  ];
}

async function filteredSource(source: FrameSource, filter: Filter | undefined) {
  if (filter === undefined) return undefined;
  const { FilteredSource } = await import('./filters.ts');
  return new FilteredSource(source, filter);
}

/** @param interrupted reading was ended before the inputs were: what is counted is a part */
export function summaryOf(
  inputs: readonly string[],
  { decoder, firstMs, lastMs }: Omit<Observation, 'flows'>,
  reader: CaptureReader,
  interrupted: boolean,
): Omit<CaptureSummary, 'notes' | 'flows' | 'passedOver'> {
  const unread = new Set(
    reader.faults.filter(({ ends, frames }) => ends && frames === 0).map(({ source }) => source),
  );
  return {
    inputs,
    inputBytes: reader.bytesRead,
    packets: decoder.frames,
    bytes: decoder.octets,
    capturedBytes: decoder.capturedOctets,
    firstMs: firstMs ?? null,
    lastMs: lastMs ?? null,
    faults: reader.faults,
    unreadInputs: unread.size,
    interrupted,
  };
}

/** From this size on a second thread saves more than starting it costs. */
const WORTH_A_THREAD = 64e6;

/** The flow worker's program, or undefined to do without a second thread. */
function workerFor(octets: number | undefined, asked: number | undefined): URL | undefined {
  if (asked === 0) return undefined;
  if (asked === undefined) {
    if (octets !== undefined && octets < WORTH_A_THREAD) return undefined;
    if (availableParallelism() < 2) return undefined;
  }
  return programOf('flow-worker');
}

/** Unknown to those who choose addresses and ports, so that they cannot make keys collide. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32) | 0;
}
