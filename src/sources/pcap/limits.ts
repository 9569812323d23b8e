/** Every limit of reading captures: an option, its default, and the range it is held to. */
import type { Readable } from 'node:stream';

export interface CaptureOptions {
  /**
   * Octets read at a time from each input; 256 KiB, so that they stay in the cache until they
   * were walked. Held to 64 octets … 256 MiB.
   */
  readonly chunkOctets?: number;
  /**
   * Largest captured length accepted where the file states no larger snap length, in octets;
   * 262,144, as for libpcap. Held to 64 KiB … 128 MiB.
   */
  readonly largestRecord?: number;
  /** Faults kept; further ones that do not end an input are counted. 1,000. */
  readonly faultLimit?: number;
  /** Octets of read buffers shared by the inputs that are merged; 64 MiB. */
  readonly mergeBufferOctets?: number;
  /** Files found in folders, beyond which the rest is reported and left; 100,000. */
  readonly fileLimit?: number;
  /** What `-` reads; standard input. */
  readonly standardInput?: Readable;
}

export type CaptureLimits = Required<Omit<CaptureOptions, 'standardInput'>>;

function held(value: number | undefined, standard: number, least: number, most: number): number {
  if (value === undefined) return standard;
  if (!Number.isInteger(value)) throw new TypeError(`a limit must be a whole number, not ${value}`);
  return Math.min(most, Math.max(least, value));
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Fills in defaults and holds each limit to its range. Throws TypeError for no whole number. */
export function limitsOf(options: CaptureOptions): CaptureLimits {
  return {
    chunkOctets: held(options.chunkOctets, 256 * KIB, 64, 256 * MIB),
    largestRecord: held(options.largestRecord, 256 * KIB, 64 * KIB, 128 * MIB),
    faultLimit: held(options.faultLimit, 1000, 1, 1_000_000),
    mergeBufferOctets: held(options.mergeBufferOctets, 64 * MIB, MIB, 4096 * MIB),
    fileLimit: held(options.fileLimit, 100_000, 1, 10_000_000),
  };
}
