/** Firewall logs in, what passed and what was refused out. */
import { availableParallelism } from 'node:os';
import type { AuditAnswer } from '../analysis/audit/answer.ts';
import type { AuditFilter } from '../analysis/audit/filter.ts';
import type { InterfaceRule } from '../analysis/audit/places.ts';
import type { ZoneRule } from '../analysis/zones.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { ExportDomain } from '../sources/flowlogs/export-domains.ts';
import type { FlowListener, ListenAddress } from '../sources/flowlogs/flow-listener.ts';
import type { LogFault } from '../sources/logs/log-reader.ts';
import type { LineKind } from '../sources/logs/log-tally.ts';
import type { Mapping } from '../sources/logs/mapping.ts';
import type { PrefixReason, PrefixRule } from '../sources/logs/prefix-verdicts.ts';
import { programOf } from './programs.ts';
import type { Progress } from './reading.ts';

export type { AuditFilter, InterfaceRule, LineKind, ListenAddress, PrefixRule, ZoneRule };

export interface AuditChoices {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC. */
  readonly offsetMs?: number;
  readonly where?: AuditFilter;
  /** Files that say how logs of somebody's own are to be read. */
  readonly mappings?: readonly Mapping[];
  /** UDP ports of flow export in captures, beside the usual ones. */
  readonly flowPorts?: readonly number[];
  /** Listens instead of reading inputs, until the signal; the listener is closed at the end. */
  readonly listen?: ListenChoices;
  /**
   * Goes on at the end of the last input, across rotation, until the signal. Called whenever
   * everything written so far was read, with what makes the answer so far.
   */
  readonly follow?: (answer: () => LogAudit) => void;
  /** Rows of hosts and conversations wanted at most. */
  readonly top: number;
  /** Threads beside the first: 0 or 1; 1 for large files where there are two processors. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface ListenChoices {
  readonly listener: FlowListener;
  /** What locators begin with. */
  readonly name: string;
  /** Stops after so many records. */
  readonly mostRecords?: number;
}

/** Who exported flows. Numbers that do not apply are 0. */
export type ExporterUse = Pick<
  ExportDomain,
  | 'exporter'
  | 'protocol'
  | 'id'
  | 'datagrams'
  | 'records'
  | 'lost'
  | 'withoutTemplate'
  | 'sampledRecords'
  | 'sampleDrops'
  | 'counterSamples'
> & {
  /** Packets of which one was looked at: least and greatest of the records. */
  readonly leastRate: number;
  readonly greatestRate: number;
};

/** A prefix of log lines, and what it was taken for. */
export interface PrefixUse {
  readonly prefix: string;
  readonly action: 'unknown' | 'allow' | 'deny';
  readonly because: PrefixReason;
}

export interface LogAudit extends AuditAnswer {
  readonly inputs: readonly string[];
  /** The inputs are what came by the network. */
  readonly live: boolean;
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
  readonly exporters: readonly ExporterUse[];
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
  const { flowPorts, mappings, listen, follow } = choices;
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
    ...(mappings === undefined ? {} : { mappings }),
  };
  const folded = new Audit({ ...auditOptions, top, ...(where === undefined ? {} : { where }) });
  const program =
    (workers ?? availableParallelism() - 1) > 0 ? programOf('audit-worker') : undefined;
  const reader = new LogReader(
    {
      ...{ ...lineOptions, nowMs: Date.now() },
      ...(program === undefined
        ? {}
        : {
            helper: new AuditHelper(program, folded, { lines: lineOptions, audit: auditOptions }),
          }),
      ...(flowPorts === undefined ? {} : { flowPorts }),
      ...(follow === undefined ? {} : { onWait: () => follow(result) }),
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
  let notes: readonly BlindSpot[] | undefined;
  const result = (): LogAudit => {
    const { tally } = reader;
    const kinds = (map: ReadonlyMap<string, LineKind>): LineKind[] =>
      [...map.values()].sort((left, right) => right.lines - left.lines);
    return {
      ...folded.finish(reader.addresses, reader.names, reader.inputs),
      inputs: listen === undefined ? inputs : [listen.name],
      live: listen !== undefined,
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
      exporters: exportersOf(reader.flows?.exports.domains.list ?? []),
      faults: reader.faults,
      // A listener ends no other way.
      interrupted: listen === undefined && (signal?.aborted ?? false),
      notes: notes ?? logNotes(reader),
    };
  };
  if (listen === undefined) await reader.read(inputs);
  else await reader.listen(listen, listen.name);
  notes = logNotes(reader);
  listen?.listener.close();
  return result();
}

/** The busiest first. */
function exportersOf(domains: readonly ExportDomain[]): ExporterUse[] {
  return domains
    .map((domain) => {
      const { exporter, protocol, id, datagrams, records, lost, withoutTemplate } = domain;
      const { sampledRecords, sampleDrops, counterSamples, leastRate, greatestRate } = domain;
      return {
        ...{ exporter, protocol, id, datagrams, records, lost, withoutTemplate },
        ...{ sampledRecords, sampleDrops, counterSamples },
        leastRate: records === 0 ? 1 : leastRate,
        greatestRate: records === 0 ? 1 : greatestRate,
      };
    })
    .sort((left, right) => right.records - left.records);
}

/** Opens UDP ports for flow export. Rejects with `SystemCallError` or the runtime's error. */
export async function openListener(addresses: readonly ListenAddress[]): Promise<FlowListener> {
  const { openFlowListener } = await import('../sources/flowlogs/flow-listener.ts');
  return openFlowListener(addresses);
}
