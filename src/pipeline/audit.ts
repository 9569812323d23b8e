/** Firewall logs in, what passed and what was refused out. */
import { statSync } from 'node:fs';
import type { AuditAnswer } from '../analysis/audit/answer.ts';
import { comparisonNotes } from '../analysis/audit/comparison-notes.ts';
import type { AuditFilter } from '../analysis/audit/filter.ts';
import type { InterfaceRule } from '../analysis/audit/places.ts';
import type { ZoneRule } from '../analysis/zones.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import { duration } from '../report/numbers.ts';
import type { ExportDomain } from '../sources/flowlogs/export-domains.ts';
import type { FlowListener, ListenAddress } from '../sources/flowlogs/flow-listener.ts';
import type { KernelLog } from '../sources/logs/kernel-log.ts';
import type { LogFault, LogReader } from '../sources/logs/log-reader.ts';
import type { LineKind } from '../sources/logs/log-tally.ts';
import type { Mapping } from '../sources/logs/mapping.ts';
import type { PrefixReason, PrefixRule } from '../sources/logs/prefix-verdicts.ts';
import type { RuleAudit, RuleText } from './audit-rules.ts';
import { type FoldThread, foldThread } from './fold-thread.ts';
import type { Progress } from './reading.ts';

export type { AuditFilter, InterfaceRule, LineKind, ListenAddress, PrefixRule, ZoneRule };

export interface AuditChoices {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC. */
  readonly offsetMs?: number;
  readonly where?: AuditFilter;
  /** Only conversations first seen then or later count, ms since 1970… */
  readonly sinceMs?: number;
  /** …or only those that these logs do not have. */
  readonly before?: readonly string[];
  /** Rules of the firewall: which of them did the log use? */
  readonly rules?: RuleText;
  /** Files that say how logs of somebody's own are to be read. */
  readonly mappings?: readonly Mapping[];
  /** UDP ports of flow export in captures, beside the usual ones. */
  readonly flowPorts?: readonly number[];
  /** Listens instead of reading inputs, until the signal; the listener is closed at the end. */
  readonly listen?: ListenChoices;
  /** Listens to the kernel likewise. */
  readonly kernel?: KernelChoices;
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

/** The kernel's packet log instead of inputs. */
export interface KernelChoices {
  readonly log: KernelLog;
  /** What locators begin with. */
  readonly name: string;
  /** Stops after so many packets. */
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

/** What came of the inputs, line by line. */
interface InputsRead {
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
}

export interface LogAudit extends AuditAnswer, InputsRead {
  /** How the rules that were given were used. */
  readonly ruleUse: RuleAudit | null;
  readonly inputs: readonly string[];
  /** Earlier logs that were compared with, and lines of them that were read. */
  readonly before: readonly string[];
  readonly linesBefore: number;
  /** The moment that was compared with, ms since 1970. */
  readonly sinceMs: number | null;
  /** The inputs are what came by the network. */
  readonly live: boolean;
  readonly faults: readonly LogFault[];
  readonly interrupted: boolean;
  readonly notes: readonly BlindSpot[];
}

/** Reads firewall logs (`-` = standard input) and says what passed and what was refused. */
export async function audit(inputs: readonly string[], choices: AuditChoices): Promise<LogAudit> {
  const { listen, kernel, follow, before, signal } = choices;
  const live = listen ?? kernel;
  // Hash tables must not be foreseeable to whoever writes the log.
  const seed = Math.floor(Math.random() * 2 ** 32) | 0;
  const isPlain = live === undefined && follow === undefined && before === undefined;
  const thread = isPlain ? threadFor(inputs, choices, seed) : undefined;
  const [{ AuditReading, readEarlier }, ruleParts, { logNotes }] = await Promise.all([
    import('./audit-reading.ts'),
    choices.rules === undefined ? undefined : import('./audit-rules.ts'),
    import('../sources/logs/log-notes.ts'),
  ]);
  const earlier = before === undefined ? undefined : await readEarlier(before, { choices, seed });
  const reading = new AuditReading({
    ...{ choices, seed, thread },
    ...(earlier === undefined ? {} : { earlier }),
    ...(follow === undefined ? {} : { onWait: () => follow(result) }),
  });
  const { folded, reader } = reading;
  const auditor = ruleParts && new ruleParts.RuleAuditor(choices.rules!);
  const earlierNotes = earlier === undefined ? [] : notesOfEarlier(earlier.notes);
  let notes: readonly BlindSpot[] | undefined;
  const result = (): LogAudit => {
    const { addresses, names } = reader;
    const ruleReading = auditor?.begin(folded.table, addresses, names.names);
    const answer = folded.finish(addresses, names, reader.inputs, ruleReading?.visit);
    const ruleUse = ruleReading?.answer() ?? null;
    return {
      ...{ ...answer, ruleUse, ...readBy(reader) },
      inputs: live === undefined ? inputs : [live.name],
      before: before ?? [],
      sinceMs: choices.sinceMs ?? null,
      linesBefore: earlier?.linesRead ?? 0,
      live: live !== undefined,
      faults: [...(earlier?.faults ?? []), ...reader.faults],
      // A listener ends no other way.
      interrupted: live === undefined && (signal?.aborted ?? false),
      notes: [
        ...(notes ?? logNotes(reader)),
        ...openingNotes(answer),
        ...earlierNotes,
        ...(answer.newness === null
          ? []
          : comparisonNotes(
              answer.newness,
              before === undefined ? EARLIER_PART : EARLIER_LOG,
              duration,
            )),
        ...(ruleUse === null ? [] : ruleParts!.ruleNotes(ruleUse, duration)),
      ],
    };
  };
  if (kernel !== undefined) await reader.hear(kernel.log, kernel.name, kernel.mostRecords);
  else if (listen !== undefined) await reader.listen(listen, listen.name);
  else await reading.read(inputs);
  notes = logNotes(reader);
  listen?.listener.close();
  kernel?.log.close();
  return result();
}

/** As far as it has been read. */
function readBy({ tally, bytesRead, formats, prefixes, flows }: LogReader): InputsRead {
  const kinds = (map: ReadonlyMap<string, LineKind>): LineKind[] =>
    [...map.values()].sort((left, right) => right.lines - left.lines);
  return {
    inputBytes: bytesRead,
    ...{ lines: tally.lines, linesRead: tally.read, blankLines: tally.blank },
    formats: [...formats].map(([format, lines]) => ({ format, lines })),
    unread: kinds(tally.faults),
    silent: kinds(tally.silent),
    others: kinds(tally.others),
    gaps: kinds(tally.gaps),
    prefixes: prefixes.uses(),
    exporters: exportersOf(flows?.exports.domains.list ?? []),
  };
}

/** Starts the second thread before anything else is loaded, where the inputs are files to be read. */
function threadFor(
  inputs: readonly string[],
  { workers, zones }: AuditChoices,
  seed: number,
): FoldThread | undefined {
  const octets = inputs.reduce((sum, input) => sum + sizeOf(input), 0);
  return foldThread(workers, octets, { seed, ...(zones === undefined ? {} : { zones }) });
}

/** Of files, 0 for anything else: what is wrong with it is found when it is read. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

const EARLIER_LOG = 'the earlier log';
const EARLIER_PART = 'the log before that time';

/** What could not be read of the earlier log; what was inferred of it matters less. */
function notesOfEarlier(notes: readonly BlindSpot[]): BlindSpot[] {
  return notes
    .filter(({ missing, id }) => missing || id === 'prefix-unknown')
    .map((note) => ({ ...note, what: `of the earlier log: ${note.what}` }));
}

/** Packets that were let through within connections, and which nothing tells the server of. */
function openingNotes({ unopened }: AuditAnswer): BlindSpot[] {
  if (unopened === 0) return [];
  return [
    {
      id: 'openings-unseen',
      what: `who opened the connections of ${unopened} ${unopened === 1 ? 'packet that was' : 'packets that were'} not refused`,
      because:
        'they open none themselves, and what did is not in the log; the end with the lower port was taken for the server',
      missing: false,
    },
  ];
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

/** Binds groups of the kernel's packet log. Rejects with `SystemCallError`, `NativeUnavailable`. */
export async function openKernelLog(groups: readonly number[]): Promise<KernelLog> {
  const { KernelLog } = await import('../sources/logs/kernel-log.ts');
  return new KernelLog(groups);
}
