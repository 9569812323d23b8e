/**
 * Asks the scheduler for short turns (sched_setattr(2), `sched_runtime` of ordinary threads, Linux
 * 6.12): a thread that seldom runs long then has its turn at once when it wakes, also beside one
 * that computes. Needs no privilege; where the kernel does not know it nothing changes.
 */
import { bind, type NativeFunction } from './libc.ts';

const NUMBERS: Readonly<Record<string, number>> = { x64: 314, arm64: 274 };
/** The shortest that the kernel grants, ns. */
const SHORTEST = 100_000n;
const ATTRIBUTES = 56;

let call: Readonly<Record<'syscall', NativeFunction>> | undefined;

/** Shortens the turns of the calling thread. Throws `NativeUnavailable`. */
export function shortenTurns(): void {
  const number = NUMBERS[process.arch];
  if (number === undefined) return;
  call ??= bind({
    syscall: 'long syscall(long number, int thread, const void *value, uint flags)',
  });
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeUInt32LE(ATTRIBUTES, 0);
  attributes.writeBigUInt64LE(SHORTEST, 24);
  call.syscall(number, 0, attributes, 0);
}
