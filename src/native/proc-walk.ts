/**
 * The proc file system read by system calls, for machines with thousands of processes: the
 * runtime's file functions make objects, strings and errors for each of tens of thousands of
 * links, which takes longer than the kernel's own work. One object owns the buffers; nothing is
 * allocated per file. getdents64(2), readlinkat(2), openat(2).
 */
import { bind, errorName, lastErrno, type NativeFunction } from './libc.ts';

const O_RDONLY = 0;
const O_DIRECTORY = process.arch === 'arm64' ? 0x4000 : 0x10000;
const O_CLOEXEC = 0x80000;
const AT_FDCWD = -100;
/** Of linux_dirent64: length of the record, and the name, which ends with a NUL. */
const RECORD_LENGTH = 16;
const RECORD_NAME = 19;
const DIRENTS_LENGTH = 1 << 15;
const LINK_LENGTH = 4096;
const NAME_LENGTH = 64;
/** `socket:[`. */
const SOCKET = [0x73, 0x6f, 0x63, 0x6b, 0x65, 0x74, 0x3a, 0x5b] as const;

/** Linux allows two megabytes of arguments and more; a person reads less. */
const FILE_LENGTH = 131_072;

export class ProcWalker {
  private readonly calls: Readonly<
    Record<'openat' | 'close' | 'read' | 'getdents64' | 'readlinkat', NativeFunction>
  >;
  private readonly dirents = Buffer.alloc(DIRENTS_LENGTH);
  private readonly name = Buffer.alloc(NAME_LENGTH);
  private readonly link = Buffer.alloc(LINK_LENGTH);
  private readonly file = Buffer.alloc(FILE_LENGTH);

  /** Throws `NativeUnavailable`. */
  constructor() {
    this.calls = bind({
      openat: 'int openat(int folder, const char *path, int flags)',
      close: 'int close(int fd)',
      read: 'long read(int fd, void *buffer, size_t length)',
      getdents64: 'long getdents64(int fd, void *buffer, size_t length)',
      readlinkat: 'long readlinkat(int folder, const void *name, void *buffer, size_t length)',
    });
  }

  /**
   * Calls back with the inode of each socket among the links of a folder such as /proc/42/fd.
   * False when the folder may not be listed or its links not be read; a folder that is gone is
   * passed over.
   */
  eachSocket(folder: string, onInode: (inode: number) => void): boolean {
    const fd: number = this.calls.openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return !this.mayNot();
    try {
      for (;;) {
        const length = Number(this.calls.getdents64(fd, this.dirents, DIRENTS_LENGTH));
        if (length <= 0) return length === 0 || !this.mayNot();
        if (!this.readBatch(fd, length, onInode)) return false;
      }
    } finally {
      this.calls.close(fd);
    }
  }

  private readBatch(fd: number, length: number, onInode: (inode: number) => void): boolean {
    const { dirents, link } = this;
    for (let at = 0; at + RECORD_NAME < length; ) {
      const size = dirents[at + RECORD_LENGTH]! | (dirents[at + RECORD_LENGTH + 1]! << 8);
      if (size === 0) return true;
      // `.` and `..` are no links.
      if (dirents[at + RECORD_NAME] !== 0x2e) {
        this.copyName(at + RECORD_NAME);
        const octets = Number(this.calls.readlinkat(fd, this.name, link, LINK_LENGTH));
        if (octets < 0 && this.mayNot()) return false;
        const inode = octets < 0 ? 0 : this.inodeIn(octets);
        if (inode > 0) onInode(inode);
      }
      at += size;
    }
    return true;
  }

  private copyName(from: number): void {
    const { dirents, name } = this;
    let at = 0;
    for (; at < NAME_LENGTH - 1; at++) {
      const octet = dirents[from + at]!;
      if (octet === 0) break;
      name[at] = octet;
    }
    name[at] = 0;
  }

  /** The number in `socket:[88]`; 0 for any other link. */
  private inodeIn(length: number): number {
    const { link } = this;
    for (let at = 0; at < 8; at++) if (link[at] !== SOCKET[at]) return 0;
    let inode = 0;
    for (let at = 8; at < length && link[at] !== 0x5d; at++) inode = inode * 10 + link[at]! - 0x30;
    return inode;
  }

  private mayNot(): boolean {
    const code = errorName(lastErrno());
    return code === 'EACCES' || code === 'EPERM';
  }

  /** Target of a link; `forbidden` or `gone` where it cannot be read. */
  readLink(path: string): string {
    const octets = Number(
      this.calls.readlinkat(AT_FDCWD, Buffer.from(`${path}\0`), this.link, LINK_LENGTH),
    );
    if (octets < 0) return this.mayNot() ? 'forbidden' : 'gone';
    return this.link.toString('utf8', 0, octets);
  }

  /** The first 128 KiB of a file as UTF-8, ill-formed octets replaced; undefined: not readable. */
  readText(path: string): string | undefined {
    const fd: number = this.calls.openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return undefined;
    let length = 0;
    for (;;) {
      const target = length === 0 ? this.file : this.file.subarray(length);
      const octets = Number(this.calls.read(fd, target, FILE_LENGTH - length));
      if (octets < 0) {
        this.calls.close(fd);
        return undefined;
      }
      length += octets;
      // The files of proc that are read here come in one piece, unless they are long.
      if (octets < 4096 || length === FILE_LENGTH) break;
    }
    this.calls.close(fd);
    return this.file.toString('utf8', 0, length);
  }
}
