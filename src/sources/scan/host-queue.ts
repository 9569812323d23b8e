/** Hosts on their way from one who found nothing out about them to the next who asks. */
import type { HostScan } from './host-scan.ts';

/** Hosts that may wait, so that the addresses of a whole /8 are not all in memory. */
const BACKLOG = 2000;

/** One pushes, one takes. After `close` nothing more comes, and `next` ends. */
export class HostQueue {
  private waiting: HostScan[] = [];
  private at = 0;
  private closed = false;
  private tell: (any: boolean) => void = () => {};
  /** Whether there is anybody at all: resolves on the first host, or when none will come. */
  readonly any = new Promise<boolean>((resolve) => {
    this.tell = resolve;
  });

  /** Nothing more should be pushed for now; what is pushed nevertheless is kept. */
  get full(): boolean {
    return this.waiting.length - this.at >= BACKLOG;
  }

  push(host: HostScan): void {
    if (this.at > BACKLOG) {
      this.waiting = this.waiting.slice(this.at);
      this.at = 0;
    }
    this.waiting.push(host);
    this.tell(true);
  }

  /** No more will come; those that wait are still handed out. */
  close(): void {
    this.closed = true;
    this.tell(false);
  }

  /** The next host; `later`: none yet; undefined: no more. */
  next(): HostScan | 'later' | undefined {
    if (this.at < this.waiting.length) return this.waiting[this.at++];
    return this.closed ? undefined : 'later';
  }
}
