/**
 * The C library through FFI: the way to sockets, rings and netlink that the runtime's own API
 * does not offer. Loaded on first use; where the FFI package or the library cannot be loaded
 * (another platform, a stripped install) callers get `NativeUnavailable` and fall back.
 *
 * Each file of this room binds the functions of one concern with `bind`; nothing else in the
 * program calls the operating system this way.
 */
import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');
/**
 * A bound C function. Integers come back as numbers, 64-bit ones beyond 2^53 as bigint. `async`
 * calls it on another thread; the last value is a callback that gets an error and the result.
 */
export interface NativeFunction {
  // biome-ignore lint/suspicious/noExplicitAny: a C prototype is not known to the type system.
  (...values: any[]): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly async: (...values: any[]) => void;
}

/** FFI or the C library cannot be used here; `message` says which and why. */
export class NativeUnavailable extends Error {
  override readonly name = 'NativeUnavailable';
}

/** A system call that failed: `errno` and its name (`EPERM`), and the call it came from. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly call: string;
  readonly errno: number;
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = errorName(errno);
    super(`${call}: ${code}`);
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/**
 * Whether the system would not: no FFI here, or a call that failed. Anything else that is thrown is a
 * fault of this program, and falling back would only hide it.
 */
export function isRefusal(error: unknown): error is NativeUnavailable | SystemCallError {
  return error instanceof NativeUnavailable || error instanceof SystemCallError;
}

/** glibc first, then musl by architecture. */
const LIBRARIES: readonly string[] = [
  'libc.so.6',
  `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`,
];

let koffiPackage: Koffi | undefined;
let loaded: ReturnType<Koffi['load']> | undefined;
let refused: NativeUnavailable | undefined;

/** Runs a step of loading. Throws `NativeUnavailable`, the same one each time. */
function attempt<Result>(step: () => Result): Result {
  if (refused !== undefined) throw refused;
  try {
    return step();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    refused = new NativeUnavailable(`system calls by FFI are not available here: ${reason}`);
    throw refused;
  }
}

/** The FFI package itself: types, pointers, views. Throws `NativeUnavailable`. */
export function ffi(): Koffi {
  koffiPackage ??= attempt(() => createRequire(import.meta.url)('koffi') as Koffi);
  return koffiPackage;
}

/** The C library. Throws `NativeUnavailable`. */
function load(): ReturnType<Koffi['load']> {
  if (loaded !== undefined) return loaded;
  const koffi = ffi();
  if (process.platform !== 'linux') {
    throw new NativeUnavailable(`system calls by FFI have no binding for ${process.platform} yet`);
  }
  loaded = attempt(() => openFirst(koffi));
  return loaded;
}

function openFirst(koffi: Koffi): ReturnType<Koffi['load']> {
  let last: unknown;
  for (const name of LIBRARIES) {
    try {
      return koffi.load(name);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** Binds C prototypes (`int socket(int, int, int)`), keyed as given. Throws `NativeUnavailable`. */
export function bind<Key extends string>(
  prototypes: Readonly<Record<Key, string>>,
): Readonly<Record<Key, NativeFunction>> {
  const library = load();
  const bound: Partial<Record<Key, NativeFunction>> = {};
  for (const key of Object.keys(prototypes) as Key[]) {
    try {
      bound[key] = library.func(prototypes[key]);
    } catch (error) {
      // Another C library, or an old one. Anything else is wrong with the prototype.
      if (!(error instanceof Error && error.message.startsWith('Cannot find function')))
        throw error;
      throw new NativeUnavailable(`the C library has no function ${key}`);
    }
  }
  return bound as Record<Key, NativeFunction>;
}

/** errno of the last call made through FFI in this thread. */
export function lastErrno(): number {
  return ffi().errno();
}

/** Passes a call's result through, or throws `SystemCallError` where it is negative. */
export function checked(call: string, result: number): number {
  if (result < 0) throw new SystemCallError(call, lastErrno());
  return result;
}

/** The name of an error number (`EPERM`), or `errno 999`. */
export function errorName(errno: number): string {
  if (names === undefined) {
    names = new Map();
    for (const [name, value] of Object.entries(ffi().os.errno)) {
      if (!names.has(value as number)) names.set(value as number, name);
    }
  }
  return names.get(errno) ?? `errno ${errno}`;
}

let names: Map<number, string> | undefined;
