/**
 * One line on standard error that says what is being done while there is no answer yet; nothing where
 * that is no terminal. Written before each step, since some steps let nothing else run.
 */
import { printable } from '../report/escape.ts';
import { shorten } from '../report/width.ts';

/** Only one at a time: it does not know what else is on the line. */
export class StepLine {
  private shown = false;

  /** In place of the step before. */
  say(step: string): void {
    if (!process.stderr.isTTY) return;
    this.shown = true;
    const width = Math.max(20, process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\x1b[K${shorten(printable(`${step} …`), width, '…')}`);
  }

  /** Leaves the line empty for the answer. */
  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}
