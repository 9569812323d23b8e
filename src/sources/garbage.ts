/**
 * The engine's collector of garbage, for those few who know better than it when to run: before a
 * flood, or after letting go of memory that it does not count.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Runs the collector in the thread that calls; `minor` collects what is young. */
export type Collector = (options?: { readonly type: 'minor' }) => void;

/**
 * The collector, as new contexts of the engine have it while the flag is on. The flag is the whole
 * process's, shared by its threads, so that it stays on: switched off by one thread, it would be
 * missing in the context another is just about to make.
 */
export function collector(): Collector {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  if (typeof collect !== 'function') return () => {};
  return (options) => void (options === undefined ? collect() : collect(options));
}
