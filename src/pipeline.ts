/**
 * Joins the rooms: what a command needs from several of them comes from one function here. Rooms
 * are loaded inside the functions, so that a command pays only for those it uses.
 */
import type { Clues } from './analysis/findings/clues.ts';
import type { Thresholds } from './analysis/findings/thresholds.ts';
import type { OverTime } from './analysis/over-time.ts';
import type { SpokenView } from './analysis/spoken.ts';
import type { Traffic } from './analysis/traffic.ts';
import type { ZoneRule } from './analysis/zones.ts';
import type { FlowVisitor } from './flow/flow-set.ts';
import type { Names } from './flow/flow-view.ts';
import type { Heard } from './flow/heard.ts';
import type { Timeouts } from './flow/timeouts.ts';
import type { BlindSpot } from './model/blind-spot.ts';
import type { Finding } from './model/finding.ts';
import type { Flow } from './model/flow.ts';
import type { HostRoles } from './model/host-role.ts';
import type {
  ConversationUse,
  HostUse,
  PortUse,
  RemainderUse,
  ServiceUse,
  SizeBin,
  TimeSlice,
} from './model/use.ts';
import type { Prefix } from './net/prefix.ts';
import type { LogChoices, LogJoin, LogsAssessed } from './pipeline/assess-logs.ts';
import type { FilteredSource } from './pipeline/filters.ts';
import type { Observation } from './sources/flows/observe.ts';
import type { CaptureReader } from './sources/pcap/capture-reader.ts';
import type { CaptureFault } from './sources/pcap/fault.ts';
import type { SocketView } from './sources/sockets/socket-view.ts';
import type { SshChoices } from './sources/sockets/ssh.ts';
import type { Filter } from './wire/filter/filter.ts';
import type { FrameSource } from './wire/frame-batch.ts';

export type { SocketView, ZoneRule };

/** Whether `viewSockets` can look at this machine. */
export function canViewSockets(): boolean {
  return process.platform === 'linux';
}

export interface SocketChoices {
  /** Sockets that talk to one peer too. */
  readonly connections?: boolean;
  /** Name the packages that own the programs. */
  readonly packages?: boolean;
  /** Read the machine's packet filter and hold each listener against it. */
  readonly firewall?: boolean;
}

/** The sockets of another machine over ssh. Rejects with `SshError`. */
export async function viewSocketsBySsh(choices: SshChoices): Promise<SocketView> {
  const { readSocketsBySsh } = await import('./sources/sockets/ssh.ts');
  return readSocketsBySsh(choices);
}

/** The listening and bound sockets of this machine. Rejects with `SocketTablesError`. */
export async function viewSockets(choices: SocketChoices = {}): Promise<SocketView> {
  const { readLinuxSockets } = await import('./sources/sockets/linux.ts');
  const view = readLinuxSockets(choices);
  return choices.firewall ? filteredView(view) : view;
}

/** Adds what the host's own packet filter lets through, or that it could not be read. */
async function filteredView(view: SocketView): Promise<SocketView> {
  const [{ readFirewall }, { withFirewall }] = await Promise.all([
    import('./sources/sockets/firewall/read-firewall.ts'),
    import('./analysis/firewalled-listeners.ts'),
  ]);
  const reading = readFirewall();
  const others = view.blindSpots.filter(({ id }) => id !== 'firewall-rules');
  if (reading.kind === 'read') {
    return { ...view, listeners: withFirewall(view.listeners, reading.filter), blindSpots: others };
  }
  const { because, remedy } = reading;
  const spot: BlindSpot = {
    id: 'firewall-rules',
    what: "whether the machine's own firewall lets others in",
    because,
    ...(remedy === undefined ? {} : { remedy }),
    missing: false,
  };
  return { ...view, blindSpots: [...others, spot] };
}

/**
 * Sockets from the saved or pasted output of other tools (`-` = standard input). Rejects with
 * `ForeignInputError` when an input cannot be read or nothing in it is recognised.
 */
export async function readSocketFiles(names: readonly string[]): Promise<SocketView> {
  const { readForeignFiles } = await import('./sources/sockets/foreign/foreign-files.ts');
  return readForeignFiles(names);
}

export { type Comparison, compareHost, localAddresses } from './pipeline/compare-host.ts';

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
  /** Packets that the filter left out, where there is one. */
  readonly passedOver?: number;
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
  /** The most urgent first. */
  readonly findings: readonly Finding[];
  /** What hosts are for and depend on, the surest first. */
  readonly roles: readonly HostRoles[];
  /** Flows that a filter meant: ports, services, conversations and hosts are of these alone. */
  readonly matchedFlows: number | null;
  /** Null when not asked for. */
  readonly overTime: readonly TimeSlice[] | null;
  /** What logs were read beside captures; null without any. */
  readonly logs: LogsAssessed | null;
}

export interface AssessChoices extends CaptureChoices {
  readonly zones?: readonly ZoneRule[];
  /** Unused parts of the network: whoever tries them looks around. */
  readonly dark?: readonly Prefix[];
  /** In place of the defaults of analysis/findings/thresholds.ts. */
  readonly thresholds?: Partial<Thresholds>;
  /** Conversations and hosts wanted at most. */
  readonly top: number;
  /** Words about flows; see analysis/filter/parse.ts. Checked by `checkFilter`. */
  readonly where?: string;
  /** Rows of the chart over time at most; without it there is none. */
  readonly slices?: number;
  /** How logs among the inputs are to be read. */
  readonly logs?: Omit<LogChoices, 'signal' | 'maxFlows'>;
}

/** Throws `FilterError` when the text is no filter over flows. */
export async function checkFilter(text: string, zones: readonly ZoneRule[] = []): Promise<void> {
  const [{ AddressPool }, { ZoneTable }, { flowFilter }] = await Promise.all([
    import('./net/address-pool.ts'),
    import('./analysis/zones.ts'),
    import('./analysis/filter/filter.ts'),
  ]);
  flowFilter(text, { addresses: new AddressPool(), zones: new ZoneTable(zones) });
}

/** Reads captures (`-` = standard input) and says what their ports were used for. */
export async function assess(
  inputs: readonly string[],
  choices: AssessChoices,
): Promise<Assessment> {
  const [uses, { hostRoles }, { SpokenView }, { remainderUses }] = await Promise.all([
    import('./analysis/port-use.ts'),
    import('./analysis/host-roles.ts'),
    import('./analysis/spoken.ts'),
    import('./analysis/remainder.ts'),
  ]);
  const [{ blindSpots }, { sizeBins }, { captureNotes }] = await Promise.all([
    import('./analysis/blind-spots.ts'),
    import('./analysis/size-bins.ts'),
    import('./sources/pcap/capture-notes.ts'),
  ]);
  const folded = await fold(inputs, choices);
  const { traffic, view, observation, reader, filtered, interrupted, logs } = folded;
  const speech = new SpokenView(observation.heard, observation.names);
  const { names, decoder } = observation;
  const state = {
    ...observation,
    stopped: interrupted,
    dropDuplicates: choices.dropDuplicates ?? false,
  };
  const summary = summaryOf(inputs, observation, reader, interrupted);
  return {
    ...(logs === undefined ? summary : withLogs(summary, logs.assessed)),
    ...(filtered === undefined ? {} : { passedOver: filtered.passedOver }),
    logs: logs?.assessed ?? null,
    flows: traffic.flows,
    hosts: view.hostCount,
    hostsEstimated: view.hosts.pruned > 0,
    ports: uses.portUses(view, speech),
    services: uses.serviceUses(view, names, speech),
    conversations: uses.topConversations(view, names, choices.top),
    conversationCount: view.conversations.count + view.conversations.pruned,
    conversationBytesMissing: view.conversations.missing,
    topHosts: uses.topHosts(view, names, choices.top, speech, await vendors(speech)),
    remainder: remainderUses(traffic, decoder),
    sizes: sizeBins(decoder.lengths),
    roles: hostRoles(traffic, names),
    findings: await findingsOf(folded, names, speech, decoder.frames),
    matchedFlows: view === traffic ? null : view.flows,
    overTime: folded.overTime?.slices(choices.slices ?? 1, folded.packetsOverTime) ?? null,
    notes: [
      ...captureNotes(reader),
      ...(filtered?.notes ?? []),
      ...blindSpots(traffic, state),
      ...(logs?.notes ?? []),
    ],
  };
}

/** The summary of captures with the time and the size of the logs beside. */
function withLogs<Summary extends Omit<CaptureSummary, 'notes' | 'flows'>>(
  summary: Summary,
  { firstMs, lastMs, inputBytes }: LogsAssessed,
): Summary {
  const first = [summary.firstMs, firstMs].filter((time) => time !== null);
  const last = [summary.lastMs, lastMs].filter((time) => time !== null);
  return {
    ...summary,
    inputBytes: summary.inputBytes + inputBytes,
    firstMs: first.length === 0 ? null : Math.min(...first),
    lastMs: last.length === 0 ? null : Math.max(...last),
  };
}

interface Folded {
  /** All flows, and those that were asked for: the same without a filter. */
  readonly traffic: Traffic;
  readonly view: Traffic;
  readonly clues: Clues;
  readonly thresholds: Thresholds;
  readonly overTime: OverTime | undefined;
  /** Whether the packets of the chart are those of the flows asked for. */
  readonly packetsOverTime: boolean;
}

async function findingsOf(
  { traffic, clues, thresholds }: Folded,
  names: Names,
  speech: SpokenView,
  packets: number,
): Promise<readonly Finding[]> {
  const [{ Case }, { findings }] = await Promise.all([
    import('./analysis/findings/case.ts'),
    import('./analysis/findings/find.ts'),
  ]);
  return findings(new Case(traffic, clues, names, thresholds, packets, speech));
}

/** The registry of vendors, which is large, is loaded only where there is a MAC address to name. */
async function vendors(speech: SpokenView): Promise<(mac: string) => string | undefined> {
  if (speech.macs().size === 0) return () => undefined;
  return (await import('./catalog/vendors.ts')).vendorOf;
}

/** Reads captures into traffic. The flows themselves, which take most memory, are let go. */
async function fold(
  inputs: readonly string[],
  choices: AssessChoices,
): Promise<
  Folded &
    Omit<Reading, 'observation'> & {
      observation: Omit<Observation, 'flows'>;
      logs: { assessed: LogsAssessed; notes: readonly BlindSpot[] } | undefined;
    }
> {
  const [{ ZoneTable }, { thresholdsOf }, { FlowFolder }] = await Promise.all([
    import('./analysis/zones.ts'),
    import('./analysis/findings/thresholds.ts'),
    import('./analysis/flow-folder.ts'),
  ]);
  const zones = new ZoneTable(choices.zones);
  const thresholds = thresholdsOf(choices.thresholds);
  const seed = newSeed();
  const { where: text } = choices;
  // Compiled when addresses are at hand, but its modules are loaded before.
  const filters = text === undefined ? undefined : await import('./analysis/filter/filter.ts');
  const { captures, join, logs } = await logsAmong(inputs, choices, seed);
  const folder = new FlowFolder({
    ...(join === undefined ? {} : { seenBy: join.seenBy }),
    zones,
    thresholds,
    seed,
    dark: choices.dark ?? [],
    overTime: choices.slices !== undefined,
    ...(filters === undefined
      ? {}
      : { filterFor: (world) => filters.flowFilter(text!, { ...world, zones }) }),
  });
  const visitorOf = (names: Names, heard: Heard | null): FlowVisitor => {
    const visitor = folder.visitor(names, heard);
    return join === undefined ? visitor : join.noting(visitor);
  };
  const reading = await read(captures, choices, seed, visitorOf, folder.rows);
  const { flows, ...observation } = reading.observation;
  flows.visit(visitorOf(observation.names, observation.heard));
  if (join === undefined) {
    return { ...reading, observation, logs: undefined, ...folder.finish(), thresholds };
  }
  const { names, assessed, notes } = await join.add(
    logs,
    observation.names,
    (all) => folder.visitor(all, observation.heard),
    () => folder.traffics,
  );
  const sources = [
    ...(captures.length > 0 ? [join.captured(observation.decoder.frames)] : []),
    ...assessed.sources,
  ];
  return {
    ...reading,
    observation: { ...observation, names },
    logs: { assessed: { ...assessed, sources }, notes },
    ...folder.finish(),
    thresholds,
  };
}

/** Which inputs are logs, and what joins them to the captures; nothing where there are none. */
async function logsAmong(
  inputs: readonly string[],
  choices: AssessChoices,
  seed: number,
): Promise<{ captures: readonly string[]; logs: readonly string[]; join: LogJoin | undefined }> {
  if (choices.live !== undefined) return { captures: inputs, logs: [], join: undefined };
  const { sortInputs, LogJoin } = await import('./pipeline/assess-logs.ts');
  const { captures, logs } = await sortInputs(inputs, choices.logs);
  if (logs.length === 0) return { captures: inputs, logs, join: undefined };
  const { signal, maxFlows } = choices;
  const join = new LogJoin(
    {
      ...choices.logs,
      ...(signal === undefined ? {} : { signal }),
      ...(maxFlows === undefined ? {} : { maxFlows }),
    },
    seed,
  );
  return { captures, logs, join };
}

/** A flow with what came of it. */
export interface ListedFlow {
  readonly flow: Flow;
  /** How its server answered; null when it is not known to have. */
  readonly confirmed: 'handshake' | 'reply' | null;
  /** Whether each end is inside, by the built-in zones. */
  readonly clientInside: boolean;
  readonly serverInside: boolean;
  /** The protocol that payloads showed at the server's endpoint; null when they showed none. */
  readonly spoken: string | null;
}

export interface FlowListing extends CaptureSummary {
  /** Flows that were still in memory at the end, by the time of their first packet. */
  readonly listed: Iterable<ListedFlow>;
}

export interface ListChoices extends CaptureChoices {
  /** Words about the flows wanted; see analysis/filter/parse.ts. Checked by `checkFilter`. */
  readonly where?: string;
}

/**
 * Reads captures and lists their flows, or those that `where` means; those that leave memory early
 * go to `onEvicted`.
 */
export async function listFlows(
  inputs: readonly string[],
  choices: ListChoices,
  onEvicted: (listed: ListedFlow) => void,
): Promise<FlowListing> {
  const { FlowPicker } = await import('./analysis/flow-picker.ts');
  const { where } = choices;
  const filters = where === undefined ? undefined : await import('./analysis/filter/filter.ts');
  const pickerFor = (names: Names, heard: Heard | null) =>
    new FlowPicker(names, heard, (world) => filters?.flowFilter(where!, world));
  let early = 0;
  const { observation, reader, filtered, interrupted } = await read(
    inputs,
    choices,
    newSeed(),
    (names, heard) => {
      const picker = pickerFor(names, heard);
      return (...row) => {
        if (!picker.wants(...row)) return;
        early++;
        onEvicted(picker.list(...row));
      };
    },
  );
  const picker = pickerFor(observation.names, observation.heard);
  function* listed(): Generator<ListedFlow, void, undefined> {
    for (const row of observation.flows.inTimeOrder()) {
      if (picker.wants(...row)) yield picker.list(...row);
    }
  }
  const { captureNotes } = await import('./sources/pcap/capture-notes.ts');
  return {
    ...summaryOf(inputs, observation, reader, interrupted),
    flows: early + picker.count(observation.flows),
    ...(filtered === undefined ? {} : { passedOver: filtered.passedOver }),
    notes: [...captureNotes(reader), ...(filtered?.notes ?? [])],
    listed: listed(),
  };
}

interface Reading {
  readonly observation: Observation;
  readonly reader: CaptureReader;
  readonly filtered: FilteredSource | undefined;
  readonly interrupted: boolean;
}

/** Reads inputs to their end or until the signal; `visitor` gets flows that leave memory early. */
async function read(
  inputs: readonly string[],
  choices: CaptureChoices,
  seed: number,
  visitor: (names: Names, heard: Heard | null) => FlowVisitor,
  onRows?: (names: Names) => (rows: Int32Array, count: number) => void,
): Promise<Reading> {
  const [{ openCaptures, NoCaptures }, { observe }] = await Promise.all([
    import('./sources/pcap/capture-reader.ts'),
    import('./sources/flows/observe.ts'),
  ]);
  const { signal, onProgress, live } = choices;
  const reader = live ?? (inputs.length === 0 ? new NoCaptures() : await openCaptures(inputs));
  const stop = (): void => {
    // What a ring holds already is still read.
    if (live === undefined) void reader.close();
    else live.stop();
  };
  // A reader that waits for standard input is woken by closing it.
  signal?.addEventListener('abort', stop);
  const worker = await workerFor(reader.bytesTotal, choices.workers);
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

async function filteredSource(source: FrameSource, filter: Filter | undefined) {
  if (filter === undefined) return undefined;
  const { FilteredSource } = await import('./pipeline/filters.ts');
  return new FilteredSource(source, filter);
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
