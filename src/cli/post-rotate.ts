/**
 * The command of `-z`: run for each file that another one follows, with the file's name as its
 * only argument. No shell reads either of them.
 */
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { printable } from '../report/escape.ts';

/** Commands run beside each other; `finished` waits for those that still do. */
export class PostRotate {
  private readonly command: string;
  private readonly running = new Set<Promise<void>>();

  constructor(command: string) {
    this.command = command;
  }

  /** Starts the command, as something that may wait. What goes wrong is said on standard error. */
  start(path: string): void {
    // A name that begins with a dash would be read as an option.
    const name = path.startsWith('-') ? `./${path}` : path;
    const child = spawn(this.command, [name], { stdio: ['ignore', 'inherit', 'inherit'] });
    const done = new Promise<void>((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.complain(path, `it cannot be run (${error.code})`);
        resolve();
      });
      child.once('close', (code, signal) => {
        if (code !== null && code > 0) this.complain(path, `exit code ${code}`);
        if (signal !== null) this.complain(path, `ended by ${signal}`);
        resolve();
      });
    });
    this.running.add(done);
    void done.then(() => this.running.delete(done));
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // It ended already, or the system has no such thing.
    }
  }

  private complain(path: string, why: string): void {
    process.stderr.write(printable(`-z ${this.command} ${path}: ${why}`).concat('\n'));
  }

  /** Until all that was started has ended. */
  async finished(): Promise<void> {
    await Promise.all(this.running);
  }
}
