/** Rates of what `watch` shows, from one picture of the traffic to the next. */
import type { Picture } from '../pipeline/watch.ts';

/** Rates of ports, from one picture to the next, with those before as bars. */
export class Rates {
  private before = new Map<string, number>();
  private readonly history = new Map<string, number[]>();
  private atMs = 0;
  /** Of everything, per second. */
  packets = 0;
  bytes = 0;
  private lastPackets = 0;
  private lastBytes = 0;

  /** Takes a picture that was made at a time (ms). */
  take(picture: Picture, nowMs: number): void {
    const seconds = this.atMs === 0 ? 0 : (nowMs - this.atMs) / 1000;
    this.atMs = nowMs;
    const now = new Map<string, number>();
    for (const { transport, port, bytes } of picture.ports) {
      const key = `${port}/${transport}`;
      now.set(key, (now.get(key) ?? 0) + bytes);
    }
    for (const [key, bytes] of now) {
      const rate = seconds === 0 ? 0 : Math.max(0, bytes - (this.before.get(key) ?? 0)) / seconds;
      const list = this.history.get(key) ?? [];
      list.push(rate);
      if (list.length > BARS) list.shift();
      this.history.set(key, list);
    }
    this.before = now;
    if (seconds > 0) {
      this.packets = Math.max(0, picture.packets - this.lastPackets) / seconds;
      this.bytes = Math.max(0, picture.bytes - this.lastBytes) / seconds;
    }
    this.lastPackets = picture.packets;
    this.lastBytes = picture.bytes;
  }

  /** Octets per second of a port at the last picture. */
  of(key: string): number {
    return this.history.get(key)?.at(-1) ?? 0;
  }

  /** The last rates of a port, oldest first. */
  barsOf(key: string): readonly number[] {
    return this.history.get(key) ?? [];
  }
}

const BARS = 8;
