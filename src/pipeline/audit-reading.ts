/** One reading of logs into an audit: the inputs themselves, or the earlier logs they are compared with. */
import { availableParallelism } from 'node:os';
import { Audit } from '../analysis/audit/audit.ts';
import { LogReader } from '../sources/logs/log-reader.ts';
import type { AuditChoices } from './audit.ts';
import { AuditHelper } from './audit-helper.ts';
import { programOf } from './programs.ts';

/** From this size on a second thread saves more than starting it costs. */
const WORTH_A_THREAD = 64e6;

export interface ReadingWishes {
  readonly choices: AuditChoices;
  readonly seed: number;
  /** What is to be compared with; it was read to its end. */
  readonly earlier?: AuditReading;
  readonly onWait?: () => void;
}

export class AuditReading {
  readonly folded: Audit;
  readonly reader: LogReader;

  constructor({ choices, seed, earlier, onWait }: ReadingWishes) {
    const { zones, interfaces, prefixes, offsetMs, mappings, flowPorts } = choices;
    const { where, sinceMs, signal, onProgress, top } = choices;
    const auditOptions = {
      seed,
      ...(zones === undefined ? {} : { zones }),
      ...(interfaces === undefined ? {} : { interfaces }),
    };
    const lines = {
      seed,
      ...(prefixes === undefined ? {} : { prefixes }),
      ...(offsetMs === undefined ? {} : { offsetMs }),
      ...(mappings === undefined ? {} : { mappings }),
    };
    this.folded = new Audit({
      ...{ ...auditOptions, top },
      ...(where === undefined ? {} : { where }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
    });
    if (earlier !== undefined) {
      this.folded.compareWith({ table: earlier.folded.table, inputs: earlier.reader.inputs });
    }
    const helper = helperOf(choices, this.folded, { lines, audit: auditOptions });
    this.reader = new LogReader(
      {
        ...{ ...lines, nowMs: Date.now() },
        ...(earlier === undefined ? {} : { numbering: earlier.reader }),
        ...(helper === undefined ? {} : { helper }),
        ...(flowPorts === undefined ? {} : { flowPorts }),
        ...(onWait === undefined ? {} : { onWait }),
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : {
              onProgress: ({ bytesRead, bytesTotal, tally }) =>
                onProgress({ bytesRead, bytesTotal, frames: tally.lines }),
            }),
      },
      (batch) => this.folded.add(batch),
    );
  }
}

/** The second thread, where there is a processor for it or one was asked for. */
function helperOf(
  { workers }: AuditChoices,
  folded: Audit,
  options: ConstructorParameters<typeof AuditHelper>[2],
): AuditHelper | undefined {
  if ((workers ?? availableParallelism() - 1) <= 0) return undefined;
  const program = programOf('audit-worker');
  if (program === undefined) return undefined;
  return new AuditHelper(program, folded, options, workers === undefined ? WORTH_A_THREAD : 0);
}
