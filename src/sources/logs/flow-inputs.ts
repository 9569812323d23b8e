/**
 * Inputs that are no text: files of flow export datagrams, and captures in which such are. Each
 * record counts as a line of the log; what is said of a datagram as a whole counts as one too.
 */
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { CaptureInterface } from '../../wire/frame-batch.ts';
import { CapturedExports, FLOW_PORTS } from '../flowlogs/captured-exports.ts';
import { CUT_SHORT, FlowExports, NO_EXPORT } from '../flowlogs/flow-exports.ts';
import type { FlowListener } from '../flowlogs/flow-listener.ts';
import type { ByteSource } from '../pcap/byte-source.ts';
import { CaptureInput } from '../pcap/capture-input.ts';
import type { FaultDetails } from '../pcap/fault.ts';
import { limitsOf } from '../pcap/limits.ts';
import type { LogTally } from './log-tally.ts';

/** Octets read at a time, and of a whole file of datagrams. */
const CHUNK_OCTETS = 256 * 1024;
const LONGEST_FILE = 64 * 1024 * 1024;
const MOST_INTERFACES = 65_535;
const NOTHING = new Uint8Array(0);

/** Octets of a datagram that is no export, as a sample. */
const SHOWN = 16;

/** A listener, and how long to listen to it. */
export interface Hearing {
  readonly listener: FlowListener;
  /** Stops after so many records. */
  readonly mostRecords?: number;
  readonly onDatagram?: (octets: number) => void;
}

/** What is wrong with an input, as people are told. */
export type InputFault = Pick<FaultDetails, 'what' | 'why' | 'do'> & { readonly code: string };

/** One collector for all inputs of a reader, so that templates of one serve the others. */
export class FlowInputs {
  readonly exports: FlowExports;
  /** What was listened to. */
  listener: FlowListener | undefined;
  private readonly batch: VerdictBatch;
  private readonly tally: LogTally;
  private readonly ports: readonly number[];
  private readonly seed: number;
  /** In a file a record's number is its place, in a capture the frame's. */
  private byFrame = false;

  /** @param ports of UDP that are looked at in captures, beside the usual ones */
  constructor(batch: VerdictBatch, tally: LogTally, seed: number, ports: readonly number[]) {
    this.batch = batch;
    this.tally = tally;
    this.seed = seed;
    this.ports = [...FLOW_PORTS, ...ports];
    this.exports = new FlowExports(batch, seed, () => {
      tally.lines++;
      tally.read++;
      if (!this.byFrame) batch.lineNumber++;
    });
  }

  /** Records read so far, by format. */
  get formats(): readonly (readonly [name: string, lines: number])[] {
    const { netflow, sflow } = this.exports;
    const all = [['netflow', netflow.flows] as const, ['sflow', sflow.samples] as const];
    return all.filter(([, lines]) => lines > 0);
  }

  /** Reads datagrams that follow each other. */
  async readFile(source: ByteSource, name: string): Promise<void> {
    const { batch, exports } = this;
    const bytes = await wholeOf(source);
    this.byFrame = false;
    batch.lineNumber = 0;
    const cut = exports.truncated;
    const rest = bytes.length - exports.takeAll(bytes);
    batch.flush();
    if (exports.truncated > cut || rest > 0) this.cutOff(`${name}:${batch.lineNumber}`);
  }

  /** Looks for flow export in a capture. Returns what is wrong with it. */
  async readCapture(
    source: ByteSource,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<readonly InputFault[]> {
    const { batch } = this;
    const faults: InputFault[] = [];
    const input = captureInput(source, name, (fault) => faults.push(fault));
    this.byFrame = true;
    const found = new CapturedExports(
      {
        exports: this.exports,
        frame: (number) => {
          batch.lineNumber = number;
        },
        stranger: (bytes) => this.stranger(name, bytes),
        cut: () => this.cutOff(`${name}:${batch.lineNumber}`),
      },
      this.ports,
      this.seed,
    );
    while (!signal?.aborted) {
      const frames = await input.next();
      if (frames === undefined) break;
      found.add(frames, input.interfaces);
    }
    await input.close();
    batch.flush();
    if (found.datagrams > 0 || faults.length > 0 || signal?.aborted) return faults;
    return [
      {
        code: 'no-flow-export',
        what: `this capture holds no flow export (${found.frames} frames)`,
        why: `NetFlow, IPFIX and sFlow are looked for on UDP ports ${this.ports.join(', ')}`,
        do: 'portreeve assess reads its packets; --flow-port names another port',
      },
    ];
  }

  /** Takes datagrams as they come, until the signal or until there are so many records. */
  async listen(hearing: Hearing, name: string, signal: AbortSignal | undefined): Promise<void> {
    const { batch, tally, exports } = this;
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    const most = tally.read + (hearing.mostRecords ?? Number.POSITIVE_INFINITY);
    this.byFrame = true;
    this.listener = hearing.listener;
    batch.lineNumber = 0;
    try {
      await hearing.listener.run((bytes, exporter, timeMs) => {
        if (tally.read >= most) return;
        batch.lineNumber++;
        hearing.onDatagram?.(bytes.length);
        const outcome = exports.take(bytes, exporter, timeMs);
        if (outcome === NO_EXPORT) this.stranger(name, bytes);
        else if (outcome === CUT_SHORT) this.cutOff(`${name}:${batch.lineNumber}`);
        if (tally.read >= most) stop();
      }, controller.signal);
    } finally {
      signal?.removeEventListener('abort', stop);
      batch.flush();
    }
  }

  private stranger(name: string, bytes: Uint8Array): void {
    this.tally.lines++;
    this.tally.other(
      'no flow export',
      `${name}:${this.batch.lineNumber}`,
      bytes.subarray(0, SHOWN),
    );
  }

  private cutOff(locator: string): void {
    this.tally.lines++;
    this.tally.unreadable('cut-off', 'a datagram ends before it should', locator, NOTHING);
  }
}

/** A capture read from a source that is open, and may be looked at already. */
export function captureInput(
  source: ByteSource,
  name: string,
  onFault: (fault: FaultDetails) => void,
): CaptureInput & { readonly interfaces: readonly CaptureInterface[] } {
  const interfaces: CaptureInterface[] = [];
  const input = new CaptureInput({
    largestRecord: limitsOf({}).largestRecord,
    repeatable: false,
    open: () => Promise.resolve(source),
    chunkOctets: () => CHUNK_OCTETS,
    addInterface: (entry) =>
      interfaces.length < MOST_INTERFACES ? interfaces.push({ source: name, ...entry }) - 1 : -1,
    statistics: () => ({}),
    passOver: () => {},
    fault: (_, fault) => onFault(fault),
  });
  return Object.assign(input, { interfaces });
}

/** All octets of a source, up to a limit. */
async function wholeOf(source: ByteSource): Promise<Uint8Array> {
  let bytes = new Uint8Array(CHUNK_OCTETS);
  let length = 0;
  for (;;) {
    if (length === bytes.length) {
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes);
      bytes = larger;
    }
    const count = await source.read(bytes, length, bytes.length - length);
    length += count;
    if (count === 0 || length >= LONGEST_FILE) return bytes.subarray(0, length);
  }
}
