/** What is said when packets cannot be written: to a file, or to standard output. */
import { MixedLinkTypes } from '../pipeline/capture.ts';
import { counted } from '../report/numbers.ts';
import { INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota of this disk is used up (EDQUOT)',
  EACCES: 'this user may not write there (EACCES)',
  ENOENT: 'the folder does not exist (ENOENT)',
  EFBIG: 'the file may not grow larger (EFBIG)',
  EIO: 'the disk reported an error (EIO)',
};

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** A failure to write as people are told it. A reader of a pipe that is gone ends the program. */
export function writeFailure(error: unknown, path: string | undefined, written = 0): unknown {
  if (error instanceof MixedLinkTypes) {
    return new Failure(USAGE, {
      what: `${path} cannot hold these packets`,
      why: 'they are of several link types, and a pcap file has one',
      ways: ['write pcapng: --format pcapng'],
    });
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE') process.exit();
  if (code === undefined || syscall === undefined) return error;
  const safe = `${counted(written, 'packet')} are safe: what was written can be read`;
  const kept = `; ${written === 0 ? 'nothing was written' : safe}`;
  return new Failure(INPUT, {
    what: `cannot write ${path === undefined || path === '-' ? 'standard output' : path}`,
    // Where it could not even be opened there is no file to speak of.
    why: `${WHY[code] ?? code}${syscall === 'open' ? '' : kept}`,
    ways: [
      FULL.has(code) ? 'make room, or name another place with -w' : 'name another place with -w',
    ],
  });
}
