/** Options and habits of all commands that read captures. */
import { type Command, InvalidArgumentError } from 'commander';
import { parsePrefix } from '../net/prefix.ts';
import type { ZoneRule } from '../pipeline/assess.ts';
import type { CaptureChoices, CaptureSummary, Progress } from '../pipeline/reading.ts';
import { bytes, counted, duration } from '../report/numbers.ts';
import { DONE, INCOMPLETE, INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { unreadText } from './input-name.ts';
import { whileInterruptible } from './interruptible.ts';

export interface CaptureOptions {
  readonly complete?: boolean;
  readonly dropDuplicates?: boolean;
  readonly identify?: boolean;
  readonly workers?: number;
  readonly maxFlows?: number;
  readonly tcpTimeout?: number;
  readonly udpTimeout?: number;
  readonly otherTimeout?: number;
}

/** Options of commands that read captures. */
export function addCaptureOptions(command: Command): void {
  command
    .argument('[input...]', 'capture files or folders; - is standard input')
    .option('--drop-duplicates', 'count packets that a mirror port sent twice once')
    .option('--no-identify', 'do not look into payloads for protocols and names')
    .option('--tcp-timeout <s>', 'silence that ends a TCP flow (default: 300)', wholeNumber(1, 1e6))
    .option('--udp-timeout <s>', 'silence that ends a UDP flow (default: 60)', wholeNumber(1, 1e6))
    .option('--other-timeout <s>', 'the same without ports (default: 60)', wholeNumber(1, 1e6))
    .option('--max-flows <n>', 'flows in memory (default: 2000000)', wholeNumber(64, 2 ** 27))
    .option('--workers <n>', 'threads beside the first, 0 or 1', wholeNumber(0, 1))
    .option('--complete', 'fail with exit code 5 when something could not be seen');
}

/** Throws when there is neither an input nor an interface, or both. */
export function requireInput(inputs: readonly string[], interfaces?: readonly string[]): void {
  if (inputs.length > 0 && interfaces !== undefined) {
    throw new Failure(USAGE, {
      what: 'captures and interfaces cannot be read together',
      ways: ['leave out -i, or the files'],
    });
  }
  if (inputs.length > 0 || interfaces !== undefined) return;
  throw new Failure(USAGE, {
    what: "missing required argument 'input'",
    ways: ['name a capture file, or - for standard input', '-i eth0 captures from the network'],
  });
}

/** A parser of whole numbers in a range, for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    if (value < least || value > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Gathers `--zone name=prefix`, which may be repeated, for commander. */
export function parseZone(text: string, rules: readonly ZoneRule[] = []): ZoneRule[] {
  const [, name, prefix] = /^([\w.-]{1,20})=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It has the form dmz=10.0.1.0/24.');
  try {
    return [...rules, { name, prefix: parsePrefix(prefix!) }];
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** The choices of the pipeline, with progress on a terminal's standard error. */
export function choicesOf(options: CaptureOptions): CaptureChoices {
  const { tcpTimeout: tcp, udpTimeout: udp, otherTimeout: other } = options;
  return {
    timeouts: {
      ...(tcp === undefined ? {} : { tcp }),
      ...(udp === undefined ? {} : { udp }),
      ...(other === undefined ? {} : { other }),
    },
    ...(options.maxFlows === undefined ? {} : { maxFlows: options.maxFlows }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    dropDuplicates: options.dropDuplicates ?? false,
    identify: options.identify ?? true,
  };
}

interface ReadingOptions<Result> {
  /** It ends by itself after so long. */
  readonly limitMs?: number | undefined;
  /** What is read: packets of captures, lines of logs. */
  readonly noun?: string;
  /** Tells what came of it. An interrupt meanwhile does not cost the answer; a second one does. */
  readonly answer?: (result: Result) => Promise<void>;
}

/** Runs `work` with progress shown, and so that the first interrupt ends it early. */
export async function whileReading<Result>(
  work: (watch: Pick<CaptureChoices, 'signal' | 'onProgress'>) => Promise<Result>,
  { limitMs, noun = 'packet', answer }: ReadingOptions<Result> = {},
): Promise<Result> {
  const meter = process.stderr.isTTY ? new Meter(noun) : undefined;
  return whileInterruptible(async (signal) => {
    const watch = {
      signal,
      ...(meter === undefined ? {} : { onProgress: (progress: Progress) => meter.show(progress) }),
    };
    const result = await work(watch).finally(() => meter?.clear());
    await answer?.(result);
    return result;
  }, limitMs);
}

const FIRST_SHOWN_MS = 1000;
const SHOWN_EVERY_MS = 200;

/** One line on standard error, written over and over. */
class Meter {
  private readonly startMs = Date.now();
  private nextMs = this.startMs + FIRST_SHOWN_MS;
  private shown = false;
  private readonly noun: string;

  constructor(noun: string) {
    this.noun = noun;
  }

  show({ bytesRead, bytesTotal, frames }: Progress): void {
    const nowMs = Date.now();
    if (nowMs < this.nextMs) return;
    this.nextMs = nowMs + SHOWN_EVERY_MS;
    this.shown = true;
    const elapsedMs = nowMs - this.startMs;
    const speed = bytesRead / (elapsedMs / 1000);
    const parts = [`${counted(frames, this.noun)}`, `${bytes(speed)}/s`];
    if (bytesTotal === undefined) parts.unshift(bytes(bytesRead));
    else {
      parts.unshift(`${Math.floor((bytesRead / Math.max(1, bytesTotal)) * 100)} %`);
      const left = speed > 0 ? ((bytesTotal - bytesRead) / speed) * 1000 : 0;
      parts.push(`${duration(Math.max(0, Math.ceil(left / 1000) * 1000))} left`);
    }
    process.stderr.write(`\r\x1b[K${parts.join('  ')}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
  }
}

/** Throws when not one input could be read: there is nothing to report then. */
export function refuseNothing(summary: CaptureSummary): void {
  const { faults, inputs, packets, interrupted } = summary;
  if (packets > 0 || interrupted || summary.unreadInputs < inputs.length) return;
  const [first, ...others] = faults;
  if (first === undefined) return;
  throw new Failure(INPUT, {
    what: unreadText(first, others),
    why: first.why,
    ways: [first.do],
  });
}

/** The exit code of an answer: interrupted, damaged input, incomplete view, done. */
export function exitCodeOf(summary: CaptureSummary, options: CaptureOptions): number {
  if (summary.interrupted) return INTERRUPTED;
  if (summary.faults.length > 0) return INPUT;
  if (options.complete && summary.notes.some(({ missing }) => missing)) return INCOMPLETE;
  return DONE;
}
