/** One reading of logs into an audit: the inputs themselves, or the earlier logs they are compared with. */
import { MessageChannel } from 'node:worker_threads';
import { Audit, type Earlier } from '../analysis/audit/audit.ts';
import type { FoldOptions } from '../analysis/audit/audit-fold.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { Numbering } from '../sources/logs/line-reader.ts';
import { logNotes } from '../sources/logs/log-notes.ts';
import { LogReader } from '../sources/logs/log-reader.ts';
import type { AuditChoices } from './audit.ts';
import { type FoldThread, foldThread } from './fold-thread.ts';

export interface ReadingWishes {
  readonly choices: AuditChoices;
  readonly seed: number;
  /** What is to be compared with. */
  readonly earlier?: EarlierLog;
  readonly onWait?: () => void;
  /** A second thread that was started already. */
  readonly thread?: FoldThread | undefined;
}

/** `read` once. With a second thread `folded` is empty until `read` is fulfilled. */
export class AuditReading {
  readonly folded: Audit;
  readonly reader: LogReader;
  private thread: FoldThread | undefined;
  private readonly options: FoldOptions;

  constructor({ choices, seed, earlier, onWait, thread }: ReadingWishes) {
    const { zones, interfaces, prefixes, offsetMs, mappings, flowPorts } = choices;
    const { where, sinceMs, signal, onProgress, top } = choices;
    this.thread = thread;
    this.options = { seed, ...(zones === undefined ? {} : { zones }) };
    this.folded = new Audit({
      ...{ ...this.options, top },
      ...(interfaces === undefined ? {} : { interfaces }),
      ...(where === undefined ? {} : { where }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
    });
    if (earlier !== undefined) {
      this.folded.compareWith(earlier);
    }
    this.reader = new LogReader(
      {
        ...{ seed, nowMs: Date.now() },
        ...(prefixes === undefined ? {} : { prefixes }),
        ...(offsetMs === undefined ? {} : { offsetMs }),
        ...(mappings === undefined ? {} : { mappings }),
        ...(earlier === undefined ? {} : { numbering: earlier.numbering }),
        ...(flowPorts === undefined ? {} : { flowPorts }),
        ...(onWait === undefined ? {} : { onWait }),
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : {
              onProgress: ({ bytesRead, bytesTotal, tally }) =>
                onProgress({ bytesRead, bytesTotal, frames: tally.lines }),
            }),
        onListed: ({ bytesTotal = 0 }) => {
          if (onWait === undefined) {
            this.thread ??= foldThread(choices.workers, bytesTotal, this.options);
          }
        },
      },
      (batch) => {
        if (this.thread === undefined) this.folded.add(batch);
        else this.thread.add(batch);
      },
    );
  }

  /** Reads and folds all inputs to their ends, or until the signal. */
  async read(inputs: readonly string[]): Promise<void> {
    await this.reader.read(inputs);
    if (this.thread !== undefined) this.folded.adopt(await this.thread.finish());
  }
}

/** What is kept of an earlier log once it was read. */
export interface EarlierLog extends Earlier {
  readonly numbering: Numbering;
  readonly linesRead: number;
  readonly faults: LogReader['faults'];
  readonly notes: BlindSpot[];
}

/** Reads an earlier log to its end. Its rows, which take the most room, are given back. */
export async function readEarlier(
  inputs: readonly string[],
  wishes: Pick<ReadingWishes, 'choices' | 'seed'>,
): Promise<EarlierLog> {
  const reading = new AuditReading(wishes);
  await reading.read(inputs);
  const { folded, reader } = reading;
  const { addresses, names, faults, tally } = reader;
  const past = folded.toPast(addresses, names);
  giveBack(folded.table.memory());
  return {
    ...{ past, inputs: reader.inputs, faults },
    ...{ numbering: { addresses, names }, linesRead: tally.read, notes: logNotes(reader) },
  };
}

/**
 * Gives memory back at once. The runtime's collector, which would do it, has no turn while lines
 * are read: reading them makes no objects. What is sent to a closed port is gone.
 */
function giveBack(memory: ArrayBuffer[]): void {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(undefined, memory);
  port1.close();
  port2.close();
}
