/**
 * Joins the rooms: what a command needs from several of them comes from one function here. Rooms
 * are loaded inside the functions, so that a command pays only for those it uses.
 */
import type { AuditAnswer } from './analysis/audit/answer.ts';
import type { AuditFilter } from './analysis/audit/audit.ts';
import type { InterfaceRule } from './analysis/audit/places.ts';
import type { ZoneRule } from './analysis/zones.ts';
import type { FlowVisitor } from './flow/flow-set.ts';
import type { Names } from './flow/flow-view.ts';
import type { Timeouts } from './flow/timeouts.ts';
import type { BlindSpot } from './model/blind-spot.ts';
import type { Flow } from './model/flow.ts';
import type {
  ConversationUse,
  HostUse,
  PortUse,
  RemainderUse,
  ServiceUse,
  SizeBin,
} from './model/use.ts';
import type { Observation } from './sources/flows/observe.ts';
import type { LogFault } from './sources/logs/log-reader.ts';
import type { LineKind } from './sources/logs/log-tally.ts';
import type { PrefixReason, PrefixRule } from './sources/logs/prefix-verdicts.ts';
import type { CaptureReader } from './sources/pcap/capture-reader.ts';
import type { CaptureFault } from './sources/pcap/fault.ts';
import type { SocketView } from './sources/sockets/linux.ts';

export type { AuditAnswer, AuditFilter, InterfaceRule, LineKind, PrefixRule, SocketView, ZoneRule };

/** Whether `viewSockets` can look at this machine. */
export function canViewSockets(): boolean {
  return process.platform === 'linux';
}

/** The listening and bound sockets of this machine. Rejects with `SocketTablesError`. */
export async function viewSockets(): Promise<SocketView> {
  const { readLinuxSockets } = await import('./sources/sockets/linux.ts');
  return readLinuxSockets();
}

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
  /** Threads beside this one: 0 or 1. By default 1 from 64 MB on, where there are processors. */
  readonly workers?: number;
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
}

export interface Assessment extends CaptureSummary {
  readonly hosts: number;
  readonly hostsEstimated: boolean;
  readonly ports: readonly PortUse[];
  readonly services: readonly ServiceUse[];
  readonly conversations: readonly ConversationUse[];
  /** How many there are; when some had to be forgotten, those that came back count again. */
  readonly conversationCount: number;
  /** No conversation's bytes are too low by more than this. */
  readonly conversationBytesMissing: number;
  readonly topHosts: readonly HostUse[];
  readonly remainder: readonly RemainderUse[];
  readonly sizes: readonly SizeBin[];
}

export interface AssessChoices extends CaptureChoices {
  readonly zones?: readonly ZoneRule[];
  /** Conversations and hosts wanted at most. */
  readonly top: number;
}

/** Reads captures (`-` = standard input) and says what their ports were used for. */
export async function assess(
  inputs: readonly string[],
  choices: AssessChoices,
): Promise<Assessment> {
  const [uses, { remainderUses }, { blindSpots }, { sizeBins }, { captureNotes }] =
    await Promise.all([
      import('./analysis/port-use.ts'),
      import('./analysis/remainder.ts'),
      import('./analysis/blind-spots.ts'),
      import('./analysis/size-bins.ts'),
      import('./sources/pcap/capture-notes.ts'),
    ]);
  const { traffic, observation, reader, interrupted } = await fold(inputs, choices);
  const { names, decoder } = observation;
  const state = {
    ...observation,
    stopped: interrupted,
    dropDuplicates: choices.dropDuplicates ?? false,
  };
  return {
    ...summaryOf(inputs, observation, reader, interrupted),
    flows: traffic.flows,
    hosts: traffic.hostCount,
    hostsEstimated: traffic.hosts.pruned > 0,
    ports: uses.portUses(traffic),
    services: uses.serviceUses(traffic, names),
    conversations: uses.topConversations(traffic, names, choices.top),
    conversationCount: traffic.conversations.count + traffic.conversations.pruned,
    conversationBytesMissing: traffic.conversations.missing,
    topHosts: uses.topHosts(traffic, names, choices.top),
    remainder: remainderUses(traffic, decoder),
    sizes: sizeBins(decoder.lengths),
    notes: [...captureNotes(reader), ...blindSpots(traffic, state)],
  };
}

/** Reads captures into traffic. The flows themselves, which take most memory, are let go. */
async function fold(inputs: readonly string[], choices: AssessChoices) {
  const [{ Traffic }, { ZoneTable }] = await Promise.all([
    import('./analysis/traffic.ts'),
    import('./analysis/zones.ts'),
  ]);
  const zones = new ZoneTable(choices.zones);
  const seed = newSeed();
  let traffic: InstanceType<typeof Traffic> | undefined;
  const visitor = (names: Names): FlowVisitor => {
    traffic ??= new Traffic(names.addresses, zones, {}, seed);
    return traffic.add.bind(traffic);
  };
  const reading = await read(inputs, choices, seed, visitor);
  const { flows, ...observation } = reading.observation;
  flows.visit(visitor(observation.names));
  traffic!.finish();
  return { ...reading, observation, traffic: traffic! };
}

/** A flow with what came of it. */
export interface ListedFlow {
  readonly flow: Flow;
  /** How its server answered; null when it is not known to have. */
  readonly confirmed: 'handshake' | 'reply' | null;
  /** Whether each end is inside, by the built-in zones. */
  readonly clientInside: boolean;
  readonly serverInside: boolean;
}

export interface FlowListing extends CaptureSummary {
  /** Flows that were still in memory at the end, by the time of their first packet. */
  readonly listed: Iterable<ListedFlow>;
}

/** Reads captures and lists their flows; those that leave memory early go to `onEvicted`. */
export async function listFlows(
  inputs: readonly string[],
  choices: CaptureChoices,
  onEvicted: (listed: ListedFlow) => void,
): Promise<FlowListing> {
  const { FlowLister } = await import('./analysis/flow-lister.ts');
  const { observation, reader, interrupted } = await read(inputs, choices, newSeed(), (names) => {
    const lister = new FlowLister(names);
    return (...row) => onEvicted(lister.list(...row));
  });
  const lister = new FlowLister(observation.names);
  function* listed(): Generator<ListedFlow, void, undefined> {
    for (const row of observation.flows.inTimeOrder()) yield lister.list(...row);
  }
  const { captureNotes } = await import('./sources/pcap/capture-notes.ts');
  return {
    ...summaryOf(inputs, observation, reader, interrupted),
    flows: observation.flows.count + observation.evicted,
    notes: captureNotes(reader),
    listed: listed(),
  };
}

interface Reading {
  readonly observation: Observation;
  readonly reader: CaptureReader;
  readonly interrupted: boolean;
}

/** Reads inputs to their end or until the signal; `visitor` gets flows that leave memory early. */
async function read(
  inputs: readonly string[],
  choices: CaptureChoices,
  seed: number,
  visitor: (names: Names) => FlowVisitor,
): Promise<Reading> {
  const [{ openCaptures }, { observe }] = await Promise.all([
    import('./sources/pcap/capture-reader.ts'),
    import('./sources/flows/observe.ts'),
  ]);
  const reader = await openCaptures(inputs);
  const { signal, onProgress } = choices;
  const stop = (): void => void reader.close();
  // A reader that waits for standard input is woken by closing it.
  signal?.addEventListener('abort', stop);
  const worker = await workerFor(reader.bytesTotal, choices.workers);
  const observation = await observe(reader, {
    seed,
    dropDuplicates: choices.dropDuplicates ?? false,
    ...(choices.timeouts === undefined ? {} : { timeouts: choices.timeouts }),
    ...(choices.maxFlows === undefined ? {} : { maxFlows: choices.maxFlows }),
    ...(worker === undefined ? {} : { worker }),
    onEvicted: visitor,
    onBatch: () => {
      onProgress?.(reader);
      return signal?.aborted ?? false;
    },
  });
  signal?.removeEventListener('abort', stop);
  await reader.close();
  return { observation, reader, interrupted: signal?.aborted ?? false };
}

function summaryOf(
  inputs: readonly string[],
  { decoder, firstMs, lastMs }: Omit<Observation, 'flows'>,
  reader: CaptureReader,
  interrupted: boolean,
): Omit<CaptureSummary, 'notes' | 'flows'> {
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
async function workerFor(
  octets: number | undefined,
  asked: number | undefined,
): Promise<URL | undefined> {
  if (asked === 0) return undefined;
  if (asked === undefined) {
    if (octets !== undefined && octets < WORTH_A_THREAD) return undefined;
    const { availableParallelism } = await import('node:os');
    if (availableParallelism() < 2) return undefined;
  }
  const { existsSync } = await import('node:fs');
  // This file is bundled into dist/ or into dist/chunks/; from source there is no worker.
  return ['./flow-worker.js', '../flow-worker.js']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
}

/** Unknown to those who choose addresses and ports, so that they cannot make keys collide. */
function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32) | 0;
}

export interface AuditChoices {
  readonly zones?: readonly ZoneRule[];
  readonly interfaces?: readonly InterfaceRule[];
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC. */
  readonly offsetMs?: number;
  readonly where?: AuditFilter;
  /** Rows of hosts and conversations wanted at most. */
  readonly top: number;
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
  const [{ Audit }, { LogReader }, { logNotes }] = await Promise.all([
    import('./analysis/audit/audit.ts'),
    import('./sources/logs/log-reader.ts'),
    import('./sources/logs/log-notes.ts'),
  ]);
  const { zones, interfaces, prefixes, offsetMs, where, signal, onProgress, top } = choices;
  const seed = newSeed();
  const folded = new Audit({
    ...{ top, seed },
    ...(zones === undefined ? {} : { zones }),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(where === undefined ? {} : { where }),
  });
  const reader = new LogReader(
    {
      ...{ seed, nowMs: Date.now() },
      ...(prefixes === undefined ? {} : { prefixes }),
      ...(offsetMs === undefined ? {} : { offsetMs }),
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
