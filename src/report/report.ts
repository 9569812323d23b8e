/**
 * A whole answer: the verdict first, the facts it rests on, tables, what could not be seen, and
 * what to do next. Commands build one of these; renderers turn it into any format.
 */
import type { Plain, Severity, Table } from './table.ts';

export interface Verdict {
  readonly severity: Severity;
  /** One sentence. */
  readonly text: string;
}

/** One number or name about the whole input. */
export interface Fact {
  /** Machine name: camelCase, part of the schema. */
  readonly key: string;
  readonly value: Plain;
  /** For people, complete with its noun: `1,204,331 packets`. None: for machines only. */
  readonly text?: string;
}

/** Something not seen, not read or to be borne in mind. `BlindSpot` has this shape. */
export interface Note {
  readonly what: string;
  readonly because?: string;
  readonly remedy?: string;
}

/** A command that leads on from here. */
export interface NextStep {
  readonly command: string;
  readonly purpose: string;
}

export interface Report {
  /** First part of the schema name after `portreeve/`, such as `assess`. */
  readonly kind: string;
  /** Raised when a consumer could break; see docs/output.md. */
  readonly version: number;
  readonly verdict: Verdict;
  readonly facts: readonly Fact[];
  readonly tables: readonly Table[];
  /** Key of the table that formats with room for one give; the first unless stated. */
  readonly mainTable?: string;
  /** What such formats give instead, where none of the tables is the whole of it. */
  readonly sheet?: Table;
  readonly notes: readonly Note[];
  readonly next: readonly NextStep[];
  /** One sentence at the very end, to people; machines have it among the facts. */
  readonly closing?: string;
}

/** `portreeve/assess/1`. */
export function schemaName(report: Report): string {
  return `portreeve/${report.kind}/${report.version}`;
}

/** The facts as one object, in order. */
export function factValues(report: Report): Record<string, Plain> {
  return Object.fromEntries(report.facts.map(({ key, value }) => [key, value]));
}
