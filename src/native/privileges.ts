/**
 * What the kernel lets this process do (capabilities(7)), giving it up, and becoming another
 * program in the same process (execve(2)), which is how a program with capabilities on its file
 * is asked for them.
 */
import { readFileSync } from 'node:fs';
import { bind, checked, lastErrno, type NativeFunction, SystemCallError } from './libc.ts';

export const CAP_NET_RAW = 13;
/** _LINUX_CAPABILITY_VERSION_3: two words for each of three sets. */
const VERSION = 0x20080522;
const F_SETFD = 2;

let calls: Readonly<Record<'capset' | 'execv' | 'fcntl', NativeFunction>> | undefined;

function system(): Readonly<Record<'capset' | 'execv' | 'fcntl', NativeFunction>> {
  calls ??= bind({
    capset: 'int capset(void *header, const void *data)',
    execv: 'int execv(const char *path, const char **argv)',
    fcntl: 'int fcntl(int fd, int command, int value)',
  });
  return calls;
}

/** Whether this process has a capability now. False where that cannot be known. */
export function hasCapability(number: number): boolean {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    return false;
  }
  const [, mask] = /^CapEff:\s*([\da-f]+)$/m.exec(status) ?? [];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}

/**
 * Gives up all capabilities of the calling thread, for good; threads it starts later have none.
 * Throws `SystemCallError`, `NativeUnavailable`.
 */
export function dropCapabilities(): void {
  checked('capset', system().capset(Uint32Array.of(VERSION, 0), new Uint32Array(6)));
}

/** Becomes another program, in the same process. Returns only by throwing `SystemCallError`. */
export function becomeProgram(path: string, words: readonly string[]): never {
  // The runtime has marked the standard streams so that they would be closed.
  for (const fd of [0, 1, 2]) system().fcntl(fd, F_SETFD, 0);
  system().execv(path, [...words, null]);
  throw new SystemCallError('execv', lastErrno());
}
