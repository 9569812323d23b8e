/** A watch session in a thread of its own: asked for pictures, told to stop. */
import { Worker } from 'node:worker_threads';
import { NativeUnavailable } from '../native/libc.ts';
import type { LiveCounts, OpenedInterfaces } from './live.ts';
import { programOf } from './programs.ts';
import type { Judged, Picture, WatchOptions } from './watch.ts';

export interface WatchStart {
  readonly interfaces: OpenedInterfaces;
  /** The filter, where the kernel does not run it. */
  readonly filterText: string | undefined;
  readonly options: WatchOptions;
}

export type WatchRequest = 'look' | 'stop';

/** Traffic at one moment, what was lost, and what happened to interfaces. */
export interface Look {
  readonly picture: Picture;
  readonly counts: readonly LiveCounts[];
  readonly events: readonly string[];
}

/** The last look, with what all of it means. */
export interface LastLook extends Look {
  readonly judged: Judged;
}

export type WatchMessage =
  | { readonly kind: 'ready' }
  | (Look & { readonly kind: 'look' })
  | (LastLook & { readonly kind: 'end' });

interface PromiseEnds {
  readonly resolve: (look: Look) => void;
  readonly reject: (error: Error) => void;
}

/** Owns its thread, which ends itself once nothing is taken any more. */
export class WatchThread {
  /** Fulfilled once frames are taken. */
  readonly ready: Promise<void>;
  /** The end: nothing is taken any more. Rejects when the thread failed. */
  readonly end: Promise<LastLook>;
  private readonly worker: Worker;
  private waiting: PromiseEnds | undefined;
  private failure: Error | undefined;

  /** Throws `NativeUnavailable` where its program is missing. */
  constructor(start: WatchStart, program = programOf('watch-worker')) {
    if (program === undefined) {
      throw new NativeUnavailable('the program of the watching thread is missing: watch-worker.js');
    }
    const worker = new Worker(program, { workerData: start });
    this.worker = worker;
    let resolveReady = (): void => {};
    let rejectReady = (_: Error): void => {};
    this.ready = new Promise((resolve, reject) => {
      resolveReady = resolve;
      rejectReady = reject;
    });
    this.end = new Promise((resolve, reject) => {
      worker.on('message', (message: WatchMessage) => {
        if (message.kind === 'ready') resolveReady();
        else {
          this.waiting?.resolve(message);
          this.waiting = undefined;
          if (message.kind === 'end') resolve(message);
        }
      });
      const fail = (error: Error): void => {
        rejectReady(error);
        reject(error);
        this.failure ??= error;
        this.waiting?.reject(error);
        this.waiting = undefined;
      };
      worker.on('error', fail);
      worker.on('messageerror', fail);
      worker.on('exit', (code) => fail(new Error(`the watching thread ended early (${code})`)));
    });
    // Seen by whoever waits; until then a failure must not count as unhandled.
    this.end.catch(() => {});
  }

  /**
   * Traffic as it stands. One request at a time. It does not wait for `end`, too: whatever a promise is
   * asked stays with it, and a watch of weeks asks a million times.
   */
  look(): Promise<Look> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure);
      this.waiting = { resolve, reject };
      this.worker.postMessage('look' satisfies WatchRequest);
    });
  }

  /** Ends it, once what was received is read. */
  stop(): void {
    this.worker.postMessage('stop' satisfies WatchRequest);
  }
}
