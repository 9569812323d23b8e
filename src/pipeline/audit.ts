/** Firewall logs in, what passed and what was refused out. */
import { availableParallelism } from 'node:os';
import type { AuditAnswer } from '../analysis/audit/answer.ts';
import type { AuditFilter } from '../analysis/audit/filter.ts';
import type { InterfaceRule } from '../analysis/audit/places.ts';
import type { ZoneRule } from '../analysis/zones.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { LogFault } from '../sources/logs/log-reader.ts';
import type { LineKind } from '../sources/logs/log-tally.ts';
import type { PrefixReason, PrefixRule } from '../sources/logs/prefix-verdicts.ts';
import type { Progress } from './reading.ts';
import { workerProgram } from './worker-program.ts';

export type { AuditFilter, InterfaceRule, LineKind, PrefixRule, ZoneRule };

export interface AuditChoices {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC. */
  readonly offsetMs?: number;
  readonly where?: AuditFilter;
  /** Rows of hosts and conversations wanted at most. */
  readonly top: number;
  /** Threads beside the first: 0 or 1; 1 for large files where there are two processors. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A prefix of log lines, and what it was taken for. */
export interface PrefixUse {
  readonly prefix: string;
  readonly action: 'unknown' | 'allow' | 'deny';
  readonly because: PrefixReason;
}

export interface LogAudit extends AuditAnswer {
  readonly inputs: readonly string[];
  readonly inputBytes: number;
  readonly lines: number;
  readonly linesRead: number;
  readonly blankLines: number;
  /** Lines read by each format. */
  readonly formats: readonly { readonly format: string; readonly lines: number }[];
  /** Lines of a known format that cannot be read, by cause. */
  readonly unread: readonly LineKind[];
  /** Messages that decide nothing, messages of other programs, and gaps that a device admits. */
  readonly silent: readonly LineKind[];
  readonly others: readonly LineKind[];
  readonly gaps: readonly LineKind[];
  readonly prefixes: readonly PrefixUse[];
  readonly faults: readonly LogFault[];
  readonly interrupted: boolean;
  readonly notes: readonly BlindSpot[];
}

/** Reads firewall logs (`-` = standard input) and says what passed and what was refused. */
export async function audit(inputs: readonly string[], choices: AuditChoices): Promise<LogAudit> {
  const [{ Audit }, { AuditHelper }, { LogReader }, { logNotes }] = await Promise.all([
    import('../analysis/audit/audit.ts'),
    import('./audit-helper.ts'),
    import('../sources/logs/log-reader.ts'),
    import('../sources/logs/log-notes.ts'),
  ]);
  const { zones, interfaces, prefixes, offsetMs, where, signal, onProgress, top, workers } =
    choices;
  // Hash tables must not be foreseeable to whoever writes the log.
  const seed = Math.floor(Math.random() * 2 ** 32) | 0;
  const auditOptions = {
    seed,
    ...(zones === undefined ? {} : { zones }),
    ...(interfaces === undefined ? {} : { interfaces }),
  };
  const lineOptions = {
    seed,
    ...(prefixes === undefined ? {} : { prefixes }),
    ...(offsetMs === undefined ? {} : { offsetMs }),
  };
  const folded = new Audit({ ...auditOptions, top, ...(where === undefined ? {} : { where }) });
  const program =
    (workers ?? availableParallelism() - 1) > 0 ? workerProgram('audit-worker') : undefined;
  const reader = new LogReader(
    {
      ...{ ...lineOptions, nowMs: Date.now() },
      ...(program === undefined
        ? {}
        : {
            helper: new AuditHelper(program, folded, { lines: lineOptions, audit: auditOptions }),
          }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined
        ? {}
        : {
            onProgress: ({ bytesRead, bytesTotal, tally }) =>
              onProgress({ bytesRead, bytesTotal, frames: tally.lines }),
          }),
    },
    (batch) => folded.add(batch),
  );
  await reader.read(inputs);
  const { tally } = reader;
  const kinds = (map: ReadonlyMap<string, LineKind>): LineKind[] =>
    [...map.values()].sort((left, right) => right.lines - left.lines);
  return {
    ...folded.finish(reader.addresses, reader.names, reader.inputs),
    inputs,
    inputBytes: reader.bytesRead,
    lines: tally.lines,
    linesRead: tally.read,
    blankLines: tally.blank,
    formats: [...reader.formats].map(([format, lines]) => ({ format, lines })),
    unread: kinds(tally.faults),
    silent: kinds(tally.silent),
    others: kinds(tally.others),
    gaps: kinds(tally.gaps),
    prefixes: reader.prefixes.uses(),
    faults: reader.faults,
    interrupted: signal?.aborted ?? false,
    notes: logNotes(reader),
  };
}
