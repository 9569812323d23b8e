/** What parsers of rules do with a line they do not understand: say so, and read on. */
import type { ParseFault } from './platform.ts';

/** A line that is not understood; the message is a sentence. */
export class LineFault extends Error {
  override readonly name = 'LineFault';
}

/** Does the work for a line, which begins with 1; a `LineFault` that it throws is put to `faults`. */
export function guarded(faults: ParseFault[], line: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof LineFault)) throw error;
    faults.push({ line, what: error.message });
  }
}
