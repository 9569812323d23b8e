/** Captures in, what their ports were used for out. */
import type { AskedFrames } from '../analysis/asked-frames.ts';
import { blindSpots, untoldFindings } from '../analysis/blind-spots.ts';
import { Case } from '../analysis/findings/case.ts';
import type { Clues } from '../analysis/findings/clues.ts';
import { findings } from '../analysis/findings/find.ts';
import { type Thresholds, thresholdsOf } from '../analysis/findings/thresholds.ts';
import { FlowFolder } from '../analysis/flow-folder.ts';
import { hostRoles } from '../analysis/host-roles.ts';
import type { OverTime } from '../analysis/over-time.ts';
import { portUses, serviceUses, topConversations, topHosts } from '../analysis/port-use.ts';
import { remainderUses } from '../analysis/remainder.ts';
import { sizeBins } from '../analysis/size-bins.ts';
import { SpokenView } from '../analysis/spoken.ts';
import type { Traffic } from '../analysis/traffic.ts';
import { type ZoneRule, ZoneTable } from '../analysis/zones.ts';
import type { FlowVisitor } from '../flow/flow-set.ts';
import type { Names } from '../flow/flow-view.ts';
import type { Heard } from '../flow/heard.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { Finding } from '../model/finding.ts';
import type { HostRoles } from '../model/host-role.ts';
import type {
  ConversationUse,
  HostUse,
  PortUse,
  RemainderUse,
  ServiceUse,
  SizeBin,
  TimeSlice,
} from '../model/use.ts';
import { AddressPool } from '../net/address-pool.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Observation } from '../sources/flows/observe.ts';
import { letGo } from '../sources/flows/reclaim.ts';
import { captureNotes } from '../sources/pcap/capture-notes.ts';
import { isCapture } from '../sources/pcap/form.ts';
import type { LogChoices, LogJoin, LogsAssessed } from './assess-logs.ts';
import {
  type CaptureChoices,
  type CaptureSummary,
  filterNotes,
  newSeed,
  type Reading,
  read,
  summaryOf,
} from './reading.ts';

export type { ZoneRule };

export interface Assessment extends CaptureSummary {
  readonly hosts: number;
  readonly hostsEstimated: boolean;
  readonly ports: readonly PortUse[];
  /** In order of first flow; where not all were wanted, the ones with the most bytes first. */
  readonly services: readonly ServiceUse[];
  /** How many answered. */
  readonly serviceCount: number;
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
  /** Services wanted at most; without it all. */
  readonly services?: number;
  /** Words about flows; see analysis/filter/parse.ts. Checked by `checkFilter`. */
  readonly where?: string;
  /** Rows of the chart over time at most; without it there is none. */
  readonly slices?: number;
  /** How logs among the inputs are to be read. */
  readonly logs?: Omit<LogChoices, 'signal' | 'maxFlows'>;
}

/** Throws `FilterError` when the text is no filter over flows. */
export async function checkFilter(text: string, zones: readonly ZoneRule[] = []): Promise<void> {
  const { flowFilter } = await import('../analysis/filter/filter.ts');
  flowFilter(text, { addresses: new AddressPool(), zones: new ZoneTable(zones) });
}

/** Reads captures (`-` = standard input) and logs, and says what ports were used for. */
export async function assess(
  inputs: readonly string[],
  choices: AssessChoices,
): Promise<Assessment> {
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
  const filter = choices.filter !== undefined;
  const judged = findingsOf(folded, names, speech, decoder.frames, filter);
  return {
    ...(logs === undefined ? summary : withLogs(summary, logs.assessed)),
    passedOver: filtered?.passedOver ?? null,
    logs: logs?.assessed ?? null,
    flows: traffic.flows,
    hosts: view.hostCount,
    hostsEstimated: view.hosts.pruned > 0,
    ports: portUses(view, speech),
    services: serviceUses(view, names, speech, choices.services),
    serviceCount: view.services.table.count,
    conversations: topConversations(view, names, choices.top),
    conversationCount: view.conversations.count + view.conversations.pruned,
    conversationBytesMissing: view.conversations.missing,
    topHosts: topHosts(view, names, choices.top, speech, await vendors(speech)),
    remainder: remainderUses(traffic, decoder, logs?.assessed.packets),
    sizes: sizeBins(decoder.lengths),
    roles: hostRoles(traffic, names),
    findings: judged.findings,
    matchedFlows: view === traffic ? null : view.flows,
    overTime: folded.overTime?.slices(choices.slices ?? 1, folded.packetsOverTime) ?? null,
    notes: [
      ...captureNotes(reader),
      ...filterNotes(choices, filtered),
      ...blindSpots(traffic, state, view),
      ...judged.untold,
      ...(logs?.notes ?? []),
    ],
  };
}

/** The summary of captures with the time and the size of the logs beside. */
function withLogs<Summary extends ReturnType<typeof summaryOf>>(
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
  readonly asked: AskedFrames | undefined;
  readonly clues: Clues;
  readonly thresholds: Thresholds;
  readonly overTime: OverTime | undefined;
  /** Whether the packets of the chart are those of the flows asked for. */
  readonly packetsOverTime: boolean;
}

function findingsOf(
  { traffic, clues, thresholds, asked }: Folded,
  names: Names,
  speech: SpokenView,
  packets: number,
  filtered: boolean,
): { readonly findings: readonly Finding[]; readonly untold: readonly BlindSpot[] } {
  const seen = new Case(traffic, clues, names, thresholds, packets, speech, asked, filtered);
  return { findings: findings(seen), untold: untoldFindings(seen.untold) };
}

/** The registry of vendors, which is large, is loaded only where there is a MAC address to name. */
async function vendors(speech: SpokenView): Promise<(mac: string) => string | undefined> {
  if (speech.macs().size === 0) return () => undefined;
  return (await import('../catalog/vendors.ts')).vendorOf;
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
  const zones = new ZoneTable(choices.zones);
  const thresholds = thresholdsOf(choices.thresholds);
  const seed = newSeed();
  const { where: text } = choices;
  // Compiled when addresses are at hand, but its modules are loaded before.
  const filters = text === undefined ? undefined : await import('../analysis/filter/filter.ts');
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
  flows.drain(visitorOf(observation.names, observation.heard), letGo);
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
  const none = { captures: inputs, logs: [], join: undefined };
  if (choices.live !== undefined) return none;
  const files = inputs.filter((name) => name !== '-');
  const plain = await Promise.all(files.map(isCapture));
  // The readers of logs are loaded only where there is something for them.
  if (choices.logs?.flowPorts === undefined && !plain.includes(false)) return none;
  const { sortInputs, LogJoin } = await import('./assess-logs.ts');
  const { captures, logs } = await sortInputs(inputs, choices.logs);
  if (logs.length === 0) return none;
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
