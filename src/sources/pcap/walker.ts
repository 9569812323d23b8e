/**
 * What every capture format offers the input that drives it: walk the records at hand, say how
 * many octets are wanted next. Formats do no I/O, so one test table can feed them anything.
 */
import type { CaptureInterface, FrameBatch } from '../../wire/frame-batch.ts';
import type { FaultDetails } from './fault.ts';
import type { Window } from './window.ts';

/** `walk` filled the batch, or may go on at once. */
export const GO_ON = 0;
/** `walk` met a fault (already reported) beyond which this input cannot be read. */
export const STOP = -1;

export interface RecordWalker {
  /**
   * Appends frames of `window` to `batch` and raises `window.start` past them. Returns `GO_ON`,
   * `STOP`, or how many octets from `window.start` are needed for the next record. Allocates
   * nothing per record.
   */
  walk(window: Window, batch: FrameBatch): number;
  /** The source ended with `window.available` of the `needed` octets: reports it if a fault. */
  end(window: Window, needed: number): void;
}

/** Drop counters and other statistics, as a capture file states them for one interface. */
export interface InterfaceStatistics {
  received?: number;
  dropped?: number;
  droppedBySystem?: number;
  acceptedByFilter?: number;
  delivered?: number;
  /** Sum of the "lost since the frame before" counts of the frames themselves. */
  lostBetweenFrames?: number;
}

/** What walkers tell the reader they belong to. */
export interface WalkerHost {
  /** Largest captured length accepted where the file itself states no larger one, in octets. */
  readonly largestRecord: number;
  /** Adds to the list of all interfaces; -1 when that list is full. */
  addInterface(entry: Omit<CaptureInterface, 'source'>): number;
  /** Statistics of an interface `addInterface` gave, made on first use. */
  statistics(interfaceIndex: number): InterfaceStatistics;
  /** Counts a block or record that holds no frame and was passed over. */
  passOver(kind: string): void;
  fault(details: FaultDetails): void;
}
