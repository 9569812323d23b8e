/** Text whose lines end in a carriage return alone, as old programs write it, with newlines for them. */
import type { ByteSource } from '../pcap/byte-source.ts';

const RETURN = 0x0d;
const NEWLINE = 0x0a;
/** Octets in which such a text has an end of line. */
const TELLING_OCTETS = 4096;

/** Whether a text that begins so ends its lines in returns. */
export function endsInReturns(head: Uint8Array): boolean {
  const part = head.subarray(0, TELLING_OCTETS);
  // Behind the last one a newline may follow still.
  return part.subarray(0, -1).includes(RETURN) && !part.includes(NEWLINE);
}

export class ReturnBytes implements ByteSource {
  readonly most: number;
  readonly readsAhead: boolean;
  private readonly source: ByteSource;

  /** Takes over `source`. */
  constructor(source: ByteSource) {
    this.source = source;
    this.most = source.most;
    this.readsAhead = source.readsAhead;
  }

  get consumed(): number {
    return this.source.consumed;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    const count = await this.source.read(target, start, length);
    for (let at = start; at < start + count; at++) if (target[at] === RETURN) target[at] = NEWLINE;
    return count;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
