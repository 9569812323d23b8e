/** Settings that may decide beside the rules, counted by their first words as they are met. */
import type { Beside } from './platform.ts';

export class BesideList {
  private readonly counts = new Map<string, { readonly line: number; lines: number }>();

  /** Counts one setting; the line is where it stands, from 1. */
  add(what: string, line: number): void {
    const known = this.counts.get(what);
    if (known === undefined) this.counts.set(what, { line, lines: 1 });
    else known.lines++;
  }

  /** In the order in which they were met. */
  all(): Beside[] {
    return [...this.counts].map(([what, { line, lines }]) => ({ what, line, lines }));
  }
}
