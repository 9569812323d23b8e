/**
 * What became of every line of the logs: read, silent, a gap, a fault, or somebody else's. Counts
 * are exact; of each kind the first few lines are kept as samples with their place.
 */
import { FAULT_CAUSES } from './format.ts';

/** Samples of each kind, and octets of each. */
const SAMPLES = 3;
const SAMPLE_OCTETS = 240;
/** Kinds of silent messages, gaps and other programs that are told apart. */
const MOST_KINDS = 200;
const REST = '(others)';

export interface LineSample {
  /** `fw.log:8812`. */
  readonly locator: string;
  readonly text: string;
}

/** Lines of one kind. */
export interface LineKind {
  /** The log format; null where none recognised the line. */
  readonly format: string | null;
  /** Stable name of a fault's cause, the message's own id, or the program that wrote it. */
  readonly what: string;
  readonly why: string | null;
  lines: number;
  /** Of gaps: messages or packets that the device says it left out; null when it does not say. */
  missed: number | null;
  readonly samples: LineSample[];
}

/** Counts are exact; samples are copies, a few of each kind. */
export class LogTally {
  lines = 0;
  blank = 0;
  /** Lines that are parts of an entry which another line completes. */
  parts = 0;
  /** Lines that gave verdicts, those that say the line before came again included. */
  read = 0;
  readonly faults = new Map<string, LineKind>();
  readonly silent = new Map<string, LineKind>();
  readonly gaps = new Map<string, LineKind>();
  /** Lines of no format known here, by program. */
  readonly others = new Map<string, LineKind>();
  private readonly decoder = new TextDecoder();

  fault(format: string, outcome: number, locator: string, line: Uint8Array): void {
    const { cause, why } = FAULT_CAUSES[outcome]!;
    this.note(this.faults, format, cause, why, locator, line);
  }

  silence(format: string, label: string, locator: string, line: Uint8Array): void {
    this.note(this.silent, format, label, null, locator, line);
  }

  gap(format: string, label: string, missed: number, locator: string, line: Uint8Array): void {
    const kind = this.note(this.gaps, format, label, null, locator, line);
    if (!Number.isNaN(missed)) kind.missed = (kind.missed ?? 0) + missed;
  }

  other(program: string, locator: string, line: Uint8Array): void {
    this.note(this.others, null, program, null, locator, line);
  }

  /** A line of which even the format cannot be known, such as one too long. */
  unreadable(cause: string, why: string, locator: string, line: Uint8Array): void {
    this.note(this.faults, null, cause, why, locator, line);
  }

  private note(
    kinds: Map<string, LineKind>,
    format: string | null,
    what: string,
    why: string | null,
    locator: string,
    line: Uint8Array,
  ): LineKind {
    let key = `${format} ${what}`;
    let kind = kinds.get(key);
    if (kind === undefined && kinds.size >= MOST_KINDS) {
      key = `${format} ${REST}`;
      kind = kinds.get(key);
      what = REST;
    }
    if (kind === undefined) {
      kind = { format, what, why, lines: 0, missed: null, samples: [] };
      kinds.set(key, kind);
    }
    kind.lines++;
    if (kind.samples.length < SAMPLES) {
      kind.samples.push({ locator, text: this.decoder.decode(line.subarray(0, SAMPLE_OCTETS)) });
    }
    return kind;
  }
}
