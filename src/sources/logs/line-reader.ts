/**
 * Lines in, verdicts out: each line goes to the format that read the one before it, then to the
 * others, so that formats may be mixed in one file. Every line is tallied once, whatever it holds.
 */
import { NameTable } from '../../model/name-table.ts';
import { VerdictBatch } from '../../model/verdict-batch.ts';
import { AddressPool } from '../../net/address-pool.ts';
import { Clock } from './clock.ts';
import { BROKEN, Envelope, OPENED } from './envelope.ts';
import { CUT_OFF, GAP, type Line, type LogFormat, OTHER, PART, READ, SILENT } from './format.ts';
import { logFormats } from './formats.ts';
import { ENTRY, Journal, NO_ENTRY } from './journal.ts';
import { LogTally } from './log-tally.ts';
import { MappedLog } from './mapped-log.ts';
import type { Mapping } from './mapping.ts';
import { type PrefixRule, PrefixVerdicts } from './prefix-verdicts.ts';
import { Scan } from './scan.ts';
import { LineHead } from './syslog-header.ts';

/** Longer lines are counted as faults and passed over. */
export const LONGEST_LINE = 1024 * 1024;
/** Octets behind those at hand that may be looked at. */
const AHEAD = 256;
/** Lines that are read by themselves after one that was tried in vain, at most. */
const MOST_PATIENCE = 63;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const BRACE = 0x7b;

export interface LineOptions {
  /** Verdicts of prefixes, for formats that have no other. */
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC; 0. */
  readonly offsetMs?: number;
  /** Logs of somebody's own; they are tried before the formats known here. */
  readonly mappings?: readonly Mapping[];
  /** Mixed into hashes. */
  readonly seed: number;
}

/** What gives numbers to addresses and names: those of an earlier reading mean the same here. */
export interface Numbering {
  readonly addresses: AddressPool;
  readonly names: NameTable;
}

/**
 * One for all inputs of a reader, so that addresses and names have the same numbers in all of them.
 */
export class LineReader {
  tally = new LogTally();
  readonly addresses: AddressPool;
  readonly names: NameTable;
  readonly prefixes: PrefixVerdicts;
  readonly batch: VerdictBatch;
  /** Lines read by each format, by its place in the list. */
  readBy: number[] = [];
  private readonly options: LineOptions;
  private readonly line: Line;
  private list: LogFormat[] = [];
  private readonly formatNames: number[] = [];
  /** The format that read the last line. */
  private current = 0;
  /** Outcome of the line before. */
  private lastRead = OTHER;
  private device = 0;
  private journal = new Journal();
  private readonly envelope = new Envelope();
  /** The line under way is too long, and passed over. */
  private passing = false;
  private inputName = '';
  /** The line before was read, and had the header of the one before it. */
  private alike = false;
  /** Lines that are read by themselves before another run of lines is tried. */
  private patience = 0;
  private nextPatience = 0;

  /** @param onBatch takes rows of the batch before they are overwritten */
  constructor(options: LineOptions, onBatch: (batch: VerdictBatch) => void, numbering?: Numbering) {
    this.options = options;
    this.addresses = numbering?.addresses ?? new AddressPool(options.seed);
    this.names = numbering?.names ?? new NameTable(options.seed);
    this.prefixes = new PrefixVerdicts(this.names, options.prefixes);
    this.batch = new VerdictBatch(this.addresses, this.names, onBatch);
    this.line = {
      scan: new Scan(this.addresses),
      head: new LineHead(),
      batch: this.batch,
      names: this.names,
      addresses: this.addresses,
      prefixes: this.prefixes,
      clock: new Clock(0, options.offsetMs ?? 0),
      ...{ number: 0, unended: false, label: '', missed: Number.NaN },
    };
  }

  /** The format that read the last line, by its place in the list. */
  get format(): number {
    return this.current;
  }

  get clock(): Clock {
    return this.line.clock;
  }

  /**
   * Begins a new input.
   * @param index of the input, `name` what locators begin with
   * @param referenceMs when it was last written to, for stamps without a year
   * @param format the one tried first; the one that read the last line
   */
  begin(index: number, name: string, referenceMs: number, format = this.current): void {
    const { mappings = [], offsetMs = 0 } = this.options;
    // New ones: some keep what they learned from a file's first lines.
    this.list = [...mappings.map((mapping) => new MappedLog(mapping, offsetMs)), ...logFormats()];
    this.current = format;
    this.line.number = 0;
    this.line.clock = new Clock(referenceMs, offsetMs);
    this.inputName = name;
    this.batch.inputIndex = index;
    this.batch.formatName = this.formatName(this.current);
    this.lastRead = OTHER;
    this.journal = new Journal();
    this.passing = false;
    this.alike = false;
  }

  /** Reads the whole lines in `bytes[start, end)`; returns where the first cut one begins. */
  readLines(bytes: Uint8Array, start: number, end: number): number {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, end);
    // Cut lines are not tried: what stands behind them would surprise the compilers, too.
    const last = Math.min(buffer.lastIndexOf(NEWLINE) + 1, bytes.length - AHEAD);
    let at = start;
    for (;;) {
      if (this.alike && at < last) at = this.readRun(bytes, at, last);
      const newline = buffer.indexOf(NEWLINE, at);
      if (newline < 0) break;
      this.alike = false;
      if (this.passing) this.passing = false;
      else if (newline - at > LONGEST_LINE) this.tooLong(bytes, at, newline);
      else this.read1(bytes, at, newline);
      at = newline + 1;
    }
    if (end - at <= LONGEST_LINE) return at;
    if (!this.passing) this.tooLong(bytes, at, end);
    this.passing = true;
    this.alike = false;
    return end;
  }

  /**
   * Reads lines with the header of the one before for as long as the format is sure of them: their ends
   * are found by reading them. Returns where the first other line begins.
   * @param end behind the last newline
   */
  private readRun(bytes: Uint8Array, start: number, end: number): number {
    const format = this.list[this.current]!;
    if (format.readOn === undefined || this.patience-- > 0) return start;
    const { line, batch, tally } = this;
    const { scan, head, clock } = line;
    const device = this.deviceOf();
    const first = line.number;
    let at = start;
    scan.aim(bytes, at, end);
    while (at < end && head.passAlike(scan, clock)) {
      batch.lineNumber = line.number + 1;
      if (!format.readOn(line)) break;
      line.number++;
      head.countAlike(clock);
      const row = batch.count - 1;
      batch.timeMs[row] = head.timeMs;
      batch.device[row] = device;
      at = ++scan.at;
    }
    const lines = line.number - first;
    tally.lines += lines;
    tally.read += lines;
    this.readBy[this.current]! += lines;
    // Lines of another kind are not tried twice each.
    this.nextPatience = lines > 0 ? 0 : Math.min(MOST_PATIENCE, 2 * this.nextPatience + 1);
    this.patience = this.nextPatience;
    return at;
  }

  /** Reads what follows the last newline of the input, and ends it. */
  end(bytes: Uint8Array, start: number, end: number): void {
    this.line.unended = true;
    if (end > start && !this.passing) this.read1(bytes, start, end);
    this.line.unended = false;
    if (this.journal.finish()) {
      // Its lines were counted as they came; it is read in the place of the last of them.
      this.tally.parts--;
      this.entry(this.journal.bytes, this.journal.messageStart, this.journal.end);
    }
    this.finish();
    this.flush();
  }

  /** Takes what formats held back, whose lines were counted as parts. */
  private finish(): void {
    const { list, line, tally, batch } = this;
    list.forEach((format, index) => {
      if (format.finish === undefined) return;
      for (;;) {
        batch.formatName = this.formatName(index);
        const outcome = format.finish(line);
        if (outcome === OTHER) break;
        this.current = index;
        tally.parts--;
        if (outcome === READ) {
          tally.read++;
          this.readBy[index] = (this.readBy[index] ?? 0) + 1;
        } else this.unread(outcome, NOTHING, 0, 0);
      }
    });
  }

  flush(): void {
    this.batch.flush();
  }

  /** Lines read by each format, those without any left out. */
  formats(): [name: string, lines: number][] {
    return this.list.flatMap(({ name }, index) =>
      (this.readBy[index] ?? 0) > 0 ? [[name, this.readBy[index]!] as [string, number]] : [],
    );
  }

  private tooLong(bytes: Uint8Array, start: number, end: number): void {
    const { line, tally } = this;
    line.number++;
    tally.lines++;
    const why = `it is longer than ${LONGEST_LINE} octets`;
    tally.unreadable('line-too-long', why, this.locator(), bytes.subarray(start, end));
  }

  private locator(): string {
    return `${this.inputName}:${this.line.number}`;
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

  /** Zeros stand where text was: the machine went down before it was written. */
  hole(locator: string): void {
    const { tally } = this;
    tally.lines++;
    tally.unreadable('zeros', HOLE_REASON, locator, NOTHING);
  }

  /** Where a line's text begins: behind zeros, or the mark that a file of UTF-8 may begin with. */
  private textStart(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.line.number === 1 && isMark(bytes, at)) return Math.min(at + 3, end);
    while (at < end && bytes[at] === 0) at++;
    if (at > start) this.hole(this.locator());
    return at;
  }

  /** A line that is a message with whatever header it has. */
  private plain(bytes: Uint8Array, from: number, end: number): void {
    const odd = bytes[from] === 0 || (bytes[from] === 0xef && this.line.number === 1);
    const start = odd ? this.textStart(bytes, from, end) : from;
    // Zeros alone are counted already.
    if (start === end) {
      this.tally.lines--;
      return;
    }
    const { line, batch } = this;
    const { scan, head } = line;
    if (bytes[start] === BRACE || bytes[start] === SPACE) {
      const found = this.envelope.open(bytes, start, end, line.clock);
      if (found === OPENED) return this.enveloped(bytes, start, end);
      if (found === BROKEN) {
        const text = bytes.subarray(start, end);
        return this.tally.unreadable('cut-off', BROKEN_REASON, this.locator(), text);
      }
    }
    scan.aim(bytes, start, end);
    batch.lineNumber = line.number;
    head.read(scan, line.clock);
    if (!head.sameHost) this.device = 0;
    if (head.onlyRepeats) this.repeat(bytes, start, end);
    else this.message(bytes, start, end);
    this.alike = head.sameHost && head.repeated === 1 && this.lastRead === READ;
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

  /** A line in a JSON object: with its own header, or what the object says. */
  private enveloped(bytes: Uint8Array, start: number, end: number): void {
    const { line, batch, envelope } = this;
    const { scan, head } = line;
    scan.aim(envelope.bytes, envelope.messageStart, envelope.end);
    batch.lineNumber = line.number;
    head.read(scan, line.clock);
    head.lack(envelope);
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
    const { list, line, batch, current } = this;
    const { count } = batch;
    const { hostEnd } = line.head;
    let outcome = list[current]!.read(line);
    if (outcome === OTHER || this.isDoubtful(current, outcome, count)) {
      line.head.hostEnd = hostEnd;
      outcome = this.tryOthers(start, end, outcome);
      batch.formatName = this.formatName(this.current);
    }
    if (outcome === READ) this.readBy[this.current] = (this.readBy[this.current] ?? 0) + 1;
    return outcome;
  }

  /** @param doubted what the present format made of the line, if anything */
  private tryOthers(start: number, end: number, doubted: number): number {
    const { list, line, batch, current } = this;
    const { scan, head } = line;
    const { hostEnd } = head;
    let kept = doubted;
    for (let index = 0; index < list.length; index++) {
      if (index === current) continue;
      scan.at = start;
      scan.end = end;
      batch.formatName = this.formatName(index);
      const { count } = batch;
      const outcome = list[index]!.read(line);
      if (outcome === OTHER) continue;
      if (!this.isDoubtful(index, outcome, count)) {
        this.current = index;
        return outcome;
      }
      head.hostEnd = hostEnd;
      if (kept === OTHER) {
        kept = outcome;
        this.current = index;
      }
    }
    return kept;
  }

  /** Whether another format may know a line of which this one says that it cannot be read. */
  private isDoubtful(index: number, outcome: number, count: number): boolean {
    const isFault = outcome >= CUT_OFF && outcome !== PART;
    return isFault && this.list[index]!.inColumns === true && this.batch.count === count;
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
    const last = this.lastRead === READ ? batch.last() : undefined;
    if (last === undefined) {
      this.unread(OTHER, bytes, start, end);
      return;
    }
    tally.read++;
    const row = batch.restore(last);
    if (batch.events[row]! > 0) multiply(batch, row, line.head.repeated / batch.events[row]!);
    if (!Number.isNaN(line.head.timeMs)) batch.timeMs[row] = line.head.timeMs;
  }

  private unread(outcome: number, bytes: Uint8Array, start: number, end: number): void {
    const { tally, line, names } = this;
    const { head } = line;
    const text = bytes.subarray(start, end);
    const name = this.list[this.current]!.name;
    if (outcome === PART) tally.parts++;
    else if (outcome === SILENT) tally.silence(name, line.label, this.locator(), text);
    else if (outcome === GAP) tally.gap(name, line.label, line.missed, this.locator(), text);
    else if (outcome !== OTHER) tally.fault(name, outcome, this.locator(), text);
    else {
      const { scan } = line;
      const program = names.names[names.intern(scan.bytes, head.programStart, head.programEnd)]!;
      tally.other(program, this.locator(), text);
    }
  }
}

const HOLE_REASON =
  'zeros stand where text was: the machine went down before what it wrote last was kept';
const BROKEN_REASON = 'the object around the line is not whole';
const NOTHING = new Uint8Array(0);

/** U+FEFF in UTF-8. */
function isMark(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/** The line stands for this many equal ones. */
function multiply(batch: VerdictBatch, row: number, times: number): void {
  batch.events[row]! *= times;
  if (batch.packets[row]! > 0) batch.packets[row]! *= times;
  if (batch.bytes[row]! > 0) batch.bytes[row]! *= times;
}
