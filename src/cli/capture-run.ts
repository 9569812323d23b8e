/** One run of `portreeve capture`: opens what is read, prints or writes, and sums up. */
import {
  type CaptureReader,
  captureNotes,
  FileWriter,
  type FrameBatch,
  type FrameSource,
  LineOutput,
  openCaptures,
  type PrinterOptions,
  portNames,
} from '../pipeline/capture.ts';
import { type Filter, FilteredSource, readFilterFile } from '../pipeline/filters.ts';
import { interfaceNames, type LiveCapture, type LiveCounts } from '../pipeline/live.ts';
import { printable } from '../report/escape.ts';
import { count, counted } from '../report/numbers.ts';
import { terminalAbility } from '../report/terminal.ts';
import { renderProblem } from '../report/text.ts';
import type { CaptureCommandOptions, Repeats } from './capture.ts';
import { listDevices } from './capture-devices.ts';
import { DONE, INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { filterFailure, filterOf } from './filter-option.ts';
import { onInterrupt } from './interruptible.ts';
import { namesOf, openLive, readLive } from './open-interfaces.ts';
import { PostRotate } from './post-rotate.ts';
import { writeFailure } from './write-failure.ts';

/**
 * For one run, from file or network. Files and interfaces that it opens it closes, also when it
 * throws.
 */
export class CaptureRun {
  private readonly text: string;
  private readonly options: CaptureCommandOptions;
  private readonly repeats: Repeats;
  private left: number;
  private stopped = false;
  private printed = 0;
  private lines: LineOutput | undefined;
  private writer: FileWriter | undefined;
  private readonly after: PostRotate | undefined;

  constructor(filter: readonly string[], options: CaptureCommandOptions, repeats: Repeats) {
    const fromFile = options.F === undefined ? '' : readFilterFile(options.F);
    this.text = filter.length > 0 ? filter.join(' ') : fromFile;
    this.options = options;
    this.repeats = repeats;
    this.left = options.c ?? Number.POSITIVE_INFINITY;
    this.after = options.z === undefined ? undefined : new PostRotate(options.z);
  }

  async run(): Promise<void> {
    if (this.options.D) return listDevices(this.options.engine);
    const { r: files } = this.options;
    if (files !== undefined && this.options.i !== undefined) {
      throw new Failure(USAGE, {
        what: 'files and interfaces cannot be captured from together',
        ways: ['leave out -r or -i'],
      });
    }
    if (files === undefined && this.options.frames !== undefined) {
      throw new Failure(USAGE, {
        what: '--frames picks from a file, and there is none',
        ways: ['name one: -r FILE', 'filter what passes by an expression instead'],
      });
    }
    refuseRotation(this.options);
    const filter = await filterOf(this.text, files === undefined ? namesOf(this.options) : []);
    try {
      if (files === undefined) await this.runLive(filter);
      else await this.runFiles(files, filter);
    } finally {
      await this.after?.finished();
    }
  }

  private async runFiles(files: readonly string[], filter: Filter | undefined): Promise<void> {
    const reader = await openCaptures(files);
    const source = filter === undefined ? reader : new FilteredSource(reader, filter);
    this.prepareOutput(undefined);
    if (this.lines !== undefined) this.lines = new LineOutput(await this.printerOptions(), false);
    const stop = (): void => {
      this.stopped = true;
      void reader.close();
    };
    for (const signal of SIGNALS) process.once(signal, stop);
    try {
      await this.read(source);
    } catch (error) {
      throw writeFailure(filterFailure(error, this.text), this.options.w, this.writer?.written);
    } finally {
      await reader.close();
      for (const signal of SIGNALS) process.off(signal, stop);
    }
    this.finish(reader, source);
  }

  private async runLive(filter: Filter | undefined): Promise<void> {
    const { w: path, l, for: limitMs, s } = this.options;
    const opened = openLive(this.options, filter, s);
    this.prepareOutput(opened.caller);
    if (this.lines !== undefined) {
      const prompt = l === true || process.stdout.isTTY === true;
      this.lines = new LineOutput(await this.printerOptions(), prompt);
    }
    const goal = path === undefined ? '' : ` into ${path === '-' ? 'standard output' : path}`;
    const capture = await readLive(opened, goal);
    const { live } = capture;
    const release = onInterrupt(() => {
      this.stopped = true;
      live.stop();
    }, SIGNALS);
    const timer = limitMs === undefined ? undefined : setTimeout(() => live.stop(), limitMs);
    try {
      this.writer?.open(Date.now());
      await this.readLive(capture);
    } catch (error) {
      throw writeFailure(error, path, this.writer?.written);
    } finally {
      clearTimeout(timer);
      release();
      await live.close();
      this.sumUp(live.counts());
    }
  }

  private async readLive({ source, live }: LiveCapture): Promise<void> {
    let told = 0;
    let flushedMs = Date.now();
    while (this.left > 0) {
      const batch = await source.next();
      if (batch === undefined) break;
      this.take(batch, source);
      this.lines?.batchEnded();
      const nowMs = Date.now();
      // What a reader of the lines or of the file may wait for is never older than a second.
      if (this.options.U || nowMs - flushedMs > FLUSH_EVERY_MS || batch.count === 0) {
        this.lines?.flush();
        if (this.writer !== undefined && this.writer.fileCount > 0) this.writer.flush();
        flushedMs = nowMs;
      }
      for (; told < live.events.length; told++)
        process.stderr.write(`${printable(live.events[told]!)}\n`);
      if (this.writer?.full) break;
    }
    for (; told < live.events.length; told++)
      process.stderr.write(`${printable(live.events[told]!)}\n`);
    this.lines?.flush();
    this.writer?.close(Date.now(), live.counts());
  }

  /** In how many files, and how many of them are left where they go in a circle. */
  private filesWritten(number: number): string {
    const { C, W } = this.options;
    if (number <= 1) return '';
    const kept = C !== undefined && W !== undefined && W < number;
    return ` in ${number} files${kept ? `, of which the last ${W} are kept` : ''}`;
  }

  /** The last lines: what was received, dropped and kept. */
  private sumUp(counts: readonly LiveCounts[]): void {
    for (const { name, received, dropped, freezes } of counts) {
      const lost = dropped === 0 ? 'none dropped' : `${count(dropped)} dropped by the kernel`;
      const full =
        freezes === 0 ? '' : `, ring full ${freezes === 1 ? 'once' : `${count(freezes)} times`}`;
      process.stderr.write(
        `${printable(name)}: ${counted(received, 'packet')} received, ${lost}${full}\n`,
      );
    }
    const what = this.writer === undefined ? 'printed' : 'captured';
    process.stderr.write(`${counted(this.printed, 'packet')} ${what}`);
    if (this.writer !== undefined) {
      const files = this.filesWritten(this.writer.fileCount);
      process.stderr.write(`, ${count(this.writer.written)} written${files}`);
    }
    process.stderr.write('\n');
  }

  private prepareOutput(owner: { uid: number; gid: number } | undefined): void {
    const { w: path, s, C, G, W, format } = this.options;
    if (path === undefined) {
      this.lines = new LineOutput({}, false);
      return;
    }
    const byName = /\.(pcap|cap|dmp)\d*(\.gz)?$/i.test(path) ? 'pcap' : 'pcapng';
    this.writer = new FileWriter({
      path,
      format: format ?? byName,
      ...(s === undefined || s === 0 ? {} : { snapLength: s }),
      ...(C === undefined ? {} : { rotateOctets: C * 1e6 }),
      ...(G === undefined ? {} : { rotateSeconds: G }),
      ...(W === undefined ? {} : { files: W }),
      ...(owner === undefined ? {} : { owner }),
      ...(this.after === undefined ? {} : { onRotated: (file) => this.after!.start(file) }),
    });
  }

  private async printerOptions(): Promise<PrinterOptions> {
    const { q, e, S, A, numbers } = this.options;
    const { n, v, t, x, X } = this.repeats;
    const names = n > 0 ? undefined : await portNames();
    const devices = interfaceNames(this.options.engine);
    const time = (['clock', 'none', 'epoch', 'delta', 'date', 'since-first'] as const)[
      Math.min(t, 5)
    ]!;
    const dump = A ? 'text' : X > 0 ? 'both' : x > 0 ? 'hex' : undefined;
    return {
      quiet: q ?? false,
      linkHeader: e ?? false,
      absolute: S ?? false,
      numbers: numbers ?? false,
      verbose: v,
      time,
      dumpLink: x > 1 || X > 1,
      offsetMinutes: (seconds) => -new Date(seconds * 1000).getTimezoneOffset(),
      ...(dump === undefined ? {} : { dump }),
      ...(names === undefined ? {} : { portName: names }),
      interfaceName: (index) => devices.get(index),
    };
  }

  private async read(source: FrameSource): Promise<void> {
    while (!this.stopped && this.left > 0) {
      const batch = await source.next();
      if (batch === undefined) break;
      this.take(batch, source);
      if (this.options.l) this.lines?.flush();
      if (this.options.U) this.writer?.flush();
      if (this.writer?.full) break;
    }
    this.lines?.flush();
    this.writer?.close(Date.now());
  }

  private take(batch: FrameBatch, source: FrameSource): void {
    const { s, frames, r: files } = this.options;
    const { writer } = this;
    let taken = 0;
    for (let index = 0; index < batch.count && taken < this.left; index++) {
      if (frames !== undefined && !frames.has(batch.number[index]!)) continue;
      if (s !== undefined && s > 0 && batch.captured[index]! > s) batch.captured[index] = s;
      if (writer === undefined) this.lines!.print(batch, index, source);
      else {
        writer.write(batch, index, source.interfaces);
        if (writer.full) break;
      }
      taken++;
    }
    this.printed += taken;
    this.left -= taken;
    // Every file counts from 1, so that of several another one may still have some.
    const behind = frames !== undefined && files?.length === 1 && batch.count > 0;
    if (behind && batch.number[batch.count - 1]! >= frames.last) this.left = 0;
  }

  private finish(reader: CaptureReader, source: FrameSource): void {
    const ability = terminalAbility(process.stderr, process.env, 'auto', process.platform);
    const notes = [
      ...captureNotes(reader),
      ...(source instanceof FilteredSource ? source.notes : []),
    ].filter(({ missing }) => missing);
    for (const { what, because, remedy } of notes) {
      const ways = remedy === undefined ? [] : [remedy];
      process.stderr.write(renderProblem({ what, why: because, ways }, ability));
    }
    if (this.writer !== undefined) {
      const files = this.filesWritten(this.writer.fileCount);
      process.stderr.write(`${counted(this.writer.written, 'packet')} written${files}\n`);
    }
    const damaged = reader.faults.length > 0;
    process.exitCode = this.stopped ? INTERRUPTED : damaged ? INPUT : DONE;
  }
}

/** Options about several files mean nothing without a file, or without a reason to go on to the next. */
function refuseRotation({ w, C, G, W, z }: CaptureCommandOptions): void {
  const turning = C !== undefined || G !== undefined;
  const given = [
    ...(C === undefined ? [] : ['-C']),
    ...(G === undefined ? [] : ['-G']),
    ...(W === undefined ? [] : ['-W']),
    ...(z === undefined ? [] : ['-z']),
  ];
  if (given.length > 0 && (w === undefined || w === '-')) {
    throw new Failure(USAGE, {
      what: `${given.join(' and ')} without a file to write`,
      ways: ['name one: -w FILE'],
    });
  }
  if (!turning && given.length > 0) {
    throw new Failure(USAGE, {
      what: `${given.join(' and ')} without a reason to begin another file`,
      ways: ['-C 100 begins one after 100 million octets, -G 3600 after an hour'],
    });
  }
}

const FLUSH_EVERY_MS = 1000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
