/**
 * Ctrl-C: the first one ends work early, with what is known by then; the second one quits. What ends
 * by itself at the same moment, such as `--for`, is no interrupt: one Ctrl-C then still costs nothing.
 */
import { INTERRUPTED } from './exit-codes.ts';

/** timeout(1) and wrappers of commands send a signal to the program and again to its group. */
const SAME_SIGNAL_MS = 500;

/** Signals that end a program, of which SIGHUP comes when its terminal goes. */
type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Calls `stop` at the first interrupt; another one quits. Returns what takes the handlers off. */
export function onInterrupt(
  stop: () => void,
  signals: readonly EndSignal[] = ['SIGINT', 'SIGTERM'],
): () => void {
  let firstMs: number | undefined;
  const interrupt = (): void => {
    if (firstMs === undefined) {
      firstMs = performance.now();
      stop();
    } else if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
  };
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}

/**
 * Runs work whose signal the first interrupt aborts, and so does the end of `limitMs`. Not to be used
 * within itself: both would hear it.
 */
export async function whileInterruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  limitMs?: number,
): Promise<Result> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = limitMs === undefined ? undefined : setTimeout(stop, limitMs);
  const release = onInterrupt(stop);
  try {
    return await work(controller.signal);
  } finally {
    // From here on an interrupt ends the program, as everywhere.
    release();
    clearTimeout(timer);
  }
}
