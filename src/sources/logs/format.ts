/**
 * What a log format is: something that looks at one message and says what it made of it. Formats
 * write verdicts into the batch and never throw; whatever they meet has an outcome, so that every
 * line is counted once.
 */
import type { NameTable } from '../../model/name-table.ts';
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import type { Clock } from './clock.ts';
import type { PrefixVerdicts } from './prefix-verdicts.ts';
import type { Scan } from './scan.ts';
import type { LineHead } from './syslog-header.ts';

/** Not this format's. */
export const OTHER = 0;
/** Read: its verdicts are in the batch. */
export const READ = 1;
/** This format's, and complete, but it decides nothing about traffic; see `Line.label`. */
export const SILENT = 2;
/** The device says that it left out messages; see `Line.label` and `Line.missed`. */
export const GAP = 3;
/** Faults: this format's, but it cannot be read. Names in `FAULT_CAUSES`. */
export const CUT_OFF = 4;
export const BAD_ADDRESS = 5;
export const BAD_PORT = 6;
export const BAD_NUMBER = 7;
export const BAD_ACTION = 8;
export const BAD_SHAPE = 9;
export const ORPHAN = 10;
export const NO_COLUMN = 12;
/** A part of what several lines say, which another one completes, or the end of the input. */
export const PART = 11;

export const FAULT_CAUSES: Readonly<
  Record<number, { readonly cause: string; readonly why: string }>
> = {
  [CUT_OFF]: { cause: 'cut-off', why: 'the line ends before it says all that it must' },
  [BAD_ADDRESS]: { cause: 'bad-address', why: 'where an address belongs stands something else' },
  [BAD_PORT]: { cause: 'bad-port', why: 'where a port belongs stands something else' },
  [BAD_NUMBER]: { cause: 'bad-number', why: 'where a number belongs stands something else' },
  [BAD_ACTION]: { cause: 'unknown-action', why: 'the action is none that is known here' },
  [BAD_SHAPE]: {
    cause: 'unknown-shape',
    why: 'the message is not built as its documentation says',
  },
  [NO_COLUMN]: {
    cause: 'column-missing',
    why: 'this line names columns, and not all that the mapping wants: nothing below it can be read',
  },
  [ORPHAN]: { cause: 'orphan', why: 'the line before it that says what it is about is not there' },
};

/** One line on its way through the formats; the same object for all lines. */
export interface Line {
  readonly scan: Scan;
  readonly head: LineHead;
  readonly batch: VerdictBatch;
  readonly names: NameTable;
  readonly addresses: AddressPool;
  readonly prefixes: PrefixVerdicts;
  /** Reads stamps that stand within a message. */
  clock: Clock;
  /** Number of the line in its input, from 1. */
  number: number;
  /** The input's last line, which no newline ended. */
  unended: boolean;
  /** With `SILENT` and `GAP`: a short name of the message. */
  label: string;
  /** With `GAP`: messages or packets left out, NaN when the device does not say. */
  missed: number;
}

export interface LogFormat {
  readonly name: string;
  /**
   * Lines are told by nothing but their columns, as a header named them: one that does not fit them
   * is this format's only where no other one knows it.
   */
  readonly inColumns?: boolean;
  /** Reads the message the cursor is at. The cursor may be left anywhere. */
  read(line: Line): number;
  /**
   * The same for a message like the ones before, whose end was not looked for: reads it only if it is
   * sure of all of it, and leaves the cursor at the newline. False otherwise: nothing is written then. The
   * cursor's end lies behind the end of the line, or of a cut one, and octets of other lines may be read, but
   * never past the end of all.
   */
  readOn?(line: Line): boolean;
  /**
   * At the end of the input: the outcome of the next one of what was held back as `PART`, with
   * `line.number` where it stands; `OTHER` when nothing is left.
   */
  finish?(line: Line): number;
}
