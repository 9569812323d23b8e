/**
 * Logs as one stream of verdicts: files, folders, rotation sets, standard input; gzip and zstd.
 *
 * Lines stay octets from the file to the batch. Each line goes to the format that read the one
 * before it, then to the others, so that formats may be mixed in one file. A reader never throws
 * for what it reads: faults of inputs are located, lines that cannot be read are tallied.
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { NameTable } from '../../model/name-table.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import { isFlowExport } from '../flowlogs/flow-exports.ts';
import {
  type ByteSource,
  openFile,
  openStandardInput,
  PrefixedBytes,
} from '../pcap/byte-source.ts';
import { FaultList } from '../pcap/fault.ts';
import { GzipBytes } from '../pcap/gzip-bytes.ts';
import { readHead } from '../pcap/head.ts';
import { openFault, readFault } from '../pcap/input-faults.ts';
import { listInputs, type NamedInput } from '../pcap/inputs.ts';
import { describeStranger, recognise } from '../pcap/recognise.ts';
import { Window } from '../pcap/window.ts';
import { ZstdBytes } from '../pcap/zstd-bytes.ts';
import type { Copy } from './copies.ts';
import { FlowInputs, type Hearing, type InputFault } from './flow-inputs.ts';
import { type FollowedFile, NoticedBytes, openFollowed } from './follow.ts';
import { isJournalExport } from './journal.ts';
import { JsonRecords, recordDepth } from './json-records.ts';
import type { KernelLog } from './kernel-log.ts';
import { LineReader, type Numbering } from './line-reader.ts';
import type { LogTally } from './log-tally.ts';
import type { Mapping } from './mapping.ts';
import { NflogRows } from './nflog.ts';
import type { PrefixRule, PrefixVerdicts } from './prefix-verdicts.ts';
import { endsInReturns, ReturnBytes } from './return-bytes.ts';
import { inRotationOrder } from './rotation.ts';
import { Utf16Bytes, utf16Of } from './utf16-bytes.ts';

const MOST_FILES = 100_000;
const MOST_FAULTS = 1000;
const CHUNK_OCTETS = 256 * 1024;

export interface LogOptions {
  /** Verdicts of prefixes, for formats that have no other. */
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC; 0. */
  readonly offsetMs?: number;
  /** The present, for stamps of standard input that name no year; ms since 1970. */
  readonly nowMs: number;
  /** Stamps without a year are dated by the present, not by when their file was written. */
  readonly datedByNow?: boolean;
  /** Logs of somebody's own; they are tried before the formats known here. */
  readonly mappings?: readonly Mapping[];
  /** UDP ports of flow export in captures, beside the usual ones. */
  readonly flowPorts?: readonly number[];
  /** Mixed into hashes. */
  readonly seed: number;
  /** Goes on with the numbers of an earlier reading. */
  readonly numbering?: Numbering;
  /** What `-` reads; standard input. */
  readonly standardInput?: Readable;
  readonly signal?: AbortSignal;
  /** Called when the inputs are known, before the first is read. */
  readonly onListed?: (reader: LogReader) => void;
  readonly onProgress?: (reader: LogReader) => void;
  /**
   * Go on at the end of the last input, across rotation, until the signal. Called whenever all that
   * was written so far has been handed on.
   */
  readonly onWait?: () => void;
}

/** What is wrong with an input as a whole, or with the rest of it. */
export interface LogFault {
  readonly source: string;
  /** Lines read before it. */
  readonly lines: number;
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly do: string;
}

/** What was inferred for the stamps of one input. */
export interface ClockNote {
  readonly source: string;
  readonly withoutYear: number;
  readonly withoutZone: number;
}

/**
 * Batches are borrowed for the call. `read` once; what it found is complete when that is fulfilled.
 */
export class LogReader {
  /** Names of inputs by index, in the order in which they are read. */
  readonly inputs: string[] = [];
  readonly faults: LogFault[] = [];
  readonly skipped: { readonly source: string; readonly why: string }[] = [];
  readonly clocks: ClockNote[] = [];
  /** Lines read by each format. */
  readonly formats = new Map<string, number>();
  bytesRead = 0;
  bytesTotal: number | undefined = 0;
  private readonly options: LogOptions;
  private readonly lines: LineReader;
  private source: ByteSource | undefined;
  private followed: FollowedFile | undefined;
  /** The present input is the last one, which is followed if any is. */
  private isLast = false;
  /** What reads the kernel's packet log, and where it comes from. */
  packets: NflogRows | undefined;
  kernel: KernelLog | undefined;
  /** What reads flow export, once there was some. */
  flows: FlowInputs | undefined;

  /** @param onBatch takes rows of the batch before they are overwritten */
  constructor(options: LogOptions, onBatch: (batch: VerdictBatch) => void) {
    this.options = options;
    this.lines = new LineReader(options, onBatch, options.numbering);
  }

  get tally(): LogTally {
    return this.lines.tally;
  }

  get addresses(): AddressPool {
    return this.lines.addresses;
  }

  get names(): NameTable {
    return this.lines.names;
  }

  get prefixes(): PrefixVerdicts {
    return this.lines.prefixes;
  }

  /** Reads all inputs to their ends, or until the signal. */
  async read(names: readonly string[]): Promise<void> {
    const faults = new FaultList(MOST_FAULTS);
    const { inputs, skipped, bytesTotal } = await listInputs(names, MOST_FILES, faults);
    for (const { source, code, what, why, do: remedy } of faults.faults) {
      const empty = code === 'no-captures';
      this.faults.push({
        ...{ source, lines: 0, code: empty ? 'no-logs' : code },
        ...{ what: empty ? 'this folder holds no files' : what, why, do: remedy },
      });
    }
    this.skipped.push(...skipped);
    this.bytesTotal = bytesTotal;
    this.options.onListed?.(this);
    const ordered = inRotationOrder(inputs);
    const last = ordered.at(-1);
    const copies = await this.copiesAmong(ordered);
    for (const input of ordered) {
      const copy = copies.get(input);
      if (copy !== undefined) {
        this.passOver(input, copy);
        continue;
      }
      this.isLast = input === last;
      do {
        if (this.options.signal?.aborted) break;
        this.followed = undefined;
        await this.readInput(input);
      } while (this.wasRotated());
    }
    this.lines.flush();
    this.countFormats();
  }

  private async copiesAmong(inputs: NamedInput[]): Promise<ReadonlyMap<NamedInput, Copy>> {
    if (inputs.length < 2) return new Map();
    const { onWait, signal } = this.options;
    const { findCopies } = await import('./copies.ts');
    return findCopies(inputs, onWait === undefined ? undefined : inputs.at(-1), signal);
  }

  private passOver({ source }: NamedInput, { of, octets }: Copy): void {
    const again = of === source ? 'it is named twice' : `its contents are those of ${of}`;
    this.skipped.push({ source, why: `${again}: everything in it would count twice` });
    if (this.bytesTotal !== undefined) this.bytesTotal -= octets;
  }

  /** Takes flow export as it comes, until the signal; `name` is what locators begin with. */
  async listen(hearing: Hearing, name: string): Promise<void> {
    const { onProgress, signal } = this.options;
    this.inputs.push(name);
    this.bytesTotal = undefined;
    const onDatagram = (octets: number): void => {
      this.bytesRead += octets;
      onProgress?.(this);
    };
    await this.flowInputs().listen({ ...hearing, onDatagram }, name, signal);
    this.countFormats();
  }

  /** Takes packets that the kernel logs, until the signal or until there are so many. */
  async hear(kernel: KernelLog, name: string, most = Number.POSITIVE_INFINITY): Promise<void> {
    const { onProgress, onWait, signal } = this.options;
    const { lines, tally } = this;
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    lines.batch.inputIndex = this.inputs.push(name) - 1;
    this.bytesTotal = undefined;
    this.kernel = kernel;
    const rows = new NflogRows(lines, (index) => kernel.nameOf(index), name);
    this.packets = rows;
    const waiting = (): void => {
      lines.flush();
      this.countFormats();
      onProgress?.(this);
      onWait?.();
    };
    try {
      await kernel.run(
        (view, start, end) => {
          if (tally.read >= most) return;
          this.bytesRead += end - start;
          rows.read(view, start, end, Date.now());
          if (tally.read >= most) stop();
        },
        waiting,
        ending.signal,
      );
    } finally {
      signal?.removeEventListener('abort', stop);
      lines.flush();
      this.countFormats();
    }
  }

  private countFormats(): void {
    if (this.packets !== undefined) this.formats.set('nflog', this.tally.read);
    for (const [name, lines] of this.lines.formats()) this.formats.set(name, lines);
    for (const [name, lines] of this.flows?.formats ?? []) this.formats.set(name, lines);
  }

  private async readInput(input: NamedInput): Promise<void> {
    const { source: name } = input;
    const index = this.inputs.push(name) - 1;
    let source: ByteSource;
    let referenceMs = this.options.nowMs;
    const before = this.bytesRead;
    const linesBefore = this.tally.lines;
    try {
      if (name !== '-' && this.options.datedByNow !== true)
        referenceMs = (await stat(name)).mtimeMs;
      source = await this.open(name);
    } catch (error) {
      this.fault(name, 0, openFault(error as NodeJS.ErrnoException));
      return;
    }
    this.source = source;
    const stop = (): void => void source.close();
    this.options.signal?.addEventListener('abort', stop);
    try {
      const text = await this.unwrapped(input, source);
      if (text !== undefined) {
        this.lines.begin(index, name, referenceMs);
        await this.readLines(text, before);
        const { withoutYear, withoutZone } = this.lines.clock;
        if (withoutYear + withoutZone > 0) {
          this.clocks.push({ source: name, withoutYear, withoutZone });
        }
      }
    } catch (error) {
      if (!this.options.signal?.aborted) {
        this.fault(name, this.tally.lines - linesBefore, readFault(error as Error, 0));
      }
    }
    this.options.signal?.removeEventListener('abort', stop);
    this.bytesRead = Math.max(this.bytesRead, before + source.consumed);
    await this.source.close();
  }

  private async open(name: string): Promise<ByteSource> {
    const { onWait, standardInput } = this.options;
    if (onWait === undefined || !this.isLast) {
      return name === '-' ? openStandardInput(standardInput) : openFile(name);
    }
    const waiting = (): void => {
      this.lines.flush();
      this.lines.clock.advance(Date.now());
      this.countFormats();
      onWait();
    };
    if (name === '-') return new NoticedBytes(await openStandardInput(standardInput), waiting);
    if (!(await stat(name)).isFile()) return new NoticedBytes(await openFile(name), waiting);
    this.followed = await openFollowed(name, waiting);
    return this.followed;
  }

  private wasRotated(): boolean {
    return this.followed?.rotated === true;
  }

  private fault(
    source: string,
    lines: number,
    { code, what, why, do: remedy }: { code: string; what: string; why: string; do: string },
  ): void {
    this.faults.push({ source, lines, code, what, why, do: remedy });
  }

  /** The text within gzip or zstd, if it is; undefined for what is no text, which is said. */
  private async unwrapped(input: NamedInput, outer: ByteSource): Promise<ByteSource | undefined> {
    let source = outer;
    for (let layers = 0; ; layers++) {
      let head = await readHead(source);
      const atStart = head[0] !== 0;
      if (!atStart) head = await this.pastHole(head, source, input.source);
      const whole = new PrefixedBytes(head, source);
      this.source = whole;
      const form = recognise(head);
      if (layers === 0 && form === 'gzip') {
        const again = input.source === '-' ? undefined : () => this.open(input.source);
        source = new GzipBytes(whole, again);
      } else if (layers === 0 && form === 'zstd') source = new ZstdBytes(whole);
      else if (form === undefined && utf16Of(head) !== undefined) {
        source = new Utf16Bytes(whole, utf16Of(head)!);
      } else if (head.length === 0 || (form === undefined && isText(head))) {
        const depth = recordDepth(head);
        if (depth >= 0) return new JsonRecords(whole, depth);
        return endsInReturns(head) ? new ReturnBytes(whole) : whole;
      } else if (form === undefined && isFlowExport(head)) {
        await this.flowInputs().readFile(whole, input.source);
        return undefined;
      } else if (form === 'pcap' || form === 'pcapng') {
        await this.readCapture(input, whole);
        return undefined;
      } else {
        const stranger = describeStranger(head);
        const what = form === undefined ? stranger.what : `a ${form} file`;
        this.refuse(input, {
          code: 'not-a-log',
          what: `this is ${what}`,
          why: 'a log is lines of text, flow export or a capture of it, or such within gzip or zstd',
          do: stranger.do,
        });
        return undefined;
      }
      this.source = source;
    }
  }

  /**
   * What follows zeros at the begin: where a machine went down, they stand in place of what was
   * written last. The same head where there is nothing else, or where it may be flow export.
   */
  private async pastHole(head: Uint8Array, source: ByteSource, name: string): Promise<Uint8Array> {
    let rest = withoutZeros(head);
    if (rest.length > 0 && rest.length > head.length - LEAST_HOLE) return head;
    for (let passed = head.length; rest.length === 0 && passed < MOST_HOLE; ) {
      const more = await readHead(source);
      if (more.length === 0) return head;
      passed += more.length;
      rest = withoutZeros(more);
    }
    if (!isText(rest)) return head;
    this.lines.hole(`${name}:1`);
    return rest;
  }

  /** Says what is wrong with an input; in a folder it is passed over. */
  private refuse(input: NamedInput, fault: InputFault): void {
    if (input.folder === undefined) this.fault(input.source, 0, fault);
    else this.skipped.push({ source: input.source, why: fault.what });
  }

  private async readCapture(input: NamedInput, source: ByteSource): Promise<void> {
    const { signal } = this.options;
    const faults = await this.flowInputs().readCapture(source, input.source, signal);
    for (const fault of faults) this.refuse(input, fault);
  }

  private flowInputs(): FlowInputs {
    const { options } = this;
    const { batch, tally } = this.lines;
    this.flows ??= new FlowInputs(batch, tally, options.seed, options.flowPorts ?? []);
    batch.inputIndex = this.inputs.length - 1;
    return this.flows;
  }

  /** Reads all lines of the source, and ends the input. */
  private async readLines(source: ByteSource, before: number): Promise<void> {
    const { lines } = this;
    const { signal, onProgress } = this.options;
    const window = new Window(source, Math.min(CHUNK_OCTETS, source.most + 1));
    while (signal?.aborted !== true) {
      this.bytesRead = before + source.consumed;
      onProgress?.(this);
      await window.require(window.end - window.start + 1);
      const grown = window.end - window.start;
      window.start = lines.readLines(window.bytes, window.start, window.end);
      if (window.ended || grown === 0) break;
    }
    await window.settle();
    lines.end(window.bytes, window.start, window.end);
    if (window.error !== undefined && !signal?.aborted) throw window.error;
  }
}

/** Zeros at the begin that are no header, and those that are passed over to look for text. */
const LEAST_HOLE = 16;
const MOST_HOLE = 64 * 1024 * 1024;

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((octet) => octet !== 0);
  return first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first);
}

/** Text has few control octets. */
function isText(head: Uint8Array): boolean {
  // The journal's export format has lengths in binary between its lines of text.
  if (isJournalExport(head)) return true;
  let odd = 0;
  for (const octet of head) {
    if (octet < 0x20 && (octet < 0x09 || octet > 0x0d) && octet !== 0x1b) odd++;
  }
  return odd * 20 < head.length + 20;
}
