/**
 * The proc file system read by system calls, for machines with thousands of processes: the
 * runtime's file functions make objects, strings and errors for each of tens of thousands of
 * links, which takes longer than the kernel's own work. One object owns the buffers; nothing is
 * allocated per file, names are passed by their addresses where they lie, and looked up below an
 * open folder, so that the kernel does not walk the path anew for each. getdents64(2),
 * readlinkat(2), openat(2), statx(2).
 */
import { bind, errorName, ffi, lastErrno, type NativeFunction } from './libc.ts';

const O_RDONLY = 0;
const O_DIRECTORY = process.arch === 'arm64' ? 0x4000 : 0x10000;
const O_CLOEXEC = 0x80000;
const O_PATH = 0x200000;
const AT_FDCWD = -100;
/** Of statx: what is asked for, and where the user id lies in the answer. */
const STATX_UID = 0x8;
const STATX_UID_AT = 20;
/** Of linux_dirent64: length of the record, and the name, which ends with a NUL. */
const RECORD_LENGTH = 16;
const RECORD_NAME = 19;
const DIRENTS_LENGTH = 1 << 15;
/** No record is longer: when more than this is left of the buffer, the folder had no more. */
const LONGEST_RECORD = 280;
const LINK_LENGTH = 4096;
/** Octets of `socket:[4294967295]`; what is longer is no socket, and is cut off. */
const SOCKET_LINK_LENGTH = 32;
/** A process id, a slash and one of the names that are asked for. */
const PATH_LENGTH = 64;
/** `socket:[`. */
const SOCKET = [0x73, 0x6f, 0x63, 0x6b, 0x65, 0x74, 0x3a, 0x5b] as const;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Linux allows two megabytes of arguments and more; a person reads less. */
const FILE_LENGTH = 131_072;

/** What `network` and `eachSocket` meet with: it is not there, or we may not look. */
export const GONE = 0;
export const FORBIDDEN = -1;
/** What `eachSocket` gives where it looked. */
const LOOKED = 1;

type Calls = Readonly<
  Record<'openat' | 'close' | 'read' | 'getdents64' | 'readlinkat' | 'statx', NativeFunction>
>;

/** Octets that do not move, and where they lie. */
interface Memory {
  readonly octets: Buffer;
  readonly address: number;
}

function memory(length: number): Memory {
  const octets = Buffer.alloc(length);
  return { octets, address: Number(ffi().address(octets)) };
}

/** Looks into one process after another: `enter` it, and ask. */
export class ProcWalker {
  private readonly calls: Calls;
  private readonly root: number;
  /** The process's number and what is looked for below it, ending with a NUL. */
  private readonly path: Memory;
  /** Where that begins. */
  private below = 0;
  private readonly dirents: Memory;
  private readonly link: Memory;
  private readonly file: Memory;
  /** Names below a process's folder, each ending with a NUL. */
  private readonly names = new Map<string, Buffer>();

  /** Throws `NativeUnavailable`. @param root where the proc file system is mounted */
  constructor(root: string) {
    this.calls = bind({
      openat: 'int openat(int folder, uintptr_t path, int flags)',
      close: 'int close(int fd)',
      read: 'long read(int fd, uintptr_t buffer, size_t length)',
      getdents64: 'long getdents64(int fd, uintptr_t buffer, size_t length)',
      readlinkat: 'long readlinkat(int folder, uintptr_t name, uintptr_t buffer, size_t length)',
      statx: 'int statx(int folder, uintptr_t path, int flags, uint mask, uintptr_t buffer)',
    });
    this.path = memory(PATH_LENGTH);
    this.dirents = memory(DIRENTS_LENGTH);
    this.link = memory(LINK_LENGTH);
    this.file = memory(FILE_LENGTH);
    const start = memory(root.length * 3 + 1);
    start.octets.write(root);
    const flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    this.root = this.calls.openat(AT_FDCWD, start.address, flags) as number;
  }

  /** What is asked from now on is about that process, by id or `self`; it need not exist. */
  enter(process: number | 'self'): void {
    const { octets } = this.path;
    let digits = 1;
    if (process === 'self') digits = octets.write(process, 'latin1');
    else {
      for (let rest = process; rest >= 10; rest = Math.floor(rest / 10)) digits++;
      for (let rest = process, at = digits; at > 0; rest = Math.floor(rest / 10)) {
        octets[--at] = 0x30 + (rest % 10);
      }
    }
    this.below = digits;
  }

  /** Gives everything back. The object is of no use afterwards. */
  close(): void {
    if (this.root >= 0) this.calls.close(this.root);
  }

  /** Number of the process's network namespace, `GONE` or `FORBIDDEN`. */
  network(): number {
    const octets = this.readLinkTo('ns/net', SOCKET_LINK_LENGTH);
    if (octets < 0) return this.mayNot() ? FORBIDDEN : GONE;
    let at = 0;
    while (at < octets && this.link.octets[at] !== OPEN_BRACKET) at++;
    return this.numberIn(at + 1, octets);
  }

  /**
   * Calls back with the inode of each socket that the process has open. `FORBIDDEN` when its files
   * may not be listed or their links not be read, `GONE` when there is no list of files.
   */
  eachSocket(onInode: (inode: number) => void): number {
    const fd = this.open('fd', O_RDONLY | O_DIRECTORY);
    if (fd < 0) return this.mayNot() ? FORBIDDEN : GONE;
    try {
      for (;;) {
        const { address } = this.dirents;
        const length = this.calls.getdents64(fd, address, DIRENTS_LENGTH) as number;
        if (length <= 0) return length < 0 && this.mayNot() ? FORBIDDEN : LOOKED;
        if (!this.readBatch(fd, length, onInode)) return FORBIDDEN;
        if (length < DIRENTS_LENGTH - LONGEST_RECORD) return LOOKED;
      }
    } finally {
      this.calls.close(fd);
    }
  }

  private readBatch(fd: number, length: number, onInode: (inode: number) => void): boolean {
    const { octets: dirents, address: names } = this.dirents;
    const { address: link } = this.link;
    const { readlinkat } = this.calls;
    for (let at = 0; at + RECORD_NAME < length; ) {
      const size = dirents[at + RECORD_LENGTH]! | (dirents[at + RECORD_LENGTH + 1]! << 8);
      if (size === 0) return true;
      // `.` and `..` are no links.
      if (dirents[at + RECORD_NAME] !== 0x2e) {
        const octets = readlinkat(fd, names + at + RECORD_NAME, link, SOCKET_LINK_LENGTH) as number;
        if (octets < 0) {
          if (this.mayNot()) return false;
        } else {
          const inode = this.inodeIn(octets);
          if (inode > 0) onInode(inode);
        }
      }
      at += size;
    }
    return true;
  }

  /** The number in `socket:[88]`; 0 for any other link. */
  private inodeIn(length: number): number {
    const link = this.link.octets;
    for (let at = 0; at < 8; at++) if (link[at] !== SOCKET[at]) return 0;
    return this.numberIn(8, length);
  }

  private numberIn(start: number, length: number): number {
    const link = this.link.octets;
    let number = 0;
    for (let at = start; at < length && link[at] !== CLOSE_BRACKET; at++) {
      number = number * 10 + link[at]! - 0x30;
    }
    return number;
  }

  private mayNot(): boolean {
    const code = errorName(lastErrno());
    return code === 'EACCES' || code === 'EPERM';
  }

  /** Effective user id: the folder of a process belongs to it (proc(5)), whatever its rights. */
  effectiveUser(): number | undefined {
    const { octets, address } = this.file;
    if (this.stat(STATX_UID, address) < 0) return undefined;
    return octets.readUInt32LE(STATX_UID_AT);
  }

  /** Whether there is such a process. */
  exists(): boolean {
    return this.stat(0, this.file.address) === 0;
  }

  /** About the folder of the process. */
  private stat(mask: number, address: number): number {
    this.path.octets[this.below] = 0;
    return this.calls.statx(this.root, this.path.address, 0, mask, address) as number;
  }

  /** Target of a link of the process; `forbidden` or `gone` where it cannot be read. */
  readLink(name: string): string {
    const octets = this.readLinkTo(name, LINK_LENGTH);
    if (octets < 0) return this.mayNot() ? 'forbidden' : 'gone';
    return this.link.octets.toString('utf8', 0, octets);
  }

  private readLinkTo(name: string, length: number): number {
    return this.calls.readlinkat(this.root, this.pathOf(name), this.link.address, length) as number;
  }

  /** The first 128 KiB of a file of the process, ill-formed octets replaced. */
  readText(name: string): string | undefined {
    const { calls, file } = this;
    const fd = this.open(name, O_RDONLY);
    if (fd < 0) return undefined;
    let length = 0;
    for (;;) {
      const octets = calls.read(fd, file.address + length, FILE_LENGTH - length) as number;
      if (octets < 0) {
        calls.close(fd);
        return undefined;
      }
      length += octets;
      // The files of proc that are read here come in one piece, unless they are long.
      if (octets < 4096 || length === FILE_LENGTH) break;
    }
    calls.close(fd);
    return file.octets.toString('utf8', 0, length);
  }

  private open(name: string, flags: number): number {
    return this.calls.openat(this.root, this.pathOf(name), flags | O_CLOEXEC) as number;
  }

  /** Address of the path to that name in the process, until the next one is asked for. */
  private pathOf(name: string): number {
    let octets = this.names.get(name);
    if (octets === undefined) {
      octets = Buffer.from(`/${name}\0`);
      this.names.set(name, octets);
    }
    this.path.octets.set(octets, this.below);
    return this.path.address;
  }
}
