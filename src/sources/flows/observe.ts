/**
 * Frames in, flows out: runs the decoder and the flow table over a source of frames.
 *
 * With a second thread this one reads and decodes while a worker keeps the flow table; packet
 * rows go to it in order, so the flows are the same as with one thread.
 */
import { DirectionLadder, type KnownServices } from '../../flow/direction.ts';
import type { FlowPart, FlowVisitor } from '../../flow/flow-set.ts';
import { decided, FlowSet, visitRows } from '../../flow/flow-set.ts';
import { FlowTable } from '../../flow/flow-table.ts';
import type { Names } from '../../flow/flow-view.ts';
import type { Heard } from '../../flow/heard.ts';
import { Listener } from '../../flow/listener.ts';
import type { Timeouts } from '../../flow/timeouts.ts';
import { Decoder, ROW_CAPACITY } from '../../wire/decoder.ts';
import type { FrameBatch, FrameSource } from '../../wire/frame-batch.ts';
import { PACKET_WORDS } from '../../wire/packet-batch.ts';
import { letGo } from './reclaim.ts';
import { WorkerTable } from './worker-table.ts';

/**
 * Sees packet rows before the table does; they are borrowed for the call.
 *
 * @param ahead this thread is so far ahead of the one that keeps the table that it will have to wait:
 *   some milliseconds of work cost nothing now
 */
export type RowVisitor = (rows: Int32Array, count: number, ahead: boolean) => void;

export interface ObserveOptions {
  readonly timeouts?: Partial<Timeouts>;
  /** Flows kept in memory at once; see `FlowTable`. */
  readonly maxFlows?: number;
  readonly dropDuplicates?: boolean;
  /** Hash seed, see `Decoder`. */
  readonly seed?: number;
  readonly known?: KnownServices;
  /** Say what protocol payloads are, and collect names from them. Default true. */
  readonly identify?: boolean;
  /** The worker's program; without one everything runs in this thread. */
  readonly worker?: URL;
  /** Called once with what rows refer to and what payloads will have said; its answer receives flows that leave memory early. */
  readonly onEvicted?: (names: Names, heard: Heard | null) => FlowVisitor;
  /** Sees the decoder's rows before the table does; called once with what rows refer to. */
  readonly onRows?: (names: Names) => RowVisitor;
  /** Called after every batch of frames; true stops there and keeps what is known. */
  readonly onBatch?: () => boolean;
}

/** Everything known of an input once it was read. */
export interface Observation {
  /** Tallies of frames, octets and faults. */
  readonly decoder: Decoder;
  readonly names: Names;
  readonly flows: FlowSet;
  /** What payloads said; null when nobody listened. */
  readonly heard: Heard | null;
  /** Earliest and latest time of a frame, ms since 1970; absent without frames. */
  readonly firstMs?: number;
  readonly lastMs?: number;
  /** Flows given to `onEvicted`, and how many of them had not ended. */
  readonly evicted: number;
  readonly evictedLive: number;
  /** ICMP errors about flows that were not seen. */
  readonly orphanErrors: number;
  /** The input was not read to its end, since `onBatch` said so. */
  readonly stopped: boolean;
}

/** Octets a flow, about, of what the table found rows by and of what deciding directions took. */
const LEFT_OCTETS = 36;

/** What is left in a table's hands at the end. */
export interface FinishedTable extends FlowPart {
  readonly evicted: number;
  readonly evictedLive: number;
  readonly orphanErrors: number;
}

/** A flow table, here or in another thread. */
export interface TableHost {
  /** Where the next rows are to be written: room for `ROW_CAPACITY`. */
  readonly rows: Int32Array;
  /** More than half of what it has room for waits. */
  readonly behind: boolean;
  /**
   * Takes the first rows, at least one. `rows` are others then or, where it returns a promise (the
   * other thread is behind), once that is fulfilled.
   */
  take(count: number): Promise<void> | undefined;
  finish(): Promise<FinishedTable>;
  /** Gives up without a result. */
  abandon(): Promise<void>;
}

/**
 * Reads a source to its end. The caller closes the source. Rejects when the source, `onEvicted` or
 * `onBatch` throws, or the worker fails; no thread is left behind then.
 */
export async function observe(
  source: FrameSource,
  options: ObserveOptions = {},
): Promise<Observation> {
  const decoder = new Decoder({
    seed: options.seed ?? 0,
    dropDuplicates: options.dropDuplicates ?? false,
  });
  const listener = options.identify === false ? null : new Listener(decoder);
  decoder.listener = listener;
  const ladder = new DirectionLadder(options.known, options.seed);
  const names = {
    addresses: decoder.addresses,
    contexts: decoder.contexts.list,
    interfaces: source.interfaces,
    paths: decoder.paths.list,
  };
  const evicted = evictedVisitor(ladder, options.onEvicted?.(names, listener?.heard ?? null));
  const host =
    options.worker === undefined
      ? new LocalTable(options, evicted)
      : new WorkerTable(options.worker, options, evicted);
  const onRows = options.onRows?.(names);
  const reading = { source, decoder, host, onRows, onBatch: options.onBatch, span: new TimeSpan() };
  let stopped = false;
  let table: FinishedTable;
  try {
    stopped = await readAll(reading);
    table = await host.finish();
  } catch (error) {
    await host.abandon();
    throw error;
  }
  const heard = listener?.heard ?? null;
  const flows = new FlowSet([table], ladder, heard?.serves.bind(heard));
  letGo(LEFT_OCTETS * table.count);
  return {
    decoder,
    names,
    flows,
    heard,
    ...reading.span.range(),
    evicted: table.evicted,
    evictedLive: table.evictedLive,
    orphanErrors: table.orphanErrors,
    stopped,
  };
}

interface ReadingState {
  readonly source: FrameSource;
  readonly decoder: Decoder;
  readonly host: TableHost;
  readonly onRows: RowVisitor | undefined;
  readonly onBatch: (() => boolean) | undefined;
  readonly span: TimeSpan;
}

/** Decodes all frames into the table. Returns whether `onBatch` ended it early. */
async function readAll(reading: ReadingState): Promise<boolean> {
  const { source, decoder, host, onBatch, span } = reading;
  let stopped = false;
  decoder.rows = host.rows;
  while (!stopped) {
    const batch = await source.next();
    if (batch === undefined) break;
    span.note(batch);
    for (let index = 0; index < batch.count; ) {
      index = decoder.decode(batch, source.interfaces, index);
      if (!decoder.full) continue;
      const waiting = handOver(reading);
      if (waiting !== undefined) await waiting;
      decoder.rows = host.rows;
    }
    stopped = onBatch?.() === true;
  }
  // Whatever the rows of the last frames leave of the batch, fragments have their own room in it.
  decoder.flush();
  await handOver(reading);
  return stopped;
}

/** Gives the decoder's rows to all who want them. */
function handOver({ decoder, host, onRows }: ReadingState): Promise<void> | undefined {
  const count = decoder.rowCount;
  if (count === 0) return undefined;
  decoder.rowCount = 0;
  onRows?.(decoder.rows, count, host.behind);
  return host.take(count);
}

/** Decides evicted flows by what is known when they go. */
function evictedVisitor(
  ladder: DirectionLadder,
  visitor: FlowVisitor | undefined,
): ((part: FlowPart) => void) | undefined {
  if (visitor === undefined) return undefined;
  return (part) => {
    visitRows(decided(part, ladder, false), visitor);
  };
}

class LocalTable implements TableHost {
  readonly rows = new Int32Array(ROW_CAPACITY * PACKET_WORDS);
  readonly behind = false;
  private readonly table: FlowTable;

  constructor(options: ObserveOptions, evicted: ((part: FlowPart) => void) | undefined) {
    this.table = new FlowTable({
      ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
      ...(options.maxFlows === undefined ? {} : { maxFlows: options.maxFlows }),
      ...(evicted === undefined ? {} : { onEvict: evicted }),
    });
  }

  take(count: number): undefined {
    this.table.consume(this.rows, count);
  }

  finish(): Promise<FinishedTable> {
    return Promise.resolve(this.table.finish());
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}

/** Earliest and latest time over batches. */
class TimeSpan {
  private firstMs = Number.POSITIVE_INFINITY;
  private lastMs = Number.NEGATIVE_INFINITY;

  /** Compares integers alone, since it looks at every frame. */
  note({ seconds, nanoseconds, count }: FrameBatch): void {
    if (count === 0) return;
    let least = 0;
    let most = 0;
    for (let index = 1; index < count; index++) {
      const time = seconds[index]!;
      const latest = seconds[most]!;
      if (time > latest || (time === latest && nanoseconds[index]! >= nanoseconds[most]!)) {
        most = index;
        continue;
      }
      const earliest = seconds[least]!;
      if (time < earliest || (time === earliest && nanoseconds[index]! < nanoseconds[least]!)) {
        least = index;
      }
    }
    this.firstMs = Math.min(this.firstMs, seconds[least]! * 1000 + nanoseconds[least]! / 1e6);
    this.lastMs = Math.max(this.lastMs, seconds[most]! * 1000 + nanoseconds[most]! / 1e6);
  }

  range(): { firstMs?: number; lastMs?: number } {
    return this.firstMs === Number.POSITIVE_INFINITY
      ? {}
      : { firstMs: this.firstMs, lastMs: this.lastMs };
  }
}
