/**
 * How the proc file system is read: by system calls where FFI can be used and the machine is the
 * real one, else by the runtime's file functions. Both give the same answers.
 */
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { NativeUnavailable } from '../../native/libc.ts';
import { ProcWalker } from '../../native/proc-walk.ts';

export interface ProcFiles {
  /**
   * Calls back with the inode of each socket among the links of a folder such as /proc/42/fd.
   * False: not permitted. A folder that is gone is passed over.
   */
  eachSocket(folder: string, onInode: (inode: number) => void): boolean;
  /** Target of a symbolic link; `forbidden` or `gone`, which no link of proc leads to. */
  readLink(path: string): string;
  /** The first 128 KiB as UTF-8, ill-formed octets replaced; undefined: not readable. */
  readText(path: string): string | undefined;
}

export function procFiles(native: boolean): ProcFiles {
  if (!native) return RUNTIME_FILES;
  try {
    return new ProcWalker();
  } catch (error) {
    if (error instanceof NativeUnavailable) return RUNTIME_FILES;
    throw error;
  }
}

const SOCKET_LINK = 'socket:[';
/** Linux allows two megabytes of arguments and more; a person reads less. */
const MAX_OCTETS = 131_072;
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

const RUNTIME_FILES: ProcFiles = {
  eachSocket(folder, onInode) {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch (error) {
      return !isForbidden(error);
    }
    for (const name of names) {
      const target = RUNTIME_FILES.readLink(`${folder}/${name}`);
      if (target === 'forbidden') return false;
      if (target.startsWith(SOCKET_LINK)) onInode(Number(target.slice(SOCKET_LINK.length, -1)));
    }
    return true;
  },

  readLink(path) {
    try {
      return readlinkSync(path);
    } catch (error) {
      return isForbidden(error) ? 'forbidden' : 'gone';
    }
  },

  readText(path) {
    let file: number;
    try {
      file = openSync(path, 'r');
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
  },
};

function isForbidden(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EACCES' || code === 'EPERM';
}
