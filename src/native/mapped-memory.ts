/**
 * Memory that the kernel and this program share: an anonymous mapping for structures that hold
 * pointers, or a mapping of a descriptor (packet rings). Views of it stay valid until `release`,
 * and reading one after that ends the process: one owner holds a mapping and its views.
 */
import { bind, ffi, lastErrno, type NativeFunction, SystemCallError } from './libc.ts';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
/** mmap's MAP_FAILED as an unsigned pointer. */
const MAP_FAILED = 2n ** 64n - 1n;

let calls: Readonly<Record<'mmap' | 'munmap', NativeFunction>> | undefined;

/** Freed by `release` only: the collector knows nothing of it. */
export class MappedMemory {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
  private readonly length: number;
  private released = false;

  /** @param fd descriptor to map from its start; none: fresh memory. Throws `SystemCallError`. */
  constructor(length: number, fd = -1) {
    calls ??= bind({
      mmap: 'void *mmap(void *address, size_t length, int prot, int flags, int fd, int64_t offset)',
      munmap: 'int munmap(void *address, size_t length)',
    });
    const flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    const address = calls.mmap(null, length, PROT_READ | PROT_WRITE, flags, fd, 0) as bigint | null;
    if (address === null || BigInt(address) === MAP_FAILED) {
      throw new SystemCallError('mmap', lastErrno());
    }
    this.address = BigInt(address);
    this.length = length;
    this.buffer = ffi().view(address, length);
  }

  /** Nothing made from `buffer` may be touched from here on. */
  release(): void {
    if (this.released) return;
    this.released = true;
    calls?.munmap(this.address, this.length);
  }

  /** The same on another thread: the last mapping of a packet ring takes long to undo. */
  releaseAside(): void {
    if (this.released) return;
    this.released = true;
    calls?.munmap.async(this.address, this.length, () => {});
  }
}
