/** What is said when packets cannot be written: to a file, or to standard output. */
import { MixedLinkTypes } from '../pipeline/capture.ts';
import { counted } from '../report/numbers.ts';
import { INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { roomWay, writeReason } from './write-reasons.ts';

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
  const safe = `${counted(written, 'packet is', 'packets are')} safe: what was written can be read`;
  const kept = `; ${written === 0 ? 'nothing was written' : safe}`;
  return new Failure(INPUT, {
    what: `cannot write ${path === undefined || path === '-' ? 'standard output' : path}`,
    // Where it could not even be opened there is no file to speak of.
    why: `${writeReason(code)}${syscall === 'open' ? '' : kept}`,
    ways: [roomWay(code, 'name another place with -w')],
  });
}
