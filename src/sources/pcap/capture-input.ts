/**
 * One input from its first octet to its last: recognised by content, unwrapped when compressed,
 * walked into frame batches. Opens its file at the first call of `next`, not before, and lets go
 * of its buffers at the end, so that a folder of thousands of files costs what one does.
 */
import { FrameBatch } from '../../wire/frame-batch.ts';
import { type ByteSource, PrefixedBytes } from './byte-source.ts';
import type { FaultDetails } from './fault.ts';
import { GzipBytes } from './gzip-bytes.ts';
import { readHead } from './head.ts';
import { emptyFault, openFault, readFault, strangerFault } from './input-faults.ts';
import { PcapWalker } from './pcap.ts';
import { PcapngWalker } from './pcapng.ts';
import { recognise } from './recognise.ts';
import { GO_ON, type RecordWalker, STOP, type WalkerHost } from './walker.ts';
import { Window } from './window.ts';
import { ZstdBytes } from './zstd-bytes.ts';

/** What an input needs of the reader it belongs to. */
export interface InputHost extends Omit<WalkerHost, 'fault'> {
  /** Records a fault of this input; `frames` are those delivered before it. */
  fault(frames: number, details: FaultDetails): void;
  /** Opens what the input names. Rejects with the system's error. */
  open(): Promise<ByteSource>;
  /** Whether `open` gives the same octets each time: a file does, standard input does not. */
  readonly repeatable: boolean;
  /** How many octets to read at a time; asked once, when the input is opened. */
  chunkOctets(): number;
  /** The buffers are free again; once for each call of `chunkOctets`. */
  closed?(): void;
}

/**
 * Batches are borrowed until the next one. Never rejects for what it reads: faults go to its host.
 */
export class CaptureInput {
  /** Frames delivered so far. */
  frames = 0;
  readonly #host: InputHost;
  #batch: FrameBatch | undefined;
  #source: ByteSource | undefined;
  #consumed = 0;
  #window: Window | undefined;
  #walker: RecordWalker | undefined;
  #needed = GO_ON;
  #begun = false;
  #done = false;

  constructor(host: InputHost) {
    this.#host = host;
  }

  /** Octets taken from the file so far. */
  get consumed(): number {
    return this.#source?.consumed ?? this.#consumed;
  }

  /** The next frames, in file order; undefined at the end. Never rejects. */
  async next(): Promise<FrameBatch | undefined> {
    if (!this.#begun) {
      this.#begun = true;
      if (!this.#done) await this.#begin();
    }
    while (!this.#done) {
      const batch = this.#fill(this.#window!, this.#batch!, this.#walker!);
      if (batch.count > 0) return batch;
      if (this.#needed > GO_ON) await this.#more(this.#window!, this.#walker!);
    }
    await this.close();
    return undefined;
  }

  /** Releases file and buffers. Safe to call more than once, and while `next` waits. */
  async close(): Promise<void> {
    this.#done = true;
    const window = this.#window;
    this.#window = undefined;
    if (window !== undefined) this.#host.closed?.();
    this.#batch = undefined;
    this.#walker = undefined;
    const source = this.#source;
    this.#consumed = this.consumed;
    this.#source = undefined;
    await source?.close();
    await window?.settle();
  }

  #fill(window: Window, batch: FrameBatch, walker: RecordWalker): FrameBatch {
    batch.reset(window.bytes, window.view);
    this.#needed = walker.walk(window, batch);
    this.frames += batch.count;
    if (this.#needed === STOP) this.#done = true;
    return batch;
  }

  /** Slides the window; at the end lets the format say whether something is missing. */
  async #more(window: Window, walker: RecordWalker): Promise<void> {
    await window.require(this.#needed);
    if (this.#done || window.end - window.start >= this.#needed) return;
    this.#done = true;
    if (window.error === undefined) walker.end(window, this.#needed);
    else this.#host.fault(this.frames, readFault(window.error, window.base + window.end));
  }

  async #begin(): Promise<void> {
    try {
      this.#source = await this.#host.open();
    } catch (error) {
      this.#done = true;
      this.#host.fault(0, openFault(error as NodeJS.ErrnoException));
      return;
    }
    if (this.#done) return; // closed meanwhile; `next` releases the source
    try {
      this.#walker = await this.#recognise();
    } catch (error) {
      if (!this.#done) this.#host.fault(0, readFault(error as Error, 0));
    }
    if (this.#walker === undefined) this.#done = true;
    if (this.#done) return;
    this.#batch = new FrameBatch();
    const chunkOctets = Math.min(this.#host.chunkOctets(), Math.max(1, this.#source.most));
    this.#window = new Window(this.#source, chunkOctets);
  }

  /** Looks at the first octets, unwraps one layer of compression; reports what is no capture. */
  async #recognise(): Promise<RecordWalker | undefined> {
    let within: 'gzip' | 'zstd' | undefined;
    for (;;) {
      const outer = this.#source!;
      const head = await readHead(outer);
      const form = recognise(head);
      const source = new PrefixedBytes(head, outer);
      this.#source = source;
      if (form === 'pcap') return new PcapWalker(this.#walkerHost());
      if (form === 'pcapng') return new PcapngWalker(this.#walkerHost());
      if (within === undefined && form === 'gzip') {
        const { open, repeatable } = this.#host;
        this.#source = new GzipBytes(source, repeatable ? open : undefined);
      } else if (within === undefined && form === 'zstd') {
        this.#source = new ZstdBytes(source);
      } else {
        const fault = head.length === 0 ? emptyFault(within) : strangerFault(head, form, within);
        if (!this.#done) this.#host.fault(0, fault);
        return undefined;
      }
      within = form;
    }
  }

  #walkerHost(): WalkerHost {
    const host = this.#host;
    return {
      largestRecord: host.largestRecord,
      addInterface: (entry) => host.addInterface(entry),
      statistics: (index) => host.statistics(index),
      passOver: (kind) => host.passOver(kind),
      // Called within `walk`, when the batch under way is not counted yet, or after it.
      fault: (details) => {
        const pending = this.#done ? 0 : (this.#batch?.count ?? 0);
        host.fault(this.frames + pending, details);
      },
    };
  }
}
