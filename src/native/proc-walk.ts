/**
 * The proc file system read by system calls, for machines with thousands of processes: the
 * runtime's file functions make objects, strings and errors for each of tens of thousands of
 * links, which takes longer than the kernel's own work. One object owns the buffers; nothing is
 * allocated per file, and names are looked up below an open folder, so that the kernel does not
 * walk the path anew for each. getdents64(2), readlinkat(2), openat(2).
 */
import { fstatSync } from 'node:fs';
import { bind, errorName, lastErrno, type NativeFunction } from './libc.ts';

const O_RDONLY = 0;
const O_DIRECTORY = process.arch === 'arm64' ? 0x4000 : 0x10000;
const O_CLOEXEC = 0x80000;
const O_PATH = 0x200000;
const AT_FDCWD = -100;
/** Of linux_dirent64: length of the record, and the name, which ends with a NUL. */
const RECORD_LENGTH = 16;
const RECORD_NAME = 19;
const DIRENTS_LENGTH = 1 << 15;
/** No record is longer: when more than this is left of the buffer, the folder had no more. */
const LONGEST_RECORD = 280;
const LINK_LENGTH = 4096;
/** Octets of `socket:[4294967295]`; what is longer is no socket, and is cut off. */
const SOCKET_LINK_LENGTH = 32;
const NAME_LENGTH = 64;
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
  Record<'openat' | 'close' | 'read' | 'getdents64' | 'readlinkat', NativeFunction>
>;

/** Looks into one process after another: `enter` it, ask, `leave` at the end. */
export class ProcWalker {
  private readonly calls: Calls;
  private readonly root: number;
  private folder = -1;
  private readonly dirents = Buffer.alloc(DIRENTS_LENGTH);
  private readonly name = Buffer.alloc(NAME_LENGTH);
  private readonly link = Buffer.alloc(LINK_LENGTH);
  private readonly file = Buffer.alloc(FILE_LENGTH);
  /** Names below a process's folder, each ending with a NUL. */
  private readonly names = new Map<string, Buffer>();

  /** Throws `NativeUnavailable`. @param root where the proc file system is mounted */
  constructor(root: string) {
    this.calls = bind({
      openat: 'int openat(int folder, const void *path, int flags)',
      close: 'int close(int fd)',
      read: 'long read(int fd, void *buffer, size_t length)',
      getdents64: 'long getdents64(int fd, void *buffer, size_t length)',
      readlinkat: 'long readlinkat(int folder, const void *name, void *buffer, size_t length)',
    });
    this.root = this.open(AT_FDCWD, Buffer.from(`${root}\0`), O_PATH | O_DIRECTORY);
  }

  /** Goes into the folder of a process, by id or `self`. False: there is none. */
  enter(process: number | 'self'): boolean {
    this.leave();
    const { name } = this;
    if (process === 'self') name.write('self\0', 'latin1');
    else {
      let digits = 1;
      for (let rest = process; rest >= 10; rest = Math.floor(rest / 10)) digits++;
      name[digits] = 0;
      for (let rest = process; digits > 0; rest = Math.floor(rest / 10)) {
        name[--digits] = 0x30 + (rest % 10);
      }
    }
    this.folder = this.open(this.root, name, O_PATH | O_DIRECTORY);
    return this.folder >= 0;
  }

  leave(): void {
    if (this.folder >= 0) this.calls.close(this.folder);
    this.folder = -1;
  }

  /** Gives everything back. The object is of no use afterwards. */
  close(): void {
    this.leave();
    if (this.root >= 0) this.calls.close(this.root);
  }

  /** Number of the process's network namespace, `GONE` or `FORBIDDEN`. */
  network(): number {
    const octets = this.readLinkTo(this.nameOf('ns/net'), SOCKET_LINK_LENGTH);
    if (octets < 0) return this.mayNot() ? FORBIDDEN : GONE;
    let at = 0;
    while (at < octets && this.link[at] !== OPEN_BRACKET) at++;
    return this.numberIn(at + 1, octets);
  }

  /**
   * Calls back with the inode of each socket that the process has open. `FORBIDDEN` when its files
   * may not be listed or their links not be read, `GONE` when there is no list of files.
   */
  eachSocket(onInode: (inode: number) => void): number {
    const fd = this.open(this.folder, this.nameOf('fd'), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return this.mayNot() ? FORBIDDEN : GONE;
    try {
      for (;;) {
        const length = this.calls.getdents64(fd, this.dirents, DIRENTS_LENGTH) as number;
        if (length <= 0) return length < 0 && this.mayNot() ? FORBIDDEN : LOOKED;
        if (!this.readBatch(fd, length, onInode)) return FORBIDDEN;
        if (length < DIRENTS_LENGTH - LONGEST_RECORD) return LOOKED;
      }
    } finally {
      this.calls.close(fd);
    }
  }

  private readBatch(fd: number, length: number, onInode: (inode: number) => void): boolean {
    const { dirents, name, link, calls } = this;
    for (let at = 0; at + RECORD_NAME < length; ) {
      const size = dirents[at + RECORD_LENGTH]! | (dirents[at + RECORD_LENGTH + 1]! << 8);
      if (size === 0) return true;
      // `.` and `..` are no links.
      if (dirents[at + RECORD_NAME] !== 0x2e) {
        for (let to = 0, from = at + RECORD_NAME; to < NAME_LENGTH; to++, from++) {
          const octet = dirents[from]!;
          name[to] = octet;
          if (octet === 0) break;
        }
        const octets = calls.readlinkat(fd, name, link, SOCKET_LINK_LENGTH) as number;
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
    const { link } = this;
    for (let at = 0; at < 8; at++) if (link[at] !== SOCKET[at]) return 0;
    return this.numberIn(8, length);
  }

  private numberIn(start: number, length: number): number {
    const { link } = this;
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
    try {
      return fstatSync(this.folder).uid;
    } catch {
      return undefined;
    }
  }

  /** Target of a link of the process; `forbidden` or `gone` where it cannot be read. */
  readLink(name: string): string {
    const octets = this.readLinkTo(this.nameOf(name), LINK_LENGTH);
    if (octets < 0) return this.mayNot() ? 'forbidden' : 'gone';
    return this.link.toString('utf8', 0, octets);
  }

  private readLinkTo(name: Buffer, length: number): number {
    return this.calls.readlinkat(this.folder, name, this.link, length) as number;
  }

  /** The first 128 KiB of a file of the process, ill-formed octets replaced. */
  readText(name: string): string | undefined {
    const { calls, file } = this;
    const fd = this.open(this.folder, this.nameOf(name), O_RDONLY);
    if (fd < 0) return undefined;
    let length = 0;
    for (;;) {
      const target = length === 0 ? file : file.subarray(length);
      const octets = calls.read(fd, target, FILE_LENGTH - length) as number;
      if (octets < 0) {
        calls.close(fd);
        return undefined;
      }
      length += octets;
      // The files of proc that are read here come in one piece, unless they are long.
      if (octets < 4096 || length === FILE_LENGTH) break;
    }
    calls.close(fd);
    return file.toString('utf8', 0, length);
  }

  private open(folder: number, name: Buffer, flags: number): number {
    return this.calls.openat(folder, name, flags | O_CLOEXEC) as number;
  }

  private nameOf(name: string): Buffer {
    let octets = this.names.get(name);
    if (octets === undefined) {
      octets = Buffer.from(`${name}\0`);
      this.names.set(name, octets);
    }
    return octets;
  }
}
