/**
 * Asks the scheduler to let a thread run as soon as it wakes, also beside others that compute: for
 * threads that do little, but at once.
 *
 * Short turns (sched_setattr(2), `sched_runtime` of ordinary threads, Linux 6.12) are granted to
 * anybody. A better priority (nice) needs the right to it, which root can leave behind as a limit.
 */
import { constants, getPriority } from 'node:os';
import { bind, type NativeFunction } from './libc.ts';

const SCHED_SETATTR: Readonly<Record<string, number>> = { x64: 314, arm64: 274 };
/** The shortest turn that the kernel grants, ns. */
const SHORTEST = 100_000n;
const ATTRIBUTES = 56;
const RLIMIT_NICE = 13;
const NICE = constants.priority.PRIORITY_ABOVE_NORMAL;

let calls: Readonly<Record<'syscall' | 'setrlimit', NativeFunction>> | undefined;

function system(): Readonly<Record<'syscall' | 'setrlimit', NativeFunction>> {
  calls ??= bind({
    syscall: 'long syscall(long number, int thread, const void *value, uint flags)',
    setrlimit: 'int setrlimit(int resource, const void *limit)',
  });
  return calls;
}

/** Root lets threads of this process hurry after it has become somebody else. */
export function allowHurry(): void {
  // Soft and hard limit; the value for a nice of n is 20 - n.
  const most = BigInt(20 - NICE);
  system().setrlimit(RLIMIT_NICE, BigUint64Array.of(most, most));
}

/** Makes the calling thread run at once when it wakes, as far as it may. */
export function hurry(): void {
  const number = SCHED_SETATTR[process.arch];
  if (number === undefined) return;
  // struct sched_attr: length at 0, nice at 16, runtime at 24; policy 0 is that of all.
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeUInt32LE(ATTRIBUTES, 0);
  attributes.writeBigUInt64LE(SHORTEST, 24);
  for (const nice of [NICE, getPriority(0)]) {
    attributes.writeInt32LE(nice, 16);
    if (system().syscall(number, 0, attributes, 0) === 0) return;
  }
}
