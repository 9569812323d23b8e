/** Why the system refuses to write, in words, and what helps. */

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota of this disk is used up (EDQUOT)',
  EACCES: 'this user may not write there (EACCES)',
  EPERM: 'this user may not write there (EPERM)',
  EROFS: 'what is mounted there can only be read (EROFS)',
  EISDIR: 'it is a folder (EISDIR)',
  ENOENT: 'the folder does not exist (ENOENT)',
  ENOTDIR: 'a part of the path is no folder (ENOTDIR)',
  EFBIG: 'the file may not grow larger (EFBIG)',
  EIO: 'the disk reported an error (EIO)',
};

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Words for a code of the system such as `ENOSPC`; the code itself where there are none. */
export function writeReason(code: string): string {
  return WHY[code] ?? code;
}

/** @param elsewhere how another place is named */
export function roomWay(code: string, elsewhere: string): string {
  return FULL.has(code) ? `make room, or ${elsewhere}` : elsewhere;
}
