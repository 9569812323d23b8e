/**
 * How the folders of processes in the proc file system are read: by system calls where FFI can be
 * used and the machine is the real one, else by the runtime's file functions. Both give the same
 * answers.
 */
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { NativeUnavailable } from '../../native/libc.ts';
import { FORBIDDEN, GONE, ProcWalker } from '../../native/proc-walk.ts';

export { FORBIDDEN, GONE };

/** Looks into one process after another. */
export interface ProcFiles {
  /** What is asked from now on is about that process; it need not exist. */
  enter(process: number | 'self'): void;
  /** Whether there is such a process. */
  exists(): boolean;
  /** Number of its network namespace, `GONE` or `FORBIDDEN`. */
  network(): number;
  /** Calls back with the inode of each socket it has open. May give `GONE` or `FORBIDDEN`. */
  eachSocket(onInode: (inode: number) => void): number;
  /** Effective user id; undefined: it is gone. */
  effectiveUser(): number | undefined;
  /** Target of a symbolic link; `forbidden` or `gone`, which no link of proc leads to. */
  readLink(name: string): string;
  /** The first 128 KiB as UTF-8, ill-formed octets replaced; undefined: not readable. */
  readText(name: string): string | undefined;
  /** Gives back what looking took. */
  close(): void;
}

/** @param root where the proc file system is mounted */
export function procFiles(root: string, native: boolean): ProcFiles {
  if (!native) return new RuntimeFiles(root);
  try {
    return new ProcWalker(root);
  } catch (error) {
    if (error instanceof NativeUnavailable) return new RuntimeFiles(root);
    throw error;
  }
}

const SOCKET_LINK = 'socket:[';
/** Linux allows two megabytes of arguments and more; a person reads less. */
const MAX_OCTETS = 131_072;
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

class RuntimeFiles implements ProcFiles {
  private readonly root: string;
  private folder: string;

  constructor(root: string) {
    this.root = root;
    this.folder = root;
  }

  enter(process: number | 'self'): void {
    this.folder = `${this.root}/${process}`;
  }

  exists(): boolean {
    return existsSync(this.folder);
  }

  network(): number {
    const target = this.readLink('ns/net');
    if (target === 'forbidden') return FORBIDDEN;
    return target === 'gone' ? GONE : Number(target.slice(target.indexOf('[') + 1, -1));
  }

  eachSocket(onInode: (inode: number) => void): number {
    let names: string[];
    try {
      names = readdirSync(`${this.folder}/fd`);
    } catch (error) {
      return isForbidden(error) ? FORBIDDEN : GONE;
    }
    for (const name of names) {
      const target = this.readLink(`fd/${name}`);
      if (target === 'forbidden') return FORBIDDEN;
      if (target.startsWith(SOCKET_LINK)) onInode(Number(target.slice(SOCKET_LINK.length, -1)));
    }
    return 1;
  }

  effectiveUser(): number | undefined {
    const uid = /^Uid:\t\d+\t(\d+)\t/m.exec(this.readText('status') ?? '')?.[1];
    return uid === undefined ? undefined : Number(uid);
  }

  readLink(name: string): string {
    try {
      return readlinkSync(`${this.folder}/${name}`);
    } catch (error) {
      return isForbidden(error) ? 'forbidden' : 'gone';
    }
  }

  readText(name: string): string | undefined {
    let file: number;
    try {
      file = openSync(`${this.folder}/${name}`, 'r');
    } catch {
      return undefined;
    }
    try {
      const buffer = new Uint8Array(MAX_OCTETS);
      let length = 0;
      while (length < MAX_OCTETS) {
        const octets = readSync(file, buffer, length, MAX_OCTETS - length, null);
        if (octets === 0) break;
        length += octets;
      }
      return DECODER.decode(buffer.subarray(0, length));
    } catch {
      return undefined;
    } finally {
      closeSync(file);
    }
  }

  close(): void {
    // Nothing is kept open.
  }
}

function isForbidden(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EACCES' || code === 'EPERM';
}
