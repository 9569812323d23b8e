/** One run of `portreeve capture`: opens what is read, prints or writes, and sums up. */
import { readFileSync } from 'node:fs';
import {
  type CaptureReader,
  captureNotes,
  FileWriter,
  type FrameBatch,
  type FrameSource,
  LineOutput,
  MixedLinkTypes,
  openCaptures,
  type PrinterOptions,
  portNames,
} from '../pipeline/capture.ts';
import { FilteredSource } from '../pipeline/filters.ts';
import { count } from '../report/numbers.ts';
import { terminalAbility } from '../report/terminal.ts';
import { renderProblem } from '../report/text.ts';
import type { CaptureCommandOptions, Repeats } from './capture.ts';
import { DONE, INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { filterFailure, filterOf } from './filter-option.ts';

export class CaptureRun {
  private readonly text: string;
  private readonly options: CaptureCommandOptions;
  private readonly repeats: Repeats;
  private left: number;
  private stopped = false;
  private printed = 0;
  private lines: LineOutput | undefined;
  private writer: FileWriter | undefined;

  constructor(filter: readonly string[], options: CaptureCommandOptions, repeats: Repeats) {
    const fromFile = options.F === undefined ? '' : readFilter(options.F);
    this.text = filter.length > 0 ? filter.join(' ') : fromFile;
    this.options = options;
    this.repeats = repeats;
    this.left = options.c ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<void> {
    const { r: files } = this.options;
    if (files === undefined) {
      throw new Failure(USAGE, {
        what: 'nothing is named to capture from',
        ways: ['-r FILE reads a capture file', '-r - reads standard input'],
      });
    }
    const filter = await filterOf(this.text);
    const reader = await openCaptures(files);
    const source = filter === undefined ? reader : new FilteredSource(reader, filter);
    this.prepareOutput();
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

  private prepareOutput(): void {
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
    });
  }

  private async printerOptions(): Promise<PrinterOptions> {
    const { q, e, S, A, numbers } = this.options;
    const { n, v, t, x, X } = this.repeats;
    const names = n > 0 ? undefined : await portNames();
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
    const { s } = this.options;
    const most = Math.min(batch.count, this.left);
    for (let index = 0; index < most; index++) {
      if (s !== undefined && s > 0 && batch.captured[index]! > s) batch.captured[index] = s;
      if (this.writer === undefined) this.lines!.print(batch, index, source);
      else this.writer.write(batch, index, source.interfaces);
    }
    this.printed += most;
    this.left -= most;
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
      const files = this.writer.fileCount > 1 ? ` in ${this.writer.fileCount} files` : '';
      process.stderr.write(`${count(this.writer.written)} packets written${files}\n`);
    }
    const damaged = reader.faults.length > 0;
    process.exitCode = this.stopped ? INTERRUPTED : damaged ? INPUT : DONE;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function readFilter(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/#.*/g, ' ').trim();
  } catch (error) {
    throw new Failure(INPUT, {
      what: `cannot read the filter in ${path}`,
      why: (error as NodeJS.ErrnoException).code ?? String(error),
      ways: ['name a file that exists, or write the filter behind the options'],
    });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota of this disk is used up (EDQUOT)',
  EACCES: 'this user may not write there (EACCES)',
  ENOENT: 'the folder does not exist (ENOENT)',
  EFBIG: 'the file may not grow larger (EFBIG)',
  EIO: 'the disk reported an error (EIO)',
};

/** A failure to write as people are told it. A reader of a pipe that is gone ends the program. */
function writeFailure(error: unknown, path: string | undefined, written = 0): unknown {
  if (error instanceof MixedLinkTypes) {
    return new Failure(USAGE, {
      what: `${path} cannot hold these packets`,
      why: 'they are of several link types, and a pcap file has one',
      ways: ['write pcapng: --format pcapng'],
    });
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE') process.exit();
  if (code === undefined || syscall === undefined) return error;
  return new Failure(INPUT, {
    what: `cannot write ${path === undefined || path === '-' ? 'standard output' : path}`,
    why: `${WHY[code] ?? code}; ${count(written)} packets are in the file, which can be read`,
    ways: ['make room, or name another place with -w'],
  });
}
