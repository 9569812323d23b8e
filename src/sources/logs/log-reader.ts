/**
 * Logs as one stream of verdicts: files, folders, rotation sets, standard input; gzip and zstd.
 *
 * Lines stay octets from the file to the batch. Each line goes to the format that read the one
 * before it, then to the others, so that formats may be mixed in one file. A reader never throws
 * for what it reads: faults of inputs are located, lines that cannot be read are tallied.
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { NameTable } from '../../model/name-table.ts';
import { VerdictBatch } from '../../model/verdict-batch.ts';
import { AddressPool } from '../../net/address-pool.ts';
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
import { Clock } from './clock.ts';
import { FlowInputs, type Hearing, type InputFault } from './flow-inputs.ts';
import { type FollowedFile, NoticedBytes, openFollowed } from './follow.ts';
import { GAP, type Line, type LogFormat, OTHER, READ, SILENT } from './format.ts';
import { logFormats } from './formats.ts';
import { ENTRY, isJournalExport, Journal, NO_ENTRY } from './journal.ts';
import { JsonRecords, recordDepth } from './json-records.ts';
import { LogTally } from './log-tally.ts';
import { MappedLog } from './mapped-log.ts';
import type { Mapping } from './mapping.ts';
import { type PrefixRule, PrefixVerdicts } from './prefix-verdicts.ts';
import { inRotationOrder } from './rotation.ts';
import { Scan } from './scan.ts';
import { LineHead } from './syslog-header.ts';

const CHUNK_OCTETS = 256 * 1024;
const SLACK_OCTETS = 64;
/** Longer lines are counted as faults and passed over. */
const LONGEST_LINE = 1024 * 1024;
const MOST_FILES = 100_000;
const MOST_FAULTS = 1000;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

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
  /** What `-` reads; standard input. */
  readonly standardInput?: Readable;
  readonly signal?: AbortSignal;
  readonly onProgress?: (reader: LogReader) => void;
  /**
   * Go on at the end of the input, across rotation, until the signal. Called whenever all that was
   * written so far has been handed on. Only the first input is ever reached.
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

export class LogReader {
  readonly tally = new LogTally();
  readonly addresses: AddressPool;
  readonly names: NameTable;
  readonly prefixes: PrefixVerdicts;
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
  private readonly line: Line;
  private readonly batch: VerdictBatch;
  private list: LogFormat[] = [];
  /** The format that read the last line, and the number of its name. */
  private current = 0;
  private readonly readBy: number[] = [];
  private source: ByteSource | undefined;
  private followed: FollowedFile | undefined;
  /** Outcome of the line before. */
  private lastRead = OTHER;
  private device = 0;
  private journal = new Journal();
  /** What reads flow export, once there was some. */
  flows: FlowInputs | undefined;

  /** @param onBatch takes rows of the batch before they are overwritten */
  constructor(options: LogOptions, onBatch: (batch: VerdictBatch) => void) {
    this.options = options;
    this.addresses = new AddressPool(options.seed);
    this.names = new NameTable(options.seed);
    this.prefixes = new PrefixVerdicts(this.names, options.prefixes);
    this.batch = new VerdictBatch(this.addresses, this.names, onBatch);
    this.line = {
      scan: new Scan(this.addresses),
      head: new LineHead(),
      batch: this.batch,
      names: this.names,
      addresses: this.addresses,
      prefixes: this.prefixes,
      clock: new Clock(options.nowMs, options.offsetMs ?? 0),
      number: 0,
      input: 0,
      label: '',
      missed: Number.NaN,
    };
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
    for (const input of inRotationOrder(inputs)) {
      do {
        if (this.options.signal?.aborted) break;
        this.followed = undefined;
        await this.readInput(input);
      } while (this.wasRotated());
    }
    this.batch.flush();
    this.countFormats();
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

  private countFormats(): void {
    this.list.forEach(({ name }, index) => {
      const lines = this.readBy[index] ?? 0;
      if (lines > 0) this.formats.set(name, lines);
    });
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
        this.line.clock = new Clock(referenceMs, this.options.offsetMs ?? 0);
        await this.readLines(text, index, before);
        const { withoutYear, withoutZone } = this.line.clock;
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
    this.bytesRead = before + source.consumed;
    await this.source.close();
  }

  private async open(name: string): Promise<ByteSource> {
    const { onWait, standardInput } = this.options;
    if (onWait === undefined) {
      return name === '-' ? openStandardInput(standardInput) : openFile(name);
    }
    const waiting = (): void => {
      this.batch.flush();
      this.line.clock.advance(Date.now());
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
      const head = await readHead(source);
      const whole = new PrefixedBytes(head, source);
      this.source = whole;
      const form = recognise(head);
      if (layers === 0 && form === 'gzip') {
        const again = input.source === '-' ? undefined : () => this.open(input.source);
        source = new GzipBytes(whole, again);
      } else if (layers === 0 && form === 'zstd') source = new ZstdBytes(whole);
      else if (head.length === 0 || (form === undefined && isText(head))) {
        const depth = recordDepth(head);
        return depth < 0 ? whole : new JsonRecords(whole, depth);
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
    const { batch, tally, options } = this;
    this.flows ??= new FlowInputs(batch, tally, options.seed, options.flowPorts ?? []);
    batch.inputIndex = this.inputs.length - 1;
    return this.flows;
  }

  /** New readers of all formats: some keep what they learned from a file's first lines. */
  private newFormats(): LogFormat[] {
    const { mappings = [], offsetMs = 0 } = this.options;
    return [...mappings.map((mapping) => new MappedLog(mapping, offsetMs)), ...logFormats()];
  }

  private async readLines(source: ByteSource, input: number, before: number): Promise<void> {
    const { signal, onProgress } = this.options;
    // With room behind the last line, which readers that look ahead may touch.
    const window = new Window(source, Math.min(CHUNK_OCTETS, source.most + SLACK_OCTETS));
    this.list = this.newFormats();
    this.line.input = input;
    this.line.number = 0;
    this.batch.inputIndex = input;
    this.batch.formatName = this.formatName(this.current);
    this.lastRead = OTHER;
    this.journal = new Journal();
    let tooLong = false;
    while (!signal?.aborted) {
      this.bytesRead = before + source.consumed;
      onProgress?.(this);
      await window.require(window.end - window.start + 1);
      const grown = window.end - window.start;
      tooLong = this.completeLines(window, tooLong);
      if (window.ended) break;
      if (window.end - window.start > LONGEST_LINE) {
        if (!tooLong) this.tooLong(window);
        tooLong = true;
        window.start = window.end;
      } else if (grown === 0) break;
    }
    if (window.end > window.start && !tooLong) this.read1(window.bytes, window.start, window.end);
    if (this.journal.finish()) {
      // Its lines were counted as they came; it is read in the place of the last of them.
      this.tally.parts--;
      this.entry(this.journal.bytes, this.journal.messageStart, this.journal.end);
    }
    await window.settle();
    this.batch.flush();
    if (window.error !== undefined && !signal?.aborted) throw window.error;
  }

  /** Reads the lines that are whole; returns whether the present one is being passed over. */
  private completeLines(window: Window, passing: boolean): boolean {
    const { bytes, end } = window;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, end);
    let at = window.start;
    let skip = passing;
    for (;;) {
      const newline = buffer.indexOf(NEWLINE, at);
      if (newline < 0) break;
      if (skip) skip = false;
      else this.read1(bytes, at, newline);
      at = newline + 1;
    }
    window.start = at;
    return skip;
  }

  private tooLong(window: Window): void {
    const { line, tally } = this;
    line.number++;
    tally.lines++;
    const sample = window.bytes.subarray(window.start, window.end);
    const why = `it is longer than ${LONGEST_LINE} octets`;
    tally.unreadable('line-too-long', why, this.locator(), sample);
  }

  private locator(): string {
    return `${this.inputs[this.line.input]!}:${this.line.number}`;
  }

  /** One line, without its end. */
  private read1(bytes: Uint8Array, start: number, newline: number): void {
    const { line, tally } = this;
    line.number++;
    tally.lines++;
    let end = newline;
    if (end > start && bytes[end - 1] === RETURN) end--;
    const part = this.journal.take(bytes, start, end);
    if (part === ENTRY) this.entry(bytes, start, end);
    else if (part !== NO_ENTRY) tally.parts++;
    else if (end === start) tally.blank++;
    else this.plain(bytes, start, end);
  }

  /** A line that is a message with whatever header it has. */
  private plain(bytes: Uint8Array, start: number, end: number): void {
    const { line, batch } = this;
    const { scan, head } = line;
    scan.aim(bytes, start, end);
    batch.lineNumber = line.number;
    head.read(scan, line.clock);
    if (!head.sameHost) this.device = 0;
    if (head.onlyRepeats) this.repeat(bytes, start, end);
    else this.message(bytes, start, end);
  }

  /** An entry of the journal: the message in it, under the entry's own head. */
  private entry(bytes: Uint8Array, start: number, end: number): void {
    const { line, batch, journal } = this;
    const { scan, head } = line;
    scan.aim(journal.bytes, journal.messageStart, journal.end);
    batch.lineNumber = line.number;
    head.set(journal);
    this.device = 0;
    this.message(bytes, start, end);
  }

  private message(bytes: Uint8Array, start: number, end: number): void {
    const { line, batch, tally } = this;
    const { scan, head } = line;
    const first = batch.count;
    const outcome = this.dispatch(head.messageStart, scan.end);
    this.lastRead = outcome;
    if (outcome === READ) {
      tally.read++;
      // The batch may have been handed on meanwhile.
      this.stamp(batch.count > first ? first : 0);
    } else this.unread(outcome, bytes, start, end);
  }

  /** The present format first, then the others. */
  private dispatch(start: number, end: number): number {
    const { list, line, batch } = this;
    const { scan } = line;
    let outcome = list[this.current]!.read(line);
    if (outcome === OTHER) {
      for (let index = 0; index < list.length; index++) {
        if (index === this.current) continue;
        scan.at = start;
        scan.end = end;
        batch.formatName = this.formatName(index);
        outcome = list[index]!.read(line);
        if (outcome === OTHER) continue;
        this.current = index;
        break;
      }
      batch.formatName = this.formatName(this.current);
    }
    if (outcome === READ) this.readBy[this.current] = (this.readBy[this.current] ?? 0) + 1;
    return outcome;
  }

  /** Fills in what all rows of a line share. */
  private stamp(first: number): void {
    const { batch, line } = this;
    const { head } = line;
    const device = this.deviceOf();
    for (let row = first; row < batch.count; row++) {
      if (Number.isNaN(batch.timeMs[row]!)) batch.timeMs[row] = head.timeMs;
      if (batch.device[row] === 0) batch.device[row] = device;
      if (head.repeated > 1) multiply(batch, row, head.repeated);
    }
  }

  /** Number of the name of the host in the header; kept while lines have the same header. */
  private deviceOf(): number {
    const { head, scan, names } = this.line;
    if (head.hostEnd === head.hostStart) return 0;
    if (this.device === 0) {
      this.device = names.intern(scan.bytes, head.hostStart, head.hostEnd);
    }
    return this.device;
  }

  private readonly formatNames: number[] = [];
  private formatName(index: number): number {
    let number = this.formatNames[index];
    if (number === undefined) {
      number = this.names.internText(this.list[index]!.name);
      this.formatNames[index] = number;
    }
    return number;
  }

  /** The line before came again: its last verdict counts as often again. */
  private repeat(bytes: Uint8Array, start: number, end: number): void {
    const { batch, line, tally } = this;
    if (this.lastRead !== READ || batch.count === 0) {
      this.unread(OTHER, bytes, start, end);
      return;
    }
    tally.read++;
    const row = batch.restore(batch.save(batch.count - 1));
    multiply(batch, row, line.head.repeated / batch.events[row]!);
    if (!Number.isNaN(line.head.timeMs)) batch.timeMs[row] = line.head.timeMs;
  }

  private unread(outcome: number, bytes: Uint8Array, start: number, end: number): void {
    const { tally, line, names } = this;
    const { head } = line;
    const text = bytes.subarray(start, end);
    const name = this.list[this.current]!.name;
    if (outcome === SILENT) tally.silence(name, line.label, this.locator(), text);
    else if (outcome === GAP) tally.gap(name, line.label, line.missed, this.locator(), text);
    else if (outcome !== OTHER) tally.fault(name, outcome, this.locator(), text);
    else {
      const { scan } = line;
      const program = names.names[names.intern(scan.bytes, head.programStart, head.programEnd)]!;
      tally.other(program, this.locator(), text);
    }
  }
}

/** The line stands for this many equal ones. */
function multiply(batch: VerdictBatch, row: number, times: number): void {
  batch.events[row]! *= times;
  if (batch.packets[row]! > 0) batch.packets[row]! *= times;
  if (batch.bytes[row]! > 0) batch.bytes[row]! *= times;
}

/** Text has no NUL and few control octets. */
function isText(head: Uint8Array): boolean {
  // The journal's export format has lengths in binary between its lines of text.
  if (isJournalExport(head)) return true;
  let odd = 0;
  for (const octet of head) {
    if (octet === 0) return false;
    if (octet < 0x20 && (octet < 0x09 || octet > 0x0d) && octet !== 0x1b) odd++;
  }
  return odd * 20 < head.length + 20;
}
