/**
 * Frames into capture files, readable at any moment: only whole records are handed to the
 * system, and what a full disk left of one is cut off again. Files rotate by size, time and count
 * as tcpdump's do (`-C`, `-G`, `-W`).
 */
import {
  chownSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {
  type CaptureFormat,
  type InterfaceCounts,
  interfaceBlock,
  PACKET_BLOCK,
  PCAP_RECORD,
  pcapHeader,
  sectionHeader,
  statisticsBlock,
  writePacketBlock,
  writePcapRecord,
} from '../../wire/capture-file.ts';
import { copyOctets, type Octets } from '../../wire/copy-octets.ts';
import type { CaptureInterface, FrameBatch } from '../../wire/frame-batch.ts';

export interface WriterOptions {
  /** `-` is standard output. With `rotateSeconds` it may hold `%Y %m %d %H %M %S`. */
  readonly path: string;
  readonly format: CaptureFormat;
  readonly snapLength?: number;
  /** A new file once one has this many octets. */
  readonly rotateOctets?: number;
  /** A new file once the first frame of one is this old. */
  readonly rotateSeconds?: number;
  /** Files kept: with `rotateOctets` the oldest is written anew; else writing ends after them. */
  readonly files?: number;
  readonly application?: string;
  /** Who owns the files. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Called with the path of each file that another one follows. */
  readonly onRotated?: (path: string) => void;
}

/** Gathered before it is handed to the system. */
const BUFFER_OCTETS = 256 * 1024;
const STANDARD_OUTPUT = 1;
const DEFAULT_SNAP_LENGTH = 262_144;

/** Frames of several link types cannot stand in one pcap file. */
export class MixedLinkTypes extends Error {
  override readonly name = 'MixedLinkTypes';
}

/** Owns its files. A frame counts as written when its record was handed to the system whole. */
export class FileWriter {
  /** Frames that are in files, as far as the system was told. */
  written = 0;
  /** Files begun. */
  fileCount = 0;
  /** No further frames are taken: as many files as wanted were written. */
  full = false;
  private readonly options: WriterOptions;
  private buffer = newBuffer(BUFFER_OCTETS);
  private length = 0;
  private pending = 0;
  private descriptor = -1;
  /** Where the present file is. */
  private path = '';
  /** The name that is numbered, and the number of the present file that has it, from 0. */
  private named = '';
  private number = -1;
  /** Octets of the present file that hold whole records. */
  private fileOctets = 0;
  private regular = false;
  private firstSeconds = -1;
  private linkType = -1;
  /** Interfaces that the present file describes: how many of the source's, in order. */
  private described = 0;
  private interfaces: readonly CaptureInterface[] = [];

  constructor(options: WriterOptions) {
    this.options = options;
  }

  /** Opens the first file at once, so that a wrong path is known before anything is captured. */
  open(nowMs: number): void {
    if (this.descriptor < 0) this.begin(Math.floor(nowMs / 1000));
  }

  /**
   * Takes a frame. Throws the system's error when a file cannot be written; `written` then says
   * how many frames are safe.
   */
  write(batch: FrameBatch, index: number, interfaces: readonly CaptureInterface[]): void {
    if (this.full) return;
    this.interfaces = interfaces;
    const seconds = batch.seconds[index]!;
    this.rotate(seconds);
    if (this.full) return;
    if (this.firstSeconds < 0) this.firstSeconds = seconds;
    const limit = this.options.snapLength ?? DEFAULT_SNAP_LENGTH;
    const captured = Math.min(batch.captured[index]!, limit);
    this.room(captured + PACKET_BLOCK + 8);
    const which = batch.interface[index]!;
    if (this.options.format === 'pcap') this.pcap(batch, index, captured, interfaces[which]!);
    else this.pcapng(batch, index, captured, which);
    this.pending++;
  }

  /** Hands everything to the system. */
  flush(): void {
    if (this.descriptor < 0) this.begin(0);
    if (this.length === 0 && this.linkType < 0) return;
    try {
      writeAll(this.descriptor, this.buffer.bytes, this.length);
    } catch (error) {
      this.length = 0;
      this.pending = 0;
      this.cutOff();
      throw error;
    }
    this.fileOctets += this.length;
    this.written += this.pending;
    this.length = 0;
    this.pending = 0;
  }

  /** Ends the last file. `counts`: what each interface received and lost, for pcapng. */
  close(nowMs: number, counts: readonly InterfaceCounts[] = []): void {
    if (this.descriptor < 0) return;
    try {
      if (this.options.format === 'pcapng') {
        this.describe(this.interfaces.length - 1);
        counts.slice(0, this.described).forEach((each, which) => {
          this.raw(statisticsBlock(which, nowMs, each));
        });
      } else if (this.linkType < 0) this.startPcap(this.interfaces[0]?.linkType ?? 1);
      this.flush();
    } finally {
      if (this.descriptor !== STANDARD_OUTPUT) closeSync(this.descriptor);
      this.descriptor = -1;
    }
  }

  private pcap(
    batch: FrameBatch,
    index: number,
    captured: number,
    { linkType }: CaptureInterface,
  ): void {
    if (this.linkType < 0) this.startPcap(linkType);
    if (linkType !== this.linkType) throw new MixedLinkTypes('frames of several link types');
    const at = this.length;
    const { seconds, nanoseconds, original, offset } = batch;
    writePcapRecord(
      this.buffer.view,
      at,
      seconds[index]!,
      nanoseconds[index]!,
      captured,
      original[index]!,
    );
    copyOctets(batch, offset[index]!, captured, this.buffer, at + PCAP_RECORD);
    this.length = at + PCAP_RECORD + captured;
  }

  private startPcap(linkType: number): void {
    this.linkType = linkType;
    this.raw(pcapHeader(linkType, this.options.snapLength ?? DEFAULT_SNAP_LENGTH));
  }

  private pcapng(batch: FrameBatch, index: number, captured: number, which: number): void {
    this.describe(which);
    this.room(captured + PACKET_BLOCK + 8);
    const at = this.length;
    const { seconds, nanoseconds, original, offset } = batch;
    const length = writePacketBlock(
      this.buffer.view,
      at,
      which,
      seconds[index]!,
      nanoseconds[index]!,
      captured,
      original[index]!,
    );
    copyOctets(batch, offset[index]!, captured, this.buffer, at + 28);
    for (let pad = at + 28 + captured; pad < at + length - 4; pad++) this.buffer.bytes[pad] = 0;
    this.length = at + length;
  }

  /** Describes interfaces up to this one in the present file. */
  private describe(which: number): void {
    for (; this.described <= which; this.described++) {
      const entry = this.interfaces[this.described]!;
      this.raw(interfaceBlock(entry, this.options.snapLength ?? DEFAULT_SNAP_LENGTH));
    }
  }

  private raw(octets: Uint8Array): void {
    this.room(octets.length);
    this.buffer.bytes.set(octets, this.length);
    this.length += octets.length;
  }

  private room(octets: number): void {
    if (this.length + octets <= this.buffer.bytes.length) return;
    this.flush();
    if (octets <= this.buffer.bytes.length) return;
    this.buffer = newBuffer(octets);
  }

  private rotate(seconds: number): void {
    if (this.descriptor < 0) {
      this.begin(seconds);
      return;
    }
    const { rotateOctets, rotateSeconds, files } = this.options;
    const late =
      rotateSeconds !== undefined &&
      this.firstSeconds >= 0 &&
      seconds >= this.firstSeconds + rotateSeconds;
    const large = rotateOctets !== undefined && this.fileOctets + this.length > rotateOctets;
    if (!late && !large) return;
    this.close(seconds * 1000);
    this.options.onRotated?.(this.path);
    if (files !== undefined && rotateOctets === undefined && this.fileCount >= files) {
      this.full = true;
      return;
    }
    this.begin(seconds);
  }

  private begin(seconds: number): void {
    this.path = this.nextPath(seconds);
    const { path } = this;
    this.linkType = -1;
    this.described = 0;
    this.firstSeconds = -1;
    this.fileOctets = 0;
    this.fileCount++;
    if (path === '-') this.descriptor = STANDARD_OUTPUT;
    else {
      this.descriptor = openSync(path, 'w', 0o600);
      this.regular = fstatSync(this.descriptor).isFile();
      const { owner } = this.options;
      if (owner !== undefined && this.regular) chownSync(path, owner.uid, owner.gid);
    }
    if (this.options.format === 'pcapng') {
      this.raw(sectionHeader(this.options.application ?? 'portreeve'));
    }
  }

  /**
   * `x.pcap`, then `x.pcap1`, `x.pcap2`; with a number of files, padded and in a circle. A name
   * with another time in it is numbered from the beginning.
   */
  private nextPath(seconds: number): string {
    const { path, rotateOctets, rotateSeconds, files } = this.options;
    if (path === '-') return path;
    const named = rotateSeconds === undefined ? path : withTime(path, seconds);
    this.number = named === this.named ? this.number + 1 : 0;
    this.named = named;
    const { number } = this;
    if (files !== undefined && rotateOctets !== undefined) {
      // One file is no circle: it is written anew under its own name.
      if (files === 1) return named;
      const digits = String(files - 1).length;
      return `${named}${String(number % files).padStart(digits, '0')}`;
    }
    return number === 0 ? named : `${named}${number}`;
  }

  /** Removes what was written of a record that did not fit. */
  private cutOff(): void {
    if (!this.regular) return;
    try {
      ftruncateSync(this.descriptor, this.fileOctets);
      if (this.fileOctets === 0) unlinkSync(this.path);
    } catch {
      // The file is as good as it can be made.
    }
  }
}

function newBuffer(octets: number): Octets {
  const bytes = new Uint8Array(octets);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** strftime(3) of the few parts that file names use, in local time. */
function withTime(path: string, seconds: number): string {
  const time = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const parts: Readonly<Record<string, string>> = {
    Y: String(time.getFullYear()),
    m: two(time.getMonth() + 1),
    d: two(time.getDate()),
    H: two(time.getHours()),
    M: two(time.getMinutes()),
    S: two(time.getSeconds()),
    s: String(seconds),
    '%': '%',
  };
  return path.replace(/%(.)/g, (whole, letter: string) => parts[letter] ?? whole);
}

const waiting = new Int32Array(new SharedArrayBuffer(4));

/** Writes all octets; a pipe whose reader is slow is waited for. */
export function writeAll(descriptor: number, bytes: Uint8Array, length: number): void {
  for (let at = 0; at < length; ) {
    try {
      at += writeSync(descriptor, bytes, at, length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(waiting, 0, 0, 5);
    }
  }
}
