/** Scans: planned, carried out, read from other programs' files, and compared. */
import type { ScanDifference } from '../analysis/scan-difference.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { PortState } from '../model/port-state.ts';
import type { ScanRecord } from '../model/scanned-host.ts';
import type { ImportedScan } from '../sources/scan/import/record-builder.ts';
import type { PlanWords, Estimate as ScanEstimate, ScanPlan } from '../sources/scan/plan.ts';
import type { ScanProgress, ScanResult } from '../sources/scan/scan-request.ts';
import type { UnaskedServices } from '../sources/scan/services/identify-services.ts';

export type { ScanProgress };

/** How TCP ports may be asked; `auto` takes the best that this machine and user can. */
export const SCAN_ENGINES = ['auto', 'syn', 'connect', 'node'] as const;

/** A plan with what it takes to carry out. */
export interface PlannedScan extends ScanPlan {
  readonly estimate: ScanEstimate;
}

/** Reads targets and ports as people write them; resolves names. Sends nothing else. */
export async function planScan(words: PlanWords): Promise<PlannedScan> {
  const { planScan, estimate } = await import('../sources/scan/plan.ts');
  const plan = await planScan(words);
  return { ...plan, estimate: estimate(plan) };
}

export interface ScanChoices {
  readonly tcpEngine: (typeof SCAN_ENGINES)[number];
  readonly discovery: boolean;
  readonly fragile: boolean;
  readonly patienceSeconds: number;
  /** Ask open ports what they are; see docs/scan-services.md. */
  readonly services?: boolean;
  /**
   * An open port of which all is known, where `services` are asked for: each once. `onOpen` is news
   * ahead of it then, which may come again where an earlier run is taken up.
   */
  readonly onIdentified?: (state: PortState) => void;
  /** Notes are kept there, and an earlier run is taken up from it. */
  readonly resumeFile?: string;
  readonly signal: AbortSignal;
  readonly onOpen: (state: PortState) => void;
  /** Whether the output of an earlier run has the port; undefined: nobody can know. */
  readonly wasTold?: (state: PortState) => boolean | undefined;
  readonly onProgress?: (progress: ScanProgress) => void;
}

/** A scan with what it could not see. */
export interface ScanOutcome extends ScanResult {
  readonly addresses: number;
  readonly portsPerHost: number;
  readonly notes: readonly BlindSpot[];
  readonly record: ScanRecord;
}

/** Scans as planned. Throws `EngineUnavailable`, `JournalError`. */
export async function scan(plan: ScanPlan, choices: ScanChoices): Promise<ScanOutcome> {
  const [{ runScan }, { Telling }, { openJournal }, { scanNotes }, { portText }] =
    await Promise.all([
      import('../sources/scan/scan.ts'),
      import('../sources/scan/telling.ts'),
      import('../sources/scan/resume.ts'),
      import('../analysis/scan-notes.ts'),
      import('../sources/scan/ports.ts'),
    ]);
  const { resumeFile, services = false, onIdentified, wasTold, ...rest } = choices;
  const held = resumeFile === undefined ? undefined : openJournal(resumeFile, plan, rest);
  const { shard, local: _, ...planned } = held?.plan ?? plan;
  const notes = {
    ...(held === undefined ? {} : { writer: held.writer }),
    ...(held?.journal === undefined ? {} : { journal: held.journal }),
  };
  // With services a port counts as told when it was asked what it is.
  const telling = new Telling({
    ...notes,
    tell: onIdentified ?? choices.onOpen,
    ...(wasTold === undefined ? {} : { wasTold }),
  });
  const tell = (state: PortState): void => telling.tell(state);
  const news = (state: PortState): void => {
    if (!telling.isTold(state)) choices.onOpen(state);
  };
  try {
    const { onProgress } = services ? aheadOfServices(choices) : choices;
    const scanned = await runScan({
      ...planned,
      ...rest,
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(shard === undefined ? {} : { shard }),
      ...notes,
      onOpen: onIdentified === undefined ? tell : news,
      namesOf: (address) => plan.names.get(address) ?? [],
    });
    const { result, unaskedServices, unquestionedServices } = services
      ? await withServices(scanned, choices, onIdentified && tell, held !== undefined)
      : { result: scanned, unaskedServices: [], unquestionedServices: [] };
    return {
      ...result,
      addresses: planned.targets.size,
      portsPerHost: [...plan.ports.values()].reduce((sum, { length }) => sum + length, 0),
      notes: scanNotes({
        ...{ ...result, services, unaskedServices, unquestionedServices },
        repeated: telling.repeated,
        unresolved: plan.unresolved,
        unasked: result.counts.get('not asked') ?? 0,
      }),
      record: recordOf(result, plan, portText),
    };
  } finally {
    held?.writer.close();
  }
}

/** Nobody knows what services will say, and how soon, before they are asked. */
function aheadOfServices({ onProgress }: ScanChoices): Pick<ScanChoices, 'onProgress'> {
  if (onProgress === undefined) return {};
  return {
    onProgress: ({ left, ...progress }) =>
      onProgress(
        left === undefined ? progress : { ...progress, left: { ms: left.ms, bound: 'least' } },
      ),
  };
}

/**
 * The result with what each open port says it is.
 * @param resumable ports that an interrupt leaves open are asked when the scan is taken up
 */
async function withServices(
  result: ScanResult,
  { signal, fragile, onProgress }: ScanChoices,
  onIdentified: ScanChoices['onIdentified'],
  resumable: boolean,
): Promise<{
  result: ScanResult;
  unaskedServices: readonly UnaskedServices[];
  unquestionedServices: readonly UnaskedServices[];
}> {
  const { hosts: found, probes, startMs } = result;
  const { identifyServices } = await import('../sources/scan/services/identify-services.ts');
  const isOpen = ({ state }: PortState): boolean => state === 'open';
  const open = found.reduce((sum, { ports }) => sum + ports.filter(isOpen).length, 0);
  const beganMs = Date.now();
  const asked = await identifyServices(found, {
    signal,
    fragile,
    onProgress: (done, of, left) => {
      const nowMs = Date.now();
      // Most of a host's ports may never be asked: time says how far it is.
      const share = left === undefined ? done / of : 1 - left.ms / (nowMs - beganMs + left.ms);
      onProgress?.({
        ...{ phase: 'asking what answers', share, hostsUp: found.length, open },
        ...{ probes, elapsedMs: nowMs - startMs },
        ...(left === undefined ? {} : { left }),
      });
    },
    ...(onIdentified === undefined ? {} : { onIdentified }),
  });
  const { hosts, unasked, unquestioned } = asked;
  const interrupted = result.interrupted || signal.aborted;
  if (!(interrupted && resumable)) for (const port of asked.left) onIdentified?.(port);
  return {
    result: { ...result, hosts, endMs: Date.now(), interrupted },
    unaskedServices: unasked,
    unquestionedServices: unquestioned,
  };
}

/** An earlier scan read from a file, with the name of the file. */
export interface EarlierScan {
  readonly file: string;
  readonly earlier: ImportedScan;
}

/** Reads a scan of any known scanner. Throws `UnknownScanError` and `UnreadableFile`. */
export async function readEarlierScan(file: string): Promise<EarlierScan> {
  const [{ readWhole }, { decodeText }, { readScan }] = await Promise.all([
    import('../sources/whole-file.ts'),
    import('../sources/sockets/foreign/decode-text.ts'),
    import('../sources/scan/import/read-scan.ts'),
  ]);
  return { file, earlier: readScan(decodeText(readWhole(file).octets)) };
}

export interface ComparedScan extends EarlierScan {
  readonly difference: ScanDifference;
  readonly notes: readonly BlindSpot[];
}

/** What changed from the earlier scan to this one, and what cannot be compared. */
export async function compareWith(
  { file, earlier }: EarlierScan,
  plan: ScanPlan,
  outcome: ScanOutcome,
): Promise<ComparedScan> {
  const { compareScans } = await import('../analysis/scan-difference.ts');
  const difference = compareScans(earlier.record, outcome.record, (address) =>
    plan.targets.has(address),
  );
  const notes: BlindSpot[] = [...outcome.notes];
  if (earlier.passive) {
    notes.unshift({
      id: 'earlier-passive',
      what: 'how the earlier scan came about',
      because: 'it asked nobody: it repeats what a search engine once saw',
      missing: false,
    });
  }
  const faults = earlier.faults.length + earlier.moreFaults;
  if (faults > 0) {
    const [first] = earlier.faults;
    notes.unshift({
      id: 'earlier-damaged',
      what: `${faults} parts of ${file}`,
      because: `${first!.where}: ${first!.what}`,
      missing: true,
    });
  }
  return { file, earlier, difference, notes };
}

/** The scan as other programs' formats and later comparisons take it. */
function recordOf(
  result: ScanResult,
  plan: ScanPlan,
  portText: (ports: Uint16Array) => string,
): ScanRecord {
  const { hosts, hostsDown, startMs, endMs, interrupted } = result;
  const asked = [...plan.ports].map(([transport, ports]) => ({
    ...{ transport, ports: portText(ports), ...methodOf(result, transport) },
  }));
  return {
    ...{ scanner: 'portreeve', asked, hosts, hostsDown, startMs, endMs },
    ...(interrupted ? { interrupted } : {}),
  };
}

function methodOf({ engines }: ScanResult, transport: string): { method?: string } {
  const engine = engines.find((each) => each.transport === transport);
  return engine === undefined ? {} : { method: engine.name };
}
