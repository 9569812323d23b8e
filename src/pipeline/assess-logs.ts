/**
 * Logs beside captures, for one table of ports: each format is a source of its own. A flow that
 * several sources saw counts once, where it was seen best: in captures, then in records of whole
 * connections, then in records of one way, then in what firewalls logged.
 */
import { FlowIndex } from '../analysis/flow-index.ts';
import { SeenBy, type Traffic } from '../analysis/traffic.ts';
import { DirectionLadder } from '../flow/direction.ts';
import {
  F_OCTETS_A,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_INTERFACE,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_PACKETS_A,
  R_PACKETS_B,
} from '../flow/flow-row.ts';
import { FlowSet, type FlowVisitor } from '../flow/flow-set.ts';
import { milliseconds, type Names } from '../flow/flow-view.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import { LogFlows } from '../sources/flows/log-flows.ts';
import { logNotes } from '../sources/logs/log-notes.ts';
import { isLog, type ProbeChoices } from '../sources/logs/log-probe.ts';
import { type LogFault, LogReader } from '../sources/logs/log-reader.ts';
import type { Mapping } from '../sources/logs/mapping.ts';
import type { PrefixRule } from '../sources/logs/prefix-verdicts.ts';

export const CAPTURE = 'capture';
/** The best first; what is not named here follows. */
const RANKS: readonly string[] = ['zeek', 'suricata', 'netflow', 'nfdump', 'sflow', 'conntrack'];
/** What each source cannot say of a port. */
const WHOLE = 'packets and bytes of both ways; no payloads';
const LIMITS: Readonly<Record<string, string>> = {
  [CAPTURE]: 'everything, payloads too',
  zeek: WHOLE,
  suricata: `${WHOLE}; bytes with link headers`,
  netflow: 'each way by itself; who serves by flags, times and ports; no payloads',
  nfdump: 'each way by itself; who serves by flags, times and ports; no payloads',
  sflow: 'estimates from samples; no answer is no proof of silence',
  conntrack: 'connections in being; counters only where the kernel keeps them',
};
const LINES = 'what was logged; whether anything answered only where bytes of both ways stand';

export interface LogChoices {
  readonly mappings?: readonly Mapping[];
  readonly prefixes?: readonly PrefixRule[];
  readonly offsetMs?: number;
  /** UDP ports of flow export: captures that hold such are logs. */
  readonly flowPorts?: readonly number[];
  readonly signal?: AbortSignal;
  readonly maxFlows?: number;
}

/** What one source saw. */
export interface SourceUse {
  /** `capture`, or the name of a log format. */
  readonly source: string;
  /** Frames of captures, records or lines of logs. */
  readonly records: number;
  /** Flows that count, and their packets and bytes. */
  readonly flows: number;
  readonly packets: number;
  readonly bytes: number;
  /** Flows that a better source saw too: they count there. */
  readonly alsoSeen: number;
  /** Records without addresses or protocol. */
  readonly unplaced: number;
  /** What it can tell of a port, and what not. */
  readonly tells: string;
}

/** What logs added to an assessment. */
export interface LogsAssessed {
  readonly inputs: readonly string[];
  readonly lines: number;
  readonly linesRead: number;
  readonly inputBytes: number;
  readonly sources: readonly SourceUse[];
  /** Packets of flows that count: they lie in no frame. */
  readonly packets: number;
  readonly faults: readonly LogFault[];
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

/** Which inputs are logs; folders, standard input and what is not known are left to captures. */
export async function sortInputs(
  inputs: readonly string[],
  choices: ProbeChoices = {},
): Promise<{ captures: string[]; logs: string[] }> {
  const captures: string[] = [];
  const logs: string[] = [];
  for (const name of inputs) {
    const log = name !== '-' && (await isLog(name, choices));
    (log ? logs : captures).push(name);
  }
  return { captures, logs };
}

const MOST_FLOWS = 2_000_000;

/** Counts flows of captures while they are folded, then adds those of logs. */
export class LogJoin {
  readonly kinds: string[] = [CAPTURE];
  private readonly index: FlowIndex;
  private readonly sums: Sum[] = [newSum()];
  private readonly seed: number;
  private readonly choices: LogChoices;
  /** Index of the first interface of logs, and the kind of each. */
  private first = Number.POSITIVE_INFINITY;
  private kindOf: readonly number[] = [];
  private firstMs = Number.POSITIVE_INFINITY;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(choices: LogChoices, seed: number) {
    this.choices = choices;
    this.seed = seed;
    this.index = new FlowIndex(choices.maxFlows ?? MOST_FLOWS, seed);
  }

  /** For the tables: what each kind of source saw. */
  readonly seenBy = (): SeenBy => new SeenBy(this.kinds, (at) => this.kindAt(at), this.seed);

  /** A visitor that notes flows of captures before `visitor` takes them. */
  noting(visitor: FlowVisitor): FlowVisitor {
    return (chunk, base, decision, extensions) => {
      this.index.add(chunk.words, base);
      this.count(0, chunk, base);
      visitor(chunk, base, decision, extensions);
    };
  }

  /**
   * Reads logs and gives their flows to `visitor`; those that are known already to `traffic` as
   * seen once more. Returns what was read, and names that rows of logs refer to.
   */
  async add(
    logs: readonly string[],
    names: Names,
    visitorFor: (names: Names) => FlowVisitor,
    traffic: () => readonly Traffic[],
  ): Promise<{ assessed: LogsAssessed; names: Names; notes: BlindSpot[] }> {
    const { choices, seed } = this;
    const inputs: string[] = [];
    this.first = names.interfaces.length;
    const most = choices.maxFlows ?? MOST_FLOWS;
    const flows = new LogFlows(this.first, names.addresses, inputs, most, seed);
    const reader = new LogReader(optionsOf(choices, seed), (batch) => {
      // Inputs are named as they are read.
      inputs.splice(0, inputs.length, ...reader.inputs);
      flows.add(batch);
    });
    await reader.read(logs);
    this.kindOf = flows.kindOf.map((kind) => kind + 1);
    this.kinds.push(...flows.kinds.map(({ name }) => name));
    this.sums.push(...flows.kinds.map(newSum));
    const all = { ...names, interfaces: [...names.interfaces, ...flows.interfaces] };
    this.visit(flows, visitorFor(all), traffic);
    const sources = flows.kinds.map(({ name, records, unplaced }, kind): SourceUse => {
      const tells = LIMITS[name] ?? LINES;
      return { source: name, records, ...this.sums[kind + 1]!, unplaced, tells };
    });
    return {
      names: all,
      notes: [...logNotes(reader), ...joinNotes(flows, this.index, sources)],
      assessed: {
        inputs: logs,
        lines: reader.tally.lines,
        linesRead: reader.tally.read,
        inputBytes: reader.bytesRead,
        sources,
        packets: sources.reduce((sum, { packets }) => sum + packets, 0),
        faults: reader.faults,
        firstMs: this.firstMs === Number.POSITIVE_INFINITY ? null : this.firstMs,
        lastMs: this.lastMs === Number.NEGATIVE_INFINITY ? null : this.lastMs,
      },
    };
  }

  /** What captures saw. */
  captured(frames: number): SourceUse {
    return {
      source: CAPTURE,
      records: frames,
      ...this.sums[0]!,
      unplaced: 0,
      tells: LIMITS[CAPTURE]!,
    };
  }

  private visit(flows: LogFlows, visitor: FlowVisitor, traffic: () => readonly Traffic[]): void {
    const part = flows.rows.finish();
    const set = new FlowSet([part], new DirectionLadder(undefined, this.seed));
    const order = flows.kinds
      .map((_, kind) => kind)
      .sort((left, right) => {
        return rankOf(flows.kinds[left]!.name) - rankOf(flows.kinds[right]!.name) || left - right;
      });
    for (const kind of order) {
      const taken: FlowVisitor = (chunk, base, decision, extensions) => {
        if (this.kindAt(chunk.words[base + R_INTERFACE]! & 0xffff) !== kind + 1) return;
        if (this.index.has(chunk.words, base)) {
          this.sums[kind + 1]!.alsoSeen++;
          for (const each of traffic()) each.addRepeated(chunk, base, decision, extensions);
          return;
        }
        this.count(kind + 1, chunk, base);
        visitor(chunk, base, decision, extensions);
      };
      set.visit(taken);
      // Flows of one kind do not repeat each other: a connection may be opened twice.
      set.visit((chunk, base) => {
        if (this.kindAt(chunk.words[base + R_INTERFACE]! & 0xffff) === kind + 1) {
          this.index.add(chunk.words, base);
        }
      });
    }
  }

  private count(kind: number, chunk: Parameters<FlowVisitor>[0], base: number): void {
    const { words, floats } = chunk;
    const octets = (base >>> 1) + F_OCTETS_A;
    const sum = this.sums[kind]!;
    sum.flows++;
    sum.packets += (words[base + R_PACKETS_A]! >>> 0) + (words[base + R_PACKETS_B]! >>> 0);
    sum.bytes += floats[octets]! + floats[octets + 1]!;
    if (kind === 0) return;
    const firstMs = milliseconds(
      words[base + R_FIRST_SECONDS]!,
      words[base + R_FIRST_NANOSECONDS]!,
    );
    const lastMs = milliseconds(words[base + R_LAST_SECONDS]!, words[base + R_LAST_NANOSECONDS]!);
    if (firstMs > 0 && firstMs < this.firstMs) this.firstMs = firstMs;
    if (lastMs > this.lastMs && lastMs > 0) this.lastMs = lastMs;
  }

  private kindAt(interfaceIndex: number): number {
    return interfaceIndex < this.first ? 0 : this.kindOf[interfaceIndex - this.first]!;
  }
}

interface Sum {
  flows: number;
  packets: number;
  bytes: number;
  alsoSeen: number;
}

function newSum(): Sum {
  return { flows: 0, packets: 0, bytes: 0, alsoSeen: 0 };
}

function rankOf(name: string): number {
  const rank = RANKS.indexOf(name);
  return rank < 0 ? RANKS.length : rank;
}

function optionsOf(choices: LogChoices, seed: number) {
  const { mappings, prefixes, offsetMs, flowPorts, signal } = choices;
  return {
    ...{ seed, nowMs: Date.now() },
    ...(mappings === undefined ? {} : { mappings }),
    ...(prefixes === undefined ? {} : { prefixes }),
    ...(offsetMs === undefined ? {} : { offsetMs }),
    ...(flowPorts === undefined ? {} : { flowPorts }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function joinNotes(flows: LogFlows, index: FlowIndex, sources: readonly SourceUse[]): BlindSpot[] {
  const notes: BlindSpot[] = [];
  const unplaced = sources.reduce((sum, source) => sum + source.unplaced, 0);
  if (unplaced > 0) {
    notes.push({
      id: 'records-unplaced',
      what: `${unplaced} records of logs`,
      because: 'they have no addresses or no protocol, and are in no table here',
      remedy: 'portreeve audit reads them',
      missing: true,
    });
  }
  if (flows.rows.lost > 0 || index.lost > 0) {
    notes.push({
      id: 'log-flows-full',
      what: `${flows.rows.lost} records of logs, and whether ${index.lost} flows were seen twice`,
      because: 'there are more flows than are kept',
      remedy: '--max-flows keeps more',
      missing: true,
    });
  }
  return notes;
}
