/**
 * A run of captured frames, as columns over one borrowed buffer.
 *
 * Every reader of frames (capture files, a live ring) fills one of these and hands it to the
 * decoder, so that no object is made per packet. Terms are those of the pcap and pcapng drafts:
 * captured length (octets present), original length (octets on the wire), link type.
 */

/** Frames that fit in one batch. 4096 keeps the columns (about 120 KiB) inside the L2 cache. */
export const FRAME_BATCH_CAPACITY = 4096;

/** Where frames come from: one interface of one input. Indexed by `FrameBatch.interface`. */
export interface CaptureInterface {
  /** The input as the user named it: a path, or `-` for standard input. */
  readonly source: string;
  /** A log: numbers are those of lines, not of frames. */
  readonly lines?: boolean;
  /** Link type number (the LINKTYPE_ registry of the pcap draft; 1 = Ethernet). */
  readonly linkType: number;
  /** Snap length in octets; 0 = no limit stated. */
  readonly snapLength: number;
  readonly name?: string;
  readonly description?: string;
  readonly filter?: string;
  /** Octets of frame check sequence at the end of each frame, where the file says so. */
  readonly fcsLength?: number;
}

/**
 * Its columns belong to the reader that fills it; whoever decodes it has it until the next is asked
 * for.
 */
export class FrameBatch {
  /** Borrowed: valid until the source's next batch is asked for. */
  bytes: Uint8Array = new Uint8Array(0);
  /** A view over exactly the same octets as `bytes`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** How many leading entries of the columns are filled. */
  count = 0;
  /** Index of the frame's first octet in `bytes`. `offset + captured <= bytes.length` always. */
  readonly offset = new Int32Array(FRAME_BATCH_CAPACITY);
  /** Octets present in `bytes`. */
  readonly captured = new Int32Array(FRAME_BATCH_CAPACITY);
  /** Octets the frame had on the wire; a damaged record's value is raised to `captured`. */
  readonly original = new Uint32Array(FRAME_BATCH_CAPACITY);
  /** Seconds since 1970-01-01T00:00Z. */
  readonly seconds = new Uint32Array(FRAME_BATCH_CAPACITY);
  /** Nanoseconds within the second, 0 to 999,999,999. */
  readonly nanoseconds = new Uint32Array(FRAME_BATCH_CAPACITY);
  /** Number of the frame in its own source, from 1, as Wireshark shows it. */
  readonly number = new Uint32Array(FRAME_BATCH_CAPACITY);
  /** Index into the source's list of `CaptureInterface`. */
  readonly interface = new Uint16Array(FRAME_BATCH_CAPACITY);

  /** Overwrites entry `to` with entry `from`. */
  move(to: number, from: number): void {
    this.offset[to] = this.offset[from]!;
    this.captured[to] = this.captured[from]!;
    this.original[to] = this.original[from]!;
    this.seconds[to] = this.seconds[from]!;
    this.nanoseconds[to] = this.nanoseconds[from]!;
    this.number[to] = this.number[from]!;
    this.interface[to] = this.interface[from]!;
  }

  /** Re-aims the batch at another buffer (borrowed) and empties it. */
  reset(bytes: Uint8Array, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
    this.count = 0;
  }
}

/** Something that yields frames until it ends: files, standard input, a live ring. */
export interface FrameSource {
  /** All interfaces met so far; only ever grows, and before a frame refers to a new entry. */
  readonly interfaces: readonly CaptureInterface[];
  /** Fills the next batch; undefined at the end. The batch is reused by the following call. */
  next(): Promise<FrameBatch | undefined>;
  /** Releases files. Safe to call more than once. */
  close(): Promise<void>;
}
