/**
 * Faults of capture files: what is wrong, where exactly, and what to do about it.
 *
 * A fault is data, not an exception: everything before it has been delivered, other inputs go on,
 * and the caller decides what it means for the exit code. Codes are stable and documented.
 */

/** Stable names of what can be wrong with an input. */
export type CaptureFaultCode =
  | 'cannot-open'
  | 'cannot-read'
  | 'empty-input'
  | 'no-captures'
  | 'not-a-capture'
  | 'unsupported-format'
  | 'unsupported-version'
  | 'bad-link-type'
  | 'bad-byte-order'
  | 'truncated-file-header'
  | 'truncated-record'
  | 'truncated-compression'
  | 'corrupt-compression'
  | 'record-too-large'
  | 'bad-record'
  | 'bad-block-length'
  | 'bad-block'
  | 'bad-option'
  | 'unknown-interface'
  | 'too-many-interfaces';

/** The part of an input in which a fault lies. */
type CaptureLayer = 'input' | 'gzip' | 'zstd' | 'pcap' | 'pcapng';

export interface CaptureFault {
  readonly code: CaptureFaultCode;
  /** The input as the user named it, or the path found in a folder. */
  readonly source: string;
  readonly layer: CaptureLayer;
  /** Octet offset of the damaged item: in the capture after decompression, or in the compressed
   * file itself when `layer` is gzip or zstd. */
  readonly offset: number;
  /** pcap: number of the record, pcapng: number of the block, both from 1; 0 = the file itself. */
  readonly record: number;
  /** Frames of this input delivered before the fault. */
  readonly frames: number;
  /** Octets the item needs, and how many there are, where the fault is about lengths. */
  readonly required?: number;
  readonly available?: number;
  /** True when nothing of this input was read after the fault. */
  readonly ends: boolean;
  readonly what: string;
  readonly why: string;
  readonly do: string;
}

/** An input that is no capture and was passed over, with the reason. */
export interface SkippedInput {
  readonly source: string;
  readonly why: string;
}

/** What a format reader knows of a fault; the input adds its name and its frame count. */
export type FaultDetails = Omit<CaptureFault, 'source' | 'frames'>;

/** The faults of all inputs, with a bound on how many are kept. */
export class FaultList {
  readonly faults: CaptureFault[] = [];
  /** Faults beyond the bound: counted, not kept. */
  unlisted = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps a fault; one that ends its input is always kept. */
  add(source: string, frames: number, details: FaultDetails): void {
    if (this.faults.length >= this.#limit && !details.ends) this.unlisted++;
    else this.faults.push({ source, frames, ...details });
  }
}
