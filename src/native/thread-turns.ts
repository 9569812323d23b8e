/**
 * Asks the scheduler to let a thread run as soon as it wakes, also beside others that compute: for
 * threads that do little, but at once, and that wait for slower ones before they do more.
 *
 * Real-time turns (SCHED_RR at the lowest priority, sched(7)) come before all ordinary threads,
 * those of other sessions too; a better priority (nice) counts only among threads of one session
 * where sessions share the processor (autogroup). Both need the right to them, which root can leave
 * behind as limits. Short turns (sched_setattr(2), `sched_runtime` of ordinary threads, Linux 6.12)
 * are granted to anybody.
 */
import { constants, getPriority } from 'node:os';
import { bind, type NativeFunction } from './libc.ts';

const SCHED_SETATTR: Readonly<Record<string, number>> = { x64: 314, arm64: 274 };
const SCHED_OTHER = 0;
const SCHED_RR = 2;
const LOWEST_REAL_TIME = 1;
/** Threads that this one starts are ordinary again. */
const RESET_ON_FORK = 1n;
/** The shortest turn that the kernel grants, ns. */
const SHORTEST = 100_000n;
const ATTRIBUTES = 56;
const RLIMIT_NICE = 13;
const RLIMIT_RTPRIO = 14;
const NICE = constants.priority.PRIORITY_ABOVE_NORMAL;

type Calls = Readonly<Record<'syscall' | 'getrlimit' | 'setrlimit', NativeFunction>>;

let calls: Calls | undefined;
/** Limits as they were before `allowHurry`. */
const before = new Map<number, BigUint64Array>();

function system(): Calls {
  calls ??= bind({
    syscall: 'long syscall(long number, int thread, const void *value, uint flags)',
    getrlimit: 'int getrlimit(int resource, void *limit)',
    setrlimit: 'int setrlimit(int resource, const void *limit)',
  });
  return calls;
}

/** Root lets threads of this process hurry after it has become somebody else. */
export function allowHurry(): void {
  // The value for a nice of n is 20 - n.
  for (const [which, most] of [
    [RLIMIT_NICE, 20 - NICE],
    [RLIMIT_RTPRIO, LOWEST_REAL_TIME],
  ] as const) {
    const limit = new BigUint64Array(2);
    if (system().getrlimit(which, limit) !== 0) continue;
    before.set(which, limit);
    system().setrlimit(which, BigUint64Array.of(BigInt(most), BigInt(most)));
  }
}

/** Ends that: neither later threads nor programs that are started may. Those that do go on. */
export function endHurry(): void {
  for (const [which, limit] of before) system().setrlimit(which, limit);
  before.clear();
}

/** Makes the calling thread run at once when it wakes, as far as it may. */
export function hurry(): void {
  const number = SCHED_SETATTR[process.arch];
  if (number === undefined) return;
  if (granted(number, SCHED_RR, LOWEST_REAL_TIME, 0)) return;
  if (granted(number, SCHED_OTHER, 0, NICE)) return;
  granted(number, SCHED_OTHER, 0, getPriority(0));
}

function granted(number: number, policy: number, priority: number, nice: number): boolean {
  // struct sched_attr: length at 0, policy, flags at 8, nice at 16, priority, runtime at 24.
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeUInt32LE(ATTRIBUTES, 0);
  attributes.writeUInt32LE(policy, 4);
  attributes.writeBigUInt64LE(RESET_ON_FORK, 8);
  attributes.writeInt32LE(nice, 16);
  attributes.writeUInt32LE(priority, 20);
  if (policy === SCHED_OTHER) attributes.writeBigUInt64LE(SHORTEST, 24);
  return system().syscall(number, 0, attributes, 0) === 0;
}
