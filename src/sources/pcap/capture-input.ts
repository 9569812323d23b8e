/**
 * One input from its first octet to its last: recognised by content, unwrapped when compressed,
 * walked into frame batches. Opens its file at the first call of `next`, not before.
 */
import type { Readable } from 'node:stream';
import { FrameBatch } from '../../wire/frame-batch.ts';
import { type ByteSource, openFile, StreamBytes } from './byte-source.ts';
import type { FaultDetails } from './fault.ts';
import { PcapWalker } from './pcap.ts';
import { PcapngWalker } from './pcapng.ts';
import { type CaptureForm, describeStranger, HEAD_OCTETS, recognise } from './recognise.ts';
import { GO_ON, type RecordWalker, STOP, type WalkerHost } from './walker.ts';
import { Window } from './window.ts';

/** What an input needs of the reader it belongs to. */
export interface InputHost extends Omit<WalkerHost, 'fault'> {
  /** Records a fault of this input; `frames` are those delivered before it. */
  fault(frames: number, details: FaultDetails): void;
  /** The input turned out to be no capture at all. */
  stranger(what: string, remedy: string, octets: number): void;
  /** Opens what the input names. Rejects with the system's error. */
  open(): Promise<ByteSource>;
}

/** Opens a path, or `-` as the given stream. */
export function opener(source: string, standardInput: Readable): () => Promise<ByteSource> {
  if (source !== '-') return () => openFile(source);
  return async () => new StreamBytes(standardInput);
}

export class CaptureInput {
  /** Frames delivered so far. */
  frames = 0;
  readonly #host: InputHost;
  readonly #chunkOctets: number;
  readonly #batch = new FrameBatch();
  #source: ByteSource | undefined;
  #window: Window | undefined;
  #walker: RecordWalker | undefined;
  #needed = GO_ON;
  #done = false;

  constructor(host: InputHost, chunkOctets: number) {
    this.#host = host;
    this.#chunkOctets = chunkOctets;
  }

  /** Octets taken from the file so far. */
  get consumed(): number {
    return this.#source?.consumed ?? 0;
  }

  /** The next frames, in file order; undefined at the end. Never rejects. */
  async next(): Promise<FrameBatch | undefined> {
    if (this.#walker === undefined && !this.#done) await this.#begin();
    while (!this.#done) {
      const batch = this.#fill();
      if (batch.count > 0) return batch;
      if (!this.#done && this.#needed > GO_ON) await this.#more(this.#window!, this.#needed);
    }
    return undefined;
  }

  /** Releases the file. Safe to call more than once, and while `next` waits. */
  async close(): Promise<void> {
    this.#done = true;
    await this.#source?.close();
    await this.#window?.settle();
  }

  #fill(): FrameBatch {
    const window = this.#window!;
    const batch = this.#batch;
    batch.reset(window.bytes, window.view);
    this.#needed = this.#walker!.walk(window, batch);
    this.frames += batch.count;
    if (this.#needed === STOP) this.#done = true;
    return batch;
  }

  /** Slides the window; at the end lets the format say whether something is missing. */
  async #more(window: Window, needed: number): Promise<void> {
    await window.require(needed);
    if (window.end - window.start >= needed || this.#done) return;
    this.#done = true;
    if (window.error !== undefined) this.#readFault(window, window.error);
    else this.#walker!.end(window, needed);
  }

  async #begin(): Promise<void> {
    try {
      this.#source = await this.#host.open();
    } catch (error) {
      this.#done = true;
      this.#host.fault(0, openFault(error as NodeJS.ErrnoException));
      return;
    }
    const form = await this.#recognise();
    if (this.#done || form === undefined) {
      this.#done = true;
      return;
    }
    const host: WalkerHost = {
      largestRecord: this.#host.largestRecord,
      addInterface: (entry) => this.#host.addInterface(entry),
      statistics: (index) => this.#host.statistics(index),
      passOver: (kind) => this.#host.passOver(kind),
      // Called within `walk`, when the batch under way is not counted yet.
      fault: (details) => this.#host.fault(this.frames + this.#batch.count, details),
    };
    this.#walker = form === 'pcap' ? new PcapWalker(host) : new PcapngWalker(host);
  }

  /** Looks at the first octets; reports what cannot be read. */
  async #recognise(): Promise<CaptureForm | undefined> {
    const window = new Window(this.#source!, this.#chunkOctets);
    this.#window = window;
    await window.require(4);
    const head = window.bytes.slice(window.start, Math.min(window.end, window.start + HEAD_OCTETS));
    const form = recognise(head);
    if (form !== undefined) return form;
    if (window.error !== undefined) this.#readFault(window, window.error);
    else if (head.length === 0) this.#host.fault(0, EMPTY);
    else {
      const stranger = describeStranger(head);
      this.#host.stranger(stranger.what, stranger.do, head.length);
    }
    return undefined;
  }

  #readFault(window: Window, error: Error): void {
    this.#host.fault(this.frames, {
      code: 'cannot-read',
      layer: 'input',
      offset: window.offset + window.available,
      record: 0,
      ends: true,
      what: `reading stopped: ${error.message}`,
      why: 'the system reported an error',
      do: 'check the disk or the connection the file lies on, then try again',
    });
  }
}

const EMPTY: FaultDetails = {
  code: 'empty-input',
  layer: 'input',
  offset: 0,
  record: 0,
  required: 24,
  available: 0,
  ends: true,
  what: 'the input is empty',
  why: 'nothing was written to it, not even the header a capture without packets has',
  do: 'check that the capture was started with the rights it needs',
};

function openFault(error: NodeJS.ErrnoException): FaultDetails {
  const remedies: Record<string, string> = {
    ENOENT: 'check the path; quote it if it has spaces',
    EACCES: 'ask the owner for the right to read it, or run as a user who has it',
    EMFILE: 'raise the limit of open files (ulimit -n), or give fewer files',
  };
  return {
    code: 'cannot-open',
    layer: 'input',
    offset: 0,
    record: 0,
    ends: true,
    what: error.code === 'ENOENT' ? 'there is no such file' : 'the file cannot be opened',
    why: error.code ?? error.message,
    do: remedies[error.code ?? ''] ?? 'check the path and its permissions',
  };
}
